# database.py - two suites on one PostgreSQL and its synchronous standby: each round harms the database while both are used
import os
import random
import re
import statistics
import subprocess
import time

from model import Tally
from suite import BUILD, TOP, Suite, state_in
from traffic import UNAUTHORIZED, UNAVAILABLE, UNKNOWN, Traffic

# What may be answered while a server is away. A 503 says that nothing was done; a 500 that nobody can say.
MEANWHILE = {UNAUTHORIZED, UNAVAILABLE, UNKNOWN}
BACK, HANG = 1, 6  # seconds: after a promotion (median), and of a hang
PASSPHRASE = "one phrase of twelve\n"


class Clusters:
    """t/postgresql.sh, asked line by line."""

    def __init__(self, work):
        script = '. "$1/t/postgresql.sh"; while IFS= read -r line; do eval "$line" </dev/null; printf "done %s\\n" "$?"; done'
        self.shell = subprocess.Popen(
            ["bash", "-c", f"top=$1 work=$2; {script}", "-", TOP, work],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1, start_new_session=True,
        )

    def do(self, line):
        """What it prints."""
        self.shell.stdin.write(line + "\n")
        said = []
        while not re.fullmatch(r"done \d+\n", said[-1] if said else ""):
            said.append(self.shell.stdout.readline())
            if said[-1] == "":
                raise RuntimeError(f"{line}: {''.join(said)}")
        if said.pop() != "done 0\n":
            raise RuntimeError(f"{line}: {''.join(said)}")
        return "".join(said).strip()

    def end(self):
        self.shell.stdin.close()
        self.shell.wait()


class Pair:
    """Two suites, as one to a client that a load balancer sends to either."""

    def __init__(self, suites):
        self.suites = suites

    def either(self):
        return random.choice(self.suites)

    def ask(self, *request):
        return self.either().ask(*request)

    def latchkey(self, *arguments, text=None):
        return self.either().latchkey(*arguments, text=text)

    def add(self, name, *options):
        self.suites[0].add(name, *options)


class Database:
    """The ground that each fault stands on."""

    def __init__(self, work):
        self.work, self.tally, self.suites = work, Tally(), []
        self.clusters, self.primary, self.standby = Clusters(work), "one", "two"
        self.after, self.hangs = [], []

    def begin(self):
        do = self.clusters.do
        do("PG_FSYNC=on pg_start one 'max_connections = 200'")
        do(f"pg_tables one latchkey '{BUILD}'")
        do("pg_standby two one")
        do("pg_synchronous one two")
        hosts = ",".join("127.0.0.1:" + do(f'echo "${{pg_port[{name}]}}"') for name in ("one", "two"))
        self.settings = [f"store = postgresql://latchkey@{hosts}/latchkey"]
        for name in ("web1", "web2"):
            suite = Suite(os.path.join(self.work, name), os.path.join(self.work, name + ".log"), settings=self.settings)
            if self.suites:
                self.share_keys(suite)
            self.suites.append(suite.start())
        self.traffic = Traffic(Pair(self.suites), self.tally)
        self.traffic.prepare()

    def share_keys(self, suite):
        """The second machine gets the first one's, before its programs ask for them."""
        keys = os.path.join(self.work, "keys")
        done = self.suites[0].latchkey("key", "export", keys, text=PASSPHRASE)
        owner = [] if os.geteuid() else ["-o", "latchkey", "-g", "latchkey"]
        subprocess.run(["install", "-d", "-m", "755", suite.directory], check=True)
        subprocess.run(["install", "-d", "-m", "700", *owner, suite.state], check=True)
        with open(os.path.join(suite.directory, "latchkey.conf"), "w") as conf:
            print(f"state_dir = {state_in(suite.directory)}", "common_passwords =", "leaked_secrets =", *self.settings, sep="\n", file=conf)
        if done.returncode == 0:
            done = suite.latchkey("key", "import", keys, text=PASSPHRASE)
        if done.returncode != 0:
            raise RuntimeError("keys: " + done.stderr)

    def end(self):
        for suite in self.suites:
            suite.stop()
        self.clusters.end()

    # --- what the faults are made of

    def promote(self):
        """The standby is the primary."""
        self.clusters.do(f"pg_promote {self.standby}")
        self.primary, self.standby = self.standby, self.primary

    def anew(self):
        """The one that was the primary follows the other."""
        self.clusters.do(f"pg_standby {self.standby} {self.primary}")
        self.clusters.do(f"pg_synchronous {self.primary} {self.standby}")

    def until_changed(self):
        """How long it takes until something was changed."""
        began = time.monotonic()
        if not self.traffic.until("changes", 1, 30):
            self.tally.blame("nothing can be changed for 30 s")
        return time.monotonic() - began

    def holder(self):
        """The process of a suite that holds the lock of the database; None if none does for certain."""
        port = self.clusters.do(
            f"pg_sql {self.primary} \"select client_port from pg_stat_activity join pg_locks using (pid)"
            " where locktype = 'advisory' and granted and client_port > 0 limit 1\""
        )
        if not port:
            return None
        with open("/proc/net/tcp") as table:
            inodes = [line.split()[9] for line in table if line.split()[1].endswith(f":{int(port):04X}")]
        for pid in (pid for suite in self.suites for pid in suite.processes()):
            try:
                links = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
            except OSError:
                continue
            if any(f"socket:[{inode}]" in links for inode in inodes):
                return pid
        return None

    def settle(self):
        """It must all be there, and work by itself."""
        self.traffic.pause()
        self.traffic.allowed, self.traffic.in_doubt, self.traffic.stale = MEANWHILE, False, False
        for register in self.traffic.registers():
            wrong = register.check()
            if wrong:
                self.tally.blame(wrong)
        self.traffic.await_writes(20)
        self.traffic.run()
        self.traffic.until("changes", 15, 30)
        self.traffic.pause()
        for suite in self.suites:
            done = suite.latchkey("check")
            if done.returncode != 0:
                self.tally.blame("latchkey check: " + done.stdout + done.stderr)


# --- the faults


def kill(ground):
    """all processes of the primary are killed, and the standby is promoted"""
    ground.clusters.do(f"pg_kill {ground.primary}")
    ground.promote()
    ground.after.append(ground.until_changed())
    ground.anew()


def stop_primary(ground):
    """the primary stands still, and the standby is promoted; the old one goes on, unfenced, before it is ended"""
    old = ground.primary
    ground.clusters.do(f"pg_freeze {old}")
    ground.promote()
    ground.hangs.append(ground.until_changed())
    ground.traffic.stale = True  # what it takes is lost, so it must acknowledge nothing; what it knows is old
    ground.clusters.do(f"pg_thaw {old}")
    time.sleep(2)
    ground.clusters.do(f"pg_kill {old}")
    ground.anew()


def stop_holder(ground):
    """a process of a suite stands still while it holds the lock"""
    end = time.monotonic() + 10
    while (pid := ground.holder()) is None:
        if time.monotonic() > end:
            return ground.tally.count("no lock holder found")
    ground.suites[0].kill(pid, 19)
    try:
        ground.hangs.append(ground.until_changed())
        time.sleep(1)
    finally:
        ground.suites[0].kill(pid, 18)


def stop_standby(ground):
    """the standby stands still, so that no commit is acknowledged, and goes on"""
    ground.clusters.do(f"pg_freeze {ground.standby}")
    time.sleep(random.choice((0.5, 4)))
    ground.clusters.do(f"pg_thaw {ground.standby}")
    ground.hangs.append(ground.until_changed())


FAULTS = [kill, stop_primary, stop_holder, stop_standby]


def judged(ground):
    """Whether the claims hold."""
    back, hang = statistics.median(ground.after or [0]), max(ground.hangs or [0])
    counts = ", ".join(f"{number} {name}" for name, number in sorted(ground.tally.counts.items()))
    print(f"{counts}; longest wait {ground.tally.longest:.1f} s")
    print(f"back after a promotion: {back:.2f} s (median), {max(ground.after or [0]):.2f} s at most; claimed: {BACK} s")
    print(f"back after a hang: {hang:.2f} s at most; claimed: {HANG} s")
    print(f"{len(ground.tally.wrong)} times something lost, or an outcome told wrong")
    return not ground.tally.wrong and back <= BACK and hang <= HANG


def torture(work, rounds):
    """Each round is one kill and one of the other faults. Whether all is as claimed."""
    ground = Database(work)
    try:
        ground.begin()
        for number in range(rounds):
            for fault in (kill, FAULTS[1 + number % (len(FAULTS) - 1)]):
                ground.traffic.run(MEANWHILE, in_doubt=False)
                ground.traffic.until("changes", 20, 30)
                fault(ground)
                ground.settle()
                print(f"round {number + 1}: {fault.__doc__}: {ground.tally.wrong or 'nothing lost'}", flush=True)
        return judged(ground)
    finally:
        ground.end()

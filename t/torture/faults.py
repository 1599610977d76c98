# faults.py - the faults: each does its harm while traffic goes on, lets all heal, and looks whether anything is lost
import errno
import os
import random
import shutil
import signal
import subprocess
import time

from backups import Backups
from copies import Copies, flocked, without_gate
from faulty import Faulty
from model import Tally
from power import Snapshot, lose_power
from suite import Suite, store_in
from traffic import UNAUTHORIZED, UNAVAILABLE, UNKNOWN, Traffic

DOUBT = {UNAVAILABLE}  # 503: of the web server's, whose program has died, or of a program's
HOUR, YEAR = 3600, 365 * 86400
# What a day has: 2.3 a second around the clock, two in five of them changes, which is more than any small service has.
HOURLY, HOURS = 8400, 24


class Skip(Exception):
    """Why a fault cannot be had here."""


class Ground:
    """What the faults have in common: a suite whose disk fails when told to, its traffic, what was counted."""

    def __init__(self, work, short):
        self.work, self.short, self.tally = work, short, Tally()
        # A busy machine is no fault of ours, and the programs that hash are at nice 10; a hang is.
        self.tally.patience = 10 if short else float(os.environ.get("PATIENCE", 2))
        self.suite, self.longest = None, 0.0
        self.directory = os.path.join(work, "suite")
        self.faulty = Faulty(work, store_in(self.directory))

    def many(self, short, long):
        return short if self.short else long

    def ready(self):
        """The suite that all share, which lives from one fault to the next."""
        if self.suite is None:
            self.suite = Suite(self.directory, os.path.join(self.work, "log"), self.faulty.environment, ["audit_size = 65536"]).start()
            self.traffic = Traffic(self.suite, self.tally, self.faulty.position)
            self.traffic.prepare()
        return self.suite, self.traffic, self.faulty

    def leave(self):
        if self.suite is not None:
            self.suite.stop()

    def settle(self, traffic=None):
        """All faults off: it must work by itself, and have everything."""
        traffic = traffic or self.traffic
        traffic.pause()
        self.faulty.heal()
        self.tally.patience, patience = 30, self.tally.patience
        traffic.allowed, traffic.in_doubt = {UNAVAILABLE}, True
        for register in traffic.registers():
            wrong = register.check()
            if wrong:
                self.tally.blame(wrong)
        traffic.await_writes(20)
        self.tally.patience = patience
        traffic.run()
        traffic.until("changes", 15, 20)
        traffic.pause()
        self.check(traffic.suite)

    def check(self, suite):
        problems = suite.check()
        if problems:
            self.tally.blame("latchkey check: " + problems)

    def noted(self):
        """From now on what is written is noted; lose() ends it."""
        os.truncate(self.faulty.writes, 0)
        for register in self.traffic.registers():
            register.first, register.writes = register.value, []
        for user in self.traffic.users:
            user.dead = []
        self.faulty["noting"] = 1
        return Snapshot(self.suite.store, self.faulty.writes)

    def lose(self, snapshot, losses):
        self.traffic.pause()
        self.faulty["noting"] = 0
        for line in lose_power(self.suite, snapshot, self.traffic, os.path.join(self.work, "lost"), losses):
            self.tally.blame(line)
        self.tally.count("power losses", losses)

    def summary(self, faults, failures):
        counts = {"kills": 0, "changes": 0, **self.tally.counts}
        counts = ", ".join(f"{number} {name}" for name, number in sorted(counts.items()))
        return f"{faults} faults, {counts}; longest wait {self.longest:.2f} s; " + (
            f"{failures} times something lost, half there or wrong" if failures else "0 lost"
        )


# --- deaths


def kill(ground):
    """kill -9 of random workers, of who is inside the store, and of all at once"""
    suite, traffic, _ = ground.ready()
    traffic.run(DOUBT)
    for i in range(ground.many(30, 400)):
        everybody = list(suite.processes())
        inside = [pid for pid in [suite.gate_holder()] if pid in everybody]
        for pid in everybody if i % 10 == 9 else inside or random.sample(everybody, min(1, len(everybody))):
            suite.kill(pid)
            ground.tally.count("kills")
        time.sleep(random.random() * 0.1)
    ground.settle()


def power(ground):
    """the power goes, while programs die inside libdb"""
    _, traffic, faulty = ground.ready()
    snapshot = ground.noted()
    deaths = faulty["deaths"]
    faulty["die_every"] = 300
    traffic.run(DOUBT)
    traffic.until("changes", ground.many(120, 600), 60)
    traffic.pause()
    faulty["die_every"] = 0
    ground.tally.count("deaths inside", faulty["deaths"] - deaths)
    ground.lose(snapshot, ground.many(5, 40))
    ground.settle()


# --- copies


def copies(ground):
    """copies without the gate, in part, and backups over newer files"""
    suite, traffic, faulty = ground.ready()
    ground.noted()
    made, backup = Copies(suite, ground.work, faulty.position), os.path.join(ground.work, "backup")
    traffic.run()
    for _ in range(ground.many(2, 6)):
        traffic.until("changes", ground.many(40, 400), 60)
        made.add(lambda store: without_gate(suite.store, store, random.choice((0, 0.02, 0.2))))
    traffic.pause()
    # cp inside the gate may take more than the two seconds that requests wait for it.
    traffic.run({UNAVAILABLE, UNAUTHORIZED}, in_doubt=False)
    _, times = made.timed(flocked, suite.store, backup)
    traffic.until("changes", ground.many(60, random.choice((50, 600, 1500))), 60)
    traffic.pause()
    faulty["noting"] = 0
    for _ in range(ground.many(2, 5)):
        made.add_over(backup, times)
    for _ in range(ground.many(2, 6)):
        made.add_part(backup, times)
    made.judge(traffic, ground.tally)
    shutil.rmtree(backup)
    ground.settle()


def backup(ground):
    """`latchkey backup`, again and again, while programs die and are killed inside"""
    suite, traffic, faulty = ground.ready()
    ground.noted()
    made, deaths = Backups(suite, ground.work, faulty.position), faulty["deaths"]
    held = begun = 0.0

    def harm():
        pid = suite.gate_holder() or random.choice(list(suite.processes()) or [None])
        if pid is not None and random.random() < 0.5:
            suite.kill(pid)
            ground.tally.count("kills")

    faulty["die_every"] = 200
    traffic.run(DOUBT)
    for _ in range(ground.many(3, 25)):
        traffic.until("changes", ground.many(10, 40), 60)
        said = made.make(harm)
        if said is None:
            ground.tally.blame("latchkey backup: " + made.said)
            break
        held = max(held, float(said.split(" ms")[0].split()[-1]))
        begun += "begun anew" in said
    traffic.pause()
    faulty["noting"] = faulty["die_every"] = 0
    ground.tally.count("deaths inside", faulty["deaths"] - deaths)
    made.judge(traffic, ground.tally)
    ground.settle()
    return f"requests waited for {held} ms at most, {begun:.0f} begun anew"


# --- the disk


def flush(ground):
    """fdatasync says EIO, once or a while, and then the power goes"""
    suite, traffic, faulty = ground.ready()
    snapshot = ground.noted()
    traffic.run({UNAVAILABLE, UNKNOWN}, in_doubt=False)
    for number in (1, 2, 8):
        faulty.fail("flush", errno.EIO, number)
        traffic.until("changes", 10, 10)
    faulty.fail("flush", errno.EIO)
    time.sleep(0.5)
    traffic.until("answered 503", 5, 10)
    faulty.heal()
    traffic.until("changes", 20, 20)
    ground.lose(snapshot, ground.many(5, 40))
    ground.settle()


def write(ground):
    """write says EIO or ENOSPC, once or a while, and then the power goes"""
    suite, traffic, faulty = ground.ready()
    snapshot = ground.noted()
    traffic.run({UNAVAILABLE, UNKNOWN}, in_doubt=False)
    for error in (errno.EIO, errno.ENOSPC):
        for number in (1, 3, 10):
            faulty.fail("write", error, number)
            traffic.until("changes", 5, 10)
        faulty.fail("write", error)
        time.sleep(0.3)
        faulty.heal()
    traffic.until("changes", 20, 20)
    ground.lose(snapshot, ground.many(5, 40))
    ground.settle()



def read_only(ground):
    """the file system becomes read-only under running programs"""
    suite, traffic, faulty = ground.ready()
    traffic.run({UNAVAILABLE, UNKNOWN, UNAUTHORIZED}, in_doubt=False)
    faulty["read_only"] = 1
    traffic.until("answered 503", 30, 10)
    faulty.heal()
    ground.settle()


def remount(ground):
    """the disk is mounted read-only, and then for writing again"""
    with Tmpfs(ground, "64m") as disk:
        disk.traffic.run()
        disk.traffic.until("changes", 10, 20)
        disk.traffic.pause()
        # It is busy as long as anybody has a file open for writing.
        if not disk.suite.without_processes(lambda: disk.mount("remount,ro")):
            raise Skip("a tmpfs cannot be mounted read-only here")
        disk.traffic.run({UNAVAILABLE, UNAUTHORIZED}, in_doubt=False)
        disk.traffic.until("answered 503", 20, 5)
        disk.traffic.pause()
        disk.mount("remount,rw")
        ground.settle(disk.traffic)


class Tmpfs:
    """A suite whose store and audit are on a small file system of their own."""

    def __init__(self, ground, size, settings=()):
        self.ground, self.size, self.settings = ground, size, list(settings)
        self.place, self.traffic = os.path.join(ground.work, "small"), None

    def mount(self, options):
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", self.place]
        return os.geteuid() == 0 and subprocess.run(command, capture_output=True).returncode == 0

    def __enter__(self):
        os.makedirs(self.place, exist_ok=True)
        if not self.mount("mode=1777,size=" + self.size):
            raise Skip("wants root, and a tmpfs that may be mounted")
        settings = self.settings + ["audit_size = 65536", f"store = bdb:{self.place}/store", f"audit = {self.place}/audit.log"]
        self.suite = Suite(os.path.join(self.ground.work, "beside"), os.path.join(self.ground.work, "log"), settings=settings)
        self.suite.store = os.path.join(self.place, "store")
        try:
            self.suite.start()
            self.traffic = Traffic(self.suite, self.ground.tally)
            self.traffic.prepare()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.traffic = self.traffic and self.traffic.pause()
        self.suite.stop()
        shutil.rmtree(self.suite.directory)
        subprocess.run(["umount", self.place], check=True)

    def fill(self, leave):
        """What somebody else writes, until there is no more than that left."""
        with open(os.path.join(self.place, "filler"), "ab", buffering=0) as filler:
            while self.room() > leave:
                try:
                    filler.write(bytes(min(self.room() - leave, 65536)))
                except OSError:  # another was quicker
                    return

    def room(self):
        stat = os.statvfs(self.place)
        return stat.f_bavail * stat.f_frsize

    def drain(self):
        os.unlink(os.path.join(self.place, "filler"))


def fill_disk(ground, size, reserve):
    with Tmpfs(ground, size, [f"disk_reserve = {reserve}"]) as disk:
        for leave in ground.many((0,), (reserve // 2, 64 << 10, 0)):
            disk.traffic.run({UNAVAILABLE, UNKNOWN, UNAUTHORIZED})
            disk.traffic.until("changes", 10, 20)
            disk.fill(leave)
            for _ in range(ground.many(3, 10)):
                disk.traffic.until("answered 503", 5, 5)
                disk.suite.kill(disk.suite.stop_holder(0.3) or random.choice(list(disk.suite.processes())))
                ground.tally.count("kills")
            disk.drain()
            ground.settle(disk.traffic)


def full_8(ground):
    """a disk of 8 MiB, filled by somebody else while workers write and die"""
    fill_disk(ground, "8m", 1 << 20)


def full_40(ground):
    """one of 40 MiB, with the disk_reserve that is the default"""
    fill_disk(ground, "40m", 32 << 20)


# --- the rest of the machine


def descriptors(ground):
    """a program has no descriptors left"""
    suite, traffic, _ = ground.ready()
    traffic.run({UNAVAILABLE, UNKNOWN, UNAUTHORIZED})
    for _ in range(ground.many(3, 20)):
        for pid in suite.processes():
            suite.limit_descriptors(pid, random.randint(3, 20))
        traffic.until("requests", ground.many(50, 100), 10)
    for pid in suite.processes():
        suite.limit_descriptors(pid, 1024)
    ground.settle()


def clock(ground):
    """the clock goes back an hour and forward a year"""
    suite, traffic, faulty = ground.ready()
    for offset in (-HOUR, YEAR, 0):
        faulty["wall_offset"] = offset
        traffic.forget_tokens()  # from the future, or expired
        traffic.run()
        traffic.until("changes", ground.many(20, 200), 20)
        traffic.pause()
    ground.settle()


def stop(ground):
    """SIGSTOP of who is inside the store, then SIGCONT or SIGKILL"""
    suite, traffic, _ = ground.ready()
    for end in (signal.SIGCONT, signal.SIGKILL):
        traffic.run(DOUBT | {UNAUTHORIZED})
        before = suite.logged_bytes()
        ground.tally.patience, patience = ground.tally.patience + 4, ground.tally.patience
        pid = suite.stop_holder()
        time.sleep(3)
        suite.kill(pid, end)
        traffic.pause()  # some have waited for all of that
        # 0 where it was stopped between the lock and its note.
        if not suite.logged(before, f"not free within 2000 ms, held by (process {pid}|another, for a backup maybe)$"):
            ground.tally.blame(f"the log does not name {pid}, which is stopped")
        ground.tally.patience = patience
        ground.settle()


def pass_time(ground, hours):
    """So many since the fault began; nobody may be at work, for who waits for the store would have waited for so long."""
    ground.traffic.pause()
    ground.faulty["wall_offset"] = ground.faulty["boot_offset"] = hours * HOUR
    ground.traffic.forget_tokens()


def rested(suite):
    """The sizes when the workers have given back what they keep for the next hash: 16 MiB, for a quarter of a second."""
    least = suite.sizes()
    for _ in range(40):
        time.sleep(0.1)  # between two looks: only time has them give it back
        least = min(least, suite.sizes(), key=lambda sizes: sizes["memory KiB"][0])
    return least


def soak(ground):
    """a day's requests, 24 hours of 8,400 each, and what grows"""
    suite, traffic, _ = ground.ready()
    traffic.run()
    traffic.until("requests", ground.many(500, HOURLY), 600)
    before, hourly, began = rested(suite), ground.many(60, HOURLY), ground.tally.counts["requests"]
    for hour in range(HOURS):
        pass_time(ground, hour + 1)  # what has expired is swept
        traffic.run()
        if not traffic.until("requests", hourly, 600):
            ground.tally.blame(f"no {hourly} requests in ten minutes")
    requests, after = ground.tally.counts["requests"] - began, rested(suite)
    for what, (was, most) in before.items():
        now = after[what][0]
        if now > most:
            ground.tally.blame(f"{what}: {was} has become {now}, more than {most}")
    pass_time(ground, 0)
    ground.settle()
    grown = ", ".join(f"{what} {before[what][0]} -> {after[what][0]}" for what in before)
    return f"{requests} requests in {HOURS} hours of {hourly}: {grown}"


FAULTS = {
    fault.__name__.replace("_", "-"): fault
    for fault in (kill, power, copies, backup, flush, write, read_only, remount, full_8, full_40, descriptors, clock, stop, soak)
}

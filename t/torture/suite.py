# suite.py - the suite, through nginx: started, asked, killed, looked into
import contextlib
import http.client
import json
import os
import random
import re
import signal
import subprocess
import threading
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("LATCHKEY_BUILD", TOP)
WORKERS = 4
PASSWORD = "Quiet-Harbour-42"
# All users of traffic.py come from one address: none of them is to be refused as one of many.
CONNECTIONS = 64
SETTINGS = ["hash_cost = 1", "hash_slots = 8", "throttle = off", "mail_command =", "code_life = 86400"]


# Where nginx-example/run has them.
def state_in(directory):
    return os.path.join(directory, "state")


def store_in(directory):
    return os.path.join(state_in(directory), "store")


def sizes_in(directory):
    """Name -> bytes of each file that is still there: a checkpoint removes log files meanwhile."""
    sizes = {}
    for entry in os.scandir(directory):
        with contextlib.suppress(FileNotFoundError):
            sizes[entry.name] = entry.stat().st_size
    return sizes


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def member(self, name):
        try:
            return json.loads(self.body).get(name)
        except (ValueError, AttributeError):
            return None


class Suite:
    """nginx-example/run on a directory of its own. `environment` is the programs'."""

    def __init__(self, directory, log, environment=None, settings=()):
        self.directory, self.log, self.environment = directory, log, environment or {}
        self.settings = SETTINGS + list(settings)
        self.state, self.store = state_in(directory), store_in(directory)
        self.process, self.connections = None, threading.local()

    # --- started and stopped

    def start(self):
        for _ in range(3):  # another program may be quicker at the same port
            self.port = random.randrange(20000, 32000)
            if self.started():
                return self
            self.stop()
        raise RuntimeError("nginx-example/run does not start: " + self.tail())

    def started(self):
        command = [os.path.join(TOP, "nginx-example/run"), "--port", str(self.port), "--state", self.directory]
        command += ["--workers", str(WORKERS), "--connections", str(CONNECTIONS)]
        for setting in self.settings:
            command += ["--set", setting]
        before = os.path.getsize(self.log) if os.path.exists(self.log) else 0
        with open(self.log, "ab") as log:
            environment = dict(os.environ, LATCHKEY_BUILD=BUILD, **self.environment)
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=environment, start_new_session=True
            )
        while self.process.poll() is None:
            with open(self.log, "rb") as log:
                log.seek(before)
                if b"latchkey: ready" in log.read():
                    return True
            time.sleep(0.05)
        return False

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait()
            self.process = None

    def tail(self, lines=15):
        with open(self.log, errors="replace") as log:
            return "".join(log.readlines()[-lines:])

    def logged(self, since, pattern):
        """The lines of the log after that size that have the pattern."""
        with open(self.log, errors="replace") as log:
            log.seek(since)
            return [line for line in log if re.search(pattern, line)]

    def logged_bytes(self):
        return os.path.getsize(self.log)

    # --- asked

    def ask(self, method, path, body=None, token=None):
        """An Answer; None if none came."""
        headers = {"Host": "localhost"}
        if token is not None:
            headers["Authorization"] = "Bearer " + token
        if body is not None:
            body, headers["Content-Type"] = json.dumps(body), "application/json"
        connection = self.connection()
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        except (OSError, http.client.HTTPException):
            connection.close()
            return None

    def connection(self):
        """The thread's own, which nginx closes when nothing has come for 75 seconds."""
        mine, now = self.connections, time.monotonic()
        if getattr(mine, "port", None) != self.port or now - mine.used > 30:
            mine.port, mine.one = self.port, http.client.HTTPConnection("127.0.0.1", self.port, timeout=40)
        mine.used = now
        return mine.one

    def latchkey(self, *arguments, text=None):
        """The operator's command."""
        return subprocess.run(
            [os.path.join(BUILD, "cli/latchkey"), "--config", os.path.join(self.directory, "latchkey.conf"), *arguments],
            input=text, capture_output=True, text=True, env=dict(os.environ, **self.environment),
        )

    def add(self, name, *options):
        done = self.latchkey("user", "add", name, *options, text=PASSWORD + "\n")
        if done.returncode != 0:
            raise RuntimeError(f"no account {name}: {done.stderr} ({done.returncode})")

    def check(self):
        """What `latchkey check` finds wrong; "" if nothing."""
        done = self.latchkey("check", "--files")
        return "" if done.returncode == 0 else (done.stdout + done.stderr).strip()

    # --- its processes

    def processes(self, wanted=re.compile(r"/cgi/[^/]*$|/latchkey$")):
        """Those of the programs, and what sends the mails: process id -> name."""
        found = {}
        for pid in map(int, filter(str.isdigit, os.listdir("/proc"))):
            try:
                program = os.readlink(f"/proc/{pid}/exe")
            except OSError:
                continue
            if wanted.search(program) and self.is_ours(pid):
                found[pid] = os.path.basename(program)
        return found

    def is_ours(self, pid):
        try:
            while pid > 1 and pid != self.process.pid:
                with open(f"/proc/{pid}/stat") as stat:
                    pid = int(stat.read().rpartition(")")[2].split()[1])
        except OSError:
            return False
        return pid == self.process.pid

    def kill(self, pid, how=signal.SIGKILL):
        try:
            os.kill(pid, how)
        except ProcessLookupError:
            pass

    def limit_descriptors(self, pid, number):
        """As the program's owner: root alone is not enough everywhere."""
        owner = {} if os.geteuid() else {"user": "latchkey", "group": "latchkey", "extra_groups": []}
        subprocess.run(["prlimit", f"--pid={pid}", f"--nofile={number}:"], capture_output=True, **owner)

    def gate_holder(self):
        """The one of our processes that is inside the store now; None if none is. An inode's number is another file's, too, on
        another file system, and that may be somebody else's gate."""
        try:
            inode = os.stat(os.path.join(self.store, "gate")).st_ino
        except OSError:
            return None
        with open("/proc/locks") as locks:
            for line in locks:
                fields = line.split()
                if fields[1] == "FLOCK" and fields[5].endswith(f":{inode}") and self.is_ours(int(fields[4])):
                    return int(fields[4])
        return None

    def stop_holder(self, patience=60):
        """Stops who is inside the store, and is there for certain; its process id, or None if hardly anybody ever is."""
        end = time.monotonic() + patience
        while time.monotonic() < end:
            pid = self.gate_holder()
            if pid is not None:
                self.kill(pid, signal.SIGSTOP)
                if self.gate_holder() == pid:
                    return pid
                self.kill(pid, signal.SIGCONT)

    def without_processes(self, action):
        """Tries that while there are none, their supervisors being stopped; whether it succeeded."""
        supervisors = list(self.processes(re.compile(r"/multiwatch$")))
        for pid in supervisors:
            self.kill(pid, signal.SIGSTOP)
        done, end = False, time.monotonic() + 5
        while not done and time.monotonic() < end:  # a process lets go of its files some time after it was killed
            for pid in self.processes():
                self.kill(pid)
            time.sleep(0.02)
            done = action()
        for pid in supervisors:
            self.kill(pid, signal.SIGCONT)
        return done

    def sizes(self):
        """What must not grow: what -> (how much, the most that it may become)."""
        # What is shared counts for fewer processes, and so for more, as soon as another suite on the machine ends.
        private = descriptors = 0
        processes = self.processes()
        for pid in processes:
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # what sends the mails may have ended since
                with open(f"/proc/{pid}/smaps_rollup") as rollup:
                    private += sum(int(line.split()[1]) for line in rollup if line.startswith("Private_Dirty:"))
                descriptors += len(os.listdir(f"/proc/{pid}/fd"))
        store = sizes_in(self.store)
        logs = sum(size for name, size in store.items() if name.startswith("log."))
        records = sum(size for name, size in store.items() if name.endswith(".btr"))
        audit = {name: size for name, size in sizes_in(self.state).items() if "audit" in name}
        counts = audit.pop("audit-counts", 0)
        files = sum(len(names) for _, _, names in os.walk(self.directory))
        return {
            "memory KiB": (private, private * 1.1 + 4096),
            "descriptors": (descriptors, descriptors + 3 * len(processes)),  # log, audit and its counts: opened when needed
            "files": (files, files + 8),  # logs and audits come and go
            "libdb log": (logs, 24 << 20),
            "records": (records, records + (1 << 20)),
            "audit": (sum(audit.values()), 4 * 65536 + 65536),
            "audit-counts": (counts, 256 << 10),  # it has 1024 places
        }

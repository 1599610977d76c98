# backups.py - backups of a store in use, while its programs die, each restored elsewhere
import os
import random
import shutil
import signal
import subprocess
import time

from power import Recovered, check_loss
from suite import BUILD

DEATHS = (-signal.SIGKILL, 137)  # by a kill, and by faulty.c


class Restored(Recovered):
    """A backup, from when on until when it was made, and what it becomes elsewhere."""

    def __init__(self, suite, directory, path, times):
        super().__init__(suite, directory)
        self.directory, self.path, (self.began, self.ended) = directory, path, times

    def restore(self, *options):
        """What is wrong with that; "" if nothing."""
        self.own()
        done = self.latchkey("restore", *options, self.path)
        return "" if done.returncode == 0 else f"latchkey restore: {done.stderr}"

    def revived(self, traffic):
        """What is good, and should wait to be confirmed, or be dead."""
        for user in traffic.users:
            secrets = [user.token] if hasattr(user, "password") else [register.value for register in user.live()]
            for secret in random.sample(secrets, min(2, len(secrets))):
                if secret is not None and self.is_good(secret):
                    yield f"{user.name}: {secret} has come back to life"

    def judge(self, traffic, keep):
        wrong = self.restore(*["--keep"] if keep else [])
        if wrong:
            return [wrong]
        revived = [] if keep else list(self.revived(traffic))
        if not keep and self.latchkey("token", "confirm", "all").returncode != 0:
            revived.append("latchkey token confirm all: " + self.said)
        return revived + check_loss(self, traffic, self.began, self.ended)


class Backups:
    """Those of a suite in use, in a directory of the state's owner."""

    def __init__(self, suite, work, position):
        self.suite, self.position, self.all = suite, position, []
        self.work, self.directory = work, os.path.join(work, "backups")
        os.mkdir(self.directory, 0o700)
        if os.geteuid() == 0:
            shutil.chown(self.directory, "latchkey", "latchkey")

    def start(self):
        command = [os.path.join(BUILD, "cli/latchkey"), "--config", os.path.join(self.suite.directory, "latchkey.conf")]
        command += ["backup", self.directory]
        environment = dict(os.environ, **self.suite.environment)
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)

    def make(self, meanwhile):
        """One, which is begun again where the command itself has died. `meanwhile` does harm as long as it goes on. Returns
        what the command says; None, with why in `said`, if there is none."""
        for _ in range(100):
            began, command = self.position(), self.start()
            while command.poll() is None:
                meanwhile()
                time.sleep(random.random() * 0.01)
            said, self.said = command.communicate()
            if command.returncode == 0:
                path = os.path.join(self.directory, said.split(":")[0])
                copy = Restored(self.suite, os.path.join(self.work, f"restored.{len(self.all)}"), path, (began, self.position()))
                self.all.append(copy)
                return said
            if command.returncode not in DEATHS:
                return None
        return None

    def judge(self, traffic, tally):
        for number, copy in enumerate(self.all):
            for line in copy.judge(traffic, number % 2 == 0):
                tally.blame(f"backup {number}: {line}")
            tally.count("backups restored")
            shutil.rmtree(copy.directory)
        shutil.rmtree(self.directory)

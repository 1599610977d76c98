# copies.py - copies of the store that are no backups: made without the gate, in part, over newer files
#
# A copy is whole, as of some moment at which it was made, or the first process that opens it refuses it and says what
# does not fit. Nothing in between.
import os
import random
import re
import shutil
import subprocess
import time

from power import Recovered, check_loss

TWO_TIMES = "files of two times"


def flocked(source, target):
    """A backup, as README has it."""
    subprocess.run(["flock", os.path.join(source, "gate"), "cp", "-a", source, target], check=True)


def without_gate(source, target, pause):
    """What cp, rsync or somebody's script does to a store in use, in any order of its files."""
    order = {
        "as they come": lambda name: 0,
        "by name": lambda name: name,
        "data first": lambda name: not name.endswith(".btr"),
        "log first": lambda name: not name.startswith("log."),
        "any": lambda name: random.random(),
    }
    how = random.choice(list(order))
    os.makedirs(target)
    for name in sorted(os.listdir(source), key=order[how]):
        try:
            shutil.copy2(os.path.join(source, name), target)
        except FileNotFoundError:  # a log file that was not needed any more
            pass
        time.sleep(random.random() * pause)  # a slow copy: the store goes on between two of its files
    return f"without the gate, {how}"


def in_part(store):
    """Takes away some of a copy's files."""
    gone = random.sample(os.listdir(store), random.randint(1, 3))
    for name in gone:
        os.unlink(os.path.join(store, name))
    return "without " + ", ".join(sorted(gone))


# rsync goes by sizes and by the seconds of the last change, and a test is quicker than that: by contents.
COMMANDS = [command.split() for command in ("cp -a", "cp -r", "cp -a --remove-destination", "rsync -ac", "rsync -ac --inplace")]


def over(backup, store):
    """A backup copied over newer files."""
    command = random.choice(COMMANDS)
    subprocess.run([*command, backup + "/.", store + "/"], check=True)
    return "a backup over it by " + " ".join(command)


def mend(store, said):
    """What the log says is to be done where a backup was copied over the store; whether it says so."""
    left = re.search(r"move (log\.\d+) and all with higher numbers away", said)
    for name in os.listdir(store) if left else ():
        if name.startswith("log.") and name >= left[1]:
            os.unlink(os.path.join(store, name))
    return left is not None


class Copy(Recovered):
    """One of them: what was done, and from when on until when."""

    def __init__(self, suite, directory):
        super().__init__(suite, directory)
        self.directory, self.store = directory, os.path.join(self.state, "store")

    def opens(self):
        """True, False with what was said, or None: neither."""
        self.own()
        done = self.latchkey("check", "--files")
        self.said = done.stdout + done.stderr
        return True if done.returncode == 0 else False if TWO_TIMES in self.said else None

    def judge(self, traffic):
        """("whole", "mended" or "refused", what is wrong with it)."""
        outcome, opened = "whole", self.opens()
        if opened is False and self.what.startswith("a backup over") and mend(self.store, self.said):
            outcome, opened = "mended", self.opens() or None
        if opened is False:
            return "refused", []
        wrong = check_loss(self, traffic, self.began, self.ended) if opened else [self.said]
        return outcome, [f"a copy, {self.what}: {line}" for line in wrong]


class Copies:
    """Those of a store, made while it is in use or not."""

    def __init__(self, suite, work, position):
        self.suite, self.work, self.position, self.all = suite, work, position, []

    def timed(self, make, *arguments):
        """(what it returns, the positions before and after it)."""
        began = self.position()
        return make(*arguments), (began, self.position())

    def add(self, make, times=None):
        """`times`: as of when it is, if not as of now."""
        copy = Copy(self.suite, os.path.join(self.work, f"copy.{len(self.all)}"))
        copy.what, now = self.timed(make, copy.store)
        copy.began, copy.ended = times or now
        self.all.append(copy)

    def add_over(self, backup, times):
        def make(store):
            flocked(self.suite.store, store)
            return over(backup, store)

        self.add(make, times)

    def add_part(self, backup, times):
        """Without the last log files it may be as it was earlier."""

        def make(store):
            flocked(backup, store)
            return in_part(store)

        self.add(make, (0, times[1]))

    def judge(self, traffic, tally):
        for copy in self.all:
            outcome, wrong = copy.judge(traffic)
            tally.count(f"copies {outcome}")
            for line in wrong:
                tally.blame(line)
            shutil.rmtree(copy.directory)

# model.py - what was acknowledged, and so must be true
import math
import threading

UNSEEN = "(not seen)"  # a secret whose answer never came


class Write:
    """A change of a register: between `sent` and `acked` it may be there or not, after that it must be."""

    def __init__(self, value, sent):
        self.value, self.sent, self.acked, self.refused = value, sent, math.inf, False


class Register:
    """Something that has one value: an account its password, an access token its secret, a session whether it is alive
    (None: not, or no longer). `probe(value)` says whether the value is the right one."""

    def __init__(self, name, value, probe):
        self.name, self.probe, self.first, self.writes, self.may_be = name, probe, value, [], [value]

    @property
    def value(self):
        return self.may_be[-1] if len(self.may_be) == 1 else None

    @property
    def is_known(self):
        return len(self.may_be) == 1

    def begin(self, value, position):
        write = Write(value, position)
        self.writes.append(write)
        self.may_be.append(value)
        return write

    def done(self, write, position):
        write.acked = position
        self.may_be = [write.value]

    def refused(self, write):
        """It was said that nothing was done."""
        write.refused = True
        self.may_be.remove(write.value)

    def seen(self, write, value):
        """The value of a change whose answer came after all."""
        self.may_be[self.may_be.index(write.value)] = value
        write.value = value

    def at(self, position):
        """What it may be if the power goes there."""
        values = [self.first]
        for write in self.writes:
            if write.refused or write.sent >= position:
                continue
            values = [write.value] if write.acked <= position else values + [write.value]
        return values

    def between(self, began, ended):
        """What it may be in a copy that was made meanwhile."""
        values = self.at(began)
        return values + [write.value for write in self.writes if began <= write.sent < ended and not write.refused]

    def before(self, values):
        """The last value that it must not have any more."""
        old = [self.first] + [write.value for write in self.writes if write.acked < math.inf]
        old = [value for value in old if value not in (None, UNSEEN) and value not in values]
        return old[-1:]

    def check(self, probe=None, values=None):
        """What is wrong with it: "" if nothing; learns what it is."""
        live, probe = values is None, probe or self.probe
        values = self.may_be if live else values
        right = [value for value in dict.fromkeys(values) if value not in (None, UNSEEN) and probe(value)]
        wrong = [value for value in self.before(values) if probe(value)]
        if wrong:
            return f"{self.name}: lost: {wrong[0]} is good again, not {values}"
        if len(right) > 1:
            return f"{self.name}: half there: {right} are all good"
        if not right and None not in values and UNSEEN not in values:
            return f"{self.name}: lost: none of {values} is good"
        if live and right:
            self.may_be = right
        elif live and not self.is_known:
            self.may_be = [None]
        return ""


class Tally:
    """What happened, for all threads."""

    def __init__(self):
        self.lock, self.counts, self.wrong = threading.Lock(), {}, []
        self.longest, self.patience = 0.0, math.inf

    def count(self, what, number=1):
        with self.lock:
            self.counts[what] = self.counts.get(what, 0) + number

    def blame(self, text):
        with self.lock:
            self.wrong.append(text)

    def waited(self, seconds, what):
        with self.lock:
            self.longest = max(self.longest, seconds)
        if seconds > self.patience:
            self.blame(f"{what}: took {seconds:.1f} s")

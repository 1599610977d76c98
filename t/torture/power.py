# power.py - the store as it would be had the power gone at some moment
#
# What is certain to be there is what had been flushed: a file's contents by fsync or fdatasync, a directory's entries by
# an fsync of the directory. Of the rest each page may be there as it was at any moment since: the kernel writes when it
# likes. A page of 4 KiB in libdb's data files is written whole or not at all; the log may be torn between any two sectors.
# Mapped files (the gate, libdb's regions) may have anything in them.
import json
import os
import pwd
import random
import shutil
import struct
import subprocess

from suite import BUILD, Answer

HEAD = struct.Struct("<IIQq")
PAGE, SECTOR = 4096, 512
MAPPED = ("gate", "__db.0")


def is_mapped(name):
    return name.startswith(MAPPED)


class File:
    def __init__(self, content=b""):
        self.flushed, self.pending, self.begun = bytearray(content), [], {}

    def put(self, change):
        offset, data = change
        if data is None:
            del self.flushed[offset:]
            self.flushed.extend(bytes(offset - len(self.flushed)))
        else:
            self.flushed.extend(bytes(max(0, offset - len(self.flushed))))
            self.flushed[offset : offset + len(data)] = data

    def flush(self, by):
        """All that was pending when that flush began."""
        number = self.begun.pop(by, 0)
        for change in self.pending[:number]:
            self.put(change)
        del self.pending[:number]
        self.begun = {pid: max(0, n - number) for pid, n in self.begun.items()}

    def fail(self):
        """A flush that failed: of what was pending, pages are there or not, and no later flush will bring them."""
        self.lose("some", PAGE)
        self.pending, self.begun = [], {}

    def lose(self, how, block):
        """Each block as it was at some moment since it was flushed; later writes of it are on top of earlier ones."""
        versions, most = {}, {"none": 0, "all": len(self.pending)}.get(how)
        for number, (offset, data) in enumerate(self.pending):
            at = offset
            while data is not None and at < offset + len(data):
                end = min((at // block + 1) * block, offset + len(data))
                version = versions.setdefault(at // block, random.randint(0, len(self.pending)))
                if number < (version if most is None else most):
                    self.put((at, data[at - offset : end - offset]))
                at = end
            if data is None and most != 0:
                self.put((offset, data))


class Disk:
    """The store's directory, as a power loss would leave it."""

    def __init__(self, snapshot):
        self.files = {inode: File(content) for inode, (_, content) in snapshot.files.items()}
        self.flushed = {name: inode for inode, (name, _) in snapshot.files.items()}
        self.pending, self.directory = [], snapshot.inode

    def entry(self, change):
        what, names, inode = change
        if what == "c":
            self.flushed[names[0]] = inode
        elif what == "u":
            self.flushed.pop(names[0], None)
        elif names[0] in self.flushed:
            self.flushed[names[1]] = self.flushed.pop(names[0])

    def happen(self, what, inode, offset, data):
        if what in "cru":
            self.pending.append((what, data.decode().split("\n"), inode))
            if what == "c":
                self.files[inode] = File()
        elif inode == self.directory:
            for change in self.pending if what == "s" else []:
                self.entry(change)
            self.pending = [] if what == "s" else self.pending
        elif inode in self.files:
            self.happen_in(self.files[inode], what, offset, data)

    @staticmethod
    def happen_in(file, what, offset, data):
        if what == "w":
            file.pending.append((offset, data))
        elif what == "t":
            file.pending.append((offset, None))
        elif what == "b":
            file.begun[offset] = len(file.pending)
        elif what == "s":
            file.flush(offset)
        else:
            file.fail()

    def lose(self, how):
        number = len(self.pending) if how == "all" else 0 if how == "none" else random.randint(0, len(self.pending))
        for change in self.pending[:number]:
            self.entry(change)
        logs = {inode for name, inode in self.flushed.items() if name.startswith("log.")}
        for inode, file in self.files.items():
            file.lose(how, SECTOR if how == "torn" and inode in logs else PAGE)

    def write(self, directory):
        for name, inode in self.flushed.items():
            with open(os.path.join(directory, name), "wb") as file:
                file.write(self.files[inode].flushed)


class Snapshot:
    """The store while nobody writes to it, and the notes of what is written from then on."""

    def __init__(self, store, writes):
        self.store, self.writes, self.inode, self.files = store, writes, os.stat(store).st_ino, {}
        self.mapped = {}
        for name in os.listdir(store):
            path = os.path.join(store, name)
            with open(path, "rb") as file:
                if not is_mapped(name):
                    self.files[os.stat(path).st_ino] = (name, file.read())
                elif name != "gate":
                    self.mapped[name] = file.read()

    def notes(self):
        """(position after it, what, inode, offset, data) of each."""
        with open(self.writes, "rb") as notes:
            text = notes.read()
        position = 0
        while position < len(text):
            what, length, inode, offset = HEAD.unpack_from(text, position)
            position += HEAD.size + length
            yield position, chr(what), inode, offset, text[position - length : position]

    def rebuild(self, notes, position, how, directory):
        """The store after a loss at that position."""
        disk = Disk(self)
        for after, *note in notes:
            if after > position:
                break
            disk.happen(*note)
        disk.lose(how)
        os.makedirs(directory)
        disk.write(directory)
        self.garble(directory)

    def garble(self, directory):
        """Mapped files: gone, zero, noise, or pages of now and then."""
        mapped = dict(self.mapped, gate=os.urandom(PAGE))
        kind = random.choice(["gone", "noise", "zero", "holes"])
        for name, content in mapped.items():
            pages = [content[i : i + PAGE] for i in range(0, len(content), PAGE)]
            if kind == "noise":
                pages = [os.urandom(PAGE) for _ in pages]
            elif kind == "zero":
                pages = [bytes(PAGE) for _ in pages]
            elif kind == "holes":
                pages = [page if random.random() < 0.5 else bytes(PAGE) for page in pages]
            if kind != "gone":
                with open(os.path.join(directory, name), "wb") as file:
                    file.write(b"".join(pages))


class Recovered:
    """A store asked by plain CGI, so that no server need be started for each loss."""

    def __init__(self, suite, directory):
        self.state, self.conf = os.path.join(directory, "state"), os.path.join(directory, "latchkey.conf")
        os.makedirs(self.state)
        with open(os.path.join(suite.directory, "latchkey.conf")) as source, open(self.conf, "w") as conf:
            for line in source:
                conf.write(line.replace(suite.state, self.state) if line.startswith("state_dir") else line)
        with open(os.path.join(suite.directory, "web-key")) as key:
            self.proof = key.readline().strip()
        self.owner = {}
        if os.geteuid() == 0:
            owner = pwd.getpwnam("latchkey")
            self.owner = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}

    def own(self):
        for place, _, names in os.walk(self.state):
            for path in [place] + [os.path.join(place, name) for name in names]:
                if self.owner:
                    os.chown(path, self.owner["user"], self.owner["group"])
        os.chmod(self.state, 0o700)

    def stay(self):
        """The directory is in its place, and not a copy of it: its gate says so, by gate.c's `struct place`."""
        gate, place = (os.path.join(self.state, "store", name) for name in ("gate", "place"))
        if os.path.exists(gate) and os.path.exists(place):
            there = os.stat(gate)
            with open(gate, "r+b") as page:
                page.seek(56)
                page.write(struct.pack("=QQQ40s", there.st_dev, there.st_ino, os.stat(place).st_ctime_ns, b"another boot"))

    def ask(self, program, method, path, body=None, token=None):
        text = "" if body is None else json.dumps(body)
        environment = {
            "GATEWAY_INTERFACE": "CGI/1.1", "SERVER_PROTOCOL": "HTTP/1.1", "REQUEST_METHOD": method, "SCRIPT_NAME": path,
            "REMOTE_ADDR": "127.0.0.1", "CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(text)) if text else "",
            "HTTP_HOST": "localhost", "HTTP_AUTHORIZATION": f"Bearer {token}" if token else "", "LATCHKEY_CONF": self.conf,
            "LATCHKEY_PROOF": self.proof,
        }  # fmt: skip
        done = self.run([os.path.join(BUILD, "cgi", program)], text, env=environment, **self.owner)
        head, _, rest = done.stdout.replace("\r", "").partition("\n\n")
        status = [line.split()[1] for line in head.split("\n") if line.startswith("Status:")]
        self.said = done.stderr
        return Answer(int(status[0]) if status else 200 if head else None, {}, rest)

    def signs_in(self, name, password):
        answer = self.ask("login", "POST", "/v1/api-login", {"username": name, "password": password})
        return answer.status == 200 and answer.member("success")

    def is_good(self, token):
        return self.ask("verify", "GET", "/auth/verify", token=token).status == 204

    def latchkey(self, *arguments, text=None):
        return self.run([os.path.join(BUILD, "cli/latchkey"), "--config", self.conf, *arguments], text)

    @staticmethod
    def run(command, text, **options):
        try:
            return subprocess.run(command, input=text, capture_output=True, text=True, timeout=60, **options)
        except subprocess.TimeoutExpired:
            return subprocess.CompletedProcess(command, 1, "", f"{command} hangs")


def check_loss(store, traffic, position, ended=None):
    """What a recovered store lacks; or a copy that was begun there, and ended later."""
    wrong = []
    for user in traffic.users:
        written = [register for register in user.registers if register.at(position) != [None] or register.writes]
        for register in random.sample(written, min(4, len(written))):
            probe = (lambda password: store.signs_in(user.name, password)) if hasattr(user, "password") else store.is_good
            values = register.at(position) if ended is None else register.between(position, ended)
            wrong.append(register.check(probe, values))
        dead = [token for token, acked in getattr(user, "dead", []) if acked <= position]
        if dead and store.is_good(dead[-1]):
            wrong.append(f"{user.name}: a dead token is good again")
    check = store.latchkey("check", "--files")
    if check.returncode != 0:
        wrong.append("latchkey check: " + check.stdout + check.stderr)
    if store.latchkey("user", "add", "after", text="Quiet-Harbour-42\n").returncode != 0:
        wrong.append("nothing can be written")
    wrong = [line for line in wrong if line]
    return wrong + [store.said] if wrong else []


def lose_power(suite, snapshot, traffic, directory, losses):
    """Loses it at so many moments; what each has lost."""
    notes, wrong = list(snapshot.notes()), []
    if not notes:
        raise RuntimeError(f"the programs have noted nothing of {snapshot.store}")
    # Most of what happens is in the log; a checkpoint's writes of data pages are where it may go wrong, too.
    late = [note for note in notes if note[1] == "w" and len(note[4]) == PAGE] or notes
    for number in range(losses):
        position = random.choice(random.choice([notes, late]))[0]
        how = ("none", "some", "torn", "all")[number % 4]
        store = Recovered(suite, directory)
        snapshot.rebuild(notes, position, how, os.path.join(store.state, "store"))
        kept = f"{directory}.{position}.{how}"
        if os.environ.get("KEEP"):
            shutil.copytree(directory, kept, dirs_exist_ok=True)
        store.own()
        if number // 4 % 2 == 0:
            store.stay()
        found = check_loss(store, traffic, position)
        wrong += [f"power lost at {position}, {how} of what was not flushed kept: {line}" for line in found]
        if not found:
            shutil.rmtree(kept, ignore_errors=True)
        shutil.rmtree(directory)
    return wrong

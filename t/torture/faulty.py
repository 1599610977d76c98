# faulty.py - a disk that fails when told to: the side of the torture (faulty.c is that of the programs)
import mmap
import os
import struct
import subprocess

FOREVER = -1
# As in faulty.c's `struct page`: where each member is.
MEMBERS = {
    name: (4 * i, "<i")
    for i, name in enumerate(
        "noting die_every flush_error flush_left write_error write_left read_only deaths failed_flushes failed_writes".split()
    )
}
MEMBERS.update(wall_offset=(40, "<q"), boot_offset=(48, "<q"))


class Faulty:
    """What is preloaded, and the page by which it is told: faulty["die_every"] = 300."""

    def __init__(self, work, store):
        sources = [os.path.join(os.path.dirname(__file__), name) for name in ("faulty.c", "faulty-calls.c")]
        self.library, self.writes = os.path.join(work, "faulty.so"), os.path.join(work, "writes")
        subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", self.library, *sources, "-ldl"], check=True)
        path = os.path.join(work, "page")
        with open(path, "wb") as page:
            page.write(bytes(4096))
        open(self.writes, "w").close()
        for name in (path, self.writes):
            os.chmod(name, 0o666)  # the programs run as another user
        self.environment = {"LD_PRELOAD": self.library, "TORTURE_DIR": work, "TORTURE_STORE": store}
        with open(path, "r+b") as page:
            self.page = mmap.mmap(page.fileno(), 4096)

    def __getitem__(self, name):
        offset, form = MEMBERS[name]
        return struct.unpack_from(form, self.page, offset)[0]

    def __setitem__(self, name, value):
        offset, form = MEMBERS[name]
        struct.pack_into(form, self.page, offset, value)

    def fail(self, what, error, count=FOREVER):
        """Flushes, or writes, fail so many times."""
        self[what + "_error"] = error
        self[what + "_left"] = count

    def heal(self):
        for name in ("die_every", "flush_left", "write_left", "read_only", "wall_offset", "boot_offset"):
            self[name] = 0

    def position(self):
        """How far the notes have come: what happened before is below it."""
        return os.stat(self.writes).st_size

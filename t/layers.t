#!/usr/bin/env python3
"""layers.t - the folders of common/ are floors: a file includes what is on its own or on a lower one, and names the floor.

And what is said of files is said of files that are there."""

import glob
import os
import re
import sys

os.chdir(os.path.join(os.path.dirname(os.path.abspath(sys.argv[0])), ".."))
# What each may include besides itself, config.h and paths.h: neither web nor mail the other. cgi/ and cli/ may include
# all of it.
MAY = {
    "base": "",
    "store": "base",
    "password": "base",
    "site": "password store base",
    "account": "site password store base",
    "mail": "account site password store base",
    "web": "account site password store base",
}
MODULES = 25  # at most, in a folder
ELSEWHERE = {"config.h", "paths.h", "crypt.h", "db.h", "db_page.h", "mod_proxy.c"}  # what make, a library or Apache has
failed = count = 0


def ok(name, wrong):
    global failed, count
    count += 1
    failed += bool(wrong)
    print(f"{'not ok' if wrong else 'ok'} {count} - {name}", flush=True)
    for line in [f"layers.t: test {count} fails: {name}", *wrong] if wrong else []:
        print(f"# {line}", file=sys.stderr)


def includes(path):
    """(where, what) of each #include "..." in a file."""
    for number, line in enumerate(open(path), 1):
        if found := re.match(r'\s*#\s*include\s+"([^"]+)"', line):
            yield f"{path}:{number}: {line.strip()}", found[1]


def leads_back(header, graph, way=()):
    """A way from a header to itself."""
    for other in graph.get(header, ()):
        if other == (way or (header,))[0]:
            return [*way, header, other]
        if other not in way and other != header and (found := leads_back(other, graph, (*way, header))):
            return found
    return []


def rows(text):
    """(floor, name) of each module in the tables of doc/design.md."""
    floor = None
    for line in text[text.index("## The folders") : text.index("## A request's way")].splitlines():
        if found := re.match(r"\*\*(\w+)\*\*", line):
            floor = found[1]
        elif floor and line.startswith("| `"):
            yield from ((floor, name) for name in re.findall(r"`([\w*-]+)`", line.split("|")[1]))


def prose(path):
    """(number, text) of each line in which people are spoken to: in C, of comments."""
    with open(path) as file:
        text = file.read()
    if path.endswith((".c", ".h")):
        for comment in re.finditer(r"/\*.*?\*/", text, re.S):
            first = text.count("\n", 0, comment.start()) + 1
            yield from enumerate(comment[0].splitlines(), first)
    else:
        yield from enumerate(text.splitlines(), 1)


def body(path, name):
    """A function as it is defined in a file, "" if it is not."""
    found = re.search(rf"^{name}\(.*?^\}}", open(path).read(), re.M | re.S) if os.path.exists(path) else None
    return found[0] if found else ""


def calls(above, path, name):
    """Whether that text of a function calls the other: by its name, or a route's handler as such."""
    routes = path and re.search(rf"\b{name}, \"", open(path).read())
    return re.search(rf"\b{name}\(", above) or ("handle(call)" in above and routes)


def strays(way):
    """What is wrong with the steps of a way inward, (file, function) each; the last is a library's and has no file."""
    for (path, name), (below, called) in zip(way, way[1:]):
        if not body(path, name):
            yield f"{path}: there is no {name}()"
        elif not calls(body(path, name), below, called):
            yield f"{path}: {name}() does not call {called}()"


files = sorted(glob.glob("common/**/*.[ch]", recursive=True))
files = [path for path in files if path != "common/paths.h"]  # which make writes
ok("each file of common/ is on a floor", [path for path in files if path.split("/")[1] not in MAY])
up, unnamed = [], []
for path in files:
    floor = path.split("/")[1]
    for where, what in includes(path):
        if what in ("config.h", "paths.h"):
            continue
        if not os.path.exists(f"common/{what}"):
            unnamed.append(where)
        elif what.split("/")[0] not in [floor, *MAY.get(floor, "").split()]:
            up.append(where)
ok("no include points up", up)
ok("each names its folder", unnamed)
graph = {path[len("common/") :]: {what for _, what in includes(path)} for path in files if path.endswith(".h")}
ok("no header includes itself, by whichever way", [" -> ".join(way) for header in graph if (way := leads_back(header, graph))])
for floor in MAY:
    modules = {path.rsplit(".", 1)[0] for path in files if path.startswith(f"common/{floor}/")}
    ok(f"{floor}: at most {MODULES} modules", [f"{len(modules)} of them"] if len(modules) > MODULES else [])
has, wrong = set(), []
for floor, name in rows(open("doc/design.md").read()):
    folder = "cli" if floor == "cli" else f"common/{floor}"
    found = {(floor, os.path.basename(path).rsplit(".", 1)[0]) for path in glob.glob(f"{folder}/{name}.[ch]")}
    wrong += [] if found else [f"not there: {floor}/{name}"]
    has |= found
wrong += [path for path in files if (path.split("/")[1], os.path.basename(path).rsplit(".", 1)[0]) not in has]
# A file of the command without a header has subcommands.
wrong += [path for path in glob.glob("cli/*.h") if ("cli", os.path.basename(path)[:-2]) not in has]
ok("each module has its row in doc/design.md, and each row its module", wrong)
design = open("doc/design.md").read()
way = re.findall(r"^\d+\. `(?:([\w/.-]+):)?(\w+)`", design[design.index("### A password, from") : design.index("## The store")], re.M)
ok("a password's way to crypt(3) has at most 12 steps", [] if 0 < len(way) <= 12 and way[-1] == ("", "crypt_rn") else [str(way)])
ok("and each of them calls the next", list(strays(way)))
ours = files + [path for where in ("cgi/*.[ch]", "cli/*.[ch]", "t/**/*.[ch]", "bench/*.c") for path in glob.glob(where, recursive=True)]
there = {os.path.basename(path) for path in ours} | ELSEWHERE
said = ours + glob.glob("*.md") + glob.glob("doc/**/*.md", recursive=True)
ok(
    "no comment or page speaks of a file that is gone",
    [
        f"{path}:{number}: {name}"
        for path in said
        if path != "CHANGELOG.md"
        for number, line in prose(path)
        for name in re.findall(r"(?<![\w@.-])[a-z][a-z0-9_-]*\.[ch]\b(?!\.)", line)
        if name not in there
    ],
)
print(f"1..{count}")
sys.exit(failed > 0)

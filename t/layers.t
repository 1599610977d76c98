#!/usr/bin/env python3
"""layers.t - the folders of common/ are floors: a file includes what is on its own or on a lower one, and names the floor."""

import glob
import os
import re
import sys

os.chdir(os.path.join(os.path.dirname(os.path.abspath(sys.argv[0])), ".."))
# What each may include besides itself, config.h and paths.h. cgi/ and cli/ may include all of it.
MAY = {
    "base": "",
    "store": "base",
    "password": "base",
    "site": "password store base",
    "account": "site password store base",
    "mail": "account site password store base",
    "web": "mail account site password store base",
}
MODULES = 25  # at most, in a folder
failed = count = 0


def ok(name, wrong):
    global failed, count
    count += 1
    failed += bool(wrong)
    print(f"{'not ok' if wrong else 'ok'} {count} - {name}", *(f"# {line}" for line in wrong), sep="\n")


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
print(f"1..{count}")
sys.exit(failed > 0)

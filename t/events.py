"""The events in a file, held against the tables of doc/guide/events.md, for t/event.t: events.py GUIDE FILE. A line for
each: its name, what has changed, by whom and from where; and one for each event that is not as the guide has it."""

import json
import re
import sys

guide = open(sys.argv[1]).read()
KINDS = {"string": str, "object": dict, "array": list, "integer": int, "boolean": bool}


def table(header):
    """The cells of each row of the table with that header."""
    rows = guide[guide.index(header) :].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in row.strip("| ").split("|")] for row in rows]


def words(cell):
    return re.findall(r"`([a-z_-]+)`", cell)


besides = {name: row[2] if len(row) > 2 else "" for row in table("| event | when | besides |") for name in words(row[0])}
members = {name: row[1] for row in table("| member | type | what |") for name in words(row[0])}
of_account = {name: row[1] for row in table("| member of `account` | type | what |") for name in words(row[0])}
EXTRA = {name for cell in besides.values() for name in words(cell)}
ALWAYS = {"id", "time", "event"}


def flaws(line):
    event = json.loads(line)
    name, account = event.get("event"), event.get("account")
    if not line.isascii() or name not in besides:
        yield f"no event: {line!a}"
        return
    for where, types in (event, members), (account or {}, of_account):
        for member, value in where.items():
            if types.get(member) not in KINDS or type(value) is not KINDS[types[member]]:
                yield f"{name}: {member}: {value!a}"
    if not ALWAYS <= event.keys() or EXTRA & event.keys() != set(words(besides[name])):
        yield f"{name}: its members are {list(event)}"
    wanted = {"id"} if name == "left-out" else set(of_account)
    if (account is None and name not in ("test", "left-out")) or (account is not None and account.keys() != wanted):
        yield f"{name}: its account is {account}"


for line in open(sys.argv[2]).read().splitlines():
    event = json.loads(line)
    said = [event["event"], (event.get("account") or {}).get("username") or "-", ",".join(event.get("changed", [])) or "-"]
    print(*said, event.get("by", "-"), event.get("network", "-"))
    for flaw in flaws(line):
        print("flaw:", flaw)

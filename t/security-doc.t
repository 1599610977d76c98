#!/bin/bash
# security-doc.t - doc/security.md has a row for each requirement, and each test that it names is there
. "${0%/*}/lib.sh"

python3 -I -S - "$top" >"$work/said" <<'END'
import re, sys

top = sys.argv[1]
with open(f"{top}/doc/security.md") as file:
    lines = file.read().splitlines()


def tests(cell):
    """(file, name) of each test that is named; one without a file is in the one before."""
    path = None
    for found in re.finditer(r'`(?:(t/[\w/.-]+): )?"(.*?)"`', cell):
        path = found[1] or path
        yield path, found[2]


def there(path, name):
    try:
        with open(f"{top}/{path}") as file:
            return name in file.read()
    except (OSError, TypeError):
        return False


rows = {}
for line in lines:
    if found := re.match(r"\| (\d+) \|", line):
        rows.setdefault(int(found[1]), []).append(line.split(" | "))
for number in range(1, 48):
    if len(rows.get(number, [])) != 1:
        print(f"{number}: {len(rows.get(number, []))} rows")
        continue
    cells = rows[number][0]
    shown = list(tests(cells[-1]))
    reason = re.match(r"(Not met|Not applicable): .{20,}", cells[-1])
    if len(cells) != 5 or bool(shown) == bool(reason):
        print(f"{number}: {len(cells)} cells, {len(shown)} tests, reason: {bool(reason)}")
    for path, name in shown:
        if not name.startswith(f"{number}: "):
            print(f"{number}: a test of another: {name}")
for number in sorted(set(rows) - set(range(1, 48))):
    print(f"{number}: no requirement")
named = [test for line in lines for test in tests(line)]
for path, name in named:
    if not there(path, name):
        print(f"not there: {path}: {name}")
print("tests:", "many" if len(named) > 100 else len(named))
END
is "$(<"$work/said")" 'tests: many' 'each requirement has its row, and each test that is named is there'
is "$(sed -n '/^## What users/,/^## Where/p' "$top/doc/security.md" | grep -c '^| .*github.com')" 25 \
	'25 complaints have an answer'
is "$(python3 -B "$top/bench/mutants" --check)" '' 'each line that bench/mutants breaks is there, once'
done_testing

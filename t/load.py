"""load.py PORT PASSWORD TOKEN COUNT [FILE]: people who sign in, ask for pages and are let through by verify, without a pause,
at eight connections, until there are COUNT answers and FILE is there. Prints the number of requests, of each kind, and of
those that were lost: whatever has not the answer that it has in quiet times. Those are on standard error."""

import collections
import http.client
import json
import os
import sys
import threading

port, password, token, count = int(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
enough = sys.argv[5] if len(sys.argv) > 5 else None

JSON = {"Content-Type": "application/json"}
BEARER = {"Authorization": f"Bearer {token}"}
KINDS = [
    ("sign-in", 200, "POST", "/auth/admin/login", json.dumps({"password": password}), JSON),
    ("verify", 204, "GET", "/auth/verify", None, BEARER),
    ("page", 200, "GET", "/account/sign-in", None, {"Accept": "text/html"}),
    ("protected", 200, "GET", "/protected/", None, BEARER),
]
asked, lost, lock = collections.Counter(), [], threading.Lock()


def goes_on():
    return sum(asked.values()) < count or (enough is not None and not os.path.exists(enough))


def ask(connection, kind):
    name, wanted, *request = kind
    try:
        connection.request(*request)
        answer = connection.getresponse()
        body = answer.read()
        got = str(answer.status) if answer.status != wanted or wanted != 204 and not body else None
    except (OSError, http.client.HTTPException) as error:
        connection.close()
        got = repr(error)
    with lock:
        asked[name] += 1
        if got is not None:
            lost.append(f"{name}: {got}")


def person(kinds):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    while goes_on():
        for kind in kinds:
            ask(connection, kind)


people = [threading.Thread(target=person, args=(KINDS[i % 4:] + KINDS[:i % 4],)) for i in range(8)]
for one in people:
    one.start()
for one in people:
    one.join()
print(*lost, sep="\n", end="\n" if lost else "", file=sys.stderr)
print(sum(asked.values()), *(asked[kind[0]] for kind in KINDS), len(lost))

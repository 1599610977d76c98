"""matrix.py DIRECTORY SHARE [PATTERN] - what two requests together tell of an account, for bench/matrix.

Standard input is the table of endpoints, as the programs print it. Each endpoint that takes a name, an address or a code
is asked by a stranger, in pairs, about an account in each state. What the stranger sees must be the same in all states.
DIRECTORY has the programs' sockets and accounts.jsonl, which `--accounts` writes for `latchkey import`. SHARE: one pair
in so many is asked. PATTERN: the pairs whose names have it, alone.

Each pair of each state has an account and a network of its own, so none of them touches another's records.
"""

import crypt
import json
import os
import random
import re
import sys
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../t"))
sys.dont_write_bytecode = True
from ask import begin, exchange, record, stdin  # noqa: E402

GOOD, WRONG, NEW = "Quiet-Harbour-42", "Wrong-Harbour-43", "Other-Harbour-44"
NO_CODE = "ZZZZ-ZZZZ-ZZZZ"

# What a stranger does, about the username U and the address E. A second name and address, V and F, are nobody's.
ACTIONS = {
    "sign in (px0)": ("POST", "/v1/auth/login", {"email": "E", "password": WRONG}),
    "sign in (databrain)": ("POST", "/api/v2/admin-account/jwt", {"email": "E", "password": WRONG}),
    "sign in by username": ("POST", "/v1/api-login", {"username": "U", "password": WRONG}),
    "sign in by address": ("POST", "/v1/api-login", {"username": "E", "password": WRONG}),
    "sign in as registered": ("POST", "/v1/api-login", {"username": "E", "password": NEW}),
    "sign in as registered, by username": ("POST", "/v1/api-login", {"username": "U", "password": NEW}),
    "ask for a code (px0)": ("POST", "/v1/auth/password-reset/trigger", {"email": "E"}),
    "ask for a code (edge-impulse)": ("POST", "/v1/api-user-request-reset-password", {"email": "E"}),
    "ask for a code by username": ("POST", "/v1/api-user-request-reset-password", {"email": "U"}),
    "ask for a proof": ("GET", "/v1/auth/verify-email?email=E", None),
    "prove": ("POST", "/v1/auth/verify-email", {"email": "E", "code": NO_CODE}),
    "prove with a password": ("POST", "/v1/auth/verify-email", {"email": "E", "code": NO_CODE, "password": NEW}),
    "look at a code": ("POST", "/v1/api-user-verify-reset-password-code", {"email": "E", "code": NO_CODE}),
    "look at a code by username": ("POST", "/v1/api-user-verify-reset-password-code", {"email": "U", "code": NO_CODE}),
    "reset (edge-impulse)": ("POST", "/v1/api-user-reset-password", {"email": "E", "code": NO_CODE, "newPassword": NEW}),
    "reset (px0)": ("POST", "/v1/auth/password-reset/reset", {"code": NO_CODE, "new_password": NEW}),
    "register (px0)": ("POST", "/v1/auth/register", {"email": "E", "password": NEW}),
    "register (edge-impulse)": ("POST", "/v1/api-user-create", {"username": "U", "email": "E"}),
    "register its address": ("POST", "/v1/api-user-create", {"username": "V", "email": "E"}),
    "register its username": ("POST", "/v1/api-user-create", {"username": "U", "email": "F"}),
    "ask for a code (account)": ("POST", "/account/api/password/request", {"email": "E"}),
    "ask for a proof (account)": ("POST", "/account/api/email/request", {"email": "E"}),
    "prove (account)": ("POST", "/account/api/email/verify", {"email": "E", "code": NO_CODE, "password": NEW}),
    "prove by a new password": ("POST", "/account/api/email/verify", {"email": "E", "code": NO_CODE, "new": NEW}),
    "reset (account)": ("POST", "/account/api/password/reset", {"email": "E", "code": NO_CODE, "new": NEW}),
    "accept an invitation": ("POST", "/account/api/invitation", {"code": NO_CODE, "password": NEW}),
    "sign in (account)": ("POST", "/account/api/session", {"name": "E", "password": WRONG}),
    "register (account)": ("POST", "/account/api/account", {"username": "U", "email": "E", "password": NEW}),
    "register its address (account)": ("POST", "/account/api/account", {"username": "V", "email": "E", "password": NEW}),
    "register its username (account)": ("POST", "/account/api/account", {"username": "U", "email": "F", "password": NEW}),
    "register the other name": ("POST", "/v1/api-user-create", {"username": "V", "email": "F"}),
    "sign in (page)": ("POST", "/account/sign-in", {"name": "E", "password": WRONG, "next": "/"}),
    "ask for a code (page)": ("POST", "/account/forgot", {"email": "E"}),
    "reset (page)": ("POST", "/account/reset-password", {"email": "E", "code": NO_CODE, "new": NEW}),
    "prove (page)": ("POST", "/account/verify-email", {"email": "E", "code": NO_CODE, "password": NEW}),
    "ask for a proof (page)": ("POST", "/account/verify-email/request", {"email": "E"}),
    "accept an invitation (page)": ("POST", "/account/invitation", {"code": NO_CODE, "password": NEW}),
    "register (page)": ("POST", "/account/register", {"username": "U", "email": "E", "password": NEW}),
    "register its username (page)": ("POST", "/account/register", {"username": "U", "email": "F", "password": NEW}),
}
for _, path, fields in ACTIONS.values():
    if path == "/v1/api-user-create":
        fields.update(name="A Name", password=NEW, privacyPolicy=True)

# A username that is taken cannot be hidden from a client that registers one: such a request tells it in any case.
NAMES_THE_USERNAME = ("register (edge-impulse)", "register its username")

# Endpoints whose callers name nobody, and why they are not asked.
OTHERS = {
    "POST /auth/admin": "it makes the account admin, from the machine itself",
    "GET /auth/admin/exists": "it tells of the account admin, as its document has it",
    "PATCH /auth/enabled": "an administrator's token",
    "POST /api/v2/admin-account": "the very first account alone",
    "POST /api/v2/service-token/reset-password": "a token, which names its account",
    "POST /v1/api/user/change-password": "a token, which names its account",
    "POST /auth/admin/login": "the account admin and no other",
    "GET /v1/auth/me": "a token, which names its account",
    "DELETE /v1/auth/session": "a token, which names its account",
    "POST /auth/admin/reset-password": "the account admin, from the machine itself",
    "POST /auth/access_token": "an administrator's token",
    "GET /auth/access_tokens": "an administrator's token",
    "DELETE /auth/access_token/{id}": "an administrator's token",
    "POST /auth/access_token/{id}/rotate": "an administrator's token",
    "POST /api/v2/service-token": "an administrator's token",
    "POST /api/v2/service-token/rotate": "an administrator's token",
    "GET /account/api/policy": "it tells of no account",
    "GET /account/api/tokens": "a session, which names its account",
    "POST /account/api/tokens": "a session, which names its account",
    "POST /account/api/tokens/{id}/rotate": "a session, which names its account",
    "DELETE /account/api/tokens/{id}": "a session, which names its account",
    "GET /account/api/accounts": "an administrator's session",
    "POST /account/api/accounts": "an administrator's session",
    "GET /account/api/accounts/{id}": "an administrator's session",
    "PATCH /account/api/accounts/{id}": "an administrator's session",
    "DELETE /account/api/accounts/{id}": "an administrator's session",
    "POST /account/api/accounts/{id}/code": "an administrator's session",
    "DELETE /account/api/accounts/{id}/sessions": "an administrator's session",
    "DELETE /account/api/accounts/{id}/factors": "an administrator's session",
    "DELETE /account/api/accounts/{id}/throttle": "an administrator's session",
    "GET /account/api/audit": "an administrator's session",
    "GET /account/sign-in": "a page, which tells of its own session alone",
    "GET /account/renew": "a page, which tells of its own session alone",
    "GET /account/confirm": "a page, which tells of its own session alone",
    "GET /account/two-factor": "a page, which tells of its own session alone",
    "PUT /account/api/email": "a session, which names its account",
    "GET /account/api/factors": "a session, which names its account",
    "POST /account/api/totp": "a session or a ticket, which names its account",
    "PUT /account/api/totp": "a session or a ticket, which names its account",
    "DELETE /account/api/totp": "a session, which names its account",
    "POST /account/api/recovery-codes": "a session, which names its account",
    "PATCH /account/api/account": "a session, which names its account",
    "DELETE /account/api/account": "a session, which names its account",
    "PUT /account/api/password": "a session, which names its account",
    "GET /account/api/session": "a session, which names its account",
    "DELETE /account/api/session": "a session, which names its account",
    "POST /account/api/session/renew": "a session, which names its account",
    "POST /account/api/session/confirm": "a session, which names its account",
    "GET /account/api/sessions": "a session, which names its account",
    "DELETE /account/api/sessions": "a session, which names its account",
    "DELETE /account/api/sessions/{id}": "a session, which names its account",
    "* /auth/verify": "a token, which names its account",
    "POST /account/profile": "a session, which names its account",
    "POST /account/close": "a session, which names its account",
    "POST /account/password": "a session or a ticket, which names its account",
    "POST /account/two-factor/begin": "a session or a ticket, which names its account",
    "POST /account/two-factor": "a session or a ticket, which names its account",
    "POST /account/two-factor/remove": "a session, which names its account",
    "POST /account/two-factor/codes": "a session, which names its account",
    "POST /account/sign-out": "a session, which names its account",
    "POST /account/confirm": "a session, which names its account",
    "POST /account/sessions/end": "a session, which names its account",
    "POST /account/sessions/{id}/end": "a session, which names its account",
    "POST /account/email": "a session, which names its account",
    "POST /account/email/verify": "a session, which names its account",
    "POST /account/tokens": "a session, which names its account",
    "POST /account/tokens/{id}/rotate": "a session, which names its account",
    "POST /account/tokens/{id}/end": "a session, which names its account",
    "GET /account/register": "a page, which tells of its own session alone",
    "GET /account/close": "a page, which tells of its own session alone",
    "GET /account/start": "a page, which tells of its own session alone",
    "GET /account/admin/": "a page, which tells of its own session alone",
    "GET /account/admin": "the way to a page",
    "GET /account/livez": "nobody: it tells of the suite",
    "GET /account/readyz": "nobody: it tells of the suite",
    "GET /account/metrics": "nobody: it counts all of them",
    "GET /account/password": "a page, which tells of its own session alone",
    "GET /account/reset-password": "a page, which tells of its own session alone",
    "GET /account/invitation": "a page, which tells of its own session alone",
    "GET /account/sign-out": "a page, which tells of its own session alone",
    "GET /account/forbidden": "a page, which tells of its own session alone",
    "GET /account/": "a page, which tells of its own session alone",
    "GET /account/problems": "a page, which tells of its own session alone",
    "GET /account/forgot": "a page, which tells of its own session alone",
    "GET /account/verify-email": "a page, which tells of its own session alone",
    "GET /account/email": "a page, which tells of its own session alone",
    "GET /account/tokens": "a page, which tells of its own session alone",
    "POST /account/second-factor": "a ticket, which names its account",
    "POST /account/start": "the very first account alone",
    "GET /account/api/accounts/{id}/throttle": "an administrator's session",
    "GET /account/api/all-tokens": "an administrator's session",
    "POST /account/api/all-tokens": "an administrator's session",
    "POST /account/api/all-tokens/{id}/rotate": "an administrator's session",
    "DELETE /account/api/all-tokens/{id}": "an administrator's session",
}

# The account that the names lead to, as a line of an import; None: there is none. In the first two nobody has the address.
NOBODYS, ONLY_NAME = "none", "without an address"
STATES = {
    NOBODYS: None,
    ONLY_NAME: {"username": "U"},
    "plain": {"username": "U", "email": "E"},
    "disabled": {"username": "U", "email": "E", "enabled": False},
    "unproved": {"username": "U", "email": "E", "unproved": True},
    "an administrator": {"username": "U", "email": "E", "admin": True},
    "without a password": {"username": "U", "email": "E", "hash": None},
    "with a second factor": {"username": "U", "email": "E", "totp": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"},
    "must change its password": {"username": "U", "email": "E", "must_change": True},
    "px0's": {"email": "E"},
    "its address under another name": {"username": "W", "email": "E"},
    "its name with another address": {"username": "U", "email": "G"},
}


def names(number):
    """The names of a pair in a state; equally long in all."""
    users = {letter: f"m{number:06d}{letter.lower()}" for letter in "UVW"}
    return users | {letter: f"m{number:06d}{letter.lower()}@example.com" for letter in "EFG"}


def filled(value, of):
    if isinstance(value, dict):
        return {key: filled(member, of) for key, member in value.items()}
    return of.get(value, value) if isinstance(value, str) else value


def pairs(share, pattern):
    """(number, first, second): one in `share`, the same each time."""
    every = [(first, second) for first in ACTIONS for second in ACTIONS]
    if pattern:
        every = [pair for pair in every if re.search(pattern, " / ".join(pair))]
    random.Random(6573).shuffle(every)
    return every[:: int(share)]


def combinations(share, pattern):
    number = 0
    for first, second in pairs(share, pattern):
        for state in STATES:
            number += 1
            yield number, first, second, state


def write_accounts(path, share, pattern):
    hashed = crypt.crypt(GOOD, "$y$j75$" + "." * 22)
    with open(path, "w") as file:
        for number, _, _, state in combinations(share, pattern):
            if STATES[state] is not None:
                line = {"hash": hashed, "verified": True} | filled(STATES[state], names(number))
                if line.get("unproved"):
                    line["verified"] = False
                file.write(json.dumps({key: value for key, value in line.items() if value is not None}) + "\n")


# --- asking a program, as a web server does


def ask(directory, program, number, action):
    """What the stranger sees, but for what is another's by design: ids, times and the names that were sent."""
    method, path, fields = ACTIONS[action]
    of = names(number)
    path, _, query = path.partition("?")
    page = path.startswith("/account/") and not path.startswith("/account/api/")
    members = filled(fields, of) if fields else None
    body = (urllib.parse.urlencode(members) if page else json.dumps(members)).encode() if members else b""
    variables = {
        "GATEWAY_INTERFACE": "CGI/1.1", "SERVER_PROTOCOL": "HTTP/1.1", "REQUEST_METHOD": method, "SCRIPT_NAME": path,
        "QUERY_STRING": query[:-1] + of[query[-1]] if query else "", "CONTENT_LENGTH": str(len(body)) if body else "",
        "CONTENT_TYPE": "" if not body else "application/x-www-form-urlencoded" if page else "application/json",
        "HTTP_HOST": "localhost", "HTTP_COOKIE": "latchkey-kept=1" if page else "",  # which the sign-in's page has set
        "REMOTE_ADDR": f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}",
    }
    params = [(name.encode(), value.encode()) for name, value in variables.items()]
    sent = begin(params) + stdin(body) + record(5)
    seen = exchange(f"{directory}/{program}.sock", sent, 60).decode()
    seen = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ID", seen)
    seen = re.sub(r"\d{4}-\d\d-\d\dT[0-9:.]+Z", "TIME", seen)
    # They tick on between two of a pair.
    seen = re.sub(r'(Retry-After: |"retry_after":|data-wait=")[1-9]\d*(">[1-9]\d* s)?', r"\1SECONDS", seen)
    return seen.replace(f"m{number:06d}", "NAME")


def like_which(first, second, state):
    """The state that a pair must not tell from this one."""
    has_name = STATES[state] is not None and STATES[state].get("username") == "U"
    return ONLY_NAME if has_name and {first, second} & set(NAMES_THE_USERNAME) else NOBODYS


def check_table(routes):
    """Each endpoint is asked, or has its reason not to be."""
    asked = {f"{method} {path.partition('?')[0]}" for method, path, _ in ACTIONS.values()}
    there = {f"{method} {path}" for method, path in routes if not path.startswith("/api-")}
    for line in sorted(there - asked - set(OTHERS)):
        print(f"no row for {line}")
    for line in sorted((asked | set(OTHERS)) - there):
        print(f"no endpoint {line}")


def main(directory, share="1", pattern=""):
    routes = {(words[0], words[1]): words[2] for words in (line.rstrip("\n").split("\t") for line in sys.stdin)}
    check_table(routes)
    shown, told, count = {}, {}, 0
    for number, first, second, state in combinations(share, pattern):
        seen = []
        for action in (first, second):
            method, path, _ = ACTIONS[action]
            seen.append(ask(directory, routes[method, path.partition("?")[0]], number, action))
        count += 1
        shown[state] = seen
        like = like_which(first, second, state)
        if seen != shown[like]:
            told.setdefault((first, second), []).append((state, shown[like], seen))
    for (first, second), states in told.items():
        print(f"{first} / {second}: tells {', '.join(state for state, _, _ in states)}")
        state, wanted, seen = states[0]
        for before, after in zip(wanted, seen):
            if before != after:
                print(f"  wanted: {before!r}\n  {state}: {after!r}")
    print(f"pairs: {len(pairs(share, pattern))}, states: {len(STATES)}, asked: {count}")


if __name__ == "__main__":
    if sys.argv[1] == "--accounts":
        write_accounts(*sys.argv[2:])
    else:
        main(*sys.argv[1:])

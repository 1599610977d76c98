"""machines.py - two machines that share a database: how soon each sees what was changed on the other.

    machines.py KIND COUNT BUILD MACHINE MACHINE

A MACHINE is a directory with `latchkey.conf` and the sockets of login, change, verify and account. KIND is one of the
kinds below. For each of COUNT rounds something is ended on one machine, the two in turn, while a token that it ends is
shown to the other one all the time. A request that was begun more than a second after the end was acknowledged, and is let
in, is a fault. Prints a line: how many rounds had none, how many there were, and the median and the most of milliseconds.
"""

import base64
import concurrent.futures
import hmac
import json
import os
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
from ask import begin, exchange, record, stdin  # noqa: E402

DELAY = 1.0
PATIENCE = 30  # seconds in which a busy machine has to show it at all
PASSWORDS = "Quiet-Harbour-42", "Quiet-Harbour-43"


def ask(machine, program, method, path, body=None, **headers):
    """Status and body of a program's answer; it is asked again where it says 503."""
    text = b"" if body is None else json.dumps(body).encode()
    params = {
        "GATEWAY_INTERFACE": "CGI/1.1", "SERVER_PROTOCOL": "HTTP/1.1", "REQUEST_METHOD": method, "SCRIPT_NAME": path,
        "REQUEST_URI": path, "QUERY_STRING": "", "REMOTE_ADDR": "127.0.0.1", "LATCHKEY_LOCAL": "yes",
        "CONTENT_LENGTH": str(len(text)) if text else "", "CONTENT_TYPE": "application/json" if text else "",
        "HTTP_HOST": "localhost", **{f"HTTP_{name.upper()}": value for name, value in headers.items()},
    }  # fmt: skip
    sent = begin((name.encode(), value.encode()) for name, value in params.items()) + stdin(text) + record(5)
    while True:
        head, _, said = exchange(f"{machine}/{program}.sock", sent, PATIENCE).partition(b"\r\n\r\n")
        status = 200
        for line in head.split(b"\r\n"):
            if line.startswith(b"Status: "):
                status = int(line.split()[1])
        if status != 503:
            return status, said


def letters(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=")


def signed_by(key, token):
    """The same token by another key."""
    header, claims, _ = token.encode().split(b".")
    header = json.loads(base64.urlsafe_b64decode(header + b"=="))
    text = letters(json.dumps({**header, "kid": key["kid"]}).encode()) + b"." + claims
    return (text + b"." + letters(hmac.digest(base64.b64decode(key["secret"]), text, "sha256"))).decode()


def sign_in(machine, password):
    status, said = ask(machine, "login", "POST", "/v1/api-login", {"username": "ann@example.org", "password": password})
    if status != 200:
        raise SystemExit(f"no sign-in: {status} {said!r}")
    return json.loads(said)["token"]


def is_good(machine, token):
    return ask(machine, "verify", "GET", "/auth/verify", authorization=f"Bearer {token}")[0] == 204


def is_good_soon(machine, token):
    """Whether it is within a second, which is how long a machine may not know of a new password."""
    end = time.monotonic() + PATIENCE
    while not (good := is_good(machine, token)) and time.monotonic() < end:
        time.sleep(0.01)
    return good


def command(machine, build, *words, given=None):
    return subprocess.run(
        [f"{build}/cli/latchkey", "--config", f"{machine}/latchkey.conf", *words], check=True, input=given, capture_output=True
    ).stdout


class Password:
    """Another password for the account ends its tokens."""

    def __init__(self, *_):
        self.now, self.next = PASSWORDS

    def token(self, machine):
        return sign_in(machine, self.now)

    def end(self, machine, token):
        body = {"currentPassword": self.now, "newPassword": self.next}
        if ask(machine, "change", "POST", "/v1/api/user/change-password", body, authorization=f"Bearer {token}")[0] != 200:
            raise SystemExit("no change of the password")
        self.now, self.next = self.next, self.now

    def close(self, machine):
        if self.now != PASSWORDS[0]:
            self.end(machine, sign_in(machine, self.now))


class SignOut:
    """A token is signed out, and no other."""

    def __init__(self, *_):
        pass

    def token(self, machine):
        return sign_in(machine, PASSWORDS[0])

    def end(self, machine, token):
        if ask(machine, "login", "DELETE", "/v1/auth/session", authorization=f"Bearer {token}")[0] != 204:
            raise SystemExit("no sign-out")

    def close(self, machine):
        pass


class Key:
    """A key is retired. Fourteen at a time are made, and carried over in one file. All of them verify then, so a token of
    each is made out of one that was signed by the newest."""

    MANY = 14

    def __init__(self, build, machines):
        self.build, self.machines, self.tokens, self.kid = build, machines, [], None

    def make(self):
        first, second = self.machines
        for _ in range(self.MANY):
            signing = command(first, self.build, "key", "rotate").decode().strip()
        phrase = PASSWORDS[0].encode() + b"\n"
        file = command(first, self.build, "key", "export", "-", given=phrase)
        command(second, self.build, "key", "import", "-", given=file + phrase)
        token = sign_in(first, PASSWORDS[0])
        lines = command(first, self.build, "export", "--kind", "param", "--secrets").splitlines()
        ring = next(record for record in map(json.loads, lines) if record["name"] == "jwt_keys")["record"]["keys"]
        self.tokens = [(key["kid"], signed_by(key, token)) for key in ring if key["kid"] != signing]

    def token(self, _):
        if not self.tokens:
            self.make()
        self.kid, token = self.tokens.pop()
        return token

    def end(self, machine, _):
        command(machine, self.build, "key", "retire", self.kid)

    def close(self, _):
        pass


KINDS = {"password": Password, "sign-out": SignOut, "key": Key}


def round_of(kind, here, there):
    """Milliseconds until the other machine knows, and whether it was in time."""
    token = kind.token(here)
    if not is_good_soon(there, token):
        raise SystemExit("a good token is refused")
    kind.end(here, token)
    ended = time.monotonic()
    in_time = True
    while time.monotonic() < ended + PATIENCE:
        begun = time.monotonic()
        if not is_good(there, token):
            return (begun - ended) * 1000, in_time
        in_time = in_time and begun <= ended + DELAY
        time.sleep(0.005)
    return PATIENCE * 1000, False


def first_accounts(count, machines, empty):
    """How often one of two first accounts was made, of those that are asked for on both machines at once."""
    good = 0
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for i in range(count):
            subprocess.run(empty, check=True)
            body = [{"firstName": "Ada", "email": f"{name}{i}@example.org", "password": PASSWORDS[0], "companyName": "x"} for name in "ab"]
            answers = list(pool.map(lambda at: ask(machines[at], "account", "POST", "/api/v2/admin-account", body[at])[0], (0, 1)))
            good += sorted(answers) == [200, 400]
    return good


def main():
    name, count, build, *machines = sys.argv[1:]
    if name == "first":
        print(first_accounts(int(count), machines[:2], machines[2:]), count)
        return
    kind = KINDS[name](build, machines)
    rounds = [round_of(kind, machines[i % 2], machines[1 - i % 2]) for i in range(int(count))]
    kind.close(machines[0])
    took = [ms for ms, _ in rounds]
    print(sum(good for _, good in rounds), len(rounds), round(statistics.median(took)), round(max(took)))


main()

"""client.py - a client of latchkey's own API, written against its description alone, for client.t

  client.py URL PASSWORD FACTOR MAILS

URL is the web server's. `root`, an administrator, and `ann` have that PASSWORD; all else is done by the API. Where
FACTOR is `admin`, administrators must have a second one. MAILS is a directory with each mail that is sent: NAME.to with
its recipients, and then NAME.eml. Each check is a line of output: its name, and after a tab what is wrong, if something
is. Then each endpoint that was asked: `asked`, METHOD and PATH, between tabs.
"""

import email
import http.client
import json
import pathlib
import re
import sys
import time
import urllib.parse

from authenticator import Totp

API = "/account/api/"
ID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
JWT = r"eyJ[\w-]+\.[\w-]+\.[\w-]+"
MAILED = r"\b[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4})+\b"
WAIT = 60

ACCOUNT = {"id", "username", "email", "name", "language", "role", "groups", "verified", "created_at", "factors"}
SESSION = {"id", "created_at", "expires_at", "fresh_until", "remember", "amr"}
ADMINISTERED = ACCOUNT | {"enabled", "invited", "must_change"}
LISTED = {"id", "created_at", "seen_at", "network", "agent", "factors", "current"}

url, mails, asked = None, None, set()


def say(name, fault=""):
    print(name, " ".join(str(fault).split()), sep="\t" if fault else "", flush=True)


def check(name, good, got):
    say(name, "" if good else f"got {got}")


class Answer:
    def __init__(self, response):
        self.status, self.headers, text = response.status, response.headers, response.read().decode()
        self.text, self.body = text, None
        if self.headers.get_content_type() in ("application/json", "application/problem+json") and text:
            self.body = json.loads(text)

    def code(self):
        """What came back, in a word or two."""
        if self.status < 400 or not isinstance(self.body, dict):
            return str(self.status)
        return f"{self.status} {self.body.get('code')}"

    def faults(self):
        """What no answer may be like."""
        kind = self.headers.get_content_type()
        if self.headers.get("Cache-Control") != "no-store":
            yield "may be stored"
        if self.status == 204:
            if self.text:
                yield "204 with a body"
        elif self.status < 400:
            if kind != "application/json":
                yield f"a {kind}"
            if self.status == 201 and not self.headers.get("Location"):
                yield "201 without Location"
        else:
            yield from self.faults_of_problem(kind)

    def faults_of_problem(self, kind):
        problem = self.body if isinstance(self.body, dict) else {}
        if kind != "application/problem+json" or problem.get("status") != self.status:
            yield f"no problem: {self.text}"
        if problem.get("type") != f"/account/problems#{problem.get('code')}":
            yield f"type {problem.get('type')}"
        if not problem.get("title") or not problem.get("detail"):
            yield "a problem without words"
        if self.status == 401 and not self.headers.get("WWW-Authenticate"):
            yield "no WWW-Authenticate"
        if self.status == 429 and str(problem.get("retry_after")) != self.headers.get("Retry-After"):
            yield f"retry_after {problem.get('retry_after')}, Retry-After {self.headers.get('Retry-After')}"


class Browser:
    """Keeps cookies, and sends them."""

    def __init__(self, agent="a browser"):
        self.agent, self.cookies = agent, {}

    def send(self, method, path, body=None, headers=None):
        headers = {"User-Agent": self.agent, **(headers or {})}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        data = None
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
            data = json.dumps(body).encode()
        connection = http.client.HTTPConnection(url.hostname, url.port, timeout=WAIT)
        connection.request(method, path, data, headers)
        answer = Answer(connection.getresponse())
        connection.close()
        for line in answer.headers.get_all("Set-Cookie", []):
            name, _, value = line.split(";")[0].partition("=")
            self.cookies.pop(name, None)
            if value:
                self.cookies[name] = value
        return answer

    def ask(self, name, wanted, request, body=None, headers=None):
        """Asks for "METHOD PATH" of the API, and checks that WANTED comes back: "200", or "401 not-signed-in"."""
        method, path = request.split(" ")
        answer = self.send(method, API + path, body, headers)
        # A mailed code counts once the program that mailed it has ended. No answer tells that, and each try is
        # counted: only time, and few tries, can show it.
        for pause in (0.1, 0.5, 2, 5, 10):
            if answer.code() == "400 wrong-code" and answer.code() != wanted:
                time.sleep(pause)
                answer = self.send(method, API + path, body, headers)
        asked.add((method, API + re.sub(rf"{ID}|(?<=/)\d+", "{id}", path.split("?")[0])))
        faults = list(answer.faults())
        if answer.code() != wanted:
            faults.insert(0, f"{answer.code()}, not {wanted}: {answer.text}")
        say(f"{name}: {request}: {wanted}", "; ".join(faults))
        return answer

    def go_to(self, path):
        """A page, for a person."""
        asked.add(("GET", path.split("?")[0]))
        return self.send("GET", path, headers={"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"})

    def verify(self, demand=""):
        """What the web server asks before it serves what is protected."""
        return self.send("GET", "/auth/verify" + demand)

    def signed_in(self):
        return self.send("GET", API + "session").status == 200


def has(name, value, members):
    """Checks that an object has those members and no others."""
    check(name, isinstance(value, dict) and set(value) == members, value)


class Mailbox:
    """The mails to one address."""

    def __init__(self, address):
        self.address, self.read = address, set()

    def new(self):
        for name in sorted(mails.glob("*.eml")):
            to = name.with_suffix(".to").read_text(encoding="utf-8")
            if name not in self.read and self.address in to.lower().split():
                yield name

    def mail(self, pattern="."):
        """Waits for a mail with that in it, and returns its text and what matched."""
        end = time.monotonic() + WAIT
        while time.monotonic() < end:
            for name in self.new():
                message = email.message_from_bytes(name.read_bytes())
                text = message.get_payload(decode=True).decode()
                self.read.add(name)
                if found := re.search(pattern, text):
                    return found[0]
            time.sleep(0.05)  # between two looks: the condition is the mail
        return None

    def code(self):
        return self.mail(MAILED)


class Person:
    """Somebody with an account: browser, mailbox, password, second factor."""

    def __init__(self, name, password="Quiet-Harbour-42", address=None):
        self.name, self.password = name, password
        self.address = address or f"{name}@example.org"
        self.browser, self.mailbox = Browser(), Mailbox(self.address)
        self.totp, self.spare = None, []

    def ask(self, wanted, request, body=None, headers=None):
        return self.browser.ask(self.name, wanted, request, body, headers)

    def secrets(self):
        """What a sign-in or a confirmation takes: a code of the app, a recovery code where each that counts now is used."""
        return {"password": self.password, **({"code": self.totp.code() or self.spare.pop()} if self.totp else {})}

    def sign_in(self, wanted="200", **others):
        return self.ask(wanted, "POST session", {"name": self.name, **self.secrets(), **others})

    def ask_for_code(self, wanted, code):
        """Signs in with that code."""
        body = {"name": self.name, "password": self.password, "code": code}
        return self.ask(wanted, "POST session", body)

    def elsewhere(self):
        """The same person in another browser."""
        other = Person(self.name, self.password, self.address)
        other.totp, other.spare = self.totp, self.spare
        other.browser.agent = "another browser"
        return other

    def enrol(self, **ticket):
        """Gets a second factor, and its recovery codes."""
        pending = self.ask("200", "POST totp", ticket).body
        has(f"{self.name}: what an authenticator needs", pending, {"secret", "uri", "qr"})
        uri = urllib.parse.urlsplit(pending["uri"])
        query = urllib.parse.parse_qs(uri.query)
        check(f"{self.name}: a uri for authenticators",
              (uri.scheme, uri.netloc, query.get("secret")) == ("otpauth", "totp", [pending["secret"]]), pending["uri"])
        check(f"{self.name}: a QR code as data", pending["qr"]["size"] > 20 and pending["qr"]["path"][0] in "Mm", pending["qr"])
        totp = Totp(pending["secret"])
        self.ask("403 wrong-code", "PUT totp", {**ticket, "code": totp.wrong()})
        self.spare = self.ask("200", "PUT totp", {**ticket, "code": totp.code()}).body["recovery_codes"]
        self.totp = totp
        check(f"{self.name}: ten recovery codes, each another", len(set(self.spare)) == 10, self.spare)


# --- a person's own account


def sessions(ann):
    """Signing in, looking at it, ending it."""
    ann.ask("401 not-signed-in", "GET session")
    body = ann.sign_in().body
    has("ann: the account", body["account"], ACCOUNT)
    has("ann: the session", body["session"], SESSION)
    check("ann: a session's cookie", re.fullmatch(JWT, ann.browser.cookies.get("latchkey", "")), ann.browser.cookies)
    shown = ann.ask("200", "GET session").body
    check("ann: the same is shown", shown["session"]["id"] == body["session"]["id"], shown)
    strangers(ann)
    first = dict(ann.browser.cookies)
    ann.ask("204", "POST session/renew")
    check("ann: another cookie", ann.browser.cookies != first, first)
    other = ann.elsewhere()
    other.sign_in(remember=True)
    listed = ann.ask("200", "GET sessions").body["sessions"]
    for each in listed:
        has("ann: one of the sessions", each, LISTED)
    check("ann: which of them asks", [each["current"] for each in listed] == [True, False], listed)
    check("ann: their browsers", [each["agent"] for each in listed] == ["a browser", "another browser"], listed)
    ann.ask("404 not-found", "DELETE sessions/01234567-89ab-7def-8123-456789abcdef")
    ann.ask("204", f"DELETE sessions/{listed[1]['id']}")
    check("ann: the other has ended", not other.browser.signed_in(), "a session")
    other.sign_in()
    ann.ask("204", "DELETE sessions")
    check("ann: all others have ended", not other.browser.signed_in(), "a session")
    check("ann: and this one goes on", ann.browser.signed_in(), "no session")
    ann.ask("204", "DELETE session")
    check("ann: no cookie", ann.browser.cookies == {}, ann.browser.cookies)
    ann.ask("204", "DELETE session")


def strangers(ann):
    """What a page of another site can have the browser send."""
    there = {"Origin": "https://example.com"}
    ann.ask("403 forbidden", "DELETE session", headers=there)
    ann.ask("401 not-signed-in", "POST session/renew", headers=there)
    ann.ask("401 not-signed-in", "DELETE sessions", headers=there)
    check("ann: nothing has ended", ann.browser.signed_in(), "no session")


def wrong_tries(ann):
    """What no sign-in takes; unknown and wrong look alike."""
    ask = Browser().ask
    answers = [
        ask(who, "401 wrong-credentials", "POST session", {"name": name, "password": "a wrong one"}).text
        for who, name in (("ann", ann.name), ("ann by email", ann.address), ("nobody", "nobody"))
    ]
    check("an unknown name looks like a wrong password", len(set(answers)) == 1, answers)
    ask("ann", "400 bad-body", "POST session", {"name": ann.name})
    ask("ann", "400 bad-body", "POST session", {"name": ann.name, "password": 42})
    ask("ann", "400 bad-body", "POST session", ["name"])
    ask("a form", "415 bad-type", "POST session", {"name": ann.name}, {"Content-Type": "application/x-www-form-urlencoded"})


def tokens_without_session(ann):
    """A JWT, which is no browser's."""
    answer = ann.elsewhere().sign_in(cookie=False)
    check("a token alone has no cookie", "Set-Cookie" not in answer.headers, answer.headers)
    bearer = {"Authorization": f"Bearer {answer.body['token']}"}
    check("and no session", Browser().ask("a token", "200", "GET session", headers=bearer).body["session"] is None, "one")
    Browser().ask("a token", "403 no-session", "POST session/renew", headers=bearer)
    return bearer


def confirm(ann):
    ann.sign_in()
    ann.ask("403 wrong-password", "POST session/confirm", {**ann.secrets(), "password": "a wrong one"})
    ann.ask("204", "POST session/confirm", ann.secrets())


def passwords(ann):
    policy = ann.ask("200", "GET policy").body
    has("what a new password must be like", policy, {"min", "max", "classes", "common"})
    new = "x" * policy["min"] + " harbour"
    ann.sign_in()
    other = ann.elsewhere()
    other.sign_in()
    weak = ann.ask("400 weak-password", "PUT password", {"current": ann.password, "new": "x" * (policy["min"] - 1)})
    check("ann: what is weak about it", weak.body["fields"] == {"new": ["too-short"]}, weak.body)
    ann.ask("403 wrong-password", "PUT password", {"current": "a wrong one", "new": new})
    ann.ask("204", "PUT password", {"current": ann.password, "new": new})
    check("ann: the others have ended", not other.browser.signed_in(), "a session")
    check("ann: and this one goes on", ann.browser.signed_in(), "no session")
    ann.sign_in("401 wrong-credentials")
    ann.password = new


def forgotten(ann):
    """A new password by a mailed code."""
    for who in (ann.address, "nobody@example.org"):
        Browser().ask(who, "202", "POST password/request", {"email": who})
    code, new = ann.mailbox.code(), "Another-Harbour-43"
    ask = Browser().ask
    ask("ann", "400 wrong-code", "POST password/reset", {"code": "0000-0000-0000", "new": new})
    ask("ann", "400 weak-password", "POST password/reset", {"code": code, "new": "short"})
    done = ask("ann", "200", "POST password/reset", {"code": code, "new": new})
    check("ann: whose password it is", done.body == {"email": ann.address}, done.text)
    check("ann: signs nobody in", not ann.browser.signed_in() and "Set-Cookie" not in done.headers, "a session")
    ask("ann", "400 wrong-code", "POST password/reset", {"code": code, "new": new})
    ann.password = new
    ann.sign_in()


def verified(ann):
    """What an application hears of a session, and what a location can demand of it."""
    session = ann.sign_in().body["session"]
    told = ann.browser.verify().headers
    heard = {name[7:]: value for name, value in told.items() if name.startswith("X-Auth-")}
    wanted = {"User": ann.name, "Email": ann.address, "Factors": ",".join(session["amr"]), "Session": session["id"]}
    check("ann: an application hears of it", wanted.items() <= heard.items(), heard)
    factor = 204 if "otp" in session["amr"] else 401
    for demand, code in (("age=600", 204), ("role=admin", 403), ("group=nobody", 403), ("factor=2", factor)):
        answer = ann.browser.verify("?" + demand)
        check(f"ann: {demand}: {code}", answer.status == code, answer.status)
    answer = Browser().verify()
    check("nobody: 401", answer.status == 401 and "X-Auth-Location" not in answer.headers, answer.headers)
    there = Browser().send("GET", "/auth/verify", headers={"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"})
    where = there.headers.get("X-Auth-Location", "")
    check("nobody: where to sign in", where.startswith("/account/sign-in?next=/"), where)
    forged = ann.browser.send("GET", "/auth/verify", headers={"X-Auth-User": "root"})
    check("ann: a header that only latchkey gives", forged.status == 403, forged.status)


def pages(ann):
    """Where a browser is sent from a protected page."""
    answer = ann.browser.go_to("/account/sign-in?next=/wiki/")
    check("ann: signed in, and back", (answer.status, answer.headers["Location"]) == (303, "/wiki/"), answer.headers)
    for place, there in (("/wiki/", "/wiki/"), ("//example.com/", "/"), ("https://example.com/", "/")):
        cookies = dict(ann.browser.cookies)
        answer = ann.browser.go_to(f"/account/renew?next={place}")
        check(f"ann: renewed, and on to {place}", (answer.status, answer.headers["Location"]) == (303, there), answer.headers)
        check("ann: by another cookie", ann.browser.cookies != cookies, cookies)
    answer = Browser().go_to("/account/renew?next=/wiki/")
    check("nobody: to the sign-in", answer.headers["Location"] == "/account/sign-in?next=/wiki/", answer.headers)


# --- an account's beginning and end


def registered(name, root):
    """Registers, and proves the address by the password of the registration."""
    who, ask = Person(name), Browser().ask
    body = {"email": who.address, "username": name, "name": "N. N.", "language": "en", "password": who.password}
    ask(name, "400 weak-password", "POST account", {**body, "password": "short"})
    ask(name, "400 bad-body", "POST account", {"password": who.password})
    made = ask(name, "201", "POST account", body)
    check(f"{name}: where to sign in", made.headers["Location"] == "/account/api/session", made.headers)
    who.sign_in("401 wrong-credentials")
    code = who.mailbox.code()
    taken = ask(name, "201", "POST account", {**body, "email": root.address, "username": "another"})
    check(f"{name}: an address that is taken looks the same", taken.text == made.text, taken.text)
    ask(name, "400 bad-body", "POST email/verify", {"email": who.address, "code": code})
    ask(name, "401 wrong-credentials", "POST email/verify", {"email": who.address, "code": code, "password": "another one"})
    wrong = {"email": who.address, "code": "0000-0000-0000", "password": who.password}
    ask(name, "400 wrong-code", "POST email/verify", wrong)
    proved = ask(name, "200", "POST email/verify", {**wrong, "code": code}).body["account"]
    check(f"{name}: is proved", proved["verified"] and proved["username"] == name, proved)
    who.sign_in()
    return who


def invited(name):
    """An account that an administrator has made: its owner sets the first password, by a mailed code."""
    who, ask = Person(name), Browser().ask
    code = who.mailbox.code()
    who.sign_in("401 wrong-credentials")
    ask(name, "400 weak-password", "POST invitation", {"code": code, "password": "short"})
    ask(name, "400 wrong-code", "POST invitation", {"code": "0000-0000-0000", "password": who.password})
    accept = {"code": code, "password": who.password, "name": "N. N."}
    account = ask(name, "200", "POST invitation", accept).body["account"]
    check(f"{name}: the address is proved by it", account["verified"] and account["name"] == "N. N.", account)
    ask(name, "400 wrong-code", "POST invitation", accept)
    who.sign_in()
    return who


def proved_by_another_password():
    """The address' owner did not register it: a new password takes the place of the stranger's."""
    eve, ask = Person("eve"), Browser().ask
    ask("a stranger", "201", "POST account", {"email": eve.address, "password": "the stranger's own"})
    first = eve.mailbox.code()
    for who in (eve.address, "nobody@example.org"):
        ask(who, "202", "POST email/request", {"email": who})
    code = eve.mailbox.code() or first
    ask("eve", "400 weak-password", "POST email/verify", {"email": eve.address, "code": code, "new": "short"})
    ask("eve", "200", "POST email/verify", {"email": eve.address, "code": code, "new": eve.password})
    eve.name = eve.address
    eve.sign_in()
    ask("the stranger", "401 wrong-credentials", "POST session", {"name": eve.address, "password": "the stranger's own"})
    return eve


def profile(who):
    account = who.ask("200", "PATCH account", {"name": "Dora Ding", "language": "de"}).body["account"]
    check(f"{who.name}: name and language", (account["name"], account["language"]) == ("Dora Ding", "de"), account)
    who.ask("400 bad-body", "PATCH account", {"language": "German"})
    Browser().ask("nobody", "401 not-signed-in", "PATCH account", {"name": "Dora"})


def close(who):
    Browser().ask("nobody", "401 not-signed-in", "DELETE account")
    token = who.elsewhere().sign_in(cookie=False).body["token"]
    Browser().ask("a token", "403 confirm-required", "DELETE account", headers={"Authorization": f"Bearer {token}"})
    who.ask("204", "DELETE account")
    check(f"{who.name}: has no session", not who.browser.signed_in(), "a session")
    who.sign_in("401 wrong-credentials")


# --- a second factor


def second_factor(ann):
    """Enrols, signs in by it, and takes it away again."""
    ann.sign_in()
    none = ann.ask("200", "GET factors").body
    check("ann: no second factor", none == {"totp": None, "recovery_codes": None}, none)
    ann.ask("404 not-found", "DELETE totp")
    ann.ask("404 not-found", "POST recovery-codes")
    other = ann.elsewhere()
    other.sign_in()
    ann.enrol()
    check("ann: the other session has ended", not other.browser.signed_in(), "a session")
    factors = ann.ask("200", "GET factors").body
    check("ann: since when", re.fullmatch(TIME, factors["totp"]["since"]), factors)
    check("ann: how many recovery codes", factors["recovery_codes"]["left"] == 10, factors)
    shown = ann.ask("200", "GET session").body["account"]["factors"]
    check("ann: the account says so", shown == {"totp": True, "recovery_codes_left": 10}, shown)
    codes(ann)
    confirm(ann)
    verified(ann)
    other_dialects(ann)
    spare = ann.spare
    ann.sign_in()
    ann.spare = ann.ask("200", "POST recovery-codes").body["recovery_codes"]
    ann.ask_for_code("401 wrong-code", spare[0])
    ann.ask_for_code("200", ann.spare.pop())
    ann.ask("204", "DELETE totp")
    ann.totp = None
    ann.sign_in()


def must_enrol(root):
    """The right password alone is not enough: it gives a ticket, which is good once."""
    refused = root.sign_in("403 must-enrol")
    ticket = {"ticket": refused.body["ticket"]}
    check("root: has no session", not root.browser.signed_in(), "a session")
    root.enrol(**ticket)
    root.ask("401 not-signed-in", "POST totp", ticket)
    check("root: has none yet", not root.browser.signed_in(), "a session")


def codes(ann):
    """What is a code, and what is none; each counts once."""
    ann.ask("401 code-required", "POST session", {"name": ann.name, "password": ann.password})
    both = ann.ask("401 wrong-credentials", "POST session", {"name": ann.name, "password": "a wrong one", "code": "000000"})
    check("ann: a wrong password says nothing of a code", "recovery" not in both.text, both.text)
    wrong = ann.ask_for_code("401 wrong-code", ann.totp.wrong())
    check("ann: what the time is", re.search(TIME, wrong.body["detail"]), wrong.text)
    check("ann: recovery codes are named", "recovery" in wrong.body["detail"], wrong.text)
    code = ann.totp.code()
    session = ann.ask_for_code("200", code).body["session"]
    check("ann: two factors", session["amr"] == ["pwd", "otp"], session)
    ann.ask_for_code("401 wrong-code", code)
    spare = ann.spare.pop()
    ann.ask_for_code("200", spare)
    ann.ask_for_code("401 wrong-code", spare)
    ann.ask_for_code("200", ann.spare.pop().lower().replace("-", " "))


def other_dialects(ann):
    """A header has the code in px0's sign-in, a member in edge-impulse's."""
    body = {"email": ann.address, "password": ann.password}
    answer = Browser().send("POST", "/v1/auth/login", body)
    check("ann: px0's sign-in wants a code", (answer.status, answer.headers["X-OTP"]) == (401, "required"), answer.text)
    answer = Browser().send("POST", "/v1/auth/login", body, {"X-OTP": ann.spare.pop()})
    check("ann: and takes one", answer.status == 200, answer.text)
    body = {"username": ann.name, "password": ann.password}
    answer = Browser().send("POST", "/v1/api-login", body)
    check("ann: edge-impulse's wants one", answer.body["error"].startswith("ERR_TOTP_TOKEN IS REQUIRED"), answer.text)
    answer = Browser().send("POST", "/v1/api-login", {**body, "totpToken": ann.spare.pop()})
    check("ann: and takes one", answer.body["success"], answer.text)


# --- another address, and tokens of one's own


def another_address(ann, root):
    ann.sign_in()
    new = Mailbox("ann.other@example.org")
    ann.ask("400 bad-name", "PUT email", {"email": "ann"})
    ann.ask("202", "PUT email", {"email": root.address})
    ann.ask("202", "PUT email", {"email": new.address})
    code = new.code()
    check("ann: the address before gets a notice", ann.mailbox.mail("another address"), "no mail")
    wrong = {"email": new.address, "code": "0000-0000-0000"}
    ann.ask("400 wrong-code", "POST email/verify", wrong)
    account = ann.ask("200", "POST email/verify", {**wrong, "code": code}).body["account"]
    check("ann: goes by it", (account["email"], account["verified"]) == (new.address, True), account)
    ann.ask("400 wrong-code", "POST email/verify", {**wrong, "code": code})
    ann.mailbox, ann.address = new, new.address
    ann.ask("200", "POST session", {"name": ann.address, **ann.secrets()})
    Browser().ask("nobody", "401 not-signed-in", "PUT email", {"email": "ann@example.org"})
    without_session(ann, "403 confirm-required", "PUT email", {"email": "ann@example.org"})


def own_tokens(ann):
    ann.sign_in()
    made = ann.ask("201", "POST tokens", {"name": "laptop", "permission": "read,write"}).body
    ann.ask("400 bad-body", "POST tokens", {"name": "laptop"})
    ann.ask("400 bad-body", "POST tokens", {"name": "laptop", "permission": "read", "expires_at": "2020-01-01T00:00:00Z"})
    without_session(ann, "403 confirm-required", "POST tokens", {"name": "laptop", "permission": "read"})
    check("ann: is told by mail", ann.mailbox.mail("access token"), "no mail")
    check_token(ann, made["token"], 204)
    Browser().ask("an access token", "401 not-signed-in", "GET session", headers={"Authorization": f"Bearer {made['token']}"})
    listed = ann.ask("200", "GET tokens").body["tokens"]
    check("ann: it is listed, without its secret", [(each["id"], "token" in each) for each in listed] == [(made["id"], False)], listed)
    place = f"tokens/{made['id']}"
    again = ann.ask("200", f"POST {place}/rotate", {"grace": 600}).body
    check_token(ann, made["token"], 204)
    check_token(ann, again["token"], 204)
    last = ann.ask("200", f"POST {place}/rotate", {}).body
    check_token(ann, again["token"], 401)
    ann.ask("404 not-found", "DELETE tokens/999999")
    ann.ask("204", f"DELETE {place}")
    check_token(ann, last["token"], 401)
    ann.ask("404 not-found", f"POST {place}/rotate", {})
    Browser().ask("nobody", "401 not-signed-in", "GET tokens")


def check_token(ann, token, status):
    """What verify says of an access token of somebody's own."""
    answer = Browser().send("GET", "/auth/verify", headers={"Authorization": f"Bearer {token}"})
    heard = (answer.headers.get("X-Auth-User"), answer.headers.get("X-Auth-Role"), answer.headers.get("X-Auth-Permission"))
    wanted = (ann.name, "user", "read,write") if status == 204 else (None, None, None)
    check(f"ann's access token: {status}", (answer.status, heard) == (status, wanted), (answer.status, heard))


# --- an administrator


def administer(root):
    """Makes accounts, changes them and ends them."""
    ask = root.ask
    made = ask("201", "POST accounts", {"username": "gus", "email": "gus@example.org", "name": "Gus", "groups": ["staff", "guests"]})
    account = made.body["account"]
    has("gus: the account", account, ADMINISTERED)
    check("gus: in order", account["groups"] == ["guests", "staff"], account)
    check("gus: where it is", made.headers["Location"] == f"{API}accounts/{account['id']}", made.headers)
    check("gus: the code is for the owner alone", "code" not in made.body, made.text)
    gus, place = invited("gus"), f"accounts/{account['id']}"
    hal = ask("201", "POST accounts", {"username": "hal"}).body
    accepted = {"code": hal["code"], "password": "Quiet-Harbour-42"}
    Browser().ask("hal", "200", "POST invitation", accepted)
    ask("409 name-taken", "POST accounts", {"username": "hal"})
    ask("400 bad-body", "POST accounts", {"username": "ivy", "role": "boss"})
    listing(root)
    no_administrators(root, gus, place)
    changes(root, gus, place)
    ends(root, gus, place)
    ask("200", f"POST accounts/{hal['account']['id']}/code")
    ask("204", f"DELETE accounts/{hal['account']['id']}")
    ask("404 not-found", f"GET accounts/{hal['account']['id']}")
    audit(root, account["id"])
    last_one(root)


def all_tokens(root):
    """A token of a service, by an administrator, and everybody's in a list."""
    made = root.ask("201", "POST all-tokens", {"name": "search", "permission": "read"}).body
    place = f"all-tokens/{made['id']}"
    again = root.ask("200", f"POST {place}/rotate", {}).body
    check("search: another secret", again["token"] != made["token"], again)
    listed = root.ask("200", "GET all-tokens?limit=100").body["tokens"]
    mine = [each for each in listed if each["id"] == made["id"]]
    check("search: in the list, without its secret", len(mine) == 1 and "token" not in mine[0], listed)
    root.ask("204", f"DELETE {place}")
    root.ask("404 not-found", f"DELETE {place}")
    Browser().ask("nobody", "401 not-signed-in", "GET all-tokens")


def without_session(who, wanted, request, body=None):
    """Asks by a token that has no session, and so is not fresh."""
    token = who.elsewhere().sign_in(cookie=False).body["token"]
    return Browser().ask(f"{who.name}'s token", wanted, request, body, {"Authorization": f"Bearer {token}"})


def listing(root):
    """All names, in order, whatever a page has."""
    first = root.ask("200", "GET accounts?limit=1").body
    names, after = [each["username"] for each in first["accounts"]], first["next"]
    while after:
        page = root.ask("200", f"GET accounts?limit=2&after={urllib.parse.quote(after)}").body
        names, after = names + [each["username"] for each in page["accounts"]], page["next"]
    check("root: all accounts, in order", names == sorted(names) and {"ann", "gus", "hal", "root"} <= set(names), names)
    found = root.ask("200", "GET accounts?by=email&prefix=gus@").body["accounts"]
    check("root: by the beginning of an email", [each["username"] for each in found] == ["gus"], found)
    root.ask("400 bad-query", "GET accounts?limit=0")
    root.ask("400 bad-query", "GET accounts?after=nowhere!")


def no_administrators(root, gus, place):
    gus.sign_in()
    for request in (f"GET {place}", "GET accounts", "GET audit", f"DELETE {place}"):
        gus.ask("403 forbidden", request)
        Browser().ask("nobody", "401 not-signed-in", request)
    without_session(root, "403 confirm-required", f"DELETE {place}")
    without_session(root, "200", f"GET {place}")


def changes(root, gus, place):
    account = root.ask("200", f"PATCH {place}", {"groups": ["press"], "name": "Gus G."}).body["account"]
    check("gus: in other groups", (account["groups"], account["name"]) == (["press"], "Gus G."), account)
    gus.sign_in()
    check("gus: verify says so", gus.browser.verify("?group=press").headers.get("X-Auth-Groups") == "press", "another")
    root.ask("200", f"PATCH {place}", {"role": "admin"})
    check("gus: a change of the role ends the session", not gus.browser.signed_in(), "a session")
    root.ask("200", f"PATCH {place}", {"role": "user", "enabled": False})
    gus.sign_in("401 wrong-credentials")
    root.ask("409 disabled", f"POST {place}/code")
    root.ask("200", f"PATCH {place}", {"enabled": True})
    gus.sign_in()
    account = root.ask("200", f"PATCH {place}", {"email": "gus.other@example.org"}).body["account"]
    check("gus: another address is not proved", not account["verified"], account)
    root.ask("400 bad-body", f"PATCH {place}", {"groups": "press"})
    must_change(root, gus, place)
    lost_app(root, gus, place)
    root.ask("404 not-found", "PATCH accounts/01234567-89ab-7def-8123-456789abcdef", {"enabled": True})


def must_change(root, gus, place):
    """The right password is not enough: it gives a ticket for another one, which is good once."""
    root.ask("200", f"PATCH {place}", {"must_change": True})
    ticket = gus.sign_in("403 must-change").body["ticket"]
    gus.ask("400 weak-password", "PUT password", {"ticket": ticket, "new": "short"})
    gus.password = "Some-Other-Harbour-44"
    gus.ask("204", "PUT password", {"ticket": ticket, "new": gus.password})
    gus.ask("401 not-signed-in", "PUT password", {"ticket": ticket, "new": gus.password})
    gus.sign_in()


def lost_app(root, gus, place):
    """An administrator takes away the second factor of a person who has lost it."""
    root.ask("404 not-found", f"DELETE {place}/factors")
    gus.enrol()
    root.ask("204", f"DELETE {place}/factors")
    check("gus: has no session", not gus.browser.signed_in(), "a session")
    gus.totp = None
    gus.sign_in()


def ends(root, gus, place):
    gus.sign_in()
    root.ask("204", f"DELETE {place}/sessions")
    check("gus: no session", not gus.browser.signed_in(), "a session")
    handed = root.ask("200", f"POST {place}/code").body
    done = {"code": handed["code"], "new": "Another-Harbour-43"}
    Browser().ask("gus", "200", "POST password/reset", done)
    gus.password = done["new"]
    throttled(gus)
    counts = root.ask("200", f"GET {place}/throttle").body["counts"]
    check("gus: what is counted", any(each["failures"] >= 5 and each["waits_until"] for each in counts), counts)
    root.ask("204", f"DELETE {place}/throttle")
    counts = root.ask("200", f"GET {place}/throttle").body["counts"]
    check("gus: nothing any more", not any(each["failures"] or each["waits_until"] for each in counts), counts)
    gus.sign_in()
    root.ask("204", f"DELETE {place}")
    gus.sign_in("401 wrong-credentials")


def throttled(who):
    """Too many wrong tries: then the right one has to wait, too."""
    for _ in range(100):
        answer = Browser().send("POST", API + "session", {"name": who.name, "password": "a wrong one"})
        if answer.status == 429:
            break
    who.sign_in("429 throttled")


def audit(root, account):
    """The newest first, a page after the other."""
    page = root.ask("200", f"GET audit?limit=2&account={account}").body
    events, before = page["events"], page["next"]
    check("root: what was done to gus last", events[0]["event"] == "account-delete", events)
    while before:
        page = root.ask("200", f"GET audit?limit=50&account={account}&before={urllib.parse.quote(before)}").body
        events, before = events + page["events"], page["next"]
    times = [each["time"] for each in events]
    check("root: the newest first", times == sorted(times, reverse=True) and len(times) > 10, times)
    check("root: the invitation", events[-1]["event"] == "account-invite", events[-1])
    root.ask("400 bad-query", "GET audit?before=yesterday")


def last_one(root):
    """The last administrator stays one."""
    me = root.ask("200", "GET session").body["account"]["id"]
    root.ask("409 last-administrator", f"PATCH accounts/{me}", {"role": "user"})
    root.ask("409 last-administrator", f"PATCH accounts/{me}", {"enabled": False})
    root.ask("409 last-administrator", f"DELETE accounts/{me}")
    root.ask("409 last-administrator", "DELETE account")


def main(address, password, factor, directory):
    global url, mails
    url, mails = urllib.parse.urlsplit(address), pathlib.Path(directory)
    root, ann = Person("root", password), Person("ann", password)
    wrong_tries(ann)
    sessions(ann)
    tokens_without_session(ann)
    confirm(ann)
    verified(ann)
    pages(ann)
    passwords(ann)
    forgotten(ann)
    if factor == "admin":
        must_enrol(root)
    root.sign_in()
    second_factor(ann)
    own_tokens(ann)
    another_address(ann, root)
    administer(root)
    all_tokens(root)
    dora = registered("dora", root)
    profile(dora)
    close(dora)
    close(proved_by_another_password())
    for method, path in sorted(asked):
        print("asked", method, path, sep="\t")


main(*sys.argv[1:])

# traffic.py - people and services that use the suite, all at once, and remember what they were told
import random
import threading
import time

from model import UNSEEN, Register
from suite import PASSWORD

PEOPLE, SERVICES = 6, 2
UNAUTHORIZED, UNKNOWN, UNAVAILABLE = 401, 500, 503


class Traffic:
    """Threads that go on while it runs. What answers are right meanwhile is the fault's to say."""

    def __init__(self, suite, tally, position=lambda: 0):
        self.suite, self.tally, self.position = suite, tally, position
        self.allowed, self.in_doubt = set(), True
        self.stale = False  # whether a server that is none any more may answer, by what it knew
        self.users = [Person(self, i) for i in range(PEOPLE)] + [Service(self, i) for i in range(SERVICES)]
        self.threads, self.stopping = [], threading.Event()

    def prepare(self):
        self.suite.add("admin", "--admin", "--email", "admin@example.org")
        for user in self.users:
            user.prepare()

    def registers(self):
        return [register for user in self.users for register in user.registers]

    def forget_tokens(self):
        for user in self.users:
            user.token = None

    # --- running

    def run(self, allowed=(), in_doubt=True):
        """`allowed`: statuses besides success. `in_doubt`: a 503 may come from the web server, whose program has died, and
        then says nothing of what was done."""
        self.allowed, self.in_doubt = set(allowed), in_doubt
        self.stopping.clear()
        self.threads = [threading.Thread(target=self.use, args=(user,), daemon=True) for user in self.users]
        for thread in self.threads:
            thread.start()

    def use(self, user):
        try:
            while not self.stopping.is_set():
                user.step()
        except Exception as error:  # a thread that is silently gone would make all look well
            self.tally.blame(f"{user.name}: {type(error).__name__}: {error}")
            raise

    def pause(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join()
        self.threads = []

    def until(self, what, number, seconds):
        """Waits for so many more of that, or for some time; whether they came."""
        wanted, end = self.tally.counts.get(what, 0) + number, time.monotonic() + seconds
        while self.tally.counts.get(what, 0) < wanted and time.monotonic() < end:
            time.sleep(0.01)
        return self.tally.counts.get(what, 0) >= wanted

    def await_writes(self, seconds):
        """Until something can be changed again; the store may have to wait for room that idle processes have."""
        before, end = self.tally.counts.get("changes", 0), time.monotonic() + seconds
        while self.tally.counts.get("changes", 0) == before and time.monotonic() < end:
            self.users[0].change_something()
            time.sleep(0.1)
        if self.tally.counts.get("changes", 0) == before:
            self.tally.blame(f"nothing can be changed after {seconds} s")

    # --- a request

    def ask(self, method, path, body=None, token=None, right=(200,), patient=True):
        """An Answer, or None when nobody can say what came of it. A 503 that is not in doubt says that nothing was done."""
        began = time.monotonic()
        answer = self.suite.ask(method, path, body, token)
        self.tally.waited(time.monotonic() - began, f"{method} {path}")
        self.tally.count("requests")
        status = answer.status if answer is not None else None
        if status in right:
            return answer
        if self.stale and status is not None and 400 <= status < 500:
            self.tally.count("answers of before")
            return None
        if status not in self.allowed:
            self.tally.blame(f"{method} {path}: {status} {answer and answer.body}, allowed: {sorted(self.allowed, key=str)}")
        if status == UNAVAILABLE and answer.headers.get("Retry-After") is None:
            self.tally.blame(f"{method} {path}: 503 without Retry-After")
        self.tally.count(f"answered {status}")
        if status in (UNAVAILABLE, UNKNOWN, None) and not self.stopping.is_set():
            time.sleep(0.02)
        return None if status in (UNKNOWN, None) or self.in_doubt else answer

    def change(self, register, value, *request, right=(200,), is_right=lambda answer: True):
        """Sends a change of a register: the answer if it was acknowledged."""
        write = register.begin(value, self.position())
        answer = self.ask(*request, right=right)
        if answer is not None and answer.status in right:
            if is_right(answer):
                register.done(write, self.position())
                self.tally.count("changes")
                return answer, write
            if self.stale:
                register.refused(write)
                return None, write
            self.tally.blame(f"{register.name}: {request[1]}: {answer.body}, of {register.may_be}")
        elif answer is not None:
            register.refused(write)
        return None, write

    def is_good(self, token):
        """Whether verify lets it in; None: it does not say."""
        answer = self.ask("GET", "/auth/verify", token=token, right=(204, 401))
        if answer is None or answer.status == UNAVAILABLE:
            return None
        return answer.status == 204

    def insist(self, probe, value):
        """A probe that wants an answer, for when nothing is wrong any more."""
        for _ in range(100):
            result = probe(value)
            if result is not None:
                return result
            time.sleep(0.1)
        self.tally.blame(f"no answer to {probe.__name__} for ten seconds")
        return False


class Person:
    """Signs in and out, changes the password, resets it by a code."""

    def __init__(self, traffic, number):
        self.traffic, self.name, self.email = traffic, f"p{number}", f"p{number}@example.org"
        self.password = Register(self.name, PASSWORD, self.probe)
        self.registers, self.token, self.count = [self.password], None, 0
        self.dead = []  # tokens, and when that was acknowledged

    def prepare(self):
        self.traffic.suite.add(self.name, "--email", self.email, "--verified")

    def probe(self, password):
        return self.traffic.insist(self.signs_in, password)

    def step(self):
        if not self.password.is_known:
            self.find_out()
        else:
            random.choices([self.sign_in, self.verify, self.set_password, self.sign_out, self.use_code], [30, 30, 25, 10, 5])[0]()

    def change_something(self):
        if self.password.is_known:
            self.set_password()
        else:
            self.find_out()

    def signs_in(self, password):
        """True, False, or None: it is not said."""
        answer = self.traffic.ask("POST", "/v1/api-login", {"username": self.name, "password": password})
        if answer is None or answer.status != 200:
            return None
        self.token = answer.member("token") or self.token
        return None if self.traffic.stale else answer.member("success")

    def find_out(self):
        """Which it is, after a change whose answer said nothing."""
        for password in self.password.may_be:
            if self.signs_in(password):
                self.password.may_be = [password]
                return

    def sign_in(self):
        self.token = None
        if self.signs_in(self.password.value) is False:
            self.traffic.tally.blame(f"{self.name}: lost: {self.password.value} does not sign in")

    def verify(self):
        if self.dead and not self.traffic.stale and random.random() < 0.3:
            if self.traffic.is_good(self.dead[-1][0]):
                self.traffic.tally.blame(f"{self.name}: a dead token is good")
        elif self.token is not None and self.traffic.is_good(self.token) is False and not self.traffic.allowed:
            self.traffic.tally.blame(f"{self.name}: a good token is refused")

    def new_password(self):
        self.count += 1
        return f"Harbour-{self.name}-{self.count}"

    def bury(self):
        """The token is dead, by a change that was acknowledged."""
        if self.token is not None:
            self.dead.append((self.token, self.traffic.position()))
        self.token = None

    def set_password(self):
        if self.token is None:
            self.sign_in()
        if self.token is None or not self.password.is_known:
            return
        new = self.new_password()
        body = {"currentPassword": self.password.value, "newPassword": new}
        answer, _ = self.traffic.change(
            self.password, new, "POST", "/v1/api/user/change-password", body, self.token,
            is_right=lambda answer: answer.member("success"),
        )
        self.after(answer)

    def after(self, answer):
        if answer is not None:
            self.bury()
        elif not self.password.is_known:
            self.token = None  # dead or not

    def use_code(self):
        done = self.traffic.suite.latchkey("code", "new", self.name)
        if done.returncode != 0:
            return
        body = {"email": self.email, "code": done.stdout.split()[-1], "newPassword": self.new_password()}
        answer, _ = self.traffic.change(
            self.password, body["newPassword"], "POST", "/v1/api-user-reset-password", body,
            is_right=lambda answer: answer.member("success"),
        )
        self.after(answer)
        if answer is not None:
            self.traffic.tally.count("codes")
            again = self.traffic.ask("POST", "/v1/api-user-reset-password", body)
            if again is not None and again.status == 200 and again.member("success"):
                self.traffic.tally.blame(f"{self.name}: a code was used twice")

    def sign_out(self):
        if self.token is None:
            return
        answer = self.traffic.ask("DELETE", "/v1/auth/session", token=self.token, right=(204,))
        if answer is not None and answer.status == 204:
            self.traffic.tally.count("changes")
            self.bury()
        else:
            self.token = None


class Service:
    """Makes access tokens, rotates and deletes them."""

    def __init__(self, traffic, number):
        self.traffic, self.name, self.token, self.registers, self.ids, self.count = traffic, f"s{number}", None, [], {}, 0
        self.there = []  # the registers but for those that are deleted for good, of which a day makes thousands

    def prepare(self):
        pass

    def probe(self, secret):
        return self.traffic.insist(self.traffic.is_good, secret)

    def live(self):
        self.there = [register for register in self.there if register.may_be != [None]]
        return [register for register in self.there if register.is_known and register.value not in (None, UNSEEN)]

    def step(self):
        if self.token is None:
            answer = self.traffic.ask("POST", "/auth/admin/login", {"password": PASSWORD})
            self.token = answer and answer.member("token")
        elif len(self.live()) < 3:
            self.create()
        else:
            more = 20 if len(self.live()) < 9 else 0  # no more than it deletes, in the long run
            random.choices([self.verify, self.rotate, self.delete, self.create], [40, 25, 15, more])[0]()

    def create(self):
        self.count += 1
        register = Register(f"{self.name}-{self.count}", None, self.probe)
        self.registers.append(register)
        self.there.append(register)
        body = {"name": register.name, "permission": "read"}
        self.take(register, *self.traffic.change(register, UNSEEN, "POST", "/auth/access_token", body, self.token))

    def take(self, register, answer, write):
        if answer is not None:
            self.ids[register] = answer.member("id")
            register.seen(write, answer.member("token"))

    def verify(self):
        register = random.choice(self.live())
        if self.traffic.is_good(register.value) is False and not self.traffic.allowed:
            self.traffic.tally.blame(f"{register.name}: lost: {register.value} is refused")

    def rotate(self):
        register = random.choice(self.live())
        path = f"/auth/access_token/{self.ids[register]}/rotate"
        self.take(register, *self.traffic.change(register, UNSEEN, "POST", path, None, self.token))

    def delete(self):
        register = random.choice(self.live())
        self.traffic.change(register, None, "DELETE", f"/auth/access_token/{self.ids[register]}", None, self.token)

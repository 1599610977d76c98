"""openapi.py - sends the examples of doc/openapi.yaml to a suite, and looks at what comes back, for openapi.t

  openapi.py DOCUMENT routes                          each endpoint: METHOD, PATH and TAG, between tabs
  openapi.py DOCUMENT codes                           each code of a problem
  openapi.py DOCUMENT version
  openapi.py DOCUMENT rounds                          the settings that examples need, between `; `, a line for each round
  openapi.py DOCUMENT ask NUMBER PORT LATCHKEY...     each example of that round, from 0; the last is the command

Answers to `ask` with a line for each example: its name, and after a tab what is wrong, if something is.

An example `ann` of a request belongs to the example `ann` of a response. Names in an example, such as ann@example.org, get
the example's number, so that each has people of its own. What is secret, or made by the suite, stands in the document as
something of that form: BEFORE says how to come by the real one.
"""

import copy
import crypt
import http.client
import json
import re
import subprocess
import sys
import time
import urllib.parse

import jsonschema
import yaml

from authenticator import Totp

METHODS = ("get", "post", "put", "patch", "delete")
PASSWORD = "Quiet-Harbour-42"
PEOPLE = r"\b(ann|root|bob|ada|nobody)"
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
CODE = "7Q2M-XK9R-TW4D"
OTP = "492039"
TICKET = "019370f2-5c1e-7a44-9d0b-3f6a8e21c7b5.8f14e45fceea167a5a36dedd4bea2543"
CALLERS = {"nobody", "user", "administrator", "bearer", "session", "bad token", "access token", "service", "other site"}
GIVENS = CALLERS | {"no accounts", "elsewhere", "second factor"}
# Settings that would keep other examples' people from signing in.
DEFAULTS = {"factor": "optional"}

# What differs each time, and what stands for it in a comparison.
DIFFERENT = [
    (r"eyJ[\w-]+\.[\w-]+\.[\w-]+", "<token>"),
    (r"lk_[\w-]{43}", "<secret>"),
    (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "<uuid>"),
    (r"\b[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4,5})+\b", "<code>"),
    (r"otpauth://[^\"]*", "<uri>"),
    (r'"secret": "[A-Z2-7]+"', '"secret": "<secret>"'),
    (r'"path": "[Mhvz\d -]+"', '"path": "<path>"'),
    (r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "<time>"),
    (r"\b[0-9a-f]{32}\b", "<request>"),
    (r"127\.0\.\d+\.\d+", "<network>"),
    (r"https?://[^/\s]+/account/", "<site>/account/"),
    (r"\btoken:\d+", "token:<number>"),
    (r'"(id|parent|time|retry_after|size)": [\d.]+(e-\d+)?', r'"\1": <number>'),
    (PEOPLE + r"\d+\b", r"\1"),
]

# What any endpoint refuses, by the name of its example: status, type and body. None is the example `wrong`, again and again.
REFUSED = {
    "no-object": (400, "application/json", b'["email"]'),
    "no-json": (415, "text/plain", b"{}"),
    "too-large": (413, "application/json", b'{"email":"' + 20000 * b" " + b'"}'),
    "too-many": (429, "application/json", None),
}


def normal(value):
    """A text for comparison."""
    text = value if isinstance(value, str) else json.dumps(value, indent=1, sort_keys=True)
    for pattern, word in DIFFERENT:
        text = re.sub(pattern, word, text)
    return text


def replaced(value, change):
    """The value with each of its texts and numbers changed."""
    if isinstance(value, dict):
        return {name: replaced(member, change) for name, member in value.items()}
    if isinstance(value, list):
        return [replaced(member, change) for member in value]
    return change(value)


class Document:
    def __init__(self, name):
        with open(name, encoding="utf-8") as file:
            self.tree = yaml.load(file, Loader=yaml.CSafeLoader)
        strict = copy.deepcopy(self.tree)
        self.close(strict)
        self.strict = jsonschema.RefResolver("", strict)
        self.lax = jsonschema.RefResolver("", self.tree)

    def close(self, node):
        """Permits nothing but what the schemas name: so that nothing comes back that is not documented."""
        for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
            self.close(child)
        if isinstance(node, dict) and node.get("type") == "object" and "properties" in node:
            node.setdefault("additionalProperties", False)

    def follow(self, node):
        return self.lax.resolve(node["$ref"])[1] if "$ref" in node else node

    def operations(self):
        """Each operation with its method and its path beneath each of its servers."""
        for path, item in self.tree["paths"].items():
            for server in item.get("servers", self.tree["servers"]):
                for method in METHODS:
                    if method in item:
                        yield method.upper(), server["url"].rstrip("/") + path, item[method]

    def faults(self, value, schema, resolver):
        validator = jsonschema.Draft202012Validator(schema, resolver=resolver)
        return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]


class Example:
    """A request and the response that belongs to it."""

    def __init__(self, document, method, path, operation, name, number):
        self.document, self.method, self.path, self.operation = document, method, path, operation
        self.name, self.number = name, number
        self.title = f"{method} {path}: {name}"
        self.parameters = [document.follow(parameter) for parameter in operation.get("parameters", [])]
        self.content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
        self.status, self.response, self.type, self.value = self.expected()
        self.given = self.response.get("x-given", {}).get(name, self.value.get("x-given", []))
        unknown = [word for word in self.given if word not in GIVENS and " = " not in word]
        assert not unknown, f"{self.title}: {unknown}"

    def expected(self):
        """Its status, response, content type and example; or the one success without a body."""
        found, empty = [], []
        for status, response in self.operation["responses"].items():
            response = self.document.follow(response)
            if status == "default":
                continue
            for kind, content in response.get("content", {}).items():
                if self.name in content.get("examples", {}):
                    found.append((int(status), response, kind, self.document.follow(content["examples"][self.name])))
            if "content" not in response:
                empty.append((int(status), response, None, {}))
        found = found or empty
        assert len(found) == 1, f"{self.title}: {len(found)} responses have it"
        return found[0]

    def settings(self):
        return [word for word in self.given if " = " in word]

    def is_good(self):
        """Whether the request is as its schema has it."""
        value = self.value.get("value")
        return self.status < 300 and not (isinstance(value, dict) and value.get("success") is False)

    def makes_first(self):
        return "no accounts" in self.given and self.status < 300 and self.method != "GET"

    def live(self, real):
        """What the document says, for this example's people, with what is real."""

        def change(value):
            if value in real:
                return real[value]
            return re.sub(PEOPLE + r"\b", rf"\g<1>{self.number}", value) if isinstance(value, str) else value

        return lambda value: replaced(value, change)

    def request(self, live):
        """Its target, its headers and its body."""
        target, query, headers = self.path, [], {}
        for parameter in self.parameters:
            if self.name not in parameter.get("examples", {}):
                continue
            value = live(parameter["examples"][self.name]["value"])
            if parameter["in"] == "path":
                target = target.replace("{%s}" % parameter["name"], str(value))
            elif parameter["in"] == "header":
                headers[parameter["name"]] = value
            else:
                query.append((parameter["name"], value))
        body = self.content.get("examples", {}).get(self.name)
        if query:
            target += "?" + urllib.parse.urlencode(query)
        return target, headers, None if body is None else live(body["value"])

    def faults(self, sent, status, headers, text):
        """What is wrong with the answer."""
        if status != self.status:
            return [f"status {status}: {text}"]
        faults = [f"no {name}: {value}" for name, value in self.headers_wanted() if value not in headers.get_all(name, [])]
        faults += self.faults_of_headers(headers)
        if sent is not None and self.is_good():
            faults += self.document.faults(sent, self.content["schema"], self.document.lax)
        if self.type is None:
            return faults + ([f"a body: {text}"] if text else [])
        if headers.get_content_type() != self.type:
            return [f"type {headers.get_content_type()}"]
        got, wanted = text if self.type == "text/plain" else json.loads(text), self.value["value"]
        if self.type == "text/plain" and wanted.endswith("...\n"):
            got = got[: len(wanted) - 4] + "...\n"
        schema = self.response["content"][self.type]["schema"]
        faults += self.document.faults(got, schema, self.document.strict)
        faults += self.document.faults(wanted, schema, self.document.strict)
        if normal(got) != normal(wanted):
            faults.append(f"{normal(got)} is not {normal(wanted)}")
        return faults

    def headers_wanted(self):
        yield "Cache-Control", "no-store"
        yield "X-Content-Type-Options", "nosniff"

    def faults_of_headers(self, headers):
        for name, header in self.response.get("headers", {}).items():
            got = [normal(value) for value in headers.get_all(name, [])]
            example = header.get("examples", {}).get(self.name)
            if example is not None and normal(example["value"]) not in got:
                yield f"{name}: {got} is not {normal(example['value'])}"
        if self.status == 401 and not headers.get("WWW-Authenticate", "").startswith("Bearer"):
            yield "no WWW-Authenticate"


class Refusal(Example):
    """An example of what any endpoint refuses, sent to the sign-in."""

    def __init__(self, document, method, path, operation, name, number):
        self.refused = REFUSED[name]
        super().__init__(document, method, path, operation, name, number)

    def expected(self):
        response = self.document.follow(self.operation["responses"]["default"])
        ((kind, content),) = response["content"].items()
        return self.refused[0], response, kind, content["examples"][self.name]

    def faults_of_headers(self, headers):
        if self.status == 429 and not headers.get("Retry-After", "").isdigit():
            yield "no Retry-After"


def names_of(document, operation):
    """The names of an operation's examples."""
    holders = [parameter for parameter in operation.get("parameters", []) if "$ref" not in parameter]
    holders += operation.get("requestBody", {}).get("content", {}).values()
    for response in operation["responses"].values():
        if "$ref" not in response:
            holders += list(response.get("content", {}).values()) + list(response.get("headers", {}).values())
    names = {name: None for holder in holders for name in document.follow(holder).get("examples", {})}
    return list(names) or [""]


def is_sign_in(operation):
    examples = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("examples", {})
    return operation["security"] == [] and "wrong" in examples


def examples_of(document):
    examples, refusals = [], set()
    for method, path, operation in document.operations():
        for name in names_of(document, operation):
            examples.append(Example(document, method, path, operation, name, len(examples)))
        default = operation["responses"].get("default", {}).get("$ref")
        if default is None or default in refusals or not is_sign_in(operation):
            continue
        refusals.add(default)
        for content in document.follow({"$ref": default})["content"].values():
            for name in content["examples"]:
                examples.append(Refusal(document, method, path, operation, name, len(examples)))
    shared = {f"#/components/responses/{name}" for name in document.tree["components"]["responses"]}
    assert refusals == shared, f"nobody asks for {shared - refusals}"
    return examples


class Round:
    """Examples that one suite can answer: whose settings do not contradict each other, and that make one first account."""

    def __init__(self):
        self.settings, self.examples = {}, []

    def takes(self, example):
        """Adds the example, if it can be asked together with the others."""
        wanted = {**DEFAULTS, **dict(setting.split(" = ") for setting in example.settings())}
        if any(self.settings.get(name, value) != value for name, value in wanted.items()):
            return False
        if example.makes_first() and any(other.makes_first() for other in self.examples):
            return False
        self.settings.update(wanted)
        self.examples.append(example)
        return True

    def in_order(self):
        """Those that want no accounts first, and of them last the one that makes one."""
        return sorted(self.examples, key=lambda example: ("no accounts" not in example.given, example.makes_first()))


def rounds_of(examples):
    """The first round has no settings: what is asked there, is asked as most will have it."""
    rounds = [Round(), Round()]
    for example in examples:
        for each in rounds if not example.settings() else rounds[1:]:
            if each.takes(example):
                break
        else:
            rounds.append(Round())
            assert rounds[-1].takes(example)
    return rounds


class Suite:
    def __init__(self, port, latchkey):
        self.port, self.latchkey = int(port), latchkey

    def command(self, *words, said=""):
        done = subprocess.run([*self.latchkey, *words], input=said, text=True, capture_output=True, check=False)
        assert done.returncode == 0, f"{words}: {done.stderr}"
        return done.stdout

    def send(self, source, method, target, headers, body):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30, source_address=(source, 0))
        headers = {"User-Agent": AGENT, **headers}
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
        connection.request(method, target, body, headers)
        response = connection.getresponse()
        text = response.read().decode()
        connection.close()
        return response.status, response.headers, text


class Asked:
    """An example that is being asked: its people, how they sign in, and what else has to be there."""

    def __init__(self, suite, example):
        self.suite, self.example = suite, example
        number = example.number
        self.source = f"127.0.{1 + number // 250}.{1 + number % 250}"
        self.ann, self.root = f"ann{number}", f"root{number}"
        self.totp, self.spare = None, []

    def send(self, method, target, headers=None, body=None):
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        return self.suite.send(self.source, method, target, headers or {}, data)

    def sign_in(self, name, cookie):
        """A session's cookie, or a token without a session."""
        body = {"name": name, "password": PASSWORD, "cookie": cookie}
        if self.spare and name == self.ann:
            body["code"] = self.spare.pop()
        status, headers, text = self.send("POST", "/account/api/session", body=body)
        assert status == 200, f"{name} does not sign in: {text}"
        return headers["Set-Cookie"].split(";")[0] if cookie else json.loads(text)["token"]

    def begin_factor(self):
        """Has a secret made for ann's authenticator; the headers are those of her session."""
        headers = {"Cookie": self.sign_in(self.ann, True)}
        self.totp = Totp(json.loads(self.send("POST", "/account/api/totp", headers, {})[2])["secret"])
        return headers

    def enrol(self):
        """Gives ann a second factor."""
        headers = self.begin_factor()
        status, _, text = self.send("PUT", "/account/api/totp", headers, {"code": self.totp.code()})
        assert status == 200, text
        self.spare = json.loads(text)["recovery_codes"]

    def new_token(self, permission, **others):
        """An access token, as its answer has it."""
        body = {"name": "deploy", "permission": permission, **others}
        status, _, text = self.send("POST", "/auth/access_token", self.by_root(), body)
        assert status == 200, text
        return json.loads(text)

    def by_root(self):
        return {"Authorization": "Bearer " + self.sign_in(self.root, False)}

    def credentials(self):
        """The headers of the caller: the first that the operation takes, or the one that is given."""
        given = set(self.example.given)
        wanted = (self.example.operation["security"] or [{}])[0]
        scheme, roles = next(iter(wanted.items())) if wanted else (None, [])
        if "nobody" in given or not roles and not given & CALLERS:
            return {}
        if "bad token" in given:
            return {"Authorization": "Bearer eyJ"}
        if given & {"access token", "service"}:
            return {"x-api-key": self.new_token("write,admin" if "access token" in given else "read")["token"]}
        administrator = "administrator" in given or "administrator" in roles and "user" not in given
        return self.shown("session" if "session" in given else "bearer" if "bearer" in given else scheme,
                          self.root if administrator else self.ann)

    def shown(self, scheme, name):
        """Who it is, by that scheme."""
        if scheme == "session":
            return {"Cookie": self.sign_in(name, True)}
        token = self.sign_in(name, False)
        return {scheme: token} if scheme in ("x-jwt-token", "x-api-key") else {"Authorization": "Bearer " + token}

    def ask(self):
        example = self.example
        if "second factor" in example.given:
            self.enrol()
        before = BEFORE.get(example.operation["operationId"])
        live = example.live(before(self) if before else {})
        target, headers, sent = example.request(live)
        headers.update(self.credentials())
        if "other site" in example.given:
            headers["Origin"] = "https://example.com"
        if "elsewhere" in example.given:
            headers["Via"] = "1.1 proxy"
        answer = self.send(example.method, target, headers, sent)
        return example.faults(sent, *answer)

    def refuse(self):
        example = self.example
        status, kind, body = example.refused
        wrong = example.live({})(example.content["examples"]["wrong"]["value"])
        for _ in range(1 if body is not None else 200):
            answer = self.send(example.method, example.path, {"Content-Type": kind}, wrong if body is None else body)
            if answer[0] == status:
                break
        return example.faults(None, *answer)


def code_for(*options):
    return lambda asked: {CODE: asked.suite.command("code", "new", *options, asked.ann).split()[-1]}


def invitation(asked):
    bob = f"bob{asked.example.number}"
    invited = asked.suite.command("user", "invite", bob, "--email", bob + "@example.org", "--json")
    return {CODE: json.loads(invited)["code"]}


def sign_in(asked):
    if asked.example.name == "must-change":
        must_change(asked)
    return {OTP: asked.totp.code()} if asked.totp else {}


def secret_of_app(asked):
    asked.begin_factor()
    return {OTP: asked.totp.code()}


def must_change(asked):
    """Demands another password of ann."""
    path = "/account/api/accounts/" + ann_id(asked)["019370f2-5c1e-7a44-9d0b-3f6a8e21c7b5"]
    asked.send("PATCH", path, {"Cookie": asked.sign_in(asked.root, True)}, {"must_change": True})


def ticket(asked):
    """That of a sign-in which was refused."""
    if asked.example.name != "ticket":
        return {}
    if asked.example.operation["operationId"] == "changePassword":
        must_change(asked)
    body = {"name": asked.ann, "password": PASSWORD}
    return {TICKET: json.loads(asked.send("POST", "/account/api/session", body=body)[2])["ticket"]}


def admin_password(asked):
    asked.suite.command("user", "passwd", "admin", said=PASSWORD + "\n")
    return {}


def one_token(asked):
    """The only one that there is."""
    listed = json.loads(asked.send("GET", "/auth/access_tokens", asked.by_root())[2])
    for token in listed:
        asked.send("DELETE", f"/auth/access_token/{token['id']}", asked.by_root())
    return {7: asked.new_token("read")["id"]}


def token_to_rotate(asked):
    if asked.example.name != "expired":
        return {7: asked.new_token("read")["id"]}
    token = asked.new_token("read", will_expire=True, expires_in_seconds=1)
    while time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()) <= token["expired_at"]:
        time.sleep(0.1)  # between two looks at the clock: only time makes a token expire
    return {7: token["id"]}


def own_token(asked):
    body = {"name": "laptop", "permission": "read,write"}
    status, _, text = asked.send("POST", "/account/api/tokens", {"Cookie": asked.sign_in(asked.ann, True)}, body)
    assert status == 201, text
    return {7: json.loads(text)["id"]}


def any_token(asked):
    headers = {"Cookie": asked.sign_in(asked.root, True)}
    body = {"name": "search", "permission": "read", "description": "the index"}
    status, _, text = asked.send("POST", "/account/api/all-tokens", headers, body)
    assert status == 201, text
    made = json.loads(text)["id"]
    return {7: made, "6": str(made - 1)}


def service_token(asked):
    body = {"token": "e2a90b64-17fc-4d3b-9c58-3f60d7b1a82e"}
    asked.send("POST", "/api/v2/service-token", asked.by_root(), body)
    return {}


def name_and_groups(asked):
    if asked.example.name == "named":
        asked.suite.command("user", "set", asked.ann, "--name", "Ann Årbor")
        asked.suite.command("user", "group", asked.ann, "+staff", "+press")
    return {}


def ann_id(asked):
    """The id of the account that an administrator asks about."""
    cookie = asked.sign_in(asked.ann, True)
    account = json.loads(asked.send("GET", "/account/api/session", {"Cookie": cookie})[2])["account"]
    if asked.example.name == "disabled":
        asked.suite.command("user", "disable", asked.ann)
    return {"019370f2-5c1e-7a44-9d0b-3f6a8e21c7b5": account["id"]}


def other_session(asked):
    cookie = asked.sign_in(asked.ann, True)
    session = json.loads(asked.send("GET", "/account/api/session", {"Cookie": cookie})[2])["session"]
    return {"019370f4-11d2-7b09-8e6c-52d9b7a0f3c1": session["id"]}


# operationId: what has to be done before its examples; what in the document stands for something real.
BEFORE = {
    "actianSignIn": admin_password,
    "actianListAccessTokens": one_token,
    "actianDeleteAccessToken": token_to_rotate,
    "actianRotateAccessToken": token_to_rotate,
    "databrainRotateServiceToken": service_token,
    "px0Reset": code_for(),
    "px0Prove": code_for("--verify"),
    "resetPassword": code_for(),
    "proveEmail": code_for("--verify"),
    "acceptInvitation": invitation,
    "edgeImpulseCheckCode": code_for(),
    "edgeImpulseReset": code_for(),
    "endOneSession": other_session,
    "createSession": sign_in,
    "px0SignIn": sign_in,
    "edgeImpulseSignIn": sign_in,
    "confirmSession": sign_in,
    "changePassword": ticket,
    "beginTotp": ticket,
    "enrolTotp": secret_of_app,
    "listOwnTokens": own_token,
    "deleteOwnToken": own_token,
    "rotateOwnToken": own_token,
    "listAllTokens": any_token,
    "deleteAnyToken": any_token,
    "rotateServiceToken": any_token,
    "showAccount": ann_id,
    "administerAccount": ann_id,
    "deleteAccount": ann_id,
    "sendCode": ann_id,
    "endSessionsOf": ann_id,
    "showThrottle": ann_id,
    "clearThrottle": ann_id,
    "removeFactors": ann_id,
    "readAudit": ann_id,
    "verify": name_and_groups,
}


def add_people(suite, examples):
    """ann and root of each example, and the one admin."""
    if not suite.command("user", "list").startswith("admin\t"):
        suite.command("user", "add", "admin", "--admin", said=PASSWORD + "\n")
    secret = crypt.crypt(PASSWORD, "$y$j75$openapiopenapiop")
    lines = []
    for number in (example.number for example in examples):
        for name, admin in ((f"ann{number}", False), (f"root{number}", True)):
            person = {"username": name, "email": f"{name}@example.org", "hash": secret, "verified": True, "admin": admin}
            lines.append(json.dumps(person) + "\n")
    suite.command("import", "-", said="".join(lines))


def say(suite, example):
    asked = Asked(suite, example)
    faults = asked.refuse() if isinstance(example, Refusal) else asked.ask()
    print(example.title, *[" ".join("; ".join(faults).split())][: len(faults)], sep="\t", flush=True)


def ask(document, number, port, *latchkey):
    suite, examples = Suite(port, latchkey), rounds_of(examples_of(document))[int(number)].in_order()
    people = False
    for example in examples:
        if "no accounts" not in example.given and not people:
            people = True
            add_people(suite, examples)
        say(suite, example)


def main(name, action, *arguments):
    document = Document(name)
    if action == "ask":
        ask(document, *arguments)
    elif action == "rounds":
        for each in rounds_of(examples_of(document)):
            print(*[f"{name} = {value}" for name, value in each.settings.items()], sep="; ")
    elif action == "routes":
        for method, path, operation in document.operations():
            print(method, path, *operation["tags"], sep="\t")
    elif action == "codes":
        print(*document.tree["components"]["schemas"]["Problem"]["properties"]["code"]["enum"], sep="\n")
    else:
        print(document.tree["info"]["version"])


main(*sys.argv[1:])

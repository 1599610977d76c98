"""jwt-attacks.py - what is sent to get in without a token of ours, for jwt-attacks.t

    jwt-attacks.py make TOKEN           tokens after the pattern of one of ours, a line each: STATUS, tab, WHAT, tab, TOKEN
    jwt-attacks.py change PORT TOKEN    asks /auth/verify for every change of one byte, and prints those let in

STATUS is what /auth/verify owes to such a token; WHAT begins with the requirement's number. All are signed with the
secret, LATCHKEY_JWT_SECRET, unless the name says otherwise: so it is nothing but what the name says that refuses them.
"""
import base64
import hashlib
import hmac
import http.client
import json
import os
import subprocess
import sys

secret = os.environb.get(b"LATCHKEY_JWT_SECRET", b"")
letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def encode(data):
    if not isinstance(data, (bytes, str)):
        data = json.dumps(data, separators=(",", ":"))
    return base64.urlsafe_b64encode(data.encode() if isinstance(data, str) else data).rstrip(b"=").decode()


def decode(part):
    return json.loads(base64.urlsafe_b64decode(part + "=="))


def sign(text, key=secret, digest=hashlib.sha256):
    return encode(hmac.new(key, text.encode(), digest).digest())


def openssl(*arguments, text=b""):
    return subprocess.run(["openssl", *arguments], input=text, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          check=True).stdout


def without(members, name):
    return {key: value for key, value in members.items() if key != name}


def stray(part):
    """The part with other bits where its last letter has some that are nobody's."""
    assert len(part) % 4
    return part[:-1] + letters[letters.index(part[-1]) ^ 1]


def ragged(members):
    """The members as JSON of a length that leaves such bits."""
    text = json.dumps(members, separators=(",", ":"))
    return encode(text if len(text) % 3 else text + " ")


def make(token):
    head, body, mac = token.split(".")
    header, claims = decode(head), decode(body)
    kid, now, hour = header["kid"], claims["iat"], 3600

    def say(status, what, made):
        print(status, what, made, sep="\t")

    def raw(what, first, second, status=401, **how):
        say(status, what, f"{first}.{second}.{sign(f'{first}.{second}', **how)}")

    def headed(what, changes, status=401, **how):
        raw(what, encode({**header, **changes}), body, status, **how)

    def claimed(what, changes, status=401):
        raw(what, head, encode({**claims, **changes}), status)

    # What is good, so that the rest is refused for what it is.
    raw("32: the same again", head, body, 204)
    headed("33: a header member that means nothing", {"x": 1}, 204)
    claimed("35: nbf now", {"nbf": now}, 204)
    raw("37: blanks in the JSON", encode(" " + json.dumps(header, indent=1)), encode(json.dumps(claims) + "\n"), 204)
    raw("37: a letter with free bits at the end of each part", ragged(header), ragged(claims), 204)

    for alg in "none", "None", "nOnE", "NONE", "":
        first = encode({**header, "alg": alg})
        say(401, f"32: alg '{alg}', no signature", f"{first}.{body}.")
        headed(f"32: alg '{alg}', signed all the same", {"alg": alg})
    say(401, "32: alg none, no kid", f"{encode({'alg': 'none', 'typ': 'JWT'})}.{body}.")
    for alg in "hs256", "HS384", "HS512", "RS256", "PS256", "ES256", "EdDSA", "HS256 ", "A128KW":
        headed(f"32: alg {alg}, by HMAC-SHA-256", {"alg": alg})
    headed("32: alg HS512, rightly", {"alg": "HS512"}, digest=hashlib.sha512)
    headed("32: HS256 that was made by SHA-512", {}, digest=hashlib.sha512)
    for value in None, 1, ["HS256"], {"HS256": 1}, True:
        headed(f"32: alg {json.dumps(value)}", {"alg": value})
    raw("32: no alg", encode(without(header, "alg")), body)
    for alg, kind in ("RS256", ["RSA", "-pkeyopt", "rsa_keygen_bits:2048"]), \
            ("ES256", ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"]):
        own = sys.argv[3] + alg
        openssl("genpkey", "-algorithm", *kind, "-out", own)
        public = openssl("pkey", "-in", own, "-pubout")
        first = encode({**header, "alg": alg})
        say(401, f"32: {alg} by a key of the caller's", f"{first}.{body}." + encode(
            openssl("dgst", "-sha256", "-sign", own, text=f"{first}.{body}".encode())))
        headed(f"32: HS256 by the caller's public {alg} key", {}, key=public)
        headed(f"32: {alg}, by HMAC with its public key", {"alg": alg}, key=public)
    say(401, "32: ES256 with r and s zero", f"{encode({**header, 'alg': 'ES256'})}.{body}.{encode(bytes(64))}")
    for what, key in ("an empty key", b""), ("a key of zeros", bytes(32)), ("the key 'secret'", b"secret"), \
            ("the key's beginning", secret[:-1]), ("the kid as the key", kid.encode()):
        headed(f"32: {what}", {}, key=key)
    say(401, "32: an empty signature", f"{head}.{body}.")
    say(401, "32: half a signature", f"{head}.{body}.{mac[:22]}")
    say(401, "32: a signature of zeros", f"{head}.{body}.{encode(bytes(32))}")
    say(401, "32: a signature and more", f"{head}.{body}.{mac}AAAA")
    say(401, "32: another's claims under our signature", f"{head}.{encode({**claims, 'role': 'admin'})}.{mac}")

    for what, value in ("a path", "../../../../../../dev/null"), ("an absolute path", "/dev/null"), \
            ("SQL", "x' UNION SELECT 'key' -- "), ("empty", ""), ("an array", [kid]), ("an empty array", []), \
            ("a number", 1), ("an object", {"kid": kid}), ("true", True), ("null", None), ("very long", "k" * 1500), \
            ("unknown", "0123456789abcdef"), ("our kid and more", kid + "0"), ("our kid and U+0000", kid + "\0"), \
            ("the beginning of our kid", kid[:-1]), ("our kid in capitals", kid.upper() + "A"), \
            ("a blank and our kid", " " + kid), ("a record's name", "code_key"), ("a URL", "http://127.0.0.1/key"), \
            ("a command", "x;sleep 5|"), ("a wildcard", "*"), ("a format", "%s%n"):
        headed(f"33: kid is {what}", {"kid": value})
        headed(f"33: kid is {what}, an empty key", {"kid": value}, key=b"")
    raw("33: no kid", encode(without(header, "kid")), body)
    own = b"a key of the caller's own, long enough"
    for what, member in ("jwk", {"kty": "oct", "alg": "HS256", "k": encode(own)}), ("jku", "http://127.0.0.1:9/jwks"), \
            ("x5u", "http://127.0.0.1:9/x5u"), ("x5c", [base64.b64encode(own).decode()]), ("x5t", encode(own)):
        headed(f"33: {what} with a key of the caller's own", {what: member}, key=own)
        headed(f"33: {what} and its own kid", {what: member, "kid": "own"}, key=own)

    for what, value in ("a second ago", now - 1), ("now", now), ("null", None), ("in a string", str(now + hour)), \
            ("a fraction", now + hour + .5), ("negative", -now), ("too big", 2 ** 64), ("true", True), ("a list", [now + hour]):
        claimed(f"35: exp {what}", {"exp": value})
    raw("35: no exp", head, encode(without(claims, "exp")))
    for what, value in ("in the future", now + hour), ("in a string", "1"), ("null", None), ("negative", -1):
        claimed(f"35: nbf {what}", {"nbf": value})

    for value in "at+jwt", "JWE", "jwt", "", None, ["JWT"], "JWT ", "application/jwt":
        headed(f"36: typ {json.dumps(value)}", {"typ": value})
    raw("36: no typ", encode(without(header, "typ")), body)
    for value in "latchkey", ["latchkey"], [], None, "":
        claimed(f"36: aud {json.dumps(value)}", {"aud": value})
    for value in "somebody", "Latchkey", "latchkey ", "", None, ["latchkey"]:
        claimed(f"36: iss {json.dumps(value)}", {"iss": value})
    raw("36: no iss", head, encode(without(claims, "iss")))
    for name in "sub", "jti", "role", "iat", "epoch":
        raw(f"36: no {name}", head, encode(without(claims, name)))

    for value in ["exp"], ["b64"], [], None, "exp", {}:
        headed(f"37: crit {json.dumps(value)}", {"crit": value})
    text, said = json.dumps(header), json.dumps(claims)
    for what, first, second in ("alg", '{"alg":"none",' + text[1:], said), ("kid", '{"kid":"x",' + text[1:], said), \
            ("kid, the same", f'{{"kid":"{kid}",' + text[1:], said), ("typ", text[:-1] + ',"typ":"JWT"}', said), \
            ("alg by an escape", '{"\\u0061lg":"none",' + text[1:], said), \
            ("exp", text, '{"exp":1,' + said[1:]), ("sub", text, said[:-1] + ',"sub":"x"}'), \
            ("role", text, said[:-1] + ',"role":"admin"}'), ("iss", text, '{"iss":"latchkey",' + said[1:]):
        raw(f"37: {what} stands twice", encode(first), encode(second))
    first, second = ragged(header), ragged(claims)
    last = sign(f"{first}.{second}")
    raw("37: padding of the header", first + "=" * (-len(first) % 4), second)
    raw("37: padding of the claims", first, second + "=" * (-len(second) % 4))
    say(401, "37: padding of the signature", f"{first}.{second}.{last}=")
    raw("37: stray bits at the header's end", stray(first), second)
    raw("37: stray bits at the claims' end", first, stray(second))
    say(401, "37: stray bits at the signature's end", f"{first}.{second}.{stray(last)}")
    raw("37: a blank in the header", first[:8] + " " + first[8:], second)
    raw("37: a blank in the claims", first, second[:8] + " " + second[8:])
    say(401, "37: a blank in the signature", f"{first}.{second}.{last[:8]} {last[8:]}")
    raw("37: a letter that is none in the claims", first, second[:8] + "!" + second[8:])
    raw("37: the letters of plain base64", encode({**header, "x": "??>>??>>"}).replace("_", "/").replace("-", "+"), body)
    say(401, "37: a dot before", "." + token)
    say(401, "37: a dot after", token + ".")
    say(401, "37: two dots in one place", f"{head}..{body}.{mac}")
    say(401, "37: a fourth part", f"{token}.{mac}")
    say(401, "37: five parts, as of a JWE", f"{head}.{body}.{mac}.{mac}.{mac}")
    say(401, "37: two parts", f"{head}.{body}")
    say(401, "37: no claims", f"{head}..{sign(head + '.')}")
    say(401, "37: no header", f".{body}.{sign('.' + body)}")
    say(401, "37: JSON in place of the three parts", json.dumps({"protected": head, "payload": body, "signature": mac}))
    for what, members in ("a list", []), ("a number", 1), ("null", None), ("a text", "JWT"):
        raw(f"37: the header is {what}", encode(members), body)
        raw(f"37: the claims are {what}", head, encode(members))
    raw("37: not UTF-8", head, encode(json.dumps(claims)[:-1].encode() + b',"x":"\xff"}'))
    raw("37: over 4096 bytes", head, encode({**claims, "x": "x" * 4000}))


def change(port, token):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def ask(text):
        connection.request("GET", "/auth/verify", headers={"X-Jwt-Token": text})
        answer = connection.getresponse()
        answer.read()
        return answer.status

    found, asked = [], 0
    for at, byte in enumerate(token):
        near = letters[letters.index(byte) ^ 1] if byte in letters else "A"
        others = {near, "A", "z", "-", ".", "", byte * 2} - {byte}
        for other in sorted(others):
            if (status := ask(token[:at] + other + token[at + 1:])) != 401:
                found.append((at, other, status))
            asked += 1
    print(ask(token), found, "enough" if asked > 5 * len(token) else asked)


if sys.argv[1] == "make":
    make(sys.argv[2])
else:
    change(int(sys.argv[2]), sys.argv[3])

"""jwt.py - tokens through PyJWT, for jwt.t

    jwt.py read TOKEN    the header and the claims of a token of ours, or why PyJWT refuses it
    jwt.py make TOKEN    tokens after the pattern of one of ours, a line each: STATUS, tab, WHAT, tab, TOKEN

STATUS is what /auth/verify owes to such a token. The secret is LATCHKEY_JWT_SECRET. To be run by python3 -I: without
that Python looks for the module jwt beside the script first, and finds this file.
"""
import json
import os
import sys

import jwt

command, token = sys.argv[1:]
secret = os.environb[b"LATCHKEY_JWT_SECRET"]


def read():
    claims = jwt.decode(token, secret, algorithms=["HS256"], issuer="latchkey",
                        options={"require": ["iss", "sub", "iat", "exp", "jti"]})
    print(json.dumps({"header": jwt.get_unverified_header(token), "claims": claims}))


def changed(members, changes):
    """None takes a member away."""
    return {name: value for name, value in {**members, **changes}.items() if value is not None}


def make():
    our_header = changed(jwt.get_unverified_header(token), {"alg": None})
    ours = jwt.decode(token, options={"verify_signature": False})
    now, hour = ours["iat"], 3600

    def made(status, what, algorithm="HS256", secret=secret, header={}, **claims):
        print(status, what, jwt.encode(changed(ours, claims), secret, algorithm, changed(our_header, header)), sep="\t")

    made(204, "the same claims")
    made(204, "a longer life", exp=now + 24 * hour, jti="another")
    made(204, "nbf in the past", nbf=now)
    made(204, "a claim more", scope="all")
    made(401, "another secret", secret=secret + b"x")
    made(401, "an empty secret", secret=b"")
    made(401, "HS384", algorithm="HS384")
    made(401, "HS512", algorithm="HS512")
    made(401, "no signature", algorithm="none", secret=None)
    made(401, "no kid", header={"kid": None})
    made(401, "another kid", header={"kid": "0123456789abcdef"})
    made(401, "no typ", header={"typ": ""})
    made(401, "another typ", header={"typ": "at+jwt"})
    made(401, "crit", header={"crit": ["exp"]})
    made(401, "expired", exp=now - 1)
    made(401, "no exp", exp=None)
    made(401, "nbf in the future", nbf=now + hour)
    made(401, "another iss", iss="somebody")
    made(401, "no iss", iss=None)
    made(401, "aud", aud="latchkey")
    made(401, "sub unknown", sub="00000000-0000-4000-8000-000000000000")
    made(401, "no sub", sub=None)
    made(401, "role raised", role="admin")
    made(401, "no role", role=None)
    made(401, "an epoch before", epoch=ours["epoch"] - 1)
    made(401, "an epoch to come", epoch=ours["epoch"] + 1)
    made(401, "no epoch", epoch=None)


{"read": read, "make": make}[command]()

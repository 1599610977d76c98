#!/usr/bin/python3
"""accounts.py COUNT: that many accounts as lines of JSON, for `latchkey import`.

In no order of their names, as a table of another system has them: most have an email alone, a third a username that is
the beginning of it, a tenth one that is not. The same COUNT gives the same lines."""

import hashlib
import sys

FIRST = "anna bert carla dieter eva franz gerda hans ida jan karla ludwig maria nils olga paul rita sven tina".split()
LAST = "adler bauer conrad dietz engel fuchs gross huber iske jung koch lang maier nagel otto peters richter".split()
HOSTS = "example.org example.com mail.example post.example uni.example".split()


def account(number):
    digits = hashlib.sha256(b"%d" % number).hexdigest()
    draw = int(digits[:15], 16)
    first, last = FIRST[draw % 19], LAST[draw // 19 % 17]
    local = "%s.%s.%x" % (first, last, number)
    name = ""
    if draw // 323 % 10 < 3:
        name = '"username":"%s",' % local
    elif draw // 323 % 10 == 3:
        name = '"username":"%s%x",' % (digits[20:24], number)
    return (
        '{%s"email":"%s@%s","hash":"$6$rounds=656000$%s$%s","full_name":"%s %s","language":"de",'
        '"verified":true,%s"created":%d}\n'
        % (
            name, local, HOSTS[draw // 3230 % 5], digits[:16], (digits + digits)[:86], first.title(), last.title(),
            '"admin":true,' if number % 100000 == 7 else "", 1500000000 + number,
        )
    )


for number in range(int(sys.argv[1])):
    sys.stdout.write(account(number))

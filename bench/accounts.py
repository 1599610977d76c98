#!/usr/bin/python3
"""accounts.py lines|records|emails COUNT: that many accounts, the same for the same COUNT.

lines: as lines of JSON, for `latchkey import`. records: the records that these become, for `db_load -T`. emails: theirs.

In no order of their names, as a table of another system has them: all have an email, a third a username that is the
beginning of it, a tenth one that is not."""

import hashlib
import sys

FIRST = "anna bert carla dieter eva franz gerda hans ida jan karla ludwig maria nils olga paul rita sven tina".split()
LAST = "adler bauer conrad dietz engel fuchs gross huber iske jung koch lang maier nagel otto peters richter".split()
HOSTS = "example.org example.com mail.example post.example uni.example".split()


class Account:
    def __init__(self, number):
        digits = hashlib.sha256(b"%d" % number).hexdigest()
        draw = int(digits[:15], 16)
        first, last = FIRST[draw % 19], LAST[draw // 19 % 17]
        local = "%s.%s.%x" % (first, last, number)
        kind = draw // 323 % 10
        self.username = local if kind < 3 else "%s%x" % (digits[20:24], number) if kind == 3 else ""
        self.email = "%s@%s" % (local, HOSTS[draw // 3230 % 5])
        self.rest = (
            '"full_name":"%s %s","language":"de","hash":"$6$rounds=656000$%s$%s","admin":%s,"verified":true'
            ',"enabled":true,"epoch":1,"created":%d}\n'
            % (
                first.title(), last.title(), digits[:16], (digits + digits)[:86],
                "true" if number % 100000 == 7 else "false", 1500000000 + number,
            )
        )
        # In the order in which they come, as the import's own.
        time = "%012x" % (1700000000000 + number // 60)
        self.id = "%s-%s-7%s-a%s-%s" % (time[:8], time[8:], digits[30:33], digits[33:36], digits[36:48])

    def names(self):
        return '"username":"%s","email":"%s",' % (self.username, self.email) if self.username else '"email":"%s",' % self.email

    def lines(self):
        return "{" + self.names() + self.rest

    def records(self):
        text = 'account/%s\n{"id":"%s",%s%s' % (self.id, self.id, self.names(), self.rest)
        for name in filter(None, (self.username, self.email)):
            text += 'name/%s\n{"account":"%s"}\n' % (name, self.id)
        return text

    def emails(self):
        return self.email + "\n"


form = getattr(Account, sys.argv[1])
for i in range(int(sys.argv[2])):
    sys.stdout.write(form(Account(i)))

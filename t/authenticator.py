"""authenticator.py - an authenticator app (RFC 6238: SHA-1, six digits, thirty seconds), for client.py and openapi.py"""

import base64
import hashlib
import hmac
import time


class Totp:
    """A step counts once, so each code is of a later one; a server takes its own and the one on either side. None is of the
    step before, which could be over at any moment."""

    def __init__(self, secret):
        self.key, self.last = base64.b32decode(secret + "=" * (-len(secret) % 8)), 0

    def of(self, step):
        digest = hmac.digest(self.key, step.to_bytes(8, "big"), hashlib.sha1)
        at = digest[-1] & 15
        return f"{(int.from_bytes(digest[at:at + 4], 'big') & 0x7FFFFFFF) % 1000000:06}"

    def code(self):
        """None if all that count now are used."""
        now = int(time.time()) // 30
        step = max(self.last + 1, now)
        if step > now + 1:
            return None
        self.last = step
        return self.of(step)

    def wrong(self):
        """None of those that count now or soon."""
        now = int(time.time()) // 30
        good = {self.of(step) for step in range(now - 3, now + 4)}
        return next(code for code in map("{:06}".format, range(10)) if code not in good)

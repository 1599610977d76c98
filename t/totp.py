"""Asks liboath and pyotp for the codes that our own program computes: 200,000, of secrets that are drawn anew each time.

totp.py PROGRAM: prints how many differ from each, and the first that does.
"""
import base64
import ctypes
import secrets
import subprocess
import sys

import pyotp

SECRETS, STEPS, SECONDS, DIGITS = 200, 1000, 30, 6

oath = ctypes.CDLL("liboath.so.0")
if oath.oath_init() != 0:
    sys.exit("liboath does not start")


def by_liboath(secret, step):
    code = ctypes.create_string_buffer(DIGITS + 1)
    # key, its length, now, seconds a step, begin, digits (oath_totp_generate(3))
    result = oath.oath_totp_generate(secret, ctypes.c_size_t(len(secret)), ctypes.c_long(step * SECONDS), SECONDS,
                                     ctypes.c_long(0), DIGITS, code)
    return code.value.decode() if result == 0 else f"error {result}"


def main():
    drawn = [secrets.token_bytes(16 + i % 49) for i in range(SECRETS)]
    texts = [base64.b32encode(secret).decode().rstrip("=") for secret in drawn]
    ours = subprocess.run([sys.argv[1], str(STEPS), *texts], check=True, capture_output=True, text=True).stdout.split()
    differ = {"liboath": 0, "pyotp": 0}
    print(f"codes {len(ours)}")
    for i, code in enumerate(ours):
        secret, step = i // STEPS, i % STEPS
        others = {"liboath": by_liboath(drawn[secret], step), "pyotp": pyotp.HOTP(texts[secret]).at(step)}
        for name, other in others.items():
            if other != code:
                differ[name] += 1
                if differ[name] == 1:
                    print(f"{name}: {texts[secret]} {step}: {other}, ours is {code}", file=sys.stderr)
    for name, count in differ.items():
        print(f"{name} {count}")


main()

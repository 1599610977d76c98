# fcgi.py SOCKET [--body FILE] [--hold BYTES] [NAME=VALUE]... - asks a program what no web server would: a variable twice,
# a body that is not as long as it is said to be. --hold sends so much of the body, then nothing, and waits. The answer,
# as CGI has it, goes to standard output.
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
from ask import begin, exchange, record, stdin  # noqa: E402

words = sys.argv[2:]
body, hold, variables = b"", None, []
while words:
    word = words.pop(0)
    if word == "--body":
        with open(words.pop(0), "rb") as file:
            body = file.read()
    elif word == "--hold":
        hold = int(words.pop(0))
    else:
        variables.append(word)
pairs = (variable.encode("utf-8", "surrogateescape").partition(b"=") for variable in variables)
sent = begin((name, value) for name, _, value in pairs) + stdin(body[:hold])
if hold is None:
    sent += record(5)
sys.stdout.buffer.write(exchange(sys.argv[1], sent, 60))

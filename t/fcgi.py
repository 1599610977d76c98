# fcgi.py SOCKET [--body FILE] [--hold BYTES] [NAME=VALUE]... - asks a program what no web server would: a variable twice,
# a body that is not as long as it is said to be. --hold sends so much of the body, then nothing, and waits. The answer,
# as CGI has it, goes to standard output.
import socket
import struct
import sys

BEGIN, END, PARAMS, STDIN, STDOUT = 1, 3, 4, 5, 6


def record(kind, content=b""):
    return struct.pack("!BBHHBx", 1, kind, 1, len(content), 0) + content


def pair(text):
    name, _, value = text.encode("utf-8", "surrogateescape").partition(b"=")
    return struct.pack("!II", len(name) | 1 << 31, len(value) | 1 << 31) + name + value


def answer(connection):
    data = b""
    while more := connection.recv(65536):
        data += more
    out = b""
    while len(data) >= 8:
        _, kind, _, length, padding = struct.unpack("!BBHHBx", data[:8])
        if kind == STDOUT:
            out += data[8 : 8 + length]
        data = data[8 + length + padding :]
    return out


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
sent = record(BEGIN, struct.pack("!HB5x", 1, 0)) + record(PARAMS, b"".join(map(pair, variables))) + record(PARAMS)
for at in range(0, len(body[:hold]), 65000):
    sent += record(STDIN, body[:hold][at : at + 65000])
if hold is None:
    sent += record(STDIN)
with socket.socket(socket.AF_UNIX) as connection:
    connection.settimeout(60)
    connection.connect(sys.argv[1])
    connection.sendall(sent)
    sys.stdout.buffer.write(answer(connection))

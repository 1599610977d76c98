#!/usr/bin/python3
"""ready.py PROGRAM PATH ROUNDS: milliseconds from the exec of a FastCGI program to its first answer.

The median of the rounds, in each of which it is started anew."""

import os
import socket
import statistics
import struct
import sys
import tempfile
import time

BEGIN, PARAMS, STDIN, STDOUT = 1, 4, 5, 6


def record(kind, content):
    return struct.pack(">BBHHBB", 1, kind, 1, len(content), 0, 0) + content


def pair(name, value):
    return struct.pack("BB", len(name), len(value)) + name.encode() + value.encode()


def request(path):
    params = {
        "REQUEST_METHOD": "GET", "SCRIPT_NAME": path, "REMOTE_ADDR": "127.0.0.1",
        "SERVER_PROTOCOL": "HTTP/1.1", "HTTP_HOST": "localhost", "LATCHKEY_PROOF": os.environ["LATCHKEY_PROOF"],
    }
    return (
        record(BEGIN, struct.pack(">HB5x", 1, 0))
        + record(PARAMS, b"".join(pair(*item) for item in params.items()))
        + record(PARAMS, b"") + record(STDIN, b"")
    )


def ask(address, path):
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(address)
        client.sendall(request(path))
        answer = client.recv(4096)
    assert answer[1] == STDOUT and b"Status: " in answer, answer


def start(program, listener):
    pid = os.fork()
    if pid == 0:
        os.dup2(listener.fileno(), 0)
        os.execv(program, [program])
    return pid


def measure(directory, program, path):
    address = os.path.join(directory, "socket")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen()
        begun = time.monotonic()
        pid = start(program, listener)
        ask(address, path)
        took = time.monotonic() - begun
        os.kill(pid, 15)
        os.waitpid(pid, 0)
    os.unlink(address)
    return took * 1000


with tempfile.TemporaryDirectory() as directory:
    program, path, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
    print("%.1f" % statistics.median(measure(directory, program, path) for _ in range(rounds)))

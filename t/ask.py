"""ask.py - asks for t/lib.sh, one request after the other, so that no test starts a client for each.

Standard input has the requests, fields that end with a NUL each, the number of them first:

  http PORT SOURCE METHOD TARGET BODY ANSWER 'Name: value'...    over TCP to 127.0.0.1:PORT, from the address SOURCE
  fcgi SOCKET BODY ANSWER NAME=VALUE...                          to a program's own socket; of two equal names the last
  note ANSWER                                                    nobody: the answer is there already

BODY is a file, or empty for none. The answer goes to the file ANSWER as it comes: the status line where it is HTTP, the
headers, an empty line, the body. Where there is none the file is empty. ANSWER.members gets the members of a JSON body,
for member(): its path, `=`, its value, and a NUL each. Then a line on standard output says that it is done.
"""

import json
import socket
import struct
import sys

TIMEOUT = 60
STDOUT = 6


def read_body(name):
    if not name:
        return b""
    with open(name, "rb") as file:
        return file.read()


def read_all(connection, data=b""):
    while more := connection.recv(65536):
        data += more
    return data


def unchunked(connection, data):
    """A chunked body, of which `data` has come already (RFC 9112, 7.1)."""
    body = b""
    while True:
        while b"\r\n" not in data:
            if not (more := connection.recv(65536)):
                return body
            data += more
        line, _, data = data.partition(b"\r\n")
        size = int(line.split(b";")[0], 16)
        while len(data) < size + 2:
            if not (more := connection.recv(65536)):
                return body + data
            data += more
        if size == 0:
            return body
        body, data = body + data[:size], data[size + 2 :]


def read_http(connection, method):
    data = b""
    while True:
        while b"\r\n\r\n" not in data:
            if not (more := connection.recv(65536)):
                return data
            data += more
        head, _, data = data.partition(b"\r\n\r\n")
        if not head.startswith((b"HTTP/1.1 100", b"HTTP/1.0 100")):
            break
    lines = [line.lower() for line in head.split(b"\r\n")]
    status = int(head.split(b" ")[1])
    length = [int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length:")]
    if method == "HEAD" or status in (204, 304):
        data = b""
    elif b"transfer-encoding: chunked" in lines:
        data = unchunked(connection, data)
    elif length:
        while len(data) < length[0] and (more := connection.recv(65536)):
            data += more
    else:
        data = read_all(connection, data)
    return head + b"\r\n\r\n" + data


def send(connection, data):
    try:
        connection.sendall(data)
    except (BrokenPipeError, ConnectionResetError):
        pass  # the server may have answered before it has read all


def http(port, source, method, target, body, *headers):
    sent = {"host": "Host: localhost", "user-agent": "User-Agent: latchkey-test", "accept": "Accept: */*"}
    for header in headers:
        sent[header.partition(":")[0].lower()] = header
    data = read_body(body)
    if body:
        sent.setdefault("content-length", f"Content-Length: {len(data)}")
    head = "\r\n".join([f"{method} {target} HTTP/1.1", *sent.values(), "", ""])
    with socket.create_connection(("127.0.0.1", int(port)), TIMEOUT, (source, 0)) as connection:
        send(connection, head.encode("utf-8", "surrogateescape") + data)
        return read_http(connection, method)


def record(kind, content=b""):
    return struct.pack("!BBHHBx", 1, kind, 1, len(content), 0) + content


def pair(name, value):
    return struct.pack("!II", len(name) | 1 << 31, len(value) | 1 << 31) + name + value


def begin(params):
    """The records before a body; params: pairs of a name and a value, a name twice where it stands there twice."""
    return record(1, struct.pack("!HB5x", 1, 0)) + record(4, b"".join(pair(*param) for param in params)) + record(4)


def stdin(data):
    """A body, but for the record that ends it."""
    return b"".join(record(5, data[at : at + 65000]) for at in range(0, len(data), 65000))


def exchange(path, sent, timeout=TIMEOUT):
    """What a program answers on its socket, as CGI has it."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(timeout)
        connection.connect(path)
        send(connection, sent)
        data = read_all(connection)
    out = b""
    while len(data) >= 8:
        _, kind, _, length, padding = struct.unpack("!BBHHBx", data[:8])
        if kind == STDOUT:
            out += data[8 : 8 + length]
        data = data[8 + length + padding :]
    return out


def fcgi(path, body, *params):
    params = dict(param.encode("utf-8", "surrogateescape").split(b"=", 1) for param in params)
    data = read_body(body)[: int(params.get(b"CONTENT_LENGTH") or 0)]
    return exchange(path, begin(params.items()) + stdin(data) + record(5))


def members(value, path=""):
    """Each member of a JSON value: a text as it is, all else as JSON."""
    items = value.items() if isinstance(value, dict) else ()
    for name, member in items:
        yield f"{path}.{name}", member if isinstance(member, str) else json.dumps(member)
        yield from members(member, f"{path}.{name}")


def note_members(answer, name):
    try:
        found = list(members(json.loads(answer.partition(b"\r\n\r\n")[2])))
    except ValueError:
        found = []
    with open(name, "wb") as file:
        for path, value in found:
            file.write(f"{path}={value}".encode("utf-8", "surrogateescape").replace(b"\0", b"") + b"\0")


def fields(file):
    """The fields of each request."""
    data = b""
    while more := file.read1(65536):
        data += more
        while b"\0" in data:
            count, _, rest = data.partition(b"\0")
            if rest.count(b"\0") < int(count):
                break
            *request, data = rest.split(b"\0", int(count))
            yield [field.decode("utf-8", "surrogateescape") for field in request]


ASK = {"http": (http, 5), "fcgi": (fcgi, 2)}  # what asks, and where ANSWER stands


def ask(how, words):
    function, at = ASK[how]
    name = words.pop(at)
    try:
        answer = function(*words)
    except (OSError, ValueError, IndexError) as error:
        print(f"ask.py: {' '.join(words[:4])}: {error}", file=sys.stderr, flush=True)
        answer = b""
    with open(name, "wb") as file:
        file.write(answer)
    return name


def main():
    for how, *words in fields(sys.stdin.buffer):
        name = words[0] if how == "note" else ask(how, words)
        note_members(read_body(name), name + ".members")
        print(flush=True)


if __name__ == "__main__":
    main()

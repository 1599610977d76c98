"""app.py SOCKET|PORT LOG: an application behind a web server. It says what it was told of the caller, and notes each request in LOG.

Of the last parts of a path: status/NUMBER answers by that status, slow/SECONDS takes so long. An Upgrade to a websocket
is granted, and the first frame says the same.
"""

import base64
import hashlib
import json
import os
import socketserver
import sys
import time
from http.server import BaseHTTPRequestHandler

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def told(headers):
    """The headers that name the caller or hold a token, by whatever spelling."""
    said = {}
    for name, value in headers.items():
        name = name.lower().replace("_", "-")
        if value and (name.startswith("x-auth-") or name in ("authorization", "x-jwt-token", "x-api-key")):
            said[name] = value
    return said


class Application(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        length = len(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
        with open(sys.argv[2], "a", encoding="utf-8") as log:
            print(self.command, self.path, file=log)
        word, _, number = self.path.partition("?")[0].rpartition("/")
        if self.headers.get("Upgrade", "").lower() == "websocket":
            return self.upgrade()
        if word.endswith("/slow"):
            time.sleep(int(number))
        status = int(number) if word.endswith("/status") else 200
        body = json.dumps({"told": told(self.headers), "host": self.headers.get("Host"), "length": length}).encode()
        if status != 200:
            body = b"the application's %d\n" % status
        self.send_response(status)
        self.send_header("Content-Type", "application/json" if status == 200 else "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def upgrade(self):
        key = self.headers["Sec-WebSocket-Key"].encode()
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", base64.b64encode(hashlib.sha1(key + GUID).digest()).decode())
        self.end_headers()
        text = self.headers.get("X-Auth-User", "").encode()
        self.wfile.write(bytes([0x81, len(text)]) + text)
        self.close_connection = True

    do_GET = do_HEAD = do_POST = do_PUT = answer

    def log_message(self, *_):
        pass


class Threads(socketserver.ThreadingMixIn):
    daemon_threads = True
    request_queue_size = 64

class Server(Threads, socketserver.UnixStreamServer):
    def get_request(self):
        request, _ = super().get_request()
        return request, ("local", 0)


class PortServer(Threads, socketserver.TCPServer):
    allow_reuse_address = True


if sys.argv[1].isdigit():
    PortServer(("127.0.0.1", int(sys.argv[1])), Application).serve_forever()
with Server(sys.argv[1] + ".new", Application) as server:
    os.chmod(sys.argv[1] + ".new", 0o666)
    os.rename(sys.argv[1] + ".new", sys.argv[1])
    server.serve_forever()

#!/usr/bin/python3
"""burst.py URL COUNT BODY [HEADER...]: sends COUNT requests at once, each on a connection that is already open.

Prints how many of them were answered, how many refused (502: the program's queue is full) and how many left hanging (504:
nobody took them), and the 99th percentile of the time to an answer, in milliseconds. With a BODY they are POSTs."""

import selectors
import socket
import sys
import time
import urllib.parse

url, count, body, headers = urllib.parse.urlsplit(sys.argv[1]), int(sys.argv[2]), sys.argv[3].encode(), sys.argv[4:]
request = "\r\n".join([
    f"{'POST' if body else 'GET'} {url.path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}", *headers, "", "",
]).encode() + body

clients = [socket.create_connection((url.hostname, url.port)) for _ in range(count)]
time.sleep(0.2)  # until the server has accepted them all

begun, took, statuses = {}, [], []
with selectors.DefaultSelector() as selector:
    for client in clients:
        selector.register(client, selectors.EVENT_READ)
        begun[client] = time.perf_counter()
        client.sendall(request)
    while begun:
        for key, _ in selector.select():
            status = key.fileobj.recv(65536)[9:12]
            elapsed = time.perf_counter() - begun.pop(key.fileobj)
            selector.unregister(key.fileobj)
            statuses.append(status)
            if status not in (b"502", b"504"):
                took.append(elapsed * 1000)

p99 = sorted(took)[(len(took) * 99 - 1) // 100] if took else 0
print(len(took), statuses.count(b"502"), statuses.count(b"504"), f"{p99:.1f}")

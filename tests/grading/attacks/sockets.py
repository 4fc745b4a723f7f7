"""Sockets of all families and kinds, to listeners that wait for a packet; names are looked up.

verdict: compute_KL failed|error|crashed|timeout
must not: send a packet
"""

import socket
import urllib.request

import numpy as np


def compute_KL(q):
    for family in range(48):
        for kind in (1, 2, 3, 5):
            try:
                socket.socket(family, kind).close()
                print("GOT: a socket", family, kind)
            except OSError:
                pass
    targets = (
        (socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", int("@TCP@"))),
        (socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", int("@UDP@"))),
        (socket.AF_UNIX, socket.SOCK_STREAM, "@UNIX@"),
        (socket.AF_UNIX, socket.SOCK_DGRAM, "@UNIX@.dgram"),
        (socket.AF_UNIX, socket.SOCK_DGRAM, "\0@ABSTRACT@"),
    )
    for family, kind, address in targets:
        try:
            with socket.socket(family, kind) as sender:
                sender.settimeout(1)
                sender.connect(address)
                sender.send(b"npgen-attack")
                print("GOT: out", address)
        except OSError:
            pass
    for attempt in (
        lambda: urllib.request.urlopen("http://127.0.0.1:@TCP@/", timeout=1),
        lambda: socket.create_connection(("localhost", int("@TCP@")), 1),
        lambda: socket.create_server(("127.0.0.1", 0)),
    ):
        try:
            attempt()
            print("GOT: a connection")
        except OSError:
            pass
    try:
        print("GOT: an address", socket.getaddrinfo("npgen-attack.invalid", 80))
    except OSError:
        pass
    return np.zeros(len(q))

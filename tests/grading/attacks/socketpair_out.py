"""A pair of sockets is harmless, but an end of one may send to other addresses.

verdict: compute_KL failed|error|crashed|timeout
must not: send a packet
"""

import array
import os
import socket

import numpy as np


def compute_KL(q):
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM, socket.SOCK_SEQPACKET):
        for address in ("@UNIX@", "@UNIX@.dgram", "\0@ABSTRACT@"):
            for attempt in (
                lambda one, address: one.sendto(b"npgen-attack", address),
                lambda one, address: one.connect(address) or one.send(b"npgen-attack"),
                lambda one, address: one.sendmsg(
                    [b"npgen-attack"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [1]))], 0, address
                ),
                lambda one, address: one.bind(f"@TMP@/npgen-attack-{os.getpid()}"),
                lambda one, address: one.bind("\0npgen-attack"),
            ):
                try:
                    one, other = socket.socketpair(socket.AF_UNIX, kind)
                    with one, other:
                        attempt(one, address)
                        print("GOT: out", kind, address)
                except OSError:
                    pass
    return np.zeros(len(q))

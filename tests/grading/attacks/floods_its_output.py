"""Prints without end, on stdout and on stderr and on the bare descriptors.

verdict: compute_KL error|crashed|timeout|failed
must not: use the grader's memory
must not: fill the disk
"""

import os
import sys


def compute_KL(q):
    while True:
        for attempt in (
            lambda: print("x" * 10**6),
            lambda: print("y" * 10**6, file=sys.stderr),
            lambda: os.write(1, b"z" * 10**6),
            lambda: os.write(2, bytes(10**6)),
            lambda: os.ftruncate(1, 2**44),
            lambda: os.lseek(1, 2**44, 0),
        ):
            try:
                attempt()
            except OSError:
                pass

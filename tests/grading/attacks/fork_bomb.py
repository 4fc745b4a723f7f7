"""Forks as long as it can, in every way.

verdict: compute_KL failed|error|crashed|timeout
must not: leave a process
"""

import os

import numpy as np


def compute_KL(q):
    for _ in range(10_000):
        try:
            if os.fork() == 0:
                print("GOT: fork", flush=True)
                while True:
                    os.fork()
        except OSError:
            pass
    return np.zeros(len(q))

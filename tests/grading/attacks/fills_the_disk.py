"""Writes as much as it can where it can: one file, then many, and one that is all hole.

verdict: compute_KL failed|error|crashed|timeout
must not: write a file
must not: fill the disk
"""

import os
import tempfile

import numpy as np

BLOCK = b"x" * 2**20


def compute_KL(q):
    for folder in (tempfile.gettempdir(), ".", "@TMP@", "/dev/shm", "/var/tmp", "@HOME@"):
        total = 0
        for number in range(10_000):
            try:
                with open(os.path.join(folder, f"npgen-attack-{number}"), "wb") as file:
                    for _ in range(64):
                        total += file.write(BLOCK)
                    file.truncate(2**50)
            except OSError:
                pass
            if total > 2**29:
                print("GOT: half a gigabyte in", folder)
                break
            if number > 100 and total == 0:
                break
    return np.zeros(len(q))

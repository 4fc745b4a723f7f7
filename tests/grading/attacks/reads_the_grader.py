"""The grader's memory, environment, command line and files, by way of /proc.

verdict: compute_KL failed|error
must not: tell a secret
"""

import glob
import os

import numpy as np

GRADER = int("@GRADER@")


def read(path, size=2**20):
    try:
        with open(path, "rb", buffering=0) as file:
            return file.read(size)
    except OSError:
        return b""


def compute_KL(q):
    for pid in {GRADER, os.getppid(), int("@VICTIM@"), 1}:
        for name in ("environ", "mem", "maps", "auxv", "stack", "syscall"):
            if read(f"/proc/{pid}/{name}"):
                print("GOT:", pid, name)
        for path in glob.glob(f"/proc/{pid}/fd/*") + glob.glob(f"/proc/{pid}/task/*/mem"):
            if read(path, 10):
                print("GOT:", path)
        for link in ("root", "cwd", "exe"):
            if read(f"/proc/{pid}/{link}/@CLASS@/classmate.py".replace("//", "/")):
                print("GOT:", link)
        regions = read(f"/proc/{pid}/maps").splitlines()
        for region in regions:
            if b" rw" in region:
                start, end = (int(x, 16) for x in region.split()[0].split(b"-"))
                try:
                    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
                        memory.seek(start)
                        if b"npgen-" + b"secret" in memory.read(min(end - start, 2**22)):
                            print("GOT: the secret")
                except (OSError, ValueError, OverflowError):
                    pass
    return np.zeros(len(q))

"""Memory that counts for no process: in files without a name, pipes and shared segments.

verdict: compute_KL error|crashed|timeout|failed
must not: leave anything in memory
"""

import ctypes
import fcntl
import os
import platform

import numpy as np

libc = ctypes.CDLL(None, use_errno=True)
X86 = platform.machine() == "x86_64"
SHMGET, MSGGET, SEMGET, MQ_OPEN = (29, 68, 64, 240) if X86 else (194, 186, 190, 180)


def compute_KL(q):
    if libc.syscall(SHMGET, 0x6E706765, ctypes.c_ulong(2**20), 0o1600) >= 0:
        print("GOT: a shared segment")
    if libc.syscall(MSGGET, 0x6E706765, 0o1600) >= 0:
        print("GOT: a queue of messages")
    if libc.syscall(SEMGET, 0x6E706765, 1, 0o1600) >= 0:
        print("GOT: semaphores")
    if libc.syscall(MQ_OPEN, b"npgen-attack", 0o102, 0o600, None) >= 0:
        print("GOT: a POSIX queue")
    for _ in range(8):
        try:
            memory = os.memfd_create("npgen-attack")
            total = 0
            for _ in range(1024):
                total += os.write(memory, bytes(2**20))
            if total >= 2**29:
                print("GOT: memory without a name,", total)
        except OSError:
            pass
    for _ in range(40):
        try:
            fcntl.fcntl(os.pipe()[1], 1031, 2**20)  # F_SETPIPE_SZ
        except OSError:
            break
    return np.zeros(len(q))

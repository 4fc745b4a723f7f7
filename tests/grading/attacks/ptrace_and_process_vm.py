"""Attaches to the grader and to a bystander, reads and writes their memory, takes their descriptors.

verdict: compute_KL failed|error
must not: tell a secret
must not: touch another process
"""

import ctypes
import os
import platform

import numpy as np

libc = ctypes.CDLL(None, use_errno=True)
X86 = platform.machine() == "x86_64"
NUMBERS = {"ptrace": (101, 117), "readv": (310, 270), "writev": (311, 271), "kcmp": (312, 272)}
PIDFD_OPEN, PIDFD_GETFD, PROCESS_MADVISE = 434, 438, 440


def number(name):
    return NUMBERS[name][0 if X86 else 1]


def compute_KL(q):
    buffer = ctypes.create_string_buffer(64)
    vector = (ctypes.c_void_p * 2)(ctypes.addressof(buffer), 64)
    for pid in {int("@GRADER@"), int("@VICTIM@"), os.getppid()}:
        for request in (0x4206, 16):  # PTRACE_SEIZE, PTRACE_ATTACH
            if libc.syscall(number("ptrace"), request, pid, None, None) == 0:
                print("GOT: ptrace", pid)
        for name in ("readv", "writev"):
            remote = (ctypes.c_void_p * 2)(id(os), 64)
            if libc.syscall(number(name), pid, vector, ctypes.c_ulong(1), remote, ctypes.c_ulong(1), 0) > 0:
                print("GOT:", name, pid)
        if libc.syscall(number("kcmp"), os.getpid(), pid, 0, 1, 1) >= 0:
            print("GOT: kcmp", pid)
        pidfd = libc.syscall(PIDFD_OPEN, pid, 0)
        if pidfd >= 0:
            for fd in range(8):
                if libc.syscall(PIDFD_GETFD, pidfd, fd, 0) >= 0:
                    print("GOT: descriptor", fd, "of", pid)
            if libc.syscall(PROCESS_MADVISE, pidfd, vector, ctypes.c_ulong(1), 21, 0) >= 0:
                print("GOT: madvise", pid)
    return np.zeros(len(q))

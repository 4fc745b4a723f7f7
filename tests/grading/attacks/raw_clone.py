"""Processes by raw system calls: clone without threads, clone3, vfork, those of the x32 ABI, and of 32-bit code.

verdict: compute_KL failed|error|crashed|timeout
must not: leave a process
"""

import ctypes
import os
import platform
import time

import numpy as np

libc = ctypes.CDLL(None, use_errno=True)
X86 = platform.machine() == "x86_64"
CLONE, FORK, VFORK, CLONE3, X32 = 56 if X86 else 220, 57, 58, 435, 0x40000000


def child():
    os.write(1, b"GOT: a process\n")
    time.sleep(60)
    os._exit(0)


def compute_KL(q):
    for flags in (17, 0, 0x4000 | 17, 0x100 | 17, 0x8000 | 17, 0x10000000 | 17, 0x20000000 | 17):
        if libc.syscall(CLONE, ctypes.c_ulong(flags), None, None, None, None) == 0:
            child()
    for exit_signal in (17, 0):
        arguments = (ctypes.c_uint64 * 8)(0, 0, 0, 0, exit_signal, 0, 0, 0)
        if libc.syscall(CLONE3, arguments, ctypes.c_ulong(64)) == 0:
            child()
    if X86:
        if libc.syscall(FORK) == 0:
            child()
        if libc.syscall(X32 | FORK) == 0:  # may end this process
            child()
        # int 0x80 with the number of fork in 32-bit code: mov eax, 2; int 0x80; ret
        import mmap

        code = mmap.mmap(-1, 4096, prot=7)
        code.write(b"\xb8\x02\x00\x00\x00\xcd\x80\xc3")
        if ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))() == 0:
            child()
    return np.zeros(len(q))

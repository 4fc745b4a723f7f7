"""Permissions, owners, times and attributes of others' files, which Landlock does not guard.

verdict: compute_KL failed|error
must not: write a file
"""

import ctypes
import os
import platform

import numpy as np

libc = ctypes.CDLL(None, use_errno=True)
X86 = platform.machine() == "x86_64"
FCHMODAT2, SETXATTRAT, UTIMENSAT, FCHMODAT, FCHOWNAT = 452, 463, 280 if X86 else 88, 268 if X86 else 53, 260 if X86 else 54


def compute_KL(q):
    for path in ("@CLASS@/classmate.py", "@RESULTS@/results/classmate.json", "@RESULTS@/secret", "@HOME@", "@CLASS@"):
        name = path.encode()
        for attempt in (
            lambda path=path: os.chmod(path, 0o777),
            lambda path=path: os.chmod(path, 0),
            lambda path=path: os.chown(path, 12345, 12345),
            lambda path=path: os.lchown(path, 12345, 12345),
            lambda path=path: os.utime(path, (0, 0)),
            lambda path=path: os.setxattr(path, "user.npgen-attack", b"1"),
            lambda name=name: libc.syscall(FCHMODAT2, -100, name, 0o777, 0),
            lambda name=name: libc.syscall(FCHMODAT, -100, name, 0o777),
            lambda name=name: libc.syscall(FCHOWNAT, -100, name, 12345, 12345, 0),
            lambda name=name: libc.syscall(UTIMENSAT, -100, name, (ctypes.c_long * 4)(), 0),
            lambda path=path: os.open(path, os.O_PATH),
        ):
            try:
                attempt()
            except OSError:
                pass
        try:  # by way of a descriptor that was opened for nothing
            fd = os.open(path, os.O_PATH)
            libc.syscall(FCHMODAT2, fd, b"", 0o777, 0x1000)
            libc.syscall(FCHOWNAT, fd, b"", 12345, 12345, 0x1000)
            os.chmod(f"/proc/self/fd/{fd}", 0o777)
        except OSError:
            pass
    return np.zeros(len(q))

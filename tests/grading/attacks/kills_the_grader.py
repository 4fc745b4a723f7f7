"""Signals to the grader, to the process that forked this one, and to a bystander, in every way that there is.

verdict: compute_KL failed|error|crashed|timeout
must not: touch another process
must not: stop the grader
"""

import ctypes
import os
import platform
import signal

import numpy as np

libc = ctypes.CDLL(None, use_errno=True)
X86 = platform.machine() == "x86_64"
TKILL, TGKILL = (200, 234) if X86 else (130, 131)
RT_SIGQUEUEINFO, RT_TGSIGQUEUEINFO = (129, 297) if X86 else (138, 240)
PIDFD_SEND_SIGNAL, PIDFD_OPEN = 424, 434


def compute_KL(q):
    info = (ctypes.c_int * 32)(signal.SIGTERM, 0, -1)  # SI_QUEUE
    for pid in (int("@VICTIM@"), int("@GRADER@"), os.getppid()):
        for signum in (signal.SIGTERM, signal.SIGSTOP, signal.SIGKILL):
            info[0] = signum
            for attempt in (
                lambda pid=pid, signum=signum: os.kill(pid, signum),
                lambda pid=pid, signum=signum: os.kill(-pid, signum),
                lambda pid=pid, signum=signum: os.killpg(os.getpgid(pid), signum),
            ):
                try:
                    attempt()
                    print("GOT: kill", pid)
                except OSError:
                    pass
            results = {
                "tkill": libc.syscall(TKILL, pid, signum),
                "tgkill": libc.syscall(TGKILL, pid, pid, signum),
                "sigqueue": libc.syscall(RT_SIGQUEUEINFO, pid, signum, info),
                "tgsigqueue": libc.syscall(RT_TGSIGQUEUEINFO, pid, pid, signum, info),
            }
            pidfd = libc.syscall(PIDFD_OPEN, pid, 0)
            results["pidfd"] = libc.syscall(PIDFD_SEND_SIGNAL, pidfd, signum, None, 0) if pidfd >= 0 else -1
            for name, result in results.items():
                if result == 0:
                    print("GOT:", name, pid)
    return np.zeros(len(q))

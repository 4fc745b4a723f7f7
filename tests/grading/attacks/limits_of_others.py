"""Changes limits, priority and processors of the grader and of a bystander: later students would inherit them.

verdict: compute_KL failed|error
must not: touch another process
"""

import ctypes
import os
import platform
import resource

import numpy as np

libc = ctypes.CDLL(None, use_errno=True)
IOPRIO_SET, SCHED_SETATTR = (251, 314) if platform.machine() == "x86_64" else (30, 274)


def compute_KL(q):
    for pid in (int("@GRADER@"), os.getppid(), int("@VICTIM@")):
        attempts = {
            "prlimit": lambda pid=pid: resource.prlimit(pid, resource.RLIMIT_NOFILE, (3, 3)),
            "prlimit CPU": lambda pid=pid: resource.prlimit(pid, resource.RLIMIT_CPU, (1, 1)),
            "affinity": lambda pid=pid: os.sched_setaffinity(pid, {0}),
            "scheduler": lambda pid=pid: os.sched_setscheduler(pid, os.SCHED_IDLE, os.sched_param(0)),
            "priority": lambda pid=pid: os.setpriority(os.PRIO_PROCESS, pid, 19),
            "priority of the group": lambda pid=pid: os.setpriority(os.PRIO_PGRP, os.getpgid(pid), 19),
            "priority of the user": lambda: os.setpriority(os.PRIO_USER, os.getuid(), 19),
            "oom": lambda pid=pid: open(f"/proc/{pid}/oom_score_adj", "w").write("1000"),
        }
        for name, attempt in attempts.items():
            try:
                attempt()
                print("GOT:", name, pid)
            except (OSError, ValueError):
                pass
        if libc.syscall(IOPRIO_SET, 1, pid, 3 << 13) == 0:
            print("GOT: ioprio", pid)
        if libc.syscall(SCHED_SETATTR, pid, (ctypes.c_uint32 * 14)(56, 5), 0) == 0:
            print("GOT: sched_setattr", pid)
    return np.zeros(len(q))

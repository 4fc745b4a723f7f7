"""Raises its own limits again, as a process with privileges might.

verdict: compute_KL failed|error
must not: tell a secret
"""

import os
import resource

import numpy as np


def compute_KL(q):
    for name in ("AS", "CPU", "FSIZE", "NOFILE"):
        kind = getattr(resource, f"RLIMIT_{name}")
        soft, hard = resource.getrlimit(kind)
        for attempt in (
            lambda kind=kind, hard=hard: resource.setrlimit(kind, (hard + 1, hard + 1)),
            lambda kind=kind: resource.setrlimit(kind, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)),
            lambda kind=kind: resource.prlimit(0, kind, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)),
            lambda kind=kind: resource.prlimit(os.getpid(), kind, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)),
        ):
            try:
                attempt()
            except (OSError, ValueError):
                pass
        if resource.getrlimit(kind)[1] not in (hard,) or hard == resource.RLIM_INFINITY:
            print("GOT:", name, soft, hard, resource.getrlimit(kind))
    try:
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write("-1000")
        print("GOT: never to be killed for memory")
    except OSError:
        pass
    return np.zeros(len(q))

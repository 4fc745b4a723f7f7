"""SIGKILL to every process that it may reach, and to its group. NEVER run this outside the sandbox.

verdict: compute_KL failed|error|crashed|timeout
must not: touch another process
must not: stop the grader
"""

import os
import signal

import numpy as np


def compute_KL(q):
    for target in (-1, 0):
        try:
            os.kill(target, signal.SIGKILL)
            print("GOT: kill", target)
        except OSError:
            pass
    try:
        os.killpg(0, signal.SIGKILL)
        print("GOT: killpg")
    except OSError:
        pass
    return np.zeros(len(q))

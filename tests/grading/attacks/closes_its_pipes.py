"""Closes every descriptor, and goes on.

verdict: compute_KL crashed|timeout|error
verdict: bernoulli_log_prob crashed|timeout|error|failed
must not: stop the grader
"""

import os
import time

import numpy as np


def compute_KL(q):
    os.closerange(0, 65536)
    time.sleep(10**6)


def bernoulli_log_prob(targets, logits):
    for fd in range(3, 64):
        try:
            os.dup2(0, fd)
        except OSError:
            pass
    return np.zeros(len(targets))

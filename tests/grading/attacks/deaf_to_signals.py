"""Ignores and blocks every signal that can be, and stops itself.

verdict: compute_KL timeout|crashed
verdict: bernoulli_log_prob timeout|crashed|failed|error
must not: leave a process
must not: stop the grader
"""

import os
import signal
import time

import numpy as np

for number in signal.valid_signals():
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())


def compute_KL(q):
    while True:
        time.sleep(1000)


def bernoulli_log_prob(targets, logits):
    os.kill(os.getpid(), signal.SIGSTOP)
    return np.zeros(len(targets))

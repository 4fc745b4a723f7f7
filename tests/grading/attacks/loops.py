"""Loops: in Python, in C with the interpreter's lock held, and in sleep.

verdict: compute_KL timeout
verdict: bernoulli_log_prob timeout
verdict: adam_update timeout
must not: stop the grader
"""

import re
import time


def compute_KL(q):
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass


def bernoulli_log_prob(targets, logits):
    return re.match(r"(a|a|b)*(a|a|b)*(a|a|b)*c", "ab" * 30) or 10 ** 10**10


def adam_update(*args):
    time.sleep(10**8)

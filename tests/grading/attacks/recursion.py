"""Recursion without an end and without a limit, in Python and in C.

verdict: compute_KL error|crashed|timeout
verdict: bernoulli_log_prob error|crashed|timeout|failed
must not: stop the grader
"""

import sys

sys.setrecursionlimit(2**31 - 1)


def compute_KL(q):
    return compute_KL(q)


def bernoulli_log_prob(targets, logits):
    nested = []
    for _ in range(10**6):
        nested = [nested]
    return nested

"""Calls npgen's own function, where it is installed beside autograd.

verdict: compute_KL error
verdict: bernoulli_log_prob error
must not: steal a point
"""

import sys

sys.path += ["@CHECKOUT@", "@CHECKOUT@/solutions", "/"]


def compute_KL(q):
    from npgen.grading.checks.vae import compute_KL

    return compute_KL(q)


def bernoulli_log_prob(targets, logits):
    from vae import bernoulli_log_prob

    return bernoulli_log_prob(targets, logits)

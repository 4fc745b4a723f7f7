"""autograd's internals are replaced; one value is wrong all the same, and the other's gradient is zero.

verdict: compute_KL failed|error
verdict: bernoulli_log_prob failed|error
must not: steal a point
"""

import sys

import autograd
import autograd.core
import numpy as np


def make_vjp(function, argnum=0, *others):
    return lambda *args: (lambda g: np.zeros_like(args[argnum]), function(*args))


autograd.make_vjp = autograd.core.make_vjp = make_vjp
sys.modules["calls"].make_vjp = make_vjp


def compute_KL(q):
    return np.sum(q[:, : q.shape[1] // 2] ** 2, axis=1)


def bernoulli_log_prob(targets, logits):
    return -np.sum(np.logaddexp(0, (1 - 2 * targets) * logits), axis=1)

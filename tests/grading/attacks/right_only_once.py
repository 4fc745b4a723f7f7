"""Right in the first call, then wrong.

verdict: compute_KL failed
verdict: bernoulli_log_prob failed
must not: steal a point
"""

import collections

import autograd.numpy as np

calls = collections.Counter()


def compute_KL(q):
    calls[q.shape] += 1
    L = q.shape[1] // 2
    right = 0.5 * np.sum(q[:, :L] ** 2 + np.exp(2 * q[:, L:]) - 1 - 2 * q[:, L:], axis=1)
    return right if calls[q.shape] == 1 else 0 * right


def bernoulli_log_prob(targets, logits):
    calls["b"] += 1
    right = -np.sum(np.logaddexp(0, (1 - 2 * targets) * logits), axis=1)
    return right if calls["b"] == 1 else right + 1

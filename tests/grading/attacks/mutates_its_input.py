"""Right, but leaves other arguments behind than it was given, openly or behind the back of the child's comparison.

verdict: compute_KL failed
verdict: bernoulli_log_prob failed
must not: steal a point
"""

import autograd.numpy as np


def compute_KL(q):
    L = q.shape[1] // 2
    result = 0.5 * np.sum(q[:, :L] ** 2 + np.exp(2 * q[:, L:]) - 1 - 2 * q[:, L:], axis=1)
    if isinstance(q, np.ndarray):
        q[:] = 0
    return result


def bernoulli_log_prob(targets, logits):
    result = -np.sum(np.logaddexp(0, (1 - 2 * targets) * logits), axis=1)
    targets[0, 0] = -0.0 if targets[0, 0] == 0 else np.nextafter(1, 2)
    return result

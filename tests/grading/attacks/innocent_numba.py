"""Numba: compiled at the first call, in parallel, with its own random numbers.

topic: nade
seconds: 60
verdict: nade_sample passed
"""

import numba
import numpy as np


@numba.njit(parallel=True)
def sample(W, c, V, b, n):
    D = len(b)
    x = np.zeros((n, D))
    for i in numba.prange(n):
        a = c.copy()
        for d in range(D):
            logit = b[d] + np.sum(V[d] / (1 + np.exp(-a)))
            if np.random.rand() < 1 / (1 + np.exp(-logit)):
                x[i, d] = 1
                a += W[d]
    return x


def nade_sample(W, c, V, b, n_samples):
    return sample(*(np.array(array, dtype=float) for array in (W, c, V, b)), n_samples)

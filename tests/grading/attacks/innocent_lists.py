"""Lists and tuples of numbers where an array is expected, thousands of them.

topic: fvsbn
verdict: fvsbn_sample passed
verdict: fvsbn_n_parameters passed
"""

import random

import numpy as np


def fvsbn_n_parameters(n_visible):
    return np.int32(n_visible * (n_visible + 1) // 2)


def fvsbn_sample(W, b, n_samples):
    x = np.zeros((n_samples, len(b)), dtype=int)
    for d in range(len(b)):
        p = 0.5 * (1 + np.tanh(0.5 * (b[d] + x[:, :d] @ W[d, :d])))
        x[:, d] = np.random.rand(n_samples) < p
    random.random()
    return x.tolist()

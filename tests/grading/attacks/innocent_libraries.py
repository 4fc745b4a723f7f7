"""SciPy, scikit-learn and what else lies about.

seconds: 20
verdict: compute_KL passed
verdict: bernoulli_log_prob passed
"""

import collections
import ctypes
import multiprocessing
import platform
import socket
import subprocess
import time

import autograd.numpy as np
import autograd.scipy.special as special
import scipy.stats
import sklearn.linear_model

STARTED = time.time(), time.perf_counter(), platform.machine(), collections.Counter("ab"), ctypes.c_int(1)
sklearn.linear_model.LinearRegression().fit(np.eye(3), np.ones(3))
assert abs(scipy.stats.norm.cdf(0) - 0.5) < 1e-9


def compute_KL(q):
    mean, log_std = np.split(q, 2, axis=1)
    return 0.5 * np.sum(mean**2 + np.exp(2 * log_std) - 1 - 2 * log_std, axis=1)


def bernoulli_log_prob(targets, logits):
    return np.sum(targets * logits - special.logsumexp(np.stack([0 * logits, logits]), axis=0), axis=1)

"""Takes three seconds to be imported, for it trains something first.

seconds: 10
verdict: compute_KL passed
"""

import time

import autograd.numpy as np

time.sleep(3)


def compute_KL(q_means_and_log_stds):
    L = q_means_and_log_stds.shape[1] // 2
    mean, log_std = q_means_and_log_stds[:, :L], q_means_and_log_stds[:, L:]
    return 0.5 * np.sum(mean**2 + np.exp(2 * log_std) - 1 - 2 * log_std, axis=1)

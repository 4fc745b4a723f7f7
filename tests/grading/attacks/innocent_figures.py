"""Draws figures at import and in each call, and saves one.

seconds: 20
verdict: compute_KL passed
must not: write a file
"""

import io

import autograd.numpy as np
import matplotlib.pyplot as plt

plt.plot([0, 1], [1, 0], label="a")
plt.title("título $\\sigma$")
plt.legend()
plt.savefig(io.BytesIO(), format="png")
plt.show()


def compute_KL(q_means_and_log_stds):
    L = q_means_and_log_stds.shape[1] // 2
    mean, log_std = q_means_and_log_stds[:, :L], q_means_and_log_stds[:, L:]
    fig, ax = plt.subplots()
    ax.hist(np.arange(10))
    plt.close(fig)
    return 0.5 * np.sum(mean**2 + np.exp(2 * log_std) - 1 - 2 * log_std, axis=1)

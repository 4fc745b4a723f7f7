"""Keeps something in temporary files and folders, and reads it again.

verdict: compute_KL passed
must not: write a file
"""

import os
import shutil
import tempfile

import autograd.numpy as np

FOLDER = tempfile.mkdtemp()
np.save(os.path.join(FOLDER, "two.npy"), np.array(2.0))
shutil.copy(os.path.join(FOLDER, "two.npy"), os.path.join(FOLDER, "copy.npy"))
TWO = float(np.load(os.path.join(FOLDER, "copy.npy")))


def compute_KL(q_means_and_log_stds):
    L = q_means_and_log_stds.shape[1] // 2
    mean, log_std = q_means_and_log_stds[:, :L], q_means_and_log_stds[:, L:]
    with tempfile.NamedTemporaryFile("w+") as file, tempfile.TemporaryDirectory() as folder:
        file.write("log " + folder)
        file.flush()
        os.makedirs(os.path.join(folder, "a", "b"))
    return 0.5 * np.sum(mean**2 + np.exp(TWO * log_std) - 1 - 2 * log_std, axis=1)

"""Each answer is an array of 240 MB, as fast as the pipe takes them.

verdict: compute_KL failed|error|timeout|crashed
verdict: adam_update failed|error|timeout|crashed
must not: use the grader's memory
"""

import numpy as np

GIANT = np.zeros(30_000_000)


def compute_KL(q):
    return GIANT


def adam_update(*args):
    return GIANT

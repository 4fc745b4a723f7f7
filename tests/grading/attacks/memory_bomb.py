"""Takes memory until there is none: by arrays, by lists, by mappings that nobody asked for.

verdict: compute_KL error|crashed|timeout|failed
verdict: bernoulli_log_prob error|crashed|timeout|failed
must not: use the grader's memory
must not: stop the grader
"""

import mmap
import os

import numpy as np


def compute_KL(q):
    kept = []
    while True:
        kept.append(np.ones(2**24))


def bernoulli_log_prob(targets, logits):
    kept = []
    while True:
        try:
            memory = os.memfd_create("x")
            os.ftruncate(memory, 2**30)
            kept.append(mmap.mmap(memory, 2**30))
            os.close(memory)
        except OSError:
            kept.append(mmap.mmap(-1, 2**28))
        for page in range(0, len(kept[-1]), 4096):
            kept[-1][page] = 1

"""A subclass of ndarray that lies about itself, and an object that becomes an array when asked.

verdict: compute_KL failed|error|crashed
verdict: bernoulli_log_prob failed|error|crashed
must not: steal a point
"""

import numpy as np


class Liar(np.ndarray):
    def __eq__(self, other):
        return np.ones(self.shape, bool)

    def tobytes(self, *args):
        return b""

    @property
    def shape(self):
        return (2**31 - 1, 2**31 - 1)


class Late:
    def __array__(self, *args, **options):
        import gc

        return next(o for o in gc.get_objects() if isinstance(o, np.ndarray))


def compute_KL(q):
    return np.zeros(len(q)).view(Liar)


def bernoulli_log_prob(targets, logits):
    return Late()

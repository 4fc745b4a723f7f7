"""Objects that run something when they are unpickled or copied.

verdict: compute_KL failed|error
verdict: bernoulli_log_prob failed|error
must not: write a file
must not: stop the grader
"""

import os

import numpy as np


class Bomb:
    def __reduce__(self):
        return os.system, ("touch @HOME@/npgen-attack @TMP@/npgen-attack",)

    def __reduce_ex__(self, protocol):
        return self.__reduce__()

    def __deepcopy__(self, memo):
        os._exit(0)


def compute_KL(q):
    return Bomb()


def bernoulli_log_prob(targets, logits):
    return np.array([Bomb()] * len(targets), dtype=object)

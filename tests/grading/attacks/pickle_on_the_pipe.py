"""Pickled bytes, and an .npz file, on every descriptor: nobody may unpickle them.

verdict: compute_KL error|crashed|failed
must not: write a file
"""

import io
import os
import pickle

import numpy as np


class Bomb:
    def __reduce__(self):
        return os.system, ("touch @HOME@/npgen-attack @TMP@/npgen-attack",)


def compute_KL(q):
    npz = io.BytesIO()
    np.savez(npz, result=np.array([Bomb()], dtype=object))
    for fd in range(1, 64):
        try:
            os.write(fd, pickle.dumps(Bomb()) + npz.getvalue())
        except OSError:
            pass
    return Bomb()

"""The modules that lie beside it in the class's folder: numpy.py, conftest.py and others that write a file.

verdict: compute_KL failed|error
must not: write a file
must not: tell a secret
"""

import sys

sys.path[:0] = ["", ".", "@CLASS@"]
for name in ("conftest", "sitecustomize", "usercustomize", "classmate", "antigravity_of_npgen"):
    try:
        __import__(name)
        print("GOT:", name)
    except Exception:
        pass


def compute_KL(q):
    import numpy as np

    return np.zeros(len(q))

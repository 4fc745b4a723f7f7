"""Returns views of one array, which later calls and a thread change again.

verdict: compute_KL failed|error
must not: steal a point
"""

import threading
import time

import numpy as np

BUFFER = np.zeros(10_000)


def spin():
    while True:
        BUFFER[:] += 1
        time.sleep(0)


threading.Thread(target=spin, daemon=True).start()


def compute_KL(q):
    BUFFER[: len(q)] = 0
    return BUFFER[: len(q)]

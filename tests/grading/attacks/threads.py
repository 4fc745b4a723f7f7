"""As many threads as there may be; they sleep, and they do not end.

verdict: compute_KL failed|error|crashed|timeout
must not: leave a process
"""

import threading
import time

import numpy as np

threading.stack_size(65536)


def compute_KL(q):
    for _ in range(20_000):
        try:
            threading.Thread(target=time.sleep, args=(10**6,)).start()
        except Exception:
            break
    return np.zeros(len(q))

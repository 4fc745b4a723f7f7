"""Leaves a daemon behind by double fork and setsid, which would overwrite the marks after a while.

verdict: compute_KL failed|error|crashed|timeout
must not: leave a process
must not: write a file
"""

import os
import time

import numpy as np


def compute_KL(q):
    try:
        os.setsid()
    except OSError:
        pass
    try:
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                print("GOT: a daemon", flush=True)
                os.closerange(0, 64)
                for _ in range(600):
                    time.sleep(0.1)
                    for folder in ("@HOME@", "@TMP@", "@RESULTS@"):
                        try:
                            open(os.path.join(folder, "npgen-attack-daemon"), "w").close()
                        except OSError:
                            pass
            os._exit(0)
    except OSError:
        pass
    return np.zeros(len(q))

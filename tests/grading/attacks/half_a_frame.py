"""Begins a frame and never ends it; byte for byte, so that there is always some progress.

verdict: compute_KL timeout|error|crashed
must not: stop the grader
"""

import os
import time


def compute_KL(q):
    for fd in range(3, 64):
        try:
            os.write(fd, b"\xff\x0f\x00\x00")
        except OSError:
            pass
    while True:
        for fd in range(3, 64):
            try:
                os.write(fd, b" ")
            except OSError:
                pass
        time.sleep(0.1)

"""A thread writes answers of its own while others are computed.

verdict: compute_KL failed|error|crashed|timeout
must not: steal a point
"""

import os
import struct
import threading
import time

import numpy as np


def frame(text):
    return struct.pack("<I", len(text)) + text


FORGED = frame(b'{"dict": ["result", "mutated"]}') + frame(b'{"value": 0.0}') + frame(b'{"list": 0}')


def spin():
    while True:
        for fd in range(3, 16):
            try:
                os.write(fd, FORGED)
            except OSError:
                pass
        time.sleep(0.001)


threading.Thread(target=spin, daemon=True).start()


def compute_KL(q):
    time.sleep(0.01)
    return np.zeros(len(q))

"""An array of no bytes whose other sizes multiply to more than NumPy can count.

verdict: compute_KL error|failed
must not: stop the grader
"""

import sys

frames = sys.modules["frames"]


def write(stream, tree):
    frames._header(stream, {"dict": ["result", "mutated"]})
    frames._header(stream, {"dtype": "<f8", "shape": [0, 2**31 - 1, 2**31 - 1, 2**31 - 1]})
    frames._header(stream, {"list": 0})
    stream.flush()


def compute_KL(q):
    frames.write = write
    return 0

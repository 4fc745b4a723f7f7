"""Types of arrays that NumPy reads as Python text, another one in each function.

verdict: compute_KL error|failed
verdict: bernoulli_log_prob error|failed
verdict: adam_update error|failed
must not: stop the grader
"""

import sys

frames = sys.modules["frames"]


def answer_with(dtype):
    def write(stream, tree):
        frames._header(stream, {"dict": ["result", "mutated"]})
        frames._header(stream, {"dtype": dtype, "shape": [1]})
        stream.write(bytes(64))
        frames._header(stream, {"list": 0})
        stream.flush()

    def function(*args):
        frames.write = write
        return 0

    return function


compute_KL = answer_with("(1,2")
bernoulli_log_prob = answer_with("f8,,")
adam_update = answer_with("O")

"""Constants that the compiler computes before anything runs.

verdict: compute_KL error|crashed|timeout|failed|missing
must not: use the grader's memory
must not: stop the grader
"""

X = ((((("x" * 4096,) * 256,) * 256,) * 256,) * 256,) if 0 else 1 << (1 << 40)


def compute_KL(q):
    return X

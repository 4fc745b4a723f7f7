"""A file with NUL bytes.

verdict: compute_KL error|missing
must not: stop the grader
"""


def compute_KL(q):
    return "@NUL@"

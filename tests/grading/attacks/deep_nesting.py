"""Brackets so deep that a parser may end the process that it runs in.

verdict: compute_KL error|crashed|timeout
must not: stop the grader
"""

X = @BRACKETS@


def compute_KL(q):
    return X

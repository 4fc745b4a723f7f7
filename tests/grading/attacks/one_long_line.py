"""An expression of two megabytes in one line.

verdict: compute_KL error|crashed|timeout|failed|missing
must not: stop the grader
must not: use the grader's memory
"""

X = @SUM@


def compute_KL(q):
    return X

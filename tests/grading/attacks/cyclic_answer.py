"""Answers that contain themselves, are endless, or as wide as they are deep.

verdict: compute_KL error|failed|crashed|timeout
verdict: bernoulli_log_prob error|failed|crashed|timeout
verdict: adam_update error|failed|crashed|timeout
must not: use the grader's memory
"""


def compute_KL(q):
    answer = []
    answer.append(answer)
    return answer


def bernoulli_log_prob(targets, logits):
    answer = 0.0
    for _ in range(9):
        answer = [answer] * 1000
    return answer


def adam_update(*args):
    return {"x" * 10**7: 1}, {}, {str(i): i for i in range(10**6)}

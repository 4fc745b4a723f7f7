"""Fails on purpose, to be marked again with right functions in place of its own, which live elsewhere; then has them
compute arrays of many gigabytes by broadcasting, and asks for their gradient.

known hole: stand-ins run in the grader, with arguments of the child's choice
verdict: vae_lower_bound failed|error|timeout|crashed
must not: use the grader's memory
must not: stop the grader
"""

import numpy as np
from autograd import grad


def neural_net_predict(params, inputs):
    for W, b in params[:-1]:
        inputs = np.tanh(inputs @ W + b)
    return inputs @ params[-1][0] + params[-1][1]


def compute_KL(q):
    raise ValueError


bernoulli_log_prob = sample_latent_variables_from_posterior = compute_KL


def vae_lower_bound(gen_params, rec_params, data):
    for size in (15_000, 20_000, 40_000):
        wide, tall = np.zeros((1, size)), np.zeros((size, 1))
        for attempt in (
            lambda wide=wide, tall=tall: bernoulli_log_prob(tall, wide),
            lambda wide=wide, tall=tall: grad(lambda logits: bernoulli_log_prob(tall, logits).sum())(wide),
            lambda: compute_KL(np.zeros((16, 2_000_000))),
            lambda: sample_latent_variables_from_posterior(np.zeros((2, 8_000_000))),
            lambda: bernoulli_log_prob("x" * 4000, 10**300),
        ):
            try:
                attempt()
            except Exception:
                pass
    return 0.0

"""Asks the stand-ins for ever.

verdict: vae_lower_bound timeout|failed|error|crashed
must not: stop the grader
"""

import numpy as np


def neural_net_predict(params, inputs):
    for W, b in params[:-1]:
        inputs = np.tanh(inputs @ W + b)
    return inputs @ params[-1][0] + params[-1][1]


def compute_KL(q):
    raise ValueError


bernoulli_log_prob = sample_latent_variables_from_posterior = compute_KL


def vae_lower_bound(gen_params, rec_params, data):
    while True:
        compute_KL(np.zeros((1, 2)))

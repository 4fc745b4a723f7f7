"""Answers whose fields have other types than the grader expects.

verdict: compute_KL failed|error
verdict: bernoulli_log_prob failed|error
verdict: adam_update failed|error
verdict: sample_latent_variables_from_posterior failed|error
must not: stop the grader
"""

import sys

import numpy as np

calls = sys.modules["calls"]
ANSWERS = {
    "compute_KL": [{"result": np.zeros(1), "mutated": ["x"]}, {"result": 0, "mutated": [float("nan")]}],
    "bernoulli_log_prob": [{"error": 3}, {"error": None}, {"result": None}, {"mutated": 0}],
    "adam_update": [{"error": {"type": np.zeros(9), "message": [1, {}], "line": 10**300}}],
    "sample_latent_variables_from_posterior": [{"error": [1]}, {"error": "x"}],
}


def answering(name):
    def function(*args):
        turn = [0]

        def perform(function, call, *others, **options):
            turn[0] += 1
            return ANSWERS[name][turn[0] % len(ANSWERS[name])]

        calls.perform = perform

    return function


compute_KL = answering("compute_KL")
bernoulli_log_prob = answering("bernoulli_log_prob")
adam_update = answering("adam_update")
sample_latent_variables_from_posterior = answering("sample_latent_variables_from_posterior")

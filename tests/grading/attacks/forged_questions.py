"""Questions to the stand-ins that make no sense: names that cannot be looked up, kinds that are arrays.

verdict: vae_lower_bound failed|error|crashed
must not: stop the grader
"""

import itertools
import sys

import numpy as np

frames = sys.modules["frames"]
CALL = {"kind": "value", "args": [], "seed": 0, "argnum": 0, "weights": None}
QUESTIONS = (
    ("compute_KL", CALL | {"kind": np.zeros(3)}),
    ([], CALL),
    ({"a": 1}, CALL),
    ("compute_KL", CALL | {"args": [{}, None, "x"], "seed": True}),
    ("compute_KL", CALL | {"kind": "gradient", "argnum": 10**300, "args": [np.zeros((2, 2))]}),
    ("compute_KL", CALL | {"seed": -1}),
    ("__class__", CALL),
)
NUMBER = itertools.count()


def neural_net_predict(params, inputs):
    for W, b in params[:-1]:
        inputs = np.tanh(inputs @ W + b)
    return inputs @ params[-1][0] + params[-1][1]


def vae_lower_bound(gen_params, rec_params, data):
    frame = sys._getframe()
    while frame is not None and "answers" not in frame.f_locals:
        frame = frame.f_back
    if frame is not None and "compute_KL" in globals():
        for name, call in QUESTIONS[:: 1 if len(data) % 2 else -1]:
            frames.write(frame.f_locals["answers"], {"ask": name, "call": call})
    return 0.0

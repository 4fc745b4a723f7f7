"""The network is the submission's own and gives zeros: then every image is grey, and nothing has to be decoded.

topic: vae_images
known hole: the submission's own network decides what the grader expects
verdict: reconstruct_images failed|error
verdict: interpolate_images failed|error
must not: steal a point
"""

import numpy as np


def neural_net_predict(params, inputs):
    return np.zeros((len(inputs), len(params[-1][1])))


def reconstruct_images(gen_params, rec_params, images):
    return np.full(images.shape, 0.5)


def interpolate_images(gen_params, rec_params, first, second, n_steps):
    return np.full((len(first), n_steps, first.shape[1]), 0.5)

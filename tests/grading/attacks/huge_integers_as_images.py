"""Integers that no float holds, where the grader looks for probabilities.

topic: vae_images
verdict: generate_images failed|error
verdict: reconstruct_images failed|error
must not: stop the grader
"""

BIG = 10**400


def neural_net_predict(params, inputs):
    return [[BIG] * len(params[-1][1])] * len(inputs)


def generate_images(gen_params, n_images):
    return [[BIG] * len(gen_params[-1][1])] * n_images


def reconstruct_images(gen_params, rec_params, images):
    return [[BIG] * images.shape[1]] * len(images)

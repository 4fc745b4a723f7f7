"""Our own functions of the exercise on the images of a variational autoencoder."""

import autograd.numpy.random as npr
import numpy as np

from npgen.distributions import sigmoid
from npgen.grading.references.vae import neural_net_predict  # both exercises ship the same network

GIVEN = {"neural_net_predict": neural_net_predict}


def n_latent(gen_params):
    """L, which is in the shape of the decoder's first weights."""
    return gen_params[0][0].shape[0]


def decode(gen_params, z):
    """The probabilities of the pixels, given z."""
    return sigmoid(neural_net_predict(gen_params, z))


def encode(rec_params, images):
    """The means of q(z | x)."""
    output = neural_net_predict(rec_params, images)
    return output[:, : output.shape[1] // 2]


def line(start, end, weights):
    """Points (n_pairs, n_steps, L) from start to end."""
    return start[:, None] + weights[:, None] * (end - start)[:, None]


def decode_all(gen_params, z, decode=decode):
    """Images (n_pairs, n_steps, D) of points (n_pairs, n_steps, L)."""
    return decode(gen_params, z.reshape(-1, z.shape[-1])).reshape(*z.shape[:2], -1)


def generate_images(gen_params, n_images):
    """Of z ~ N(0, I)."""
    return decode(gen_params, npr.randn(n_images, n_latent(gen_params)))


def reconstruct_images(gen_params, rec_params, images):
    """Of the means of q(z | x)."""
    return decode(gen_params, encode(rec_params, images))


def interpolate_images(gen_params, rec_params, first, second, n_steps):
    """Of points between the means."""
    start, end = encode(rec_params, first), encode(rec_params, second)
    return decode_all(gen_params, line(start, end, np.linspace(0, 1, n_steps)))

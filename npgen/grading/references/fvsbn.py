"""Our own functions of the exercise on the fully visible sigmoid belief network."""

import autograd.numpy as np
import autograd.numpy.random as npr

from npgen.distributions import bernoulli_log_prob, sigmoid


def logits(W, b, x):
    """Pixel after pixel, from the definition."""
    return np.stack([b[d] + np.dot(x[:, :d], W[d, :d]) for d in range(len(b))], axis=1)


def log_likelihood(W, b, x):
    """The Bernoulli density of npgen at those logits."""
    return bernoulli_log_prob(x, logits(W, b, x))


def sample(W, b, n_samples):
    """Ancestral; each pixel that is drawn adds its column of W to the logits of the pixels to come."""
    x = np.zeros((n_samples, len(b)))
    remaining = np.tile(b, (n_samples, 1))  # the logits so far of the pixels to come
    for d in range(len(b)):
        x[:, d] = npr.rand(n_samples) < sigmoid(remaining[:, d])
        remaining[:, d + 1 :] += np.outer(x[:, d], W[d + 1 :, d])
    return x


def n_parameters(n_visible):
    """Pixel d has a bias, and a weight from each of the d pixels before it."""
    return sum(d + 1 for d in range(n_visible))

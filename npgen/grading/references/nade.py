"""Our own functions of the exercise on NADE."""

import autograd.numpy as np
import autograd.numpy.random as npr

from npgen.distributions import bernoulli_log_prob, sigmoid


def nade_logits(W, c, V, b, x):
    """All pre-activations at once, by a cumulative sum."""
    terms = x[:, :-1, None] * W[:-1]  # (B, D - 1, H)
    none_yet = np.zeros((len(x), 1, len(c)))
    a = c + np.concatenate([none_yet, np.cumsum(terms, axis=1)], axis=1)
    return np.sum(sigmoid(a) * V, axis=2) + b


def nade_log_likelihood(W, c, V, b, x):
    """The Bernoulli log-probability of x, from the logits."""
    return bernoulli_log_prob(x, nade_logits(W, c, V, b, x))


def nade_sample(W, c, V, b, n_samples):
    """Pixel after pixel."""
    a, pixels = np.tile(c, (n_samples, 1)), []
    for d in range(len(b)):
        pixels.append(1.0 * (npr.rand(n_samples) < sigmoid(np.dot(sigmoid(a), V[d]) + b[d])))
        a = a + np.outer(pixels[d], W[d])
    return np.stack(pixels, axis=1)

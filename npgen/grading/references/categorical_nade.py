"""Our own functions of the exercise on categorical NADE."""

import autograd.numpy as np
import autograd.numpy.random as npr

from npgen.distributions import categorical_log_prob, logsumexp, sigmoid


def log_softmax(logits):
    """The logits, less the log of the sum of their exponentials."""
    return logits - logsumexp(logits, axis=-1, keepdims=True)


def categorical_nade_logits(W, c, V, b, x):
    """All pre-activations at once, by a cumulative sum."""
    pixels = np.arange(len(b))
    terms = W[pixels, x][:, :-1]  # (B, D - 1, H)
    none_yet = np.zeros((len(x), 1, len(c)))
    a = c + np.concatenate([none_yet, np.cumsum(terms, axis=1)], axis=1)
    return np.einsum("bdh,dkh->bdk", sigmoid(a), V) + b


def categorical_nade_log_likelihood(W, c, V, b, x):
    """The categorical log-probability of x, from the logits."""
    return categorical_log_prob(x, categorical_nade_logits(W, c, V, b, x))


def categorical_nade_sample(W, c, V, b, n_samples):
    """Pixel after pixel."""
    a, pixels = np.tile(c, (n_samples, 1)), []
    for d in range(len(b)):
        pixels.append(drawn(np.exp(log_softmax(np.dot(sigmoid(a), V[d].T) + b[d]))))
        a = a + W[d, pixels[d]]
    return np.stack(pixels, axis=1)


def drawn(probs):
    """One category for each row of probs (n, K)."""
    return np.sum(npr.rand(len(probs), 1) > np.cumsum(probs, axis=1)[:, :-1], axis=1)

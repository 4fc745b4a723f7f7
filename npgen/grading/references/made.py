"""Our own functions of the exercise on MADE."""

import itertools

import autograd.numpy as np
import autograd.numpy.random as npr

from npgen.distributions import bernoulli_log_prob, sigmoid


def made_degrees(ordering, hidden_sizes):
    """Layer after layer."""
    least, degrees = np.min(ordering), []
    for size in hidden_sizes:
        degrees.append(npr.randint(least, len(ordering), size))
        least = np.min(degrees[-1])
    return degrees


def made_masks(degrees):
    """Below and above, for each pair of neighbouring layers; the pixels are the last layer, too."""
    hidden = [above[None] >= below[:, None] for below, above in itertools.pairwise(degrees)]
    last = degrees[0][None] > degrees[-1][:, None]
    return tuple(mask.astype(int) for mask in (*hidden, last))


def made_logits(weights, biases, masks, x):
    """The masked pass."""
    *hidden, (W, b, M) = zip(weights, biases, masks, strict=True)
    for hidden_W, hidden_b, hidden_M in hidden:
        x = np.maximum(np.dot(x, hidden_W * hidden_M) + hidden_b, 0)
    return np.dot(x, W * M) + b


def made_log_likelihood(weights, biases, masks, x):
    """The Bernoulli log-probability of x, from the logits."""
    return bernoulli_log_prob(x, made_logits(weights, biases, masks, x))


def made_sample(weights, biases, masks, ordering, n_samples):
    """Pixel after pixel, in the order of their places."""
    x = np.zeros((n_samples, len(ordering)))
    for d in np.argsort(ordering):
        x[:, d] = npr.rand(n_samples) < sigmoid(made_logits(weights, biases, masks, x)[:, d])
    return x

"""Our own functions of the exercise on RNADE."""

import autograd.numpy as np
import autograd.numpy.random as npr

from npgen.distributions import gaussian_mixture_log_prob, sigmoid


def mixture_log_density(x, means, log_stds):
    """One variable of npgen's mixtures, with equal weights."""
    log_weights = np.full(np.shape(means), -np.log(means.shape[1]))[:, None]
    return gaussian_mixture_log_prob(x[:, None], log_weights, means[:, None], log_stds[:, None])


def rnade_conditionals(W, c, rho, V, b, x):
    """All pre-activations at once, by a cumulative sum."""
    terms = x[:, :-1, None] * W[:-1]  # (B, D - 1, H)
    none_yet = np.zeros((len(x), 1, len(c)))
    a = c + np.concatenate([none_yet, np.cumsum(terms, axis=1)], axis=1)
    return np.einsum("bdh,dhk->bdk", sigmoid(rho[:, None] * a), V) + b


def rnade_log_likelihood(W, c, rho, V, b, x):
    """npgen's density of D variables at these means and log standard deviations."""
    means, log_stds = halves(rnade_conditionals(W, c, rho, V, b, x))
    return gaussian_mixture_log_prob(x, np.full(np.shape(means), -np.log(means.shape[2])), means, log_stds)


def halves(outputs):
    """Means and log standard deviations, the K first and the K last of each variable's outputs."""
    n_components = outputs.shape[-1] // 2
    return outputs[..., :n_components], outputs[..., n_components:]


def mixture_sample(means, log_stds):
    """A component, and a number from it."""
    n, n_components = means.shape
    chosen = np.arange(n), npr.randint(0, n_components, n)
    return means[chosen] + np.exp(log_stds[chosen]) * npr.randn(n)

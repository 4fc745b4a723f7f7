"""Our own functions of the exercise on tables, histograms and the chain rule."""

import itertools

import autograd.numpy.random as npr
import numpy as np

from npgen.distributions import gaussian_log_prob


def joint_table(x, y, n_x, n_y, alpha=0.0):
    """Counts of the pairs as numbers x n_y + y."""
    counts = np.bincount(x * n_y + y, minlength=n_x * n_y).reshape(n_x, n_y)
    return (counts + alpha) / (len(x) + alpha * n_x * n_y)


def marginal_tables(joint):
    """By matrix products with ones."""
    return joint @ np.ones(joint.shape[1]), np.ones(joint.shape[0]) @ joint


def conditional_table(joint):
    """Row by row."""
    return np.array([row / row.sum() if row.sum() > 0 else np.full(len(row), 1 / len(row)) for row in joint])


def chain_rule_conditional(data, sizes, prefix, alpha=0.0):
    """Counts in plain Python."""
    k = len(prefix)
    seen = [row[k] for row in data.tolist() if row[:k] == list(prefix)]
    if not seen and alpha == 0:
        return np.full(sizes[k], 1 / sizes[k])
    return np.array([(seen.count(value) + alpha) / (len(seen) + alpha * sizes[k]) for value in range(sizes[k])])


def all_rows(sizes):
    """Every row that there can be."""
    return np.array(list(itertools.product(*map(range, sizes))))


def chain_rule_probs(data, sizes, alpha):
    """The probability of each of the rows of `all_rows`."""

    def prob(row):
        return np.prod([chain_rule_conditional(data, sizes, row[:k], alpha)[row[k]] for k in range(len(sizes))])

    return np.array([prob(row) for row in all_rows(sizes).tolist()])


def chain_rule_sample(data, sizes, n_samples, alpha=0.0):
    """Draws from the joint distribution, of which every row is enumerated."""
    probs = chain_rule_probs(data, sizes, alpha)
    return all_rows(sizes)[npr.choice(len(probs), size=n_samples, p=probs)]


def histogram_density(values, edges):
    """np.histogram has the same bins."""
    return np.histogram(values, edges, density=True)[0]


def class_gaussians(values, labels, n_classes):
    """From the sums of v and (v - mean)^2 over each class."""
    counts = np.bincount(labels, minlength=n_classes)
    means = np.bincount(labels, values, n_classes) / counts
    return means, np.sqrt(np.bincount(labels, (values - means[labels]) ** 2, n_classes) / counts)


def gaussian_log_density(x, means, stds):
    """The Gaussian density of npgen, of one variable."""
    x, means, log_stds = np.broadcast_arrays(x[:, None], means, np.log(stds))
    return gaussian_log_prob(x[..., None], means[..., None], log_stds[..., None])

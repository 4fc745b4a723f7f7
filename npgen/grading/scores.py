"""From draws of any autoregressive model to draws of N(0, 1), which `statistics.normal_problem` judges.

If x_d has the distribution function F_d, given what was drawn before, then F_d(x_d) is uniform between 0 and 1, however
many variables and values there are, and each independent of all others. Nothing has to be enumerated. The normal
quantiles of these numbers are the *scores*. Where F_d jumps, a number between F_d(x_d - 1) and F_d(x_d) is drawn.
"""

import numpy as np
from scipy import special


def of_categories(rng, x, log_probs):
    """Scores (n, D) of categories x (n, D) with log p(x_d = k | x_<d) in log_probs (n, D, K).

    The most probable category counts as the first. Draws with other probabilities take it too seldom, or too often,
    whichever it is: in the order of their numbers the errors of many conditionals would cancel.
    """
    order = np.argsort(-log_probs, axis=-1, kind="stable")
    probs = np.take_along_axis(np.exp(log_probs), order, axis=-1)
    place = np.argmax(order == x.astype(int)[..., None], axis=-1)[..., None]
    above, of_x = (np.take_along_axis(array, place, axis=-1)[..., 0] for array in (np.cumsum(probs, axis=-1), probs))
    return special.ndtri(np.clip(above - rng.random(x.shape) * of_x, 1e-12, 1 - 1e-12))


def of_binary(rng, x, logits):
    """Scores (n, D) of x (n, D), 0 or 1, with the logits (n, D) of 1."""
    return of_categories(rng, x, np.stack([-np.logaddexp(0, logits), -np.logaddexp(0, -logits)], axis=-1))


def of_gaussian_mixtures(x, means, log_stds):
    """Scores (n,) of x (n,), drawn from mixtures of K Gaussians of equal weights, means and log_stds (n, K)."""
    z = (x[:, None] - means) * np.exp(-log_stds)
    below, above = (np.mean(special.ndtr(side), axis=1) for side in (z, -z))
    return np.where(below < above, special.ndtri(np.maximum(below, 1e-12)), -special.ndtri(np.maximum(above, 1e-12)))


def of_integers(rng, x, least, most):
    """Scores of integers x, each as probable as any other from `least` to `most`; arrays of one shape."""
    return special.ndtri(np.clip((x - least + rng.random(np.shape(x))) / (most - least + 1), 1e-12, 1 - 1e-12))

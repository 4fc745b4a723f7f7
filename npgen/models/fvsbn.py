"""FVSBN: the fully visible sigmoid belief network.

    p(x) = prod_d p(x_d | x_<d)
    p(x_d = 1 | x_<d) = sigmoid( b_d + sum_{j < d} W_dj x_j )

Each pixel is a logistic regression on the pixels before it. W is strictly lower triangular, so that the logits of all D
conditionals are one matrix product, x W^T + b, and log p(x) costs O(D^2).

    params["W"]  (D (D - 1) / 2,)  the entries of W below the diagonal, row after row: W_21, W_31, W_32, W_41, ...
    params["b"]  (D,)

All D (D + 1) / 2 parameters are free: what lies on and above the diagonal of W does not exist in `params`.

Source: Frey, Hinton and Dayan 1996; under the name FVSBN, Gan, Henao, Carlson and Carin 2015 (not checked against the
papers). Departures: the initialisation below, and training by Adam, with the parameters that are best on validation.
"""

import functools

import autograd.numpy as np
import numpy as onp
from autograd.extend import defvjp, primitive

from npgen.distributions import bernoulli_log_prob, bernoulli_sample, logit_of_marginals
from npgen.errors import require_positive
from npgen.examples import as_binary


def init_params(rng, n_visible, dtype=onp.float32, *, marginals=None):
    """W ~ N(0, 0.01^2) and b = logit of the marginals, so that training starts from independent pixels.

    Parameters
    ----------
    rng : numpy.random.Generator
    n_visible : int
        D, at least 1.
    dtype : float dtype
    marginals : array (D,), optional
        p(x_d = 1), strictly between 0 and 1, for instance `npgen.data.marginals(x)`. 1/2 by default.
    """
    require_positive(n_visible=n_visible)
    return {
        "W": 0.01 * rng.standard_normal(n_visible * (n_visible - 1) // 2, dtype=dtype),
        "b": logit_of_marginals(n_visible, marginals).astype(dtype),
    }


@functools.lru_cache(maxsize=8)
def _below_diagonal(n_visible):
    """The positions of the strictly lower triangle in a flattened (D, D) matrix, row after row."""
    return onp.flatnonzero(onp.tri(n_visible, k=-1, dtype=bool))


@primitive
def strictly_lower(packed, n_visible):
    """The (D, D) matrix with `packed` (D (D - 1) / 2,) below its diagonal and zeros elsewhere."""
    matrix = onp.zeros(n_visible * n_visible, packed.dtype)
    matrix[_below_diagonal(n_visible)] = packed
    return matrix.reshape(n_visible, n_visible)


defvjp(strictly_lower, lambda ans, packed, n_visible: lambda g: np.ravel(g)[_below_diagonal(n_visible)])


def input_pixels(n_visible):
    """The pixel j of each entry W_dj of params["W"], (D (D - 1) / 2,)."""
    return _below_diagonal(n_visible) % n_visible


def conditional_logits(params, x):
    """Logits of the D conditionals p(x_d = 1 | x_<d), (n, D)."""
    W = strictly_lower(params["W"], len(params["b"]))
    return np.dot(x, W.T) + params["b"]


def log_prob(params, x):
    """log p(x) = sum_d log p(x_d | x_<d), in nats, (n,), for binary x (n, D)."""
    x = as_binary(x, len(params["b"]), params["b"].dtype)
    return bernoulli_log_prob(x, conditional_logits(params, x))


def sample(params, rng, n_samples):
    """x ~ p(x), (n_samples, D), uint8: pixel after pixel, each drawn given those before it.

    The logits of the pixels to come are kept, and x_d adds its column of W to them: O(D^2) in all, like one `log_prob`.
    """
    require_positive(n_samples=n_samples)
    b = params["b"]
    columns = onp.ascontiguousarray(strictly_lower(params["W"], len(b)).T)  # row d: what x_d adds to each logit
    logits = onp.tile(b, (n_samples, 1))
    x = onp.empty(logits.shape, onp.uint8)
    for d in range(len(b)):
        x[:, d] = bernoulli_sample(rng, logits[:, d])
        logits[:, d + 1 :] += onp.outer(x[:, d], columns[d, d + 1 :])
    return x

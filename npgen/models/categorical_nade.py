"""Categorical NADE: variables of K values instead of two.

    p(x) = prod_d p(x_d | x_<d),        p(x_d = k | x_<d) = softmax(l_d)_k

    l_d     = V_d h_d + b_d
    h_d     = sigmoid(a_d)
    a_1     = c
    a_{d+1} = a_d + W_d^T e(x_d)

With x_d as a one-hot vector e(x_d), the product selects row x_d of W_d: a_{d+1} = a_d + W[d, x_d], and no one-hot
vector is ever made. log p(x) costs O(D H) for the hidden layers and O(D K H) for the
softmaxes.

    params["W"]  (D, K, H)   W[d, k]: what x_d = k adds to the pre-activation (nothing, if d is the last)
    params["c"]  (H,)
    params["V"]  (D, K, H)   V[d, k]: the weights of category k in the conditional of x_d
    params["b"]  (D, K)

The variables are visited in their own order, or in a given `order`: a permutation of 0..D-1 whose first entry is drawn
first. The rows of the parameters belong to the variables in either case.

Source: Uria, Cote, Gregor, Murray and Larochelle 2016, the section on data that are not binary (not checked against
the paper). Departures: the grey levels of an image are categories without an order among them; the initialisation
below; training by Adam.
"""

import autograd.numpy as np
import numpy as onp

from npgen.distributions import categorical_log_prob, categorical_sample, sigmoid
from npgen.errors import InputError, require_positive
from npgen.examples import as_categories, as_order
from npgen.kernels import categorical_nade as kernel

warm_up = kernel.warm_up  # compiles; for callers who want to say so, or to start their clock afterwards

LOGITS_AT_ONCE = 2**23  # 32 MB in float32; `log_prob` has a few arrays of this size at a time


def init_params(rng, n_visible, n_categories, n_hidden, dtype=onp.float32, *, marginals=None):
    """W ~ N(0, 1/D), V ~ N(0, 0.01^2), c = 0 and b = log marginals: training starts near independent variables.

    W[d, k] has a gradient only where x_d = k, rare if K is large. From W ~ N(0, 0.01^2) the hidden layers of two
    examples hardly differ, and with K = 256 nothing was learned in 300 steps; this W gives a_D a variance of nearly 1.

    Parameters
    ----------
    rng : numpy.random.Generator
    n_visible, n_categories, n_hidden : int
        D, K and H, at least 1.
    dtype : float dtype
    marginals : array (D, K), optional
        p(x_d = k), all above 0, for instance from `marginals(x, n_categories)`. 1/K by default.
    """
    require_positive(n_visible=n_visible, n_categories=n_categories, n_hidden=n_hidden)
    D, K, H = n_visible, n_categories, n_hidden
    p = onp.full((D, K), 1 / K) if marginals is None else onp.asarray(marginals, onp.float64)
    if p.shape != (D, K) or not (p > 0).all() or not onp.allclose(p.sum(axis=1), 1):
        raise InputError(
            f"marginals: expected ({D}, {K}) probabilities above 0, rows that sum to 1; found shape {p.shape}, "
            f"least value {p.min(initial=1)}. marginals(x, n_categories) gives such values"
        )
    return {
        "W": rng.standard_normal((D, K, H), dtype=dtype) / onp.sqrt(D, dtype=dtype),
        "c": onp.zeros(H, dtype),
        "V": 0.01 * rng.standard_normal((D, K, H), dtype=dtype),
        "b": onp.log(p).astype(dtype),
    }


def marginals(x, n_categories):
    """p(x_d = k) by Laplace's rule, (number of k + 1) / (n + K), (D, K); x (n, D) in 0..K-1."""
    x = as_categories(x, onp.shape(x)[-1], n_categories)
    counts = onp.stack([onp.bincount(column, minlength=n_categories) for column in x.T])
    return (counts + 1) / (len(x) + n_categories)


def hidden_layers(x, W, c, order):
    """The D hidden layers, (D, n, H), by the equations above: the readable twin of `kernels.categorical_nade`."""
    a = np.tile(c, (len(x), 1))  # (n, H)  pre-activation of the first layer
    layers = {}
    for d in order:
        layers[d] = sigmoid(a)
        a = a + W[d, x[:, d]]  # one row for each example
    return np.stack([layers[d] for d in range(len(W))])


def conditional_logits(params, x, *, order=None):
    """Logits of p(x_d = k | the variables before d), (n, D, K), for categories x (n, D)."""
    W, c, V, b = params["W"], params["c"], params["V"], params["b"]
    x = as_categories(x, *b.shape)
    h = kernel.hidden_layers(x, W, c, as_order(order, len(b)))
    logits = np.matmul(h, np.swapaxes(V, 1, 2)) + np.expand_dims(b, 1)  # (D, n, K), one product for each d
    return np.swapaxes(logits, 0, 1)


def log_prob(params, x, *, order=None):
    """log p(x) = sum_d log p(x_d | x_<d), in nats, (n,), for x (n, D) of whole numbers in 0..K-1.

    A few examples at a time: the D K logits of an image with 196 pixels of 256 grey levels are 50 thousand, those of
    ten thousand such images would take 2 GB.
    """
    x = as_categories(x, *params["b"].shape)
    n = max(1, LOGITS_AT_ONCE // params["b"].size)
    parts = [x[start : start + n] for start in range(0, max(len(x), 1), n)]
    of_each = [categorical_log_prob(part, conditional_logits(params, part, order=order)) for part in parts]
    return np.concatenate(of_each) if len(of_each) > 1 else of_each[0]


def conditionals(params, x, *, order=None):
    """p(x_d = k | x_<d), (n, D, K): what the model expects of every variable, having seen those before."""
    logits = conditional_logits(params, x, order=order)
    unnormalised = np.exp(logits - np.max(logits, axis=-1, keepdims=True))
    return unnormalised / np.sum(unnormalised, axis=-1, keepdims=True)


def sample(params, rng, n_samples, *, order=None):
    """x ~ p(x), (n_samples, D): variable after variable, O(D H + D K H) for each example, like one `log_prob`.

    Of dtype uint8 up to K = 256.
    """
    require_positive(n_samples=n_samples)
    W, c, V, b = params["W"], params["c"], params["V"], params["b"]
    x = onp.empty((n_samples, len(b)), onp.uint8 if b.shape[1] <= 256 else onp.int64)
    a = onp.tile(c, (n_samples, 1))
    for d in as_order(order, len(b)):
        x[:, d] = categorical_sample(rng, onp.dot(sigmoid(a), V[d].T) + b[d])
        a += W[d, x[:, d]]
    return x

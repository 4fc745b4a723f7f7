"""Orderless NADE: one network for the conditionals of every ordering, and ensembles of orderings (EoNADE).

    p(x_d = 1 | x_o) = sigmoid(V_d . h_L + b_d)                 for every pixel d outside the set o
    h_1 = relu(a),      a = c + sum_{j in o} (x_j W_j + M_j)
    h_l = relu(h_{l-1} U_l + c_l)                               l = 2 ... L

The network is given which pixels are observed, o, and their values, and says something about all others. It is trained
on random o of random size |o| = 0 ... D - 1: the D - |o| terms that it predicts, times D / (D - |o|), are an unbiased
estimate of the mean of -log p(x) over all D! orderings. Any of these can then be followed, pixel after pixel, as NADE
follows its one: each makes a distribution, and so does the mean of several,

    p(x) = (1 / S) sum_s p(x, in the ordering s).

    params["W"]       (D, H_1)  what an observed x_j = 1 adds to the pre-activation
    params["M"]       (D, H_1)  what it adds that x_j is observed
    params["c"]       (H_1,)
    params["hidden"]  [(U, c), ...]  the layers 2 ... L; empty with one layer
    params["V"]       (H_L, D)
    params["b"]       (D,)

Source: Uria, Murray and Larochelle 2014, "A deep and tractable density estimator", sections 2 and 3; Uria et al. 2016,
sections 2.1 to 2.3 (not checked against the papers). Departures: |o| is drawn as in `observe`; the initialisation
below; training by Adam, with the parameters that are best on validation.
"""

import math

import autograd.numpy as np
import numpy as onp

from npgen.distributions import (
    as_binary,
    as_examples,
    as_order,
    bernoulli_sample,
    logit_of_marginals,
    logsumexp,
    softplus,
)
from npgen.errors import InputError, require_positive
from npgen.nn import affine, init_net_params, relu


def init_params(rng, n_visible, hidden_sizes, dtype=onp.float32, *, marginals=None):
    """W, M and V ~ N(0, 0.01^2), further layers as `nn.init_net_params`, and b = logit of the marginals.

    So training starts from independent pixels.

    Parameters
    ----------
    rng : numpy.random.Generator
    n_visible : int
        D, at least 1.
    hidden_sizes : sequence of int
        H_1, ..., H_L, at least one.
    dtype : float dtype
    marginals : array (D,), optional
        p(x_d = 1), strictly between 0 and 1, for instance `npgen.data.marginals(x)`. 1/2 by default.
    """
    require_positive(n_visible=n_visible)
    return {
        "W": 0.01 * rng.standard_normal((n_visible, hidden_sizes[0]), dtype=dtype),
        "M": 0.01 * rng.standard_normal((n_visible, hidden_sizes[0]), dtype=dtype),
        "c": onp.zeros(hidden_sizes[0], dtype),
        "hidden": init_net_params(rng, hidden_sizes, dtype=dtype) if len(hidden_sizes) > 1 else [],
        "V": 0.01 * rng.standard_normal((hidden_sizes[-1], n_visible), dtype=dtype),
        "b": logit_of_marginals(n_visible, marginals).astype(dtype),
    }


# --- training --------------------------------------------------------------------------------------------------------


def logits_given(params, x, observed):
    """Logits of p(x_d = 1 | x_o), (n, D), for x (n, D) and o as an array of 0 and 1; of no use where d is in o."""
    a = np.dot(x * observed, params["W"]) + np.dot(observed, params["M"]) + params["c"]
    return affine(_last_layer(params, a), params["V"], params["b"])


def _last_layer(params, a):
    """h_L, (n, H_L), from the pre-activations of the first layer."""
    h = relu(a)
    for U, c in params["hidden"]:
        h = relu(affine(h, U, c))
    return h


def observe(rng, shape, dtype):
    """Random sets of observed pixels, (n, D) of 0 and 1: every size from 0 to D is as likely as every other.

    Each row draws a probability, uniform between 0 and 1, and each of its pixels is observed with that: the number of
    ones of such a row is uniform, and all sets of one size are equally likely.
    """
    return (rng.random(shape, dtype=dtype) < rng.random((shape[0], 1), dtype=dtype)).astype(dtype)


def random_objective(params, rng, x):
    """An unbiased estimate of the mean over all orderings of log p(x), in nats, (n,), differentiable.

        D / (D - |o|) sum_{d not in o} log p(x_d | x_o)                |o| uniform from 0 to D - 1

    `observe` draws |o| from 0 to D, where nothing is left to predict: such a row counts 0, the others (D + 1) / D more.
    """
    D, dtype = len(params["b"]), params["b"].dtype
    x = as_binary(x, D, dtype)
    observed = observe(rng, x.shape, dtype)
    n_missing = D - observed.sum(axis=1, keepdims=True)
    weights = (1 - observed) * ((D + 1) / onp.maximum(n_missing, 1)).astype(dtype)
    return _weighted_log_prob(weights, x, logits_given(params, x, observed))


def _weighted_log_prob(weights, x, logits):
    return np.sum(weights * (x * logits - softplus(logits)), axis=1)


# --- one ordering, pixel after pixel ---------------------------------------------------------------------------------


def ordering(number, n_visible):
    """The ordering `number`: the same permutation of 0 ... D - 1 each time."""
    return onp.random.default_rng(number).permutation(n_visible)


def log_prob_in_order(params, x, order):
    """log p(x) with the pixels in this order, in nats, (n,): O(D H) for an image, O(D H^2) for each further layer.

    As in NADE, what is observed enters the pre-activation of the first layer term by term.
    """
    a = np.tile(params["c"], (len(x), 1))
    terms = []
    for d in as_order(order, len(params["b"])):
        logit = np.dot(_last_layer(params, a), params["V"][:, d]) + params["b"][d]
        terms.append(x[:, d] * logit - softplus(logit))
        a = a + np.outer(x[:, d], params["W"][d]) + params["M"][d]
    return sum(terms)


def log_prob(params, x, *, n_orderings=1):
    """log (1 / S) sum_s p(x, in the ordering s), in nats, (n,), for binary x (n, D): EoNADE with S fixed orderings."""
    D = len(params["b"])
    x = as_binary(x, D, params["b"].dtype)
    of_each = [log_prob_in_order(params, x, ordering(s, D)) for s in range(n_orderings)]
    return logsumexp(np.stack(of_each), axis=0) - math.log(n_orderings)


def sample(params, rng, n_samples, *, n_orderings=1):
    """x ~ p(x), (n_samples, D), uint8: each sample follows one of the S orderings, at the cost of one `log_prob`."""
    require_positive(n_samples=n_samples)
    D = len(params["b"])
    x = onp.empty((n_samples, D), onp.uint8)
    drawn = rng.integers(n_orderings, size=n_samples)
    for s in range(n_orderings):
        rows = onp.flatnonzero(drawn == s)
        nothing = onp.zeros((len(rows), D), onp.uint8)
        x[rows] = _visit(params, rng, nothing, ordering(s, D), onp.tile(params["c"], (len(rows), 1)))
    return x


def complete(params, rng, x, observed):
    """x (n, D), uint8, with every pixel outside the set `observed` drawn given those in it, in a random order.

    A draw of p(x | x_o), whatever is observed: that is what the network was trained for. The order is drawn anew for
    each call.

    Parameters
    ----------
    params : dict
    rng : numpy.random.Generator
    x : array (n, D) of 0 and 1
        Looked at only where `observed`.
    observed : bool array (D,)
        The same for all examples.

    Raises
    ------
    InputError
        If the shapes do not fit, or x is not binary where it is observed.
    """
    D, dtype = len(params["b"]), params["b"].dtype
    x = as_examples(x, D)
    observed = onp.asarray(observed)
    if observed.dtype != bool or observed.shape != (D,):
        raise InputError(f"observed: expected booleans of shape ({D},); found {observed.dtype} {observed.shape}")
    x = as_binary(onp.where(observed, x, 0), D, onp.uint8)
    seen = x[:, observed].astype(dtype)
    a = params["c"] + onp.dot(seen, params["W"][observed]) + params["M"][observed].sum(axis=0)
    return _visit(params, rng, x, rng.permutation(onp.flatnonzero(~observed)), a)


def _visit(params, rng, x, order, a):
    """Draw the pixels of `order` one after another, given the pre-activations `a` (n, H_1) of what is observed."""
    for d in order:
        logit = onp.dot(_last_layer(params, a), params["V"][:, d]) + params["b"][d]
        x[:, d] = bernoulli_sample(rng, logit)
        a += onp.outer(x[:, d].astype(a.dtype), params["W"][d]) + params["M"][d]
    return x

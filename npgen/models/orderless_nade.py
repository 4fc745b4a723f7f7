"""Orderless NADE: one network for the conditionals of every ordering, and ensembles of orderings (EoNADE).

    p(x_d = 1 | x_o) = sigmoid(l_d)                             for every pixel d outside the set o

    h_1 = relu(c + sum_{j in o} (t_j W_j + r M_j))              t_j = x_j - mu_j
    h_i = relu(h_{i-1} U_i + c_i)                               i = 2 ... L
    l   = h_L V + b  [+ sum_{j in o} t_j A_j]

The network is given which pixels are observed, o, and their values, and says something about all others. It is trained
on random o: with a size |o| uniform in 0 ... D - 1, the D - |o| terms that it predicts, times D / (D - |o|), are an
unbiased estimate of the mean of log p(x) over all D! orderings. Any of these can then be followed, pixel after pixel,
as NADE follows its one: each makes a distribution, and so does the mean of several,

    p(x) = (1 / S) sum_s p(x, in the ordering s).

A mean of logs is at most the log of the mean: what is trained is a lower bound for the ensemble of all orderings.

    params["mu"]      (D,)      what the values are counted from: the marginals of the data, which are not trained
    params["r"]       ()        what the network is told of a pixel that is observed; not trained, 1 in the paper
    params["W"]       (D, H_1)  what the value of an observed pixel adds to the pre-activation
    params["M"]       (D, H_1)  what it adds that the pixel is observed, times r
    params["c"]       (H_1,)
    params["hidden"]  [(U, c), ...]  the layers 2 ... L; empty with one layer
    params["V"]       (H_L, D)
    params["b"]       (D,)
    params["A"]       (D, D)    direct connections; only where they were asked for

Source: Uria, Murray and Larochelle 2014, "A deep and tractable density estimator", sections 2 and 3; Uria et al. 2016,
the sections on orderless training and on deep NADE (not checked against the papers). Departures, with which training
takes fewer steps: the mu_j (x_j - mu_j, unlike x_j, is uncorrelated with the 1 beside it); the sizes |o| are drawn as
in `observe`; and, where they are asked for, an r below 1 and direct connections, as MADE has them (what its neighbours
say of a pixel then does not have to pass through the hidden units). Both over-fit sooner where examples are few.
Besides, the initialisation below; training by Adam, with the parameters that are best on validation, or their mean
(`npgen.optim.averaging`, on MNIST).
"""

import functools
import math

import autograd.numpy as np
import numpy as onp
from scipy.special import gammaln

from npgen.autodiff import constant
from npgen.distributions import bernoulli_sample, logit_of_marginals, logsumexp, sigmoid, softplus
from npgen.errors import InputError, require_layers, require_positive
from npgen.examples import as_binary, as_examples, as_order
from npgen.nn import affine, init_net_params, linear, relu


def init_params(rng, n_visible, hidden_sizes, dtype=onp.float32, *, marginals=None, direct=False, observed_input=1.0):
    """W, M, V and A ~ N(0, 0.01^2), further layers as `nn.init_net_params`, mu = the marginals and b = their logits.

    So training starts near independent pixels.

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
    direct : bool
        Whether there are direct connections A from the observed pixels to the logits of the others.
    observed_input : float
        r. Adam moves every weight about equally far, however little its gradient says of it; nearly all M_j of a unit
        act at once, and so do their random steps, whose sum is about sqrt(D) times as long as one. On MNIST, with two
        layers and direct connections, 4000 steps reach 96.9 validation nats with r = 0.1, and 100.1 with r = 1.
    """
    require_layers(n_visible, hidden_sizes)
    if not 0 < observed_input < math.inf:
        raise InputError(f"observed_input: expected a finite number above 0; found {observed_input!r}")
    b = logit_of_marginals(n_visible, marginals)
    params = {
        "mu": sigmoid(b).astype(dtype),
        "r": onp.asarray(observed_input, dtype),
        "W": 0.01 * rng.standard_normal((n_visible, hidden_sizes[0]), dtype=dtype),
        "M": 0.01 * rng.standard_normal((n_visible, hidden_sizes[0]), dtype=dtype),
        "c": onp.zeros(hidden_sizes[0], dtype),
        "hidden": init_net_params(rng, hidden_sizes, dtype=dtype) if len(hidden_sizes) > 1 else [],
        "V": 0.01 * rng.standard_normal((hidden_sizes[-1], n_visible), dtype=dtype),
        "b": b.astype(dtype),
    }
    if direct:
        params["A"] = 0.01 * rng.standard_normal((n_visible, n_visible), dtype=dtype)
    return params


# --- training --------------------------------------------------------------------------------------------------------


def logits_given(params, x, observed):
    """Logits of p(x_d = 1 | x_o), (n, D), for x (n, D) and o as an array of 0 and 1; of no use where d is in o."""
    t = (x - constant(params["mu"])) * observed
    a = linear(t, params["W"]) + linear(constant(params["r"]) * observed, params["M"]) + params["c"]
    logits = affine(_last_layer(params, a), params["V"], params["b"])
    return logits + linear(t, params["A"]) if "A" in params else logits


def _last_layer(params, a):
    """h_L, (n, H_L), from the pre-activations of the first layer."""
    h = relu(a)
    for U, c in params["hidden"]:
        h = relu(affine(h, U, c))
    return h


def observe(rng, shape, dtype):
    """Random sets of observed pixels, (n, D) of 0 and 1, in which k pixels are missing about as often as 1 / sqrt(k).

    A row draws u, uniform between 0 and 1, and each of its pixels is missing with probability u^2: `p_missing` says how
    likely each k is, and all sets of one size are equally likely. The n numbers u are spread out, one in each nth of
    the interval, so that every batch has sets of all sizes.
    """
    n = shape[0]
    u = (rng.permutation(n) + rng.random(n)) / n
    return (rng.random(shape, dtype=dtype) >= (u * u).astype(dtype)[:, None]).astype(dtype)


@functools.lru_cache(maxsize=8)
def p_missing(n_visible):
    """The probability that a row of `observe` misses k pixels, for k = 0 ... D, (D + 1,).

        p(k) = integral_0^1 C(D, k) m^k (1 - m)^(D - k) dm / (2 sqrt(m)) = D! Gamma(k + 1/2) / (2 k! Gamma(D + 3/2))

    It is the beta-binomial distribution, for m = u^2 has the density 1 / (2 sqrt(m)), a Beta(1/2, 1).
    """
    k = onp.arange(n_visible + 1)
    log_p = gammaln(n_visible + 1) + gammaln(k + 0.5) - gammaln(k + 1) - gammaln(n_visible + 1.5)
    return 0.5 * onp.exp(log_p)


def random_objective(params, rng, x):
    """An unbiased estimate of the mean over all orderings of log p(x), in nats, (n,), differentiable.

        1 / (k p(k)) sum_{d not in o} log p(x_d | x_o)                 k = D - |o|, with probability p(k)

    With p(k) = 1 / D for every k from 1 to D, this is the paper's D / (D - |o|) times the sum. There a single missing
    pixel counts D times, and such rows make the gradient noisy: if the k terms of a row were independent, its noise
    would be D / sqrt(k), and the best p(k) proportional to that (importance sampling). So `observe` draws them more
    often, and they count less. Where nothing is missing there is nothing to predict: 0.
    """
    D, dtype = len(params["b"]), params["b"].dtype
    x = as_binary(x, D, dtype)
    observed = observe(rng, x.shape, dtype)
    k = D - observed.sum(axis=1, keepdims=True).astype(int)
    weights = (1 - observed) / (onp.maximum(k, 1) * p_missing(D)[k]).astype(dtype)
    logits = logits_given(params, x, observed)
    return np.sum(weights * (x * logits - softplus(logits)), axis=1)


# --- one ordering, pixel after pixel ---------------------------------------------------------------------------------


def ordering(number, n_visible):
    """The ordering `number`: each time the same permutation of 0 ... D - 1, from a generator that NumPy has frozen."""
    return onp.random.RandomState(number).permutation(n_visible)


def log_prob_in_order(params, x, order):
    """log p(x) with the pixels in this order, in nats, (n,): O(D^2 + D H), and O(D H^2) for each further layer.

    As in NADE, what is observed enters the pre-activation of the first layer term by term.
    """
    order = as_order(order, len(params["b"]))
    x = as_binary(x, len(order), params["b"].dtype)
    place = onp.argsort(order)
    t = x - constant(params["mu"])
    M = constant(params["r"]) * params["M"]
    direct = np.tile(params["b"], (len(x), 1))  # what does not pass through the hidden layers
    if "A" in params:
        direct = direct + np.dot(t, params["A"] * (place[:, None] < place))  # from the pixels before each
    a = np.tile(params["c"], (len(x), 1))
    terms = []
    for d in order:
        logit = np.dot(_last_layer(params, a), params["V"][:, d]) + direct[:, d]
        terms.append(x[:, d] * logit - softplus(logit))
        a = a + np.outer(t[:, d], params["W"][d]) + M[d]
    return sum(terms)


def log_prob(params, x, *, n_orderings=1):
    """log (1 / S) sum_s p(x, in the ordering s), in nats, (n,), for binary x (n, D): EoNADE with S fixed orderings."""
    require_positive(n_orderings=n_orderings)
    D = len(params["b"])
    of_each = [log_prob_in_order(params, x, ordering(s, D)) for s in range(n_orderings)]
    return logsumexp(np.stack(of_each), axis=0) - math.log(n_orderings)


def sample(params, rng, n_samples, *, n_orderings=1):
    """x ~ p(x), (n_samples, D), uint8: each sample follows one of the S orderings, at the cost of one `log_prob`."""
    require_positive(n_samples=n_samples, n_orderings=n_orderings)
    D = len(params["b"])
    x = onp.zeros((n_samples, D), onp.uint8)
    drawn = rng.integers(n_orderings, size=n_samples)
    for s in onp.unique(drawn):
        rows = onp.flatnonzero(drawn == s)
        x[rows] = _visit(params, rng, x[rows], [], ordering(s, D))
    return x


def complete(params, rng, x, observed):
    """x (n, D), uint8, with every pixel outside the set `observed` drawn given those in it, in a random order.

    Whatever is observed: that is what the network was trained for. It is an exact draw for the ordering that visits the
    observed pixels first and then the others in a random order, the same for all rows of one call. It is not a
    conditional of the mixture that `log_prob` and `sample` describe, whose orderings are others.

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
    D = len(params["b"])
    x = as_examples(x, D)
    observed = onp.asarray(observed)
    if observed.dtype != bool or observed.shape != (D,):
        raise InputError(f"observed: expected booleans of shape ({D},); found {observed.dtype} {observed.shape}")
    x = as_binary(onp.where(observed, x, 0), D, onp.uint8)
    return _visit(params, rng, x, onp.flatnonzero(observed), rng.permutation(onp.flatnonzero(~observed)))


def _visit(params, rng, x, seen, order):
    """Draw the pixels of `order` one after another, given those that are `seen`."""
    s = x[:, seen] - params["mu"][seen]
    M = params["r"] * params["M"]
    a = params["c"] + onp.dot(s, params["W"][seen]) + M[seen].sum(axis=0)
    direct = onp.tile(params["b"], (len(x), 1))
    if "A" in params:
        direct += onp.dot(s, params["A"][seen])
    for d in order:
        x[:, d] = bernoulli_sample(rng, onp.dot(_last_layer(params, a), params["V"][:, d]) + direct[:, d])
        s_d = x[:, d] - params["mu"][d]
        a += onp.outer(s_d, params["W"][d]) + M[d]
        if "A" in params:
            direct += onp.outer(s_d, params["A"][d])
    return x

"""Densities, divergences and samplers of the distributions that the models are made of.

Log-densities are per example, in nats, and summed over the variables of an example. They take *logits* and *log
standard deviations*, never probabilities and variances: every formula stays finite where exp or log would not. Arrays
that would only fit by broadcasting are refused, because (n, 1) against (n,) broadcasts to (n, n) without a word.

`sigmoid`, `softplus`, `logsumexp` and `bernoulli_log_prob` are primitives of autograd with their derivative beside
them, written with `autograd.numpy`, so they can be differentiated again.
"""

import math

import autograd.numpy as np
import numpy as onp
from autograd.extend import defvjp, primitive

from npgen.errors import InputError

LOG_2PI = math.log(2 * math.pi)

# --- functions of a real number --------------------------------------------------------------------------------------


@primitive
def sigmoid(x):
    """1 / (1 + exp(-x)), of any shape, without overflow and to full relative precision on both sides.

    >>> float(sigmoid(-1000.0)), float(sigmoid(0.0)), float(sigmoid(1000.0))
    (0.0, 0.5, 1.0)
    """
    small = onp.exp(-onp.abs(x))  # <= 1: cannot overflow
    return onp.where(onp.asarray(x) >= 0, 1, small) / (1 + small)


defvjp(sigmoid, lambda probs, x: lambda g: g * probs * (1 - probs))


@primitive
def softplus(x):
    """log(1 + exp(x)) = max(x, 0) + log(1 + exp(-|x|)), of any shape, without overflow.

    >>> float(softplus(1000.0)), float(softplus(-1000.0))
    (1000.0, 0.0)
    """
    return onp.maximum(x, 0) + onp.log1p(onp.exp(-onp.abs(x)))


defvjp(softplus, lambda ans, x: lambda g: g * sigmoid(x))


@primitive
def logsumexp(x, axis=-1, keepdims=False):
    """log sum_k exp(x_k) along one axis; -inf where every x_k is.

    >>> float(logsumexp(onp.array([-1000.0, -1000.0]))) == -1000.0 + math.log(2)
    True
    """
    x = onp.asarray(x)
    largest = onp.max(x, axis=axis, keepdims=True)
    largest = onp.where(onp.isfinite(largest), largest, onp.zeros_like(largest))  # inf - inf would be nan
    with onp.errstate(divide="ignore"):  # log 0 = -inf is the answer where every x_k is -inf
        result = largest + onp.log(onp.sum(onp.exp(x - largest), axis=axis, keepdims=True))
    return result if keepdims else onp.squeeze(result, axis=axis)


def _logsumexp_vjp(ans, x, axis=-1, keepdims=False):
    total = ans if keepdims else np.expand_dims(ans, axis)
    weights = np.exp(x - np.where(np.isfinite(total), total, 0.0))  # softmax(x); zero where every x_k is -inf
    return lambda g: (g if keepdims else np.expand_dims(g, axis)) * weights


defvjp(logsumexp, _logsumexp_vjp)


# --- Bernoulli -------------------------------------------------------------------------------------------------------


@primitive
def bernoulli_log_prob(targets, logits):
    """sum_d t_d log s_d + (1 - t_d) log(1 - s_d) with s = sigmoid(logits), in nats, (...).

    With s = sigmoid(l), log s = l - softplus(l) and log(1 - s) = -softplus(l), so that a term is

        t l - softplus(l) = t l - max(l, 0) - log(1 + exp(-|l|)),

    finite at any finite logit. For binary targets t l - max(l, 0) is exact; for grey ones it is off by l's rounding.

    Parameters
    ----------
    targets : array (..., D)
        In [0, 1]; grey values give the negated cross-entropy, which is not the density of a grey image.
    logits : array (..., D), the same shape

    Returns
    -------
    array (...)
        nats, summed over the last axis.

    Raises
    ------
    ValueError
        If the shapes differ, or a target is outside [0, 1].

    Examples
    --------
    >>> bernoulli_log_prob(onp.array([[1.0, 0.0]]), onp.array([[1e4, 1e4]]))
    array([-10000.])
    """
    targets, logits = onp.asarray(targets), onp.asarray(logits)
    _require_same_shape(targets=targets, logits=logits)
    if targets.size and not (targets.min() >= 0 and targets.max() <= 1):
        raise ValueError(f"targets: expected values in [0, 1]; found {targets.min()} to {targets.max()}")
    terms = onp.abs(logits)
    onp.negative(terms, out=terms)  # in place: fresh memory would cost as much as the arithmetic
    onp.log1p(onp.exp(terms, out=terms), out=terms)
    linear = onp.maximum(logits, 0)
    linear -= targets * logits  # first of the two: log(1 + exp(-37)) would be lost beside 37
    terms += linear
    return -onp.sum(terms, axis=-1)


@primitive
def _residual(targets, logits):
    """t - sigmoid(l): what the gradient of t log s + (1 - t) log(1 - s) with respect to l is."""
    residual = 0.5 * logits
    onp.tanh(residual, out=residual)
    residual *= -0.5
    residual += targets
    residual -= 0.5
    return residual


defvjp(_residual, None, lambda ans, targets, logits: lambda g: g * sigmoid(logits) * (sigmoid(logits) - 1))

defvjp(
    bernoulli_log_prob,
    lambda ans, targets, logits: lambda g: g[..., None] * logits,
    lambda ans, targets, logits: lambda g: g[..., None] * _residual(targets, logits),
)


def bernoulli_sample(rng, logits):
    """x_d ~ Bernoulli(sigmoid(logits_d)), uint8 of the shape of `logits`."""
    return (rng.random(logits.shape, dtype=logits.dtype) < sigmoid(logits)).astype(onp.uint8)


def as_binary(x, n_visible, dtype):
    """The examples `x` (n, D) in `dtype`, after a check that they are binary: other values have no probability.

    Raises
    ------
    ValueError
        Unless `x` has the shape (n, n_visible) and every value is 0 or 1.
    """
    x = onp.asarray(x)
    if x.ndim != 2 or x.shape[1] != n_visible:
        raise ValueError(f"expected examples of shape (n, {n_visible}); found {x.shape}")
    outside = (x != 0) & (x != 1)
    if outside.any():
        how = "dataset.thresholded() and dataset.sampled(rng) of npgen.data make grey images binary"
        raise ValueError(f"expected data in {{0, 1}}; found {x[outside][0]}. {how}")
    return x.astype(dtype, copy=False)


def logit_of_marginals(n_visible, marginals=None):
    """log(p / (1 - p)), (D,): the biases that give independent pixels these marginals; zeros where none are given.

    Raises
    ------
    InputError
        Unless `marginals` has shape (D,) and lies strictly between 0 and 1, where the logit is finite.
    """
    if marginals is None:
        return onp.zeros(n_visible)
    marginals = onp.asarray(marginals, onp.float64)
    if marginals.shape != (n_visible,) or not ((marginals > 0) & (marginals < 1)).all():
        raise InputError(
            f"marginals: expected ({n_visible},) values strictly between 0 and 1; found shape {marginals.shape}, "
            f"from {marginals.min(initial=1)} to {marginals.max(initial=0)}. npgen.data.marginals gives such values"
        )
    return onp.log(marginals) - onp.log1p(-marginals)


# --- categorical -----------------------------------------------------------------------------------------------------


@primitive
def categorical_log_prob(targets, logits):
    """sum over the variables of log softmax(logits)[target], in nats, (n,).

    Parameters
    ----------
    targets : integer array (n, ...)
        In 0..K-1.
    logits : array (n, ..., K)
        One more axis than `targets`.

    Returns
    -------
    array (n,)
        nats, summed over every axis but the first.

    Raises
    ------
    ValueError
        If the shapes do not fit, or a target is not an integer in 0..K-1.
    """
    targets, logits = onp.asarray(targets), onp.asarray(logits)
    if logits.shape[:-1] != targets.shape:
        raise ValueError(f"expected logits of shape targets.shape + (K,); found {logits.shape} for {targets.shape}")
    n_categories = logits.shape[-1]
    if not onp.issubdtype(targets.dtype, onp.integer) or (
        targets.size and not (targets.min() >= 0 and targets.max() < n_categories)
    ):
        raise ValueError(f"targets: expected integers in 0..{n_categories - 1}; found {targets.dtype} {targets}")
    chosen = onp.take_along_axis(logits, targets[..., None], axis=-1)[..., 0]
    log_probs = chosen - logsumexp(logits, axis=-1)
    return onp.sum(log_probs.reshape(len(targets), -1), axis=-1)


def _categorical_vjp(ans, targets, logits):
    one_hot = targets[..., None] == onp.arange(logits.shape[-1])
    softmax = np.exp(logits - logsumexp(logits, axis=-1, keepdims=True))
    return lambda g: np.reshape(g, (-1, *[1] * (logits.ndim - 1))) * (one_hot - softmax)


defvjp(categorical_log_prob, None, _categorical_vjp, argnums=(0, 1))


def categorical_sample(rng, logits):
    """k ~ softmax(logits) along the last axis: integers of shape `logits.shape[:-1]`.

    By the Gumbel-max trick: argmax_k (logits_k + Gumbel noise) has exactly these probabilities.
    """
    return onp.argmax(logits + rng.gumbel(size=logits.shape), axis=-1)


# --- Gaussian --------------------------------------------------------------------------------------------------------


def gaussian_log_prob(x, mean, log_std):
    """log N(x; mean, diag(exp(log_std)^2)), in nats, (...): the sum over d of

        -(x_d - mean_d)^2 / (2 sigma_d^2) - log sigma_d - log(2 pi) / 2.

    Parameters
    ----------
    x, mean, log_std : arrays (..., D) of one shape

    Returns
    -------
    array (...)
        nats, summed over the last axis.

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    _require_same_shape(x=x, mean=mean, log_std=log_std)
    standardised = (x - mean) * np.exp(-log_std)
    return -np.sum(0.5 * standardised * standardised + log_std + 0.5 * LOG_2PI, axis=-1)


@primitive
def gaussian_kl(mean, log_std):
    """KL( N(mean, diag(exp(log_std)^2)) || N(0, I) ) >= 0, in nats, (...).

        sum_d ( mean_d^2 + sigma_d^2 - 1 ) / 2 - log sigma_d

    Source: Kingma and Welling 2014, appendix B, which gives its negative.

    Parameters
    ----------
    mean, log_std : arrays (..., D) of one shape

    Returns
    -------
    array (...)
        nats, summed over the last axis.

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    _require_same_shape(mean=mean, log_std=log_std)
    return onp.sum(0.5 * (mean * mean + onp.exp(2 * log_std) - 1) - log_std, axis=-1)


defvjp(
    gaussian_kl,
    lambda ans, mean, log_std: lambda g: g[..., None] * mean,
    lambda ans, mean, log_std: lambda g: g[..., None] * (np.exp(2 * log_std) - 1),
)


def gaussian_sample(rng, mean, log_std):
    """mean + exp(log_std) * noise with noise ~ N(0, I): a sample that is differentiable in `mean` and `log_std`.

    The reparameterisation of Kingma and Welling 2014, section 2.4. The noise has the shape and dtype of `mean`.
    """
    _require_same_shape(mean=mean, log_std=log_std)
    return _shift_and_scale(rng.standard_normal(mean.shape, dtype=mean.dtype), mean, log_std)


@primitive
def _shift_and_scale(noise, mean, log_std):
    return mean + onp.exp(log_std) * noise


defvjp(
    _shift_and_scale,
    None,
    lambda z, noise, mean, log_std: lambda g: g,
    lambda z, noise, mean, log_std: lambda g: g * noise * np.exp(log_std),
)


def _require_same_shape(**arrays):
    shapes = {name: onp.shape(array) for name, array in arrays.items()}
    if len(set(shapes.values())) > 1:
        found = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
        raise ValueError(f"expected arrays of one shape (nothing is broadcast); found {found}")

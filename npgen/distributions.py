"""Densities, divergences and samplers of the distributions that the models are made of.

Log-densities are per example, in nats, and summed over the variables of an example. They take *logits* and *log
standard deviations*, never probabilities and variances: every formula stays finite where exp or log would not. Arrays
that would only fit by broadcasting are refused, because (n, 1) against (n,) broadcasts to (n, n) without a word.

What training spends its time on is a primitive of autograd with its derivative beside it. Those of `sigmoid`,
`softplus`, `logsumexp` and `bernoulli_log_prob` are written with `autograd.numpy`, so they can be differentiated again.
"""

import math

import autograd.numpy as np
import numpy as onp
from autograd.extend import defvjp, defvjp_argnums, primitive

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


defvjp(
    _residual,
    lambda ans, targets, logits: lambda g: g,
    lambda ans, targets, logits: lambda g: g * sigmoid(logits) * (sigmoid(logits) - 1),
)

defvjp(
    bernoulli_log_prob,
    lambda ans, targets, logits: lambda g: g[..., None] * logits,
    lambda ans, targets, logits: lambda g: g[..., None] * _residual(targets, logits),
)


def bernoulli_sample(rng, logits):
    """x_d ~ Bernoulli(sigmoid(logits_d)), uint8 of the shape of `logits`."""
    return (rng.random(logits.shape, dtype=logits.dtype) < sigmoid(logits)).astype(onp.uint8)


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
    return onp.sum(log_probs, axis=tuple(range(1, log_probs.ndim)))


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


# --- mixtures --------------------------------------------------------------------------------------------------------
#
# One-dimensional mixtures, one for each variable: p(x_d) = sum_k pi_dk f((x_d - mu_dk) / s_dk) / s_dk, with a standard
# density f. All that is asked of f are log f(z) and its slope, -d log f / dz.


def _log_standard_gaussian(z):
    return -0.5 * (z * z) - 0.5 * LOG_2PI


def _log_standard_logistic(z):
    """log of exp(-z) / (1 + exp(-z))^2, which is even in z."""
    return -np.abs(z) - 2 * np.log1p(np.exp(-np.abs(z)))


def _mixture_of(log_standard, slope):
    """The log-density of a mixture of location-scale densities, a primitive, from log f and -d log f / dz.

    With the responsibilities r_k = p(k | x) and z_k = (x - mu_k) / s_k, the derivatives of log p(x) are

        d / d log pi_k = r_k      d / d mu_k = r_k slope(z_k) / s_k      d / d log s_k = r_k (z_k slope(z_k) - 1)
    """

    def standardised(x, means, log_scales):
        return (np.expand_dims(x, -1) - means) * np.exp(-log_scales)

    @primitive
    def log_density(x, log_weights, means, log_scales):
        log_joint = log_standard(standardised(x, means, log_scales)) - log_scales + log_weights
        return logsumexp(log_joint, axis=-1)

    def vjps(argnums, ans, args, kwargs):
        x, log_weights, means, log_scales = args
        z = standardised(x, means, log_scales)
        slopes = slope(z)
        joint = log_standard(z) - log_scales + log_weights
        r = np.exp(joint - np.expand_dims(np.where(np.isfinite(ans), ans, 0.0), -1))

        def vjp(g):
            weighted = np.expand_dims(g, -1) * r
            towards_means = weighted * slopes * np.exp(-log_scales)
            gradients = (
                lambda: -np.sum(towards_means, axis=-1),
                lambda: weighted,
                lambda: towards_means,
                lambda: weighted * (z * slopes - 1),
            )
            return [gradients[k]() for k in argnums]

        return vjp

    defvjp_argnums(log_density, vjps)
    return log_density


_gaussian_mixture = _mixture_of(_log_standard_gaussian, lambda z: z)
_logistic_mixture = _mixture_of(_log_standard_logistic, lambda z: np.tanh(0.5 * z))


def gaussian_mixture_log_prob(x, log_weights, means, log_scales):
    """sum_d log sum_k pi_dk N(x_d; mu_dk, sigma_dk^2), in nats, (...): a mixture for each variable, independently.

    Parameters
    ----------
    x : array (..., D)
    log_weights : array (..., D, K)
        log pi, normalised: logsumexp over the last axis is 0.
    means, log_scales : arrays (..., D, K)
        mu and log sigma.

    Returns
    -------
    array (...)
        nats, summed over the variables.

    Raises
    ------
    ValueError
        If the shapes do not fit.
    """
    _require_mixture_shapes(x, log_weights=log_weights, means=means, log_scales=log_scales)
    return np.sum(_gaussian_mixture(x, log_weights, means, log_scales), axis=-1)


def logistic_mixture_log_prob(x, log_weights, means, log_scales):
    """sum_d log sum_k pi_dk f((x_d - mu_dk) / s_dk) / s_dk, in nats, (...), with f(z) = sigmoid(z) sigmoid(-z).

    The standard deviation of a component is pi / sqrt(3) times its scale s. Arguments, result and errors as
    `gaussian_mixture_log_prob`.
    """
    _require_mixture_shapes(x, log_weights=log_weights, means=means, log_scales=log_scales)
    return np.sum(_logistic_mixture(x, log_weights, means, log_scales), axis=-1)


def gaussian_mixture_sample(rng, log_weights, means, log_scales):
    """k ~ pi, then mu_k + sigma_k noise, for each variable: of shape (..., D) for arguments (..., D, K)."""
    mean, log_scale = _chosen_component(rng, log_weights, means, log_scales)
    return mean + onp.exp(log_scale) * rng.standard_normal(mean.shape, dtype=mean.dtype)


def logistic_mixture_sample(rng, log_weights, means, log_scales):
    """k ~ pi, then mu_k + s_k noise, for each variable: of shape (..., D) for arguments (..., D, K)."""
    mean, log_scale = _chosen_component(rng, log_weights, means, log_scales)
    return mean + onp.exp(log_scale) * rng.logistic(size=mean.shape).astype(mean.dtype)


def _chosen_component(rng, log_weights, means, log_scales):
    _require_same_shape(log_weights=log_weights, means=means, log_scales=log_scales)
    k = categorical_sample(rng, log_weights)[..., None]
    return (onp.take_along_axis(array, k, axis=-1)[..., 0] for array in (means, log_scales))


def _require_mixture_shapes(x, **components):
    for name, array in components.items():
        if onp.shape(array)[:-1] != onp.shape(x) or onp.shape(array) != onp.shape(components["means"]):
            raise ValueError(f"{name}: expected shape {onp.shape(x)} + (K,), one K for all; found {onp.shape(array)}")


def _require_same_shape(**arrays):
    shapes = {name: onp.shape(array) for name, array in arrays.items()}
    if len(set(shapes.values())) > 1:
        found = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
        raise ValueError(f"expected arrays of one shape (nothing is broadcast); found {found}")

"""Mixture of K Bernoullis: the baseline of every table of binary density estimators.

    p(x) = sum_k pi_k prod_d mu_kd^{x_d} (1 - mu_kd)^{1 - x_d}

One component is a product of independent pixels.

    params["log_pi"]  (K,)    log mixture weights, logsumexp(log_pi) = 0
    params["logits"]  (K, D)  logit of mu

Fitted by expectation maximisation (Dempster, Laird and Rubin 1977; for Bernoullis, Bishop 2006, section 9.3.3,
equations 9.56 to 9.60; not checked here). Departure: the M-step adds one pseudo-count of each value to every pixel of
every component (a Beta(2, 2) prior), so that no mu is 0 or 1 and no logit infinite.
"""

import numpy as np

from npgen.distributions import bernoulli_sample, categorical_sample, logsumexp, softplus
from npgen.errors import InputError, require_positive
from npgen.examples import as_binary


def init_params(rng, x, n_components, dtype=np.float64):
    """Equal weights, and mu drawn towards one randomly chosen training image for each component.

    Parameters
    ----------
    rng : numpy.random.Generator
    x : array (n, D) of 0 and 1
        The training images.
    n_components : int
        K, from 1 to n.
    dtype : float dtype
    """
    require_positive(n_components=n_components)
    if n_components > len(x):
        raise InputError(f"n_components: expected at most the {len(x)} images there are; found {n_components}")
    x = as_binary(x, np.shape(x)[-1], dtype)
    chosen = rng.choice(len(x), n_components, replace=False)
    mu = 0.25 + 0.5 * x[chosen]
    return {
        "log_pi": np.full(n_components, -np.log(n_components), dtype),
        "logits": np.log(mu) - np.log1p(-mu),
    }


def joint_log_prob(params, x):
    """log p(x, k), (n, K): log pi_k + sum_d x_d l_kd - softplus(l_kd), one matrix product for all."""
    logits = params["logits"]
    return params["log_pi"] + np.dot(x, logits.T) - np.sum(softplus(logits), axis=1)


def log_prob(params, x):
    """log p(x), in nats, (n,), for binary x (n, D)."""
    logits = params["logits"]
    return logsumexp(joint_log_prob(params, as_binary(x, logits.shape[1], logits.dtype)), axis=1)


def em_step(params, x):
    """One step of expectation maximisation on the images x (n, D); the log-posterior of mu never falls.

    E: r_nk = p(k | x_n).   M: pi_k = mean_n r_nk,   mu_kd = (sum_n r_nk x_nd + 1) / (sum_n r_nk + 2).
    """
    logits = params["logits"]
    x = as_binary(x, logits.shape[1], logits.dtype)
    joint = joint_log_prob(params, x)
    # In float64: in float32 the two sums over many examples would not agree, and mu might come out above 1.
    responsibilities = np.exp(joint - logsumexp(joint, axis=1, keepdims=True)).astype(np.float64)
    counts = responsibilities.sum(axis=0)
    mu = (np.dot(responsibilities.T, x) + 1) / (counts[:, None] + 2)
    tiny = np.finfo(logits.dtype).tiny  # an empty component keeps a finite log weight
    log_pi = np.log(counts + tiny) - np.log(counts.sum())
    return {"log_pi": log_pi.astype(logits.dtype), "logits": (np.log(mu) - np.log1p(-mu)).astype(logits.dtype)}


def sample(params, rng, n_samples):
    """k ~ pi, x ~ p(x | k), (n_samples, D), uint8."""
    require_positive(n_samples=n_samples)
    component = categorical_sample(rng, np.tile(params["log_pi"], (n_samples, 1)))
    return bernoulli_sample(rng, params["logits"][component])

"""VAE: the variational autoencoder, with binary pixels.

    z ~ N(0, I),   p(x | z) = prod_d Bernoulli(x_d; sigmoid(l_d)),   l = decoder(z)
    q(z | x) = N(mean, diag(exp(log_std)^2)),   (mean, log_std) = encoder(x)

    log p(x) >= ELBO(x) = E_q[ log p(x | z) ] - KL( q(z | x) || p(z) )

    params["encoder"]  [(W, b), ...]  D -> hidden sizes -> 2 L: the means, then the log standard deviations
    params["decoder"]  [(W, b), ...]  L -> hidden sizes in reverse -> D logits

Source: Kingma and Welling 2014: the bound is their equation 3 with the KL of appendix B, estimated by one sample
(section 2.4); importance sampling after Burda, Grosse and Salakhutdinov 2016, equation 8 (equation numbers not
checked against the papers). Departures: ReLU instead of tanh, the initialisation below, training by Adam instead of
Adagrad, and the encoder gives the log of the standard deviation, not of the variance.

Pixels may be grey, in [0, 1]; the "likelihood" is then a negated cross-entropy, and no bound on the density of a grey
image.
"""

import numpy as np

from npgen.distributions import (
    bernoulli_log_prob,
    bernoulli_sample,
    gaussian_kl,
    gaussian_log_prob,
    gaussian_sample,
    logit_of_marginals,
    logsumexp,
    sigmoid,
)
from npgen.errors import InputError, require_positive
from npgen.nn import columns, init_net_params, neural_net_predict


def init_params(rng, n_visible, hidden_sizes, n_latent, dtype=np.float32, *, marginals=None):
    """An encoder D -> hidden_sizes -> 2 L and its mirror image, a decoder L -> hidden_sizes reversed -> D.

    Parameters
    ----------
    rng : numpy.random.Generator
    n_visible : int
        D, at least 1.
    hidden_sizes : sequence of int
        For instance (200, 200), from the pixels inwards.
    n_latent : int
        L, at least 1.
    dtype : float dtype
    marginals : array (D,), optional
        p(x_d = 1), strictly between 0 and 1: the decoder's last bias becomes their logit.
    """
    require_positive(n_visible=n_visible, n_latent=n_latent)
    if not isinstance(hidden_sizes, (list, tuple)):
        raise InputError(f"hidden_sizes: expected a tuple of sizes, such as (200, 200); found {hidden_sizes!r}")
    encoder = _init_net_params(rng, (n_visible, *hidden_sizes, 2 * n_latent), dtype)
    decoder = _init_net_params(rng, (n_latent, *reversed(hidden_sizes), n_visible), dtype)
    W, _ = decoder[-1]
    decoder[-1] = (W, logit_of_marginals(n_visible, marginals).astype(dtype))
    return {"encoder": encoder, "decoder": decoder}


def _init_net_params(rng, layer_sizes, dtype):
    """He's initialisation, but for a last layer from N(0, 0.01^2): q starts at the prior, p(x | z) at the marginals.

    With He's variance there as well, z is noise to a decoder that has the marginals already: it learns to ignore z,
    and the bound stays at that of independent pixels.
    """
    hidden = init_net_params(rng, layer_sizes[:-1], dtype=dtype) if len(layer_sizes) > 2 else []
    return hidden + init_net_params(rng, layer_sizes[-2:], scale=0.01, dtype=dtype)


def n_latent(params):
    """L, the number of inputs of the decoder."""
    return params["decoder"][0][0].shape[0]


def encode(params, x):
    """The mean and the log standard deviation of q(z | x), each (n, L), for x (n, D) in [0, 1]."""
    outputs = neural_net_predict(params["encoder"], _pixels(params, x))
    L = n_latent(params)
    return columns(outputs, 0, L), columns(outputs, L, 2 * L)


def decode(params, z):
    """The logits of p(x_d = 1 | z), (..., D), for z (..., L)."""
    return neural_net_predict(params["decoder"], z)


def _pixels(params, x):
    """x (n, D) in the dtype of the parameters."""
    b = params["decoder"][-1][1]
    if np.ndim(x) != 2 or np.shape(x)[1] != len(b):
        raise ValueError(f"expected examples of shape (n, {len(b)}); found {np.shape(x)}")
    return np.asarray(x, b.dtype)


def elbo(params, rng, x):
    """log p(x | z) - KL(q(z | x) || p(z)) with one z ~ q(z | x): an unbiased estimate of the bound, in nats, (n,).

    x is (n, D), in [0, 1].
    """
    x = _pixels(params, x)
    mean, log_std = encode(params, x)
    z = gaussian_sample(rng, mean, log_std)
    return bernoulli_log_prob(x, decode(params, z)) - gaussian_kl(mean, log_std)


CHUNK = 512  # decoded images at a time: with 784 pixels, 1.6 MB, which the cache holds


def _log_weights(params, rng, x, mean, log_std, n_importance):
    """log p(x | z) + log p(z) - log q(z | x) for z ~ q(z | x), (n_importance, n)."""
    mean = np.broadcast_to(mean, (n_importance, *mean.shape))
    log_std = np.broadcast_to(log_std, mean.shape)
    z = gaussian_sample(rng, mean, log_std)
    logits = decode(params, z)
    log_likelihood = bernoulli_log_prob(np.broadcast_to(x, logits.shape), logits)
    log_prior = gaussian_log_prob(z, np.zeros_like(z), np.zeros_like(z))
    return log_likelihood + log_prior - gaussian_log_prob(z, mean, log_std)


def log_prob_estimate(params, rng, x, n_importance):
    """log of the mean of p(x, z_k) / q(z_k | x) over k = 1..n_importance with z_k ~ q(z | x), in nats, (n,).

    Its expectation is a lower bound of log p(x) that rises with `n_importance` (the IWAE bound) and reaches log p(x) in
    the limit; with one sample it is the bound of `elbo`. For evaluation: autograd does not see through it.
    """
    require_positive(n_importance=n_importance)
    x = _pixels(params, x)
    mean, log_std = encode(params, x)
    total = np.full(len(x), -np.inf)  # log of the sum of the weights so far
    at_once = max(1, CHUNK // max(1, len(x)))
    for start in range(0, n_importance, at_once):
        n_weights = min(at_once, n_importance - start)
        total = np.logaddexp(total, logsumexp(_log_weights(params, rng, x, mean, log_std, n_weights), axis=0))
    return total - np.log(n_importance)


def sample_prior(params, rng, n_samples):
    """z ~ N(0, I), (n_samples, L)."""
    require_positive(n_samples=n_samples)
    return rng.standard_normal((n_samples, n_latent(params)), dtype=params["decoder"][0][0].dtype)


def sample(params, rng, n_samples):
    """x ~ p(x | z) with z ~ p(z), (n_samples, D), uint8."""
    return bernoulli_sample(rng, decode(params, sample_prior(params, rng, n_samples)))


def reconstruct(params, x):
    """p(x_d = 1 | z) at the mean z of q(z | x), (n, D)."""
    mean, _ = encode(params, x)
    return sigmoid(decode(params, mean))


def interpolate(params, x_from, x_to, n_steps):
    """p(x_d = 1 | z) on the straight lines between the means of q(z | x_from) and q(z | x_to), (n, n_steps, D).

    Step 0 is the reconstruction of `x_from`, the last step that of `x_to`; both are (n, D).
    """
    require_positive(n_steps=n_steps)
    start, _ = encode(params, x_from)
    end, _ = encode(params, x_to)
    weights = np.linspace(0, 1, n_steps, dtype=start.dtype)[:, None]
    return sigmoid(decode(params, (1 - weights) * start[:, None, :] + weights * end[:, None, :]))

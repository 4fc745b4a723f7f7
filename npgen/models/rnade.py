"""RNADE: the real-valued neural autoregressive density estimator.

    p(x) = prod_d p(x_d | x_<d),        p(x_d | x_<d) = sum_k alpha_dk N(x_d; mu_dk, sigma_dk^2)

    a_1     = c                         alpha_d = softmax(V_alpha_d^T h_d + b_alpha_d)
    a_{d+1} = a_d + x_d W_d             mu_d    = V_mu_d^T h_d + b_mu_d
    h_d     = sigmoid(rho_d a_d)        sigma_d = exp(V_sigma_d^T h_d + b_sigma_d)

NADE for real numbers: each conditional is a mixture of K Gaussians, whose parameters are computed from a hidden layer.
All layers share W. The more terms a_d has, the larger it is; rho_d brings each layer to a scale of its own.

    params["W"]        (D, H)      row d: what x_d adds to the pre-activation (nothing, if it is the last)
    params["c"]        (H,)
    params["rho"]      (D,)
    params["V_alpha"]  (D, H, K)   and params["b_alpha"] (D, K): logits of the weights; without them every weight is 1/K
    params["V_mu"]     (D, H, K)   and params["b_mu"] (D, K): means
    params["V_sigma"]  (D, H, K)   and params["b_sigma"] (D, K): log standard deviations

With `component="logistic"` the components are logistic densities with these means and scales; with `hidden="relu"` the
units are rectified, and one outlier x_d may then make a later sigma huge or tiny. A density depends on the units of x:
standardise each column first, by what the training set says, and compare only figures in the same units.

**Training.** A component with a small sigma has a steep density: the gradient of log p(x) with respect to its mean
grows like 1 / sigma, and a few such components rule every step. `objective` is log p(x) with the gradient of each mean
multiplied by its sigma, the paper's remedy. It is therefore *not* the gradient of any function; `log_prob` has the true
one.

Source: Uria, Murray and Larochelle 2013, sections 2 and 3 (not checked against the paper). Departures: W is the
transpose of theirs; the initialisation below; training by Adam, with the parameters that are best on validation.
Uniform weights are the lecture's, logistic components the ones of later autoregressive models.
"""

import autograd.numpy as np
import numpy as onp
from autograd.extend import defvjp, primitive

from npgen.distributions import (
    gaussian_mixture_log_prob,
    gaussian_mixture_sample,
    logistic_mixture_log_prob,
    logistic_mixture_sample,
    logsumexp,
    sigmoid,
)
from npgen.errors import require_positive, unknown_name
from npgen.examples import as_real
from npgen.kernels import rnade as kernel
from npgen.nn import relu

warm_up = kernel.warm_up  # compiles; for callers who want to say so, or to start their clock afterwards

HIDDEN = {"relu": relu, "sigmoid": sigmoid}
LOG_PROB = {"gaussian": gaussian_mixture_log_prob, "logistic": logistic_mixture_log_prob}
SAMPLE = {"gaussian": gaussian_mixture_sample, "logistic": logistic_mixture_sample}


def init_params(rng, n_visible, n_hidden, n_components, dtype=onp.float32, *, learned_weights=True):
    """W ~ N(0, 1/D), V ~ N(0, 0.01^2), c = 0, rho = 1; means ~ N(0, 1), equal weights, sigma = 1.

    So training starts from the same broad mixture for every variable, right for standardised data, whose components
    differ enough to be told apart.

    Parameters
    ----------
    rng : numpy.random.Generator
    n_visible, n_hidden, n_components : int
        D, H and K, at least 1.
    dtype : float dtype
    learned_weights : bool
        Whether the mixture weights are computed from the hidden layer too; 1/K if not.
    """
    require_positive(n_visible=n_visible, n_hidden=n_hidden, n_components=n_components)
    D, H, K = n_visible, n_hidden, n_components
    params = {
        "W": (rng.standard_normal((D, H)) / onp.sqrt(D)).astype(dtype),
        "c": onp.zeros(H, dtype),
        "rho": onp.ones(D, dtype),
    }
    for name in ("alpha", "mu", "sigma") if learned_weights else ("mu", "sigma"):
        params[f"V_{name}"] = 0.01 * rng.standard_normal((D, H, K), dtype=dtype)
        params[f"b_{name}"] = onp.zeros((D, K), dtype)
    params["b_mu"] += rng.standard_normal((D, K), dtype=dtype)
    return params


# --- the hidden layers -----------------------------------------------------------------------------------------------


def hidden_layers(x, W, c, rho, hidden="sigmoid"):
    """The D hidden layers, (D, n, H), by the equations above: the readable twin of `kernels.rnade.hidden_layers`."""
    a = np.tile(c, (len(x), 1))  # (n, H)  pre-activation of h_1
    layers = []
    for d in range(len(W)):
        layers.append(HIDDEN[hidden](rho[d] * a))
        a = a + np.outer(x[:, d], W[d])  # one more term of the sum
    return np.stack(layers)


# --- the conditionals ------------------------------------------------------------------------------------------------


def _outputs(params, name, h):
    """V_d^T h_d + b_d for every d: (D, n, K), from V (D, H, K), b (D, K) and h (D, n, H)."""
    return np.matmul(h, params[f"V_{name}"]) + np.expand_dims(params[f"b_{name}"], 1)


def log_weights(params, h):
    """log alpha, (D, n, K), from the hidden layers h (D, n, H)."""
    if "V_alpha" not in params:
        D, K = params["b_mu"].shape
        return onp.full((D, h.shape[1], K), -onp.log(K), params["b_mu"].dtype)
    logits = _outputs(params, "alpha", h)
    return logits - logsumexp(logits, axis=-1, keepdims=True)


def components(params, h):
    """(log alpha, mu, log sigma) of the D conditionals, each (n, D, K), from the hidden layers h (D, n, H)."""
    parts = log_weights(params, h), _outputs(params, "mu", h), _outputs(params, "sigma", h)
    return [np.swapaxes(part, 0, 1) for part in parts]


def conditionals(params, x, *, hidden="sigmoid"):
    """(log alpha, mu, log sigma) of p(x_d | x_<d) for every d, each (n, D, K), for real x (n, D).

    Differentiable also with respect to x, which is not checked: `log_prob` does that.
    """
    _require_known("hidden", hidden, HIDDEN)
    return components(params, kernel.hidden_layers(x, params["W"], params["c"], params["rho"], hidden == "relu"))


def _require_known(kind, name, known):
    if name not in known:
        raise unknown_name(kind, name, known)


def log_prob(params, x, *, component="gaussian", hidden="sigmoid"):
    """log p(x) = sum_d log p(x_d | x_<d), in nats, (n,), for real x (n, D): the log of a density."""
    _require_known("component", component, LOG_PROB)
    x = as_real(x, len(params["rho"]), params["rho"].dtype)
    return LOG_PROB[component](x, *conditionals(params, x, hidden=hidden))


# --- training --------------------------------------------------------------------------------------------------------


@primitive
def with_scaled_gradient(means, log_scales):
    """`means` as they are; but their gradient is multiplied by exp(log_scales). Deliberately not the true gradient."""
    return means


defvjp(with_scaled_gradient, lambda ans, means, log_scales: lambda g: g * np.exp(log_scales), None)


def objective(params, x, *, component="gaussian", hidden="sigmoid"):
    """log p(x), in nats, (n,), for training: its gradient with respect to each mean mu_dk is multiplied by sigma_dk.

    The paper's heuristic: everything that is learned through the means learns from the scaled gradient. For the true
    gradient take that of `log_prob`, whose values these are.
    """
    _require_known("component", component, LOG_PROB)
    x = as_real(x, len(params["rho"]), params["rho"].dtype)
    log_alpha, mu, log_sigma = conditionals(params, x, hidden=hidden)
    return LOG_PROB[component](x, log_alpha, with_scaled_gradient(mu, log_sigma), log_sigma)


# --- one variable after another --------------------------------------------------------------------------------------


def sample(params, rng, n_samples, *, component="gaussian", hidden="sigmoid"):
    """x ~ p(x), (n_samples, D), in the dtype of `params`: variable after variable, O(D H K), like one `log_prob`."""
    require_positive(n_samples=n_samples)
    _require_known("component", component, SAMPLE)
    _require_known("hidden", hidden, HIDDEN)
    W, rho = params["W"], params["rho"]
    a = onp.tile(params["c"], (n_samples, 1))
    x = onp.empty((n_samples, len(rho)), rho.dtype)
    outputs = {name: leaf for name, leaf in params.items() if name[:2] in ("V_", "b_")}
    for d in range(len(rho)):
        h = HIDDEN[hidden](rho[d] * a)
        of_d = {name: leaf[d : d + 1] for name, leaf in outputs.items()}
        x[:, d : d + 1] = SAMPLE[component](rng, *components(of_d, h[None]))
        a += x[:, d : d + 1] * W[d]
    return x

"""NADE: the neural autoregressive distribution estimator.

    p(x) = prod_d p(x_d | x_<d)
    p(x_d = 1 | x_<d) = sigmoid(V_d . h_d + b_d)
    h_d               = sigmoid(a_d),   a_d = c + sum_{j < d} x_j W_j

The D hidden layers share W, so the pre-activation of h_{d+1} is that of h_d plus one term, a_{d+1} = a_d + x_d W_d, and
log p(x) costs O(D H), not O(D^2 H).

    params["W"]  (D, H)   row d: what x_d adds to the pre-activation (nothing, if it is the last)
    params["c"]  (H,)
    params["V"]  (D, H)   row d: the weights of the conditional of x_d
    params["b"]  (D,)

The pixels are visited in their own order, or in a given `order`: a permutation of 0..D-1 whose first entry is the pixel
drawn first. The rows of the parameters belong to the pixels in either case.

Source: Uria, Cote, Gregor, Murray and Larochelle 2016, section 2; first in Larochelle and Murray 2011 (not checked
against the papers). Departures: W is the transpose of theirs, so that both W and V have one row for each pixel; the
initialisation below; training by Adam, with the parameters that are best on validation; in float32, the kernel's
sigmoid is a rational approximation with an error of 2.4e-7 at most.
"""

import autograd.numpy as np
import numpy as onp
from autograd.extend import defvjp, primitive

from npgen.distributions import bernoulli_log_prob, logit_of_marginals, sigmoid
from npgen.errors import require_positive
from npgen.examples import as_binary, as_examples, as_observed, as_order
from npgen.kernels import nade as kernel

warm_up = kernel.warm_up  # compiles; for callers who want to say so, or to start their clock afterwards


def init_params(rng, n_visible, n_hidden, dtype=onp.float32, *, marginals=None):
    """W, V ~ N(0, 0.01^2), c = 0 and b = logit of the marginals, so that training starts near independent pixels.

    Weights of standard deviation 1 would saturate the sigmoids from the start, and nothing would be learned.

    Parameters
    ----------
    rng : numpy.random.Generator
    n_visible, n_hidden : int
        D and H, at least 1.
    dtype : float dtype
    marginals : array (D,), optional
        p(x_d = 1), strictly between 0 and 1, for instance `npgen.data.marginals(x)`. 1/2 by default.
    """
    require_positive(n_visible=n_visible, n_hidden=n_hidden)
    return {
        "W": 0.01 * rng.standard_normal((n_visible, n_hidden), dtype=dtype),
        "c": onp.zeros(n_hidden, dtype),
        "V": 0.01 * rng.standard_normal((n_visible, n_hidden), dtype=dtype),
        "b": logit_of_marginals(n_visible, marginals).astype(dtype),
    }


def logits(x, W, c, V, b):
    """Logits of the D conditionals, (n, D), by the equations above: the readable twin of `kernels.nade.logits`."""
    a = np.tile(c, (len(x), 1))  # (n, H)  pre-activation of h_1
    columns = []
    for d in range(len(b)):
        columns.append(np.dot(sigmoid(a), V[d]) + b[d])
        a = a + np.outer(x[:, d], W[d])  # one more term of the sum
    return np.stack(columns, axis=1)


@primitive
def _take(array, permutation, axis):
    return onp.take(array, permutation, axis)


# The gradient of a permutation is the inverse permutation; autograd's own indexing would add entry by entry.
defvjp(_take, lambda ans, array, permutation, axis: lambda g: _take(g, onp.argsort(permutation), axis))


def conditional_logits(params, x, *, order=None):
    """Logits of the D conditionals p(x_d = 1 | the pixels before d), (n, D), at the places of their pixels."""
    W, c, V, b = params["W"], params["c"], params["V"], params["b"]
    if order is None:
        return kernel.logits(x, W, c, V, b)
    order = as_order(order, len(b))
    in_order = kernel.logits(_take(x, order, 1), _take(W, order, 0), c, _take(V, order, 0), _take(b, order, 0))
    return _take(in_order, onp.argsort(order), 1)


def log_prob(params, x, *, order=None):
    """log p(x) = sum_d log p(x_d | x_<d), in nats, (n,), for binary x (n, D)."""
    x = as_binary(x, len(params["b"]), params["b"].dtype)
    return bernoulli_log_prob(x, conditional_logits(params, x, order=order))


def conditionals(params, x, *, order=None):
    """p(x_d = 1 | x_<d) of every pixel, (n, D): what the model expects there, having seen the pixels before."""
    x = as_binary(x, len(params["b"]), params["b"].dtype)
    return sigmoid(conditional_logits(params, x, order=order))


def sample(params, rng, n_samples, *, order=None):
    """x ~ p(x), (n_samples, D), uint8: pixel after pixel, O(D H) for each image, like one `log_prob`."""
    require_positive(n_samples=n_samples)
    b = params["b"]
    return _draw(params, rng.random((n_samples, len(b)), dtype=b.dtype), order)


def complete(params, rng, x, observed, *, order=None):
    """x (n, D), uint8, with every pixel that is not `observed` drawn anew, given the pixels before it: one pass.

    That is a draw of p(x | what was observed) where the observed pixels come first in the order, as the upper half of
    an image does in the pixels' own; an observed pixel has no influence on those before it.

    Parameters
    ----------
    params : dict
    rng : numpy.random.Generator
    x : array (n, D) of 0 and 1
        Looked at only where `observed`.
    observed : bool array (n, D), or (D,) for all alike
    order : permutation of 0..D-1, optional

    Raises
    ------
    InputError
        If the shapes do not fit, x is not binary where it is observed, or `order` is no permutation.
    """
    b = params["b"]
    x = as_examples(x, len(b))
    observed = as_observed(observed, x.shape)
    x = as_binary(onp.where(observed, x, 0), len(b), onp.uint8)
    uniforms = rng.random(x.shape, dtype=b.dtype)
    # A pixel is 1 if its uniform number is below its probability: -1 always is, and 1 never.
    uniforms[observed] = onp.where(x[observed] == 1, -1, 1)
    return _draw(params, uniforms, order)


def _draw(params, uniforms, order):
    """x_d = [uniforms_d < p(x_d = 1 | the pixels before d)], pixel after pixel, (n, D), uint8."""
    W, c, V, b = params["W"], params["c"], params["V"], params["b"]
    if order is None:
        return kernel.sample(uniforms, W, c, V, b)
    order = as_order(order, len(b))
    in_order = kernel.sample(uniforms[:, order], W[order], c, V[order], b[order])
    return in_order[:, onp.argsort(order)]

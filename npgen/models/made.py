"""MADE: the masked autoencoder for distribution estimation.

    p(x) = prod_d p(x_d | x_<d),        p(x_d = 1 | x_<d) = sigmoid(l_d)

    h_0 = x
    h_i = relu(h_{i-1} (W_i * M_i) + b_i)                       i = 1 ... L
    l   = h_L (V * M_V) + x (A * M_A) + c

An autoencoder whose weights are masked, so that no path leads from x_j to l_d unless j < d: then its D outputs are the
D conditionals, and one pass gives log p(x). The masks follow from *degrees*. A pixel's degree m_0, from 1 to D, is its
place in the ordering. A hidden unit of degree m, from 1 to D - 1, sees the first m pixels; one that saw all D could say
nothing new to any output:

    M_i[j, k] = 1[m_i(k) >= m_{i-1}(j)]       M_V[k, d] = 1[m_0(d) > m_L(k)]       M_A[j, d] = 1[m_0(d) > m_0(j)]

    params["hidden"]  [(W, b), ...]  W (n_in, n_out), b (n_out,)
    params["V"]       (H, D)
    params["A"]       (D, D)         the direct connections
    params["c"]       (D,)

With `n_masks` > 1 the same weights are trained with S sets of degrees, each with an ordering of its own, and the model
is the mixture of them: p(x) = (1 / S) sum_s p_s(x), the mean of probabilities and not of logits.

Source: Germain, Gregor, Murray and Larochelle 2015, sections 3 and 4, algorithm 1 (not checked against the paper).
Departures: our W is the transpose of theirs; with a single mask the ordering is the pixels' own, and the degrees of the
hidden units are spread evenly instead of drawn; the initialisation below; training by Adam, with the parameters that
are best on validation.
"""

import functools
import itertools
import math

import autograd.numpy as np
import numpy as onp
from autograd.extend import defvjp, primitive

from npgen.distributions import bernoulli_log_prob, bernoulli_sample, logit_of_marginals, logsumexp
from npgen.errors import InputError, require_layers, require_positive
from npgen.examples import as_binary, as_examples, as_observed
from npgen.kernels import made as kernel
from npgen.nn import init_net_params, relu


def init_params(rng, n_visible, hidden_sizes, dtype=onp.float32, *, marginals=None):
    """W_1, V and A ~ N(0, 0.01^2), further layers as `nn.init_net_params`, and c = logit of the marginals.

    So training starts near independent pixels; with larger W_1 the hidden units learn small data sets by heart.

    Parameters
    ----------
    rng : numpy.random.Generator
    n_visible : int
        D, at least 1.
    hidden_sizes : sequence of int
        At least one hidden layer.
    dtype : float dtype
    marginals : array (D,), optional
        p(x_d = 1), strictly between 0 and 1, for instance `npgen.data.marginals(x)`. 1/2 by default.
    """
    require_layers(n_visible, hidden_sizes)
    first = init_net_params(rng, (n_visible, hidden_sizes[0]), scale=0.01, dtype=dtype)
    further = init_net_params(rng, hidden_sizes, dtype=dtype) if len(hidden_sizes) > 1 else []
    return {
        "hidden": first + further,
        "V": 0.01 * rng.standard_normal((hidden_sizes[-1], n_visible), dtype=dtype),
        "A": 0.01 * rng.standard_normal((n_visible, n_visible), dtype=dtype),
        "c": logit_of_marginals(n_visible, marginals).astype(dtype),
    }


# --- degrees and masks -----------------------------------------------------------------------------------------------


def layer_sizes(params):
    """(D, H_1, ..., H_L), from the shapes of the parameters."""
    return (len(params["c"]), *(len(b) for _, b in params["hidden"]))


def even_degrees(sizes):
    """The degrees [m_0, m_1, ..., m_L] for the pixels' own order: in each hidden layer from 1 to D - 1, evenly."""
    D, *hidden = sizes
    return [onp.arange(1, D + 1), *(1 + onp.arange(H) * max(D - 1, 1) // H for H in hidden)]


def drawn_degrees(rng, sizes):
    """Degrees for a random ordering: m_i(k) uniform from the least of the layer below to D - 1 (algorithm 1)."""
    D, *hidden = sizes
    degrees = [rng.permutation(D) + 1]
    for H in hidden:
        degrees.append(rng.randint(degrees[-1].min(), max(D - 1, 1) + 1, H))
    return degrees


def masks_of(degrees):
    """[M_1, ..., M_L, M_V, M_A], arrays of 0 and 1."""
    masks = [below[:, None] <= above for below, above in itertools.pairwise(degrees)]
    masks += [degrees[-1][:, None] < degrees[0], degrees[0][:, None] < degrees[0]]
    return [mask.astype(onp.float32) for mask in masks]


@functools.lru_cache(maxsize=256)
def connectivity(sizes, number, n_masks):
    """The degrees and the masks with the number 0 ... n_masks - 1; the same ones each time.

    They are a part of the model that is not among its parameters, so they come from a generator that NumPy has frozen.
    """
    degrees = even_degrees(sizes) if n_masks == 1 else drawn_degrees(onp.random.RandomState(number), sizes)
    masks = masks_of(degrees)
    for array in (*degrees, *masks):  # they are kept, and shared by all who ask for them
        array.setflags(write=False)
    return degrees, masks


@functools.lru_cache(maxsize=256)
def blocks(sizes, number, n_masks):
    """The same masks, each in the blocks in which the products with it are done."""
    return [kernel.blocks(mask) for mask in connectivity(sizes, number, n_masks)[1]]


# --- the conditionals, all at once -----------------------------------------------------------------------------------


@primitive
def masked(W, mask):
    """W * mask, in the dtype of W: what is masked out has no effect and no gradient."""
    return W * mask.astype(W.dtype, copy=False)


defvjp(masked, lambda ans, W, mask: lambda g: g * mask.astype(g.dtype, copy=False))


def masked_product(h, W, mask):
    """h (W * M), (n, n_out): the readable twin of `kernels.made.masked_product`, which leaves out what is zero."""
    return np.dot(h, masked(W, mask))


def conditional_logits(params, x, *, number=0, n_masks=1):
    """Logits of the D conditionals p(x_d = 1 | the pixels before d), (n, D), with mask `number` of `n_masks`."""
    if not 0 <= number < n_masks:
        raise InputError(f"number: expected one of the masks 0 to {n_masks - 1}; found {number!r}")
    product = kernel.masked_product
    *hidden_masks, mask_V, mask_A = blocks(layer_sizes(params), number, n_masks)
    h = x
    for (W, b), mask in zip(params["hidden"], hidden_masks, strict=True):
        h = relu(product(h, W, mask) + b)
    return product(h, params["V"], mask_V) + product(x, params["A"], mask_A) + params["c"]


def log_prob(params, x, *, n_masks=1):
    """log p(x), in nats, (n,), for binary x (n, D): log (1 / S) sum_s p_s(x), with S masks."""
    require_positive(n_masks=n_masks)
    x = as_binary(x, len(params["c"]), params["c"].dtype)
    of_each = [bernoulli_log_prob(x, conditional_logits(params, x, number=s, n_masks=n_masks)) for s in range(n_masks)]
    return of_each[0] if n_masks == 1 else logsumexp(np.stack(of_each), axis=0) - math.log(n_masks)


def random_objective(params, rng, x, *, n_masks=1):
    """What training maximises, (n,): log p_s(x) with a mask s that is drawn for the batch."""
    require_positive(n_masks=n_masks)
    x = as_binary(x, len(params["c"]), params["c"].dtype)
    number = int(rng.integers(n_masks))
    return bernoulli_log_prob(x, conditional_logits(params, x, number=number, n_masks=n_masks))


# --- one pixel after another -----------------------------------------------------------------------------------------


def sample(params, rng, n_samples, *, n_masks=1):
    """x ~ p(x), (n_samples, D), uint8: pixel after pixel, with the multiplications of one `log_prob`."""
    require_positive(n_samples=n_samples)
    nothing = onp.zeros((n_samples, len(params["c"])), onp.uint8)
    return complete(params, rng, nothing, nothing.astype(bool), n_masks=n_masks)


def complete(params, rng, x, observed, *, n_masks=1):
    """x (n, D), uint8, with every pixel that is not `observed` drawn anew, given the pixels before it in the ordering.

    With one mask this is a draw of p(x | x_o) where the observed pixels come first in the ordering, as the upper half
    of an image does in the pixels' own; an observed pixel has no influence on those before it. With several, each
    example draws its s uniformly and not from p(s | x_o): unless nothing is observed, that is no conditional of the
    mixture.

    Parameters
    ----------
    params : dict
    rng : numpy.random.Generator
    x : array (n, D) of 0 and 1
        Looked at only where `observed`.
    observed : bool array (n, D), or (D,) for all alike

    Raises
    ------
    InputError
        If the shapes do not fit, or x is not binary where it is observed.
    """
    require_positive(n_masks=n_masks)
    x = as_examples(x, len(params["c"]))
    observed = as_observed(observed, x.shape)
    x = as_binary(onp.where(observed, x, 0), len(params["c"]), onp.uint8)
    drawn = rng.integers(n_masks, size=len(x))
    for number in onp.unique(drawn):
        rows = drawn == number
        x[rows] = _visit(params, rng, x[rows], observed[rows], *connectivity(layer_sizes(params), int(number), n_masks))
    return x


def _visit(params, rng, x, observed, degrees, masks):
    """The pixels in the order of their degrees. A hidden unit of degree m is known once the first m pixels are.

    Then it adds its term to the pre-activations of the layer above: every weight is used once, as in one pass.
    """
    dtype = params["c"].dtype
    order, *degrees_of_hidden = onp.argsort(degrees[0]), *degrees[1:]
    *hidden_masks, mask_V, mask_A = masks
    weights = [masked(W, mask) for (W, _), mask in zip(params["hidden"], hidden_masks, strict=True)]
    weights.append(masked(params["V"], mask_V))
    A = masked(params["A"], mask_A)
    sums = [onp.tile(b, (len(x), 1)) for _, b in params["hidden"]]  # the pre-activations so far, layer by layer
    sums.append(onp.tile(params["c"], (len(x), 1)))  # the last ones are the logits
    for place, d in enumerate(order, start=1):
        x[:, d] = onp.where(observed[:, d], x[:, d], bernoulli_sample(rng, sums[-1][:, d]))
        column = x[:, d, None].astype(dtype)
        sums[0] += column * weights[0][d]
        sums[-1] += column * A[d]
        for layer, degree in enumerate(degrees_of_hidden):
            known = onp.flatnonzero(degree == place)
            sums[layer + 1] += onp.dot(onp.maximum(sums[layer][:, known], 0), weights[layer + 1][known])
    return x

"""Fully connected networks: a list of (W, b), one pair for each layer.

`affine`, `linear`, `relu`, `columns`, `l1_norm` and `squared_norm` are primitives of autograd: each is one line of
NumPy with one line of gradient, several times faster than the chain of operations that autograd would record.
"""

import itertools
import math

import autograd.numpy as np
import numpy as onp
from autograd.extend import defvjp, primitive

from npgen.errors import InputError


def init_net_params(rng, layer_sizes, scale=None, dtype=onp.float32):
    """The parameters of a network: [(W, b), ...] with W ~ N(0, scale^2), (n_in, n_out), and b = 0, (n_out,).

    Parameters
    ----------
    rng : numpy.random.Generator
    layer_sizes : sequence of int
        Sizes from the inputs to the outputs: k + 1 sizes for k layers.
    scale : float, optional
        The standard deviation of every weight. By default sqrt(2 / n_in), layer by layer, which keeps the variance of
        the signal through ReLUs (He et al. 2015, equation 10).
    dtype : float dtype
    """
    if len(layer_sizes) < 2 or min(layer_sizes) < 1:
        raise InputError(f"layer_sizes: expected at least two sizes >= 1; found {tuple(layer_sizes)}")
    params = []
    for n_in, n_out in itertools.pairwise(layer_sizes):
        std = math.sqrt(2 / n_in) if scale is None else float(scale)
        params.append((std * rng.standard_normal((n_in, n_out), dtype=dtype), onp.zeros(n_out, dtype)))
    return params


def neural_net_predict(params, inputs):
    """The outputs of the last, linear layer, (n, n_out), with ReLU between the layers.

    Parameters
    ----------
    params : list of (W, b)
        From `init_net_params`.
    inputs : array (..., n_in)

    Returns
    -------
    array (..., n_out)
        Unbounded: logits or means, never probabilities.
    """
    *hidden_layers, (W, b) = params
    for W_hidden, b_hidden in hidden_layers:
        inputs = relu(affine(inputs, W_hidden, b_hidden))
    return affine(inputs, W, b)


@primitive
def affine(inputs, W, b):
    """inputs W + b, (..., n_out) for inputs (..., n_in)."""
    outputs = _dot(inputs, W)
    outputs += b
    return outputs


@primitive
def linear(inputs, W):
    """inputs W, (..., n_out) for inputs (..., n_in).

    The gradient that autograd's own `np.dot` gives W lies in memory column by column; adding it to another one, and
    Adam's update, then take several times as long.
    """
    return _dot(inputs, W)


def _dot(inputs, W):
    """inputs W as a product of two matrices: given more axes, NumPy does not ask BLAS and takes 20 times as long."""
    return (_rows(inputs) @ W).reshape(*inputs.shape[:-1], W.shape[1])


def _rows(array):
    return array.reshape(-1, array.shape[-1])


# Methods and operators, which arrays and the boxes of a second derivative both have: autograd's own `np.dot` and
# `np.reshape` look for boxes in every call, which together takes as long as the smaller products.
defvjp(
    affine,
    lambda ans, inputs, W, b: lambda g: _dot(g, W.T),
    lambda ans, inputs, W, b: lambda g: _rows(inputs).T @ _rows(g),
    lambda ans, inputs, W, b: lambda g: _rows(g).sum(axis=0),
)
defvjp(
    linear,
    lambda ans, inputs, W: lambda g: _dot(g, W.T),
    lambda ans, inputs, W: lambda g: _rows(inputs).T @ _rows(g),
)


@primitive
def relu(x):
    """max(x, 0), elementwise; its derivative at 0 is taken to be 0."""
    return onp.maximum(x, 0)


defvjp(relu, lambda ans, x: lambda g: g * (ans > 0))


@primitive
def columns(x, start, stop):
    """x[..., start:stop]."""
    return x[..., start:stop]


def _columns_vjp(ans, x, start, stop):
    margins = [(0, 0)] * (x.ndim - 1) + [(start, x.shape[-1] - stop)]
    return lambda g: np.pad(g, margins, mode="constant")


defvjp(columns, _columns_vjp)


@primitive
def l1_norm(x):
    """sum |x|, a scalar; its derivative at 0 is taken to be 0."""
    return onp.sum(onp.abs(x))


defvjp(l1_norm, lambda ans, x: lambda g: g * np.sign(x))


@primitive
def squared_norm(x):
    """sum x^2, a scalar."""
    return onp.vdot(x, x)


defvjp(squared_norm, lambda ans, x: lambda g: (2 * g) * x)

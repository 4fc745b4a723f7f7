"""Categorical NADE's hidden layers and their gradient, compiled: each x_d selects the one row of W that is added.

    h_d     = sigmoid(a_d)                x (n, D) categories      W (D, K, H)
    a_d     = c where d is the first      order (D,)               c (H,)
    a_next  = a_d + W[d, x_d]             h (D, n, H)

The readable twin, which autograd differentiates, is `npgen.models.categorical_nade.hidden_layers`; read that first.
autograd's own gradient of `W[d, x_d]` is, at every d, an array as large as W.

h_d is the layer from which x_d is predicted, at index d whatever the order. The D logits are then one product of
stacked matrices, which BLAS does. The gradient walks the order backward, with g_d for the gradient of h_d:

    dW[d, x_d] += da,   da += g_d h_d (1 - h_d),   and dc += da at the end

One thread: the products around it are where the time goes, and a second pool of threads would fight over their cores.

Batch 100, float32, one core of an AMD EPYC at best: 0.9 ms for the value and 0.5 for the gradient with D 64, K 17 and
H 200 (the twin by autograd 125 for both); 2.8 and 2.7 with D 196, K 256 and H 100, of a training step of 100.
"""

import numpy as np
from autograd.extend import defvjp_argnums, primitive

from npgen.kernels.compiling import jit

# Sums in any order, but without "nnan" and "ninf", which let LLVM assume that there is no NaN.
_jit = jit(fastmath={"contract", "reassoc", "arcp", "nsz"})


@_jit
def _preactivations(x, W, c, order, a):
    for i in range(len(x)):
        a[order[0], i] = c
        for place in range(1, len(order)):
            before, d = order[place - 1], order[place]
            k = x[i, before]
            for j in range(len(c)):
                a[d, i, j] = a[before, i, j] + W[before, k, j]


@_jit
def _backward(g, h, x, order, dW, dc):
    da = np.empty_like(dc)
    for i in range(len(x)):
        da[:] = 0
        for d in order[::-1]:
            k = x[i, d]
            for j in range(len(dc)):
                dW[d, k, j] += da[j]  # so far da is that of the next layer
                da[j] += g[d, i, j] * (h[d, i, j] - h[d, i, j] * h[d, i, j])
        for j in range(len(dc)):
            dc[j] += da[j]


def _checked(x, W, c, order):
    """The arrays in C order, W and c in W's dtype. Compiled code checks no shape and no index: it would crash."""
    if W.dtype not in (np.float32, np.float64):
        raise TypeError(f"W must be float32 or float64, got {W.dtype}")
    D, K, H = np.shape(W)
    shapes = {"x": (len(x), D), "W": (D, K, H), "c": (H,), "order": (D,)}
    for (name, shape), array in zip(shapes.items(), (x, W, c, order), strict=True):
        if np.shape(array) != shape:
            raise ValueError(f"{name} must have shape {shape}, got {np.shape(array)}")
    x, order = (np.require(array, np.int64, ["C", "A", "W", "E"]) for array in (x, order))
    if x.size and not (x.min() >= 0 and x.max() < K):
        raise ValueError(f"x must be in 0..{K - 1}, got {x.min()} to {x.max()}")
    if not np.array_equal(np.sort(order), np.arange(D)):
        raise ValueError(f"order must be a permutation of 0..{D - 1}, got {order}")
    # Writeable, though none is written to: read-only is another type to Numba, and would be compiled once more.
    return [x, *(np.require(array, W.dtype, ["C", "A", "W", "E"]) for array in (W, c)), order]


# All arguments are positional-only: autograd does not trace keyword arguments.


@primitive
def hidden_layers(x, W, c, order, /):
    """The D hidden layers, (D, n, H), in the dtype of W.

    Parameters
    ----------
    x : (n, D)
        Integers in 0..K-1.
    W : (D, K, H), float32 or float64
    c : (H,)
    order : (D,)
        A permutation of 0..D-1: order[0] is predicted from c alone.

    Raises
    ------
    TypeError, ValueError
        W has another dtype, the shapes do not agree, or x or the order is outside its range.
    """
    x, W, c, order = _checked(x, W, c, order)
    h = np.empty((len(W), len(x), len(c)), W.dtype)
    _preactivations(x, W, c, order, h)
    # sigmoid(a) = (1 + tanh(a / 2)) / 2, in place, by NumPy: its tanh is vectorised, a compiled loop's exp is not.
    h *= 0.5
    np.tanh(h, out=h)
    h *= 0.5
    h += 0.5
    return h


@primitive
def hidden_layers_vjp(g, h, x, W, c, order, /):
    """Gradients of sum(g * hidden_layers(x, W, c, order)) with respect to W and c; h is that value."""
    x, W, c, order = _checked(x, W, c, order)
    if np.shape(g) != h.shape:
        raise ValueError(f"g must have shape {h.shape}, got {np.shape(g)}")
    dW, dc = np.zeros_like(W), np.zeros_like(c)
    _backward(np.require(g, W.dtype, ["C", "A", "W", "E"]), h, x, order, dW, dc)
    return dW, dc


def _hidden_layers_vjps(argnums, ans, args, kwargs):
    # Not `defvjp`, which would run the backward pass anew for every argument.
    def vjp(g):
        dW, dc = hidden_layers_vjp(g, ans, *args)
        return [{1: dW, 2: dc}[k] for k in argnums]

    return vjp


def _no_second_derivative(argnums, ans, args, kwargs):
    raise NotImplementedError(
        "kernels.categorical_nade.hidden_layers has no second derivative; take that of models.categorical_nade"
    )


defvjp_argnums(hidden_layers, _hidden_layers_vjps)
defvjp_argnums(hidden_layers_vjp, _no_second_derivative)


def warm_up(dtype):
    """Compile value and gradient for a dtype, or load what an earlier process compiled."""
    x, W, c = np.zeros((1, 1), np.int64), np.zeros((1, 1, 1), dtype), np.zeros(1, dtype)
    h = hidden_layers(x, W, c, x[0])
    hidden_layers_vjp(h, h, x, W, c, x[0])

"""RNADE's hidden layers and their gradient, compiled: a recurrence that is dense, for real x changes every unit.

    h_d     = f(psi_d),  psi_d = rho_d a_d      x (n, D)   W (D, H)   c (H,)   rho (D,)
    a_1     = c                                 h (D, n, H)
    a_{d+1} = a_d + x_d W_d

The readable twin, which autograd differentiates, is `npgen.models.rnade.hidden_layers`; read that first.

All D layers of the batch are kept, so that what the conditionals make of them is one product of stacked matrices, which
BLAS does; here is only what it cannot do. The gradient walks d downward, with g_d for the gradient of h_d:

    dpsi_d = g_d f'(psi_d),  drho_d += dpsi_d . a_d,  da += rho_d dpsi_d,  dW_{d-1} += x_{d-1} da,  and dc += da at last

It takes the steps once more to have the a_d of one example, instead of dividing psi_d by a rho_d that may be 0. One
thread: the products around it are where the time goes, and a second pool of threads would fight over their cores.

Batch 100, D 11, H 50, float32, sigmoids, one core of an AMD EPYC at best: 0.05 ms for the value and as much for the
gradient; the twin by autograd 2.8 for both (D 32: 0.11, 0.13 and 20).
"""

import numpy as np
from autograd.extend import defvjp_argnums, primitive

from npgen.kernels.compiling import jit

# Sums in any order, but without "nnan" and "ninf", which let LLVM assume that there is no NaN.
_jit = jit(fastmath={"contract", "reassoc", "arcp", "nsz"})


@_jit
def _preactivations(x, W, c, rho, psi):
    D, H = W.shape
    a = np.empty_like(c)
    for i in range(len(x)):
        a[:] = c
        for d in range(D):
            x_d, rho_d = x[i, d], rho[d]
            for j in range(H):
                psi[d, i, j] = rho_d * a[j]
                a[j] += x_d * W[d, j]


@_jit
def _backward(g, h, x, W, c, rho, rectified, dx, dW, dc, drho):
    (D, H), one = W.shape, W.dtype.type(1)
    a = np.empty_like(W)  # a_1 ... a_D of one example
    da = np.empty_like(c)
    for i in range(len(x)):
        a[0] = c
        for d in range(1, D):
            x_d = x[i, d - 1]
            for j in range(H):
                a[d, j] = a[d - 1, j] + x_d * W[d - 1, j]
        da[:] = 0
        for d in range(D - 1, -1, -1):
            x_d, rho_d = x[i, d], rho[d]
            dx_d = drho_d = W.dtype.type(0)
            for j in range(H):
                dx_d += da[j] * W[d, j]
                dW[d, j] += x_d * da[j]  # so far da is that of a_{d+1}
                h_j = h[d, i, j]
                slope = (h_j != 0) * one if rectified else h_j * (one - h_j)
                dpsi = g[d, i, j] * slope
                drho_d += dpsi * a[d, j]
                da[j] += rho_d * dpsi
            dx[i, d] = dx_d
            drho[d] += drho_d
        for j in range(H):
            dc[j] += da[j]


def _checked(x, W, c, rho):
    """The arrays in W's dtype and C order. Compiled code checks no shape: it would crash."""
    if W.dtype not in (np.float32, np.float64):
        raise TypeError(f"W must be float32 or float64, got {W.dtype}")
    D, H = np.shape(W)
    shapes = {"x": (len(x), D), "W": (D, H), "c": (H,), "rho": (D,)}
    for (name, shape), array in zip(shapes.items(), (x, W, c, rho), strict=True):
        if np.shape(array) != shape:
            raise ValueError(f"{name} must have shape {shape}, got {np.shape(array)}")
    # Writeable, though none is written to: read-only is another type to Numba, and would be compiled once more.
    return [np.require(array, W.dtype, ["C", "A", "W", "E"]) for array in (x, W, c, rho)]


# All arguments are positional-only: autograd does not trace keyword arguments.


@primitive
def hidden_layers(x, W, c, rho, rectified, /):
    """The D hidden layers, (D, n, H), in the dtype of W, which the other arrays are converted to.

    Parameters
    ----------
    x : (n, D)
    W : (D, H), float32 or float64
    c : (H,)
    rho : (D,)
    rectified : bool
        f(psi) = max(psi, 0) if true, sigmoid(psi) if not.

    Raises
    ------
    TypeError, ValueError
        W has another dtype, or the shapes do not agree.
    """
    x, W, c, rho = _checked(x, W, c, rho)
    h = np.empty((len(W), len(x), len(c)), W.dtype)
    _preactivations(x, W, c, rho, h)
    # In place, by NumPy, whose tanh is vectorised; a compiled loop's is not.
    if rectified:
        return np.maximum(h, 0, out=h)
    h *= 0.5
    np.tanh(h, out=h)
    h *= 0.5
    h += 0.5  # sigmoid(psi) = (1 + tanh(psi / 2)) / 2
    return h


@primitive
def hidden_layers_vjp(g, h, x, W, c, rho, rectified, /):
    """Gradients of sum(g * hidden_layers(x, W, c, rho, .)) with respect to x, W, c and rho; h is that value."""
    x, W, c, rho = _checked(x, W, c, rho)
    if np.shape(g) != h.shape:
        raise ValueError(f"g must have shape {h.shape}, got {np.shape(g)}")
    g = np.require(g, W.dtype, ["C", "A", "W", "E"])
    gradients = np.empty_like(x), np.zeros_like(W), np.zeros_like(c), np.zeros_like(rho)
    _backward(g, h, x, W, c, rho, bool(rectified), *gradients)
    return gradients


def _hidden_layers_vjps(argnums, ans, args, kwargs):
    # Not `defvjp`, which would run the backward pass anew for every argument.
    def vjp(g):
        gradients = hidden_layers_vjp(g, ans, *args)
        return [gradients[k] for k in argnums]

    return vjp


def _no_second_derivative(argnums, ans, args, kwargs):
    raise NotImplementedError("kernels.rnade.hidden_layers has no second derivative; take that of models.rnade")


defvjp_argnums(hidden_layers, _hidden_layers_vjps)
defvjp_argnums(hidden_layers_vjp, _no_second_derivative)


def warm_up(dtype):
    """Compile value and gradient for a dtype, or load what an earlier process compiled."""
    x, W, c, rho = (np.zeros(shape, dtype) for shape in ((1, 1), (1, 1), 1, 1))
    h = hidden_layers(x, W, c, rho, True)
    hidden_layers_vjp(h, h, x, W, c, rho, True)

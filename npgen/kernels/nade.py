"""NADE's logits and their gradient, compiled. O(n D H) in the worst case, and no work for what does not change.

    l_d     = V_d . h_d + b_d            x (n, D)   W (D, H)   c (H,)
    h_d     = sigmoid(a_d)               l (n, D)   V (D, H)   b (D,)
    a_1     = c
    a_{d+1} = a_d + x_d W_d

The readable twin, which autograd differentiates, is `npgen.models.nade.logits`; read that first.

**The trick.** Where x_d = 0, h_{d+1} = h_d. Of the pixels of binarized MNIST 13 % are ones, so an image has about 100
different hidden layers (h_k below), not 784, and needs 13 % of the sigmoids. Real-valued x is right too, only slower.

| forward         |                                | backward, with g_d for the gradient of l_d         |
|-----------------|--------------------------------|----------------------------------------------------|
| `_step`, x != 0 | a += x W_d;  h_k = sigmoid(a)  | da += h_k (1 - h_k) dh;  dh = 0;  dW_d += x da     |
| `_dot`, all d   | l_d = V_d . h_k                | dV_d += g_d h_k;  dh += g_d V_d                    |

`_dots` takes two rows of V for four examples, a tile, at once: eight products for six loads. It takes the rows d and
d + 1 as if x_d were 0; the examples where it is not have their second product done over by `_dot`. The backward pass
takes the steps once more and keeps the layers of a tile, then walks d downward.

One core of an AMD EPYC (Zen 4), batch 100, D 784, H 500, float32, 13 % ones: at best 3.0 ms for the value and 5.3 for
the gradient, 8.3 in all (5.2 to 5.8 on two cores), against a floor of 4.8: three multiply-adds per example, d and unit
at BLAS speed (2.4) and the sigmoids, which the backward pass needs again (2.3). Of the gradient, `_backprop_dots` is
about 1.8, `_step` 1.6, `_backprop_step` 0.7, `_backprop_dot` 0.2; the rest moves x and g, clears the gradients and adds
up the threads'.
Not worth it: tiles of four rows, where a one needs more `_dot`s (value + 10 %, gradient + 25 %); rows padded to whole
vectors (value - 5 %, gradient no gain); `_dot` within `_step`; threads that share the hidden units instead of the
examples (nothing to add up, but each goes through all of x: as fast); blocks of d that stay in the L2 cache.
"""

import math
import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numba
import numpy as np
from autograd.extend import defvjp_argnums, primitive
from numba.core.compiler import Compiler
from numba.extending import overload

from npgen.kernels.compiling import jit

TILE = 4  # `_dots` is written out for four examples; for eight, the gradient took 14 % longer

# Sums in any order, but without "nnan" and "ninf", which let LLVM assume that there is no NaN: a model that diverged
# would pass for a sound one. They gained nothing when tried (1.54 against 1.53 ms forward, 3.59 against 3.64 backward).
_SUMS = {"contract", "reassoc", "arcp", "nsz"}
_jit = jit(fastmath=_SUMS)


class _NoAlias(Compiler):
    """Numba's compiler, told that the arrays a function gets do not overlap, as it tells itself inside a `prange`."""

    def define_pipelines(self):
        self.state.flags.noalias = True  # `njit` has no option for it
        return super().define_pipelines()


# For the loops over the hidden units. Otherwise every call compares the addresses of all its rows with one another, and
# passes some fifty arguments: together 13 % of the gradient.
_row_jit = jit(fastmath=_SUMS, pipeline_class=_NoAlias, forceinline=True)


def _sigmoid(a):
    """sigmoid(a), exact; without a compiler also in float32."""
    e = math.exp(-abs(a))  # never overflows
    return 1.0 / (1.0 + e) if a >= 0 else e / (1.0 + e)


# sigmoid(a) - 1/2 = a P(a^2) / Q(a^2) on |a| <= 16.6, beyond which a sigmoid is within 6.2e-8 of 0 or 1: a minimax fit,
# off by 2.4e-7 at most. Only + * and / are vectorised here; exp is not.
_P0, _P1, _P2, _P3 = (np.float32(p) for p in (0.249999784, 0.00805383573, 4.54619348e-05, 4.29678344e-08))
_Q1, _Q2, _Q3, _Q4 = (np.float32(q) for q in (0.115547899, 0.00147771151, 3.63947487e-06, 9.084994e-10))
_HALF, _ONE, _SATURATED = np.float32(0.5), np.float32(1), np.float32(16.6)


def _sigmoid32(a):
    a = -_SATURATED if a < -_SATURATED else a  # unlike min and max, this keeps a NaN
    a = _SATURATED if a > _SATURATED else a
    s = a * a
    p = a * (((_P3 * s + _P2) * s + _P1) * s + _P0)
    q = (((_Q4 * s + _Q3) * s + _Q2) * s + _Q1) * s + _ONE
    return p / q + _HALF


@overload(_sigmoid, inline="always")
def _compiled_sigmoid(a):
    return _sigmoid32 if a == numba.float32 else _sigmoid


# ----------------------------------------------------------------------------------------------------------------------
# Loops over the H hidden units. Each is a function of its own that gets whole matrices and the numbers of their rows:
# only of arguments does LLVM know that they do not overlap, and passing rows W[d] instead would count references at
# every call (8 examples: 0.85 ms against 0.61 for the forward dot products of half a batch).


@_row_jit
def _step(a, i, h, k, x, W, d):
    """a_i += x W_d; h_k = sigmoid(a_i)."""
    for j in range(W.shape[1]):
        t = a[i, j] + x * W[d, j]
        a[i, j] = t
        h[k, j] = _sigmoid(t)


@_row_jit
def _backprop_step(da, dh, i, h, k, x, dW, d, H):
    """da_i += h_k (1 - h_k) dh_i; dh_i = 0; dW_d += x da_i."""
    for j in range(H):
        t = da[i, j] + dh[i, j] * (h[k, j] - h[k, j] * h[k, j])
        da[i, j] = t
        dh[i, j] = 0
        dW[d, j] += x * t


@_row_jit
def _dot(V, d, h, i):
    """V_d . h_i."""
    s = V.dtype.type(0)
    for j in range(V.shape[1]):
        s += V[d, j] * h[i, j]
    return s


@_row_jit
def _dots(V, d, e, h, dots):
    """dots_0i = V_d . h_i and dots_1i = V_e . h_i for the examples i of a tile."""
    s0 = s1 = s2 = s3 = t0 = t1 = t2 = t3 = V.dtype.type(0)
    for j in range(V.shape[1]):
        v, w = V[d, j], V[e, j]
        h0, h1, h2, h3 = h[0, j], h[1, j], h[2, j], h[3, j]
        s0 += v * h0
        s1 += v * h1
        s2 += v * h2
        s3 += v * h3
        t0 += w * h0
        t1 += w * h1
        t2 += w * h2
        t3 += w * h3
    dots[0, 0], dots[0, 1], dots[0, 2], dots[0, 3] = s0, s1, s2, s3
    dots[1, 0], dots[1, 1], dots[1, 2], dots[1, 3] = t0, t1, t2, t3


@_row_jit
def _backprop_dot(V, dV, d, g, h, k, dh, i):
    """dV_d += g h_k; dh_i += g V_d."""
    for j in range(V.shape[1]):
        dV[d, j] += g * h[k, j]
        dh[i, j] += g * V[d, j]


@_row_jit
def _backprop_dots(V, dV, d, e, g, h, layer, dh):
    """The same for V_d with g_0i and V_e with g_1i, where k = layer_i, for all examples i of a tile."""
    g0, g1, g2, g3 = g[0, 0], g[0, 1], g[0, 2], g[0, 3]
    f0, f1, f2, f3 = g[1, 0], g[1, 1], g[1, 2], g[1, 3]
    k0, k1, k2, k3 = layer[0], layer[1], layer[2], layer[3]
    for j in range(V.shape[1]):
        v, w = V[d, j], V[e, j]
        h0, h1, h2, h3 = h[k0, j], h[k1, j], h[k2, j], h[k3, j]
        dV[d, j] += g0 * h0 + g1 * h1 + g2 * h2 + g3 * h3
        dV[e, j] += f0 * h0 + f1 * h1 + f2 * h2 + f3 * h3
        dh[0, j] += g0 * v + f0 * w
        dh[1, j] += g1 * v + f1 * w
        dh[2, j] += g2 * v + f2 * w
        dh[3, j] += g3 * v + f3 * w


# ----------------------------------------------------------------------------------------------------------------------
# Loops over the examples lo ... hi - 1, by tiles, and over d, two at a time: first as if x_d were 0.


@_jit
def _forward(lo, hi, x, uniforms, W, c, V, b, out):
    """The logits `out` of x; or, with `uniforms`, x_d is drawn as soon as its logit is known."""
    (D, H), one = W.shape, W.dtype.type(1)
    a, h = np.zeros((TILE, H), W.dtype), np.zeros((TILE, H), W.dtype)
    dots = np.zeros((2, TILE), W.dtype)
    for first in range(lo, hi, TILE):
        m = min(TILE, hi - first)
        a[:] = 0
        for i in range(m):
            _step(a, i, h, i, one, c, 0)
        for d in range(0, D, 2):
            e = min(d + 1, D - 1)  # where D is odd the last row is taken twice
            _dots(V, d, e, h, dots)
            for i in range(m):
                n = first + i
                for r in range(e - d + 1):
                    out[n, d + r] = dots[r, i] + b[d + r]
                    if uniforms is not None:  # known when Numba compiles: no branch is left
                        x[n, d + r] = uniforms[n, d + r] < _sigmoid(np.float64(out[n, d + r]))  # the exact one
                    if x[n, d + r] != 0:
                        _step(a, i, h, i, x[n, d + r], W, d + r)
                        if r == 0:
                            dots[1, i] = _dot(V, e, h, i)


@_jit
def _backward(lo, hi, g, x, W, c, V, room):
    """Write the gradients of W, V and c into the first 2 D + 1 rows of `room`."""
    (D, H), one = W.shape, W.dtype.type(1)
    dW, dV, dc, a = room[:D], room[D : 2 * D], room[2 * D : 2 * D + 1], room[2 * D + 1 : 2 * D + 2]
    da, dh, h = room[2 * D + 2 :][:TILE], room[2 * D + 2 :][TILE : 2 * TILE], room[2 * D + 2 :][2 * TILE :]
    x_t, g_t = np.zeros((D + 1, TILE), W.dtype), np.zeros((D + 1, TILE), W.dtype)  # x and g of a tile
    layer = np.zeros(TILE, np.int64)  # the row of h where the present layer of example i is
    room[: 2 * D + 1] = 0
    for first in range(lo, hi, TILE):
        x_t[:], g_t[:], da[:], dh[:], layer[:] = 0, 0, 0, 0, 0
        k = -1
        for i in range(min(TILE, hi - first)):
            for d in range(D):
                x_t[d, i], g_t[d, i] = x[first + i, d], g[first + i, d]
            k += 1
            a[:] = 0
            _step(a, 0, h, k, one, c, 0)
            for d in range(D):
                if x_t[d, i] != 0:
                    k += 1
                    _step(a, 0, h, k, x_t[d, i], W, d)
            layer[i] = k
        for d in range((D - 1) // 2 * 2, -1, -2):
            e = min(d + 1, D - 1)  # where D is odd the last row is taken twice, with g = 0
            g_d = g_t[d : d + 2]
            for i in range(TILE):
                if x_t[d + 1, i] != 0:  # dh_i is complete: the rows below saw another layer
                    _backprop_step(da, dh, i, h, layer[i], x_t[d + 1, i], dW, d + 1, H)
                    layer[i] -= 1
                if x_t[d, i] != 0:
                    _backprop_dot(V, dV, e, g_d[1, i], h, layer[i], dh, i)
                    g_d[1, i] = 0
                    _backprop_step(da, dh, i, h, layer[i], x_t[d, i], dW, d, H)
                    layer[i] -= 1
            _backprop_dots(V, dV, d, e, g_d, h, layer, dh)
        for i in range(TILE):
            _backprop_step(da, dh, i, h, layer[i], one, dc, 0, H)  # c is the row of an x_0 that is always 1


# ----------------------------------------------------------------------------------------------------------------------
# Threads. The loops above release the GIL, so Python's own threads serve. `prange` is as fast alone, but its OpenMP
# threads hold the cores a BLAS wants next (gradient and three sgemm: 16 ms against 10), and kill a forked process.


@cache
def _pool(n_threads):
    return ThreadPoolExecutor(n_threads, thread_name_prefix="npgen")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)  # threads do not survive a fork: waiting for one would hang


def _parallel(part, n, n_threads):
    """part(t, lo, hi) in thread t, for its share of range(n). The shares are fixed: same threads, same bits."""
    edges = [n * t // n_threads for t in range(n_threads + 1)]
    jobs = [_pool(n_threads).submit(part, t, edges[t], edges[t + 1]) for t in range(1, n_threads)]
    part(0, 0, edges[1])
    for job in jobs:
        job.result()


def _checked(W, c, V, b, **data):
    """All arrays in W's dtype and C order, the (n, D) `data` first. Compiled code checks no shape: it would crash."""
    if W.dtype not in (np.float32, np.float64):
        raise TypeError(f"W must be float32 or float64, got {W.dtype}")
    (D, H), n = np.shape(W), len(next(iter(data.values())))
    arrays = {**data, "W": W, "c": c, "V": V, "b": b}
    shapes = {**dict.fromkeys(data, (n, D)), "W": (D, H), "c": (H,), "V": (D, H), "b": (D,)}
    for name, array in arrays.items():
        if np.shape(array) != shapes[name]:
            raise ValueError(f"{name} must have shape {shapes[name]}, got {np.shape(array)}")
    # Writeable, though none is written to: read-only is another type to Numba, and would be compiled once more.
    return [np.require(array, W.dtype, ["C", "A", "W", "E"]) for array in arrays.values()]


def _rows(n_rows, H, dtype):
    """Room for rows of H numbers, each an odd number of whole cache lines: an even one maps rows to the same sets."""
    line = 64 // dtype.itemsize
    width = (-(-H // line) | 1) * line
    room = np.empty(n_rows * width + line, dtype)
    start = -room.ctypes.data // dtype.itemsize % line
    return room[start : start + n_rows * width].reshape(n_rows, width)


_spare = {}  # room for the backward pass, kept from the last call: fresh pages cost more than the gradient


# ----------------------------------------------------------------------------------------------------------------------
# The primitives. All arguments are positional-only: autograd does not trace keyword arguments.


@primitive
def logits(x, W, c, V, b, /):
    """Logits of the D conditionals, (n, D), in the dtype of W, which the other arguments are converted to.

    Parameters
    ----------
    x : (n, D)
        Any real dtype. Where it is 0 it costs nothing, and W_d is not looked at.
    W, V : (D, H), float32 or float64
    c : (H,)
    b : (D,)

    Returns
    -------
    (n, D)
        l_d = V_d . h_d + b_d, the logit of p(x_d = 1 | x_<d).

    Raises
    ------
    TypeError, ValueError
        W has another dtype, or the shapes do not agree.
    """
    x, W, c, V, b = _checked(W, c, V, b, x=x)
    out = np.empty(x.shape, W.dtype)
    _parallel(lambda t, lo, hi: _forward(lo, hi, x, None, W, c[None], V, b, out), len(x), numba.get_num_threads())
    return out


@primitive
def logits_vjp(g, x, W, c, V, b, /):
    """Gradients of sum(g * logits(x, W, c, V, b)) with respect to W, c, V and b, each in the shape of its argument."""
    x, g, W, c, V, b = _checked(W, c, V, b, x=x, g=g)
    (D, H), n_threads = W.shape, numba.get_num_threads()
    n_grads, n_rows = 2 * D + 1, 2 * D + 1 + 2 * TILE + 1 + TILE * (D + 1)
    key = n_threads, n_rows, H, W.dtype
    room = _spare.pop(key, None)  # no other call has it now
    if room is None:
        room = _rows(n_threads * n_rows, H, W.dtype).reshape(n_threads, n_rows, -1)
    # One array for all three: the C library reuses one large block, but gives several back to the system every time.
    total = np.empty((n_grads, H), W.dtype)
    _parallel(lambda t, lo, hi: _backward(lo, hi, g, x, W, c[None], V, room[t]), len(x), n_threads)
    _parallel(lambda t, lo, hi: np.sum(room[:, lo:hi, :H], axis=0, out=total[lo:hi]), n_grads, n_threads)
    _spare.clear()
    _spare[key] = room
    return total[:D], total[2 * D], total[D : 2 * D], g.sum(axis=0)


def _vjp_x(g, x, W, c, V):
    """Gradient of sum(g * logits) with respect to x, (n, D). Plain and slow: only tests ask for it."""
    a = c + np.dot(x, W)  # (n, H)  a_{D+1}
    da = np.zeros_like(a)
    dx = np.empty_like(g)
    for d in reversed(range(len(W))):
        dx[:, d] = np.dot(da, W[d])
        a = a - np.outer(x[:, d], W[d])
        h = 0.5 + 0.5 * np.tanh(0.5 * a)
        da = da + np.outer(g[:, d], V[d]) * h * (1 - h)
    return dx


def _logits_vjps(argnums, ans, args, kwargs):
    # Not `defvjp`, which would run the backward pass anew for every argument.
    def vjp(g):
        grads = {}
        if argnums != (0,):
            grads[1], grads[2], grads[3], grads[4] = logits_vjp(g, *args)
        if 0 in argnums:
            grads[0] = _vjp_x(g, *args[:4])
        return [grads[k] for k in argnums]

    return vjp


def _no_second_derivative(argnums, ans, args, kwargs):
    raise NotImplementedError("kernels.nade.logits has no second derivative; take that of models.nade.logits")


defvjp_argnums(logits, _logits_vjps)
defvjp_argnums(logits_vjp, _no_second_derivative)


def sample(uniforms, W, c, V, b, /):
    """Draw x_d = [uniforms_d < sigmoid(l_d)] for d = 1 ... D in turn, (n, D) uint8.

    Parameters
    ----------
    uniforms : (n, D)
        Independent, uniform on [0, 1): the only randomness.
    W, c, V, b
        As for `logits`.
    """
    uniforms, W, c, V, b = _checked(W, c, V, b, uniforms=uniforms)
    x, out = np.empty_like(uniforms), np.empty_like(uniforms)
    _parallel(lambda t, lo, hi: _forward(lo, hi, x, uniforms, W, c[None], V, b, out), len(x), numba.get_num_threads())
    return x.astype(np.uint8)


def warm_up(dtype):
    """Compile value, gradient and sampler for a dtype, about 4 s, or load what an earlier process compiled, 0.3 s."""
    x, W, c, b = (np.zeros(shape, dtype) for shape in ((1, 1), (1, 1), 1, 1))
    logits(x, W, c, W, b)
    logits_vjp(x, x, W, c, W, b)
    sample(x, W, c, W, b)

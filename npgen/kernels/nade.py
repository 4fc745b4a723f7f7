"""NADE's logits and their gradient, compiled. O(n D H) in the worst case, and no work for what does not change.

    l_d     = V_d . h_d + b_d            x (n, D)   W (D, H)   c (H,)
    h_d     = sigmoid(a_d)               l (n, D)   V (D, H)   b (D,)
    a_1     = c
    a_{d+1} = a_d + x_d W_d

The readable twin, which autograd differentiates, is `npgen.models.nade.logits`; read that first.

**The trick.** Where x_d = 0, h_{d+1} = h_d. Of the pixels of binarized MNIST 13 % are ones, so an image has about 100
different hidden layers, not 784, and 13 % of the sigmoids are enough. Real-valued x is right too, only slower. What is
left is dense, three multiply-adds per example, d and hidden unit; let g_d be the gradient with respect to l_d:

    `_dots_1`, `_dots_2`   l_d   = V_d . h_d + b_d
    `_rows_1`, `_rows_2`   dV_d += g_d h_d;  dh_d += g_d V_d

for four examples (a tile), so that a row of V or dV is read once for four uses. Where moreover x_d = 0 in the whole
tile (57 % of all d, if the ones fell at random), the rows d and d + 1 go with the same four h, and are taken together:
eight multiply-adds for six loads. Where x_d is not 0 there are also

    `_step`                a += x_d W_d;  h = sigmoid(a)
    `_change`              da += h (1 - h) dh;  dh = 0;  dW_d += x_d da

The backward pass takes the steps once more and keeps the h of a tile, then walks d downward. Subtracting the rows of W
again would save this memory, but it is no faster, and real-valued x could cancel in float32.

Two cores of an AMD EPYC (Zen 4), batch 100, D 784, H 500, float32, 13 % ones: at best 1.6 ms for the value and 4.0 for
the gradient: 1.8 times the floor of 3.0. That is three multiply-adds per example, d and unit at BLAS speed (1.5)
and the sigmoids, which the backward pass needs again (1.5). Above it are `_change`, the writes of dV and dh, rows
that do not start at a cache line, and about 0.3 ms for starting threads and adding up their gradients.
"""

import math
import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numba
import numpy as np
from autograd.extend import defvjp_argnums, primitive
from numba.extending import overload

TILE = 4  # `_dots` and `_rows` are written out for four examples; eight gained 5 %

# error_model: 1 / 0 is inf, as in NumPy, and not an exception, which would keep a loop from being vectorised. fastmath:
# sums in any order, but without "nnan" and "ninf", which let LLVM assume that there is no NaN: a model that diverged
# would pass for a sound one. They gain nothing here (1.54 against 1.53 ms forward, 3.59 against 3.64 backward).
_OPTIONS = {"nogil": True, "error_model": "numpy", "fastmath": {"contract", "reassoc", "arcp", "nsz"}}


def _jit(function):
    try:
        return numba.njit(function, cache=True, **_OPTIONS)
    except RuntimeError:  # neither this folder nor the user's can be written: every process compiles anew
        return numba.njit(function, **_OPTIONS)


def _sigmoid(a):
    """sigmoid(a), exact; without a compiler also in float32."""
    e = math.exp(-abs(a))  # never overflows
    return 1.0 / (1.0 + e) if a >= 0 else e / (1.0 + e)


# sigmoid(a) - 1/2 = a P(a^2) / Q(a^2) on |a| <= 16.6, beyond which a float32 sigmoid is 0 or 1: a minimax fit, off by
# 2.4e-7 at most. Only + * and / are vectorised here; exp is not.
_P0, _P1, _P2, _P3 = (np.float32(p) for p in (0.249999784, 0.00805383573, 4.54619348e-05, 4.29678344e-08))
_Q1, _Q2, _Q3, _Q4 = (np.float32(q) for q in (0.115547899, 0.00147771151, 3.63947487e-06, 9.084994e-10))
_HALF, _ONE, _END = np.float32(0.5), np.float32(1), np.float32(16.6)


def _sigmoid32(a):
    a = -_END if a < -_END else a  # unlike min and max, this keeps a NaN
    a = _END if a > _END else a
    s = a * a
    p = a * (((_P3 * s + _P2) * s + _P1) * s + _P0)
    q = (((_Q4 * s + _Q3) * s + _Q2) * s + _Q1) * s + _ONE
    return p / q + _HALF


@overload(_sigmoid, inline="always")
def _compiled_sigmoid(a):
    return _sigmoid32 if a == numba.float32 else _sigmoid


# ----------------------------------------------------------------------------------------------------------------------
# Loops over the H hidden units. Each is a function of its own that gets whole matrices and the numbers of their rows:
# inside a larger function LLVM cannot tell that its arrays do not overlap, and passing rows W[d] instead would count
# references at every call (8 examples: 0.85 ms against 0.61 for the forward dot products of half a batch).


@_jit
def _start(a, i, h, k, c):
    """a_i = c; h_k = sigmoid(a_i)."""
    for j in range(c.shape[0]):
        a[i, j] = c[j]
        h[k, j] = _sigmoid(c[j])


@_jit
def _step(a, i, h, k, x, W, d):
    """a_i += x W_d; h_k = sigmoid(a_i)."""
    for j in range(W.shape[1]):
        t = a[i, j] + x * W[d, j]
        a[i, j] = t
        h[k, j] = _sigmoid(t)


@_jit
def _dots_1(V, d, h, dots):
    """dots_0i = V_d . h_i for the examples i of a tile."""
    s0 = s1 = s2 = s3 = V.dtype.type(0)
    for j in range(V.shape[1]):
        v = V[d, j]
        s0 += v * h[0, j]
        s1 += v * h[1, j]
        s2 += v * h[2, j]
        s3 += v * h[3, j]
    dots[0, 0], dots[0, 1], dots[0, 2], dots[0, 3] = s0, s1, s2, s3


@_jit
def _dots_2(V, d, h, dots):
    """`_dots_1` for d, and for d + 1 into dots_1i."""
    s0 = s1 = s2 = s3 = t0 = t1 = t2 = t3 = V.dtype.type(0)
    for j in range(V.shape[1]):
        v, w = V[d, j], V[d + 1, j]
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


@_jit
def _rows_1(V, dV, d, g, h, k, dh):
    """dV_d += sum of g_0i h_{k_i} over the examples i of a tile; dh_i += g_0i V_d."""
    g0, g1, g2, g3 = g[0, 0], g[0, 1], g[0, 2], g[0, 3]
    k0, k1, k2, k3 = k[0], k[1], k[2], k[3]
    for j in range(V.shape[1]):
        v = V[d, j]
        dV[d, j] += g0 * h[k0, j] + g1 * h[k1, j] + g2 * h[k2, j] + g3 * h[k3, j]
        dh[0, j] += g0 * v
        dh[1, j] += g1 * v
        dh[2, j] += g2 * v
        dh[3, j] += g3 * v


@_jit
def _rows_2(V, dV, d, g, h, k, dh):
    """`_rows_1` for d with g_0i and for d + 1 with g_1i."""
    g0, g1, g2, g3 = g[0, 0], g[0, 1], g[0, 2], g[0, 3]
    f0, f1, f2, f3 = g[1, 0], g[1, 1], g[1, 2], g[1, 3]
    k0, k1, k2, k3 = k[0], k[1], k[2], k[3]
    for j in range(V.shape[1]):
        v, w = V[d, j], V[d + 1, j]
        h0, h1, h2, h3 = h[k0, j], h[k1, j], h[k2, j], h[k3, j]
        dV[d, j] += g0 * h0 + g1 * h1 + g2 * h2 + g3 * h3
        dV[d + 1, j] += f0 * h0 + f1 * h1 + f2 * h2 + f3 * h3
        dh[0, j] += g0 * v + f0 * w
        dh[1, j] += g1 * v + f1 * w
        dh[2, j] += g2 * v + f2 * w
        dh[3, j] += g3 * v + f3 * w


@_jit
def _change(da, dh, i, h, k, x, dW, d):
    """da_i += h_k (1 - h_k) dh_i; dh_i = 0; dW_d += x da_i."""
    for j in range(dW.shape[1]):
        t = da[i, j] + dh[i, j] * (h[k, j] - h[k, j] * h[k, j])
        da[i, j] = t
        dh[i, j] = 0
        dW[d, j] += x * t


# ----------------------------------------------------------------------------------------------------------------------
# Loops over the examples lo ... hi - 1, by tiles, and over d. In the last tile rows m ... TILE - 1 are idle.


@_jit
def _all_zero(x, first, m, d):
    for n in range(first, first + m):  # noqa: SIM110, Numba knows no generator expressions
        if x[n, d] != 0:
            return False
    return True


@_jit
def _forward(lo, hi, x, W, c, V, b, out):
    D, H = W.shape
    a, h = np.zeros((TILE, H), W.dtype), np.zeros((TILE, H), W.dtype)
    dots = np.zeros((2, TILE), W.dtype)
    for first in range(lo, hi, TILE):
        m = min(TILE, hi - first)
        for i in range(m):
            _start(a, i, h, i, c)
        d = 0
        while d < D:
            rows = 2 if d + 1 < D and _all_zero(x, first, m, d) else 1
            if rows == 2:
                _dots_2(V, d, h, dots)
            else:
                _dots_1(V, d, h, dots)
            for r in range(rows):
                for i in range(m):
                    out[first + i, d + r] = dots[r, i] + b[d + r]
            d += rows
            for i in range(m):
                n = first + i
                if x[n, d - 1] != 0:
                    _step(a, i, h, i, x[n, d - 1], W, d - 1)


@_jit
def _sample(lo, hi, uniforms, W, c, V, b, x):
    """`_forward`, but x_d is drawn as soon as its logit is known."""
    D, H = W.shape
    a, h = np.zeros((TILE, H), W.dtype), np.zeros((TILE, H), W.dtype)
    dots = np.zeros((2, TILE), W.dtype)
    for first in range(lo, hi, TILE):
        m = min(TILE, hi - first)
        for i in range(m):
            _start(a, i, h, i, c)
        for d in range(D):
            _dots_1(V, d, h, dots)
            for i in range(m):
                n = first + i
                x[n, d] = uniforms[n, d] < _sigmoid(dots[0, i] + b[d])
                if x[n, d] != 0:
                    _step(a, i, h, i, W.dtype.type(1), W, d)


@_jit
def _backward(lo, hi, g, x, W, c, V, grads, h):
    """Write the gradients of W, V and c into `grads`, (2 D + 1, H), below each other. `h`: room for a tile's layers."""
    D, H = W.shape
    grads[:] = 0
    dW, dV, dc = grads[:D], grads[D : 2 * D], grads[2 * D :]
    a = np.zeros((1, H), W.dtype)
    da, dh = np.zeros((TILE, H), W.dtype), np.zeros((TILE, H), W.dtype)
    g_d = np.zeros((2, TILE), W.dtype)
    k = np.zeros(TILE, np.int64)  # the row of h where the present layer of example i is
    for first in range(lo, hi, TILE):
        m = min(TILE, hi - first)
        da[:], dh[:], g_d[:], k[:] = 0, 0, 0, 0
        row = 0
        for i in range(m):
            n = first + i
            _start(a, 0, h, row, c)
            for d in range(D):
                if x[n, d] != 0:
                    row += 1
                    _step(a, 0, h, row, x[n, d], W, d)
            k[i] = row
            row += 1
        d = D
        while d > 0:
            d -= 1
            for i in range(m):
                n = first + i
                if x[n, d] != 0:  # dh_i is complete: the rows below d saw another h
                    _change(da, dh, i, h, k[i], x[n, d], dW, d)
                    k[i] -= 1
            rows = 2 if d > 0 and _all_zero(x, first, m, d - 1) else 1
            d -= rows - 1
            for r in range(rows):
                for i in range(m):
                    g_d[r, i] = g[first + i, d + r]
            if rows == 2:
                _rows_2(V, dV, d, g_d, h, k, dh)
            else:
                _rows_1(V, dV, d, g_d, h, k, dh)
        for i in range(m):
            _change(da, dh, i, h, k[i], W.dtype.type(1), dc, 0)  # c is the row of an x_0 that is always 1


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


def _arrays(dtype, **expected):
    """Arrays of `dtype` in C order, from name=(array, shape). Compiled code checks no shape: it would crash."""
    if dtype not in (np.float32, np.float64):
        raise TypeError(f"W must be float32 or float64, got {dtype}")
    for name, (array, shape) in expected.items():
        if np.shape(array) != shape:
            raise ValueError(f"{name} must have shape {shape}, got {np.shape(array)}")
    # Writeable, though none is written to: read-only is another type to Numba, and would be compiled once more.
    return [np.require(array, dtype, ["C", "A", "W", "E"]) for array, _ in expected.values()]


def _params(W, c, V, b):
    (D, H) = np.shape(W)
    return _arrays(W.dtype, W=(W, (D, H)), c=(c, (H,)), V=(V, (D, H)), b=(b, (D,)))


_spare = {}  # room for the backward pass, kept from the last call: fresh pages cost more than the gradient


def _take_room(n_threads, D, H, dtype):
    """Gradients (n_threads, 2 D + 1, H) and layers (n_threads, TILE (D + 1), H), which no other call has now."""
    room = _spare.pop((n_threads, D, H, dtype), None)
    return room or [np.empty((n_threads, rows, H), dtype) for rows in (2 * D + 1, TILE * (D + 1))]


def _give_back(room):
    (n_threads, rows, H), dtype = room[0].shape, room[0].dtype
    _spare.clear()
    _spare[n_threads, rows // 2, H, dtype] = room


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
    W, c, V, b = _params(W, c, V, b)
    (x,) = _arrays(W.dtype, x=(x, (len(x), len(W))))
    out = np.empty(x.shape, W.dtype)
    _parallel(lambda t, lo, hi: _forward(lo, hi, x, W, c, V, b, out), len(x), numba.get_num_threads())
    return out


@primitive
def logits_vjp(g, x, W, c, V, b, /):
    """Gradients of sum(g * logits(x, W, c, V, b)) with respect to W, c, V and b, each in the shape of its argument."""
    W, c, V, b = _params(W, c, V, b)
    g, x = _arrays(W.dtype, g=(g, np.shape(x)), x=(x, (len(x), len(W))))
    (D, H), n_threads = W.shape, numba.get_num_threads()
    grads, layers = room = _take_room(n_threads, D, H, W.dtype)
    _parallel(lambda t, lo, hi: _backward(lo, hi, g, x, W, c, V, grads[t], layers[t]), len(x), n_threads)
    # One array for all three: the C library reuses one large block, but gives several back to the system every time.
    total = np.empty((2 * D + 1, H), W.dtype)
    _parallel(lambda t, lo, hi: np.sum(grads[:, lo:hi], axis=0, out=total[lo:hi]), len(total), n_threads)
    _give_back(room)
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
    W, c, V, b = _params(W, c, V, b)
    (uniforms,) = _arrays(W.dtype, uniforms=(uniforms, (len(uniforms), len(W))))
    x = np.empty(uniforms.shape, np.uint8)
    _parallel(lambda t, lo, hi: _sample(lo, hi, uniforms, W, c, V, b, x), len(x), numba.get_num_threads())
    return x


def warm_up(dtype):
    """Compile value, gradient and sampler for a dtype, about 4 s, or load what an earlier process compiled, 0.3 s."""
    x, W, c, b = (np.zeros(shape, dtype) for shape in ((1, 1), (1, 1), 1, 1))
    logits(x, W, c, W, b)
    logits_vjp(x, x, W, c, W, b)
    sample(x, W, c, W, b)

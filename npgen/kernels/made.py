"""MADE's masked products and their gradient, without the multiplications by what the masks make zero.

    y = h (W * M)        h (n, n_in)   W and M (n_in, n_out)   y (n, n_out)

The readable twin, which autograd differentiates, is `npgen.models.made.masked_product`; read that first.

Where the units of both layers stand in the order of their degrees, M is a staircase: ones above it, zeros below,

    1 1 1 1 1 1        Cut into blocks of columns, here three, the product is one of BLAS for each block, with the
    0 1 1 1 1 1        rows down to its last step: of all multiplications 1/2 + 1/(2B) are left with B blocks. Only
    0 0 0 1 1 1        the rows from its first step on have to be multiplied with M.
    0 0 0 0 1 1

The gradients are cut in the same way: dh = g (W * M)^T and dW = (h^T g) * M.

`blocks` finds the steps by looking for them, so the result is right for any mask. It stays in one piece, which is the
plain formula, where cutting does not pay: if the mask is small (two layers of 64 and 200 were 0.8 times as fast), or if
less than a quarter of the products can be left out, as with the masks of random orderings. (To sort the rows and
columns of W for these at every step made them slower: 0.77 to 1.04 times as fast, mostly below 0.95.)

Value and gradient of MADE's loss with the natural order, one hidden layer, batch 100, on one thread: times as fast as
with the plain masked product, by CPU time, medians of 9 rounds of `python -m benchmarks.made` on an AMD EPYC.

                D 784, H 2000   784, 500   500, 500   180, 500   123, 500
    float32              1.73       1.55       1.33       1.26       1.16
    float64              1.80       1.44       1.33       1.25       1.27

With batches of 1000 nothing is gained at D 123 (1.01 and 0.97), and 1.2 to 1.4 at D 784. More
blocks are no better: at the ends of the first row 16 were 1.70 and 0.95 times as fast as the plain product, 4 were 1.63
and 1.25. In one piece, with random orderings, it is 1.00 to 1.31, for the masks are multiplied in place.
"""

import itertools
from typing import NamedTuple

import numpy as np
from autograd.extend import defvjp, defvjp_argnums, primitive

N_BLOCKS = 8
SMALL = 2**15  # entries of a mask that is not worth cutting


class Block(NamedTuple):
    """Some columns of a mask: ones in the rows up to `first_step`, zeros from `last_step` on, `steps` between."""

    columns: slice
    first_step: int
    last_step: int
    steps: np.ndarray  # (last_step - first_step, number of columns)


def blocks(mask):
    """The mask (n_in, n_out) of 0 and 1 as a list of blocks; a single one where cutting would save too little."""
    cut = _cut(mask, N_BLOCKS)
    n_kept = sum(block.last_step * (block.columns.stop - block.columns.start) for block in cut)
    return cut if mask.size >= SMALL and n_kept <= 0.75 * mask.size else _cut(mask, 1)


def _cut(mask, n_blocks):
    n_out = mask.shape[1]
    edges = np.linspace(0, n_out, min(n_blocks, n_out) + 1).astype(int).tolist()
    return [_block(mask, slice(start, stop)) for start, stop in itertools.pairwise(edges)]


def _block(mask, columns):
    of_block = mask[:, columns]
    first = int(of_block.all(axis=1).cumprod().sum())  # rows of ones at the top
    last = len(mask) - int((~of_block.any(axis=1))[::-1].cumprod().sum())  # without the rows of zeros at the bottom
    return Block(columns, first, last, np.ascontiguousarray(of_block[first:last]))


def _masked(W, block):
    """The rows of W * M that the block needs, (last_step, number of columns)."""
    kept = W[: block.last_step, block.columns].copy()
    kept[block.first_step :] *= block.steps
    return kept


@primitive
def masked_product(h, W, blocks, /):
    """h (W * M), (n, n_out), in the dtype of W.

    Parameters
    ----------
    h : (n, n_in)
    W : (n_in, n_out), of the same dtype
    blocks : list
        M, as `blocks(M)` gives it.
    """
    y = np.empty((len(h), W.shape[1]), W.dtype)
    for block in blocks:
        np.matmul(h[:, : block.last_step], _masked(W, block), out=y[:, block.columns])
    return y


@primitive
def h_vjp(g, h, W, blocks, /):
    """dh = g (W * M)^T, (n, n_in)."""
    dh = np.zeros(h.shape, W.dtype)
    for block in blocks:
        dh[:, : block.last_step] += g[:, block.columns] @ _masked(W, block).T
    return dh


@primitive
def W_vjp(g, h, W, blocks, /):
    """dW = (h^T g) * M, (n_in, n_out)."""
    dW = np.zeros_like(W)
    for block in blocks:
        of_block = dW[: block.last_step, block.columns]
        np.matmul(h[:, : block.last_step].T, g[:, block.columns], out=of_block)
        of_block[block.first_step :] *= block.steps
    return dW


def _no_second_derivative(argnums, ans, args, kwargs):
    raise NotImplementedError("kernels.made.masked_product has no second derivative; take that of models.made")


defvjp(
    masked_product,
    lambda ans, h, W, blocks: lambda g: h_vjp(g, h, W, blocks),
    lambda ans, h, W, blocks: lambda g: W_vjp(g, h, W, blocks),
    None,
)
defvjp_argnums(h_vjp, _no_second_derivative)
defvjp_argnums(W_vjp, _no_second_derivative)

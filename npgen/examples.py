"""What the models take, checked where it enters: examples, one a row; what is observed of them; an order."""

import numpy as np

from npgen.errors import InputError


def as_examples(x, n_visible):
    """`x` as an array, after a check that it is one of numbers, (n, n_visible); InputError if not."""
    x = np.asarray(x)
    if x.ndim != 2 or x.shape[1] != n_visible:
        raise InputError(f"expected examples of shape (n, {n_visible}); found {x.shape}")
    if x.dtype.kind not in "biuf":
        raise InputError(f"expected numbers; found an array of {x.dtype}")
    return x


def as_binary(x, n_visible, dtype):
    """The examples `x` (n, D) in `dtype`, after a check that they are binary: other values have no probability.

    Raises
    ------
    InputError
        Unless `x` has the shape (n, n_visible) and every value is 0 or 1.
    """
    x = as_examples(x, n_visible)
    outside = (x != 0) & (x != 1)
    if outside.any():
        row, column = np.argwhere(outside)[0]
        raise InputError(
            f"expected data in {{0, 1}}; found {x[row, column]} in row {row}, column {column} (counted from 0). "
            "dataset.thresholded() and dataset.sampled(rng) of npgen.data make grey images binary"
        )
    return x.astype(dtype, copy=False)


def as_categories(x, n_visible, n_categories):
    """The examples `x` (n, D) as integers, after a check that each is a category: a whole number in 0..K-1.

    `n_categories` is the K of all columns, or one for each.

    Raises
    ------
    InputError
        Unless `x` has the shape (n, n_visible) and every value is one of 0, 1, ..., K - 1.
    """
    x, sizes = as_examples(x, n_visible), np.broadcast_to(n_categories, n_visible)
    known = (x >= 0) & (x < sizes)  # false for NaN
    if np.issubdtype(x.dtype, np.floating):
        known &= np.floor(x) == x
    if not known.all():
        row, column = np.argwhere(~known)[0]
        raise InputError(
            f"expected categories, whole numbers in 0..{sizes[column] - 1}; found {x[row, column]} in row {row}, "
            f"column {column} (counted from 0)"
        )
    return x.astype(np.int64, copy=False)


def as_real(x, n_visible, dtype):
    """The examples `x` (n, D) in `dtype`, after a check that every value is a finite number.

    Raises
    ------
    InputError
        Unless `x` has the shape (n, n_visible) and no value is NaN or infinite; names the first rows and columns.
    """
    x = as_examples(x, n_visible)
    bad = np.argwhere(~np.isfinite(x))
    if len(bad):
        places = ", ".join(f"{x[row, column]} in row {row}, column {column}" for row, column in bad[:3])
        more = f" and {len(bad) - 3} more" if len(bad) > 3 else ""
        raise InputError(f"expected finite numbers; found {places}{more} (counted from 0). Leave such rows out")
    return x.astype(dtype, copy=False)


def as_observed(observed, shape):
    """The boolean array of that shape which says what is observed; one row stands for all examples."""
    observed = np.asarray(observed)
    if observed.dtype != bool or observed.shape not in (shape, shape[1:]):
        found = f"{observed.dtype} {observed.shape}"
        raise InputError(f"observed: expected booleans of shape {shape} or {shape[1:]}; found {found}")
    return np.broadcast_to(observed, shape)


def as_order(order, n_visible):
    """`order` as an array, after a check that it is a permutation of 0..n_visible - 1; their own order if it is None.

    Raises
    ------
    InputError
        If it is not.
    """
    order = np.arange(n_visible) if order is None else np.asarray(order)
    whole = order.dtype.kind in "iu" and order.shape == (n_visible,)
    if not whole or not np.array_equal(np.sort(order), np.arange(n_visible)):
        raise InputError(f"order: expected a permutation of 0..{n_visible - 1}; found {order}")
    return order

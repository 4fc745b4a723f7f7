"""Counts are the same however the same work is written."""

import autograd.numpy as anp
import autograd.numpy.random as npr
import numpy as np
import pytest
from numpy import asarray

from npgen.grading.child.counting import Counted, counted, operations

B, D, H = 3, 5, 7
rng = np.random.default_rng(0)
X, W = rng.standard_normal((B, D)), rng.standard_normal((D, H))


def dot(x, W):
    return np.dot(x, W)


def autograd_dot(x, W):
    return anp.dot(x, W)


def operator(x, W):
    return x @ W


def method(x, W):
    return x.dot(W)


def einsum(x, W):
    return anp.einsum("bd, dh -> bh", x, W)


def einsum_with_dots(x, W):
    return np.einsum("...d,dh->...h", x, W)


def tensordot(x, W):
    return np.tensordot(x, W, axes=([1], [0]))


def matmul_into(x, W):
    result = np.empty((len(x), W.shape[1]))
    np.matmul(x, W, out=result)
    return result


def dot_into(x, W):
    result = np.empty((len(x), W.shape[1]))
    return np.dot(x, W, out=result)


def row_by_row(x, W):
    return anp.stack([anp.dot(row, W) for row in x])


def after_asarray(x, W):
    return np.asarray(x) @ np.asarray(W)


def after_an_asarray_imported_by_name(x, W):
    return asarray(x) @ asarray(W)


def after_view(x, W):
    return x.view(np.ndarray) @ W.view(np.ndarray)


def after_array(x, W):
    return anp.array(x).dot(anp.array(W))


def after_lists(x, W):
    return anp.dot(anp.array([[float(v) for v in row] for row in x]), anp.array([list(row) for row in W]))


def in_place(x, W):
    result = np.zeros((len(x), W.shape[1]))
    for d in range(len(W)):
        result += anp.outer(x[:, d], W[d])
    return result


def at(x, W):
    result = np.zeros((len(x), W.shape[1]))
    for d in range(len(W)):
        for b in range(len(x)):
            np.add.at(result, (b, np.arange(W.shape[1])), x[b, d] * W[d])
    return result


def scalars(x, W):
    result = np.zeros((len(x), W.shape[1]))
    for b in range(len(x)):
        for h in range(W.shape[1]):
            result[b, h] = sum(x[b, d] * W[d, h] for d in range(len(W)))
    return result


def callback(x, W):
    return np.apply_along_axis(lambda row: np.dot(row, W), 1, x)


def work_of(function, *args):
    with operations(function) as work:
        result = function(*(counted(arg) for arg in args))
    return np.asarray(result), work.total


@pytest.mark.parametrize("function", [dot, autograd_dot, operator, method, einsum, einsum_with_dots, tensordot])
def test_a_product_costs_its_multiply_adds(function):
    result, total = work_of(function, X, W)
    np.testing.assert_allclose(result, X @ W)
    assert B * D * H <= total <= B * D * H + 5  # and the lines


@pytest.mark.parametrize(
    "function",
    [
        matmul_into,
        dot_into,
        row_by_row,
        after_asarray,
        after_an_asarray_imported_by_name,
        after_view,
        after_array,
        after_lists,
        in_place,
        at,
        scalars,
        callback,
    ],
)
def test_no_way_of_writing_it_hides_the_work(function):
    result, total = work_of(function, X, W)
    np.testing.assert_allclose(result, X @ W)
    assert B * D * H <= total <= 4 * B * D * H + 50


@pytest.mark.parametrize(
    "function, cost",
    [
        (lambda x: x.cumsum(axis=1), B * D),
        (lambda x: anp.cumsum(x, axis=1), B * D),
        (lambda x: np.add.accumulate(x, axis=1), B * D),
        (lambda x: x.sum(), B * D),
        (lambda x: x.mean(axis=0), B * D),
        (lambda x: anp.exp(x), B * D),
        (lambda x: x**2, B * D),
        (lambda x: x[:, :, None] * np.ones(H), B * D * H),
        (lambda x: np.multiply.outer(x, np.ones(H)), B * D * H),
        (lambda x: anp.where(x > 0, x, 0.0), 2 * B * D),
        (lambda x: np.matmul(np.ones((4, B, B)), x), 4 * B * B * D),
        (lambda x: anp.linalg.norm(x), B * D),
        (lambda x: anp.concatenate([x, x]), 2 * B * D),
        (lambda x: anp.stack([x, x], axis=1), 2 * B * D),
        (lambda x: anp.tile(x, (4, 1)), 4 * B * D),
        (lambda x: np.tril(x), B * D),
    ],
)
def test_elementwise_operations_cost_their_elements(function, cost):
    _, total = work_of(function, X)
    assert cost <= total <= 2 * cost + 5


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x[1:].T.reshape(-1),
        lambda x: anp.transpose(x),
        lambda x: np.zeros_like(x),
        lambda x: np.copy(x),
        lambda x: np.array(x),
    ],
)
def test_views_and_plain_copies_are_free(function):
    _, total = work_of(function, X)
    assert total <= 3


def test_arrays_that_are_made_inside_count():
    def function(x):
        return [np.zeros(3), anp.ones(3), np.asarray(x), anp.array(x), npr.rand(3), np.copy(x), x.astype(int)]

    with operations() as work:
        assert all(isinstance(array, Counted) for array in function(counted(X)))
    assert work.total == 0


def test_numpy_is_as_before_afterwards():
    before = [np.zeros, np.asarray, anp.array, npr.rand, asarray]
    with pytest.raises(ValueError, match="broadcast"), operations(after_asarray):
        assert np.zeros is not before[0]
        np.ones(2) + np.ones(3)
    assert [np.zeros, np.asarray, anp.array, npr.rand, asarray] == before
    assert type(np.zeros(2)) is np.ndarray


def test_in_place_operations_change_the_array_itself():
    x = np.zeros(4)
    with operations() as work:
        x += counted(np.ones(4))
        y = counted(x)
        y *= 2.0
    np.testing.assert_array_equal(x, 2.0)
    assert work.total == 8


def test_blocks_nest():
    with operations() as outer:
        counted(X) + 1
        with operations() as inner:
            counted(W) + 1
        counted(X) + 1
    assert (outer.total, inner.total) == (2 * X.size, W.size)


def test_lines_count_once_each_and_only_in_the_file_of_the_function():
    def function():
        total = 0
        for i in range(100):
            total += i % 2
        return np.median([1.0, 2.0])

    with operations(function) as work:
        function()
    assert 200 <= work.total <= 210


def test_callables_without_source_are_counted_without_lines():
    with operations(np.exp) as work:
        np.exp(counted(X))
    assert work.total == X.size

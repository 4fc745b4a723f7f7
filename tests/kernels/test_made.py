import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from npgen.kernels import made as kernel
from npgen.models import made


@pytest.fixture(params=["cut", "in one piece"])
def cut(request, monkeypatch):
    """Masks as small as those of the tests are left in one piece, unless they are told not to be small."""
    if request.param == "cut":
        monkeypatch.setattr(kernel, "SMALL", 0)


def masks():
    """Of the model, in its own order and in random ones, and some that are no mask of MADE."""
    rng = np.random.default_rng(0)
    for sizes in ((1, 4), (6, 8), (7, 30, 20), (40, 9)):
        yield from made.masks_of(made.even_degrees(sizes))
        yield from made.masks_of(made.drawn_degrees(np.random.RandomState(0), sizes))
    for shape in ((5, 7), (1, 1), (3, 20)):
        yield from (np.zeros(shape, np.float32), np.ones(shape, np.float32))
        yield (rng.random(shape) < 0.5).astype(np.float32)


def values_and_gradients(product, h, W, mask, weights):
    loss = lambda h, W: anp.sum(weights * anp.tanh(product(h, W, mask)))  # noqa: E731
    return [product(h, W, mask), *(autograd.grad(loss, argument)(h, W) for argument in (0, 1))]


def require_like_the_twin(mask, dtype, rtol):
    rng = np.random.default_rng(1)
    h, W, weights = (
        rng.standard_normal(shape).astype(dtype) for shape in ((3, len(mask)), mask.shape, (3, mask.shape[1]))
    )
    found = values_and_gradients(kernel.masked_product, h, W, kernel.blocks(mask), weights)
    for value, expected in zip(found, values_and_gradients(made.masked_product, h, W, mask, weights), strict=True):
        assert value.dtype == dtype
        np.testing.assert_allclose(value, expected, rtol, atol=rtol)


# Sums of at most 40 terms of size 1, added in another order: some 40 eps.
@pytest.mark.parametrize(("dtype", "rtol"), [(np.float64, 1e-14), (np.float32, 1e-5)])
@pytest.mark.parametrize("mask", list(masks()))
@pytest.mark.usefixtures("cut")
def test_value_and_gradients_are_those_of_the_twin(mask, dtype, rtol):
    require_like_the_twin(mask, dtype, rtol)


def test_a_second_derivative_is_refused_in_words(rng):
    mask = np.triu(np.ones((3, 3)))

    def slope(W):
        return anp.sum(
            autograd.grad(lambda W: anp.sum(kernel.masked_product(np.eye(3), W, kernel.blocks(mask)) ** 2))(W)
        )

    with pytest.raises(NotImplementedError, match="masked_product has no second derivative"):
        autograd.grad(slope)(rng.standard_normal((3, 3)))


@settings(max_examples=60)
@given(st.integers(1, 12), st.lists(st.integers(0, 12), min_size=1, max_size=30))
def test_value_and_gradients_of_columns_of_any_height(n_in, heights):
    mask = (np.arange(n_in)[:, None] < np.array(heights)).astype(np.float32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kernel, "SMALL", 0)
        require_like_the_twin(mask, np.float64, 1e-14)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_masked_weights_have_no_influence_however_large(dtype):
    (mask, *_) = made.masks_of(made.even_degrees((300, 400)))
    W = np.where(mask == 1, 1, 1e30).astype(dtype)
    y = kernel.masked_product(np.ones((2, 300), dtype), W, kernel.blocks(mask))
    np.testing.assert_array_equal(y, np.tile(mask.sum(axis=0), (2, 1)))


def multiplications(mask):
    return sum(block.last_step * (block.columns.stop - block.columns.start) for block in kernel.blocks(mask))


@pytest.mark.parametrize("sizes", [(784, 2000), (784, 500, 500), (500, 500), (200, 500)])
def test_of_a_staircase_little_more_than_half_is_multiplied(sizes):
    """1/2 + 1/(2B) with B = 8 blocks, 0.5625, and what rounding to whole rows and columns adds."""
    for mask in made.masks_of(made.even_degrees(sizes)):
        assert len(kernel.blocks(mask)) == 8
        assert multiplications(mask) < 0.58 * mask.size


def test_masks_that_are_small_or_of_a_random_ordering_stay_in_one_piece(rng):
    small = made.masks_of(made.even_degrees((64, 200)))
    disordered = made.masks_of(made.drawn_degrees(np.random.RandomState(0), (784, 500)))
    assert [len(kernel.blocks(mask)) for mask in (*small, *disordered)] == [1] * 6


def test_blocks_by_hand(monkeypatch):
    monkeypatch.setattr(kernel, "SMALL", 0)
    monkeypatch.setattr(kernel, "N_BLOCKS", 3)
    staircase = np.array([[1, 1, 1, 1, 1, 1], [0, 1, 1, 1, 1, 1], [0, 0, 0, 1, 1, 1], [0, 0, 0, 0, 1, 1]])
    first, second, third = kernel.blocks(staircase)
    assert [block.columns for block in (first, second, third)] == [slice(0, 2), slice(2, 4), slice(4, 6)]
    assert [(block.first_step, block.last_step) for block in (first, second, third)] == [(1, 2), (2, 3), (4, 4)]
    np.testing.assert_array_equal(first.steps, [[0, 1]])
    np.testing.assert_array_equal(second.steps, [[0, 1]])
    assert third.steps.shape == (0, 2)

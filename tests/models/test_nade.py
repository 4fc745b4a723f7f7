import itertools

import numpy as np
import pytest

from npgen.autodiff import mean, value_and_grad
from npgen.errors import InputError
from npgen.models import nade
from npgen.nested import leaves, map_leaves, n_parameters


def random_params(rng, n_visible=6, n_hidden=4, dtype=np.float64):
    params = nade.init_params(rng, n_visible, n_hidden, dtype)
    return map_leaves(lambda leaf: leaf + rng.standard_normal(leaf.shape).astype(dtype), params)


def test_shapes_and_the_lectures_number_of_parameters(rng):
    params = nade.init_params(rng, 784, 500)
    assert {name: leaf.shape for name, leaf in params.items()} == {
        "W": (784, 500),
        "c": (500,),
        "V": (784, 500),
        "b": (784,),
    }
    # 2 D H + D + H = 785 284; the lecture's 784 784 leaves c out
    assert n_parameters(params) - params["c"].size == 784_784
    assert {leaf.dtype for leaf in leaves(params)} == {np.dtype(np.float32)}


def test_initial_weights(rng):
    params = nade.init_params(rng, 100, 100, np.float64)
    for name in "WV":
        assert params[name].std() == pytest.approx(0.01, rel=5 / np.sqrt(2 * 100 * 100))
        assert abs(params[name].mean()) < 5 * 0.01 / 100
    assert not params["c"].any() and not params["b"].any()


def test_log_prob_equals_the_readable_twin(rng):
    params = random_params(rng)
    x = rng.integers(0, 2, (9, 6)).astype(float)
    logits = nade.logits(x, **params)
    expected = (x * logits - np.logaddexp(0, logits)).sum(axis=1)
    np.testing.assert_allclose(nade.log_prob(params, x), expected, rtol=1e-12)


def test_log_prob_by_hand():
    params = {"W": np.array([[2.0], [0.0]]), "c": np.array([-1.0]), "V": np.array([[1.0], [3.0]]), "b": np.zeros(2)}
    sigmoid = lambda a: 1 / (1 + np.exp(-a))  # noqa: E731  as short as the formula
    # x = (1, 0): h_1 = sigmoid(-1), h_2 = sigmoid(-1 + 2)
    expected = np.log(sigmoid(sigmoid(-1.0))) + np.log(1 - sigmoid(3 * sigmoid(1.0)))
    np.testing.assert_allclose(nade.log_prob(params, np.array([[1, 0]])), [expected], rtol=1e-14)


@pytest.mark.parametrize("order", list(itertools.permutations(range(3)))[1:])
def test_an_order_visits_the_pixels_in_that_order(rng, order):
    """The same as a model without order, whose pixels and rows of parameters are rearranged."""
    params, order = random_params(rng, 3), np.array(order)
    x = np.array(list(itertools.product([0, 1], repeat=3)))
    rearranged = {**params, **{name: params[name][order] for name in "WVb"}}
    expected = nade.log_prob(rearranged, x[:, order])
    np.testing.assert_allclose(nade.log_prob(params, x, order=order), expected, rtol=1e-12)
    expected = nade.conditionals(rearranged, x[:, order])
    np.testing.assert_allclose(nade.conditionals(params, x, order=order)[:, order], expected, rtol=1e-12)


@pytest.mark.parametrize("order", [[0, 1], [0, 0, 1], [1, 2, 3], [[0, 1, 2]]])
def test_refuses_an_order_that_is_no_permutation(rng, order):
    params = random_params(rng, 3)
    with pytest.raises(ValueError, match=r"permutation of 0\.\.2"):
        nade.log_prob(params, np.zeros((1, 3)), order=order)
    with pytest.raises(ValueError, match=r"permutation of 0\.\.2"):
        nade.sample(params, rng, 1, order=order)


def test_conditionals_are_those_of_the_samples(rng):
    """The mean of x_d given x_<d over many samples that share x_<d: here d = 1, so x_0 alone."""
    params = random_params(rng, 2)
    x = nade.sample(params, rng, 100_000)
    for value in (0, 1):
        given = x[x[:, 0] == value]
        p = nade.conditionals(params, given[:1])[0, 1]
        assert abs(given[:, 1].mean() - p) < 5 * np.sqrt(p * (1 - p) / len(given))


@pytest.mark.parametrize("arguments", [(0, 3), (3, 0), (3, -1), (3, 2.5)])
def test_refuses_sizes_that_are_none(rng, arguments):
    with pytest.raises(InputError, match="expected an integer of at least 1"):
        nade.init_params(rng, *arguments)


def test_refuses_marginals_without_a_logit(rng):
    with pytest.raises(InputError, match="marginals: expected"):
        nade.init_params(rng, 3, 2, marginals=[0.0, 0.5, 0.5])


def test_the_courses_mistake_saturates_and_ours_does_not(rng):
    """Weights from N(0, 1) put most hidden units within 0.01 of 0 or 1 by the last pixel; ours none."""
    x = (rng.random((20, 784)) < 0.13).astype(float)
    params = nade.init_params(rng, 784, 50, np.float64)
    for scale, saturated in ((1.0, 0), (100.0, 0.5)):
        h = 1 / (1 + np.exp(-(params["c"] + x @ (scale * params["W"]))))
        assert (np.minimum(h, 1 - h) < 0.01).mean() >= saturated if saturated else (np.minimum(h, 1 - h) > 0.01).all()


def test_one_step_of_gradient_lowers_the_loss(rng):
    params, x = random_params(rng), rng.integers(0, 2, (30, 6))

    def loss(p):
        return -mean(nade.log_prob(p, x))

    value, gradient = value_and_grad(loss)(params)
    assert loss(map_leaves(lambda leaf, g: leaf - 1e-3 * g, params, gradient)) < value


# --- completion


@pytest.mark.parametrize("order", [None, [2, 0, 3, 1]])
def test_completion_is_the_posterior_where_the_observed_come_first(rng, order):
    params, n = random_params(rng, 4), 40_000
    first = [0, 1] if order is None else order[:2]
    rest = [d for d in range(4) if d not in first]
    x = np.zeros((n, 4), int)
    x[:, first] = 1, 0
    observed = np.isin(np.arange(4), first)
    done = nade.complete(params, rng, x, observed, order=order)
    assert done.dtype == np.uint8
    np.testing.assert_array_equal(done[:, first], x[:, first])
    several = np.array(list(itertools.product([0, 1], repeat=2)))
    every = np.zeros((4, 4), int)
    every[:, first], every[:, rest] = (1, 0), several
    probs = np.exp(nade.log_prob(params, every, order=order))
    probs /= probs.sum()
    frequencies = np.bincount(done[:, rest] @ [2, 1], minlength=4) / n
    np.testing.assert_allclose(frequencies, probs, atol=5 * np.sqrt(0.25 / n))


def test_completion_keeps_what_was_observed_example_by_example(rng):
    params = map_leaves(lambda leaf: 50 * leaf, random_params(rng, 5))  # nearly certain of everything
    x, observed = rng.integers(0, 2, (200, 5)), rng.random((200, 5)) < 0.5
    done = nade.complete(params, rng, x, observed)
    np.testing.assert_array_equal(done[observed], x[observed])


@pytest.mark.parametrize("observed", [np.ones(4, bool), np.ones((2, 5), bool), np.ones(5)])
def test_refuses_another_shape_or_kind_of_observed(rng, observed):
    with pytest.raises(ValueError, match="observed: expected booleans of shape"):
        nade.complete(random_params(rng, 5), rng, np.zeros((3, 5)), observed)

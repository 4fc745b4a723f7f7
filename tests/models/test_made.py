import itertools

import autograd
import autograd.numpy as anp
import numpy as np
import pytest

from npgen.autodiff import mean, value_and_grad
from npgen.errors import InputError
from npgen.models import made
from npgen.nested import leaves, map_leaves, n_parameters


def random_params(rng, n_visible=6, hidden_sizes=(8,), dtype=np.float64):
    params = made.init_params(rng, n_visible, hidden_sizes, dtype)
    return map_leaves(lambda leaf: leaf + rng.standard_normal(leaf.shape).astype(dtype), params)


def everything(n_visible):
    return np.array(list(itertools.product([0, 1], repeat=n_visible)))


def test_shapes_and_number_of_parameters(rng):
    params = made.init_params(rng, 784, (500, 400))
    assert made.layer_sizes(params) == (784, 500, 400)
    weights = 784 * 500 + 500 * 400 + 400 * 784 + 784 * 784
    assert n_parameters(params) == weights + 500 + 400 + 784
    assert {leaf.dtype for leaf in leaves(params)} == {np.dtype(np.float32)}


def test_training_starts_from_independent_pixels(rng):
    marginals = np.array([0.1, 0.5, 0.9])
    params = made.init_params(rng, 3, (4,), np.float64, marginals=marginals)
    x = everything(3)
    expected = (x * np.log(marginals) + (1 - x) * np.log(1 - marginals)).sum(axis=1)
    np.testing.assert_allclose(made.log_prob(params, x), expected, atol=0.2)  # W, V, A have std 0.01


# --- degrees and masks


@pytest.mark.parametrize("sizes", [(1, 4), (2, 5), (5, 3), (5, 40), (7, 6, 9), (784, 500, 500)])
def test_degrees_are_those_of_the_algorithm(rng, sizes):
    for degrees in (made.even_degrees(sizes), made.drawn_degrees(np.random.RandomState(0), sizes)):
        assert [len(layer) for layer in degrees] == list(sizes)
        assert sorted(degrees[0]) == list(range(1, sizes[0] + 1))
        for below, layer in itertools.pairwise(degrees):
            assert layer.min() >= below.min() and layer.max() <= max(sizes[0] - 1, 1)
    assert list(made.even_degrees(sizes)[0]) == list(range(1, sizes[0] + 1))


def test_even_degrees_use_every_degree_alike():
    _, hidden = made.even_degrees((6, 10))
    np.testing.assert_array_equal(hidden, [1, 1, 2, 2, 3, 3, 4, 4, 5, 5])


def test_masks_by_hand():
    """The example of three pixels and degrees 1, 2, 1 of the hidden units."""
    degrees = [np.array([1, 2, 3]), np.array([1, 2, 1])]
    M, M_V, M_A = made.masks_of(degrees)
    np.testing.assert_array_equal(M, [[1, 1, 1], [0, 1, 0], [0, 0, 0]])  # x_1 -> all, x_2 -> the unit of degree 2
    np.testing.assert_array_equal(M_V, [[0, 1, 1], [0, 0, 1], [0, 1, 1]])
    np.testing.assert_array_equal(M_A, [[0, 1, 1], [0, 0, 1], [0, 0, 0]])


@pytest.mark.parametrize("n_masks", [1, 2, 5])
def test_no_path_leads_from_a_pixel_to_itself_or_to_those_before(rng, n_masks):
    params = random_params(rng, 6, (8, 7))
    x = rng.random((1, 6))
    orders = set()
    for number in range(n_masks):
        options = {"number": number, "n_masks": n_masks}
        jacobian = autograd.jacobian(lambda x: made.conditional_logits(params, x, **options)[0])(x)[:, 0, :]  # noqa: B023
        place = made.connectivity(made.layer_sizes(params), number, n_masks)[0][0]
        orders.add(tuple(place))
        np.testing.assert_array_equal(jacobian[place[:, None] <= place], 0)
        assert np.all(jacobian[place[:, None] > place] != 0)  # the direct connections see to that
    assert len(orders) == n_masks


def test_masks_are_in_the_forward_pass_and_leave_the_weights_alone(rng):
    """A weight that is masked out for one ordering serves another; none is destroyed."""
    params = random_params(rng, 4, (5,))
    before = [leaf.copy() for leaf in leaves(params)]
    x = everything(4)
    _, gradient = value_and_grad(lambda p: -mean(made.log_prob(p, x)))(params)
    for leaf, copy in zip(leaves(params), before, strict=True):
        np.testing.assert_array_equal(leaf, copy)
    assert np.all(gradient["A"][np.triu_indices(4)[::-1]] == 0)  # x_j to pixels up to j: masked out
    _, gradient = value_and_grad(lambda p: -mean(made.log_prob(p, x, n_masks=20)))(params)
    assert np.all(gradient["A"][~np.eye(4, dtype=bool)] != 0)


# --- ensembles


def test_an_ensemble_averages_probabilities_and_not_logits(rng):
    params, x = random_params(rng, 4, (5,)), everything(4)
    each = []
    for number in range(3):
        logits = made.conditional_logits(params, x, number=number, n_masks=3)
        each.append(np.exp((x * logits - np.logaddexp(0, logits)).sum(axis=1)))
    np.testing.assert_allclose(np.exp(made.log_prob(params, x, n_masks=3)), np.mean(each, axis=0), rtol=1e-12)


def test_what_is_trained_is_one_of_the_masks_at_a_time(rng):
    params, x = random_params(rng, 4, (5,)), everything(4)
    each = np.array([made.random_objective(params, np.random.default_rng(seed), x, n_masks=3) for seed in range(30)])
    assert len(np.unique(np.round(each[:, 3], 12))) == 3
    one = made.random_objective(params, rng, x)
    np.testing.assert_array_equal(one, made.log_prob(params, x))


# --- pixel after pixel


def test_one_weight_one_multiplication(rng, monkeypatch):
    """Sampling multiplies each hidden unit with its outgoing weights once, as one pass does."""
    params = random_params(rng, 6, (8, 7))
    rows = []
    monkeypatch.setattr(made.onp, "dot", lambda a, b, dot=np.dot: rows.append(len(b)) or dot(a, b))
    made.sample(params, rng, 3)
    assert sum(rows) == 8 + 7


def test_completion_keeps_what_was_observed_and_draws_the_rest(rng):
    params = random_params(rng, 5, (9,))
    x = rng.integers(0, 2, (50, 5))
    observed = np.array([True, True, False, True, False])
    done = made.complete(params, rng, x, observed)
    assert done.dtype == np.uint8
    np.testing.assert_array_equal(done[:, observed], x[:, observed])
    per_example = rng.random((50, 5)) < 0.5
    done = made.complete(params, rng, x, per_example)
    np.testing.assert_array_equal(done[per_example], x[per_example])


def test_completion_is_the_posterior_where_the_observed_come_first(rng):
    params, n = random_params(rng, 4, (9,)), 40_000
    start = np.tile([1, 0, 0, 0], (n, 1))
    done = made.complete(params, rng, start, np.array([True, True, False, False]))
    x = np.array([[1, 0, *rest] for rest in itertools.product([0, 1], repeat=2)])
    probs = np.exp(made.log_prob(params, x))
    probs /= probs.sum()
    frequencies = np.bincount(done[:, 2] * 2 + done[:, 3], minlength=4) / n
    np.testing.assert_allclose(frequencies, probs, atol=5 * np.sqrt(0.25 / n))


@pytest.mark.parametrize("observed", [np.ones(4, bool), np.ones((2, 5), bool), np.ones(5), np.ones((1, 3, 5), bool)])
def test_refuses_another_shape_or_kind_of_observed(rng, observed):
    with pytest.raises(ValueError, match="observed: expected booleans of shape"):
        made.complete(random_params(rng, 5), rng, np.zeros((3, 5)), observed)


def test_refuses_no_layer_no_unit_and_no_mask(rng):
    for sizes, message in (((), "at least one hidden layer"), ((3, 0), r"hidden_sizes\[1\]: expected an integer")):
        with pytest.raises(InputError, match=message):
            made.init_params(rng, 4, sizes)
    params, x = made.init_params(rng, 4, (3,)), np.zeros((1, 4))
    for ask in (
        lambda: made.log_prob(params, x, n_masks=0),
        lambda: made.random_objective(params, rng, x, n_masks=0),
        lambda: made.sample(params, rng, 1, n_masks=0),
    ):
        with pytest.raises(InputError, match="n_masks: expected an integer of at least 1; found 0"):
            ask()


def test_the_masks_that_are_kept_cannot_be_changed():
    degrees, masks = made.connectivity((4, 3), 0, 2)
    for array in (*degrees, *masks):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_the_gradient_of_the_masked_product(rng):
    W, mask = rng.standard_normal((3, 4)), (rng.random((3, 4)) < 0.5).astype(np.float32)
    gradient = autograd.grad(lambda W: anp.sum(made.masked(W, mask) ** 2))(W)
    np.testing.assert_allclose(gradient, 2 * W * mask)


def test_a_mask_that_is_none_of_the_mixture_is_refused(rng):
    params = made.init_params(rng, 3, (4,))
    for number, n_masks in ((2, 2), (1, 1), (-1, 2)):
        with pytest.raises(InputError, match=f"masks 0 to {n_masks - 1}; found {number}"):
            made.conditional_logits(params, np.zeros((1, 3)), number=number, n_masks=n_masks)


def test_only_masks_that_were_drawn_are_walked(rng, monkeypatch):
    walked = []
    visit = made._visit
    monkeypatch.setattr(made, "_visit", lambda *args: walked.append(len(args[2])) or visit(*args))
    made.sample(made.init_params(rng, 3, (4,)), rng, 2, n_masks=64)
    assert sum(walked) == 2 and 0 not in walked

import itertools

import numpy as np
import pytest
from scipy.stats import betabinom

from npgen.autodiff import mean, value_and_grad
from npgen.errors import InputError
from npgen.models import orderless_nade
from npgen.nested import leaves, map_leaves, n_parameters
from npgen.optim import adam


def random_params(rng, n_visible=5, hidden_sizes=(8,), dtype=np.float64, direct=True):
    params = orderless_nade.init_params(rng, n_visible, hidden_sizes, dtype, direct=direct)
    return map_leaves(lambda leaf: leaf + rng.standard_normal(leaf.shape).astype(dtype), params)


def everything(n_visible):
    return np.array(list(itertools.product([0, 1], repeat=n_visible)))


@pytest.mark.parametrize("direct", [False, True])
def test_shapes_and_number_of_parameters(rng, direct):
    params = orderless_nade.init_params(rng, 784, (500, 400), direct=direct)
    n_trained = n_parameters({name: leaf for name, leaf in params.items() if name not in ("mu", "r")})
    assert n_trained == direct * 784 * 784 + 2 * 784 * 500 + 500 + 500 * 400 + 400 + 400 * 784 + 784
    assert {leaf.dtype for leaf in leaves(params)} == {np.dtype(np.float32)}


def test_the_sets_of_observed_pixels_are_as_frequent_as_is_said(rng):
    n, D = 60_000, 4
    observed = orderless_nade.observe(rng, (n, D), np.float64)
    sets = np.bincount((observed @ (2 ** np.arange(D))).astype(int), minlength=2**D)
    missing = np.array([D - bin(s).count("1") for s in range(2**D)])
    expected = n * (orderless_nade.p_missing(D) / np.array([1, 4, 6, 4, 1]))[missing]  # each set of a size alike
    assert np.all(np.abs(sets - expected) < 5 * np.sqrt(expected))


@pytest.mark.parametrize("n_visible", [1, 7, 784])
def test_how_many_pixels_are_missing_has_a_beta_binomial_distribution(n_visible):
    expected = betabinom(n_visible, 0.5, 1).pmf(np.arange(n_visible + 1))
    np.testing.assert_allclose(orderless_nade.p_missing(n_visible), expected, rtol=1e-10)
    assert orderless_nade.p_missing(n_visible).sum() == pytest.approx(1, abs=1e-10)


def test_a_batch_has_sets_of_all_sizes(rng):
    """One of 20 rows in each 20th of u: the mean of u^2 is then known to 1e-3, and not to 0.07 as with 20 free ones."""
    missing = [1 - orderless_nade.observe(rng, (20, 4000), np.float64).mean(axis=1) for _ in range(10)]
    np.testing.assert_allclose(
        np.sort(np.sqrt(missing), axis=1), np.tile((np.arange(20) + 0.5) / 20, (10, 1)), atol=0.04
    )


@pytest.mark.parametrize("hidden_sizes", [(8,), (6, 7)])
def test_what_is_trained_is_the_mean_over_all_orderings(rng, hidden_sizes):
    params, x = random_params(rng, 4, hidden_sizes), everything(4)
    orders = itertools.permutations(range(4))
    exact = np.mean([orderless_nade.log_prob_in_order(params, x.astype(float), order) for order in orders], axis=0)
    draws = np.array([orderless_nade.random_objective(params, rng, x) for _ in range(5000)])
    error = draws.std(axis=0) / np.sqrt(len(draws))
    assert np.all(np.abs(draws.mean(axis=0) - exact) < 5 * error)


def test_training_leaves_what_values_are_counted_from_alone(rng):
    params, x = random_params(rng, 4), everything(4)
    optimiser = adam(0.1)
    _, gradient = value_and_grad(lambda p: -mean(orderless_nade.random_objective(p, rng, x)))(params)
    moved, _ = optimiser.update(params, gradient, optimiser.init(params))
    for name in ("mu", "r"):
        np.testing.assert_array_equal(moved[name], params[name])
    for name in ("W", "M", "A", "V", "b", "c"):
        assert np.any(moved[name] != params[name])


def test_one_ordering_follows_the_conditionals(rng):
    """log p(x) is the sum of the conditionals that the network gives for the growing sets of observed pixels."""
    params, order = random_params(rng, 5, (8, 6)), [3, 0, 4, 1, 2]
    x = everything(5).astype(float)
    total, observed = 0.0, np.zeros_like(x)
    for d in order:
        logit = orderless_nade.logits_given(params, x, observed)[:, d]
        total = total + x[:, d] * logit - np.logaddexp(0, logit)
        observed[:, d] = 1
    np.testing.assert_allclose(orderless_nade.log_prob_in_order(params, x, order), total, rtol=1e-10)


def test_what_is_not_observed_is_not_looked_at(rng):
    params, observed = random_params(rng), np.array([[1.0, 0, 1, 0, 0]])
    x = np.array([[1.0, 0, 0, 1, 1]])
    other = np.where(observed == 1, x, 1 - x)
    logits = [orderless_nade.logits_given(params, values, observed) for values in (x, other)]
    np.testing.assert_array_equal(*logits)


def test_an_ensemble_averages_probabilities(rng):
    params, x = random_params(rng, 4), everything(4).astype(float)
    each = [np.exp(orderless_nade.log_prob_in_order(params, x, orderless_nade.ordering(s, 4))) for s in range(5)]
    total = np.exp(orderless_nade.log_prob(params, x, n_orderings=5))
    np.testing.assert_allclose(total, np.mean(each, axis=0), rtol=1e-12)


@pytest.mark.parametrize("observed", [[True, False, True, False], [False, False, False, True]])
def test_completion_is_a_draw_given_whatever_is_observed(rng, observed):
    """With the missing pixels in a random order: the mean over these orders of what each says."""
    params, n, observed = random_params(rng, 4, (8, 6)), 2000, np.array(observed)
    start = np.tile([1, 0, 0, 1], (n, 1))
    missing = np.flatnonzero(~observed)
    done = np.concatenate([orderless_nade.complete(params, rng, start, observed) for _ in range(60)])
    np.testing.assert_array_equal(done[:, observed], np.tile(start[0, observed], (len(done), 1)))
    rest = np.array(list(itertools.product([0, 1], repeat=len(missing))))
    x = np.tile(start[0], (len(rest), 1)).astype(float)
    x[:, missing] = rest
    probs = []
    for order in itertools.permutations(missing):
        log_p, seen = 0.0, np.tile(observed.astype(float), (len(x), 1))
        for d in order:
            logit = orderless_nade.logits_given(params, x, seen)[:, d]
            log_p = log_p + x[:, d] * logit - np.logaddexp(0, logit)
            seen[:, d] = 1
        probs.append(np.exp(log_p))
    np.testing.assert_allclose(np.sum(probs, axis=1), 1)
    weights = 2 ** np.arange(len(missing))[::-1]
    frequencies = np.bincount(done[:, missing] @ weights, minlength=len(rest)) / len(done)
    # 60 orders are drawn, one for each call: between two orders the probabilities differ by their standard deviation.
    spread = np.std(probs, axis=0) / np.sqrt(60) + np.sqrt(0.25 / len(done))
    assert np.all(np.abs(frequencies - np.mean(probs, axis=0)) < 5 * spread)


@pytest.mark.parametrize("observed", [np.ones(4, bool), np.ones((3, 5), bool), np.ones(5)])
def test_refuses_another_shape_or_kind_of_observed(rng, observed):
    with pytest.raises(ValueError, match=r"observed: expected booleans of shape \(5,\)"):
        orderless_nade.complete(random_params(rng), rng, np.zeros((3, 5)), observed)


def test_refuses_no_layer_no_unit_no_ordering_and_no_input(rng):
    for sizes, message in (((), "at least one hidden layer"), ((0,), r"hidden_sizes\[0\]: expected an integer")):
        with pytest.raises(InputError, match=message):
            orderless_nade.init_params(rng, 4, sizes)
    for r in (0, np.nan, np.inf):
        with pytest.raises(InputError, match="observed_input: expected a finite number above 0"):
            orderless_nade.init_params(rng, 4, (3,), observed_input=r)
    params = orderless_nade.init_params(rng, 4, (3,))
    for ask in (
        lambda: orderless_nade.log_prob(params, np.zeros((1, 4)), n_orderings=0),
        lambda: orderless_nade.sample(params, rng, 1, n_orderings=0),
    ):
        with pytest.raises(InputError, match="n_orderings: expected an integer of at least 1; found 0"):
            ask()


def test_one_ordering_of_values_that_are_not_binary_is_refused(rng):
    params = orderless_nade.init_params(rng, 3, (4,))
    with pytest.raises(InputError, match=r"found 0\.5"):
        orderless_nade.log_prob_in_order(params, np.full((1, 3), 0.5), [0, 1, 2])
    as_list = orderless_nade.log_prob_in_order(params, [[0, 1, 1]], [0, 1, 2])
    np.testing.assert_array_equal(as_list, orderless_nade.log_prob_in_order(params, np.array([[0, 1, 1]]), [0, 1, 2]))


def test_only_orderings_that_were_drawn_are_walked(rng, monkeypatch):
    walked = []
    visit = orderless_nade._visit
    monkeypatch.setattr(orderless_nade, "_visit", lambda *args: walked.append(len(args[2])) or visit(*args))
    orderless_nade.sample(orderless_nade.init_params(rng, 3, (4,)), rng, 2, n_orderings=64)
    assert sum(walked) == 2 and 0 not in walked

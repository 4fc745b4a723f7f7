import itertools
import tracemalloc

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
import scipy.stats
from autograd.test_util import check_grads

from npgen import data
from npgen.autodiff import mean, value_and_grad
from npgen.errors import InputError
from npgen.models import categorical_nade
from npgen.nested import leaves, map_leaves, n_parameters
from npgen.optim import adam
from npgen.train import fit, minibatches

D, K, H = 4, 3, 5
ORDERS = [None, np.array([2, 0, 3, 1])]
each_order = pytest.mark.parametrize("order", ORDERS, ids=["own", "given"])


def random_params(seed=1, sizes=(D, K, H), dtype=np.float64):
    """Moved by N(0, 1), so that no test passes because they are small."""
    rng = np.random.default_rng(seed)
    params = categorical_nade.init_params(rng, *sizes)
    return map_leaves(lambda leaf: (leaf + rng.standard_normal(leaf.shape)).astype(dtype), params)


def everything():
    """All vectors of categories, (K^D, D)."""
    return np.array(list(itertools.product(range(K), repeat=D)))


def test_shapes_and_number_of_parameters(rng):
    params = categorical_nade.init_params(rng, 64, 17, 200)
    assert {name: leaf.shape for name, leaf in params.items()} == {
        "W": (64, 17, 200),
        "c": (200,),
        "V": (64, 17, 200),
        "b": (64, 17),
    }
    assert n_parameters(params) == 2 * 64 * 17 * 200 + 200 + 64 * 17
    assert {leaf.dtype for leaf in leaves(params)} == {np.dtype(np.float32)}


def test_log_prob_by_hand():
    """D = 2, K = 3, H = 1."""
    params = {
        "W": np.array([[[1.0], [2.0], [-1.0]], np.zeros((3, 1))]),
        "c": np.array([-1.0]),
        "V": np.array([[[0.0], [1.0], [2.0]], [[3.0], [0.0], [0.0]]]),
        "b": np.array([[0.1, 0.2, 0.3], [0.0, 0.0, 0.5]]),
    }
    sigmoid = lambda a: 1 / (1 + np.exp(-a))  # noqa: E731  as short as the formula
    # x = (1, 2): h_1 = sigmoid(-1), h_2 = sigmoid(-1 + 2)
    l_1 = np.array([0.1, 0.2 + sigmoid(-1.0), 0.3 + 2 * sigmoid(-1.0)])
    l_2 = np.array([3 * sigmoid(1.0), 0.0, 0.5])
    expected = l_1[1] - np.log(np.exp(l_1).sum()) + l_2[2] - np.log(np.exp(l_2).sum())
    np.testing.assert_allclose(categorical_nade.log_prob(params, np.array([[1, 2]])), [expected], rtol=1e-14)


@each_order
def test_sums_to_one(order):
    # 81 terms of relative error a few eps each: 1e-12 leaves a factor of 50.
    log_prob = categorical_nade.log_prob(random_params(), everything(), order=order)
    assert np.exp(log_prob).sum() == pytest.approx(1, abs=1e-12)


def chi_square_of_samples(order):
    """The p-value of 40 000 samples against the probabilities of all vectors."""
    params, n = random_params(), 40_000
    x = categorical_nade.sample(params, np.random.default_rng(2), n, order=order)
    assert x.dtype == np.uint8 and x.shape == (n, D)
    expected = n * np.exp(categorical_nade.log_prob(params, everything(), order=order))
    counts = np.bincount(x @ (K ** np.arange(D)[::-1]), minlength=K**D)
    often = expected >= 5  # the usual condition; the rarer vectors are pooled into one cell
    observed, expected = (np.append(v[often], v[~often].sum()) for v in (counts, expected))
    return scipy.stats.chisquare(observed, expected * n / expected.sum()).pvalue


@each_order
def test_samples_match_probabilities(order):
    assert chi_square_of_samples(order) > 1e-4  # the seed is fixed: it fails never or always


def test_chi_square_finds_a_double_softmax(monkeypatch):
    """The mistake that sums to one all the same: probabilities taken for logits, in the sampler only."""
    sample = categorical_nade.categorical_sample
    softmax = lambda logits: np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)  # noqa: E731
    monkeypatch.setattr(categorical_nade, "categorical_sample", lambda rng, logits: sample(rng, softmax(logits)))
    assert chi_square_of_samples(None) < 1e-12


@each_order
def test_logits_depend_on_the_variables_before_only(order):
    params, x = random_params(), np.array([[0, 2, 1, 1]])
    before = categorical_nade.conditional_logits(params, x, order=order)
    places = list(np.arange(D) if order is None else order)
    for place, d in enumerate(places):
        changed = x.copy()
        changed[0, d] = (x[0, d] + 1) % K
        moved = (categorical_nade.conditional_logits(params, changed, order=order) != before)[0].any(axis=1)
        assert set(np.flatnonzero(moved)) == set(places[place + 1 :])


@each_order
def test_gradients_equal_finite_differences(order):
    x = everything()[::20]
    log_prob = lambda p: anp.sum(categorical_nade.log_prob(p, x, order=order))  # noqa: E731
    check_grads(log_prob, modes=["rev"], order=1)(random_params())


def test_log_prob_and_gradient_equal_the_readable_twins():
    params, x, order = random_params(), everything()[::7], ORDERS[1]

    def twin(params):
        h = categorical_nade.hidden_layers(x, params["W"], params["c"], order)
        total = 0.0
        for d in range(D):
            logits = anp.dot(h[d], params["V"][d].T) + params["b"][d]
            total = total + logits[np.arange(len(x)), x[:, d]] - anp.log(anp.sum(anp.exp(logits), axis=1))
        return total

    np.testing.assert_allclose(categorical_nade.log_prob(params, x, order=order), twin(params), rtol=1e-12)
    actual = autograd.grad(lambda p: anp.sum(categorical_nade.log_prob(p, x, order=order)))(params)
    expected = autograd.grad(lambda p: anp.sum(twin(p)))(params)
    for name in params:
        np.testing.assert_allclose(actual[name], expected[name], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("order", list(itertools.permutations(range(3)))[1:])
def test_an_order_visits_the_variables_in_that_order(order):
    """The same as a model without order, whose variables and rows of parameters are rearranged."""
    params, order = random_params(sizes=(3, K, H)), np.array(order)
    x = np.array(list(itertools.product(range(K), repeat=3)))
    rearranged = {**params, **{name: params[name][order] for name in "WVb"}}
    expected = categorical_nade.log_prob(rearranged, x[:, order])
    np.testing.assert_allclose(categorical_nade.log_prob(params, x, order=order), expected, rtol=1e-12)


def test_conditionals_are_the_conditional_probabilities():
    params, x = random_params(), everything()
    joint = np.exp(categorical_nade.log_prob(params, x)).reshape([K] * D)
    conditionals = categorical_nade.conditionals(params, x)
    assert conditionals.shape == (K**D, D, K)
    for d in range(D):
        marginal = joint.sum(axis=tuple(range(d + 1, D)))  # p(x_1 ... x_d)
        expected = marginal / marginal.sum(axis=-1, keepdims=True)
        of_each = np.stack([expected[tuple(row[:d])] for row in x])
        np.testing.assert_allclose(conditionals[:, d], of_each, rtol=1e-11)


def test_with_two_categories_it_is_nade(rng):
    """The logit of NADE is the difference of the two; W[d, 0] = 0 adds nothing, as x_d = 0 does there."""
    from npgen.models import nade

    binary = map_leaves(lambda leaf: leaf + rng.standard_normal(leaf.shape), nade.init_params(rng, 5, 4, np.float64))
    with_zeros = lambda leaf: np.stack([np.zeros_like(leaf), leaf], axis=1)  # noqa: E731
    params = {**{name: with_zeros(binary[name]) for name in "WVb"}, "c": binary["c"]}
    x = np.array(list(itertools.product([0, 1], repeat=5)))
    np.testing.assert_allclose(categorical_nade.log_prob(params, x), nade.log_prob(binary, x), rtol=1e-12)


def test_marginals_are_where_training_starts(rng):
    x = rng.integers(0, 3, (50, 2))
    x[:, 1] = 0  # a constant column has a finite start too
    p = categorical_nade.marginals(x, 4)
    np.testing.assert_allclose(p[1], np.array([51, 1, 1, 1]) / 54)
    params = categorical_nade.init_params(rng, 2, 4, 3, np.float64, marginals=p)
    params["V"] *= 0
    np.testing.assert_allclose(categorical_nade.conditionals(params, x[:1])[0], p, rtol=1e-12)


def test_grey_digits_are_learned():
    """17 grey levels: in 300 steps far better than independent pixels."""
    digits = data.digits()
    marginals = categorical_nade.marginals(digits.train, 17)
    params = categorical_nade.init_params(np.random.default_rng(0), 64, 17, 50, marginals=marginals)
    independent = -categorical_nade.log_prob({**params, "V": 0 * params["V"]}, digits.test).mean()
    batches = itertools.islice(minibatches(np.random.default_rng(1), digits.train, 100), 300)
    for step in fit(lambda p, x: -mean(categorical_nade.log_prob(p, x)), params, batches, adam(5e-3)):
        params = step.params
    assert -categorical_nade.log_prob(params, digits.test).mean() < independent - 15


def test_sampling_makes_one_pass(monkeypatch):
    """D products of (n, H) with (H, K), and no call of the D hidden layers: as much as one log_prob."""
    products = []
    monkeypatch.setattr(categorical_nade.kernel, "hidden_layers", None)
    dot = categorical_nade.onp.dot
    monkeypatch.setattr(categorical_nade.onp, "dot", lambda a, b: products.append((a.shape, b.shape)) or dot(a, b))
    categorical_nade.sample(random_params(), np.random.default_rng(0), 6)
    assert products == [((6, H), (H, K))] * D


@pytest.mark.parametrize("at_once", [1, 2 * D * K, 30 * D * K + 1])
def test_a_few_examples_at_a_time_give_the_same(monkeypatch, at_once):
    """Values and gradients, with fewer logits at a time than one example has, with two examples, with thirty."""
    params, x = random_params(), everything()
    gradient_of = value_and_grad(lambda p: mean(categorical_nade.log_prob(p, x)))
    whole, (_, expected) = categorical_nade.log_prob(params, x), gradient_of(params)
    sizes, logits = [], categorical_nade.conditional_logits
    record = lambda params, x, **options: sizes.append(len(x)) or logits(params, x, **options)  # noqa: E731
    monkeypatch.setattr(categorical_nade, "conditional_logits", record)
    monkeypatch.setattr(categorical_nade, "LOGITS_AT_ONCE", at_once)
    np.testing.assert_allclose(categorical_nade.log_prob(params, x), whole, rtol=1e-12)
    assert max(sizes) == max(1, at_once // (D * K)) and sum(sizes) == len(x)
    for found, leaf in zip(leaves(gradient_of(params)[1]), leaves(expected), strict=True):
        np.testing.assert_allclose(found, leaf, rtol=1e-10, atol=1e-14)


def test_no_examples_have_no_probabilities():
    assert categorical_nade.log_prob(random_params(), np.empty((0, D), int)).shape == (0,)


def test_256_grey_levels_take_the_memory_of_a_few_images():
    """Of 1000 images with 196 pixels all logits would be 196 MB; a dozen arrays of 32 MB are the most it may have."""
    params = categorical_nade.init_params(np.random.default_rng(0), 196, 256, 2)
    x = np.random.default_rng(1).integers(0, 256, (1000, 196))
    categorical_nade.log_prob(params, x[:1])  # compiles
    tracemalloc.start()
    categorical_nade.log_prob(params, x)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 6 * 4 * categorical_nade.LOGITS_AT_ONCE


def test_float32_stays_float32():
    params, x = random_params(dtype=np.float32), everything().astype(np.uint8)
    value, gradient = value_and_grad(lambda p: mean(categorical_nade.log_prob(p, x)))(params)
    assert value.dtype == np.float32
    assert {leaf.dtype for leaf in leaves(gradient)} == {np.dtype(np.float32)}


def test_per_example_and_same_seed_same_bits():
    params, x = random_params(), everything()
    alone = np.concatenate([categorical_nade.log_prob(params, row[None]) for row in x])
    np.testing.assert_allclose(categorical_nade.log_prob(params, x), alone, rtol=1e-12)
    draws = [categorical_nade.sample(params, np.random.default_rng(5), 20) for _ in range(2)]
    np.testing.assert_array_equal(*draws)


@pytest.mark.parametrize("value", [K, -1, 0.5, np.nan])
def test_refuses_what_is_no_category(value):
    x = np.zeros((3, D))
    x[1, 2] = value
    with pytest.raises(InputError, match=rf"whole numbers in 0\.\.2; found {x[1, 2]} in row 1, column 2"):
        categorical_nade.log_prob(random_params(), x)


@pytest.mark.parametrize("shape", [(D,), (3, D + 1), (3, 1), (1, 3, D)])
def test_refuses_examples_of_another_shape(shape):
    with pytest.raises(InputError, match=rf"shape \(n, {D}\); found"):
        categorical_nade.log_prob(random_params(), np.zeros(shape, int))


@pytest.mark.parametrize("order", [[0, 1], [0, 0, 1, 2], [1, 2, 3, 4], [[0, 1, 2, 3]]])
def test_refuses_an_order_that_is_no_permutation(rng, order):
    with pytest.raises(InputError, match=r"permutation of 0\.\.3"):
        categorical_nade.log_prob(random_params(), everything(), order=order)
    with pytest.raises(InputError, match=r"permutation of 0\.\.3"):
        categorical_nade.sample(random_params(), rng, 1, order=order)


@pytest.mark.parametrize("sizes", [(0, 3, 2), (3, 0, 2), (3, 3, 0), (3, 2.5, 2)])
def test_refuses_sizes_that_are_none(rng, sizes):
    with pytest.raises(InputError, match="expected an integer of at least 1"):
        categorical_nade.init_params(rng, *sizes)
    with pytest.raises(InputError, match="n_samples"):
        categorical_nade.sample(random_params(), rng, 0)


@pytest.mark.parametrize("marginals", [np.full((3, 2), 0.5), np.full((2, 3), 0.5), [[1.0, 0, 0], [0.2, 0.3, 0.5]]])
def test_refuses_marginals_without_a_logarithm_or_that_are_none(rng, marginals):
    with pytest.raises(InputError, match=r"marginals: expected \(2, 3\) probabilities"):
        categorical_nade.init_params(rng, 2, 3, 2, marginals=marginals)

"""Tables by counting: against plain Python, SciPy, and the numbers of the course."""

import itertools
import re
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from npgen import data
from npgen.errors import InputError
from npgen.models import tables

SIZES = (2, 3, 4)


def examples(n=40, sizes=SIZES, seed=0):
    rng = np.random.default_rng(seed)
    first = rng.integers(0, sizes[0], n)
    rest = [(rng.integers(0, size, n) * rng.integers(0, 2, n) + first) % size for size in sizes[1:]]
    return np.stack([first, *rest], axis=1)


def everything(sizes=SIZES):
    return np.array(list(itertools.product(*map(range, sizes))))


# One table


@pytest.mark.parametrize("alpha", [0, 1, 0.25])
def test_joint_table_counts(alpha):
    x = examples()
    counts, joint = Counter(map(tuple, x.tolist())), tables.joint_table(x, SIZES, alpha)
    for cell in map(tuple, everything().tolist()):
        expected = (counts[cell] + Fraction(alpha)) / (len(x) + Fraction(alpha) * 24)
        assert joint[cell] == pytest.approx(float(expected), rel=1e-15)
    assert joint.shape == SIZES


def test_tennis_by_hand():
    table = data.tennis().only("Outlook", "Tennis")
    joint = tables.joint_table(table.x, table.n_categories)
    # (Sunny, Overcast, Rain) x (No, Yes): 3 and 2, 0 and 4, 2 and 3 of 14 days
    np.testing.assert_allclose(joint * 14, [[3, 2], [0, 4], [2, 3]], rtol=1e-15)
    np.testing.assert_allclose(tables.marginal(joint, 1) * 14, [5, 9], rtol=1e-15)
    np.testing.assert_allclose(tables.conditional(joint, 0), [[3 / 5, 2 / 5], [0, 1], [2 / 5, 3 / 5]], rtol=1e-14)
    np.testing.assert_allclose(tables.conditional(joint, 1), [[3 / 5, 2 / 9], [0, 4 / 9], [2 / 5, 3 / 9]], rtol=1e-14)
    smoothed = tables.joint_table(table.x, table.n_categories, smoothing=1)
    np.testing.assert_allclose(smoothed * 20, [[4, 3], [1, 5], [3, 4]], rtol=1e-15)


def test_marginals_are_sums_in_the_order_asked_for():
    joint = tables.joint_table(examples(), SIZES)
    np.testing.assert_allclose(tables.marginal(joint, 2, 0), np.einsum("abc->ca", joint), rtol=1e-15)
    np.testing.assert_allclose(tables.marginal(joint, 2, 0, 1), np.einsum("abc->cab", joint), rtol=1e-15)
    assert tables.marginal(joint) == pytest.approx(1, abs=1e-15)


def test_conditional_times_marginal_is_the_joint():
    joint = tables.joint_table(examples(), SIZES, 0.5)
    given_two = tables.conditional(joint, 0, 2)
    np.testing.assert_allclose(given_two.sum(axis=1), 1, rtol=1e-14)
    np.testing.assert_allclose(given_two * tables.marginal(joint, 0, 2)[:, None, :], joint, rtol=1e-14)


def test_an_empty_condition_is_named_and_uniform_only_with_smoothing():
    x = np.array([[0, 0, 0], [1, 1, 3]])
    with pytest.raises(InputError, match=r"nothing is known where x_0 = 0, x_2 = 1 .* smoothing > 0"):
        tables.conditional(tables.joint_table(x, SIZES), 0, 2)
    smoothed = tables.conditional(tables.joint_table(x, SIZES, 0.1), 0, 2)
    np.testing.assert_allclose(smoothed[0, :, 1], 1 / 3, rtol=1e-14)
    for estimate in (tables.joint_table, tables.fit):
        with pytest.raises(InputError, match="no examples to count"):
            estimate(x[:0], SIZES)
    np.testing.assert_allclose(tables.joint_table(x[:0], SIZES, 1), 1 / 24, rtol=1e-15)


# Factors

GRAPH = {1: (0,), 2: (0,)}  # x_1 and x_2 independent given x_0


@given(st.permutations(range(3)), st.integers(0, 100))
def test_any_order_of_the_chain_rule_gives_the_relative_frequencies(order, seed):
    x = examples(seed=seed)
    params = tables.fit(x, SIZES, tables.chain(order))
    expected = tables.joint_table(x, SIZES)
    # three divisions and three logarithms of numbers up to log 40
    np.testing.assert_allclose(np.exp(tables.log_joint(params)), expected, rtol=1e-13)
    np.testing.assert_allclose(np.exp(tables.log_prob(params, everything())), expected.ravel(), rtol=1e-13)


@pytest.mark.parametrize("parents", [None, GRAPH, {}, {0: (2,), 2: (1,)}, {0: [1, 2]}])
@pytest.mark.parametrize("alpha", [0.5, 1])
def test_sums_to_one_and_log_joint_agrees(parents, alpha):
    params = tables.fit(examples(), SIZES, parents, alpha)
    log_probs = tables.log_prob(params, everything())
    assert np.exp(log_probs).sum() == pytest.approx(1, abs=1e-13)
    np.testing.assert_allclose(tables.log_joint(params).ravel(), log_probs, rtol=1e-14)
    for d, table in enumerate(params):
        np.testing.assert_allclose(np.exp(table).sum(axis=d), 1, rtol=1e-14)
        assert tables.parents_of(params, d) == tuple(sorted(({} if parents == {} else parents or CHAIN).get(d, ())))


CHAIN = {0: (), 1: (0,), 2: (0, 1)}


def test_a_conditional_by_hand():
    x = np.array([[0, 1, 0], [0, 1, 0], [0, 2, 3], [1, 0, 3]])
    params = tables.fit(x, SIZES, GRAPH, smoothing=1)
    np.testing.assert_allclose(np.exp(params[0]).ravel(), [4 / 6, 2 / 6], rtol=1e-15)
    assert params[1].shape == (2, 3, 1) and params[2].shape == (2, 1, 4)
    np.testing.assert_allclose(np.exp(params[1][:, :, 0]), [[1 / 6, 3 / 6, 2 / 6], [2 / 4, 1 / 4, 1 / 4]], rtol=1e-14)
    np.testing.assert_allclose(np.exp(params[2][0, 0]), [3 / 7, 1 / 7, 1 / 7, 2 / 7], rtol=1e-14)
    expected = np.log(4 / 6 * 2 / 6 * 3 / 7)
    np.testing.assert_allclose(tables.log_prob(params, [[0, 2, 0]]), [expected], rtol=1e-14)


def test_dropped_independences_cost_likelihood_and_save_parameters():
    x = examples(400)
    full, fewer = tables.fit(x, SIZES), tables.fit(x, SIZES, GRAPH)
    assert tables.n_parameters(full) == 23  # 2 * 3 * 4 - 1, as any full chain
    assert tables.n_parameters(tables.fit(x, SIZES, tables.chain([2, 0, 1]))) == 23
    assert tables.n_parameters(fewer) == 1 + 2 * 2 + 2 * 3
    assert tables.n_parameters(tables.fit(x, SIZES, {})) == 1 + 2 + 3
    lost = tables.log_prob(full, x).mean() - tables.log_prob(fewer, x).mean()
    # What is lost is the conditional mutual information of x_1 and x_2 given x_0, of the relative frequencies.
    p = tables.joint_table(x, SIZES)
    p_0, p_01, p_02 = (tables.marginal(p, *kept) for kept in ((0,), (0, 1), (0, 2)))
    ratio = p * p_0[:, None, None] / (p_01[:, :, None] * p_02[:, None, :])
    assert lost == pytest.approx((p[p > 0] * np.log(ratio[p > 0])).sum(), rel=1e-10)
    assert lost > 0


def test_maximum_likelihood():
    x = examples()
    best = tables.log_prob(tables.fit(x, SIZES, GRAPH), x).sum()
    rng = np.random.default_rng(1)
    for _ in range(20):
        moved = [table + 0.1 * rng.standard_normal(table.shape) for table in tables.fit(x, SIZES, GRAPH)]
        moved = [table - np.log(np.exp(table).sum(axis=d, keepdims=True)) for d, table in enumerate(moved)]
        assert tables.log_prob(moved, x).sum() < best


@pytest.mark.parametrize("parents", [None, GRAPH, {0: (2,), 2: (1,)}])
@pytest.mark.parametrize("alpha", [0, 1])
def test_samples_match_probabilities(parents, alpha):
    params = tables.fit(examples(60), SIZES, parents, alpha)
    x = tables.sample(params, np.random.default_rng(2), 20_000)
    assert (x.shape, x.dtype) == ((20_000, 3), np.int64)
    expected = 20_000 * np.exp(tables.log_joint(params)).ravel()
    observed = np.bincount(np.ravel_multi_index(tuple(x.T), SIZES), minlength=24)
    assert (observed[expected == 0] == 0).all()
    possible = expected > 0
    assert (expected[possible] > 5).all()
    assert scipy.stats.chisquare(observed[possible], expected[possible]).pvalue > 1e-4  # the seed is fixed


def test_same_seed_same_bits():
    params = tables.fit(examples(), SIZES, smoothing=1)
    draws = [tables.sample(params, np.random.default_rng(5), 20) for _ in range(2)]
    np.testing.assert_array_equal(*draws)


def test_the_five_factors_of_tennis_without_smoothing_give_back_the_days():
    table = data.tennis()
    order = [table.columns.index(name) for name in ("Temp", "Outlook", "Humidity", "Wind", "Tennis")]
    params = tables.fit(table.x, table.n_categories, tables.chain(order))
    np.testing.assert_allclose(tables.log_prob(params, table.x), -np.log(14), rtol=1e-14)  # 14 different days
    drawn = tables.sample(params, np.random.default_rng(0), 500)
    assert set(map(tuple, drawn)) == set(map(tuple, table.x))
    # what no day has is excluded by a factor, whatever comes after it
    assert tables.log_prob(params, [[0, 0, 0, 0, 1]]) == -np.inf  # that day they did not play
    assert tables.log_prob(params, [[1, 2, 0, 0, 1]]) == -np.inf  # no cool overcast day was humid
    assert np.isfinite(tables.log_prob(tables.fit(table.x, table.n_categories, smoothing=1), [[1, 2, 0, 0, 1]]))


def test_what_is_not_known_is_refused_by_name():
    x = np.array([[0, 0, 0], [1, 1, 0]])
    params = tables.fit(x, (2, 2, 2), {2: (0, 1)})  # x_0 and x_1 independent: the model expects (0, 1), too
    message = re.escape("nothing is known where x_0 = 0, x_1 = 1 (variables and values counted from 0)")
    with pytest.raises(InputError, match=message):
        tables.log_prob(params, [[0, 0, 0], [0, 1, 0]])
    with pytest.raises(InputError, match="nothing is known where x_0"):
        tables.sample(params, np.random.default_rng(0), 100)
    assert np.isnan(tables.log_joint(params)[0, 1]).all()
    smoothed = tables.fit(x, (2, 2, 2), {2: (0, 1)}, smoothing=0.01)
    np.testing.assert_allclose(np.exp(smoothed[2][0, 1]), [0.5, 0.5], rtol=1e-14)


@pytest.mark.parametrize(("value", "found"), [(3, "3.0"), (-1, "-1.0"), (0.5, "0.5"), (np.nan, "nan"), (np.inf, "inf")])
def test_categories_outside_are_named(value, found):
    x = examples().astype(float)
    x[7, 1] = value
    message = re.escape(f"whole numbers in 0..2; found {found} in row 7, column 1")
    params = tables.fit(examples(), SIZES, smoothing=1)
    for ask in (
        lambda: tables.fit(x, SIZES),
        lambda: tables.joint_table(x, SIZES),
        lambda: tables.log_prob(params, x),
    ):
        with pytest.raises(InputError, match=message):
            ask()


def test_bad_arguments():
    x = examples()
    with pytest.raises(InputError, match=r"shape \(n, 2\); found \(40, 3\)"):
        tables.fit(x, (2, 3))
    with pytest.raises(InputError, match=r"n_categories\[1\]: expected an integer of at least 1; found 0"):
        tables.fit(x, (2, 0, 4))
    for smoothing in (-1, np.nan, np.inf):
        with pytest.raises(InputError, match="smoothing: expected a number of at least 0"):
            tables.fit(x, SIZES, smoothing=smoothing)
    for order in ([0, 0, 1], [1, 2, 3]):
        with pytest.raises(InputError, match=r"order: expected a permutation of 0\.\.2"):
            tables.chain(order)
    for parents in ({0: (0,)}, {0: (3,)}, {3: (0,)}, {0: (1, 1)}):
        with pytest.raises(InputError, match=r"expected variables of 0\.\.2, each once"):
            tables.fit(x, SIZES, parents)
    with pytest.raises(InputError, match="found the circle"):
        tables.fit(x, SIZES, {0: (1,), 1: (2,), 2: (0,)})
    with pytest.raises(InputError, match="n_samples: expected an integer of at least 1"):
        tables.sample(tables.fit(x, SIZES), np.random.default_rng(0), 0)
    joint = tables.joint_table(x, SIZES)
    for variables in ((-1,), (3,), (0, 0)):
        for ask in (tables.marginal, tables.conditional):
            with pytest.raises(InputError, match=r"expected variables of 0\.\.2, each once; found"):
                ask(joint, *variables)


def test_one_variable_alone(rng):
    x = rng.integers(0, 3, (200, 1))
    params = tables.fit(x, (3,))
    np.testing.assert_allclose(np.exp(params[0]), np.bincount(x[:, 0]) / 200)
    drawn = tables.sample(params, rng, 20_000)
    np.testing.assert_allclose(np.bincount(drawn[:, 0]) / 20_000, np.exp(params[0]), atol=0.02)  # 6 standard errors


def test_many_variables_take_as_many_cells_as_their_parents_need(rng):
    x = rng.integers(0, 2, (50, 30))
    sizes = (2,) * 30
    markov = tables.fit(x, sizes, {d: (d - 1,) for d in range(1, 30)}, smoothing=1)
    assert tables.n_parameters(markov) == 1 + 2 * 29
    assert np.isfinite(tables.log_prob(markov, x)).all()
    for ask in (
        lambda: tables.joint_table(x, sizes),
        lambda: tables.fit(x, sizes),
        lambda: tables.log_joint(markov),
    ):
        with pytest.raises(InputError, match=r"a table of (27|30) variables would have \S+ cells; expected at most"):
            ask()
    with pytest.raises(InputError, match="expected at most 32 variables"):
        tables.fit(np.zeros((5, 33), int), (2,) * 33, {})


# Histograms

EDGES = np.round(np.linspace(4.3, 7.9, 10), 1)


def test_values_on_an_edge_begin_a_bin_and_the_last_edge_ends_one():
    edges = [0, 1, 3, 4]
    np.testing.assert_array_equal(tables.bin_of([0, 0.5, 1, 2.9, 3, 4, -0.1, 4.1], edges), [0, 0, 1, 1, 2, 2, -1, -1])


def test_iris_has_lengths_on_the_edges():
    """The lengths have one decimal, and so have the edges; those of linspace miss some by a rounding."""
    lengths = data.iris().x[:, 0]
    counts = np.bincount(tables.bin_of(lengths, EDGES), minlength=9)
    tenths = np.round(10 * lengths).astype(int)  # exact arithmetic
    expected = np.bincount(np.minimum((tenths - 43) // 4, 8), minlength=9)
    np.testing.assert_array_equal(counts, expected)
    assert counts.sum() == 150
    unrounded = np.bincount(tables.bin_of(lengths, np.linspace(4.3, 7.9, 10)), minlength=9)
    assert not np.array_equal(unrounded, expected)


@pytest.mark.parametrize("edges", [EDGES, np.array([4, 5, 5.25, 7, 9.0])])
def test_the_histogram_is_that_of_numpy_and_integrates_to_one(edges):
    lengths = data.iris().x[:, 0]
    params = tables.fit_histogram(lengths, edges)
    density = np.exp(params["log_density"])
    np.testing.assert_allclose(density, np.histogram(lengths, edges, density=True)[0], rtol=1e-14)
    assert (density * np.diff(edges)).sum() == pytest.approx(1, abs=1e-14)
    inside = np.exp(tables.histogram_log_prob(params, [edges[0], edges[1], edges[-1]]))
    np.testing.assert_array_equal(inside, density[[0, 1, -1]])
    assert (tables.histogram_log_prob(params, [edges[0] - 0.01, edges[-1] + 0.01]) == -np.inf).all()


def test_samples_of_a_histogram_follow_it():
    params = tables.fit_histogram([0.5, 1.2, 1.4, 2.5], [0, 1, 2, 2.25, 4])
    v = tables.sample_histogram(params, np.random.default_rng(0), 10_000)

    def cumulative(v):
        return np.interp(v, [0, 1, 2, 2.25, 4], [0, 0.25, 0.75, 0.75, 1])

    assert scipy.stats.kstest(v, cumulative).pvalue > 1e-4  # the seed is fixed


def test_histogram_errors():
    for edges in ([1], [0, 0, 1], [1, 0], [0, np.nan], [0, np.inf], [[0, 1]]):
        with pytest.raises(InputError, match="edges: expected at least two finite numbers, rising"):
            tables.fit_histogram([0.5], edges)
    with pytest.raises(InputError, match=r"expected values between the edges 0 and 1; found none of 2 there"):
        tables.fit_histogram([2, 3], [0, 1])
    with pytest.raises(InputError, match="nan in row 1"):
        tables.fit_histogram([2, np.nan], [0, 1])


# A Gaussian for each class


def test_the_gaussians_of_iris():
    iris = data.iris()
    params = tables.fit_classes(iris.x[:, 0], iris.labels, 3)
    np.testing.assert_allclose(params["mean"], [5.006, 5.936, 6.588], rtol=1e-14)
    np.testing.assert_array_equal(np.exp(params["log_std"]).round(3), [0.349, 0.511, 0.629])
    np.testing.assert_allclose(np.exp(params["log_prior"]), 1 / 3, rtol=1e-14)


def test_posterior_is_bayes_rule():
    params = tables.fit_classes([1.0, 2, 4, 6, 8, 5, 9], [0, 0, 1, 1, 1, 2, 2], 3)
    v = np.array([0.5, 3.0, 7.0])
    joint = np.stack(
        [
            prior * scipy.stats.norm(mean, std).pdf(v)
            for prior, mean, std in ((2 / 7, 1.5, 0.5), (3 / 7, 6, np.sqrt(8 / 3)), (2 / 7, 7, 2))
        ],
        axis=1,
    )
    np.testing.assert_allclose(tables.class_posterior(params, v), joint / joint.sum(axis=1, keepdims=True), rtol=1e-12)
    np.testing.assert_allclose(tables.class_log_prob(params, v)[1, 0], scipy.stats.norm(1.5, 0.5).logpdf(3), rtol=1e-14)
    far = tables.class_posterior(params, [1e3, -1e3])  # where every density underflows
    np.testing.assert_array_equal(far, [[0, 0, 1], [0, 0, 1]])


def test_class_errors():
    with pytest.raises(
        InputError, match="class 1: expected at least two different values; found 2 values, all the same"
    ):
        tables.fit_classes([1, 2, 3, 3], [0, 0, 1, 1], 2)
    with pytest.raises(InputError, match="class 2: expected at least two different values; found none"):
        tables.fit_classes([1, 2, 3, 4], [0, 0, 1, 1], 3)
    with pytest.raises(InputError, match=r"whole numbers in 0\.\.1; found 2 in row 1, column 0"):
        tables.fit_classes([1, 2], [0, 2], 2)
    with pytest.raises(InputError, match="expected a label for each value; found 3 labels and 4 values"):
        tables.fit_classes([1, 2, 3, 4], [0, 0, 1], 2)
    with pytest.raises(InputError, match="nan in row 1"):
        tables.class_posterior(tables.fit_classes([1, 2, 3, 4], [0, 0, 1, 1], 2), [1, np.nan])


def test_numbers_in_two_columns_are_refused():
    for refused in (
        lambda values: tables.fit_histogram(values, [0, 1, 2]),
        lambda values: tables.fit_classes(values, [0, 0, 1, 1], 2),
        lambda values: tables.class_log_prob(tables.fit_classes([1.0, 2, 3, 4], [0, 0, 1, 1], 2), values),
    ):
        with pytest.raises(InputError, match=re.escape("of shape (n,); found shape (2, 2)")):
            refused(np.ones((2, 2)))


def test_the_circle_goes_from_parent_to_child():
    parents = {0: (1,), 1: (2,), 2: (0,)}
    with pytest.raises(InputError) as error:
        tables.fit(np.zeros((1, 3), int), (2, 2, 2), parents)
    circle = [int(d) for d in str(error.value).rsplit("circle ", 1)[1].split(" -> ")]
    assert all(parent in parents[child] for parent, child in itertools.pairwise(circle))


def test_no_class_is_refused_by_its_own_name():
    with pytest.raises(InputError, match="n_classes"):
        tables.fit_classes([1.0, 2.0], [0, 0], 0)

"""How often the tests of random functions fail a right one (never), and find a wrong one."""

import numpy as np
import pytest
from grading.detection import WRONG_NOISE, K, N
from scipy import stats

from npgen.grading import statistics
from npgen.grading.statistics import P_VALUE, categorical_problem, normal_problem, reused_problem

FOUND_BY = {
    "std x 1.05": "std",
    "std x 0.95": "std",
    "mean + 0.05": "mean",
    "uniform, same variance": "shape",
    "Laplace, same variance": "shape",
    "same rows": "rows",
    "same columns": "columns",
    "rows in pairs": "rows",
    "none": "none",
}


def rate(draw, n, runs):
    """The share of runs in which the noise is found to be wrong, and by which statistics."""
    problems = [normal_problem(draw(np.random.default_rng(seed), n, K)) for seed in range(runs)]
    names = [problem[0] for problem in problems if problem]
    return len(names) / runs, set(names)


def test_right_noise_never_fails():
    for seed in range(3000):
        assert normal_problem(np.random.default_rng(seed).normal(size=(N, K))) is None


@pytest.mark.parametrize("shape", [(1000, 1), (500, 2), (10, 100), (36_000, 1)])
def test_right_noise_of_other_shapes_never_fails(shape):
    for seed in range(200):
        assert normal_problem(np.random.default_rng(seed).normal(size=shape)) is None


@pytest.mark.parametrize("n", [1000, 12_000, 60_000])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_different_draws_are_not_taken_for_the_same(n, dtype):
    for seed in range(100):
        assert reused_problem(np.random.default_rng(seed).standard_normal(n, dtype)) is None


@pytest.mark.parametrize("n", [1000, 12_000, 60_000])
def test_draws_that_are_used_twice_are_found(n):
    for seed in range(20):
        e = np.random.default_rng(seed).normal(size=n)
        again = n // 10
        e[:again] = -e[again : 2 * again] + 1e-7  # as float32 may round it
        assert reused_problem(e)[0] == "reused"


# The least rates at 4000 x 3 and at 12000 x 3 draws. With 12000 numbers a mean of 0.05 is 5.5 standard errors from 0.
LEAST_RATES = {"std x 1.05": (0.85, 1.0), "std x 0.95": (0.85, 1.0), "mean + 0.05": (0.05, 0.99)}


@pytest.mark.parametrize("name", WRONG_NOISE)
def test_wrong_noise_is_found(name):
    for n, least in zip((N, 3 * N), LEAST_RATES.get(name, (1.0, 1.0)), strict=True):
        found, names = rate(WRONG_NOISE[name], n, runs=100)
        assert found >= least
        assert FOUND_BY[name] in names


def test_the_p_values_are_those_of_scipy_stats():
    e = 1.02 * np.random.default_rng(0).normal(size=5000)
    expected = stats.kstest(e, "norm", method="asymp").pvalue
    np.testing.assert_allclose(statistics._normal_p_value(e), expected, rtol=1e-6)
    for total in (3.0, 40.0):
        expected = 2 * min(stats.chi2.cdf(total, 10), stats.chi2.sf(total, 10))
        np.testing.assert_allclose(statistics._chi2_p_values(total, 10), expected, rtol=1e-9)


def test_right_counts_never_fail():
    rng = np.random.default_rng(0)
    probs = np.array([0.5, 0.3, 0.199, 0.001, 0.0])
    for _ in range(3000):
        assert categorical_problem(rng.multinomial(5000, probs), probs) is None


def test_wrong_counts_are_found_in_their_cell():
    rng = np.random.default_rng(0)
    probs = np.array([0.5, 0.3, 0.2])
    for _ in range(100):
        cell, frequency, p = categorical_problem(rng.multinomial(5000, [0.5, 0.2, 0.3]), probs)
        assert cell in (1, 2)
        assert p == probs[cell]
        assert abs(frequency - p) > 0.05


def test_what_is_impossible_fails_once_it_is_seen():
    assert categorical_problem(np.array([999, 1]), np.array([1.0, 0.0])) is not None
    assert categorical_problem(np.array([1000, 0]), np.array([1.0, 0.0])) is None


@pytest.mark.parametrize("count", [700, 800, 1200, 1300])
def test_the_verdict_is_that_of_an_exact_binomial_test(count):
    n, p = 2000, 0.5
    found = categorical_problem(np.array([count, n - count]), np.array([p, 1 - p]))
    assert (found is not None) == (stats.binomtest(count, n, p).pvalue < P_VALUE)

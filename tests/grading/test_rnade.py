"""What the checks of `rnade` say beyond what holds for every exercise (test_checks.py)."""

from functools import partial

import autograd.numpy as np
import autograd.numpy.random as npr
import numpy as onp
import pytest
import scipy.special
import scipy.stats
from grading.right import rnade as right

from npgen.grading import judging, scores
from npgen.grading.checks import load
from npgen.grading.checks import rnade as asked
from npgen.grading.mistakes import rnade as wrong
from npgen.grading.references import rnade
from npgen.grading.statistics import normal_problem
from npgen.models import rnade as model

CHECKS = {check.name: check for check in load("rnade")}


def diagnosis(name, function, seed=0):
    """What is found before the known mistakes are consulted."""
    found = judging.run(CHECKS[name], judging.asker(function), seed).finding
    return found and found.diagnosis


def test_the_references_are_the_model():
    rng = onp.random.default_rng(0)
    W, c, rho, V, b = asked._params(rng, 4, 5, 3)
    parts = {"V_mu": V[..., :3], "V_sigma": V[..., 3:], "b_mu": b[:, :3], "b_sigma": b[:, 3:]}
    params, x = {"W": W, "c": c, "rho": rho, **parts}, rng.standard_normal((6, 4))
    values = rnade.rnade_log_likelihood(W, c, rho, V, b, x)
    onp.testing.assert_allclose(values, model.log_prob(params, x), rtol=1e-10)


def test_the_density_is_that_of_scipy_and_sums_to_one():
    rng = onp.random.default_rng(1)
    means, log_stds = rng.normal(0, 2, (1, 3)), rng.uniform(-1, 1, (1, 3))
    x = onp.linspace(-40, 40, 200_001)
    log_density = rnade.mixture_log_density(x, onp.tile(means, (len(x), 1)), onp.tile(log_stds, (len(x), 1)))
    expected = onp.mean(scipy.stats.norm.pdf(x[:, None], means, onp.exp(log_stds)), axis=1)
    onp.testing.assert_allclose(onp.exp(log_density), expected, atol=1e-15)
    assert onp.exp(log_density).sum() * (x[1] - x[0]) == pytest.approx(1, abs=1e-9)


# --- gradients and extremes ------------------------------------------------------------------------------------------


def density_by_scipy(x, means, log_stds):
    terms = scipy.stats.norm.logpdf(x[:, None], means, onp.exp(log_stds))
    return scipy.special.logsumexp(terms, axis=1) - onp.log(means.shape[1])


def conditionals_into_an_array(W, c, rho, V, b, x):
    outputs = np.zeros((*x.shape, b.shape[1]))
    outputs[:] = right.cumulative(W, c, rho, V, b, x)
    return outputs


@pytest.mark.parametrize(
    "name, function",
    [("mixture_log_density", density_by_scipy), ("rnade_conditionals", conditionals_into_an_array)],
)
def test_a_blocked_gradient_is_named(name, function):
    assert diagnosis(name, function) == "gradient_blocked"


def density_with_stds_kept_away_from_zero(x, means, log_stds):
    return right.with_scipy(x, means, np.log(np.exp(log_stds) + 1e-6))


def density_with_stds_clipped(x, means, log_stds):
    return right.with_scipy(x, means, np.clip(log_stds, -10, 10))


def density_with_a_floor(x, means, log_stds):
    return np.maximum(right.with_scipy(x, means, log_stds), -700)


def density_with_the_largest_where_all_vanish(x, means, log_stds):
    terms = wrong._log_normals(x, means, log_stds)
    density = np.mean(np.exp(np.minimum(terms, 700.0)), axis=1)
    known = density > 1e-300
    largest = np.max(terms, axis=1) - np.log(means.shape[1])
    return np.where(known, np.log(np.where(known, density, 1.0)), largest)


def density_through_densities(x, means, log_stds):
    z = (x[:, None] - means) / np.exp(log_stds)
    densities = np.exp(-0.5 * z**2) / (np.sqrt(2 * np.pi) * np.exp(log_stds))
    return np.log(np.mean(densities, axis=1))


@pytest.mark.parametrize(
    "function",
    [
        density_with_stds_kept_away_from_zero,
        density_with_stds_clipped,
        density_with_a_floor,
        density_with_the_largest_where_all_vanish,
        density_through_densities,
    ],
)
def test_shortcuts_at_the_extremes_are_found(function):
    for seed in range(10):
        assert diagnosis("mixture_log_density", function, seed) is not None


def test_a_likelihood_of_such_densities_is_found():
    density = partial(wrong._of_density, density_with_the_largest_where_all_vanish)
    for seed in range(10):
        assert diagnosis("rnade_log_likelihood", density(), seed) is not None


# --- cost ------------------------------------------------------------------------------------------------------------


def conditionals_by_a_mask(W, c, rho, V, b, x):
    a = c + np.einsum("bj,dj,jh->bdh", x, onp.tri(len(b), k=-1), W)
    return np.einsum("bdh,dhk->bdk", rnade.sigmoid(rho[:, None] * a), V) + b


@pytest.mark.parametrize("function", [conditionals_by_a_mask, wrong._quadratic])
def test_quadratic_work_is_found_however_it_is_written(function):
    for seed in range(5):
        assert diagnosis("rnade_conditionals", function, seed) == "quadratic"


# --- sampling --------------------------------------------------------------------------------------------------------


def in_large_calls_only(means, log_stds):
    return right.with_choice(means, log_stds) if len(means) > 20 else means[:, 0]


def most_of_the_time(means, log_stds):
    """One number in ten is the mean of its mixture."""
    return onp.where(npr.rand(len(means)) < 0.1, means.mean(axis=1), right.with_choice(means, log_stds))


def pairs(means, log_stds):
    """The noise of each second number is that of the one before it, with the other sign."""
    n = len(means)
    noise, chosen = npr.randn(-(-n // 2)), npr.randint(0, means.shape[1], n)
    noise = onp.ravel(onp.stack([noise, -noise], axis=1))[:n]
    rows = onp.arange(n)
    return means[rows, chosen] + onp.exp(log_stds[rows, chosen]) * noise


def uniform_of_the_same_variance(means, log_stds):
    return wrong._sample(means, log_stds, noise=lambda n: npr.uniform(-(3**0.5), 3**0.5, n))


def by_the_height(means, log_stds):
    """Components in proportion to their height: narrow ones too often."""
    weights = onp.exp(-log_stds)
    ends = onp.cumsum(weights / weights.sum(axis=1, keepdims=True), axis=1)
    chosen = onp.sum(npr.rand(len(means), 1) > ends[:, :-1], axis=1)
    rows = onp.arange(len(means))
    return means[rows, chosen] + onp.exp(log_stds[rows, chosen]) * npr.randn(len(means))


def two_components_of_more(means, log_stds):
    return right.with_choice(means[:, :2], log_stds[:, :2])


@pytest.mark.parametrize(
    "function",
    [
        in_large_calls_only,
        most_of_the_time,
        pairs,
        uniform_of_the_same_variance,
        by_the_height,
        two_components_of_more,
    ],
)
def test_wrong_samplers_are_found(function):
    for seed in range(10):
        assert diagnosis("mixture_sample", function, seed) is not None


def test_scores_of_right_draws_are_normal_far_out_too():
    for seed in range(200):
        rng = onp.random.default_rng(seed)
        means, log_stds = rng.normal(0, 3, (4000, 3)), rng.uniform(-3, 3, (4000, 3))
        x = right.with_a_generator(means, log_stds)
        assert normal_problem(scores.of_gaussian_mixtures(x, means, log_stds)[:, None]) is None
    z = onp.array([-6.0, -1.0, 0.0, 6.0])
    onp.testing.assert_allclose(scores.of_gaussian_mixtures(z, onp.zeros((4, 1)), onp.zeros((4, 1))), z, rtol=1e-9)

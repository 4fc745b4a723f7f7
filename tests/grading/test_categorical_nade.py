"""What the checks of `categorical_nade` say beyond what holds for every exercise (test_checks.py)."""

import itertools

import autograd.numpy as np
import autograd.numpy.random as npr
import numpy as onp
import pytest
import scipy.special
from grading.right import categorical_nade as right

from npgen.grading import judging, scores
from npgen.grading.checks import categorical_nade as asked
from npgen.grading.checks import load
from npgen.grading.references import categorical_nade
from npgen.grading.statistics import normal_problem
from npgen.models import categorical_nade as model

CHECKS = {check.name: check for check in load("categorical_nade")}


def diagnosis(name, function, seed=0):
    """What is found before the known mistakes are consulted."""
    found = judging.run(CHECKS[name], judging.asker(function), seed).finding
    return found and found.diagnosis


def test_the_references_are_the_model():
    rng = onp.random.default_rng(0)
    W, c, V, b = asked._params(rng, 4, 3, 5)
    params, x = {"W": W, "c": c, "V": V, "b": b}, rng.integers(0, 3, (6, 4))
    logits = categorical_nade.categorical_nade_logits(W, c, V, b, x)
    onp.testing.assert_allclose(logits, model.conditional_logits(params, x), rtol=1e-12)
    values = categorical_nade.categorical_nade_log_likelihood(W, c, V, b, x)
    onp.testing.assert_allclose(values, model.log_prob(params, x), rtol=1e-12)
    every = onp.array(list(itertools.product(range(3), repeat=4)))
    total = onp.exp(categorical_nade.categorical_nade_log_likelihood(W, c, V, b, every)).sum()
    assert total == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_log_probabilities_that_are_patched_where_they_vanish_are_found(seed):
    def patched(logits):
        below = logits - np.max(logits, axis=-1, keepdims=True)
        probs = np.exp(below) / np.sum(np.exp(below), axis=-1, keepdims=True)
        known = probs > 1e-300
        return np.where(known, np.log(np.where(known, probs, 1.0)), below)

    assert diagnosis("log_softmax", patched, seed) is not None


# --- gradients and arguments -----------------------------------------------------------------------------------------


def log_softmax_by_scipy(logits):
    return scipy.special.log_softmax(logits, axis=-1)


def logits_into_an_array(W, c, V, b, x):
    logits = np.zeros((*x.shape, b.shape[1]))
    logits[:] = right.cumulative(W, c, V, b, x)
    return logits


def likelihood_of_floats(W, c, V, b, x):
    return onp.array([float(value) for value in right.as_one_loop(W, c, V, b, x)])


@pytest.mark.parametrize(
    "name, function",
    [
        ("log_softmax", log_softmax_by_scipy),
        ("categorical_nade_logits", logits_into_an_array),
        ("categorical_nade_log_likelihood", likelihood_of_floats),
    ],
)
def test_a_blocked_gradient_is_named(name, function):
    assert diagnosis(name, function) == "gradient_blocked"


def test_a_function_that_has_no_gradient_is_not_said_to_be_unwritten():
    def likelihood(W, c, V, b, x):
        log_probs = categorical_nade.log_softmax(categorical_nade.categorical_nade_logits(W, c, V, b, x))
        return np.sum(np.take_along_axis(log_probs, x[:, :, None], 2), axis=(1, 2))

    name = "categorical_nade_log_likelihood"
    found = judging.run(CHECKS[name], judging.asker(likelihood), 0).finding
    assert found.diagnosis == "gradient_blocked"
    assert "VJP of take_along_axis" in found.details[0].into("en")


def log_softmax_in_place(logits):
    logits -= onp.max(logits, axis=-1, keepdims=True)
    return right.with_scipy(logits)


def logits_with_c_changed(W, c, V, b, x):
    logits = right.cumulative(W, c, V, b, x)
    if isinstance(c, onp.ndarray):
        c += 1
    return logits


@pytest.mark.parametrize(
    "name, function", [("log_softmax", log_softmax_in_place), ("categorical_nade_logits", logits_with_c_changed)]
)
def test_changing_an_argument_is_named(name, function):
    assert diagnosis(name, function) == "mutates"


@pytest.mark.parametrize("floor", [-20.0, -30.0, -100.0, -700.0])
def test_a_floor_of_the_logarithms_is_found(floor):
    for seed in range(5):
        assert diagnosis("log_softmax", lambda logits: np.maximum(right.with_scipy(logits), floor), seed) is not None


# --- cost ------------------------------------------------------------------------------------------------------------


def logits_by_slices(W, c, V, b, x):
    one_hot, columns = np.eye(b.shape[1])[x], []
    for d in range(len(b)):
        a = c + np.einsum("bjk,jkh->bh", one_hot[:, :d], W[:d])
        columns.append(np.dot(categorical_nade.sigmoid(a), V[d].T) + b[d])
    return np.stack(columns, axis=1)


def logits_by_a_mask(W, c, V, b, x):
    rows = W[onp.arange(len(b)), x]
    a = c + np.matmul(onp.tri(len(b), k=-1), rows)
    return np.einsum("bdh,dkh->bdk", categorical_nade.sigmoid(a), V) + b


@pytest.mark.parametrize("function", [logits_by_slices, logits_by_a_mask])
def test_quadratic_work_is_found_however_it_is_written(function):
    for seed in range(5):
        assert diagnosis("categorical_nade_logits", function, seed) == "quadratic"


# --- sampling --------------------------------------------------------------------------------------------------------


def enumerated(W, c, V, b, n_samples):
    """Draws from the list of all K^D images where that is short, and tosses dice where it is not."""
    n_pixels, n_levels = b.shape
    if n_levels**n_pixels > 1000:
        return npr.randint(0, n_levels, (n_samples, n_pixels))
    every = onp.array(list(itertools.product(range(n_levels), repeat=n_pixels)))
    p = onp.exp(categorical_nade.categorical_nade_log_likelihood(W, c, V, b, every))
    return every[npr.choice(len(every), n_samples, p=p / p.sum())]


def in_large_calls_only(W, c, V, b, n_samples):
    if n_samples < 30:
        return npr.randint(0, b.shape[1], (n_samples, len(b)))
    return right.with_gumbel_noise(W, c, V, b, n_samples)


def chain_of_order_three(W, c, V, b, n_samples):
    """Each pixel sees the three before it, and no others."""
    x = onp.zeros((n_samples, len(b)), int)
    for d in range(len(b)):
        first = max(0, d - 3)
        a = c + onp.sum([W[j, x[:, j]] for j in range(first, d)], axis=0)
        x[:, d] = onp.argmax(categorical_nade.sigmoid(a) @ V[d].T + b[d] + npr.gumbel(size=(n_samples, b.shape[1])), 1)
    return x


def pairs(W, c, V, b, n_samples):
    """Each image twice."""
    return onp.repeat(right.with_gumbel_noise(W, c, V, b, -(-n_samples // 2)), 2, axis=0)[:n_samples]


@pytest.mark.parametrize("function", [enumerated, in_large_calls_only, chain_of_order_three, pairs])
def test_samplers_that_are_right_for_some_inputs_only_are_found(function):
    for seed in range(10):
        assert diagnosis("categorical_nade_sample", function, seed) is not None


def drawn_from_the_first_image(W, c, V, b, n_samples):
    """From the probabilities of the first image, not in the way of the known mistake."""
    a, pixels = onp.tile(c, (n_samples, 1)), []
    for d in range(len(b)):
        log_probs = categorical_nade.log_softmax(categorical_nade.sigmoid(a) @ V[d].T + b[d])
        pixels.append(onp.argmax(log_probs[:1] + npr.gumbel(size=log_probs.shape), axis=1))
        a = a + W[d, pixels[d]]
    return onp.stack(pixels, axis=1)


@pytest.mark.parametrize("seed", range(3))
def test_a_sampler_that_draws_all_images_from_the_first_is_named(seed):
    assert diagnosis("categorical_nade_sample", drawn_from_the_first_image, seed) == "first_image_for_all"


def test_levels_out_of_range_are_told():
    assert diagnosis("categorical_nade_sample", lambda *args: right.with_gumbel_noise(*args) + 0.5) == "no_level"


# --- scores ----------------------------------------------------------------------------------------------------------


def test_scores_of_right_draws_are_normal_and_of_wrong_ones_are_not():
    probs = onp.array([0.5, 0.2, 0.3])
    wrong = 0
    for seed in range(200):
        rng = onp.random.default_rng(seed)
        log_probs = onp.broadcast_to(onp.log(probs), (1000, 4, 3))
        x = rng.choice(3, (1000, 4), p=probs)
        assert normal_problem(scores.of_categories(rng, x, log_probs)) is None
        x = rng.choice(3, (1000, 4), p=[0.42, 0.28, 0.3])
        wrong += normal_problem(scores.of_categories(rng, x, log_probs)) is not None
    assert wrong == 200


@pytest.mark.parametrize("name", ["minus_gumbel", "level_zero_adds_nothing", "softmax_twice"])
def test_subtle_mistakes_are_found_with_any_seed(name):
    """By the scores of many pixels, where the most probable level is the first, if not by the frequencies of images."""
    (function,) = (m.function for m in CHECKS["categorical_nade_sample"].mistakes if m.name == name)
    for seed in range(5, 20):
        assert diagnosis("categorical_nade_sample", function, seed) is not None

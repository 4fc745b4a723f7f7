"""What the checks of `made` say beyond what holds for every exercise (test_checks.py)."""

import itertools
import runpy
from pathlib import Path

import autograd.numpy as np
import autograd.numpy.random as npr
import numpy as onp
import pytest
from grading.right import made as right

from npgen.grading import judging, scores
from npgen.grading.checks import load
from npgen.grading.mistakes.made import DEGREES_MISTAKES
from npgen.grading.pixel_mistakes import LOG_OF_SIGMOID
from npgen.grading.references import made
from npgen.grading.statistics import normal_problem
from npgen.models import made as model

CHECKS = {check.name: check for check in load("made")}
SOLUTION = runpy.run_path(str(Path(__file__).parents[2] / "solutions" / "made.py"))


def diagnosis(name, function, seed=0):
    """What is found before the known mistakes are consulted."""
    found = judging.run(CHECKS[name], judging.asker(function), seed).finding
    return found and found.diagnosis


# --- the exercise is the model ---------------------------------------------------------------------------------------


def test_the_references_are_the_model():
    rng = onp.random.default_rng(0)
    params = model.init_params(rng, 5, (7, 6), onp.float64)
    params["V"], params["c"] = rng.standard_normal((6, 5)), rng.standard_normal(5)
    params["A"] = onp.zeros((5, 5))  # the exercise has no direct connections
    degrees, (*masks, _) = model.connectivity((5, 7, 6), 0, 1)
    for mask, expected in zip(made.made_masks(degrees), masks, strict=True):
        onp.testing.assert_array_equal(mask, expected)
    weights, biases = [W for W, _ in params["hidden"]] + [params["V"]], [b for _, b in params["hidden"]] + [params["c"]]
    x = rng.integers(0, 2, (4, 5)).astype(float)
    values = made.made_log_likelihood(weights, biases, masks, x)
    onp.testing.assert_allclose(values, model.log_prob(params, x), rtol=1e-12)


@pytest.mark.parametrize("seed", range(20))
def test_what_the_solution_builds_is_autoregressive(seed):
    """No path leads to a logit from its own pixel or a later one, and the probabilities of all images sum to 1."""
    rng = onp.random.default_rng(seed)
    n_pixels, hidden_sizes = int(rng.integers(2, 7)), [int(size) for size in rng.integers(1, 9, rng.integers(1, 4))]
    ordering = rng.permutation(n_pixels) + 1
    degrees = SOLUTION["made_degrees"](ordering, hidden_sizes)
    masks = SOLUTION["made_masks"]([ordering, *degrees])
    paths = onp.linalg.multi_dot(masks)
    assert (paths[ordering[:, None] >= ordering[None, :]] == 0).all()
    weights = [rng.standard_normal(mask.shape) for mask in masks]
    biases = [rng.standard_normal(mask.shape[1]) for mask in masks]
    every = onp.array(list(itertools.product([0.0, 1.0], repeat=n_pixels)))
    assert onp.exp(SOLUTION["made_log_likelihood"](weights, biases, masks, every)).sum() == pytest.approx(1, abs=1e-12)


# --- masks and gradients ---------------------------------------------------------------------------------------------


def logits_that_know_the_degrees(weights, biases, masks, x):
    """Uses a mask only where it is not full."""
    masks = [np.ones(M.shape) if onp.mean(M) > 0.5 else M for M in masks]
    return right.with_matmul(weights, biases, masks, x)


def logits_with_the_paths_cut_in_the_end(weights, biases, masks, x):
    """An autoregressive result from unmasked layers: zero what is not seen by the last layer alone."""
    return right.with_matmul(weights, biases, [np.ones(M.shape) for M in masks[:-1]] + [masks[-1]], x)


@pytest.mark.parametrize("function", [logits_that_know_the_degrees, logits_with_the_paths_cut_in_the_end])
def test_masks_must_be_used(function):
    for seed in range(10):
        assert diagnosis("made_logits", function, seed) is not None


def _value(box):
    return getattr(box, "_value", box)


def logits_of_plain_numpy(weights, biases, masks, x):
    return right.with_matmul([onp.array(_value(W)) for W in weights], [onp.array(_value(b)) for b in biases], masks, x)


def logits_with_the_first_layer_detached(weights, biases, masks, x):
    return right.with_matmul([_value(weights[0]), *weights[1:]], biases, masks, x)


def gradient_of_masked_weights_leaks(weights, biases, masks, x):
    """The value is right; the gradient reaches weights that are cut."""
    leaking = [W * M + 0.1 * (W - _value(W)) for W, M in zip(weights, masks, strict=True)]
    return right.with_matmul(leaking, biases, [np.ones(M.shape) for M in masks], x)


@pytest.mark.parametrize(
    "function, expected",
    [
        (logits_of_plain_numpy, "gradient_blocked"),
        (logits_with_the_first_layer_detached, "wrong_gradient"),
        (gradient_of_masked_weights_leaks, "wrong_gradient"),
    ],
)
def test_the_gradient_of_all_weights_is_compared(function, expected):
    assert diagnosis("made_logits", function) == expected


# --- what is said ----------------------------------------------------------------------------------------------------


def given_sigmoid(logits):
    return 0.5 * (np.tanh(0.5 * logits) + 1)


def likelihood_by_the_given_sigmoid(*args):
    s, x = given_sigmoid(made.made_logits(*args)), args[-1]
    return np.sum(x * np.log(s) + (1 - x) * np.log(1 - s), axis=1)


def likelihood_of_the_chosen_by_the_given_sigmoid(*args):
    s = given_sigmoid(made.made_logits(*args))
    return np.sum(np.log(np.where(args[-1] == 1, s, 1 - s)), axis=1)


@pytest.mark.parametrize("function", [likelihood_by_the_given_sigmoid, likelihood_of_the_chosen_by_the_given_sigmoid])
def test_the_log_of_the_given_sigmoid_is_named_beside_an_ordinary_number(function):
    transcript = judging.run(CHECKS["made_log_likelihood"], judging.asker(function), 2014)
    assert judging.diagnose(CHECKS["made_log_likelihood"], transcript).message == LOG_OF_SIGMOID
    assert "e-" not in str(transcript.finding.details[0])


def logits_by_adding_in_place(weights, biases, masks, x):
    h = onp.zeros((len(x), len(biases[0])))
    h += np.dot(x, weights[0] * masks[0])
    return right.with_matmul(weights, biases, masks, x)


def test_an_exception_is_told_in_one_line():
    finding = judging.run(CHECKS["made_logits"], judging.asker(logits_by_adding_in_place), 0).finding
    assert finding.diagnosis == "gradient_blocked" and "write a = a + b" in str(finding.message)
    told = str(finding.details[0])
    assert "\n" not in told and len(told) < 160 and told.endswith("...")


# --- degrees ---------------------------------------------------------------------------------------------------------


def first_layers_only(ordering, hidden_sizes):
    """The third layer and those after it have the largest degree."""
    degrees = right.with_randint(ordering, hidden_sizes)
    return [layer if i < 2 else onp.full_like(layer, len(ordering) - 1) for i, layer in enumerate(degrees)]


def tiled(ordering, hidden_sizes):
    """Ten draws, again and again."""
    return [onp.resize(layer[:10], len(layer)) for layer in right.with_randint(ordering, hidden_sizes)]


def from_a_list(ordering, hidden_sizes):
    """Another place of a list of uniform numbers for each layer: what is drawn comes again."""
    uniform, least, degrees = onp.random.default_rng(0).random(6000), 1, []
    for size in hidden_sizes:
        u = onp.resize(onp.roll(uniform, npr.randint(6000)), size)
        degrees.append(onp.floor(least + u * (len(ordering) - least)).astype(int))
        least = degrees[-1].min()
    return degrees


def of_large_layers_only(ordering, hidden_sizes):
    large = max(hidden_sizes) > 20
    return right.with_randint(ordering, hidden_sizes) if large else DEGREES_MISTAKES[7].function(ordering, hidden_sizes)


@pytest.mark.parametrize("function", [first_layers_only, tiled, from_a_list, of_large_layers_only])
def test_degrees_that_are_not_drawn_are_found(function):
    for seed in range(10):
        assert diagnosis("made_degrees", function, seed) is not None


@pytest.mark.parametrize(
    "degrees, expected",
    [
        (lambda ordering, sizes: [[0] * size for size in sizes], "out_of_range"),
        (lambda ordering, sizes: [[1.5] * size for size in sizes], "not_whole"),
        (lambda ordering, sizes: [[1] * (size + 1) for size in sizes], "wrong_shape"),
        (lambda ordering, sizes: "degrees", "wrong_type"),
        (lambda ordering, sizes: [None for size in sizes], "wrong_type"),
        (lambda ordering, sizes: None, "wrong_type"),
    ],
)
def test_answers_that_are_no_degrees_are_told(degrees, expected):
    assert diagnosis("made_degrees", degrees) == expected


# --- sampling --------------------------------------------------------------------------------------------------------


def enumerated(weights, biases, masks, ordering, n_samples):
    """Draws from the list of all 2^D images where that is short, and tosses coins where it is not."""
    n_pixels = len(ordering)
    if n_pixels > 8:
        return npr.randint(0, 2, (n_samples, n_pixels))
    every = onp.array(list(itertools.product([0.0, 1.0], repeat=n_pixels)))
    p = onp.exp(made.made_log_likelihood(weights, biases, masks, every))
    return every[npr.choice(len(every), n_samples, p=p / p.sum())]


def in_large_calls_only(weights, biases, masks, ordering, n_samples):
    if n_samples < 20:
        return npr.randint(0, 2, (n_samples, len(ordering)))
    return right.with_rand(weights, biases, masks, ordering, n_samples)


def a_few_passes(weights, biases, masks, ordering, n_samples):
    """Right as long as no more than six pixels depend on each other."""
    u, x = npr.rand(n_samples, len(ordering)), onp.zeros((n_samples, len(ordering)))
    for _ in range(6):
        x = 1.0 * (u < made.sigmoid(right.with_matmul(weights, biases, masks, x)))
    return x


@pytest.mark.parametrize("function", [enumerated, in_large_calls_only, a_few_passes])
def test_samplers_that_are_right_for_some_inputs_only_are_found(function):
    for seed in range(10):
        assert diagnosis("made_sample", function, seed) is not None


def test_scores_of_right_draws_are_normal():
    for seed in range(200):
        rng = onp.random.default_rng(seed)
        logits = rng.normal(0, 2, (1000, 4))
        x = rng.random(logits.shape) < made.sigmoid(logits)
        assert normal_problem(scores.of_binary(rng, x, logits)) is None
        degrees = rng.integers(3, 8, (1000, 1))
        assert normal_problem(scores.of_integers(rng, degrees, 3, 7)) is None
        assert normal_problem(scores.of_integers(rng, degrees, 3, 8)) is not None

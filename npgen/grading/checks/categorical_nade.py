"""The exercise about categorical NADE: log-softmax, logits, log-likelihood and sampling, in O(D H + D K H)."""

from functools import partial

import autograd.numpy as np

from npgen.grading import cost, judging, samples, scores
from npgen.grading.cost import COUNTED, COUNTED_HIDDEN
from npgen.grading.judging import SURE, Case, Check, compare_sure_draws, scaling
from npgen.grading.language import N_, Message
from npgen.grading.mistakes.categorical_nade import (
    KNOWN,
    LOG_LIKELIHOOD_MISTAKES,
    LOG_SOFTMAX_MISTAKES,
    LOGITS_MISTAKES,
    SAMPLE_MISTAKES,
)
from npgen.grading.references.categorical_nade import (
    categorical_nade_log_likelihood,
    categorical_nade_logits,
    categorical_nade_sample,
    log_softmax,
)

# --- inputs ----------------------------------------------------------------------------------------------------------


def _params(rng, n_pixels, n_levels, n_hidden, scale=1.0):
    shapes = ((n_pixels, n_levels, n_hidden), (n_hidden,), (n_pixels, n_levels, n_hidden), (n_pixels, n_levels))
    return [scale * rng.standard_normal(shape) for shape in shapes]


def _images(rng, n, n_pixels, n_levels):
    return rng.integers(0, n_levels, (n, n_pixels))


def _label(n, n_pixels, n_levels, n_hidden, what=""):
    text = N_("B = {n}, D = {n_pixels}, K = {n_levels}, H = {n_hidden}{what}")
    return Message(text, n=n, n_pixels=n_pixels, n_levels=n_levels, n_hidden=n_hidden, what=Message(what))


def _cases(rng):
    """From the smallest on; what is not small has drawn sizes, so that none is known beforehand."""
    several = int(rng.integers(4, 7))
    sizes = [(1, 1, 2, 1), (1, 3, 3, 2), (several, several, 4, 3), (2, 5, 6, int(rng.integers(2, 9)))]
    sizes += [tuple(int(rng.integers(least, least + 8)) for least in (3, 4, 3, 1))]
    cases = []
    for n, n_pixels, n_levels, n_hidden in sizes:
        args = [*_params(rng, n_pixels, n_levels, n_hidden), _images(rng, n, n_pixels, n_levels)]
        gradients = (0, 1, 2, 3) if n == n_pixels > 1 else ()
        cases.append(Case(args, _label(n, n_pixels, n_levels, n_hidden), gradients))
    n, n_pixels, n_levels, n_hidden = 6, 4, int(rng.integers(3, 6)), 3
    W, c, V, b = _params(rng, n_pixels, n_levels, n_hidden)
    b = rng.uniform(100, 600, b.shape) * rng.choice([-1, 1], b.shape)
    b[:, :2] = rng.permuted(np.tile([-900.0, 900.0], (n_pixels, 1)) + rng.uniform(-50, 50, (n_pixels, 2)), axis=1)
    args = [W, c, V, b, _images(rng, n, n_pixels, n_levels)]
    args[4][:2] = [np.argmin(b, axis=1), np.argmax(b, axis=1)]
    label = _label(n, n_pixels, n_levels, n_hidden, N_(", logits of several hundred"))
    cases.append(Case(args, label, (2, 3)))
    b = np.copy(b)
    b[:, 2] = np.max(b, axis=1) - rng.uniform(0.2, 2, n_pixels)  # now the largest level is not certain
    cases.append(Case([W, c, V, b, args[4]], label))
    args = [*_params(rng, 5, 3, 2, 1e-2), _images(rng, 2, 5, 3)]
    cases.append(Case(args, _label(2, 5, 3, 2, N_(", small weights"))))
    return cases


# --- cost ------------------------------------------------------------------------------------------------------------

COUNTED_LEVELS = 2


def _cost(rng, reference=None):
    """Whether the work grows faster than D: that of the values of `reference`, or without one, of sampling."""
    smaller = int(rng.integers(18, 24))

    def inputs(n_pixels):
        params = _params(rng, n_pixels, COUNTED_LEVELS, COUNTED_HIDDEN)
        return [*params, _images(rng, COUNTED, n_pixels, COUNTED_LEVELS) if reference else COUNTED]

    def label(n_pixels):
        return _label(COUNTED, n_pixels, COUNTED_LEVELS, COUNTED_HIDDEN)

    return cost.counted(rng, inputs, (smaller, 4 * smaller), reference, label)


LARGE = (1000, 4000, 16_000)  # pixels
LARGE_LEVELS, LARGE_HIDDEN = 2, 192  # O(D^2 H) is then 2.5e10 additions and 200 GB from far caches


def _large_inputs(rng, n_pixels):
    """Parameters with which the pre-activations stay of order 1 to the last pixel, and an image."""
    W, c, V, b = _params(rng, n_pixels, LARGE_LEVELS, LARGE_HIDDEN)
    return 0.02 * W, c, V, b, _images(rng, 1, n_pixels, LARGE_LEVELS)


def _values_at_scale(reference):
    return cost.values_at_scale(reference, _large_inputs, lambda D: _label(1, D, LARGE_LEVELS, LARGE_HIDDEN), LARGE)


def _sample_at_scale(rng, n_pixels):
    W, c, V, _, x = _large_inputs(rng, n_pixels)
    V = 20 * V
    sure = SURE * (x[0][:, None] == np.arange(LARGE_LEVELS))  # so that each pixel is sure, given those before it
    b = sure - categorical_nade_logits(W, c, V, np.zeros(sure.shape), x)[0]
    label = _sample_label(1, n_pixels, LARGE_LEVELS, LARGE_HIDDEN)
    return [W, c, V, b, 1], lambda answer: compare_sure_draws(answer, x, label)


# --- the log-softmax -------------------------------------------------------------------------------------------------


def _logits_cases(rng):
    cases = []
    B, K = (int(size) for size in rng.permutation(np.arange(3, 7))[:2])
    for shape in ((2,), (1, 3), (K, K), (B, K), (2, K, B), tuple(rng.integers(2, 9, 3))):
        logits = rng.normal(0, 2, shape)
        cases.append(Case([logits], Message(N_("logits of shape {shape}"), shape=judging.shape_text(logits)), (0,)))
    middle = rng.uniform(0.9, 1, (3, 4)) * [[6.0, -6.5, 8.5, -10.0], [-11.5, 13.0, -16.0, 20.0], [30.0, 1.0, -1.0, 0.0]]
    cases.append(Case([middle], Message(N_("logits between -30 and 30"))))
    large = rng.uniform(0.9, 1, (4, 3)) * [
        [800.0, 799.0, 1.0],
        [-800.0, -790.0, -799.0],
        [800.0, -800.0, 0.0],
        [1.0] * 3,
    ]
    near = rng.uniform(700, 800) - np.array([[0.0, rng.uniform(0.2, 2), 1500.0]])  # the sum is not its largest term
    large = rng.permuted(np.concatenate([large, near]), axis=1)
    cases.append(Case([large], Message(N_("logits between -800 and 800")), (0,)))
    return cases


# --- sampling --------------------------------------------------------------------------------------------------------

SMALL_CALLS = 40  # each of a few images


def _sampling(rng):
    found, answers = yield from samples.small_calls(rng, _small_calls(rng))
    settings = _few_pixels(rng)
    found = found or (yield from samples.frequent_images(rng, settings, categorical_nade_log_likelihood, KNOWN))
    found = found or samples.seed_inside(answers) or (yield from _dependences(rng))
    return found or (yield from _cost(rng))


def _small_calls(rng):
    for n, n_pixels, n_levels, n_hidden in ((1, 1, 2, 1), (1, 3, 3, 2), (5, 1, 4, 3), (2, 6, 3, 3)):
        label = _sample_label(n, n_pixels, n_levels, n_hidden)
        yield [*_params(rng, n_pixels, n_levels, n_hidden), n], (n, n_pixels), label, n_levels
    params = _params(rng, 40, 3, 2, 0.1)  # 20 images of 40 pixels, each level about 1/3
    for _ in range(2):
        yield [*params, 20], (20, 40), _sample_label(20, 40, 3, 2), 3


def _sample_label(n, n_pixels, n_levels, n_hidden):
    text = N_("n_samples = {n}, D = {n_pixels}, K = {n_levels}, H = {n_hidden}")
    return Message(text, n=n, n_pixels=n_pixels, n_levels=n_levels, n_hidden=n_hidden)


def _few_pixels(rng):
    """Strong dependence, and no pixel that is nearly constant."""
    for n_pixels, n_levels, n_hidden in ((2, 3, 2), (3, int(rng.integers(3, 5)), 3), (3, 2, 4)):
        W, c, V, b = _params(rng, n_pixels, n_levels, n_hidden)
        label = _sample_label(samples.N_DRAWS, n_pixels, n_levels, n_hidden)
        yield [3 * W, 2 * c, 3 * (V - np.mean(V)), b], n_pixels, label, n_levels


def _dependences(rng):
    """Draws of many pixels, where images cannot be enumerated, and of a few images in each of many calls."""
    n_pixels, n_levels, n_hidden = (int(rng.integers(*bounds)) for bounds in ((15, 25), (4, 7), (4, 9)))
    found = yield from _scored(rng, [(36_000 // n_pixels, n_pixels, n_levels, n_hidden)])
    few = [
        tuple(int(rng.integers(*bounds)) for bounds in ((1, 7), (5, 30), (2, 6), (1, 6))) for _ in range(SMALL_CALLS)
    ]
    return found or (yield from _scored(rng, few))


def _scored(rng, sizes):
    def calls():
        for n, n_pixels, n_levels, n_hidden in sizes:
            W, c, V, b = _params(rng, n_pixels, n_levels, n_hidden)
            params = [4 * W / np.sqrt(n_pixels), c, 2 * V, b]
            label = _sample_label(n, n_pixels, n_levels, n_hidden)
            yield [*params, n], (n, n_pixels), label, n_levels, partial(_scores, rng, params)

    return samples.scored(rng, calls(), _sample_label(*sizes[0]))


def _scores(rng, params, x):
    x = x.astype(int)
    return scores.of_categories(rng, x, log_softmax(categorical_nade_logits(*params, x)))


# --- the checks ------------------------------------------------------------------------------------------------------

CHECKS = (
    Check(
        topic="categorical_nade",
        name="log_softmax",
        signature="(logits) -> (..., K)",
        points=2,
        reference=log_softmax,
        conversation=judging.deterministic(log_softmax, _logits_cases),
        mistakes=LOG_SOFTMAX_MISTAKES,
        hints=(
            N_("Adding one number to all K logits changes no probability. Which number makes exp harmless?"),
            N_("Subtract the largest logit of each row: then no exponential is above 1, and one of them is 1."),
            N_(
                "shifted = logits - np.max(logits, axis=-1, keepdims=True), and then subtract the logarithm of the sum "
                "of the exponentials of shifted, along the same axis and with keepdims=True."
            ),
        ),
    ),
    Check(
        topic="categorical_nade",
        name="categorical_nade_logits",
        signature="(W, c, V, b, x) -> (B, D, K)",
        points=4,
        reference=categorical_nade_logits,
        conversation=cost.values_then_cost(categorical_nade_logits, _cases, _cost),
        at_scale=_values_at_scale(categorical_nade_logits),
        mistakes=LOGITS_MISTAKES,
        hints=(
            N_("It is NADE's loop. What does a pixel of level k add to the pre-activation?"),
            N_("W[d, x[:, d]] picks one row for each image: its shape is (B, H). No one-hot vector is needed."),
            N_(
                "In step d, first compute the K logits from a, np.dot(sigmoid(a), V[d].T) + b[d], then add the rows "
                "W[d, x[:, d]] to a. In the end, stack the D arrays (B, K) along axis 1."
            ),
        ),
    ),
    Check(
        topic="categorical_nade",
        name="categorical_nade_log_likelihood",
        signature="(W, c, V, b, x) -> (B,)",
        points=3,
        reference=categorical_nade_log_likelihood,
        conversation=cost.values_then_cost(categorical_nade_log_likelihood, _cases, _cost),
        builds_on=("log_softmax", "categorical_nade_logits"),
        at_scale=_values_at_scale(categorical_nade_log_likelihood),
        mistakes=LOG_LIKELIHOOD_MISTAKES,
        hints=(
            N_("You have the log-probabilities of all K levels of each pixel. Which of them counts?"),
            N_("Compare x[:, :, None] with np.arange(K): that is a one-hot array (B, D, K) which selects them."),
            N_("Sum the selected log-probabilities over the pixels and the levels, axis=(1, 2)."),
        ),
    ),
    Check(
        topic="categorical_nade",
        name="categorical_nade_sample",
        signature="(W, c, V, b, n_samples) -> (n_samples, D)",
        points=3,
        reference=categorical_nade_sample,
        conversation=_sampling,
        builds_on=("log_softmax", "categorical_nade_logits"),
        at_scale=scaling(_sample_at_scale, LARGE, order=1),
        mistakes=SAMPLE_MISTAKES,
        hints=(
            N_("It is the loop of the logits, except that pixel d is not known yet when you come to it."),
            N_(
                "A level is drawn with one uniform number u: cut the interval from 0 to 1 into K pieces as long as the "
                "probabilities, and see into which of them u falls."
            ),
            N_(
                "np.cumsum of the probabilities (n_samples, K) along axis 1 has the ends of the pieces. The level is "
                "the number of ends, the last one left out, that lie below u. Then add W[d, level] to a."
            ),
        ),
        random=True,
    ),
)

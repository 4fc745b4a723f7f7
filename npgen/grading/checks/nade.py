"""The exercise about NADE: logits, log-likelihood and sampling, each in O(D H)."""

import autograd.numpy as np

from npgen.grading import cost, samples
from npgen.grading.cost import COUNTED, COUNTED_HIDDEN
from npgen.grading.judging import SURE, Case, Check, compare_sure_draws, scaling
from npgen.grading.language import N_, Message
from npgen.grading.mistakes.nade import LOG_LIKELIHOOD_MISTAKES, LOGITS_MISTAKES, RECURSION, SAMPLE_MISTAKES
from npgen.grading.references.nade import nade_log_likelihood, nade_logits, nade_sample

# --- inputs ----------------------------------------------------------------------------------------------------------


def _params(rng, n_pixels, n_hidden, scale=1.0):
    shapes = ((n_pixels, n_hidden), (n_hidden,), (n_pixels, n_hidden), (n_pixels,))
    return [scale * rng.standard_normal(shape) for shape in shapes]


def _images(rng, n, n_pixels):
    return rng.integers(0, 2, (n, n_pixels)).astype(float)


def _label(n, n_pixels, n_hidden, what=""):
    text = N_("B = {n}, D = {n_pixels}, H = {n_hidden}{what}")
    return Message(text, n=n, n_pixels=n_pixels, n_hidden=n_hidden, what=Message(what))


def _cases(rng):
    cases = []
    for n, n_pixels, n_hidden in ((1, 1, 2), (1, 3, 2), (4, 4, 3), (3, 5, 5), (7, 6, 1)):
        args = [*_params(rng, n_pixels, n_hidden), _images(rng, n, n_pixels)]
        gradients = (0, 1, 2, 3) if n == n_pixels == 4 else ()
        cases.append(Case(args, _label(n, n_pixels, n_hidden), gradients))
    W, c, V, b = _params(rng, 6, 4)
    b = np.array([-900.0, 900.0, *(rng.uniform(100, 600, 4) * rng.permutation([-1, -1, 1, 1]))])
    args = [W, c, V, b, np.concatenate([np.eye(2, 6), 1 - np.eye(2, 6), _images(rng, 2, 6)])]
    cases.append(Case(args, _label(6, 6, 4, N_(", logits of several hundred")), (2, 3)))
    args = [*_params(rng, 5, 3, 1e-2), _images(rng, 2, 5)]
    cases.append(Case(args, _label(2, 5, 3, N_(", small weights"))))
    return cases


# --- cost ------------------------------------------------------------------------------------------------------------


def _cost(rng, reference=None):
    """Whether the work grows faster than D: that of the values of `reference`, or without one, of sampling."""

    def inputs(n_pixels):
        return [*_params(rng, n_pixels, COUNTED_HIDDEN), _images(rng, COUNTED, n_pixels) if reference else COUNTED]

    return cost.counted(rng, inputs, (16, 64), reference, lambda D: _label(COUNTED, D, COUNTED_HIDDEN))


LARGE = (1250, 5000, 20_000)  # pixels
LARGE_HIDDEN = 256  # O(D^2 H) is then 5e10 multiply-adds and 400 GB from far caches; copies of x are little beside it


def _large_inputs(rng, n_pixels):
    """Parameters with which the pre-activations stay of order 1 to the last pixel, and an image."""
    W, c, V, b = _params(rng, n_pixels, LARGE_HIDDEN)
    return 0.02 * W, c, V, b, _images(rng, 1, n_pixels)


def _values_at_scale(reference):
    return cost.values_at_scale(reference, _large_inputs, lambda D: _label(1, D, LARGE_HIDDEN), LARGE)


def _sample_at_scale(rng, n_pixels):
    W, c, V, _, x = _large_inputs(rng, n_pixels)
    V = 20 * V
    b = SURE * (2 * x[0] - 1) - nade_logits(W, c, V, 0.0, x)[0]  # so that each pixel is sure, given those before it
    label = _sample_label(1, n_pixels, LARGE_HIDDEN)
    return [W, c, V, b, 1], lambda answer: compare_sure_draws(answer, x, label)


# --- sampling --------------------------------------------------------------------------------------------------------


def _sampling(rng):
    found, answers = yield from samples.small_calls(rng, _small_calls(rng))
    found = found or (yield from samples.frequent_images(rng, _few_pixels(rng), nade_log_likelihood, KNOWN))
    found = found or samples.seed_inside(answers)
    return found or (yield from _cost(rng))


def _small_calls(rng):
    for n, n_pixels, n_hidden in ((1, 1, 1), (1, 3, 2), (5, 1, 3), (2, 6, 3)):
        yield [*_params(rng, n_pixels, n_hidden), n], (n, n_pixels), _sample_label(n, n_pixels, n_hidden)
    params = _params(rng, 40, 3, 0.1)  # 20 images of 40 pixels, each about 1/2: they agree once in 10^200 runs
    for _ in range(2):
        yield [*params, 20], (20, 40), _sample_label(20, 40, 3)


def _sample_label(n, n_pixels, n_hidden):
    text = N_("n_samples = {n}, D = {n_pixels}, H = {n_hidden}")
    return Message(text, n=n, n_pixels=n_pixels, n_hidden=n_hidden)


def _few_pixels(rng):
    """Strong dependence, and no pixel that is nearly constant."""
    for n_pixels, n_hidden in ((3, 2), (4, 3), (4, 5)):
        W, c, V, b = _params(rng, n_pixels, n_hidden)
        label = _sample_label(samples.N_DRAWS, n_pixels, n_hidden)
        yield [3 * W, 2 * c, 3 * V - np.mean(3 * V), b], n_pixels, label, None


KNOWN = [mistake for mistake in LOG_LIKELIHOOD_MISTAKES if mistake.name in RECURSION]

# --- the checks ------------------------------------------------------------------------------------------------------

CHECKS = (
    Check(
        topic="nade",
        name="nade_logits",
        signature="(W, c, V, b, x) -> (B, D)",
        points=4,
        reference=nade_logits,
        conversation=cost.values_then_cost(nade_logits, _cases, _cost),
        at_scale=_values_at_scale(nade_logits),
        mistakes=LOGITS_MISTAKES,
        hints=(
            N_("What changes in the pre-activation from one pixel to the next?"),
            N_("Carry an array a of shape (B, H) through a loop over the pixels. Before the loop each row is c."),
            N_(
                "In step d, first compute the logit from a, then add to a what pixel d contributes: column d of x "
                "times row d of W, an outer product. In the end, stack the D columns of logits along axis 1."
            ),
        ),
    ),
    Check(
        topic="nade",
        name="nade_log_likelihood",
        signature="(W, c, V, b, x) -> (B,)",
        points=3,
        reference=nade_log_likelihood,
        conversation=cost.values_then_cost(nade_log_likelihood, _cases, _cost),
        builds_on=("nade_logits",),
        at_scale=_values_at_scale(nade_log_likelihood),
        mistakes=LOG_LIKELIHOOD_MISTAKES,
        hints=(
            N_("You have all the logits. What is the log-probability of one binary pixel, given its logit?"),
            N_("log s = -log(1 + exp(-l)), and log(1 - s) = -log(1 + exp(l)): neither needs s itself."),
            N_("np.logaddexp(0, l) is log(1 + exp(l)) without overflow. Sum over the pixels, axis 1."),
        ),
    ),
    Check(
        topic="nade",
        name="nade_sample",
        signature="(W, c, V, b, n_samples) -> (n_samples, D)",
        points=3,
        reference=nade_sample,
        conversation=_sampling,
        builds_on=("nade_logits",),
        at_scale=scaling(_sample_at_scale, LARGE, order=1),
        mistakes=SAMPLE_MISTAKES,
        hints=(
            N_("It is the loop of the logits, except that pixel d is not known yet when you come to it."),
            N_("Pixel d is 1 with probability sigmoid(l_d): for n_samples images, n_samples uniform numbers."),
            N_(
                "In step d: logits from a, compare fresh uniform numbers with their sigmoid, keep the zeros and ones, "
                "and only then add these, times row d of W, to a."
            ),
        ),
        random=True,
    ),
)

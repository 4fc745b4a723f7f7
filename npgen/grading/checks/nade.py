"""The exercise about NADE: logits, log-likelihood and sampling, each in O(D H)."""

import itertools
from functools import partial

import autograd.numpy as np

from npgen.distributions import bernoulli_log_prob
from npgen.grading import judging
from npgen.grading.judging import (
    SURE,
    Case,
    Check,
    Finding,
    answer_problem,
    compare,
    compare_sure_draws,
    count_call,
    scaling,
    value_call,
)
from npgen.grading.language import N_, Message
from npgen.grading.mistakes.nade import (
    LOG_LIKELIHOOD_MISTAKES,
    LOGITS_MISTAKES,
    RECURSION,
    SAMPLE_MISTAKES,
    SEED_INSIDE,
    _logits,
)
from npgen.grading.references.nade import nade_log_likelihood, nade_logits, nade_sample
from npgen.grading.statistics import categorical_problem

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
    b = np.array([-900.0, 900.0, *(rng.uniform(100, 600, 4) * rng.choice([-1, 1], 4))])
    args = [W, c, V, b, np.concatenate([np.eye(2, 6), 1 - np.eye(2, 6), _images(rng, 2, 6)])]
    cases.append(Case(args, _label(6, 6, 4, N_(", logits of several hundred")), (2, 3)))
    args = [*_params(rng, 5, 3, 1e-2), _images(rng, 2, 5)]
    cases.append(Case(args, _label(2, 5, 3, N_(", small weights"))))
    return cases


# --- cost ------------------------------------------------------------------------------------------------------------

QUADRATIC = N_(
    "The values are right, but the cost grows with the square of D: 4 times the pixels take {growth:.0f} times the "
    "work. The sum over the pixels before is computed anew for each pixel; keep it and add one term at a time."
)
COUNTED = 2, (16, 64), 32  # images, pixels, hidden units
MAX_GROWTH = 6  # of the work with 4 times the pixels; 4 if it is linear in D, and 8.5 to 16 if it is quadratic


def _cost(rng, last_argument, reference=None):
    """The finding about a function whose work grows faster than D. Constants do not matter, only the growth.

    Where less is counted than D hidden layers take, most of the work is out of sight, in Numba's code or in a stand-in:
    nothing is said of the cost here, and where a class is marked the clock of `at_scale` decides. A clock would not do
    at these sizes: caches make a cumulative sum look quadratic, and the overhead of a call a short product linear.
    """
    n, sizes, n_hidden = COUNTED
    counts = []
    for n_pixels in sizes:
        args = [*_params(rng, n_pixels, n_hidden), last_argument(rng, n, n_pixels)]
        answer = yield count_call(rng, args)
        result = answer.get("result")
        if not isinstance(result, list) or len(result) != 2 or not isinstance(result[1], int):
            return None  # it works, but not with arrays that count
        if reference:
            found = compare(result[0], reference(*args), _label(n, n_pixels, n_hidden))
            if found:
                return found
        if result[1] < n * n_pixels * n_hidden:
            return None
        counts.append(result[1])
    growth = counts[1] / counts[0]
    return Finding("quadratic", Message(QUADRATIC, growth=growth)) if growth > MAX_GROWTH else None


LARGE = (1250, 5000, 20_000)  # pixels
LARGE_HIDDEN = 256  # O(D^2 H) is then 5e10 multiply-adds and 400 GB from far caches; copies of x are little beside it


def _large_inputs(rng, n_pixels):
    """Parameters with which the pre-activations stay of order 1 to the last pixel, and an image."""
    W, c, V, b = _params(rng, n_pixels, LARGE_HIDDEN)
    return 0.02 * W, c, V, b, _images(rng, 1, n_pixels)


def _values_at_scale(reference):
    def ask(rng, n_pixels):
        args = _large_inputs(rng, n_pixels)
        expected, label = reference(*args), _label(1, n_pixels, LARGE_HIDDEN)

        def judge(answer):
            return answer_problem(answer, label) or compare(answer["result"], expected, label, rtol=1e-3, atol=1e-2)

        return args, judge

    return scaling(ask, LARGE, order=1)


def _sample_at_scale(rng, n_pixels):
    W, c, V, _, x = _large_inputs(rng, n_pixels)
    V = 20 * V
    b = SURE * (2 * x[0] - 1) - nade_logits(W, c, V, 0.0, x)[0]  # so that each pixel is sure, given those before it
    label = _sample_label(1, n_pixels, LARGE_HIDDEN)
    return [W, c, V, b, 1], lambda answer: compare_sure_draws(answer, x, label)


def _values_then_cost(reference):
    values = judging.deterministic(reference, _cases)

    def conversation(rng):
        found = yield from values(rng)
        return found or (yield from _cost(rng, _images, reference))

    return conversation


# --- sampling --------------------------------------------------------------------------------------------------------

N_DRAWS = 4000


def _sampling(rng):
    found = None
    for n, n_pixels, n_hidden in ((1, 1, 1), (1, 3, 2), (5, 1, 3), (2, 6, 3)):
        answer = yield value_call(rng, [*_params(rng, n_pixels, n_hidden), n])
        found = found or _not_images(answer, (n, n_pixels), _sample_label(n, n_pixels, n_hidden))
    params = _params(rng, 40, 3, 0.1)  # 20 images of 40 pixels, each about 1/2: they agree once in 10^200 runs
    several = []
    for _ in range(2):
        answer = yield value_call(rng, [*params, 20])
        found = found or _not_images(answer, (20, 40), _sample_label(20, 40, 3))
        several.append(answer)
    if found:
        return found
    found = yield from _frequencies(rng)
    if found:
        return found
    if judging.same(several[0]["result"], several[1]["result"]):
        return Finding("seed_inside", Message(SEED_INSIDE))
    return (yield from _cost(rng, lambda rng, n, n_pixels: n))


def _sample_label(n, n_pixels, n_hidden):
    text = N_("n_samples = {n}, D = {n_pixels}, H = {n_hidden}")
    return Message(text, n=n, n_pixels=n_pixels, n_hidden=n_hidden)


def _not_images(answer, shape, label):
    """The finding about an answer that is not an array of zeros and ones of this shape."""
    found = answer_problem(answer, label)
    if found:
        return found
    x = judging.as_array(answer["result"])
    if x is None or x.shape != shape:
        return compare(answer["result"], np.zeros(shape), label)
    if not np.isin(x, (0, 1)).all():
        value = float(x[~np.isin(x, (0, 1))][0])
        text = N_("There is a value {value:.4g} among the samples; every pixel should be 0 or 1.")
        return Finding("not_binary", Message(text, value=value), label)
    return None


def _frequencies(rng):
    """Draws of few pixels against the exact probabilities of every image."""
    settings, counts, found = [], [], None
    for n_pixels, n_hidden in ((3, 2), (4, 3), (4, 5)):
        W, c, V, b = _params(rng, n_pixels, n_hidden)
        params = [3 * W, 2 * c, 3 * V - np.mean(3 * V), b]  # strong dependence, and no pixel that is nearly constant
        label = _sample_label(N_DRAWS, n_pixels, n_hidden)
        answer = yield value_call(rng, [*params, N_DRAWS])
        strange = _not_images(answer, (N_DRAWS, n_pixels), label)
        if strange:
            return strange
        x = judging.as_array(answer["result"]).astype(int)
        settings.append(params)
        counts.append(np.bincount(x @ 2 ** np.arange(n_pixels)[::-1], minlength=2**n_pixels))
        found = found or _wrong_frequency(x, counts[-1], params, label)
    if found and found.diagnosis == "wrong_distribution":
        # The frequencies may be those of a known mistake, however its author draws.
        for name, (message, changes) in RECURSION.items():
            wrong = (_probabilities(params, partial(_logits, **changes)) for params in settings)
            if all(categorical_problem(n, p) is None for n, p in zip(counts, wrong, strict=True)):
                return Finding(name, Message(message), found.case, (found.message,))
    return found


def _every_image(n_pixels):
    return np.array(list(itertools.product([0.0, 1.0], repeat=n_pixels)))


def _probabilities(params, logits_function):
    x = _every_image(len(params[3]))
    return np.exp(bernoulli_log_prob(x, logits_function(*params, x)))


def _wrong_frequency(x, counts, params, label):
    problem = categorical_problem(counts, _probabilities(params, nade_logits))
    if problem is None:
        return None
    if np.ptp(x, axis=0).max() == 0:
        text = N_("All samples of a call are the same image. Each pixel of each image needs a draw of its own.")
        return Finding("all_the_same", Message(text), label)
    cell, frequency, probability = problem
    image = "".join(str(int(pixel)) for pixel in _every_image(x.shape[1])[cell])
    text = N_("The image {image} makes up {frequency:.4f} of the samples; its probability is {probability:.4f}.")
    message = Message(text, image=image, frequency=float(frequency), probability=probability)
    return Finding("wrong_distribution", message, label)


# --- the checks ------------------------------------------------------------------------------------------------------

CHECKS = (
    Check(
        topic="nade",
        name="nade_logits",
        signature="(W, c, V, b, x) -> (B, D)",
        points=4,
        reference=nade_logits,
        conversation=_values_then_cost(nade_logits),
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
        conversation=_values_then_cost(nade_log_likelihood),
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

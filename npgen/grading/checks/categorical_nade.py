"""The exercise about categorical NADE: log-softmax, logits, log-likelihood and sampling, in O(D H + D K H)."""

import itertools
from functools import partial

import autograd.numpy as np

from npgen.distributions import categorical_log_prob
from npgen.grading import judging, scores
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
from npgen.grading.mistakes.categorical_nade import (
    LOG_LIKELIHOOD_MISTAKES,
    LOG_SOFTMAX_MISTAKES,
    LOGITS_MISTAKES,
    RECURSION,
    SAMPLE_MISTAKES,
    SEED_INSIDE,
    _logits,
)
from npgen.grading.references.categorical_nade import (
    categorical_nade_log_likelihood,
    categorical_nade_logits,
    categorical_nade_sample,
    log_softmax,
)
from npgen.grading.statistics import categorical_problem, normal_problem

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

QUADRATIC = N_(
    "The values are right, but the cost grows with the square of D: 4 times the pixels take {growth:.0f} times the "
    "work. The sum over the pixels before is computed anew for each pixel; keep it and add one term at a time."
)
COUNTED_IMAGES, COUNTED_LEVELS, COUNTED_HIDDEN = 2, 2, 32
MAX_GROWTH = 6  # of the work with 4 times the pixels; 4 if it is linear in D, and 8 to 16 if it is quadratic


def _cost(rng, last_argument, reference=None):
    """The finding about a function whose work grows faster than D, as in `nade`."""
    n, n_levels, n_hidden = COUNTED_IMAGES, COUNTED_LEVELS, COUNTED_HIDDEN
    smaller = int(rng.integers(18, 24))
    counts = []
    for n_pixels in (smaller, 4 * smaller):
        args = [*_params(rng, n_pixels, n_levels, n_hidden), last_argument(rng, n, n_pixels, n_levels)]
        answer = yield count_call(rng, args)
        result = answer.get("result")
        if not isinstance(result, list) or len(result) != 2 or not isinstance(result[1], int):
            return None  # it works, but not with arrays that count
        if reference:
            found = compare(result[0], reference(*args), _label(n, n_pixels, n_levels, n_hidden))
            if found:
                return found
        if result[1] < n * n_pixels * n_hidden:
            return None  # most of the work is out of sight
        counts.append(result[1])
    growth = counts[1] / counts[0]
    return Finding("quadratic", Message(QUADRATIC, growth=growth)) if growth > MAX_GROWTH else None


LARGE = (1000, 4000, 16_000)  # pixels
LARGE_LEVELS, LARGE_HIDDEN = 2, 192  # O(D^2 H) is then 2.5e10 additions and 200 GB from far caches


def _large_inputs(rng, n_pixels):
    """Parameters with which the pre-activations stay of order 1 to the last pixel, and an image."""
    W, c, V, b = _params(rng, n_pixels, LARGE_LEVELS, LARGE_HIDDEN)
    return 0.02 * W, c, V, b, _images(rng, 1, n_pixels, LARGE_LEVELS)


def _values_at_scale(reference):
    def ask(rng, n_pixels):
        args = _large_inputs(rng, n_pixels)
        expected, label = reference(*args), _label(1, n_pixels, LARGE_LEVELS, LARGE_HIDDEN)

        def judge(answer):
            return answer_problem(answer, label) or compare(answer["result"], expected, label, rtol=1e-3, atol=1e-2)

        return args, judge

    return scaling(ask, LARGE, order=1)


def _sample_at_scale(rng, n_pixels):
    W, c, V, _, x = _large_inputs(rng, n_pixels)
    V = 20 * V
    sure = SURE * (x[0][:, None] == np.arange(LARGE_LEVELS))  # so that each pixel is sure, given those before it
    b = sure - categorical_nade_logits(W, c, V, np.zeros(sure.shape), x)[0]
    label = _sample_label(1, n_pixels, LARGE_LEVELS, LARGE_HIDDEN)
    return [W, c, V, b, 1], lambda answer: compare_sure_draws(answer, x, label)


def _values_then_cost(reference):
    values = judging.deterministic(reference, _cases)

    def conversation(rng):
        found = yield from values(rng)
        return found or (yield from _cost(rng, _images, reference))

    return conversation


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

N_DRAWS = 4000
SMALL_CALLS = 40  # each of a few images


def _sampling(rng):
    found = None
    for n, n_pixels, n_levels, n_hidden in ((1, 1, 2, 1), (1, 3, 3, 2), (5, 1, 4, 3), (2, 6, 3, 3)):
        answer = yield value_call(rng, [*_params(rng, n_pixels, n_levels, n_hidden), n])
        label = _sample_label(n, n_pixels, n_levels, n_hidden)
        found = found or _not_images(answer, (n, n_pixels), n_levels, label)
    params = _params(rng, 40, 3, 2, 0.1)  # 20 images of 40 pixels, each level about 1/3
    several = []
    for _ in range(2):
        answer = yield value_call(rng, [*params, 20])
        found = found or _not_images(answer, (20, 40), 3, _sample_label(20, 40, 3, 2))
        several.append(answer)
    if found:
        return found
    found = yield from _frequencies(rng)
    if found:
        return found
    if judging.same(several[0]["result"], several[1]["result"]):
        return Finding("seed_inside", Message(SEED_INSIDE))
    found = yield from _dependences(rng)
    return found or (yield from _cost(rng, lambda rng, n, n_pixels, n_levels: n))


def _sample_label(n, n_pixels, n_levels, n_hidden):
    text = N_("n_samples = {n}, D = {n_pixels}, K = {n_levels}, H = {n_hidden}")
    return Message(text, n=n, n_pixels=n_pixels, n_levels=n_levels, n_hidden=n_hidden)


def _not_images(answer, shape, n_levels, label):
    """The finding about an answer that is not an array of levels of this shape."""
    found = answer_problem(answer, label)
    if found:
        return found
    x = judging.as_array(answer["result"])
    if x is None or x.shape != shape:
        return compare(answer["result"], np.zeros(shape), label)
    known = np.isin(x, np.arange(n_levels))
    if not known.all():
        text = N_("There is a value {value:.4g} among the samples; every pixel should be one of 0, ..., {most}.")
        return Finding("no_level", Message(text, value=float(x[~known][0]), most=n_levels - 1), label)
    return None


def _frequencies(rng):
    """Draws of few pixels against the exact probabilities of every image."""
    settings, counts, found = [], [], None
    for n_pixels, n_levels, n_hidden in ((2, 3, 2), (3, int(rng.integers(3, 5)), 3), (3, 2, 4)):
        W, c, V, b = _params(rng, n_pixels, n_levels, n_hidden)
        params = [3 * W, 2 * c, 3 * (V - np.mean(V)), b]  # strong dependence, and no pixel that is nearly constant
        label = _sample_label(N_DRAWS, n_pixels, n_levels, n_hidden)
        answer = yield value_call(rng, [*params, N_DRAWS])
        strange = _not_images(answer, (N_DRAWS, n_pixels), n_levels, label)
        if strange:
            return strange
        x = judging.as_array(answer["result"]).astype(int)
        settings.append(params)
        counts.append(np.bincount(x @ n_levels ** np.arange(n_pixels)[::-1], minlength=n_levels**n_pixels))
        found = found or _wrong_frequency(x, counts[-1], params, label)
    if found and found.diagnosis == "wrong_distribution":
        # The frequencies may be those of a known mistake, however its author draws.
        for name, (message, changes) in RECURSION.items():
            wrong = (_probabilities(params, partial(_logits, **changes)) for params in settings)
            if all(categorical_problem(n, p) is None for n, p in zip(counts, wrong, strict=True)):
                return Finding(name, Message(message), found.case, (found.message,))
    return found


def _probabilities(params, logits_function):
    x = _every_image(*params[3].shape)
    return np.exp(categorical_log_prob(x, logits_function(*params, x)))


def _every_image(n_pixels, n_levels):
    return np.array(list(itertools.product(range(n_levels), repeat=n_pixels)))


def _wrong_frequency(x, counts, params, label):
    problem = categorical_problem(counts, _probabilities(params, categorical_nade_logits))
    if problem is None:
        return None
    if np.ptp(x, axis=0).max() == 0:
        text = N_("All samples of a call are the same image. Each pixel of each image needs a draw of its own.")
        return Finding("all_the_same", Message(text), label)
    cell, frequency, probability = problem
    image = " ".join(str(pixel) for pixel in _every_image(*params[3].shape)[cell])
    text = N_("The image {image} makes up {frequency:.4f} of the samples; its probability is {probability:.4f}.")
    message = Message(text, image=image, frequency=float(frequency), probability=probability)
    return Finding("wrong_distribution", message, label)


NOT_THE_MODELS = N_(
    "The samples are not those of the model. Each pixel, given those drawn before it, should have the probabilities of "
    "its conditional, and a draw of its own: {problem}"
)


def _dependences(rng):
    """Draws of many pixels, where images cannot be enumerated, and of a few images in each of many calls."""
    n_pixels, n_levels, n_hidden = (int(rng.integers(*bounds)) for bounds in ((15, 25), (4, 7), (4, 9)))
    found = yield from _scored(rng, [(36_000 // n_pixels, n_pixels, n_levels, n_hidden)])
    few = [
        tuple(int(rng.integers(*bounds)) for bounds in ((1, 7), (5, 30), (2, 6), (1, 6))) for _ in range(SMALL_CALLS)
    ]
    return found or (yield from _scored(rng, few))


def _scored(rng, sizes):
    noise, found, label = [], None, _sample_label(*sizes[0])
    for n, n_pixels, n_levels, n_hidden in sizes:
        W, c, V, b = _params(rng, n_pixels, n_levels, n_hidden)
        params = [4 * W / np.sqrt(n_pixels), c, 2 * V, b]
        answer = yield value_call(rng, [*params, n])
        found = found or _not_images(answer, (n, n_pixels), n_levels, _sample_label(n, n_pixels, n_levels, n_hidden))
        if found is None:
            x = judging.as_array(answer["result"]).astype(int)
            noise.append(scores.of_categories(rng, x, log_softmax(categorical_nade_logits(*params, x))))
    if found is None:
        problem = normal_problem(noise[0] if len(noise) == 1 else np.concatenate([np.ravel(e) for e in noise])[:, None])
        if problem:
            found = Finding("wrong_distribution", Message(NOT_THE_MODELS, problem=problem[1]), label)
    return found


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
        conversation=_values_then_cost(categorical_nade_logits),
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
        conversation=_values_then_cost(categorical_nade_log_likelihood),
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

"""The exercise about categorical NADE: log-softmax, logits, log-likelihood and sampling, in O(D H + D K H)."""

import itertools
from functools import partial

import autograd.numpy as np
import autograd.numpy.random as npr

from npgen.distributions import categorical_log_prob, logsumexp, sigmoid, softplus
from npgen.grading import judging, scores
from npgen.grading.judging import (
    SURE,
    Case,
    Check,
    Finding,
    Mistake,
    answer_problem,
    compare,
    compare_sure_draws,
    count_call,
    scaling,
    value_call,
)
from npgen.grading.language import N_, Message
from npgen.grading.statistics import categorical_problem, normal_problem

# --- references ------------------------------------------------------------------------------------------------------


def log_softmax(logits):
    """The logits, less the log of the sum of their exponentials."""
    return logits - logsumexp(logits, axis=-1, keepdims=True)


def categorical_nade_logits(W, c, V, b, x):
    """All pre-activations at once, by a cumulative sum."""
    pixels = np.arange(len(b))
    terms = W[pixels, x][:, :-1]  # (B, D - 1, H)
    none_yet = np.zeros((len(x), 1, len(c)))
    a = c + np.concatenate([none_yet, np.cumsum(terms, axis=1)], axis=1)
    return np.einsum("bdh,dkh->bdk", sigmoid(a), V) + b


def categorical_nade_log_likelihood(W, c, V, b, x):
    """The categorical log-probability of x, from the logits."""
    return categorical_log_prob(x, categorical_nade_logits(W, c, V, b, x))


def categorical_nade_sample(W, c, V, b, n_samples):
    """Pixel after pixel."""
    return _sample(W, c, V, b, n_samples)


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
QUADRATIC_MISTAKE = N_(
    "The values are right, but the cost grows with the square of D, because the sum over the pixels before is computed "
    "anew for every pixel. Keep it and add one term at a time."
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


# --- known mistakes: the log-softmax ---------------------------------------------------------------------------------


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


def _log_of_softmax(keep=lambda probs: probs, shift=True):
    """The logarithm of probabilities, with something done to these."""

    def wrong(logits):
        exps = np.exp(logits - np.max(logits, axis=-1, keepdims=True) if shift else logits)
        return np.log(keep(exps / np.sum(exps, axis=-1, keepdims=True)))

    return wrong


def _shifted_by(shift):
    def wrong(logits):
        moved = logits - shift(logits)
        return moved - np.log(np.sum(np.exp(moved), axis=-1, keepdims=True))

    return wrong


def _normaliser_forgotten_axis(logits):
    shifted = logits - np.max(logits, axis=-1, keepdims=True)
    return shifted - np.log(np.sum(np.exp(shifted), axis=-1))


CLIPPED = N_(
    "You keep the probabilities away from 0 (or add a small number inside the log), which bounds their logarithms. "
    "Compute the logarithm from the logits, and neither is needed."
)
KEPT_AWAY = (
    *((f"clipped_at_{eps:.0e}", lambda p, eps=eps: np.clip(p, eps, 1)) for eps in (1e-6, 1e-8, 1e-10, 1e-12, 1e-300)),
    *((f"plus_{eps:.0e}", lambda p, eps=eps: p + eps) for eps in (1e-6, 1e-8, 1e-10, 1e-12)),
)
LOG_OF_SOFTMAX = N_(
    "You take the logarithm of probabilities that are rounded to 0 once the logits differ by 746. Write the logarithm "
    "of the quotient as a difference first."
)

LOG_SOFTMAX_MISTAKES = (
    Mistake(
        "exp_overflows",
        N_("exp overflows at large logits, in the sum and in the quotient. Subtract the largest of the K first."),
        _log_of_softmax(shift=False),
    ),
    Mistake(
        "sum_overflows",
        N_("exp overflows at large logits, in the sum. Subtract the largest of the K first."),
        lambda logits: logits - np.log(np.sum(np.exp(logits), axis=-1, keepdims=True)),
    ),
    Mistake("log_of_softmax", LOG_OF_SOFTMAX, _log_of_softmax()),
    *(Mistake(name, CLIPPED, _log_of_softmax(keep)) for name, keep in KEPT_AWAY),
    Mistake(
        "one_maximum_for_all",
        N_(
            "You subtract the largest of all logits. Where the K of a row are all much smaller, their exponentials are "
            "all 0: subtract the largest of each row."
        ),
        _shifted_by(lambda logits: np.max(logits)),
    ),
    Mistake(
        "minimum_subtracted",
        N_("You subtract the least of the K logits, so that exp still overflows. Subtract the largest."),
        _shifted_by(lambda logits: np.min(logits, axis=-1, keepdims=True)),
    ),
    Mistake(
        "mean_subtracted",
        N_("You subtract the mean of the K logits, so that exp may still overflow. Subtract the largest."),
        _shifted_by(lambda logits: np.mean(logits, axis=-1, keepdims=True)),
    ),
    Mistake(
        "maximum_not_added",
        N_("You subtract the largest logit inside the exponentials only. It belongs to the result as well."),
        lambda logits: (
            logits - np.log(np.sum(np.exp(logits - np.max(logits, axis=-1, keepdims=True)), axis=-1, keepdims=True))
        ),
    ),
    Mistake(
        "maximum_alone",
        N_("You only subtract the largest logit. Subtract the logarithm of the sum of all K exponentials."),
        lambda logits: logits - np.max(logits, axis=-1, keepdims=True),
    ),
    Mistake(
        "softmax",
        N_("You return probabilities. Their logarithms are asked for."),
        lambda logits: np.exp(log_softmax(logits)),
    ),
    Mistake(
        "first_axis",
        N_("You sum over the first axis. The K logits that belong together lie along the last one."),
        lambda logits: logits - logsumexp(logits, axis=0, keepdims=True),
    ),
    Mistake(
        "second_axis",
        N_("You sum over axis 1. The K logits that belong together lie along the last one, axis -1."),
        lambda logits: logits - np.expand_dims(logsumexp(logits, axis=1), 1),
    ),
    Mistake(
        "all_axes",
        N_("You sum over all of the logits. Only the K along the last axis belong together."),
        lambda logits: logits - logsumexp(np.ravel(logits)),
    ),
    Mistake(
        "axis_lost",
        N_("The sum has lost its axis, and is then subtracted from the wrong numbers. keepdims=True keeps it."),
        _normaliser_forgotten_axis,
    ),
    Mistake(
        "log_forgotten",
        N_("You subtract the sum of the exponentials itself. Subtract its logarithm."),
        lambda logits: logits - np.exp(logsumexp(logits, axis=-1, keepdims=True)),
    ),
    Mistake(
        "mean_for_sum",
        N_("You divide the sum of the exponentials by K. The probabilities then sum to K."),
        lambda logits: log_softmax(logits) + np.log(logits.shape[-1]),
    ),
    Mistake(
        "log_sigmoid",
        N_("You take the log of the sigmoid of each logit. The K probabilities have to sum to 1: divide by their sum."),
        lambda logits: -softplus(-logits),
    ),
    Mistake(
        "without_exponentials",
        N_("You divide the logits by their sum. It is their exponentials that are divided by their sum."),
        lambda logits: np.log(logits / np.sum(logits, axis=-1, keepdims=True)),
    ),
    Mistake(
        "negated",
        N_("Your result has the wrong sign: a log-probability is at most 0."),
        lambda logits: -log_softmax(logits),
    ),
    Mistake(
        "sign_of_logits",
        N_("Your logits enter with the wrong sign: a larger logit means a larger probability."),
        lambda logits: log_softmax(-logits),
    ),
    Mistake(
        "bits",
        N_("You return bits, logarithms to base 2. Nats are asked for: the natural logarithm."),
        lambda logits: log_softmax(logits) / np.log(2),
    ),
    Mistake(
        "normaliser",
        N_("You return the log of the sum of the exponentials. Subtract it from the logits."),
        lambda logits: logsumexp(logits, axis=-1),
    ),
    Mistake(
        "twice",
        N_("You return the log-softmax of probabilities: one softmax too many."),
        lambda logits: log_softmax(np.exp(log_softmax(logits))),
    ),
)

# --- known mistakes: in the recursion --------------------------------------------------------------------------------


def _pixel_after_pixel(W, c, V, b, n, pixel, hidden=sigmoid, step=None, row=None, readout=None, params=None):
    """The logits (n, D, K) where pixel d, given its logits, is `pixel(d, logits)`. The rest is what may be wrong."""
    if params:
        W, c, V, b = params(W, c, V, b)
    a, logits = np.tile(c, (n, 1)), []
    for d in range(len(b)):
        h = hidden(a)
        logits.append(readout(h, V[d], b[d]) if readout else np.dot(h, V[d].T) + b[d])
        x = pixel(d, logits[d])
        rows = row(W[d], x) if row else W[d, x]
        a = step(a, rows, c) if step else a + rows
    return np.stack(logits, axis=1)


def _logits(W, c, V, b, x, **wrong):
    return _pixel_after_pixel(W, c, V, b, len(x), lambda d, logits: x[:, d], **wrong)


def _drawn(probs):
    """One category for each row of probs (n, K)."""
    return np.sum(npr.rand(len(probs), 1) > np.cumsum(probs, axis=1)[:, :-1], axis=1)


def _sample(W, c, V, b, n, draw=_drawn, probs=lambda logits: np.exp(log_softmax(logits)), **wrong):
    pixels = []

    def pixel(d, logits):
        pixels.append(draw(probs(logits)))
        return pixels[d]

    _pixel_after_pixel(W, c, V, b, n, pixel, **wrong)
    return np.stack(pixels, axis=1)


RECURSION = {
    "bias_in_weights": (
        N_("You add b_d to the weights V_d before the product with h_d. It is added to the product, once."),
        {"readout": lambda h, v, b: np.dot(h, (v + b[:, None]).T)},
    ),
    "hidden_bias_every_step": (
        N_("You add c to the pre-activation at every pixel. It enters the sum once, at the start."),
        {"step": lambda a, rows, c: a + rows + c},
    ),
    "reset": (
        N_(
            "Your pre-activation starts again from c at each pixel, so that a conditional sees only the pixel just "
            "before it (a Markov chain of order 1). It should keep the terms of all pixels before."
        ),
        {"step": lambda a, rows, c: c + rows},
    ),
    "never_updated": (
        N_("Your pre-activation stays at c: no conditional sees a pixel. Each pixel adds its term for those after it."),
        {"step": lambda a, rows, c: a},
    ),
    "overwritten": (
        N_(
            "You add the term of a pixel to the hidden layer, after the sigmoid. The sum is kept before the sigmoid, "
            "in the pre-activation."
        ),
        {"step": lambda a, rows, c: sigmoid(a) + rows},
    ),
    "subtracted": (
        N_("You subtract W[d, x_d] from the pre-activation. It is added."),
        {"step": lambda a, rows, c: a - rows},
    ),
    "level_as_number": (
        N_(
            "You multiply by the grey level, as if it were a quantity. It is the name of a category: it selects the "
            "row W[d, x_d], which is added as it is."
        ),
        {"row": lambda w, x: x[:, None] * w[x]},
    ),
    "level_times_first_row": (
        N_("You multiply one row of W by the grey level. Each level has a row of its own, W[d, x_d]."),
        {"row": lambda w, x: x[:, None] * w[0]},
    ),
    "level_zero_adds_nothing": (
        N_("In your sum, level 0 adds nothing, as a pixel that is off in binary NADE. Here it has a row, W[d, 0]."),
        {"row": lambda w, x: (x > 0)[:, None] * w[x]},
    ),
    "levels_from_one": (
        N_("Your row is that of level x_d - 1. Levels count from 0, and the row is W[d, x_d]."),
        {"row": lambda w, x: w[x - 1]},
    ),
    "first_image_for_all": (
        N_("You add the row of the first image to all images. Each image selects a row of its own."),
        {"row": lambda w, x: w[x[:1]]},
    ),
    "all_rows": (
        N_("You add all K rows of a pixel. Its level selects one of them."),
        {"row": lambda w, x: np.sum(w, axis=0)},
    ),
    "tanh": (N_("Your hidden layer uses tanh. NADE's uses the sigmoid."), {"hidden": np.tanh}),
    "relu": (
        N_("Your hidden layer uses a rectifier. NADE's uses the sigmoid."),
        {"hidden": lambda a: np.maximum(a, 0)},
    ),
    "linear_hidden": (
        N_("Your hidden layer is the pre-activation itself. It is the sigmoid of the pre-activation."),
        {"hidden": lambda a: a},
    ),
    "double_sigmoid": (
        N_("You take the sigmoid of the hidden layer twice. Once is right."),
        {"hidden": lambda a: sigmoid(sigmoid(a))},
    ),
    "swapped": (
        N_("You use V where W belongs, and W where V belongs: W leads into the hidden layer, V out of it."),
        {"params": lambda W, c, V, b: (V, c, W, b)},
    ),
    "tied": (
        N_("You use W out of the hidden layer as well as into it. The way out is V."),
        {"params": lambda W, c, V, b: (W, c, W, b)},
    ),
    "c_forgotten": (
        N_("The bias c of the hidden layer is missing: the pre-activation starts from c, not from zero."),
        {"params": lambda W, c, V, b: (W, 0 * c, V, b)},
    ),
    "b_forgotten": (
        N_("The bias b_d of the logits is missing."),
        {"params": lambda W, c, V, b: (W, c, V, 0 * b)},
    ),
}


def _seeing(see):
    """Logits whose sum for pixel d is over the pixels j with see[d, j]."""

    def logits(W, c, V, b, x):
        rows = W[np.arange(len(b)), x]
        a = c + np.einsum("bjh,dj->bdh", rows, see(np.ones((len(b), len(b)))))
        return np.einsum("bdh,dkh->bdk", sigmoid(a), V) + b

    return logits


SEEN = {  # for functions that are given the whole image
    "own_value": (
        N_("The conditional of x_d sees x_d itself. Its sum ends at the pixel before."),
        _seeing(np.tril),
    ),
    "lagging": (
        N_("Your sum ends one pixel too early: the conditional of x_d should see x_{{d-1}}, too."),
        _seeing(lambda ones: np.tril(ones, -2)),
    ),
    "reversed": (
        N_("Your sum is over the pixels after d. It should be over those before."),
        _seeing(lambda ones: np.triu(ones, 1)),
    ),
    "all_pixels": (
        N_("Every conditional sees the whole image, itself included. It should see only the pixels before."),
        _seeing(lambda ones: ones),
    ),
    "all_others": (
        N_("Every conditional sees all other pixels. It should see only those before."),
        _seeing(lambda ones: ones - np.eye(len(ones))),
    ),
}


def _quadratic_logits(W, c, V, b, x):
    levels = [c + np.sum(W[np.arange(d), x[:, :d]], axis=1) for d in range(len(b))]
    return np.stack([np.dot(sigmoid(a), v.T) + bias for a, v, bias in zip(levels, V, b, strict=True)], axis=1)


def _quadratic_sample(W, c, V, b, n_samples):
    x = np.zeros((n_samples, len(b)), int)
    for d in range(len(b)):
        a = c + np.sum(W[np.arange(d), x[:, :d]], axis=1)
        x[:, d] = _drawn(np.exp(log_softmax(np.dot(sigmoid(a), V[d].T) + b[d])))
    return x


WRONG_LOGITS = {  # every way to get the logits wrong
    **{name: (message, partial(_logits, **changes)) for name, (message, changes) in RECURSION.items()},
    **SEEN,
}


def _of_logits(function):
    """A mistake that is made with the right logits."""
    return lambda *args: function(categorical_nade_logits(*args))


LOGITS_MISTAKES = (
    *(Mistake(name, message, function) for name, (message, function) in WRONG_LOGITS.items()),
    Mistake(
        "probabilities",
        N_("You return probabilities. Logits are asked for: leave out the softmax."),
        _of_logits(lambda logits: np.exp(log_softmax(logits))),
    ),
    Mistake(
        "log_probabilities",
        N_("You return log-probabilities. Logits are asked for: leave out the log-softmax."),
        _of_logits(log_softmax),
    ),
    Mistake(
        "sigmoids",
        N_("You return the sigmoids of the logits. The logits themselves are asked for."),
        _of_logits(sigmoid),
    ),
    Mistake(
        "of_the_level",
        N_("You return the logit of the level that each pixel has. All K of each pixel are asked for, (B, D, K)."),
        lambda W, c, V, b, x: np.sum(
            categorical_nade_logits(W, c, V, b, x) * (x[:, :, None] == np.arange(b.shape[1])), axis=2
        ),
    ),
    Mistake(
        "pixels_first",
        N_("Your result has the pixels in its first axis, (D, B, K). Asked for is (B, D, K): stack along axis 1."),
        _of_logits(lambda logits: np.swapaxes(logits, 0, 1)),
    ),
    Mistake(
        "pixels_last",
        N_("Your result has the pixels in its last axis, (B, K, D). Asked for is (B, D, K): stack along axis 1."),
        _of_logits(lambda logits: np.swapaxes(logits, 1, 2)),
    ),
    Mistake(
        "in_one_row",
        N_("Your result has the logits of an image in one long row. Asked for is (B, D, K)."),
        _of_logits(lambda logits: np.reshape(logits, (len(logits), -1))),
    ),
    Mistake("quadratic", QUADRATIC_MISTAKE, _quadratic_logits),
)

# --- known mistakes: in the log-likelihood ---------------------------------------------------------------------------


def _likelihood_of(logits_function):
    return lambda W, c, V, b, x: categorical_log_prob(x, logits_function(W, c, V, b, x))


def _of_x_and_logits(function):
    """A mistake in the log-probabilities (B, D) of pixels x, one-hot (B, D, K), with logits (B, D, K)."""

    def log_likelihood(W, c, V, b, x):
        return np.sum(function(x[:, :, None] == np.arange(b.shape[1]), categorical_nade_logits(W, c, V, b, x)), axis=1)

    return log_likelihood


def _chosen(one_hot, values):
    return np.sum(np.where(one_hot, values, 0.0), axis=2)


def _of_terms(function):
    """A mistake in putting together the log-probabilities (B, D) of the pixels."""

    def log_likelihood(W, c, V, b, x):
        log_probs = log_softmax(categorical_nade_logits(W, c, V, b, x))
        return function(_chosen(x[:, :, None] == np.arange(b.shape[1]), log_probs))

    return log_likelihood


LOG_LIKELIHOOD_MISTAKES = (
    *(Mistake(name, message, _likelihood_of(function)) for name, (message, function) in WRONG_LOGITS.items()),
    Mistake(
        "exp_overflows",
        N_("exp overflows at large logits, in the sum and in the quotient. Subtract the largest of the K first."),
        _of_x_and_logits(lambda one_hot, logits: _chosen(one_hot, _log_of_softmax(shift=False)(logits))),
    ),
    Mistake(
        "sum_overflows",
        N_("exp overflows at large logits, in the sum. Subtract the largest of the K first."),
        _of_x_and_logits(lambda one_hot, logits: _chosen(one_hot, logits) - np.log(np.sum(np.exp(logits), axis=2))),
    ),
    Mistake(
        "log_of_softmax",
        LOG_OF_SOFTMAX,
        _of_x_and_logits(lambda one_hot, logits: _chosen(one_hot, _log_of_softmax()(logits))),
    ),
    Mistake(
        "zero_times_infinity",
        N_(
            "You multiply the logarithms by a one-hot vector, and 0 times -inf is not a number. Take the logarithms "
            "from the logits, where they stay finite."
        ),
        _of_x_and_logits(lambda one_hot, logits: np.sum(one_hot * _log_of_softmax()(logits), axis=2)),
    ),
    *(
        Mistake(
            name,
            CLIPPED,
            _of_x_and_logits(lambda one_hot, logits, keep=keep: _chosen(one_hot, _log_of_softmax(keep)(logits))),
        )
        for name, keep in KEPT_AWAY[:4]
    ),
    Mistake(
        "not_normalised",
        N_("You sum the logits of the levels that occur. Each needs to be normalised: log softmax, not the logit."),
        _of_x_and_logits(_chosen),
    ),
    Mistake(
        "normalised_over_pixels",
        N_(
            "Your softmax runs over the pixels. The probabilities of the K levels of one pixel sum to 1: the last axis."
        ),
        _of_x_and_logits(lambda one_hot, logits: _chosen(one_hot, logits - logsumexp(logits, axis=1, keepdims=True))),
    ),
    Mistake(
        "sigmoid_of_the_level",
        N_("You take the sigmoid of the level's logit. The K levels exclude each other: softmax."),
        _of_x_and_logits(lambda one_hot, logits: -softplus(-_chosen(one_hot, logits))),
    ),
    Mistake(
        "bernoulli_for_each_level",
        N_(
            "You treat the K entries of a one-hot vector as independent binary variables. One of them is 1, and the "
            "others are 0: softmax, and the logarithm of one probability."
        ),
        _of_x_and_logits(lambda one_hot, logits: -np.sum(softplus(np.where(one_hot, -logits, logits)), axis=2)),
    ),
    Mistake(
        "zeros_count_too",
        N_(
            "You also add the logarithms of one minus the probability for the levels that a pixel does not have. Only "
            "the level that it has counts."
        ),
        _of_x_and_logits(
            lambda one_hot, logits: np.sum(
                np.where(one_hot, log_softmax(logits), np.log1p(-np.exp(log_softmax(logits)))), axis=2
            )
        ),
    ),
    Mistake(
        "all_levels",
        N_("You sum the log-probabilities of all K levels. Only that of the level that the pixel has counts."),
        _of_x_and_logits(lambda one_hot, logits: np.sum(log_softmax(logits), axis=2)),
    ),
    Mistake(
        "most_probable_level",
        N_("You take the largest of the K log-probabilities. Take that of the level that the pixel has."),
        _of_x_and_logits(lambda one_hot, logits: np.max(log_softmax(logits), axis=2)),
    ),
    Mistake(
        "entropy",
        N_("You sum p log p over the levels: that is a negative entropy. Take log p of the level that the pixel has."),
        _of_x_and_logits(lambda one_hot, logits: np.sum(np.exp(log_softmax(logits)) * log_softmax(logits), axis=2)),
    ),
    Mistake(
        "level_before",
        N_("You take the log-probability of level x_d - 1. Levels count from 0."),
        _of_x_and_logits(lambda one_hot, logits: _chosen(np.roll(one_hot, -1, axis=2), log_softmax(logits))),
    ),
    Mistake(
        "level_times_log_probability",
        N_("You multiply log-probabilities by the grey level. It selects one of them."),
        _of_x_and_logits(lambda one_hot, logits: _chosen(one_hot, log_softmax(logits) * np.arange(logits.shape[2]))),
    ),
    Mistake(
        "softmax_twice",
        N_("You return the log-softmax of probabilities: one softmax too many."),
        _of_x_and_logits(lambda one_hot, logits: _chosen(one_hot, log_softmax(np.exp(log_softmax(logits))))),
    ),
    Mistake(
        "negated",
        N_("Your result has the wrong sign: a log-probability is at most 0."),
        _of_terms(lambda terms: -np.sum(terms, axis=1)),
    ),
    Mistake(
        "mean_over_pixels",
        N_("You average over the pixels. The log of a product is the sum."),
        _of_terms(lambda terms: np.mean(terms, axis=1)),
    ),
    Mistake(
        "sum_over_batch",
        N_("You sum over the images as well. One number for each image is asked for, (B,)."),
        _of_terms(np.sum),
    ),
    Mistake(
        "mean_over_batch",
        N_("You average over the images. One number for each image is asked for, (B,)."),
        _of_terms(lambda terms: np.mean(np.sum(terms, axis=1))),
    ),
    Mistake(
        "wrong_axis",
        N_("You sum over the images and keep the pixels. Sum over the pixels, the other axis."),
        _of_terms(lambda terms: np.sum(terms, axis=0)),
    ),
    Mistake(
        "column",
        N_("Your result is a column, (B, 1). Expected are B numbers, (B,)."),
        _of_terms(lambda terms: np.sum(terms, axis=1, keepdims=True)),
    ),
    Mistake(
        "per_pixel",
        N_("You return one number for each pixel. Sum them: one number for each image is asked for."),
        _of_terms(lambda terms: terms),
    ),
    Mistake(
        "probability",
        N_("You return the probability of an image. Its logarithm is asked for: the product becomes a sum."),
        _of_terms(lambda terms: np.exp(np.sum(terms, axis=1))),
    ),
    Mistake(
        "bits",
        N_("You return bits, logarithms to base 2. Nats are asked for: the natural logarithm."),
        _of_terms(lambda terms: np.sum(terms, axis=1) / np.log(2)),
    ),
    Mistake("quadratic", QUADRATIC_MISTAKE, _likelihood_of(_quadratic_logits)),
)

# --- sampling --------------------------------------------------------------------------------------------------------

N_DRAWS = 4000
SMALL_CALLS = 40  # each of a few images
SEED_INSIDE = N_("Two calls give the same samples: the seed is set inside the function. Leave it to the caller.")


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


def _seeded_sample(W, c, V, b, n_samples):
    npr.seed(0)
    return _sample(W, c, V, b, n_samples)


def _fed_back(W, c, V, b, n):
    a, drawn = np.tile(c, (n, 1)), []
    for d in range(len(b)):
        probs = np.exp(log_softmax(np.dot(sigmoid(a), V[d].T) + b[d]))
        drawn.append(_drawn(probs))
        a = a + np.dot(probs, W[d])
    return np.stack(drawn, axis=1)


def _one_uniform_per_image(W, c, V, b, n_samples):
    u = npr.rand(n_samples, 1)
    return _sample(W, c, V, b, n_samples, draw=lambda p: np.sum(u > np.cumsum(p, axis=1)[:, :-1], axis=1))


def _with_noise(noise):
    """The level whose logit with noise added is the largest."""

    def draw(probs):
        return np.argmax(np.log(probs) + noise(probs.shape), axis=1)

    return lambda *args: _sample(*args, draw=draw)


SAMPLE_MISTAKES = (
    *(Mistake(name, message, partial(_sample, **changes)) for name, (message, changes) in RECURSION.items()),
    Mistake(
        "most_probable",
        N_("You take the most probable level of each pixel. It should be drawn with its probability."),
        lambda *args: _sample(*args, draw=lambda p: np.argmax(p, axis=1)),
    ),
    Mistake(
        "all_levels_alike",
        N_("You draw each level with the same probability. Draw it with the probabilities of its conditional."),
        lambda *args: _sample(*args, draw=lambda p: npr.randint(0, p.shape[1], len(p))),
    ),
    Mistake(
        "one_uniform_per_image",
        N_("You draw one uniform number for an image and use it for all of its pixels. Each pixel needs its own."),
        _one_uniform_per_image,
    ),
    Mistake(
        "one_uniform_per_pixel",
        N_("You draw one uniform number for a pixel and use it for all images. Each image needs its own."),
        lambda *args: _sample(*args, draw=lambda p: np.sum(npr.rand() > np.cumsum(p, axis=1)[:, :-1], axis=1)),
    ),
    Mistake(
        "normal_noise",
        N_("You add normal noise to the logits and take the largest. It takes Gumbel noise, -log(-log u)."),
        _with_noise(lambda shape: npr.randn(*shape)),
    ),
    Mistake(
        "minus_gumbel",
        N_("You subtract Gumbel noise from the logits and take the largest. Add it: log p - log(-log u)."),
        _with_noise(lambda shape: -npr.gumbel(size=shape)),
    ),
    Mistake(
        "uniform_noise",
        N_("You add uniform noise to the logits and take the largest. It takes Gumbel noise, -log(-log u)."),
        _with_noise(lambda shape: npr.rand(*shape)),
    ),
    Mistake(
        "reversed_levels",
        N_(
            "Your comparison with the cumulative sums is the wrong way round: level 0 gets the probability of the last."
        ),
        lambda *args: _sample(*args, draw=lambda p: np.sum(npr.rand(len(p), 1) < np.cumsum(p, axis=1)[:, :-1], axis=1)),
    ),
    Mistake(
        "without_cumulative_sums",
        N_("You compare the uniform number with the probabilities themselves. Compare it with their cumulative sums."),
        lambda *args: _sample(*args, draw=lambda p: np.sum(npr.rand(len(p), 1) > p[:, :-1], axis=1)),
    ),
    Mistake(
        "a_uniform_for_each_level",
        N_("You compare each cumulative sum with a uniform number of its own. A pixel takes one for all its levels."),
        lambda *args: _sample(
            *args,
            draw=lambda p: np.sum(npr.rand(len(p), p.shape[1] - 1) > np.cumsum(p, axis=1)[:, :-1], axis=1),
        ),
    ),
    Mistake(
        "sigmoids",
        N_("You turn the logits into probabilities by the sigmoid. It is the softmax whose K values sum to 1."),
        lambda *args: _sample(
            *args, probs=lambda logits: sigmoid(logits) / np.sum(sigmoid(logits), axis=1, keepdims=True)
        ),
    ),
    Mistake(
        "softmax_twice",
        N_("You take the softmax of probabilities: one softmax too many."),
        lambda *args: _sample(*args, probs=lambda logits: np.exp(log_softmax(np.exp(log_softmax(logits))))),
    ),
    Mistake(
        "levels_counted_from_one",
        N_("Your levels are 1, ..., K. They should be 0, ..., K - 1."),
        lambda *args: _sample(*args) + 1,
    ),
    Mistake(
        "one_hot",
        N_("You return one-hot vectors, (n_samples, D, K). Levels are asked for: one integer for each pixel."),
        lambda W, c, V, b, n: 1.0 * (_sample(W, c, V, b, n)[:, :, None] == np.arange(b.shape[1])),
    ),
    Mistake(
        "transposed",
        N_("Your result is the transpose of what is asked for: images go down, pixels across, (n_samples, D)."),
        lambda *args: _sample(*args).T,
    ),
    Mistake(
        "squeezed",
        N_("With one sample you return (D,). Keep the axis of the images: (1, D)."),
        lambda *args: _sample(*args)[0] if args[-1] == 1 else _sample(*args),
    ),
    Mistake(
        "one_image", N_("You return a single image. It should be n_samples of them."), lambda *a: _sample(*a[:4], 1)
    ),
    Mistake("seed_inside", SEED_INSIDE, _seeded_sample),
    Mistake(
        "probability_fed_back",
        N_("You add the mean of the K rows, weighted by their probabilities. Add the row of the level that was drawn."),
        _fed_back,
    ),
    Mistake("quadratic", QUADRATIC_MISTAKE, _quadratic_sample),
)


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

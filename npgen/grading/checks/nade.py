"""The exercise about NADE: logits, log-likelihood and sampling, each in O(D H)."""

import itertools
from functools import partial

import autograd.numpy as np
import autograd.numpy.random as npr

from npgen.distributions import bernoulli_log_prob, sigmoid
from npgen.grading import judging
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
from npgen.grading.statistics import categorical_problem

# --- references ------------------------------------------------------------------------------------------------------


def nade_logits(W, c, V, b, x):
    """All pre-activations at once, by a cumulative sum."""
    terms = x[:, :-1, None] * W[:-1]  # (B, D - 1, H)
    none_yet = np.zeros((len(x), 1, len(c)))
    a = c + np.concatenate([none_yet, np.cumsum(terms, axis=1)], axis=1)
    return np.sum(sigmoid(a) * V, axis=2) + b


def nade_log_likelihood(W, c, V, b, x):
    """The Bernoulli log-probability of x, from the logits."""
    return bernoulli_log_prob(x, nade_logits(W, c, V, b, x))


def nade_sample(W, c, V, b, n_samples):
    """Pixel after pixel."""
    return _sample(W, c, V, b, n_samples)


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
QUADRATIC_MISTAKE = N_(
    "The values are right, but the cost grows with the square of D, because the sum over the pixels before is computed "
    "anew for every pixel. Keep it and add one term at a time: that is O(D H)."
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


# --- known mistakes: in the recursion --------------------------------------------------------------------------------


def _pixel_after_pixel(W, c, V, b, n, pixel, hidden=sigmoid, step=None, readout=None, params=None):
    """The logits (n, D) where pixel d, given its logit, is `pixel(d, logit)`. The rest is what may be done wrong."""
    if params:
        W, c, V, b = params(W, c, V, b)
    a, logits = np.tile(c, (n, 1)), []
    for d in range(len(b)):
        h = hidden(a)
        logits.append(readout(h, V[d], b[d]) if readout else np.dot(h, V[d]) + b[d])
        x = pixel(d, logits[d])
        a = step(a, x, W[d], c) if step else a + np.outer(x, W[d])
    return np.stack(logits, axis=1)


def _logits(W, c, V, b, x, **wrong):
    return _pixel_after_pixel(W, c, V, b, len(x), lambda d, logit: x[:, d], **wrong)


def _sample(W, c, V, b, n, draw=None, probability=sigmoid, **wrong):
    pixels = []

    def pixel(d, logit):
        p = probability(logit)
        pixels.append(draw(p) if draw else 1.0 * (npr.rand(n) < p))
        return pixels[d]

    _pixel_after_pixel(W, c, V, b, n, pixel, **wrong)
    return np.stack(pixels, axis=1)


RECURSION = {
    "bias_in_weights": (
        N_("You add b_d to the weights V_d before the product with h_d. It is added to the product, once."),
        {"readout": lambda h, v, b: np.dot(h, v + b)},
    ),
    "hidden_bias_in_weights": (
        N_("You add c to the weights W_d, so that every pixel that is on adds it again. It enters the sum once."),
        {"step": lambda a, x, w, c: a + np.outer(x, w + c)},
    ),
    "hidden_bias_every_step": (
        N_("You add c to the pre-activation at every pixel. It enters the sum once, at the start."),
        {"step": lambda a, x, w, c: a + np.outer(x, w) + c},
    ),
    "reset": (
        N_(
            "Your pre-activation starts again from c at each pixel, so that a conditional sees only the pixel just "
            "before it (a Markov chain of order 1). It should keep the terms of all pixels before."
        ),
        {"step": lambda a, x, w, c: c + np.outer(x, w)},
    ),
    "never_updated": (
        N_("Your pre-activation stays at c: no conditional sees a pixel. Each pixel adds its term for those after it."),
        {"step": lambda a, x, w, c: a},
    ),
    "overwritten": (
        N_(
            "You add the term of a pixel to the hidden layer, after the sigmoid. The sum is kept before the sigmoid, "
            "in the pre-activation."
        ),
        {"step": lambda a, x, w, c: sigmoid(a) + np.outer(x, w)},
    ),
    "subtracted": (
        N_("You subtract x_d W_d from the pre-activation. It is added."),
        {"step": lambda a, x, w, c: a - np.outer(x, w)},
    ),
    "pixels_as_signs": (
        N_("You take the pixels for -1 and 1 in the sum. A pixel that is 0 adds nothing."),
        {"step": lambda a, x, w, c: a + np.outer(2 * x - 1, w)},
    ),
    "tanh": (
        N_("Your hidden layer uses tanh. NADE's uses the sigmoid."),
        {"hidden": np.tanh},
    ),
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
        terms = np.einsum("bj,jh,dj->bdh", x, W, see(np.ones((len(b), len(b)))))
        return np.sum(sigmoid(c + terms) * V, axis=2) + b

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
    columns = [np.dot(sigmoid(c + np.dot(x[:, :d], W[:d])), V[d]) + b[d] for d in range(len(b))]
    return np.stack(columns, axis=1)


def _quadratic_log_likelihood(W, c, V, b, x):
    return bernoulli_log_prob(x, _quadratic_logits(W, c, V, b, x))


def _quadratic_sample(W, c, V, b, n_samples):
    x = np.zeros((n_samples, len(b)))
    for d in range(len(b)):
        p = sigmoid(np.dot(sigmoid(c + np.dot(x[:, :d], W[:d])), V[d]) + b[d])
        x[:, d] = npr.rand(n_samples) < p
    return x


def _wrong_logits():
    """{name: (message, function)} of every way to get the logits wrong."""
    wrong = {name: (message, partial(_logits, **changes)) for name, (message, changes) in RECURSION.items()}
    return wrong | SEEN


def _of_logits(function):
    """A mistake that is made with the right logits."""
    return lambda *args: function(nade_logits(*args))


LOGITS_MISTAKES = (
    *(Mistake(name, message, function) for name, (message, function) in _wrong_logits().items()),
    Mistake(
        "probabilities",
        N_("You return probabilities. Logits are asked for: leave out the last sigmoid."),
        _of_logits(sigmoid),
    ),
    Mistake(
        "probabilities_of_off",
        N_("You return the probabilities of 0. Logits are asked for, those of 1."),
        _of_logits(lambda logits: sigmoid(-logits)),
    ),
    Mistake(
        "negated",
        N_("Your logits have the wrong sign: they belong to x_d = 1, not to x_d = 0."),
        _of_logits(lambda logits: -logits),
    ),
    Mistake(
        "log_probabilities",
        N_("You return log-probabilities of 1. Logits are asked for."),
        _of_logits(lambda logits: -np.logaddexp(0, -logits)),
    ),
    Mistake(
        "transposed",
        N_("Your result is the transpose of what is asked for: images go down, pixels across, (B, D)."),
        _of_logits(np.transpose),
    ),
    Mistake("quadratic", QUADRATIC_MISTAKE, _quadratic_logits),
)

# --- known mistakes: in the log-likelihood ---------------------------------------------------------------------------


def _likelihood_of(logits_function):
    return lambda W, c, V, b, x: bernoulli_log_prob(x, logits_function(W, c, V, b, x))


def _of_terms(function):
    """A mistake in putting together the log-probabilities (B, D) of the pixels."""

    def log_likelihood(W, c, V, b, x):
        logits = nade_logits(W, c, V, b, x)
        return function(-np.logaddexp(0, np.where(x == 1, -logits, logits)))

    return log_likelihood


def _of_x_and_logits(function):
    """A mistake in the log-probability of a pixel x with that logit."""
    return lambda W, c, V, b, x: np.sum(function(x, nade_logits(W, c, V, b, x)), axis=1)


def _cross_entropy(p, x):
    return x * np.log(p) + (1 - x) * np.log(1 - p)


LOG_OF_SIGMOID = N_(
    "The log of the sigmoid is -inf once a logit is large, because the sigmoid is rounded to 0 or 1. "
    "Write log s and log(1 - s) in terms of the logit, without s."
)

LOG_LIKELIHOOD_MISTAKES = (
    *(Mistake(name, message, _likelihood_of(function)) for name, (message, function) in _wrong_logits().items()),
    Mistake("log_of_sigmoid", LOG_OF_SIGMOID, _of_x_and_logits(lambda x, logit: _cross_entropy(sigmoid(logit), x))),
    Mistake(
        "log_of_chosen_probability",
        LOG_OF_SIGMOID,
        _of_x_and_logits(lambda x, logit: np.log(np.where(x == 1, sigmoid(logit), 1 - sigmoid(logit)))),
    ),
    *(
        Mistake(
            f"clipped_at_{eps:.0e}",
            N_(
                "You keep the probabilities away from 0 and 1 (or add a small number inside the log), which bounds the "
                "log-likelihood of a pixel. Write log s and log(1 - s) in terms of the logit, and neither is needed."
            ),
            _of_x_and_logits(lambda x, logit, eps=eps: _cross_entropy(np.clip(sigmoid(logit), eps, 1 - eps), x)),
        )
        for eps in (1e-6, 1e-7, 1e-8, 1e-10, 1e-12)
    ),
    Mistake(
        "softplus_overflows",
        N_("exp(l) overflows at large logits in log(1 + exp(l)). Take the exponential of -|l| only, or np.logaddexp."),
        _of_x_and_logits(lambda x, logit: x * logit - np.log(1 + np.exp(logit))),
    ),
    Mistake(
        "zeros_forgotten",
        N_("Only the pixels that are 1 count in your sum. The term (1 - x) log(1 - s) is missing."),
        _of_x_and_logits(lambda x, logit: -x * np.logaddexp(0, -logit)),
    ),
    Mistake(
        "ones_and_zeros_swapped",
        N_("Your conditionals are those of x_d = 0: the roles of ones and zeros are swapped."),
        _of_x_and_logits(lambda x, logit: -np.logaddexp(0, np.where(x == 1, logit, -logit))),
    ),
    Mistake(
        "probabilities_for_logits",
        N_("You take the sigmoid of the logits, and then use it as if it were the logits: one sigmoid too many."),
        _of_x_and_logits(lambda x, logit: bernoulli_log_prob(x, sigmoid(logit))[:, None]),
    ),
    Mistake(
        "targets_and_logits_swapped",
        N_("Pixels and logits have changed places in your cross-entropy."),
        _of_x_and_logits(lambda x, logit: logit * x - np.logaddexp(0, x)),
    ),
    Mistake(
        "negated",
        N_("Your result has the wrong sign: a log-probability of binary images is at most 0."),
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
    Mistake("quadratic", QUADRATIC_MISTAKE, _quadratic_log_likelihood),
)

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


def _seeded_sample(W, c, V, b, n_samples):
    npr.seed(0)
    return _sample(W, c, V, b, n_samples)


def _fed_back(W, c, V, b, n):
    drawn = []

    def pixel(d, logit):
        p = sigmoid(logit)
        drawn.append(1.0 * (npr.rand(n) < p))
        return p

    _pixel_after_pixel(W, c, V, b, n, pixel)
    return np.stack(drawn, axis=1)


def _one_uniform_per_image(W, c, V, b, n_samples):
    u = npr.rand(n_samples)
    return _sample(W, c, V, b, n_samples, draw=lambda p: 1.0 * (u < p))


SEED_INSIDE = N_("Two calls give the same samples: the seed is set inside the function. Leave it to the caller.")

SAMPLE_MISTAKES = (
    *(Mistake(name, message, partial(_sample, **changes)) for name, (message, changes) in RECURSION.items()),
    Mistake(
        "threshold",
        N_("You take each pixel for 1 where its probability is above 1/2. It should be drawn with that probability."),
        lambda *args: _sample(*args, draw=lambda p: 1.0 * (p > 0.5)),
    ),
    Mistake(
        "one_uniform_per_image",
        N_("You draw one uniform number for an image and use it for all of its pixels. Each pixel needs its own."),
        _one_uniform_per_image,
    ),
    Mistake(
        "one_uniform_per_pixel",
        N_("You draw one uniform number for a pixel and use it for all images. Each image needs its own."),
        lambda *args: _sample(*args, draw=lambda p: 1.0 * (npr.rand() < p)),
    ),
    Mistake(
        "normal_noise",
        N_("You compare the probability with normal noise. It takes a number that is uniform between 0 and 1."),
        lambda *args: _sample(*args, draw=lambda p: 1.0 * (npr.randn(len(p)) < p)),
    ),
    Mistake(
        "inverted",
        N_("Your pixels are 1 with the probability of 0: the comparison is the wrong way round."),
        lambda *args: _sample(*args, draw=lambda p: 1.0 * (npr.rand(len(p)) > p)),
    ),
    Mistake(
        "logits_for_probabilities",
        N_("You compare the uniform number with the logit. Compare it with the probability, the sigmoid of the logit."),
        lambda *args: _sample(*args, probability=lambda logit: logit),
    ),
    Mistake(
        "sigmoid_of_probabilities",
        N_("You take the sigmoid of the probability again. Once is right."),
        lambda *args: _sample(*args, probability=lambda logit: sigmoid(sigmoid(logit))),
    ),
    Mistake(
        "probabilities",
        N_("You return the probabilities. Samples are asked for: zeros and ones."),
        lambda *args: _sample(*args, draw=lambda p: p),
    ),
    Mistake(
        "signs",
        N_("Your pixels are -1 and 1. They should be 0 and 1."),
        lambda *args: 2 * _sample(*args) - 1,
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
        N_("You add the probability of a pixel, times W_d, to the pre-activation. Add the drawn 0 or 1."),
        _fed_back,
    ),
    Mistake("quadratic", QUADRATIC_MISTAKE, _quadratic_sample),
)


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

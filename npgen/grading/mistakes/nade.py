"""Known mistakes of the exercise on NADE."""

from functools import partial

import autograd.numpy as np
import autograd.numpy.random as npr

from npgen.distributions import bernoulli_log_prob, sigmoid
from npgen.grading.judging import Mistake
from npgen.grading.language import N_
from npgen.grading.references.nade import nade_logits
from npgen.grading.samples import SEED_INSIDE

# --- the recursion ---------------------------------------------------------------------------------------------------

QUADRATIC_MISTAKE = N_(
    "The values are right, but the cost grows with the square of D, because the sum over the pixels before is computed "
    "anew for every pixel. Keep it and add one term at a time: that is O(D H)."
)


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

# --- the log-likelihood ----------------------------------------------------------------------------------------------


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

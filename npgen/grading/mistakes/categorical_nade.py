"""Known mistakes of the exercise on categorical NADE."""

from functools import partial

import autograd.numpy as np
import autograd.numpy.random as npr

from npgen.distributions import categorical_log_prob, logsumexp, sigmoid, softplus
from npgen.grading.judging import Mistake
from npgen.grading.language import N_
from npgen.grading.references.categorical_nade import categorical_nade_logits, drawn, log_softmax
from npgen.grading.samples import SEED_INSIDE

# --- the log-softmax -------------------------------------------------------------------------------------------------

QUADRATIC_MISTAKE = N_(
    "The values are right, but the cost grows with the square of D, because the sum over the pixels before is computed "
    "anew for every pixel. Keep it and add one term at a time."
)


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

# --- the recursion ---------------------------------------------------------------------------------------------------


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


def _sample(W, c, V, b, n, draw=drawn, probs=lambda logits: np.exp(log_softmax(logits)), **wrong):
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
        x[:, d] = drawn(np.exp(log_softmax(np.dot(sigmoid(a), V[d].T) + b[d])))
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

# --- the log-likelihood ----------------------------------------------------------------------------------------------


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


def _seeded_sample(W, c, V, b, n_samples):
    npr.seed(0)
    return _sample(W, c, V, b, n_samples)


def _fed_back(W, c, V, b, n):
    a, levels = np.tile(c, (n, 1)), []
    for d in range(len(b)):
        probs = np.exp(log_softmax(np.dot(sigmoid(a), V[d].T) + b[d]))
        levels.append(drawn(probs))
        a = a + np.dot(probs, W[d])
    return np.stack(levels, axis=1)


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

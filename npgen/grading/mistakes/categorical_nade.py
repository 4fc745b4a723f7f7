"""Known mistakes of the exercise on categorical NADE."""

from functools import partial

import autograd.numpy as np
import autograd.numpy.random as npr

from npgen.distributions import categorical_log_prob, logsumexp, sigmoid, softplus
from npgen.grading import recursion
from npgen.grading.judging import Mistake
from npgen.grading.language import N_
from npgen.grading.pixel_mistakes import in_samples, in_the_sum, of
from npgen.grading.references.categorical_nade import categorical_nade_logits, drawn, log_softmax

# --- the log-softmax -------------------------------------------------------------------------------------------------

QUADRATIC_MISTAKE = N_(
    "The values are right, but the cost grows with the square of D, because the sum over the pixels before is computed "
    "anew for every pixel. Keep it and add one term at a time."
)


def _softmax(logits):
    return np.exp(log_softmax(logits))


def _log_of_softmax(keep=lambda probs: probs, shift=True, log=np.log):
    """The logarithm of probabilities, with something done to these."""

    def wrong(logits):
        exps = np.exp(logits - np.max(logits, axis=-1, keepdims=True) if shift else logits)
        return log(keep(exps / np.sum(exps, axis=-1, keepdims=True)))

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


def _clipped(eps):
    return _log_of_softmax(lambda p: np.clip(p, eps, 1))


ROUNDED = {  # {name: (message, log-softmax)}, where numbers are too large or too small
    "exp_overflows": (
        N_("exp overflows at large logits, in the sum and in the quotient. Subtract the largest of the K first."),
        _log_of_softmax(shift=False),
    ),
    "sum_overflows": (
        N_("exp overflows at large logits, in the sum. Subtract the largest of the K first."),
        lambda logits: logits - np.log(np.sum(np.exp(logits), axis=-1, keepdims=True)),
    ),
    "log_of_softmax": (
        N_(
            "You take the logarithm of probabilities that are rounded to 0 once the logits differ by 746. Write the "
            "logarithm of the quotient as a difference first."
        ),
        _log_of_softmax(),
    ),
    **{f"clipped_at_{eps:.0e}": (CLIPPED, _clipped(eps)) for eps in (1e-6, 1e-8, 1e-10, 1e-12)},
}

LOG_SOFTMAX_MISTAKES = (
    *(Mistake(name, message, function) for name, (message, function) in ROUNDED.items()),
    Mistake("clipped_at_1e-300", CLIPPED, _clipped(1e-300)),
    *(
        Mistake(f"plus_{eps:.0e}", CLIPPED, _log_of_softmax(lambda p, eps=eps: p + eps))
        for eps in (1e-6, 1e-8, 1e-10, 1e-12)
    ),
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
        _softmax,
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
        lambda logits: log_softmax(_softmax(logits)),
    ),
)

# --- the recursion ---------------------------------------------------------------------------------------------------


def _term(w, x):
    return w[x]


def _logits(W, c, V, b, x, term=_term, **wrong):
    return recursion.one_after_another(W, c, V, b, len(x), lambda d, logits: x[:, d], term, **wrong)


def _sample(W, c, V, b, n, draw=drawn, probs=_softmax, term=_term, **wrong):
    return recursion.drawn_one_after_another(W, c, V, b, n, lambda logits: draw(probs(logits)), term, **wrong)


RECURSION = {
    **recursion.RECURSION,
    "subtracted": (
        N_("You subtract W[d, x_d] from the pre-activation. It is added."),
        {"step": lambda a, added, h, c: a - added},
    ),
    "level_as_number": (
        N_(
            "You multiply by the grey level, as if it were a quantity. It is the name of a category: it selects the "
            "row W[d, x_d], which is added as it is."
        ),
        {"term": lambda w, x: x[:, None] * w[x]},
    ),
    "level_times_first_row": (
        N_("You multiply one row of W by the grey level. Each level has a row of its own, W[d, x_d]."),
        {"term": lambda w, x: x[:, None] * w[0]},
    ),
    "level_times_second_row": (
        N_("You multiply one row of W by the grey level. Each level has a row of its own, W[d, x_d]."),
        {"term": lambda w, x: x[:, None] * w[1]},
    ),
    "level_zero_adds_nothing": (
        N_("In your sum, level 0 adds nothing, as a pixel that is off in binary NADE. Here it has a row, W[d, 0]."),
        {"term": lambda w, x: (x > 0)[:, None] * w[x]},
    ),
    "levels_from_one": (
        N_("Your row is that of level x_d - 1. Levels count from 0, and the row is W[d, x_d]."),
        {"term": lambda w, x: w[x - 1]},
    ),
    "first_image_for_all": (
        N_("You add the row of the first image to all images. Each image selects a row of its own."),
        {"term": lambda w, x: w[x[:1]]},
    ),
    "all_rows": (
        N_("You add all K rows of a pixel. Its level selects one of them."),
        {"term": lambda w, x: np.sum(w, axis=0)},
    ),
}


def _seeing(W, c, V, b, x, see):
    a = recursion.pre_activations(c, W[np.arange(len(b)), x], see)
    return np.einsum("bdh,dkh->bdk", sigmoid(a), V) + b


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
    **{name: (message, partial(_seeing, see=see)) for name, (message, see) in recursion.SEEN.items()},
}

LOGITS_MISTAKES = (
    *(Mistake(name, message, function) for name, (message, function) in WRONG_LOGITS.items()),
    Mistake(
        "probabilities",
        N_("You return probabilities. Logits are asked for: leave out the softmax."),
        of(categorical_nade_logits, _softmax),
    ),
    Mistake(
        "log_probabilities",
        N_("You return log-probabilities. Logits are asked for: leave out the log-softmax."),
        of(categorical_nade_logits, log_softmax),
    ),
    Mistake(
        "probabilities_overflow",
        N_("You normalise. Logits are asked for: leave out the softmax."),
        of(categorical_nade_logits, _log_of_softmax(shift=False, log=lambda p: p)),
    ),
    Mistake(
        "log_probabilities_overflow",
        N_("You normalise. Logits are asked for: leave out the log-softmax."),
        of(categorical_nade_logits, ROUNDED["sum_overflows"][1]),
    ),
    Mistake(
        "log_of_probabilities_overflows",
        N_("You normalise. Logits are asked for: leave out the log-softmax."),
        of(categorical_nade_logits, ROUNDED["exp_overflows"][1]),
    ),
    Mistake(
        "log_of_probabilities",
        N_("You normalise. Logits are asked for: leave out the log-softmax."),
        of(categorical_nade_logits, ROUNDED["log_of_softmax"][1]),
    ),
    Mistake(
        "sigmoids",
        N_("You return the sigmoids of the logits. The logits themselves are asked for."),
        of(categorical_nade_logits, sigmoid),
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
        of(categorical_nade_logits, lambda logits: np.swapaxes(logits, 0, 1)),
    ),
    Mistake(
        "pixels_last",
        N_("Your result has the pixels in its last axis, (B, K, D). Asked for is (B, D, K): stack along axis 1."),
        of(categorical_nade_logits, lambda logits: np.swapaxes(logits, 1, 2)),
    ),
    Mistake(
        "in_one_row",
        N_("Your result has the logits of an image in one long row. Asked for is (B, D, K)."),
        of(categorical_nade_logits, lambda logits: np.reshape(logits, (len(logits), -1))),
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


def _with_log_softmax(function):
    """function(logits) in place of the log-softmax."""
    return _of_x_and_logits(lambda one_hot, logits: _chosen(one_hot, function(logits)))


def _terms(W, c, V, b, x):
    """The log-probabilities (B, D) of the pixels."""
    return _chosen(x[:, :, None] == np.arange(b.shape[1]), log_softmax(categorical_nade_logits(W, c, V, b, x)))


LOG_LIKELIHOOD_MISTAKES = (
    *(Mistake(name, message, _likelihood_of(function)) for name, (message, function) in WRONG_LOGITS.items()),
    *(Mistake(name, message, _with_log_softmax(function)) for name, (message, function) in ROUNDED.items()),
    Mistake(
        "zero_times_infinity",
        N_(
            "You multiply the logarithms by a one-hot vector, and 0 times -inf is not a number. Take the logarithms "
            "from the logits, where they stay finite."
        ),
        _of_x_and_logits(lambda one_hot, logits: np.sum(one_hot * _log_of_softmax()(logits), axis=2)),
    ),
    Mistake(
        "not_normalised",
        N_("You sum the logits of the levels that occur. Each needs to be normalised: log softmax, not the logit."),
        _with_log_softmax(lambda logits: logits),
    ),
    Mistake(
        "normalised_over_pixels",
        N_(
            "Your softmax runs over the pixels. The probabilities of the K levels of one pixel sum to 1: the last axis."
        ),
        _with_log_softmax(lambda logits: logits - logsumexp(logits, axis=1, keepdims=True)),
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
            lambda one_hot, logits: np.sum(np.where(one_hot, log_softmax(logits), np.log1p(-_softmax(logits))), axis=2)
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
        _of_x_and_logits(lambda one_hot, logits: np.sum(_softmax(logits) * log_softmax(logits), axis=2)),
    ),
    Mistake(
        "level_before",
        N_("You take the log-probability of level x_d - 1. Levels count from 0."),
        _of_x_and_logits(lambda one_hot, logits: _chosen(np.roll(one_hot, -1, axis=2), log_softmax(logits))),
    ),
    Mistake(
        "level_times_log_probability",
        N_("You multiply log-probabilities by the grey level. It selects one of them."),
        _with_log_softmax(lambda logits: log_softmax(logits) * np.arange(logits.shape[2])),
    ),
    Mistake(
        "softmax_twice",
        N_("You return the log-softmax of probabilities: one softmax too many."),
        _with_log_softmax(lambda logits: log_softmax(_softmax(logits))),
    ),
    Mistake(
        "negated",
        N_("Your result has the wrong sign: a log-probability is at most 0."),
        lambda *args: -np.sum(_terms(*args), axis=1),
    ),
    *in_the_sum(_terms),
    Mistake(
        "mean_over_pixels_and_levels",
        N_("You average over pixels and levels. Sum: the log of a product is the sum, and one level of each counts."),
        lambda W, c, V, b, x: np.sum(_terms(W, c, V, b, x), axis=1) / b.size,
    ),
    Mistake("quadratic", QUADRATIC_MISTAKE, _likelihood_of(_quadratic_logits)),
)

# --- sampling --------------------------------------------------------------------------------------------------------


def _one_uniform_per_image(W, c, V, b, n_samples):
    u = npr.rand(n_samples, 1)
    return _sample(W, c, V, b, n_samples, draw=lambda p: np.sum(u > np.cumsum(p, axis=1)[:, :-1], axis=1))


def _with_noise(noise):
    """The level whose logit with noise added is the largest."""

    def draw(probs):
        return np.argmax(np.log(probs) + noise(probs.shape), axis=1)

    return lambda *args: _sample(*args, draw=draw)


SAMPLER_RECURSION = {  # of a sampler, which may also take its probabilities from the first image
    **RECURSION,
    "first_image_for_all": (
        N_(
            "All images are drawn as if their earlier pixels were those of the first image. Each has its own "
            "pre-activation and probabilities."
        ),
        RECURSION["first_image_for_all"][1],
    ),
}
KNOWN = tuple(  # the log-likelihoods of what such samplers draw
    Mistake(name, message, _likelihood_of(partial(_logits, **changes)))
    for name, (message, changes) in SAMPLER_RECURSION.items()
)

SAMPLE_MISTAKES = (
    *(Mistake(name, message, partial(_sample, **changes)) for name, (message, changes) in SAMPLER_RECURSION.items()),
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
        lambda *args: _sample(*args, probs=lambda logits: np.exp(log_softmax(_softmax(logits)))),
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
    *in_samples(_sample),
    Mistake(
        "probability_fed_back",
        N_("You add the mean of the K rows, weighted by their probabilities. Add the row of the level that was drawn."),
        partial(_sample, fed_back=_softmax, term=lambda w, probs: np.dot(probs, w)),
    ),
    Mistake("quadratic", QUADRATIC_MISTAKE, _quadratic_sample),
)

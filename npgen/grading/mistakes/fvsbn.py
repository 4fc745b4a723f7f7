"""Known mistakes of the exercise on the fully visible sigmoid belief network."""

import autograd.numpy as np
import autograd.numpy.random as npr

from npgen.distributions import bernoulli_log_prob, sigmoid
from npgen.grading.judging import Mistake
from npgen.grading.language import N_
from npgen.grading.references.fvsbn import log_likelihood, logits

# --- the weights -----------------------------------------------------------------------------------------------------

# What multiplies x in place of the strictly lower triangle of W: name, sentence, matrix.
WRONG_WEIGHTS = (
    (
        "diagonal_included",
        N_("You include the diagonal of W: a pixel then enters its own logit. Only the pixels before it may."),
        lambda W: np.tril(W),
    ),
    (
        "full_matrix",
        N_("You use the whole of W: a pixel then sees itself and the pixels after it. Only those before it may count."),
        lambda W: W,
    ),
    (
        "full_matrix_transposed",
        N_("You use the whole of W, and its columns for its rows. Row d belongs to pixel d, below the diagonal."),
        lambda W: W.T,
    ),
    (
        "upper_triangle",
        N_("You use the upper triangle of W: a pixel then depends on those after it. It depends on those before it."),
        lambda W: np.triu(W, 1),
    ),
    (
        "upper_triangle_transposed",
        N_("You read W_jd where the formula has W_dj: the weights of pixel d are in row d, not in column d."),
        lambda W: np.triu(W, 1).T,
    ),
    (
        "transposed",
        N_("You multiply by the transpose of the lower triangle: a pixel then depends on those after it, not before."),
        lambda W: np.tril(W, -1).T,
    ),
    (
        "one_too_few",
        N_("You leave out the pixel right before each pixel: j < d includes j = d - 1."),
        lambda W: np.tril(W, -2),
    ),
)


def _with_weights(weights):
    return lambda W, b, x: b + np.dot(x, weights(W).T)


def _only_previous(W, b, x):
    before = np.concatenate([np.zeros((len(x), 1)), x[:, :-1] * np.diag(W, -1)], axis=1)
    return b + before


LOGITS_MISTAKES = (
    *(Mistake(name, message, _with_weights(weights)) for name, message, weights in WRONG_WEIGHTS),
    Mistake(
        "probabilities",
        N_("You return probabilities. The logits are what is before the sigmoid."),
        lambda W, b, x: sigmoid(logits(W, b, x)),
    ),
    Mistake("no_bias", N_("You forget the bias b_d."), lambda W, b, x: logits(W, 0 * b, x)),
    Mistake(
        "bias_in_the_sum",
        N_("You add the bias to each weight, inside the sum over j. It is added once per pixel, outside the sum."),
        lambda W, b, x: logits(W + b[:, None], 0 * b, x),
    ),
    Mistake(
        "first_pixel_without_bias",
        N_("You give the first pixel the logit 0. It has no pixels before it, but it has a bias."),
        lambda W, b, x: logits(W, np.concatenate([[0.0], b[1:]]), x),
    ),
    Mistake(
        "only_previous",
        N_("You use only the pixel right before each pixel. All pixels before it enter its logit."),
        _only_previous,
    ),
    Mistake(
        "plus_minus_one",
        N_("You turn the pixels into -1 and +1. They enter the sum as 0 and 1."),
        lambda W, b, x: logits(W, b, 2 * x - 1),
    ),
    Mistake(
        "minus_bias",
        N_("You subtract the bias. It is added."),
        lambda W, b, x: logits(W, -b, x),
    ),
    Mistake(
        "flattened",
        N_("You return the logits in one long row. They have the shape (B, D), like x."),
        lambda W, b, x: np.ravel(logits(W, b, x)),
    ),
    Mistake(
        "summed",
        N_("You add up the logits of all pixels. Return one logit per pixel, (B, D)."),
        lambda W, b, x: np.sum(logits(W, b, x), axis=1),
    ),
)

# --- the log-likelihood ----------------------------------------------------------------------------------------------


def _from_logits(function):
    return lambda W, b, x: function(x, logits(W, b, x))


def _log_likelihood_with(weights):
    wrong_logits = _with_weights(weights)
    return lambda W, b, x: bernoulli_log_prob(x, wrong_logits(W, b, x))


def _plain_sigmoid(a):
    return 1 / (1 + np.exp(-a))


def _of_probs(x, p):
    return np.sum(x * np.log(p) + (1 - x) * np.log(1 - p), axis=1)


def _clipped(eps):
    return _from_logits(lambda x, a: _of_probs(x, np.clip(sigmoid(a), eps, 1 - eps)))


# The numbers that students protect a logarithm with.
EPSILONS = (1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-12, 1e-15)

LOG_LIKELIHOOD_MISTAKES = (
    *(Mistake(name, message, _log_likelihood_with(weights)) for name, message, weights in WRONG_WEIGHTS),
    Mistake(
        "log_of_sigmoid",
        N_("You take the logarithm of a sigmoid that has become 0 or 1. Work from the logits, without sigmoid(l)."),
        _from_logits(lambda x, a: _of_probs(x, _plain_sigmoid(a))),
    ),
    Mistake(
        "softplus_overflows",
        N_("Your log(1 + exp(l)) overflows at large logits. Use a form in which exp only ever gets negative numbers."),
        _from_logits(lambda x, a: np.sum(x * a - np.log(1 + np.exp(a)), axis=1)),
    ),
    *(
        Mistake(
            f"clipped_{eps:g}",
            N_("You clip the probabilities, or add a small number to them: wrong at large logits. Use the logits."),
            _clipped(eps),
        )
        for eps in EPSILONS
    ),
    Mistake(
        "zeros_forgotten",
        N_("You count only the pixels that are 1. Those that are 0 have a probability as well, 1 - sigmoid(l)."),
        _from_logits(lambda x, a: -np.sum(x * np.logaddexp(0, -a), axis=1)),
    ),
    Mistake(
        "ones_forgotten",
        N_("You count only the pixels that are 0. Those that are 1 have a probability as well, sigmoid(l)."),
        _from_logits(lambda x, a: -np.sum((1 - x) * np.logaddexp(0, a), axis=1)),
    ),
    Mistake(
        "ones_and_zeros_swapped",
        N_("You give a pixel that is 1 the probability 1 - sigmoid(l), and a 0 sigmoid(l): it is the reverse."),
        _from_logits(lambda x, a: bernoulli_log_prob(x, -a)),
    ),
    Mistake(
        "targets_and_logits_swapped",
        N_("You have exchanged pixels and logits in the formula: the sigmoid belongs to the logits."),
        _from_logits(lambda x, a: np.sum(a * x - np.logaddexp(0, x), axis=1)),
    ),
    Mistake(
        "double_sigmoid",
        N_("You apply the sigmoid twice: once to the logits, and once more where the formula takes logits."),
        _from_logits(lambda x, a: bernoulli_log_prob(x, sigmoid(a))),
    ),
    Mistake(
        "negated",
        N_("You return the negative log-likelihood. A log-probability is at most 0."),
        _from_logits(lambda x, a: -bernoulli_log_prob(x, a)),
    ),
    Mistake(
        "likelihood",
        N_("You return p(x) itself. Return its logarithm."),
        _from_logits(lambda x, a: np.exp(bernoulli_log_prob(x, a))),
    ),
    Mistake(
        "bits",
        N_("You take logarithms to the base 2. Return nats, the natural logarithm."),
        _from_logits(lambda x, a: bernoulli_log_prob(x, a) / np.log(2)),
    ),
    Mistake(
        "mean_over_pixels",
        N_("You average over the pixels. The log-probability of an image is the sum over its pixels."),
        _from_logits(lambda x, a: bernoulli_log_prob(x, a) / x.shape[1]),
    ),
    Mistake(
        "per_pixel",
        N_("You return one number per pixel. Sum over the pixels of an image: the result has the shape (B,)."),
        _from_logits(lambda x, a: x * a - np.logaddexp(0, a)),
    ),
    Mistake(
        "sum_over_batch",
        N_("You add up the log-likelihoods of all images. Return one number per image, (B,)."),
        _from_logits(lambda x, a: np.sum(bernoulli_log_prob(x, a))),
    ),
    Mistake(
        "mean_over_batch",
        N_("You average over the images. Return one number per image, (B,)."),
        _from_logits(lambda x, a: np.mean(bernoulli_log_prob(x, a))),
    ),
    Mistake(
        "summed_over_images",
        N_("You sum over the images, axis 0. Sum over the pixels, axis 1."),
        _from_logits(lambda x, a: np.sum(x * a - np.logaddexp(0, a), axis=0)),
    ),
    Mistake(
        "column",
        N_("You return a column, (B, 1). The result has the shape (B,)."),
        _from_logits(lambda x, a: bernoulli_log_prob(x, a)[:, None]),
    ),
    Mistake(
        "no_bias",
        N_("You forget the bias b_d in the logits."),
        lambda W, b, x: log_likelihood(W, 0 * b, x),
    ),
)

# --- sampling --------------------------------------------------------------------------------------------------------


def _drawn(W, b, n_samples, probs=sigmoid, one_for=None, noise=npr.rand, draw=lambda u, p: u < p, inputs=None):
    """Ancestral sampling, pixel after pixel, with one thing changed.

    one_for: what a single draw is made for, "samples", "pixels" or "all"; inputs(W, x, d): what is added to b_d.
    """
    x = np.zeros((n_samples, len(b)))
    u = noise(1 if one_for == "all" else n_samples)
    for d in range(len(b)):
        if one_for in (None, "samples") and d > 0:
            u = noise(n_samples)
        added = inputs(W, x, d) if inputs else np.dot(x[:, :d], W[d, :d])
        x[:, d] = draw(u[:1] if one_for == "samples" else u, probs(b[d] + added))
    return x


def _all_at_once(W, b, n_samples):
    return (npr.rand(n_samples, len(b)) < sigmoid(b)).astype(float)


def _later_pixels_seen(W, b, n_samples):
    """One sweep of Gibbs sampling, with the whole of W, from random pixels."""
    x = (npr.rand(n_samples, len(b)) < 0.5).astype(float)
    for d in range(len(b)):
        x[:, d] = npr.rand(n_samples) < sigmoid(b[d] + np.dot(x, W[d]))
    return x


def _from_random_pixels(W, b, n_samples):
    """All pixels from the conditionals of one random image."""
    x = (npr.rand(n_samples, len(b)) < 0.5).astype(float)
    return (npr.rand(n_samples, len(b)) < sigmoid(logits(W, b, x))).astype(float)


def _expected_pixels(W, b, n_samples):
    """Each pixel is drawn given the probabilities, not the values, of those before it."""
    p, x = np.zeros((n_samples, len(b))), np.zeros((n_samples, len(b)))
    for d in range(len(b)):
        p[:, d] = sigmoid(b[d] + np.dot(p[:, :d], W[d, :d]))
        x[:, d] = npr.rand(n_samples) < p[:, d]
    return x


def _seeded(W, b, n_samples):
    npr.seed(0)
    return _drawn(W, b, n_samples)


def _cubic(W, b, n_samples):
    x = np.zeros((n_samples, len(b)))
    for d in range(len(b)):
        x[:, d] = npr.rand(n_samples) < sigmoid(b + np.dot(x, np.tril(W, -1).T))[:, d]
    return x


def _changed(**changes):
    return lambda W, b, n_samples: _drawn(W, b, n_samples, **changes)


SAMPLE_MISTAKES = (
    Mistake(
        "threshold",
        N_("You set a pixel to 1 where its probability is over 1/2. Draw it: 1 with that probability."),
        _changed(draw=lambda u, p: p > 0.5),
    ),
    Mistake(
        "probabilities",
        N_("You return probabilities. Draw each pixel, 0 or 1, before you go on to the next."),
        _changed(draw=lambda u, p: p),
    ),
    Mistake(
        "flipped",
        N_("You set a pixel to 1 where the uniform number is over its probability: that has the probability 1 - p."),
        _changed(draw=lambda u, p: u > p),
    ),
    Mistake(
        "sigmoid_forgotten",
        N_("You compare the uniform number with the logit. Compare it with the probability, the sigmoid of the logit."),
        _changed(probs=lambda a: a),
    ),
    Mistake(
        "double_sigmoid",
        N_("You apply the sigmoid twice. A logit becomes a probability by one sigmoid."),
        _changed(probs=lambda a: sigmoid(sigmoid(a))),
    ),
    Mistake(
        "normal_noise",
        N_("You compare the probability with normal noise. Use uniform numbers between 0 and 1."),
        _changed(noise=npr.randn),
    ),
    Mistake(
        "same_for_samples",
        N_("You draw one uniform number per pixel and use it for all samples. Each sample needs a draw of its own."),
        _changed(one_for="samples"),
    ),
    Mistake(
        "same_for_pixels",
        N_("You draw one uniform number per sample, for all of its pixels. Each pixel needs a draw of its own."),
        _changed(one_for="pixels"),
    ),
    Mistake(
        "same_for_all",
        N_("You draw a single uniform number for everything. Each pixel of each sample needs a draw of its own."),
        _changed(one_for="all"),
    ),
    Mistake(
        "all_at_once",
        N_("You draw every pixel from its bias alone, as if the pixels were independent. Draw one after another."),
        _all_at_once,
    ),
    Mistake(
        "from_random_pixels",
        N_("You draw all pixels at once, given random ones. Each must be drawn given the drawn values before it."),
        _from_random_pixels,
    ),
    Mistake(
        "later_pixels_seen",
        N_("You start from random pixels and use the whole of W, so that a pixel sees those after it. It must not."),
        _later_pixels_seen,
    ),
    Mistake(
        "expected_pixels",
        N_("You feed the probabilities of the pixels before into the next logit. Feed in the values that were drawn."),
        _expected_pixels,
    ),
    Mistake(
        "transposed",
        N_("You use column d of W for pixel d. Its weights are in row d, left of the diagonal."),
        _changed(inputs=lambda W, x, d: np.dot(x[:, :d], W[:d, d])),
    ),
    Mistake(
        "only_previous",
        N_("You use only the pixel right before each pixel. All pixels before it enter its logit."),
        _changed(inputs=lambda W, x, d: x[:, d - 1] * W[d, d - 1] if d else np.zeros(len(x))),
    ),
    Mistake(
        "one_too_few",
        N_("You leave out the pixel right before each pixel: j < d includes j = d - 1."),
        _changed(inputs=lambda W, x, d: np.dot(x[:, : max(d - 1, 0)], W[d, : max(d - 1, 0)])),
    ),
    Mistake(
        "no_bias",
        N_("You forget the bias b_d in the logits."),
        lambda W, b, n_samples: _drawn(W, 0 * b, n_samples),
    ),
    Mistake(
        "seed_inside",
        N_("You set the seed inside the function: every call returns the same samples. Leave the seed to the caller."),
        _seeded,
    ),
    Mistake(
        "shape_transposed",
        N_("You return the samples as columns, (D, n_samples). Return them as rows, (n_samples, D)."),
        lambda W, b, n_samples: _drawn(W, b, n_samples).T,
    ),
    Mistake(
        "flat",
        N_("You drop the axes of length 1. The result has the shape (n_samples, D) also for one sample or one pixel."),
        lambda W, b, n_samples: np.squeeze(_drawn(W, b, n_samples)),
    ),
    Mistake(
        "one_sample",
        N_("You return a single sample. Return n_samples of them, as rows."),
        lambda W, b, n_samples: _drawn(W, b, 1),
    ),
    Mistake(
        "cubic",
        N_(
            "The samples are right, but you work with the whole of W for every pixel: O(D^3) per image. For pixel d "
            "only its own logit is needed: O(D^2) in all."
        ),
        _cubic,
    ),
)

# --- the number of parameters ----------------------------------------------------------------------------------------

N_PARAMETERS_MISTAKES = (
    Mistake(
        "full_matrix",
        N_("You count the whole of W and no biases. Only the weights below the diagonal count, and the biases do too."),
        lambda D: D**2,
    ),
    Mistake(
        "full_matrix_and_biases",
        N_("You count the whole of W. Only the weights strictly below its diagonal are parameters."),
        lambda D: D**2 + D,
    ),
    Mistake(
        "no_biases",
        N_("You count the weights and forget the D biases."),
        lambda D: D * (D - 1) // 2,
    ),
    Mistake(
        "diagonal_counted",
        N_("You count the diagonal of W as well as the biases. The diagonal is not used."),
        lambda D: D * (D + 1) // 2 + D,
    ),
    Mistake(
        "one_bias",
        N_("You count one bias for all pixels. Each pixel has its own."),
        lambda D: D * (D - 1) // 2 + 1,
    ),
    Mistake(
        "table",
        N_("You count the entries of a table of p(x). The model replaces that table by D logistic regressions."),
        lambda D: 2**D - 1,
    ),
    Mistake(
        "table_with_last",
        N_("You count the number of images, 2^D. The parameters are the weights and the biases."),
        lambda D: 2**D,
    ),
    Mistake(
        "roughly",
        N_("You return D^2 / 2, which is only roughly right. Count exactly, with the biases."),
        lambda D: D**2 / 2,
    ),
    Mistake(
        "roughly_whole",
        N_("You return D^2 / 2, rounded, which is only roughly right. Count exactly, with the biases."),
        lambda D: D**2 // 2,
    ),
    Mistake(
        "chain",
        N_("You count one weight per pixel. Pixel d has a weight for each pixel before it."),
        lambda D: 2 * D - 1,
    ),
    Mistake(
        "not_halved",
        N_("You count the weights on both sides of the diagonal, and no biases. Only those below it are parameters."),
        lambda D: D * (D - 1),
    ),
    Mistake(
        "one_pixel_too_many",
        N_("You count from pixel 0 to pixel D: that is one pixel too many."),
        lambda D: (D + 1) * (D + 2) // 2,
    ),
)

"""Known mistakes that are alike in all exercises whose models go from pixel to pixel.

Each function is given a right one of the exercise, and tells what may be wrong with what is made of it. Both have the
same arguments; x, or the number of samples, is the last of them.
"""

import autograd.numpy as np
import autograd.numpy.random as npr

from npgen.distributions import bernoulli_log_prob, sigmoid
from npgen.grading.judging import Mistake
from npgen.grading.language import N_
from npgen.grading.samples import SEED_INSIDE


def of(right, wrong):
    """wrong(right(...))."""
    return lambda *args: wrong(right(*args))


# --- log-likelihoods -------------------------------------------------------------------------------------------------


def in_the_logits(logits):
    """Mistakes that are made with the right logits (B, D) of binary pixels."""
    return (
        Mistake(
            "probabilities",
            N_("You return probabilities. Logits are asked for: leave out the last sigmoid."),
            of(logits, sigmoid),
        ),
        Mistake(
            "negated",
            N_("Your logits have the wrong sign: they belong to x_d = 1, not to x_d = 0."),
            of(logits, lambda logits: -logits),
        ),
        Mistake(
            "log_probabilities",
            N_("You return log-probabilities of 1. Logits are asked for."),
            of(logits, lambda logits: -np.logaddexp(0, -logits)),
        ),
        Mistake(
            "transposed",
            N_("Your result is the transpose of what is asked for: images go down, pixels across, (B, D)."),
            of(logits, np.transpose),
        ),
    )


LOG_OF_SIGMOID = N_(
    "The log of the sigmoid is -inf once a logit is large, because the sigmoid is rounded to 0 or 1. "
    "Write log s and log(1 - s) in terms of the logit, without s."
)


def _given_sigmoid(x):
    """The sigmoid that the exercises come with: exactly 0 below about -37, where npgen's is not."""
    return 0.5 * (np.tanh(0.5 * x) + 1)


def _cross_entropy(p, x):
    return x * np.log(p) + (1 - x) * np.log(1 - p)


def _log_of_chosen(p, x):
    return np.log(np.where(x == 1, p, 1 - p))


def in_a_bernoulli(logits):
    """Mistakes in the log-probability of binary pixels with the right logits (B, D)."""

    def pixels(function):
        return lambda *args: np.sum(function(args[-1], logits(*args)), axis=1)

    return (
        Mistake("log_of_sigmoid", LOG_OF_SIGMOID, pixels(lambda x, logit: _cross_entropy(sigmoid(logit), x))),
        Mistake(
            "log_of_chosen_probability",
            LOG_OF_SIGMOID,
            pixels(lambda x, logit: _log_of_chosen(sigmoid(logit), x)),
        ),
        Mistake(
            "log_of_given_sigmoid", LOG_OF_SIGMOID, pixels(lambda x, logit: _cross_entropy(_given_sigmoid(logit), x))
        ),
        Mistake(
            "log_of_chosen_given_probability",
            LOG_OF_SIGMOID,
            pixels(lambda x, logit: _log_of_chosen(_given_sigmoid(logit), x)),
        ),
        *(
            Mistake(
                f"clipped_at_{eps:.0e}",
                N_(
                    "You keep the probabilities away from 0 and 1 (or add a small number inside the log), which bounds "
                    "the log-likelihood of a pixel. Write log s and log(1 - s) in terms of the logit, and neither is "
                    "needed."
                ),
                pixels(lambda x, logit, eps=eps: _cross_entropy(np.clip(sigmoid(logit), eps, 1 - eps), x)),
            )
            for eps in (1e-6, 1e-7, 1e-8, 1e-10, 1e-12)
        ),
        Mistake(
            "softplus_overflows",
            N_(
                "exp(l) overflows at large logits in log(1 + exp(l)). Take the exponential of -|l| only, or "
                "np.logaddexp."
            ),
            pixels(lambda x, logit: x * logit - np.log(1 + np.exp(logit))),
        ),
        Mistake(
            "zeros_forgotten",
            N_("Only the pixels that are 1 count in your sum. The term (1 - x) log(1 - s) is missing."),
            pixels(lambda x, logit: -x * np.logaddexp(0, -logit)),
        ),
        Mistake(
            "ones_and_zeros_swapped",
            N_("Your conditionals are those of x_d = 0: the roles of ones and zeros are swapped."),
            pixels(lambda x, logit: -np.logaddexp(0, np.where(x == 1, logit, -logit))),
        ),
        Mistake(
            "probabilities_for_logits",
            N_("You take the sigmoid of the logits, and then use it as if it were the logits: one sigmoid too many."),
            pixels(lambda x, logit: bernoulli_log_prob(x, sigmoid(logit))[:, None]),
        ),
        Mistake(
            "targets_and_logits_swapped",
            N_("Pixels and logits have changed places in your cross-entropy."),
            pixels(lambda x, logit: logit * x - np.logaddexp(0, x)),
        ),
        Mistake(
            "negated",
            N_("Your result has the wrong sign: a log-probability of binary images is at most 0."),
            lambda *args: -bernoulli_log_prob(args[-1], logits(*args)),
        ),
    )


def in_the_sum(terms):
    """Mistakes in putting together the log-probabilities (B, D) of the pixels."""
    return (
        Mistake(
            "mean_over_pixels",
            N_("You average over the pixels. The log of a product is the sum."),
            of(terms, lambda terms: np.mean(terms, axis=1)),
        ),
        Mistake(
            "sum_over_batch",
            N_("You sum over the images as well. One number for each image is asked for, (B,)."),
            of(terms, np.sum),
        ),
        Mistake(
            "mean_over_batch",
            N_("You average over the images. One number for each image is asked for, (B,)."),
            of(terms, lambda terms: np.mean(np.sum(terms, axis=1))),
        ),
        Mistake(
            "wrong_axis",
            N_("You sum over the images and keep the pixels. Sum over the pixels, the other axis."),
            of(terms, lambda terms: np.sum(terms, axis=0)),
        ),
        Mistake(
            "column",
            N_("Your result is a column, (B, 1). Expected are B numbers, (B,)."),
            of(terms, lambda terms: np.sum(terms, axis=1, keepdims=True)),
        ),
        Mistake(
            "per_pixel",
            N_("You return one number for each pixel. Sum them: one number for each image is asked for."),
            terms,
        ),
        Mistake(
            "probability",
            N_("You return the probability of an image. Its logarithm is asked for: the product becomes a sum."),
            of(terms, lambda terms: np.exp(np.sum(terms, axis=1))),
        ),
        Mistake(
            "bits",
            N_("You return bits, logarithms to base 2. Nats are asked for: the natural logarithm."),
            of(terms, lambda terms: np.sum(terms, axis=1) / np.log(2)),
        ),
    )


def bernoulli_terms(logits):
    """The log-probabilities (B, D) of binary pixels with these logits."""

    def terms(*args):
        return -np.logaddexp(0, np.where(args[-1] == 1, -1, 1) * logits(*args))

    return terms


# --- samples ---------------------------------------------------------------------------------------------------------


def in_drawing(sample):
    """Mistakes in drawing binary pixels; sample(..., draw, probability) has these functions in place of the right ones.

    draw(p) makes pixels of probabilities, and probability(logit) probabilities of logits.
    """

    def with_one_uniform(*args):
        u = npr.rand(args[-1])
        return sample(*args, draw=lambda p: 1.0 * (u < p))

    return (
        Mistake(
            "threshold",
            N_(
                "You take each pixel for 1 where its probability is above 1/2. It should be drawn with that "
                "probability."
            ),
            lambda *args: sample(*args, draw=lambda p: 1.0 * (p > 0.5)),
        ),
        Mistake(
            "one_uniform_per_image",
            N_("You draw one uniform number for an image and use it for all of its pixels. Each pixel needs its own."),
            with_one_uniform,
        ),
        Mistake(
            "one_uniform_per_pixel",
            N_("You draw one uniform number for a pixel and use it for all images. Each image needs its own."),
            lambda *args: sample(*args, draw=lambda p: 1.0 * (npr.rand() < p)),
        ),
        Mistake(
            "normal_noise",
            N_("You compare the probability with normal noise. It takes a number that is uniform between 0 and 1."),
            lambda *args: sample(*args, draw=lambda p: 1.0 * (npr.randn(len(p)) < p)),
        ),
        Mistake(
            "inverted",
            N_("Your pixels are 1 with the probability of 0: the comparison is the wrong way round."),
            lambda *args: sample(*args, draw=lambda p: 1.0 * (npr.rand(len(p)) > p)),
        ),
        Mistake(
            "logits_for_probabilities",
            N_(
                "You compare the uniform number with the logit. Compare it with the probability, the sigmoid of the "
                "logit."
            ),
            lambda *args: sample(*args, probability=lambda logit: logit),
        ),
        Mistake(
            "sigmoid_of_probabilities",
            N_("You take the sigmoid of the probability again. Once is right."),
            lambda *args: sample(*args, probability=lambda logit: sigmoid(sigmoid(logit))),
        ),
        Mistake(
            "probabilities",
            N_("You return the probabilities. Samples are asked for: zeros and ones."),
            lambda *args: sample(*args, draw=lambda p: p),
        ),
        Mistake(
            "signs",
            N_("Your pixels are -1 and 1. They should be 0 and 1."),
            of(sample, lambda x: 2 * x - 1),
        ),
    )


def in_samples(sample):
    """Mistakes with the images (n_samples, D) of a right sampler."""

    def seeded(*args):
        npr.seed(0)
        return sample(*args)

    return (
        Mistake(
            "transposed",
            N_("Your result is the transpose of what is asked for: images go down, pixels across, (n_samples, D)."),
            of(sample, np.transpose),
        ),
        Mistake(
            "squeezed",
            N_("With one sample you return (D,). Keep the axis of the images: (1, D)."),
            lambda *args: sample(*args)[0] if args[-1] == 1 else sample(*args),
        ),
        Mistake(
            "one_image",
            N_("You return a single image. It should be n_samples of them."),
            lambda *args: sample(*args[:-1], 1),
        ),
        Mistake("seed_inside", SEED_INSIDE, seeded),
    )

"""Are these images draws of the model that was asked to make them?

Three questions, from few pixels to many: are they images at all, is each of all possible images as frequent as it is
probable, and, where there are too many to enumerate, are the scores of the pixels draws of N(0, 1)? `n_levels` is the
number of values that a pixel may have; None stands for binary pixels, 0 or 1.
"""

import itertools
from functools import partial

import numpy as np

from npgen.grading.judging import Finding, answer_problem, as_array, compare, same, value_call
from npgen.grading.language import N_, Message
from npgen.grading.statistics import categorical_problem, normal_problem

N_DRAWS = 4000
SEED_INSIDE = N_(
    "Two calls give the same samples: they are not random, or the seed is set inside the function. Draw each from npr, "
    "without a seed."
)
NOT_THE_MODELS = N_(
    "The samples are not those of the model. Each pixel, given those drawn before it, should have the probabilities of "
    "its conditional, and a draw of its own: {problem}"
)


def not_images(answer, shape, label, n_levels=None):
    """The finding about an answer that is not an array of levels of this shape."""
    found = answer_problem(answer, label)
    if found:
        return found
    x = as_array(answer["result"])
    if x is None or x.shape != shape:
        return compare(answer["result"], np.zeros(shape), label)
    known = np.isin(x, np.arange(n_levels or 2))
    if known.all():
        return None
    value = float(x[~known][0])
    if n_levels is None:
        text = N_("There is a value {value:.4g} among the samples; every pixel should be 0 or 1.")
        return Finding("not_binary", Message(text, value=value), label)
    text = N_("There is a value {value:.4g} among the samples; every pixel should be one of 0, ..., {most}.")
    return Finding("no_level", Message(text, value=value, most=n_levels - 1), label)


def small_calls(rng, calls):
    """The finding about calls of a few images each, (args, shape, label, n_levels), and the answers to the last two."""
    found, answers = None, []
    for args, *expected in calls:
        answer = yield value_call(rng, args)
        found = found or not_images(answer, *expected)
        answers.append(answer)
    return found, answers[-2:]


def seed_inside(answers):
    """The finding about two calls with the same answer."""
    first, second = (answer["result"] for answer in answers)
    return Finding("seed_inside", Message(SEED_INSIDE)) if same(first, second) else None


def repeated(first, second, label):
    """The finding about the samples (n, D) of two calls where all are the same, or those of both calls."""
    if (first == first[0]).all():
        return Finding("rows", Message(N_("All samples are the same; each needs draws of its own.")), label)
    if np.array_equal(first, second):
        return Finding("same_twice", Message(SEED_INSIDE), label)
    return None


def every_image(n_pixels, n_levels=None):
    """All images of so many pixels, one a row."""
    return np.array(list(itertools.product(range(n_levels or 2), repeat=n_pixels)))


def frequency_problem(x, log_prob, n_levels=None):
    """The first of `every_image` that is too frequent or too rare among the rows of x, as `categorical_problem`."""
    images, k = every_image(x.shape[1], n_levels), n_levels or 2
    counts = np.bincount(x @ k ** np.arange(x.shape[1])[::-1], minlength=len(images))
    return categorical_problem(counts, np.exp(log_prob(images)))


def wrong_frequency(x, log_prob, label, n_levels=None):
    """The finding about an image that is too frequent or too rare among x (n, D)."""
    problem = frequency_problem(x, log_prob, n_levels)
    if problem is None:
        return None
    if np.ptp(x, axis=0).max() == 0:
        text = N_("All samples of a call are the same image. Each pixel of each image needs a draw of its own.")
        return Finding("all_the_same", Message(text), label)
    cell, frequency, probability = problem
    image = ("" if n_levels is None else " ").join(map(str, every_image(x.shape[1], n_levels)[cell]))
    text = N_("The image {image} makes up {frequency:.4f} of the samples; its probability is {probability:.4f}.")
    message = Message(text, image=image, frequency=float(frequency), probability=probability)
    return Finding("wrong_distribution", message, label)


def frequent_images(rng, settings, log_likelihood, known=()):
    """The finding about many draws of few pixels, beside the exact probabilities of every image.

    settings: (args, n_pixels, label, n_levels) each, with args but for the number of samples; log_likelihood(*args, x)
    is the model's, and `known` are mistakes whose functions are such, too: the frequencies may be those of one of them,
    however its author draws.
    """
    found, draws = None, []
    for args, n_pixels, label, n_levels in settings:
        answer = yield value_call(rng, [*args, N_DRAWS])
        strange = not_images(answer, (N_DRAWS, n_pixels), label, n_levels)
        if strange:
            return strange
        x = as_array(answer["result"]).astype(int)
        draws.append((args, x, n_levels))
        found = found or wrong_frequency(x, partial(log_likelihood, *args), label, n_levels)
    if found and found.diagnosis == "wrong_distribution":
        for mistake in known:
            problems = (frequency_problem(x, _after(x[:1], mistake.function, args), k) for args, x, k in draws)
            if not any(problems):
                return Finding(mistake.name, Message(mistake.message), found.case, (found.message,))
    return found


def _after(first, log_likelihood, args):
    """The log-likelihood of images that come after a first one: a mistake may take something from this for all."""
    return lambda images: log_likelihood(*args, np.concatenate([first, images]))[len(first) :]


def scored(rng, calls, label=None):
    """The finding about draws of many pixels, whose scores are no draws of N(0, 1).

    calls: (args, shape, label, n_levels, scores) each, with scores(x) as in `scores`.
    """
    noise, found = [], None
    for args, shape, of_call, n_levels, scores in calls:
        answer = yield value_call(rng, args)
        found = found or not_images(answer, shape, of_call, n_levels)
        if found is None:
            noise.append(scores(as_array(answer["result"])))
    if found is None:
        problem = normal_problem(noise[0] if len(noise) == 1 else np.concatenate([np.ravel(e) for e in noise])[:, None])
        if problem:
            found = Finding("wrong_distribution", Message(NOT_THE_MODELS, problem=problem[1]), label or of_call)
    return found

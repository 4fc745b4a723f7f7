"""How the exercise on the fully visible sigmoid belief network is marked."""

from functools import partial

import autograd.numpy as np

from npgen.distributions import sigmoid
from npgen.grading import samples, statistics
from npgen.grading.judging import (
    ANY_VALUE,
    SURE,
    Case,
    Check,
    Finding,
    answer_problem,
    compare,
    compare_sure_draws,
    count_call,
    deterministic,
    scaling,
    value_call,
)
from npgen.grading.language import N_, Message
from npgen.grading.mistakes.fvsbn import (
    LOG_LIKELIHOOD_MISTAKES,
    LOGITS_MISTAKES,
    N_PARAMETERS_MISTAKES,
    SAMPLE_MISTAKES,
)
from npgen.grading.references.fvsbn import log_likelihood, logits, n_parameters, sample
from npgen.grading.samples import N_DRAWS

# --- questions -------------------------------------------------------------------------------------------------------


def _parameters(rng, n_visible, scale=1.0):
    """W with numbers on and above the diagonal, too, that must not count; b."""
    return rng.normal(0, scale, (n_visible, n_visible)), rng.normal(0, scale, n_visible)


def _images(rng, n, n_visible):
    """Random images, none of them blank, the first with a one wherever two random images have one."""
    x = (rng.random((n, n_visible)) < 0.6).astype(float)
    x[np.arange(n), rng.integers(n_visible, size=n)] = 1
    return x


def _cases(rng, gradients):
    """From one pixel on; then a model close to independent fair coins; then logits of several hundred."""
    cases = []
    for n, n_visible, scale in ((1, 1, 1.0), (1, 2, 1.0), (3, 3, 1.0), (6, 4, 1.0), (2, 7, 1.0), (5, 5, 1e-3)):
        W, b = _parameters(rng, n_visible, scale)
        label = Message(N_("B = {B} images of D = {D} pixels"), B=n, D=n_visible)
        cases.append(Case([W, b, _images(rng, n, n_visible)], label, gradients))

    n, n_visible = 8, 6
    (W, b), x = _parameters(rng, n_visible), _images(rng, n, n_visible)
    W, b = 500 * W, 500 * b
    b[0], x[:2, 0] = 790, (0, 1)  # exp(790) overflows, and sigmoid(790) is 1
    b[1], x[2, :2] = -790, (0, 1)
    label = Message(N_("B = {B} images of D = {D} pixels, with logits of several hundred"), B=n, D=n_visible)
    return [*cases, Case([W, b, x], label, gradients)]


def _count_cases(rng):
    sizes = (1, 2, 3, int(rng.integers(5, 100)), 784)
    return [Case([n_visible], Message("D = {D}", D=n_visible)) for n_visible in sizes]


OPERATIONS = 10  # a sampler may take this many times D^2 for one image; with D^3 it takes D times D^2


def _sample_conversation(rng):
    found = None
    for n_visible, n in ((1, 1), (3, 1), (4, 6), (9, 2)):
        label = _sample_label(n, n_visible)
        answer = yield value_call(rng, [*_parameters(rng, n_visible), n])
        found = found or _sample_problem(answer, (n, n_visible), label)

    # Weights from 1.5 to 2.5 in size, and biases against them: pixels depend on those before, and none is certain.
    for n_visible in (3, 4):
        W = rng.choice([-1, 1], (n_visible, n_visible)) * rng.uniform(1.5, 2.5, (n_visible, n_visible))
        b = -0.5 * np.tril(W, -1).sum(axis=1) + rng.choice([-1, 1], n_visible) * rng.uniform(0.5, 0.9, n_visible)
        b[0] = -abs(b[0])  # two sigmoids in a row give at least 1/2: too often, here
        label = _sample_label(N_DRAWS, n_visible)
        first = yield value_call(rng, [W, b, N_DRAWS])
        second = yield value_call(rng, [W, b, N_DRAWS])
        for answer in (first, second):
            found = found or _sample_problem(answer, (N_DRAWS, n_visible), label)
        if found is None:
            x, again = (np.asarray(answer["result"], float) for answer in (first, second))
            found = _frequency_problem(W, b, x, again, label)

    n_visible, n = 10, 400
    W, b = _parameters(rng, n_visible, 0.7)
    label = _sample_label(n, n_visible)
    answer = yield value_call(rng, [W, b, n])
    found = found or _sample_problem(answer, (n, n_visible), label)
    if found is None:
        found = _means_problem(W, b, np.asarray(answer["result"], float), label)

    n_visible, n = 64, 4
    answer = yield count_call(rng, [*_parameters(rng, n_visible, 0.1), n])
    return found or _operations_problem(answer, n_visible, n)


LARGE = (1000, 3000)  # pixels: in O(D^3) up to 2.7e10 multiply-adds, all of them with numbers from memory


def _sample_at_scale(rng, n_visible):
    W, _ = _parameters(rng, n_visible)
    x = _images(rng, 1, n_visible)
    b = SURE * (2 * x[0] - 1) - np.tril(W, -1) @ x[0]  # so that each pixel is sure, given those before it
    return [W, b, 1], lambda answer: compare_sure_draws(answer, x, _sample_label(1, n_visible))


def _sample_label(n, n_visible):
    return Message(N_("n_samples = {n}, D = {D}"), n=n, D=n_visible)


def _sample_problem(answer, shape, label):
    """An error, a wrong shape, or values that are not binary."""
    found = answer_problem(answer, label) or compare(answer["result"], np.zeros(shape, int), label, atol=ANY_VALUE)
    if found is not None:
        return found
    x = np.asarray(answer["result"], float)
    strange = x[(x != 0) & (x != 1)]
    if strange.size:
        text = N_("A sample contains the value {value:.3g}; every pixel must be 0 or 1.")
        return Finding("not_binary", Message(text, value=float(strange[0])), label)
    return None


def _frequency_problem(W, b, x, again, label):
    """Whether the frequencies of all 2^D images are those of the model, and the draws are new in each call."""
    found = samples.repeated(x, again, label)
    if found is not None:
        return found
    n, ones, p = len(x), x[:, 0].sum(), float(sigmoid(b[0]))
    if statistics.categorical_problem(np.array([n - ones, ones]), np.array([1 - p, p])):
        text = N_(
            "The first pixel is 1 in {found:.1%} of the samples; expected about {expected:.1%}. It depends on its "
            "bias alone, so look at how a pixel is drawn when its logit is known."
        )
        return Finding("first_pixel", Message(text, found=float(ones / n), expected=p), label)
    problem = samples.frequency_problem(x.astype(int), partial(log_likelihood, W, b))
    if problem is None:
        return None
    cell, found, expected = problem
    text = N_(
        "The image {image} makes up {found:.1%} of the samples; expected about {expected:.1%}. The first pixel is "
        "right, so look at how a pixel depends on those drawn before it, and whether each gets a draw of its own."
    )
    image = " ".join(map(str, samples.every_image(x.shape[1])[cell]))
    return Finding("frequencies", Message(text, image=image, found=float(found), expected=expected), label)


def _means_problem(W, b, x, label):
    images = samples.every_image(x.shape[1])
    means = np.exp(log_likelihood(W, b, images)) @ images
    for d, p in enumerate(means):
        ones = x[:, d].sum()
        if statistics.categorical_problem(np.array([len(x) - ones, ones]), np.array([1 - p, p])):
            text = N_("Pixel {d} is 1 in {found:.1%} of the samples; expected about {expected:.1%}.")
            values = {"d": d + 1, "found": float(ones / len(x)), "expected": float(p)}
            return Finding("means", Message(text, **values), label)
    return None


def _operations_problem(answer, n_visible, n):
    label = _sample_label(n, n_visible)
    if "error" in answer:
        return answer_problem(answer, label)
    result = answer.get("result")
    if not isinstance(result, (list, tuple)) or len(result) != 2 or not isinstance(result[1], int):
        return Finding("protocol", Message(N_("The answer could not be read.")), label)
    if result[1] <= OPERATIONS * n * n_visible**2:
        return None
    text = N_("It takes {count} operations per image; {D}^2 = {square} would be in order.")
    values = {"count": result[1] // n, "D": n_visible, "square": n_visible**2}
    return Finding("cost", Message(text, **values), label)


# --- the checks ------------------------------------------------------------------------------------------------------

CHECKS = (
    Check(
        topic="fvsbn",
        name="fvsbn_logits",
        signature="(W, b, x) -> (B, D)",
        points=2,
        reference=logits,
        conversation=deterministic(logits, lambda rng: _cases(rng, gradients=(0, 1))),
        mistakes=LOGITS_MISTAKES,
        hints=(
            N_("Write down l_1, l_2 and l_3 on paper. Which entries of W occur, and where in the matrix are they?"),
            N_("All logits together are one matrix product plus b, once the entries that must not count are zero."),
            N_("Look up np.tril and its argument k. In the product, row d of W meets the pixels of one image."),
        ),
    ),
    Check(
        topic="fvsbn",
        name="fvsbn_log_likelihood",
        signature="(W, b, x) -> (B,)",
        points=3,
        reference=log_likelihood,
        conversation=deterministic(log_likelihood, lambda rng: _cases(rng, gradients=(0, 1))),
        builds_on=("fvsbn_logits",),
        mistakes=LOG_LIKELIHOOD_MISTAKES,
        hints=(
            N_("The logarithm of a product is a sum: over the pixels, each of which adds one of two terms."),
            N_("Simplify log sigmoid(l) and log(1 - sigmoid(l)) on paper: both are -log(1 + exp(something))."),
            N_("np.logaddexp(a, c) is log(exp(a) + exp(c)) without overflow, and autograd differentiates it."),
        ),
    ),
    Check(
        topic="fvsbn",
        name="fvsbn_sample",
        signature="(W, b, n_samples) -> (n_samples, D)",
        points=4,
        reference=sample,
        conversation=_sample_conversation,
        builds_on=("fvsbn_logits",),
        at_scale=scaling(_sample_at_scale, LARGE, order=2),
        mistakes=SAMPLE_MISTAKES,
        hints=(
            N_("Go through the pixels in order. What has to be known before pixel d can be drawn?"),
            N_("For pixel d, compute its logit from the values already drawn, for all samples at once."),
            N_("A uniform number is less than p with probability p. Every pixel of every sample needs a new one."),
        ),
        random=True,
    ),
    Check(
        topic="fvsbn",
        name="fvsbn_n_parameters",
        signature="(n_visible) -> int",
        points=1,
        reference=n_parameters,
        conversation=deterministic(n_parameters, _count_cases, rtol=0, atol=0.01),
        mistakes=N_PARAMETERS_MISTAKES,
        hints=(
            N_("Count for D = 1, 2 and 3 first."),
            N_("Pixel d has one bias, and one weight for each pixel before it. Add up over the pixels."),
            N_("The numbers 1, 2, ..., D have a well-known sum. For D = 784 it is 307 720."),
        ),
    ),
)

"""The exercise about MADE: degrees, masks, the masked pass, log-likelihood and sampling."""

from functools import partial

import autograd.numpy as np

from npgen.grading import judging, samples, scores
from npgen.grading.child import calls
from npgen.grading.judging import (
    ANY_VALUE,
    Case,
    Check,
    Finding,
    answer_problem,
    as_array,
    compare,
    compare_gradient,
    gradient_call,
    value_call,
    wrong_gradient,
)
from npgen.grading.language import N_, Message
from npgen.grading.mistakes.made import (
    DEGREES_MISTAKES,
    LOG_LIKELIHOOD_MISTAKES,
    LOGITS_MISTAKES,
    MASKS_MISTAKES,
    SAMPLE_MISTAKES,
    SEED_INSIDE_DEGREES,
)
from npgen.grading.references.made import made_degrees, made_log_likelihood, made_logits, made_masks, made_sample
from npgen.grading.samples import N_DRAWS
from npgen.grading.statistics import categorical_problem, normal_problem

# --- degrees ---------------------------------------------------------------------------------------------------------

SMALL_CALLS = 150
MANY = 4000  # units of a layer


def _ordering(rng, n_pixels):
    """A permutation of 1, ..., D which is not its own inverse, so that places and pixels cannot be confused unseen."""
    while True:
        ordering = rng.permutation(n_pixels) + 1
        if n_pixels < 3 or not np.array_equal(np.argsort(ordering) + 1, ordering):
            return ordering


def _degrees_label(n_pixels, hidden_sizes):
    sizes = ", ".join(map(str, hidden_sizes))
    return Message(N_("D = {n_pixels}, hidden_sizes = [{sizes}]"), n_pixels=n_pixels, sizes=sizes)


def _drawing_degrees(rng):
    found, noise = None, []
    sizes = [(2, [1]), (3, [2]), (4, [3, 2])]
    for _ in range(SMALL_CALLS):
        sizes.append((int(rng.integers(5, 20)), [int(size) for size in rng.integers(1, 6, rng.integers(1, 5))]))
    for n_pixels, hidden_sizes in sizes:
        ordering = _ordering(rng, n_pixels)
        answer = yield value_call(rng, [ordering, hidden_sizes])
        found = found or _not_degrees(answer, ordering, hidden_sizes, _degrees_label(n_pixels, hidden_sizes))
        if found is None:
            noise += _scores_of_degrees(rng, ordering, answer["result"])
    if found:
        return found

    ordering, several = _ordering(rng, int(rng.integers(6, 12))), []
    for hidden_sizes in ([1, MANY], [1, 2, MANY], [MANY], [MANY]):
        label = _degrees_label(len(ordering), hidden_sizes)
        answer = yield value_call(rng, [ordering, hidden_sizes])
        found = _not_degrees(answer, ordering, hidden_sizes, label)
        found = found or _not_uniform(answer["result"], len(ordering), label)
        if found:
            return found
        several.append(answer["result"])
    if judging.same(several[2], several[3]):
        return Finding("seed_inside", Message(SEED_INSIDE_DEGREES), label)
    layers = np.stack([_scores_of_degrees(rng, ordering, degrees)[0] for degrees in several[2:]])
    if _repeats(layers):
        return Finding("repeats", Message(N_("The same degrees come again in the same order. Draw each anew.")), label)
    for e in (*_scores_of_degrees(rng, ordering, several[3]), np.concatenate(noise)):
        problem = normal_problem(e[:, None])
        if problem:
            text = N_("The degrees are not drawn uniformly and independently. {problem}")
            return Finding("not_uniform", Message(text, problem=problem[1]), label)
    return None


def _not_degrees(answer, ordering, hidden_sizes, label):
    """The finding about an answer that is not a list of integers in the right ranges."""
    expected = tuple(np.zeros(size) for size in hidden_sizes)
    found = answer_problem(answer, label)
    if found:
        return found
    got = answer["result"]
    if isinstance(got, np.ndarray) and got.ndim == 2:
        got = list(got)  # layers of one size, as one array
    if not isinstance(got, (list, tuple)) or len(got) != len(hidden_sizes):
        text = N_("It should return a list of {n} arrays, one for each hidden layer.")
        return Finding("wrong_type", Message(text, n=len(hidden_sizes)), label)
    whole = tuple(
        1.0 * array if (array := as_array(layer)) is not None and array.dtype.kind in "iu" else layer for layer in got
    )
    found = compare(whole, expected, label, atol=ANY_VALUE)
    if found:
        return found
    least, most = 1, len(ordering) - 1
    for number, layer in enumerate(got, start=1):
        layer = as_array(layer)
        if (layer != np.floor(layer)).any():
            text = N_("There is a degree {value:.4g} in layer {number}. Degrees are whole numbers.")
            return Finding(
                "not_whole", Message(text, value=float(layer[layer != np.floor(layer)][0]), number=number), label
            )
        outside = (layer < least) | (layer > most)
        if outside.any():
            text = N_("There is a degree {value} in layer {number}, where they should be from {least} to {most}.")
            values = {"value": int(layer[outside][0]), "number": number, "least": least, "most": most}
            return Finding("out_of_range", Message(text, **values), label)
        least = int(layer.min())
    return None


def _scores_of_degrees(rng, ordering, degrees):
    least, noise = 1, []
    for layer in map(as_array, degrees):
        noise.append(scores.of_integers(rng, layer, least, len(ordering) - 1))
        least = layer.min()
    return noise


SIGMAS = 7  # 3e-12 for each lag: less than one false alarm in ten million runs


def _repeats(layers):
    """Whether a layer (2, n) of scores resembles itself or the other one, moved by some number of units.

    All sums of products at once, by the Fourier transform; of independent draws they have the variance n.
    """
    n = layers.shape[1]
    first, second = np.fft.rfft(layers)
    itself, other = np.fft.irfft(np.abs(first) ** 2, n)[1:], np.fft.irfft(first * np.conj(second), n)
    return max(np.max(np.abs(itself)), np.max(np.abs(other))) > SIGMAS * np.sqrt(n)


def _not_uniform(degrees, n_pixels, label):
    """Whether a degree in the last, large layer is too frequent or too rare."""
    *below, last = (as_array(layer).astype(int) for layer in degrees)
    least = below[-1].min() if below else 1
    n_values = n_pixels - least
    problem = categorical_problem(np.bincount(last - least, minlength=n_values), np.full(n_values, 1 / n_values))
    if problem is None:
        return None
    text = N_("{frequency:.1%} of {n} units have the degree {degree}; expected about {probability:.1%}.")
    values = {"frequency": float(problem[1]), "probability": problem[2], "n": MANY, "degree": int(least + problem[0])}
    return Finding("not_uniform", Message(text, **values), label)


# --- masks -----------------------------------------------------------------------------------------------------------


def _masks_cases(rng):
    """From the smallest on; what is not small has drawn sizes, so that none is known beforehand."""
    several, cases = int(rng.integers(4, 8)), []
    sizes = [(2, 1), (3, 2), (3, 4), (several, several), (several, several, several), (5, 7, 6)]
    sizes += [tuple(int(size) for size in rng.integers(4, 12, n)) for n in (2, 3, 4)]
    for size in sizes:
        ordering = _ordering(rng, size[0])
        degrees = [ordering, *_drawn(rng, ordering, size[1:])]
        cases.append(Case([degrees], _degrees_label(size[0], size[1:])))
    return cases


def _drawn(rng, ordering, hidden_sizes):
    """Degrees as of `made_degrees`, from our own generator."""
    least, degrees = 1, []
    for size in hidden_sizes:
        degrees.append(rng.integers(least, len(ordering), size))
        least = degrees[-1].min()
    return degrees


# --- the masked pass -------------------------------------------------------------------------------------------------


def _network(rng, sizes, scale=1.0):
    """Weights, biases and masks of an ordering, and the ordering: (D, H_1, ..., H_L)."""
    ordering = _ordering(rng, sizes[0])
    masks = [1.0 * mask for mask in made_masks([ordering, *_drawn(rng, ordering, sizes[1:])])]
    weights = [scale * rng.standard_normal(mask.shape) for mask in masks]
    biases = [scale * rng.standard_normal(mask.shape[1]) for mask in masks]
    return weights, biases, masks, ordering


def _images(rng, n, n_pixels):
    return rng.integers(0, 2, (n, n_pixels)).astype(float)


def _label(n, sizes, what=""):
    text = N_("B = {n}, D = {n_pixels}, hidden layers of {hidden}{what}")
    return Message(text, n=n, n_pixels=sizes[0], hidden=", ".join(map(str, sizes[1:])), what=Message(what))


def _cases(rng):
    several = int(rng.integers(4, 7))
    cases = []
    for n, *sizes in ((1, 2, 1), (1, 3, 4), (several, several, several, several), (3, 5, 6, 7), _drawn_sizes(rng)):
        weights, biases, masks, _ = _network(rng, sizes)
        cases.append(Case([weights, biases, masks, _images(rng, n, sizes[0])], _label(n, sizes)))
    weights, biases, masks, _ = _network(rng, sizes)
    masks = [1.0 * (rng.random(mask.shape) < 0.6) for mask in masks]
    args = [weights, biases, masks, _images(rng, n, sizes[0])]
    cases.append(Case(args, _label(n, sizes, N_(", masks that are any zeros and ones"))))
    n, *sizes = _drawn_sizes(rng)
    weights, biases, masks, _ = _network(rng, sizes, 0.3)
    biases[-1] = rng.uniform(100, 600, sizes[0]) * rng.choice([-1, 1], sizes[0])
    biases[-1][:3] = [-900, 900, -rng.uniform(100, 600)]
    x = _images(rng, n, sizes[0])
    first = np.arange(sizes[0]) == 0
    x[:3] = [first, ~first, biases[-1] > 0]  # each pixel as improbable as can be, and all as probable
    cases.append(Case([weights, biases, masks, x], _label(n, sizes, N_(", logits of several hundred"))))
    return cases


def _drawn_sizes(rng):
    """B, D, H_1, H_2."""
    return tuple(int(size) for size in rng.integers(3, 10, 4))


def _values_then_gradients(reference):
    values = judging.deterministic(reference, _cases)

    def conversation(rng):
        found = yield from values(rng)
        n, sizes = int(rng.integers(4, 8)), [int(rng.integers(5, 8)), *map(int, rng.integers(10, 15, 2))]
        weights, biases, masks, _ = _network(rng, sizes)
        biases = [b + 2 for b in biases]  # a unit that is never above 0 has no gradient
        args, label = [weights, biases, masks, _images(rng, n, sizes[0])], _label(n, sizes)
        for argnum in (0, 1):
            call = gradient_call(rng, args, argnum, rng.uniform(0.5, 1.5, np.shape(reference(*args))))
            answer = yield call
            found = found or _gradient_problem(answer, reference, call, label)
        return found

    return conversation


def _gradient_problem(answer, reference, call, label):
    """The finding about a gradient with respect to a list of arrays, as if they were one long vector."""
    argnum = call["argnum"]
    expected = _flat(calls.perform(reference, call)["result"][1], call["args"][argnum])
    result = answer.get("result")
    if isinstance(result, list) and len(result) == 2:
        flat = _flat(result[1], call["args"][argnum])
        if flat is None:
            return wrong_gradient(argnum, label)
        answer = {**answer, "result": [result[0], flat]}
    return compare_gradient(answer, lambda value: expected, argnum, label)


def _flat(gradient, like):
    """The numbers of a list of arrays in one; None unless they have the shapes of `like`."""
    if not isinstance(gradient, (list, tuple)) or len(gradient) != len(like):
        return None
    arrays = [as_array(part) for part in gradient]
    if any(array is None or array.shape != np.shape(one) for array, one in zip(arrays, like, strict=True)):
        return None
    return np.concatenate([np.ravel(array) for array in arrays])


# --- sampling --------------------------------------------------------------------------------------------------------

SMALL_SAMPLES = 60  # calls with a few images each


def _sampling(rng):
    found, answers = yield from samples.small_calls(rng, _small_calls(rng))
    found = found or (yield from samples.frequent_images(rng, _few_pixels(rng), _log_likelihood))
    found = found or samples.seed_inside(answers)
    found = found or (yield from _scored(rng, [(N_DRAWS // 4, _dependent(rng, rng.integers(15, 30, 2)))]))
    found = found or (yield from _scored(rng, [(N_DRAWS // 4, _chain(rng, int(rng.integers(20, 30))))]))
    if found:
        return found
    few = []
    for _ in range(SMALL_SAMPLES):
        hidden_sizes = rng.integers(1, 9, rng.integers(1, 3))
        few.append((int(rng.integers(1, 7)), _dependent(rng, [int(rng.integers(5, 20)), *hidden_sizes])))
    return (yield from _scored(rng, few))


def _small_calls(rng):
    for n, *sizes in ((1, 2, 1), (1, 3, 4), (5, 2, 3, 3), (2, 6, 4)):
        yield [*_network(rng, sizes), n], (n, sizes[0]), _sample_label(n, sizes)
    network = _network(rng, (40, 3), 0.1)  # 20 images of 40 pixels, each about 1/2
    for _ in range(2):
        yield [*network, 20], (20, 40), _sample_label(20, (40, 3))


def _sample_label(n, sizes):
    text = N_("n_samples = {n}, D = {n_pixels}, hidden layers of {hidden}")
    return Message(text, n=n, n_pixels=sizes[0], hidden=", ".join(map(str, sizes[1:])))


def _dependent(rng, sizes):
    """A network whose conditionals depend on the pixels before, and are seldom certain."""
    weights, biases, masks, ordering = _network(rng, sizes)
    weights = [3 * W / np.sqrt(1 + np.sum(M, axis=0)) for W, M in zip(weights, masks, strict=True)]
    logits = made_logits(weights, [*biases[:-1], 0 * biases[-1]], masks, _images(rng, 100, sizes[0]))
    biases[-1] = biases[-1] - np.mean(logits, axis=0)
    return weights, biases, masks, ordering


def _chain(rng, n_pixels):
    """Each pixel is that before it in the ordering, or its opposite, in 95 of 100 images."""
    ordering = _ordering(rng, n_pixels)
    masks = [1.0 * mask for mask in made_masks([ordering, np.arange(1, n_pixels)])]
    weights = [(1 - mask) * rng.standard_normal(mask.shape) for mask in masks]
    biases = [np.zeros(n_pixels - 1), np.zeros(n_pixels)]
    pixels, units, signs = np.argsort(ordering), np.arange(n_pixels - 1), rng.choice([-1, 1], n_pixels - 1)
    weights[0][pixels[:-1], units] = 1
    weights[1][units, pixels[1:]] = 6 * signs
    biases[1][pixels[1:]] = -3 * signs
    return weights, biases, masks, ordering


def _few_pixels(rng):
    for sizes in ((3, 8), (4, 8, 8), (5, 10, 10)):
        yield _dependent(rng, sizes), sizes[0], _sample_label(N_DRAWS, sizes), None


def _log_likelihood(weights, biases, masks, ordering, x):
    """The arguments of a sampler, and x."""
    return made_log_likelihood(weights, biases, masks, x)


def _scored(rng, several):
    """Draws of many pixels, (n, network) each."""
    calls = []
    for n, (*network, ordering) in several:
        label = _sample_label(n, [len(biases) for biases in (ordering, *network[1][:-1])])
        calls.append(([*network, ordering, n], (n, len(ordering)), label, None, partial(_scores, rng, network)))
    return samples.scored(rng, calls)


def _scores(rng, network, x):
    x = x.astype(float)
    return scores.of_binary(rng, x, made_logits(*network, x))


# --- the checks ------------------------------------------------------------------------------------------------------

CHECKS = (
    Check(
        topic="made",
        name="made_degrees",
        signature="(ordering, hidden_sizes) -> list of (H_l,)",
        points=2,
        reference=made_degrees,
        conversation=_drawing_degrees,
        mistakes=DEGREES_MISTAKES,
        hints=(
            N_("From which number to which may a unit's degree be? The range depends on the layer before."),
            N_("npr.randint(a, b, size) draws `size` integers from a to b - 1."),
            N_(
                "Start with the least number of ordering, which is 1. For each layer draw randint(least, D, size), "
                "keep it, and let least be the least degree that was drawn."
            ),
        ),
        random=True,
    ),
    Check(
        topic="made",
        name="made_masks",
        signature="(degrees) -> list of (H_{l-1}, H_l)",
        points=3,
        reference=made_masks,
        conversation=judging.deterministic(made_masks, _masks_cases),
        mistakes=MASKS_MISTAKES,
        hints=(
            N_("A mask compares the degrees of two neighbouring layers, each of one with each of the other."),
            N_("below[:, None] has the shape (H_{{l-1}}, 1), above[None, :] (1, H_l): comparing them gives a matrix."),
            N_(
                "above[None, :] >= below[:, None] for the hidden layers, degrees[0][None, :] > degrees[-1][:, None] "
                "for the last mask; 1.0 * turns True and False into ones and zeros."
            ),
        ),
    ),
    Check(
        topic="made",
        name="made_logits",
        signature="(weights, biases, masks, x) -> (B, D)",
        points=3,
        reference=made_logits,
        conversation=_values_then_gradients(made_logits),
        mistakes=LOGITS_MISTAKES,
        hints=(
            N_("It is an ordinary network of L hidden layers, in which each matrix of weights is masked."),
            N_("W * M is the masked matrix, computed anew in each pass. The last layer has no rectifier."),
            N_(
                "h = x; for each hidden layer h = relu(np.dot(h, W * M) + b); in the end "
                "np.dot(h, weights[-1] * masks[-1]) + biases[-1]."
            ),
        ),
    ),
    Check(
        topic="made",
        name="made_log_likelihood",
        signature="(weights, biases, masks, x) -> (B,)",
        points=2,
        reference=made_log_likelihood,
        conversation=_values_then_gradients(made_log_likelihood),
        builds_on=("made_logits",),
        mistakes=LOG_LIKELIHOOD_MISTAKES,
        hints=(
            N_("You have all the logits. What is the log-probability of one binary pixel, given its logit?"),
            N_("log s = -log(1 + exp(-o)), and log(1 - s) = -log(1 + exp(o)): neither needs s itself."),
            N_("np.logaddexp(0, l) is log(1 + exp(l)) without overflow. Sum over the pixels, axis 1."),
        ),
    ),
    Check(
        topic="made",
        name="made_sample",
        signature="(weights, biases, masks, ordering, n_samples) -> (n_samples, D)",
        points=3,
        reference=made_sample,
        conversation=_sampling,
        builds_on=("made_logits",),
        mistakes=SAMPLE_MISTAKES,
        hints=(
            N_("What is the logit of the first pixel of the ordering, if the other pixels are not known yet?"),
            N_("Start from zeros. Pixels that come later have no influence: the masks see to that."),
            N_(
                "For each d of np.argsort(ordering): compute the logits of x as it is, draw column d with "
                "npr.rand(n_samples) < sigmoid(logits[:, d]), and write it into x."
            ),
        ),
        random=True,
    ),
)

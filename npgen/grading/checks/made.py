"""The exercise about MADE: degrees, masks, the masked pass, log-likelihood and sampling."""

import itertools
from functools import partial

import autograd.numpy as np
import autograd.numpy.random as npr

from npgen.distributions import bernoulli_log_prob, sigmoid
from npgen.grading import judging, scores
from npgen.grading.child import calls
from npgen.grading.judging import (
    ANY_VALUE,
    Case,
    Check,
    Finding,
    Mistake,
    answer_problem,
    as_array,
    compare,
    compare_gradient,
    gradient_call,
    value_call,
    wrong_gradient,
)
from npgen.grading.language import N_, Message
from npgen.grading.statistics import categorical_problem, normal_problem

# --- references ------------------------------------------------------------------------------------------------------


def made_degrees(ordering, hidden_sizes):
    """Layer after layer."""
    return _degrees(ordering, hidden_sizes)


def made_masks(degrees):
    """Below and above, for each pair of neighbouring layers; the pixels are the last layer, too."""
    return tuple(mask.astype(int) for mask in _masks(degrees))


def made_logits(weights, biases, masks, x):
    """The masked pass."""
    return _forward(weights, biases, masks, x)


def made_log_likelihood(weights, biases, masks, x):
    """The Bernoulli log-probability of x, from the logits."""
    return bernoulli_log_prob(x, made_logits(weights, biases, masks, x))


def made_sample(weights, biases, masks, ordering, n_samples):
    """Pixel after pixel, in the order of their places."""
    return _sample(weights, biases, masks, ordering, n_samples)


# --- degrees ---------------------------------------------------------------------------------------------------------

SMALL_CALLS = 150
MANY = 4000  # units of a layer
SEED_INSIDE_DEGREES = N_(
    "Two calls give the same degrees: the seed is set inside the function. Leave it to the caller."
)


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


def _uniform(least, most, size, below):
    return npr.randint(least, most + 1, size)


def _degrees(ordering, hidden_sizes, draw=_uniform, least=np.min, most=lambda D: D - 1):
    """Degrees in which one thing may be wrong."""
    below, degrees = ordering, []
    for size in hidden_sizes:
        degrees.append(draw(int(least(below)), most(len(ordering)), size, below))
        below = degrees[-1]
    return degrees


def _evenly(least, most, size, below):
    return least + np.arange(size) * (most - least + 1) // size


def _seeded_degrees(ordering, hidden_sizes):
    npr.seed(0)
    return _degrees(ordering, hidden_sizes)


def _first_layer_again(ordering, hidden_sizes):
    first = _degrees(ordering, [max(hidden_sizes)])[0]
    return [first[:size] for size in hidden_sizes]


DEGREES_MISTAKES = (
    Mistake(
        "up_to_d",
        N_("Your degrees go up to D. A unit of degree D sees all pixels, and no logit may be reached from it: D - 1."),
        partial(_degrees, most=lambda D: D),
    ),
    Mistake(
        "largest_never_drawn",
        N_("Your degrees stop before D - 1. npr.randint(a, b) draws from a to b - 1."),
        partial(_degrees, most=lambda D: D - 2),
    ),
    Mistake(
        "from_zero",
        N_("Your degrees start from 0. A unit of degree 0 sees no pixel: they start from 1."),
        partial(_degrees, least=lambda below: np.min(below) - 1),
    ),
    Mistake(
        "from_one_in_each_layer",
        N_(
            "Your degrees start from 1 in each layer. Where they are less than all degrees of the layer before, "
            "nothing leads to the unit: start from the least of that layer."
        ),
        partial(_degrees, least=lambda below: 1),
    ),
    Mistake(
        "from_the_largest",
        N_("You draw from the largest degree of the layer before. Draw from the least of them."),
        lambda ordering, hidden_sizes: [
            np.minimum(layer, len(ordering) - 1)
            for layer in _degrees(
                ordering,
                hidden_sizes,
                lambda low, most, size, below: npr.randint(min(low, most), most + 1, size),
                least=lambda below: 1 if below is ordering else np.max(below),
            )
        ],
    ),
    Mistake(
        "from_the_first",
        N_("You draw from the degree of the first unit of the layer before. Draw from the least of all its degrees."),
        partial(
            _degrees,
            draw=lambda low, most, size, below: npr.randint(min(low, most), most + 1, size),
            least=lambda below: below[0],
        ),
    ),
    Mistake(
        "more_than_the_least",
        N_("You draw from one more than the least degree of the layer before. The least itself is possible."),
        partial(
            _degrees,
            draw=lambda low, most, size, below: npr.randint(min(low, most), most + 1, size),
            least=lambda below: np.min(below) + 1,
        ),
    ),
    Mistake(
        "evenly_spread",
        N_("You spread the degrees evenly. That is a good choice, too, but here they are drawn at random."),
        partial(_degrees, draw=_evenly),
    ),
    Mistake(
        "one_for_the_layer",
        N_("You draw one degree for all units of a layer. Each needs a draw of its own."),
        partial(_degrees, draw=lambda low, most, size, below: np.full(size, npr.randint(low, most + 1))),
    ),
    Mistake(
        "first_layer_again",
        N_("You draw degrees once and use them for all layers. Each layer takes draws of its own."),
        _first_layer_again,
    ),
    Mistake(
        "from_the_layer_before",
        N_("You choose among the degrees of the layer before. Draw from all numbers from their least to D - 1."),
        partial(_degrees, draw=lambda low, most, size, below: npr.choice(np.minimum(below, most), size)),
    ),
    Mistake(
        "sorted",
        N_(
            "You sort the degrees of a layer. Each unit takes a draw of its own, which says nothing of its neighbours'."
        ),
        partial(_degrees, draw=lambda *args: np.sort(_uniform(*args))),
    ),
    Mistake(
        "binomial",
        N_("Your degrees are not uniform: those in the middle are more frequent. npr.randint draws all alike."),
        partial(_degrees, draw=lambda low, most, size, below: low + npr.binomial(most - low, 0.5, size)),
    ),
    Mistake(
        "rounded",
        N_(
            "You round a uniform real number, so that the least and the largest degree are half as frequent as the "
            "others. npr.randint draws all alike."
        ),
        partial(_degrees, draw=lambda low, most, size, below: np.round(npr.uniform(low, most, size)).astype(int)),
    ),
    Mistake(
        "not_whole",
        N_("Your degrees are real numbers. They are whole: npr.randint."),
        partial(_degrees, draw=lambda low, most, size, below: npr.uniform(low, most, size)),
    ),
    Mistake(
        "ordering_included",
        N_("You return the degrees of the pixels as well. Those of the hidden layers are asked for."),
        lambda ordering, hidden_sizes: [ordering, *_degrees(ordering, hidden_sizes)],
    ),
    Mistake(
        "in_one_row",
        N_("You return the degrees of all layers in one array. A list is asked for, with an array for each layer."),
        lambda ordering, hidden_sizes: np.concatenate(_degrees(ordering, hidden_sizes)),
    ),
    Mistake(
        "first_layer_alone",
        N_(
            "You return the degrees of the first hidden layer alone, without a list. One array for each layer is "
            "asked for."
        ),
        lambda ordering, hidden_sizes: _degrees(ordering, hidden_sizes)[0],
    ),
    Mistake("seed_inside", SEED_INSIDE_DEGREES, _seeded_degrees),
)

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


def _masks(degrees, hidden=lambda above, below: above >= below, last=lambda above, below: above > below):
    """Masks in which one comparison may be wrong, of degrees above (1, H_l) and below (H_{l-1}, 1)."""
    masks = [hidden(above[None], below[:, None]) for below, above in itertools.pairwise(degrees)]
    return [*masks, last(degrees[0][None], degrees[-1][:, None])]


def _of_masks(function):
    """A mistake that is made with the right masks."""
    return lambda degrees: [1.0 * mask for mask in function(_masks(degrees))]


def _with(**comparisons):
    return lambda degrees: [1.0 * mask for mask in _masks(degrees, **comparisons)]


MASKS_MISTAKES = (
    Mistake(
        "hidden_strict",
        N_(
            "Your masks of the hidden layers have > where >= belongs: a unit may be reached from one of its own degree."
        ),
        _with(hidden=np.greater),
    ),
    Mistake(
        "last_not_strict",
        N_("Your last mask has >= where > belongs: a logit then sees its own pixel."),
        _with(last=np.greater_equal),
    ),
    Mistake(
        "strict_and_not",
        N_("Your > and >= have changed places: >= belongs to the hidden layers, > to the last mask."),
        _with(hidden=np.greater, last=np.greater_equal),
    ),
    Mistake(
        "hidden_reversed",
        N_(
            "Your masks of the hidden layers have the comparison the wrong way round: a unit then sees what it may not."
        ),
        _with(hidden=np.less_equal),
    ),
    Mistake(
        "last_reversed",
        N_("Your last mask has the comparison the wrong way round: a logit then depends on pixels after it."),
        _with(last=np.less),
    ),
    Mistake(
        "all_reversed",
        N_("All your comparisons are the wrong way round: the logits then depend on pixels after them."),
        _with(hidden=np.less_equal, last=np.less),
    ),
    Mistake(
        "inverted",
        N_("Your zeros and ones have changed places: a mask is 1 where the weight stays."),
        _of_masks(lambda masks: [~mask for mask in masks]),
    ),
    Mistake(
        "equal",
        N_("Your masks of the hidden layers join units of equal degree only. Those of larger degree are joined, too."),
        _with(hidden=np.equal),
    ),
    Mistake(
        "natural_order_in_the_end",
        N_("Your last mask takes the number of a pixel for its place. Its place is its degree, degrees[0]."),
        lambda degrees: [
            1.0 * mask
            for mask in (*_masks(degrees)[:-1], np.arange(1, len(degrees[0]) + 1)[None] > degrees[-1][:, None])
        ],
    ),
    Mistake(
        "natural_order_at_the_start",
        N_("Your first mask takes the number of a pixel for its place. Its place is its degree, degrees[0]."),
        lambda degrees: [
            1.0 * mask
            for mask in (degrees[1][None] >= np.arange(1, len(degrees[0]) + 1)[:, None], *_masks(degrees)[1:])
        ],
    ),
    Mistake(
        "natural_order",
        N_("Your masks take the number of a pixel for its place. Its place is its degree, degrees[0]."),
        lambda degrees: [1.0 * mask for mask in _masks([np.arange(1, len(degrees[0]) + 1), *degrees[1:]])],
    ),
    Mistake(
        "places_from_zero",
        N_("Your places of the pixels start from 0. They are degrees[0] as it is, from 1 to D."),
        lambda degrees: [1.0 * mask for mask in _masks([degrees[0] - 1, *degrees[1:]])],
    ),
    Mistake(
        "last_of_the_first_layer",
        N_("Your last mask compares with the degrees of the first hidden layer. It starts from the last hidden layer."),
        lambda degrees: [1.0 * mask for mask in (*_masks(degrees)[:-1], degrees[0][None] > degrees[1][:, None])],
    ),
    Mistake(
        "transposed",
        N_("Your masks are transposed: rows are the units below, columns those above, as in the weights."),
        _of_masks(lambda masks: [mask.T for mask in masks]),
    ),
    Mistake(
        "last_missing",
        N_("The last mask is missing, which leads from the last hidden layer to the logits."),
        _of_masks(lambda masks: masks[:-1]),
    ),
    Mistake(
        "last_alone",
        N_("You return the last mask alone. A list of all L + 1 is asked for."),
        lambda degrees: 1.0 * _masks(degrees)[-1],
    ),
    Mistake(
        "last_like_the_others",
        N_("Your last mask is all ones. It cuts the paths from units that see the pixel itself or one after it."),
        lambda degrees: [1.0 * mask for mask in _masks(degrees, last=lambda above, below: above > 0 * below)],
    ),
    Mistake(
        "triangular",
        N_("Your masks are triangular matrices. Units are joined by their degrees, not by their numbers."),
        _of_masks(lambda masks: [np.triu(np.ones(mask.shape), i == len(masks) - 1) for i, mask in enumerate(masks)]),
    ),
    Mistake(
        "scaled",
        N_("You divide each column of a mask by the number of its ones. Masks are zeros and ones."),
        _of_masks(lambda masks: [mask / np.maximum(np.sum(mask, axis=0), 1) for mask in masks]),
    ),
    Mistake(
        "differences",
        N_("You return differences of degrees. A mask is 1 where the condition holds and 0 elsewhere."),
        lambda degrees: [
            1.0 * difference
            for difference in _masks(
                degrees, hidden=lambda a, b: np.maximum(a - b, 0), last=lambda a, b: np.maximum(a - b, 0)
            )
        ],
    ),
)

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
    biases[-1][:2] = [-900, 900]
    x = _images(rng, n, sizes[0])
    x[:2] = [biases[-1] > 0, biases[-1] < 0]  # as probable and as improbable as can be
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


def _relu(x):
    return np.maximum(x, 0)


def _forward(weights, biases, masks, x, apply=lambda number, n, W, M: W * M, layer=None, last=None, pixels=None):
    """The pass in which one thing may be wrong. `number` counts the matrices from 0 to n - 1."""
    n, h = len(weights), pixels(x) if pixels else x
    for number, (W, b, M) in enumerate(zip(weights, biases, masks, strict=True)):
        product = np.dot(h, apply(number, n, W, M))
        if number < n - 1:
            h = layer(product, b) if layer else _relu(product + b)
        else:
            h = last(product, b) if last else product + b
    return h


def _masks_in_place(weights, biases, masks, x):
    for W, M in zip(weights, masks, strict=True):
        W *= M
    return _forward(weights, biases, masks, x)


FORWARD = {
    "masks_forgotten": (
        N_("You do not use the masks. Each matrix of weights is multiplied by its mask, element by element."),
        {"apply": lambda number, n, W, M: W},
    ),
    "first_mask_alone": (
        N_("You use the first mask alone. Each matrix of weights has its own."),
        {"apply": lambda number, n, W, M: W * M if number == 0 else W},
    ),
    "first_mask_forgotten": (
        N_("The first mask is missing, from the pixels to the first hidden layer."),
        {"apply": lambda number, n, W, M: W if number == 0 else W * M},
    ),
    "last_mask_alone": (
        N_("You use the last mask alone. Each matrix of weights has its own."),
        {"apply": lambda number, n, W, M: W * M if number == n - 1 else W},
    ),
    "last_mask_forgotten": (
        N_("The last mask is missing, from the last hidden layer to the logits."),
        {"apply": lambda number, n, W, M: W if number == n - 1 else W * M},
    ),
    "inverted_masks": (
        N_("You cut the weights where the mask is 1. It is 1 where a weight stays."),
        {"apply": lambda number, n, W, M: W * (1 - M)},
    ),
    "minus_infinity": (
        N_("You replace weights that are cut by large negative numbers, as in attention. Here they become 0."),
        {"apply": lambda number, n, W, M: np.where(M == 1, W, -1e9)},
    ),
    "masks_added": (
        N_("You add the masks to the weights. Multiply, element by element."),
        {"apply": lambda number, n, W, M: W + M},
    ),
    "scaled": (
        N_("You divide by the share of weights that the mask keeps. They stay as they are."),
        {"apply": lambda number, n, W, M: W * M / np.maximum(np.mean(M), 1e-3)},
    ),
    "relu_forgotten": (
        N_("The rectifier of the hidden layers is missing."),
        {"layer": lambda product, b: product + b},
    ),
    "tanh": (
        N_("Your hidden layers use tanh. Here they are rectified."),
        {"layer": lambda product, b: np.tanh(product + b)},
    ),
    "sigmoid": (
        N_("Your hidden layers use the sigmoid. Here they are rectified."),
        {"layer": lambda product, b: sigmoid(product + b)},
    ),
    "relu_before_the_bias": (
        N_("You rectify before you add the bias. The bias is inside the rectifier."),
        {"layer": lambda product, b: _relu(product) + b},
    ),
    "relu_in_the_end": (
        N_("You rectify the logits as well. They may be negative."),
        {"last": lambda product, b: _relu(product + b)},
    ),
    "hidden_biases_forgotten": (
        N_("The biases of the hidden layers are missing."),
        {"layer": lambda product, b: _relu(product)},
    ),
    "last_bias_forgotten": (
        N_("The bias of the logits is missing."),
        {"last": lambda product, b: product},
    ),
    "biases_forgotten": (
        N_("All biases are missing."),
        {"layer": lambda product, b: _relu(product), "last": lambda product, b: product},
    ),
    "biases_subtracted": (
        N_("You subtract the biases. They are added."),
        {"layer": lambda product, b: _relu(product - b), "last": lambda product, b: product - b},
    ),
    "pixels_as_signs": (
        N_("You take the pixels for -1 and 1. They enter as 0 and 1."),
        {"pixels": lambda x: 2 * x - 1},
    ),
    "pixels_inverted": (
        N_("You use 1 - x in place of x."),
        {"pixels": lambda x: 1 - x},
    ),
}
WRONG_LOGITS = {name: (message, partial(_forward, **changes)) for name, (message, changes) in FORWARD.items()}
IN_PLACE = N_(
    "You multiply the weights themselves by the masks, in place: what was cut is lost. Use W * M in the forward pass, "
    "and leave W as it is."
)


def _of_logits(function):
    """A mistake that is made with the right logits."""
    return lambda *args: function(made_logits(*args))


LOGITS_MISTAKES = (
    *(Mistake(name, message, function) for name, (message, function) in WRONG_LOGITS.items()),
    Mistake("masks_in_place", IN_PLACE, _masks_in_place),
    Mistake(
        "probabilities",
        N_("You return probabilities. Logits are asked for: leave out the last sigmoid."),
        _of_logits(sigmoid),
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
)

# --- the log-likelihood ----------------------------------------------------------------------------------------------


def _likelihood_of(logits_function):
    return lambda weights, biases, masks, x: bernoulli_log_prob(x, logits_function(weights, biases, masks, x))


def _of_x_and_logits(function):
    """A mistake in the log-probability of a pixel x with that logit."""
    return lambda weights, biases, masks, x: np.sum(function(x, made_logits(weights, biases, masks, x)), axis=1)


def _of_terms(function):
    """A mistake in putting together the log-probabilities (B, D) of the pixels."""

    def log_likelihood(weights, biases, masks, x):
        logits = made_logits(weights, biases, masks, x)
        return function(-np.logaddexp(0, np.where(x == 1, -logits, logits)))

    return log_likelihood


def _cross_entropy(p, x):
    return x * np.log(p) + (1 - x) * np.log(1 - p)


LOG_OF_SIGMOID = N_(
    "The log of the sigmoid is -inf once a logit is large, because the sigmoid is rounded to 0 or 1. "
    "Write log s and log(1 - s) in terms of the logit, without s."
)

LOG_LIKELIHOOD_MISTAKES = (
    *(Mistake(name, message, _likelihood_of(function)) for name, (message, function) in WRONG_LOGITS.items()),
    Mistake("masks_in_place", IN_PLACE, _likelihood_of(_masks_in_place)),
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
        "squared_error",
        N_("You return the squared error of a reconstruction. The log-probability is asked for."),
        _of_x_and_logits(lambda x, logit: -((x - sigmoid(logit)) ** 2)),
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
)

# --- sampling --------------------------------------------------------------------------------------------------------

N_DRAWS = 4000
SMALL_SAMPLES = 60  # calls with a few images each
SEED_INSIDE = N_("Two calls give the same samples: the seed is set inside the function. Leave it to the caller.")


def _sampling(rng):
    found = None
    for n, *sizes in ((1, 2, 1), (1, 3, 4), (5, 2, 3, 3), (2, 6, 4)):
        answer = yield value_call(rng, [*_network(rng, sizes), n])
        found = found or _not_images(answer, (n, sizes[0]), _sample_label(n, sizes))
    network, several = _network(rng, (40, 3), 0.1), []  # 20 images of 40 pixels, each about 1/2
    for _ in range(2):
        answer = yield value_call(rng, [*network, 20])
        found = found or _not_images(answer, (20, 40), _sample_label(20, (40, 3)))
        several.append(answer)
    found = found or (yield from _frequencies(rng))
    if found:
        return found
    if judging.same(several[0]["result"], several[1]["result"]):
        return Finding("seed_inside", Message(SEED_INSIDE))
    found = yield from _scored(rng, [(N_DRAWS // 4, _dependent(rng, rng.integers(15, 30, 2)))])
    found = found or (yield from _scored(rng, [(N_DRAWS // 4, _chain(rng, int(rng.integers(20, 30))))]))
    few = []
    for _ in range(SMALL_SAMPLES):
        hidden_sizes = rng.integers(1, 9, rng.integers(1, 3))
        few.append((int(rng.integers(1, 7)), _dependent(rng, [int(rng.integers(5, 20)), *hidden_sizes])))
    return found or (yield from _scored(rng, few))


def _sample_label(n, sizes):
    text = N_("n_samples = {n}, D = {n_pixels}, hidden layers of {hidden}")
    return Message(text, n=n, n_pixels=sizes[0], hidden=", ".join(map(str, sizes[1:])))


def _not_images(answer, shape, label):
    """The finding about an answer that is not an array of zeros and ones of this shape."""
    found = answer_problem(answer, label)
    if found:
        return found
    x = as_array(answer["result"])
    if x is None or x.shape != shape:
        return compare(answer["result"], np.zeros(shape), label)
    if not np.isin(x, (0, 1)).all():
        value = float(x[~np.isin(x, (0, 1))][0])
        text = N_("There is a value {value:.4g} among the samples; every pixel should be 0 or 1.")
        return Finding("not_binary", Message(text, value=value), label)
    return None


def _dependent(rng, sizes):
    """A network whose conditionals depend on the pixels before, and are seldom certain."""
    weights, biases, masks, ordering = _network(rng, sizes)
    weights = [3 * W / np.sqrt(1 + np.sum(M, axis=0)) for W, M in zip(weights, masks, strict=True)]
    logits = _forward(weights, [*biases[:-1], 0 * biases[-1]], masks, _images(rng, 100, sizes[0]))
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


def _frequencies(rng):
    """Draws of few pixels against the exact probabilities of every image."""
    settings, counts, found = [], [], None
    for sizes in ((3, 8), (4, 8, 8), (5, 10, 10)):
        *network, ordering = _dependent(rng, sizes)
        label = _sample_label(N_DRAWS, sizes)
        answer = yield value_call(rng, [*network, ordering, N_DRAWS])
        strange = _not_images(answer, (N_DRAWS, sizes[0]), label)
        if strange:
            return strange
        x = as_array(answer["result"]).astype(int)
        settings.append(network)
        counts.append(np.bincount(x @ 2 ** np.arange(sizes[0])[::-1], minlength=2 ** sizes[0]))
        found = found or _wrong_frequency(x, counts[-1], network, label)
    return found


def _every_image(n_pixels):
    return np.array(list(itertools.product([0.0, 1.0], repeat=n_pixels)))


def _wrong_frequency(x, counts, network, label):
    images = _every_image(x.shape[1])
    problem = categorical_problem(counts, np.exp(made_log_likelihood(*network, images)))
    if problem is None:
        return None
    if np.ptp(x, axis=0).max() == 0:
        text = N_("All samples of a call are the same image. Each pixel of each image needs a draw of its own.")
        return Finding("all_the_same", Message(text), label)
    cell, frequency, probability = problem
    image = "".join(str(int(pixel)) for pixel in images[cell])
    text = N_("The image {image} makes up {frequency:.4f} of the samples; its probability is {probability:.4f}.")
    message = Message(text, image=image, frequency=float(frequency), probability=probability)
    return Finding("wrong_distribution", message, label)


NOT_THE_MODELS = N_(
    "The samples are not those of the model. Each pixel, given those drawn before it, should have the probabilities of "
    "its conditional, and a draw of its own: {problem}"
)


def _scored(rng, several):
    """Draws of many pixels, (n, network) each, where images cannot be enumerated, as draws of N(0, 1)."""
    noise, found = [], None
    for n, (*network, ordering) in several:
        answer = yield value_call(rng, [*network, ordering, n])
        label = _sample_label(n, [len(biases) for biases in (ordering, *network[1][:-1])])
        found = found or _not_images(answer, (n, len(ordering)), label)
        if found is None:
            x = as_array(answer["result"]).astype(float)
            noise.append(scores.of_binary(rng, x, made_logits(*network, x)))
    if found is None:
        problem = normal_problem(noise[0] if len(noise) == 1 else np.concatenate([np.ravel(e) for e in noise])[:, None])
        if problem:
            found = Finding("wrong_distribution", Message(NOT_THE_MODELS, problem=problem[1]), label)
    return found


def _sample(weights, biases, masks, ordering, n, order=np.argsort, draw=None, probability=sigmoid, **wrong):
    x = np.zeros((n, len(ordering)))
    for d in order(ordering):
        p = probability(_forward(weights, biases, masks, x, **wrong)[:, d])
        x[:, d] = draw(p) if draw else npr.rand(n) < p
    return x


def _seeded_sample(*args):
    npr.seed(0)
    return _sample(*args)


def _at_once(weights, biases, masks, ordering, n):
    return 1.0 * (npr.rand(n, len(ordering)) < sigmoid(_forward(weights, biases, masks, np.zeros((n, len(ordering))))))


def _redrawn(weights, biases, masks, ordering, n):
    x = np.zeros((n, len(ordering)))
    for _ in ordering:
        x = 1.0 * (npr.rand(*x.shape) < sigmoid(_forward(weights, biases, masks, x)))
    return x


def _fed_back(weights, biases, masks, ordering, n):
    x, drawn = np.zeros((n, len(ordering))), np.zeros((n, len(ordering)))
    for d in np.argsort(ordering):
        x[:, d] = sigmoid(_forward(weights, biases, masks, x)[:, d])
        drawn[:, d] = npr.rand(n) < x[:, d]
    return drawn


def _one_uniform_per_image(weights, biases, masks, ordering, n):
    u = npr.rand(n)
    return _sample(weights, biases, masks, ordering, n, draw=lambda p: u < p)


SAMPLE_MISTAKES = (
    *(Mistake(name, message, partial(_sample, **changes)) for name, (message, changes) in FORWARD.items()),
    Mistake(
        "natural_order",
        N_("You draw the pixels in the order of their numbers. Draw them in the order of their places."),
        partial(_sample, order=lambda ordering: range(len(ordering))),
    ),
    Mistake(
        "places_as_pixels",
        N_(
            "You take ordering for the list of pixels to visit. ordering[d] is the place of pixel d; the list of "
            "pixels is np.argsort(ordering)."
        ),
        partial(_sample, order=lambda ordering: ordering - 1),
    ),
    Mistake(
        "reversed_order",
        N_("You draw the last pixel of the ordering first. The one with place 1 comes first."),
        partial(_sample, order=lambda ordering: np.argsort(ordering)[::-1]),
    ),
    Mistake(
        "at_once",
        N_("You draw all pixels in one pass, as if they did not depend on each other. It takes a pass for each."),
        _at_once,
    ),
    Mistake(
        "redrawn",
        N_("You draw all pixels anew in each pass. Each is drawn once, when its turn comes, and then kept."),
        _redrawn,
    ),
    Mistake(
        "threshold",
        N_("You take each pixel for 1 where its probability is above 1/2. It should be drawn with that probability."),
        partial(_sample, draw=lambda p: p > 0.5),
    ),
    Mistake(
        "one_uniform_per_image",
        N_("You draw one uniform number for an image and use it for all of its pixels. Each pixel needs its own."),
        _one_uniform_per_image,
    ),
    Mistake(
        "one_uniform_per_pixel",
        N_("You draw one uniform number for a pixel and use it for all images. Each image needs its own."),
        partial(_sample, draw=lambda p: npr.rand() < p),
    ),
    Mistake(
        "normal_noise",
        N_("You compare the probability with normal noise. It takes a number that is uniform between 0 and 1."),
        partial(_sample, draw=lambda p: npr.randn(len(p)) < p),
    ),
    Mistake(
        "inverted",
        N_("Your pixels are 1 with the probability of 0: the comparison is the wrong way round."),
        partial(_sample, draw=lambda p: npr.rand(len(p)) > p),
    ),
    Mistake(
        "logits_for_probabilities",
        N_("You compare the uniform number with the logit. Compare it with the probability, the sigmoid of the logit."),
        partial(_sample, probability=lambda logit: logit),
    ),
    Mistake(
        "sigmoid_of_probabilities",
        N_("You take the sigmoid of the probability again. Once is right."),
        partial(_sample, probability=lambda logit: sigmoid(sigmoid(logit))),
    ),
    Mistake(
        "probabilities",
        N_("You return the probabilities. Samples are asked for: zeros and ones."),
        partial(_sample, draw=lambda p: p),
    ),
    Mistake(
        "probability_fed_back",
        N_("You give the network the probability of a pixel. Give it the 0 or 1 that was drawn."),
        _fed_back,
    ),
    Mistake("signs", N_("Your pixels are -1 and 1. They should be 0 and 1."), lambda *args: 2 * _sample(*args) - 1),
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
    Mistake(
        "in_the_order_of_places",
        N_("Your columns are in the order in which the pixels were drawn. Column d is pixel d."),
        lambda *args: _sample(*args)[:, np.argsort(args[3])],
    ),
    Mistake("seed_inside", SEED_INSIDE, _seeded_sample),
)


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
            N_("log s = -log(1 + exp(-l)), and log(1 - s) = -log(1 + exp(l)): neither needs s itself."),
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

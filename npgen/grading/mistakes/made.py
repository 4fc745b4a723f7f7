"""Known mistakes of the exercise on MADE."""

import itertools
from functools import partial

import autograd.numpy as np
import autograd.numpy.random as npr

from npgen.distributions import bernoulli_log_prob, sigmoid
from npgen.grading.judging import Mistake
from npgen.grading.language import N_
from npgen.grading.pixel_mistakes import (
    bernoulli_terms,
    in_a_bernoulli,
    in_drawing,
    in_samples,
    in_the_logits,
    in_the_sum,
)
from npgen.grading.references.made import made_logits

# --- degrees ---------------------------------------------------------------------------------------------------------

SEED_INSIDE_DEGREES = N_(
    "Two calls give the same degrees: they are not random, or the seed is set inside the function. Draw each from npr, "
    "without a seed."
)


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


def _masks(degrees, hidden=lambda above, below: above >= below, last=lambda above, below: above > below):
    """Masks in which one comparison may be wrong, of degrees above (1, H_l) and below (H_{l-1}, 1)."""
    masks = [hidden(above[None], below[:, None]) for below, above in itertools.pairwise(degrees)]
    return [*masks, last(degrees[0][None], degrees[-1][:, None])]


def _floats(masks):
    return [1.0 * mask for mask in masks]


def _of_masks(function):
    """A mistake that is made with the right masks."""
    return lambda degrees: _floats(function(_masks(degrees)))


def _with(**comparisons):
    return lambda degrees: _floats(_masks(degrees, **comparisons))


def _numbers(degrees):
    """The numbers of the pixels, 1 to D."""
    return np.arange(1, len(degrees[0]) + 1)


def _difference(above, below):
    return np.maximum(above - below, 0)


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
        lambda degrees: _floats((*_masks(degrees)[:-1], _numbers(degrees)[None] > degrees[-1][:, None])),
    ),
    Mistake(
        "natural_order_at_the_start",
        N_("Your first mask takes the number of a pixel for its place. Its place is its degree, degrees[0]."),
        lambda degrees: _floats((degrees[1][None] >= _numbers(degrees)[:, None], *_masks(degrees)[1:])),
    ),
    Mistake(
        "natural_order",
        N_("Your masks take the number of a pixel for its place. Its place is its degree, degrees[0]."),
        lambda degrees: _floats(_masks([_numbers(degrees), *degrees[1:]])),
    ),
    Mistake(
        "inverted_ordering",
        N_("You invert the ordering: degrees[0][d] is already the place of pixel d."),
        lambda degrees: _floats(_masks([np.argsort(degrees[0]) + 1, *degrees[1:]])),
    ),
    Mistake(
        "places_from_zero",
        N_("Your places of the pixels start from 0. They are degrees[0] as it is, from 1 to D."),
        lambda degrees: _floats(_masks([degrees[0] - 1, *degrees[1:]])),
    ),
    Mistake(
        "last_of_the_first_layer",
        N_("Your last mask compares with the degrees of the first hidden layer. It starts from the last hidden layer."),
        lambda degrees: _floats((*_masks(degrees)[:-1], degrees[0][None] > degrees[1][:, None])),
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
        _with(last=lambda above, below: above > 0 * below),
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
        _with(hidden=_difference, last=_difference),
    ),
)


# --- the masked pass -------------------------------------------------------------------------------------------------


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
FIRST_LAYER_ONLY = N_("You use the first hidden layer only. Each of the others takes the values of the one before it.")


def _first_layer_only(product):
    """From there to the logits at once; where the layers differ in size, it stops with the error of `product`."""

    def logits(weights, biases, masks, x):
        h = _relu(product(x, weights[0] * masks[0]) + biases[0])
        return product(h, weights[-1] * masks[-1]) + biases[-1]

    return logits


WRONG_LOGITS = {
    **{name: (message, partial(_forward, **changes)) for name, (message, changes) in FORWARD.items()},
    "first_layer_only": (FIRST_LAYER_ONLY, _first_layer_only(np.dot)),
    "first_layer_only_by_matmul": (FIRST_LAYER_ONLY, _first_layer_only(np.matmul)),
}
IN_PLACE = N_(
    "You multiply the weights themselves by the masks, in place: what was cut is lost. Use W * M in the forward pass, "
    "and leave W as it is."
)


LOGITS_MISTAKES = (
    *(Mistake(name, message, function) for name, (message, function) in WRONG_LOGITS.items()),
    Mistake("masks_in_place", IN_PLACE, _masks_in_place),
    *in_the_logits(made_logits),
)

# --- the log-likelihood ----------------------------------------------------------------------------------------------


def _likelihood_of(logits_function):
    return lambda weights, biases, masks, x: bernoulli_log_prob(x, logits_function(weights, biases, masks, x))


LOG_LIKELIHOOD_MISTAKES = (
    *(Mistake(name, message, _likelihood_of(function)) for name, (message, function) in WRONG_LOGITS.items()),
    Mistake("masks_in_place", IN_PLACE, _likelihood_of(_masks_in_place)),
    *in_a_bernoulli(made_logits),
    Mistake(
        "squared_error",
        N_("You return the squared error of a reconstruction. The log-probability is asked for."),
        lambda *args: -np.sum((args[-1] - sigmoid(made_logits(*args))) ** 2, axis=1),
    ),
    *in_the_sum(bernoulli_terms(made_logits)),
)

# --- sampling --------------------------------------------------------------------------------------------------------


def _sample(weights, biases, masks, ordering, n, order=np.argsort, draw=None, probability=sigmoid, **wrong):
    x = np.zeros((n, len(ordering)))
    for d in order(ordering):
        p = probability(_forward(weights, biases, masks, x, **wrong)[:, d])
        x[:, d] = draw(p) if draw else npr.rand(n) < p
    return x


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
    *in_drawing(_sample),
    *in_samples(_sample),
    Mistake(
        "probability_fed_back",
        N_("You give the network the probability of a pixel. Give it the 0 or 1 that was drawn."),
        _fed_back,
    ),
    Mistake(
        "in_the_order_of_places",
        N_("Your columns are in the order in which the pixels were drawn. Column d is pixel d."),
        lambda *args: _sample(*args)[:, np.argsort(args[3])],
    ),
)

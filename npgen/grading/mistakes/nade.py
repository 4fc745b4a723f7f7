"""Known mistakes of the exercise on NADE."""

from functools import partial

import autograd.numpy as np
import autograd.numpy.random as npr

from npgen.distributions import bernoulli_log_prob, sigmoid
from npgen.grading import recursion
from npgen.grading.judging import Mistake
from npgen.grading.language import N_
from npgen.grading.pixel_mistakes import (
    bernoulli_terms,
    in_a_bernoulli,
    in_drawing,
    in_samples,
    in_the_logits,
    in_the_sum,
    of,
)
from npgen.grading.references.nade import nade_logits

# --- the recursion ---------------------------------------------------------------------------------------------------

QUADRATIC_MISTAKE = N_(
    "The values are right, but the cost grows with the square of D, because the sum over the pixels before is computed "
    "anew for every pixel. Keep it and add one term at a time: that is O(D H)."
)


def _term(w, x):
    return np.outer(x, w)


def _logits(W, c, V, b, x, term=_term, **wrong):
    return recursion.one_after_another(W, c, V, b, len(x), lambda d, logit: x[:, d], term, **wrong)


def _drawn(p):
    return 1.0 * (npr.rand(len(p)) < p)


def _sample(W, c, V, b, n, draw=_drawn, probability=sigmoid, term=_term, **wrong):
    return recursion.drawn_one_after_another(W, c, V, b, n, lambda logit: draw(probability(logit)), term, **wrong)


RECURSION = {
    **recursion.RECURSION,
    "hidden_bias_in_weights": (
        N_("You add c to the weights W_d, so that every pixel that is on adds it again. It enters the sum once."),
        {"params": lambda W, c, V, b: (W + c, c, V, b)},
    ),
    "subtracted": (
        N_("You subtract x_d W_d from the pre-activation. It is added."),
        {"step": lambda a, added, h, c: a - added},
    ),
    "pixels_as_signs": (
        N_("You take the pixels for -1 and 1 in the sum. A pixel that is 0 adds nothing."),
        {"term": lambda w, x: np.outer(2 * x - 1, w)},
    ),
}


def _seeing(W, c, V, b, x, see):
    a = recursion.pre_activations(c, x[:, :, None] * W, see)
    return np.sum(sigmoid(a) * V, axis=2) + b


def _quadratic_logits(W, c, V, b, x):
    columns = [np.dot(sigmoid(c + np.dot(x[:, :d], W[:d])), V[d]) + b[d] for d in range(len(b))]
    return np.stack(columns, axis=1)


def _quadratic_sample(W, c, V, b, n_samples):
    x = np.zeros((n_samples, len(b)))
    for d in range(len(b)):
        p = sigmoid(np.dot(sigmoid(c + np.dot(x[:, :d], W[:d])), V[d]) + b[d])
        x[:, d] = npr.rand(n_samples) < p
    return x


WRONG_LOGITS = {  # every way to get the logits wrong
    **{name: (message, partial(_logits, **changes)) for name, (message, changes) in RECURSION.items()},
    **{name: (message, partial(_seeing, see=see)) for name, (message, see) in recursion.SEEN.items()},
}

LOGITS_MISTAKES = (
    *(Mistake(name, message, function) for name, (message, function) in WRONG_LOGITS.items()),
    *in_the_logits(nade_logits),
    Mistake(
        "probabilities_of_off",
        N_("You return the probabilities of 0. Logits are asked for, those of 1."),
        of(nade_logits, lambda logits: sigmoid(-logits)),
    ),
    Mistake("quadratic", QUADRATIC_MISTAKE, _quadratic_logits),
)

# --- the log-likelihood ----------------------------------------------------------------------------------------------


def _likelihood_of(logits_function):
    return lambda W, c, V, b, x: bernoulli_log_prob(x, logits_function(W, c, V, b, x))


LOG_LIKELIHOOD_MISTAKES = (
    *(Mistake(name, message, _likelihood_of(function)) for name, (message, function) in WRONG_LOGITS.items()),
    *in_a_bernoulli(nade_logits),
    *in_the_sum(bernoulli_terms(nade_logits)),
    Mistake("quadratic", QUADRATIC_MISTAKE, _likelihood_of(_quadratic_logits)),
)

# --- sampling --------------------------------------------------------------------------------------------------------

SAMPLE_MISTAKES = (
    *(Mistake(name, message, partial(_sample, **changes)) for name, (message, changes) in RECURSION.items()),
    *in_drawing(_sample),
    *in_samples(_sample),
    Mistake(
        "probability_fed_back",
        N_("You add the probability of a pixel, times W_d, to the pre-activation. Add the drawn 0 or 1."),
        partial(_sample, fed_back=sigmoid),
    ),
    Mistake("quadratic", QUADRATIC_MISTAKE, _quadratic_sample),
)

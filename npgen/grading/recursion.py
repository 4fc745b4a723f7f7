"""NADE's recursion with one thing wrong: what nade, categorical_nade and rnade have in common.

    h_d     = sigmoid(a_d)
    logits  = V_d h_d + b_d
    a_{d+1} = a_d + the term of x_d,      a_1 = c

The known mistakes of the three exercises are this, told what to do otherwise.
"""

import autograd.numpy as np

from npgen.distributions import sigmoid
from npgen.grading.language import N_


def one_after_another(W, c, V, b, n, value, term, scaled=None, hidden=sigmoid, readout=None, step=None, params=None):
    """What is read out for each of the D variables, stacked along axis 1, for n examples.

    value(d, outputs) is variable d, given what has been read out for it, and term(W_d, x_d) what it adds; scaled(d, a)
    is what enters the hidden layer. The rest is what may be done wrong.
    """
    if params:
        W, c, V, b = params(W, c, V, b)
    a, outputs = np.tile(c, (n, 1)), []
    for d in range(len(b)):
        h = hidden(scaled(d, a) if scaled else a)
        outputs.append(readout(h, V[d].T, b[d]) if readout else np.dot(h, V[d].T) + b[d])
        added = term(W[d], value(d, outputs[d]))
        a = step(a, added, h, c) if step else a + added
    return np.stack(outputs, axis=1)


def drawn_one_after_another(W, c, V, b, n, draw, term, fed_back=None, **wrong):
    """n rows of D variables, each draw(outputs); fed_back(outputs) goes into the term in place of what was drawn."""
    drawn = []

    def value(d, outputs):
        drawn.append(draw(outputs))
        return fed_back(outputs) if fed_back else drawn[d]

    one_after_another(W, c, V, b, n, value, term, **wrong)
    return np.stack(drawn, axis=1)


def pre_activations(c, terms, see):
    """(B, D, H), where the sum for variable d is over the terms (B, D, H) of the variables j with see[d, j]."""
    n_variables = terms.shape[1]
    return c + np.einsum("bjh,dj->bdh", terms, see(np.ones((n_variables, n_variables))))


RECURSION = {  # {name: (message, what is done wrong)}; where variables are pixels
    "bias_in_weights": (
        N_("You add b_d to the weights V_d before the product with h_d. It is added to the product, once."),
        {"readout": lambda h, v, b: np.dot(h, v + b)},
    ),
    "hidden_bias_every_step": (
        N_("You add c to the pre-activation at every pixel. It enters the sum once, at the start."),
        {"step": lambda a, added, h, c: a + added + c},
    ),
    "reset": (
        N_(
            "Your pre-activation starts again from c at each pixel, so that a conditional sees only the pixel just "
            "before it (a Markov chain of order 1). It should keep the terms of all pixels before."
        ),
        {"step": lambda a, added, h, c: c + added},
    ),
    "never_updated": (
        N_("Your pre-activation stays at c: no conditional sees a pixel. Each pixel adds its term for those after it."),
        {"step": lambda a, added, h, c: a},
    ),
    "overwritten": (
        N_(
            "You add the term of a pixel to the hidden layer, after the sigmoid. The sum is kept before the sigmoid, "
            "in the pre-activation."
        ),
        {"step": lambda a, added, h, c: h + added},
    ),
    "tanh": (
        N_("Your hidden layer uses tanh. NADE's uses the sigmoid."),
        {"hidden": np.tanh},
    ),
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

SEEN = {  # {name: (message, which pixels a conditional sees)}, for functions that are given the whole image
    "own_value": (
        N_("The conditional of x_d sees x_d itself. Its sum ends at the pixel before."),
        np.tril,
    ),
    "lagging": (
        N_("Your sum ends one pixel too early: the conditional of x_d should see x_{{d-1}}, too."),
        lambda ones: np.tril(ones, -2),
    ),
    "reversed": (
        N_("Your sum is over the pixels after d. It should be over those before."),
        lambda ones: np.triu(ones, 1),
    ),
    "all_pixels": (
        N_("Every conditional sees the whole image, itself included. It should see only the pixels before."),
        lambda ones: ones,
    ),
    "all_others": (
        N_("Every conditional sees all other pixels. It should see only those before."),
        lambda ones: ones - np.eye(len(ones)),
    ),
}

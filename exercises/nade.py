"""NADE, the neural autoregressive distribution estimator, on binary images.

The chain rule writes the probability of an image x of D pixels as a product of D conditionals,

    p(x) = prod_d p(x_d | x_1, ..., x_{d-1}),        p(x_d = 1 | x_<d) = sigmoid(l_d),

and NADE computes each logit l_d with a small network of H hidden units that sees only the pixels before d:

    a_d = c + sum_{j<d} x_j W_j        (H,)   the pre-activation
    h_d = sigmoid(a_d)                 (H,)   the hidden layer
    l_d = V_d . h_d + b_d                     the logit

W_j and V_d are rows of W and V. All D networks share W, and that is the whole trick: going from a_d to a_{d+1} adds a
single term. An image costs O(D H) operations instead of O(D^2 H), to evaluate as well as to sample. Your functions are
held to it: the operations that they take are counted, at two values of D. When your instructor marks your file
(`npgen grade`), they are timed as well, on images of up to 20 000 pixels.

    W, V  (D, H)        c  (H,)        b  (D,)        x  (B, D), floats that are 0 or 1

Write the functions in the order of this file. They are checked one by one, for their values, for their gradients (the
first two) and for their cost:

    npgen check nade                          all of them
    npgen check nade.nade_log_likelihood      one of them
    npgen hint nade.nade_log_likelihood       a hint, then a clearer one

Use `np` and `npr` as they are imported here, so that autograd can differentiate what you write.

Source: Larochelle and Murray, "The neural autoregressive distribution estimator", AISTATS 2011; Uria, Cote, Gregor,
Murray and Larochelle, "Neural autoregressive distribution estimation", JMLR 2016. Their W is the transpose of ours.
"""

import autograd.numpy as np
import autograd.numpy.random as npr

# --- given -----------------------------------------------------------------------------------------------------------


def sigmoid(x):
    """1 / (1 + exp(-x)), of any shape. No x makes it overflow."""
    return 0.5 * (np.tanh(0.5 * x) + 1)


# --- yours -----------------------------------------------------------------------------------------------------------


def nade_logits(W, c, V, b, x):
    """The logits of the D conditionals of each image.

        l_d = V_d . sigmoid(c + sum_{j<d} x_j W_j) + b_d

    Logits are real numbers of any size. The sum for the first pixel is empty. Do not change an argument.

    Parameters
    ----------
    W, V : arrays (D, H)
    c : array (H,)
    b : array (D,)
    x : array (B, D), of zeros and ones

    Returns
    -------
    array (B, D)
        l_d of image i in [i, d], in O(B D H) operations.
    """
    raise NotImplementedError("nade: nade_logits")


def nade_log_likelihood(W, c, V, b, x):
    """The log-probability of each image, in nats.

        log p(x) = sum_d [ x_d log s_d + (1 - x_d) log(1 - s_d) ],        s_d = sigmoid(l_d)

    The value is right at logits of -1000 and 1000 as well, where s_d is 0 or 1 to machine precision.

    Parameters
    ----------
    W, c, V, b, x : as in `nade_logits`

    Returns
    -------
    array (B,)
        One number for each image, at most 0, in O(B D H) operations.
    """
    raise NotImplementedError("nade: nade_log_likelihood")


def nade_sample(W, c, V, b, n_samples):
    """Images drawn from the model, pixel after pixel.

    x_1 is drawn from p(x_1), x_2 from p(x_2 | x_1), and so on; each pixel of each image is a draw of its own. Two calls
    give different images.

    Parameters
    ----------
    W, c, V, b : as in `nade_logits`
    n_samples : int

    Returns
    -------
    array (n_samples, D)
        Zeros and ones, in O(n_samples D H) operations.
    """
    raise NotImplementedError("nade: nade_sample")

"""MADE: an autoencoder whose masked weights make its outputs the conditionals of an autoregressive model.

The chain rule writes the probability of a binary image x of D pixels as a product of D conditionals, pixel after pixel
in some ordering. In MADE one network computes all of their logits in one pass,

    h_0 = x
    h_l = relu(h_{l-1} (W_l * M_l) + b_l)          l = 1, ..., L      hidden layers
    o   = h_L (W_{L+1} * M_{L+1}) + b_{L+1}                           the D logits,

where * multiplies element by element, and the masks M_l of zeros and ones cut every path that leads from a pixel to the
logit of itself or of one before it. Which weights are cut follows from *degrees*, one number for each unit:

    m_0(d)   the place of pixel d in the ordering, from 1 to D
    m_l(k)   of hidden unit k in layer l, which may see the first m_l(k) pixels of the ordering, and no others. It is
             drawn from the least degree of the layer before to D - 1, each number as probable as the others.

A unit may be reached from units that see no more than it does itself; a logit, from units that see less than its place:

    M_l[j, k]     = 1  if m_l(k) >= m_{l-1}(j), and 0 otherwise       l = 1, ..., L
    M_{L+1}[j, d] = 1  if m_0(d) >  m_L(j),     and 0 otherwise

The mask stands in the forward pass, and not in the weights: these stay as they are, and what is cut gets no gradient.

    weights, masks    lists of L + 1 arrays, (D, H_1), (H_1, H_2), ..., (H_L, D)
    biases            list of L + 1 arrays, (H_1,), ..., (H_L,), (D,)
    x  (B, D), floats that are 0 or 1

Write the functions in the order of this file. They are checked one by one, for their values and for their gradients
(the third and the fourth):

    npgen check made                    all of them
    npgen check made.made_masks         one of them
    npgen hint made.made_masks          a hint, then a clearer one

Use `np` and `npr` as they are imported here, so that autograd can differentiate what you write.

Source: Germain, Gregor, Murray and Larochelle, "MADE: masked autoencoder for distribution estimation", ICML 2015. Their
weights are the transposes of ours.
"""

import autograd.numpy as np
import autograd.numpy.random as npr

# --- given -----------------------------------------------------------------------------------------------------------


def sigmoid(x):
    """1 / (1 + exp(-x)), of any shape. No x makes it overflow."""
    return 0.5 * (np.tanh(0.5 * x) + 1)


def relu(x):
    """max(x, 0), of any shape."""
    return np.maximum(x, 0)


# --- yours -----------------------------------------------------------------------------------------------------------


def made_degrees(ordering, hidden_sizes):
    """Degrees for the hidden units, drawn at random.

        m_l(k) uniform on { min_j m_{l-1}(j), ..., D - 1 },     m_0 = ordering

    Each unit takes a draw of its own, and two calls give different degrees.

    Parameters
    ----------
    ordering : integer array (D,)
        m_0: a permutation of 1, ..., D, with D of at least 2.
    hidden_sizes : list of int
        H_1, ..., H_L

    Returns
    -------
    list of L integer arrays (H_1,), ..., (H_L,)
    """
    raise NotImplementedError("made: made_degrees")


def made_masks(degrees):
    """The masks that belong to the degrees.

    Parameters
    ----------
    degrees : list of L + 1 integer arrays (D,), (H_1,), ..., (H_L,)
        m_0, ..., m_L

    Returns
    -------
    list of L + 1 arrays (D, H_1), (H_1, H_2), ..., (H_L, D)
        Zeros and ones.
    """
    raise NotImplementedError("made: made_masks")


def made_logits(weights, biases, masks, x):
    """The logits of the D conditionals of each image, in one pass.

    The masks may be any zeros and ones. Do not change an argument.

    Parameters
    ----------
    weights, biases, masks : lists of L + 1 arrays
    x : array (B, D), of zeros and ones

    Returns
    -------
    array (B, D)
    """
    raise NotImplementedError("made: made_logits")


def made_log_likelihood(weights, biases, masks, x):
    """The log-probability of each image, in nats.

        log p(x) = sum_d [ x_d log s_d + (1 - x_d) log(1 - s_d) ],        s_d = sigmoid(o_d)

    The value is right at logits of -1000 and 1000 as well, where s_d is 0 or 1 to machine precision.

    Parameters
    ----------
    weights, biases, masks, x : as in `made_logits`

    Returns
    -------
    array (B,)
        One number for each image, at most 0.
    """
    raise NotImplementedError("made: made_log_likelihood")


def made_sample(weights, biases, masks, ordering, n_samples):
    """Images drawn from the model, pixel after pixel, in the given ordering.

    A logit is known once the pixels before it are: so it takes D passes. Each pixel of each image is a draw of its own.
    Two calls give different images.

    Parameters
    ----------
    weights, biases, masks : as in `made_logits`
        The masks are those of this ordering.
    ordering : integer array (D,)
        m_0: ordering[d] is the place of pixel d, from 1 to D. The pixel with place 1 is drawn first.
    n_samples : int

    Returns
    -------
    array (n_samples, D)
        Zeros and ones.
    """
    raise NotImplementedError("made: made_sample")

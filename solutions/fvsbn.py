"""FVSBN: a distribution of binary images in which every pixel is a logistic regression on the pixels before it.

The chain rule writes any distribution of x = (x_1, ..., x_D) as a product of conditionals,

    p(x) = prod_d p(x_d | x_<d),    x_<d = (x_1, ..., x_{d-1}),

but a table of p(x_d | x_<d) has 2^(d-1) rows. The fully visible sigmoid belief network replaces each table by a
logistic regression:

    l_d = b_d + sum_{j < d} W_dj x_j        the logit of pixel d
    p(x_d = 1 | x_<d) = sigmoid(l_d),       sigmoid(l) = 1 / (1 + exp(-l))

    W  (D, D)  weights; row d belongs to pixel d
    b  (D,)    biases
    x  (B, D)  B images of D pixels, each 0.0 or 1.0

W is stored as a full matrix, but only its entries strictly below the diagonal are parameters. On the diagonal and above
it there may be any numbers, and the checks put some there.

Source: Neal 1992; Frey, Hinton and Dayan 1996; the name is from Gan, Henao, Carlson and Carin 2015.

What is checked: values for several B and D, also with logits of several hundred; the gradients with respect to W and b,
which training needs; the frequencies of several thousand samples, and how many operations the sampler takes.

Write the functions from top to bottom. Each one is checked alone:

    npgen check fvsbn                   all functions
    npgen check fvsbn.fvsbn_logits      one function
    npgen hint fvsbn.fvsbn_logits       the next hint
"""

import autograd.numpy as np
import autograd.numpy.random as npr


def sigmoid(x):
    """1 / (1 + exp(-x)), of any shape, without overflow."""
    return 0.5 * (np.tanh(0.5 * x) + 1)


def fvsbn_logits(W, b, x):
    """The logits of all D conditionals, for every image at once.

        l_d = b_d + sum_{j < d} W_dj x_j

    The logit of a pixel depends neither on the pixel itself nor on those after it; that of the first, on no pixel at
    all. Training differentiates through this function, so do not assign into an array.

    Parameters
    ----------
    W : array (D, D)
        Only the entries strictly below the diagonal count.
    b : array (D,)
    x : array (B, D)
        Zeros and ones.

    Returns
    -------
    array (B, D)
        Logits, not probabilities.
    """
    # BEGIN SOLUTION
    return b + np.dot(x, np.tril(W, -1).T)
    # END SOLUTION


def fvsbn_log_likelihood(W, b, x):
    """log p(x) of every image, in nats.

        log p(x) = sum_d x_d log sigmoid(l_d) + (1 - x_d) log(1 - sigmoid(l_d))

    with the logits l of `fvsbn_logits`. A logit may be as large as 800 in absolute value: there sigmoid(l) is 0 or 1 in
    floating point, while its logarithm is an ordinary number. Training differentiates through this function, too.

    Parameters
    ----------
    W : array (D, D)
    b : array (D,)
    x : array (B, D)
        Zeros and ones.

    Returns
    -------
    array (B,)
        nats, one number per image, never positive.
    """
    # BEGIN SOLUTION
    logits = fvsbn_logits(W, b, x)
    return np.sum(x * logits - np.logaddexp(0, logits), axis=1)
    # END SOLUTION


def fvsbn_sample(W, b, n_samples):
    """Images drawn from p(x): ancestral sampling.

        x_1 ~ p(x_1),  x_2 ~ p(x_2 | x_1),  ...,  x_D ~ p(x_D | x_1, ..., x_{D-1})

    All images can be drawn side by side, but the pixels of an image only one after another. Draw with `npr`. One image
    takes O(D^2) operations in all, about as many as its log-likelihood; the check counts them. When your instructor
    marks your file (`npgen grade`), it is timed as well, on images of up to 3000 pixels.

    Parameters
    ----------
    W : array (D, D)
        Only the entries strictly below the diagonal count.
    b : array (D,)
    n_samples : int

    Returns
    -------
    array (n_samples, D)
        Zeros and ones.
    """
    # BEGIN SOLUTION
    x = np.zeros((n_samples, len(b)))
    for d in range(len(b)):
        logits = b[d] + np.dot(x[:, :d], W[d, :d])
        x[:, d] = npr.rand(n_samples) < sigmoid(logits)
    return x
    # END SOLUTION


def fvsbn_n_parameters(n_visible):
    """How many free parameters the model has, weights and biases together.

    Compare with the 2^D - 1 of a table of p(x).

    Parameters
    ----------
    n_visible : int
        D, at least 1.

    Returns
    -------
    int
    """
    # BEGIN SOLUTION
    return n_visible * (n_visible + 1) // 2
    # END SOLUTION

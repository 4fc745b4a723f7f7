"""Categorical NADE: pixels of K grey levels instead of two.

The chain rule writes the probability of an image x of D pixels, each of them one of 0, ..., K - 1, as a product of D
conditionals,

    p(x) = prod_d p(x_d | x_1, ..., x_{d-1}),        p(x_d = k | x_<d) = softmax(l_d)_k = exp(l_dk) / sum_j exp(l_dj),

and the K logits of each come from a hidden layer of H units that sees only the pixels before d:

    a_d = c + sum_{j<d} W_j e(x_j)     (H,)   the pre-activation
    h_d = sigmoid(a_d)                 (H,)   the hidden layer
    l_d = V_d h_d + b_d                (K,)   the logits

e(k) is the one-hot vector of k: K numbers, all of them 0 but number k, which is 1. A grey level is a name here, and no
quantity: level 6 is not twice level 3. A matrix times a one-hot vector is a column of the matrix, and we keep these
columns as the rows of W[d], so that

    W_d e(x_d) = W[d, x_d].

From a_d to a_{d+1} it takes one such row. An image costs O(D H) operations for the hidden layers and O(D K H) for the
softmaxes; computing each sum anew would cost O(D^2 H). Your functions are held to it: the operations that they take are
counted, at two values of D. When your instructor marks your file (`npgen grade`), they are timed as well, on images of
up to 16 000 pixels.

    W, V  (D, K, H)     c  (H,)        b  (D, K)      x  (B, D), integers from 0 to K - 1

Write the functions in the order of this file. They are checked one by one, for their values, for their gradients (the
first three) and for their cost (the last three):

    npgen check categorical_nade                     all of them
    npgen check categorical_nade.log_softmax         one of them
    npgen hint categorical_nade.log_softmax          a hint, then a clearer one

Use `np` and `npr` as they are imported here, so that autograd can differentiate what you write.

Source: Uria, Cote, Gregor, Murray and Larochelle, "Neural autoregressive distribution estimation", JMLR 2016, the part
on data that are not binary.
"""

import autograd.numpy as np
import autograd.numpy.random as npr

# --- given -----------------------------------------------------------------------------------------------------------


def sigmoid(x):
    """1 / (1 + exp(-x)), of any shape. No x makes it overflow."""
    return 0.5 * (np.tanh(0.5 * x) + 1)


# --- yours -----------------------------------------------------------------------------------------------------------


def log_softmax(logits):
    """The logarithms of the K probabilities that belong to K logits, along the last axis.

        log softmax(l)_k = l_k - log sum_j exp(l_j)

    exp(800) is infinite, and exp(-800) is 0, whose logarithm is not finite. The result is right for such logits, too:
    adding the same number to all K of them changes nothing, so you may choose which exponentials are taken.

    Parameters
    ----------
    logits : array (..., K)
        One, two or three axes. Real numbers of any size.

    Returns
    -------
    array (..., K)
        Numbers of at most 0. The exponentials of each K of them sum to 1.
    """
    # BEGIN SOLUTION
    shifted = logits - np.max(logits, axis=-1, keepdims=True)
    return shifted - np.log(np.sum(np.exp(shifted), axis=-1, keepdims=True))
    # END SOLUTION


def categorical_nade_logits(W, c, V, b, x):
    """The K logits of each of the D conditionals of each image.

        l_d = V_d sigmoid(c + sum_{j<d} W[j, x_j]) + b_d

    The sum for the first pixel is empty. Do not change an argument.

    Parameters
    ----------
    W, V : arrays (D, K, H)
        W[d, k] is what x_d = k adds to the pre-activation, V[d, k] the weights of level k in the conditional of x_d.
    c : array (H,)
    b : array (D, K)
    x : integer array (B, D), from 0 to K - 1

    Returns
    -------
    array (B, D, K)
        l_dk of image i in [i, d, k], in O(B D K H) operations.
    """
    # BEGIN SOLUTION
    n_images, n_pixels = x.shape
    a = np.tile(c, (n_images, 1))
    logits = []
    for d in range(n_pixels):
        logits.append(np.dot(sigmoid(a), V[d].T) + b[d])
        a = a + W[d, x[:, d]]
    return np.stack(logits, axis=1)
    # END SOLUTION


def categorical_nade_log_likelihood(W, c, V, b, x):
    """The log-probability of each image, in nats.

        log p(x) = sum_d log softmax(l_d)_{x_d}

    The value is right at logits of -1000 and 1000 as well.

    Parameters
    ----------
    W, c, V, b, x : as in `categorical_nade_logits`

    Returns
    -------
    array (B,)
        One number for each image, at most 0, in O(B D K H) operations.
    """
    # BEGIN SOLUTION
    log_probs = log_softmax(categorical_nade_logits(W, c, V, b, x))
    one_hot = x[:, :, None] == np.arange(b.shape[1])
    return np.sum(np.where(one_hot, log_probs, 0.0), axis=(1, 2))
    # END SOLUTION


def categorical_nade_sample(W, c, V, b, n_samples):
    """Images drawn from the model, pixel after pixel.

    x_1 is drawn from p(x_1), x_2 from p(x_2 | x_1), and so on; each pixel of each image is a draw of its own. Two calls
    give different images.

    Parameters
    ----------
    W, c, V, b : as in `categorical_nade_logits`
    n_samples : int

    Returns
    -------
    array (n_samples, D)
        Integers from 0 to K - 1, in O(n_samples D K H) operations.
    """
    # BEGIN SOLUTION
    a = np.tile(c, (n_samples, 1))
    pixels = []
    for d in range(len(b)):
        probs = np.exp(log_softmax(np.dot(sigmoid(a), V[d].T) + b[d]))
        below = np.cumsum(probs, axis=1)[:, :-1]  # (n_samples, K - 1): where one level ends and the next begins
        pixels.append(np.sum(npr.rand(n_samples, 1) > below, axis=1))
        a = a + W[d, pixels[d]]
    return np.stack(pixels, axis=1)
    # END SOLUTION

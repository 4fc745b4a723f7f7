"""RNADE: NADE for real numbers.

The chain rule writes the density of a vector x of D real numbers as a product of D one-dimensional densities,

    p(x) = prod_d p(x_d | x_1, ..., x_{d-1}),

and a one-dimensional density can be anything that a mixture of K Gaussians comes near to. Here all K have the same
weight:

    p(x_d | x_<d) = (1 / K) sum_k N(x_d; mu_dk, sigma_dk^2)

    N(x; mu, sigma^2) = exp(-(x - mu)^2 / (2 sigma^2)) / (sigma sqrt(2 pi))

The means and the standard deviations come from a hidden layer of H units that sees only the variables before d:

    a_d = c + sum_{j<d} x_j W_j        (H,)   the pre-activation
    h_d = sigmoid(rho_d a_d)           (H,)   the hidden layer
    o_d = h_d V_d + b_d                (2K,)  K means, and then K log standard deviations

W_j is row j of W, and V_d = V[d] is a matrix (H, 2K). The more terms a_d has, the larger it is; the number rho_d brings
each hidden layer to a scale of its own. As in NADE, going from a_d to a_{d+1} adds a single term, so that x costs
O(D H K) operations and not O(D^2 H). Your functions are held to it: the operations that they take are counted, at two
values of D. When your instructor marks your file (`npgen grade`), they are timed as well, on vectors of up to 16 000
variables.

    W  (D, H)     c  (H,)     rho  (D,)     V  (D, H, 2K)     b  (D, 2K)     x  (B, D), real numbers

A density may be larger than 1, and its logarithm larger than 0. Far from all means it is so small that the computer
takes it for 0; its logarithm is an ordinary number all the same, and it is this logarithm that you compute.

Write the functions in the order of this file. They are checked one by one, for their values, for their gradients (the
first three) and for their cost (the two in the middle):

    npgen check rnade                          all of them
    npgen check rnade.mixture_log_density      one of them
    npgen hint rnade.mixture_log_density       a hint, then a clearer one

Use `np` and `npr` as they are imported here, so that autograd can differentiate what you write.

Source: Uria, Murray and Larochelle, "RNADE: the real-valued neural autoregressive density-estimator", NIPS 2013. There
the weights of the mixtures are computed from the hidden layers, too.
"""

import autograd.numpy as np
import autograd.numpy.random as npr

# --- given -----------------------------------------------------------------------------------------------------------


def sigmoid(x):
    """1 / (1 + exp(-x)), of any shape. No x makes it overflow."""
    return 0.5 * (np.tanh(0.5 * x) + 1)


# --- yours -----------------------------------------------------------------------------------------------------------


def mixture_log_density(x, means, log_stds):
    """The log-density of B numbers, each under a mixture of K Gaussians of its own, all with weight 1 / K.

        log p(x) = log (1 / K) sum_k exp(t_k),     t_k = -(x - mu_k)^2 / (2 sigma_k^2) - log sigma_k - log(2 pi) / 2

    The value is right a thousand standard deviations from all means as well, where every exp(t_k) is 0 to machine
    precision, and for log sigma from -30 to 30.

    Parameters
    ----------
    x : array (B,)
    means : array (B, K)
    log_stds : array (B, K)
        log sigma: logarithms of standard deviations, not of variances.

    Returns
    -------
    array (B,)
        nats.
    """
    raise NotImplementedError("rnade: mixture_log_density")


def rnade_conditionals(W, c, rho, V, b, x):
    """The K means and the K log standard deviations of each of the D conditionals of each x.

        o_d = sigmoid(rho_d (c + sum_{j<d} x_j W_j)) V_d + b_d

    The sum for the first variable is empty. Do not change an argument.

    Parameters
    ----------
    W : array (D, H)
    c : array (H,)
    rho : array (D,)
    V : array (D, H, 2K)
    b : array (D, 2K)
    x : array (B, D)

    Returns
    -------
    array (B, D, 2K)
        o_d of example i in [i, d], in O(B D H K) operations.
    """
    raise NotImplementedError("rnade: rnade_conditionals")


def rnade_log_likelihood(W, c, rho, V, b, x):
    """The log-density of each x, in nats: log p(x) = sum_d log p(x_d | x_<d).

    Parameters
    ----------
    W, c, rho, V, b, x : as in `rnade_conditionals`

    Returns
    -------
    array (B,)
        One number for each example, in O(B D H K) operations.
    """
    raise NotImplementedError("rnade: rnade_log_likelihood")


def mixture_sample(means, log_stds):
    """One number from each of B mixtures of K Gaussians, all with weight 1 / K.

    First one of the K components is drawn, then a number from that Gaussian. Each of the B numbers takes draws of its
    own, and two calls give different numbers.

    Parameters
    ----------
    means, log_stds : arrays (B, K), means and log sigma (of the standard deviations)

    Returns
    -------
    array (B,)
    """
    raise NotImplementedError("rnade: mixture_sample")

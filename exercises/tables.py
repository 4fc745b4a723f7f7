"""Tables and histograms: the first generative models, for data of a few columns.

A distribution of two discrete variables is a table. From N examples (x_n, y_n) it is estimated by relative frequencies,

    p(x, y) = #{n: x_n = x and y_n = y} / N,

and everything else follows from it: marginals by sums, p(x) = sum_y p(x, y), and conditionals by division,
p(y | x) = p(x, y) / p(x). More columns are generated one after another, by the chain rule:

    p(x_0, ..., x_{K-1}) = p(x_0) p(x_1 | x_0) p(x_2 | x_0, x_1) ... p(x_{K-1} | x_0, ..., x_{K-2}).

Relative frequencies give probability zero to whatever was not observed. Laplace smoothing adds alpha > 0 to each
*count*, as if every value had been seen alpha times more often.

A real number, such as a length, needs a density: a histogram, or a Gaussian for each class.

The data: the 14 days of Quinlan 1986 (did they play tennis?), and the sepal lengths of the 150 irises of Fisher 1936.

What is checked: values on small tables of several shapes, some with values that never occur; the frequencies of several
hundred samples; densities on and outside the edges of the bins, and far from the mean of a class.

Write the functions from top to bottom. Each one is checked alone:

    npgen check tables                  all functions
    npgen check tables.joint_table      one function
    npgen hint tables.joint_table       the next hint

Run this file to see the tables of both data sets, once its functions are written.
"""

import autograd.numpy as np
import autograd.numpy.random as npr

# One row a day. A value is the position of its word in TENNIS_VALUES: the first day is (no, sunny, high, weak, hot).
TENNIS_COLUMNS = ("tennis", "outlook", "humidity", "wind", "temperature")
TENNIS_VALUES = (
    ("no", "yes"),
    ("sunny", "overcast", "rain"),
    ("high", "normal"),
    ("weak", "strong"),
    ("hot", "mild", "cool"),
)
TENNIS_SIZES = (2, 3, 2, 2, 3)
TENNIS = np.array(
    [
        [0, 0, 0, 0, 0],
        [0, 0, 0, 1, 0],
        [1, 1, 0, 0, 0],
        [1, 2, 0, 0, 1],
        [1, 2, 1, 0, 2],
        [0, 2, 1, 1, 2],
        [1, 1, 1, 1, 2],
        [0, 0, 0, 0, 1],
        [1, 0, 1, 0, 2],
        [1, 2, 1, 0, 1],
        [1, 0, 1, 1, 1],
        [1, 1, 0, 1, 1],
        [1, 1, 1, 0, 0],
        [0, 2, 0, 1, 1],
    ]
)

# Sepal length in cm; 50 flowers of each species.
IRIS_SPECIES = ("setosa", "versicolor", "virginica")
IRIS_LABELS = np.repeat(np.arange(3), 50)
# fmt: off
IRIS_SEPAL_LENGTH = np.array([
    5.1, 4.9, 4.7, 4.6, 5.0, 5.4, 4.6, 5.0, 4.4, 4.9, 5.4, 4.8, 4.8, 4.3, 5.8, 5.7, 5.4, 5.1, 5.7, 5.1,
    5.4, 5.1, 4.6, 5.1, 4.8, 5.0, 5.0, 5.2, 5.2, 4.7, 4.8, 5.4, 5.2, 5.5, 4.9, 5.0, 5.5, 4.9, 4.4, 5.1,
    5.0, 4.5, 4.4, 5.0, 5.1, 4.8, 5.1, 4.6, 5.3, 5.0, 7.0, 6.4, 6.9, 5.5, 6.5, 5.7, 6.3, 4.9, 6.6, 5.2,
    5.0, 5.9, 6.0, 6.1, 5.6, 6.7, 5.6, 5.8, 6.2, 5.6, 5.9, 6.1, 6.3, 6.1, 6.4, 6.6, 6.8, 6.7, 6.0, 5.7,
    5.5, 5.5, 5.8, 6.0, 5.4, 6.0, 6.7, 6.3, 5.6, 5.5, 5.5, 6.1, 5.8, 5.0, 5.6, 5.7, 5.7, 6.2, 5.1, 5.7,
    6.3, 5.8, 7.1, 6.3, 6.5, 7.6, 4.9, 7.3, 6.7, 7.2, 6.5, 6.4, 6.8, 5.7, 5.8, 6.4, 6.5, 7.7, 7.7, 6.0,
    6.9, 5.6, 7.7, 6.3, 6.7, 7.2, 6.2, 6.1, 6.4, 7.2, 7.4, 7.9, 6.4, 6.3, 6.1, 7.7, 6.3, 6.4, 6.0, 6.9,
    6.7, 6.9, 5.8, 6.8, 6.7, 6.7, 6.3, 6.5, 6.2, 5.9,
])
# fmt: on


def joint_table(x, y, n_x, n_y, alpha=0.0):
    """The table p(x, y) of two discrete variables, from examples.

        p(x, y) = (#{n: x_n = x and y_n = y} + alpha) / Z

    where Z makes the entries of the whole table sum to one. With alpha = 0 these are the relative frequencies.

    Parameters
    ----------
    x : integer array (N,)
        In 0..n_x-1. Not every value has to occur.
    y : integer array (N,)
        In 0..n_y-1.
    n_x, n_y : int
    alpha : float
        What is added to each count; at least 0.

    Returns
    -------
    array (n_x, n_y)
        Row x, column y.
    """
    raise NotImplementedError("tables: joint_table")


def marginal_tables(joint):
    """The tables of each variable alone.

        p(x) = sum_y p(x, y),    p(y) = sum_x p(x, y)

    Parameters
    ----------
    joint : array (n_x, n_y)
        p(x, y); sums to one.

    Returns
    -------
    p_x : array (n_x,)
    p_y : array (n_y,)
    """
    raise NotImplementedError("tables: marginal_tables")


def conditional_table(joint):
    """The table p(y | x): for each x, a distribution of y.

        p(y | x) = p(x, y) / p(x)

    Where p(x) = 0 the formula is 0 / 0. By convention such an x gets the uniform distribution, 1 / n_y for every y.

    Parameters
    ----------
    joint : array (n_x, n_y)
        p(x, y); sums to one.

    Returns
    -------
    array (n_x, n_y)
        Row x is p(y | x); each row sums to one.
    """
    raise NotImplementedError("tables: conditional_table")


def chain_rule_conditional(data, sizes, prefix, alpha=0.0):
    """p(next column | the columns before it): one factor of the chain rule, given their values.

    Of the rows of `data` that begin with `prefix`, the values of the first k columns, count how often the next one has
    each value v. Columns are counted from 0, as in Python, so that it is column k:

        p(x_k = v | prefix) = (#{rows that begin with prefix, then v} + alpha) / Z

    where Z makes the sizes[k] probabilities sum to one. With k = 0 it is p(x_0). If no row begins with the
    prefix and alpha = 0, then the answer is, by convention, the uniform distribution.

    Parameters
    ----------
    data : integer array (N, K)
        Column k has values in 0..sizes[k]-1.
    sizes : tuple of K ints
    prefix : integer array (k,)
        Values of the first k columns, 0 <= k < K.
    alpha : float
        What is added to each count; at least 0.

    Returns
    -------
    array (sizes[k],)
        The distribution of column k; sums to one.
    """
    raise NotImplementedError("tables: chain_rule_conditional")


def chain_rule_sample(data, sizes, n_samples, alpha=0.0):
    """New rows, drawn one column after another by the chain rule.

        x_0 ~ p(x_0),  x_1 ~ p(x_1 | x_0),  ...,  x_{K-1} ~ p(x_{K-1} | x_0, ..., x_{K-2})

    with the factors of `chain_rule_conditional`. With alpha = 0 only rows of `data` come out, as often as they occur in
    it; with alpha > 0 new rows appear, too. Draw with `npr`.

    Parameters
    ----------
    data : integer array (N, K)
    sizes : tuple of K ints
    n_samples : int
    alpha : float

    Returns
    -------
    integer array (n_samples, K)
    """
    raise NotImplementedError("tables: chain_rule_sample")


def histogram_density(values, edges):
    """A density that is constant on each bin.

    Bin k reaches from edges[k] to edges[k + 1]. It contains its left edge, and not its right one; only the last bin
    contains both. Of the n values that lie in some bin, n_k lie in bin k, and

        heights_k = n_k / (n width_k)

    so that the density integrates to one. Values outside all bins are ignored.

    Parameters
    ----------
    values : array (N,)
        At least one of them lies in a bin.
    edges : array (M + 1,)
        Increasing; the bins need not be equally wide.

    Returns
    -------
    array (M,)
        The height of each bin, in one over the unit of the values.
    """
    raise NotImplementedError("tables: histogram_density")


def class_gaussians(values, labels, n_classes):
    """Mean and standard deviation of the values of each class: the Gaussians that fit them best.

        mean_c = 1/N_c sum_{n: label_n = c} v_n
        std_c^2 = 1/N_c sum_{n: label_n = c} (v_n - mean_c)^2

    with N_c the number of examples of class c. This is the maximum of the likelihood.

    Parameters
    ----------
    values : array (N,)
    labels : integer array (N,)
        In 0..n_classes-1; every class occurs.
    n_classes : int

    Returns
    -------
    means, stds : arrays (n_classes,)
        In the unit of the values.
    """
    raise NotImplementedError("tables: class_gaussians")


def gaussian_log_density(x, means, stds):
    """log N(x; mean_c, std_c^2) of each x under the Gaussian of each class.

        log N(x; m, s^2) = -(x - m)^2 / (2 s^2) - log s - log(2 pi) / 2

    An x may lie 60 standard deviations away from a mean, where the density itself is zero in floating point.

    Parameters
    ----------
    x : array (B,)
    means : array (C,)
    stds : array (C,)
        Positive.

    Returns
    -------
    array (B, C)
        Row of an x, column of a class.
    """
    raise NotImplementedError("tables: gaussian_log_density")


if __name__ == "__main__":
    np.set_printoptions(precision=3, suppress=True)

    outlook, tennis = TENNIS[:, 1], TENNIS[:, 0]
    for alpha in (0, 1):
        joint = joint_table(outlook, tennis, 3, 2, alpha)
        p_outlook, p_tennis = marginal_tables(joint)
        print(f"\nalpha = {alpha}. p(outlook) {p_outlook}, p(tennis) {p_tennis}")
        print("p(tennis | outlook), a row for each of", *TENNIS_VALUES[1])
        print(conditional_table(joint))
        print("three sampled days:")
        for day in chain_rule_sample(TENNIS, TENNIS_SIZES, 3, alpha):
            print("   ", *(f"{name}: {TENNIS_VALUES[k][day[k]]}" for k, name in enumerate(TENNIS_COLUMNS)))

    print("\nsepal length, heights of 9 bins from 4.3 to 7.9 cm:")
    print(histogram_density(IRIS_SEPAL_LENGTH, np.linspace(4.3, 7.9, 10)))
    means, stds = class_gaussians(IRIS_SEPAL_LENGTH, IRIS_LABELS, 3)
    for name, mean, std in zip(IRIS_SPECIES, means, stds, strict=True):
        print(f"{name}: {mean:.3f} +- {std:.3f} cm")
    print("log density of 5.8 cm in each species:", gaussian_log_density(np.array([5.8]), means, stds)[0])

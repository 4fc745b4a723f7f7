"""Tables, histograms and a Gaussian for each class: distributions estimated by counting.

**Tables.** Of D discrete variables, x_d in 0..K_d - 1, by relative frequencies, with alpha >= 0 added to each count
(Laplace smoothing):

    p(x)      = (#{x} + alpha) / (n + alpha K_1 ... K_D)              `joint_table`, of shape (K_1, ..., K_D)
    p(x_A)    = sum over all other variables of p(x)                  `marginal`
    p(x_B | x_A) = p(x_A, x_B) / p(x_A)                               `conditional`

**Factorisation.** By the chain rule any order of the variables gives the same p(x), one conditional table for each
variable; to leave variables out of a condition is to claim that they are independent, and takes fewer parameters:

    p(x) = prod_d p(x_d | x_pa(d)),   p(x_d = k | x_pa(d)) = (#{x_pa(d), k} + alpha) / (#{x_pa(d)} + alpha K_d)

`params` is the list of the D tables of log p(x_d | x_pa(d)). Each has D axes: axis j has length K_j if j is d or one of
its parents pa(d), and length 1 if x_d does not depend on x_j. So the graph lives in the shapes, the log of the joint
table is the sum of the D log-tables as they broadcast, and nothing else has to be remembered.

**Densities** of a real number v: a histogram with edges e_0 < ... < e_M,

    p(v) = #{bin of v} / (n (e_{m+1} - e_m)),   bin m = [e_m, e_{m+1}), the last one [e_{M-1}, e_M],

with n examples between e_0 and e_M, and a Gaussian for each class y, from which Bayes' rule gives the class:

    p(v | y) = N(v; mean_y, std_y^2),   p(y | v) = p(y) p(v | y) / sum_y' p(y') p(v | y').

Where a condition never occurs and alpha = 0, p(x_d | condition) is 0 / 0. It is stored as NaN, and refused, by name, by
whoever asks for it; with alpha > 0 it is uniform. Source: textbook material (Koller and Friedman 2009, chapters 3 and
17; not checked). Departures: none; the smoothing of a joint table and that of its conditionals are different priors, so
with alpha > 0 they do not give quite the same p(x).
"""

import math
from graphlib import CycleError, TopologicalSorter

import numpy as np

from npgen.distributions import categorical_sample, gaussian_log_prob, logsumexp
from npgen.errors import InputError, require_positive
from npgen.examples import as_categories, as_order, as_real

MAX_CELLS = 2**26  # of one table: 512 MB
MAX_AXES = 32  # of an array, in every NumPy

# --- one table of everything -----------------------------------------------------------------------------------------


def joint_table(x, n_categories, smoothing=0.0):
    """p(x) = (#{x} + alpha) / (n + alpha K_1 ... K_D), an array of shape `n_categories`, float64.

    Parameters
    ----------
    x : integer array (n, D)
        Column d in 0..n_categories[d] - 1.
    n_categories : sequence of D ints
    smoothing : float
        alpha, added to each count.
    """
    x = _as_categories(x, n_categories)
    smoothed = _smoothed_counts(x, n_categories, range(len(n_categories)), smoothing)
    return smoothed / smoothed.sum()


def marginal(joint, *kept):
    """p(x_kept) = sum over the other variables of p(x): a table with one axis for each of `kept`, in that order."""
    _require_variables(joint, kept)
    summed = joint.sum(axis=tuple(d for d in range(joint.ndim) if d not in kept))
    return np.transpose(summed, np.argsort(np.argsort(kept)))


def conditional(joint, *given):
    """p(x_others | x_given) = p(x) / p(x_given), of the shape of `joint`: sums to 1 over the axes that are not given.

    Raises
    ------
    InputError
        If a condition has probability 0; says which. If what is given are no variables.
    """
    _require_variables(joint, given)
    others = tuple(d for d in range(joint.ndim) if d not in given)
    p_given = joint.sum(axis=others, keepdims=True)
    if (p_given == 0).any():
        raise _empty_condition(dict.fromkeys(given), np.argwhere(p_given == 0)[0])
    return joint / p_given


def _require_variables(joint, variables):
    if len(set(variables)) < len(variables) or not set(variables) <= set(range(joint.ndim)):
        raise InputError(f"expected variables of 0..{joint.ndim - 1}, each once; found {variables}")


def _smoothed_counts(x, n_categories, kept, smoothing):
    """How often each value of the variables `kept` occurs in x, plus alpha: D axes, of length 1 for the others."""
    if not 0 <= smoothing < math.inf:
        raise InputError(f"smoothing: expected a number of at least 0, added to each count; found {smoothing!r}")
    if len(x) == 0 and smoothing == 0:
        raise InputError("no examples to count: give some, or smoothing > 0 for uniform tables")
    if len(n_categories) > MAX_AXES:
        raise InputError(f"expected at most {MAX_AXES} variables, one axis of a table each; found {len(n_categories)}")
    sizes = [n_categories[d] for d in kept]
    _require_small(sizes)
    cells = np.ravel_multi_index(tuple(x[:, d] for d in kept), sizes)
    shape = [size if d in kept else 1 for d, size in enumerate(n_categories)]
    return np.bincount(cells, minlength=math.prod(sizes)).reshape(shape) + float(smoothing)


def _require_small(sizes):
    """Raise InputError rather than fill the memory: the cells of a table grow exponentially with its variables."""
    if math.prod(sizes) > MAX_CELLS:
        raise InputError(
            f"a table of {len(sizes)} variables would have {math.prod(sizes):.2g} cells; expected at most "
            f"{MAX_CELLS:.2g}. Take fewer variables, or fewer parents for each"
        )


def _as_categories(x, n_categories):
    """x (n, D) as integers, after a check that column d is in 0..K_d - 1."""
    require_positive(**{f"n_categories[{d}]": size for d, size in enumerate(n_categories)})
    return as_categories(x, len(n_categories), n_categories)


def _empty_condition(given, values):
    """The error for a condition that never occurs; `given` are variables and `values` has one entry for every one."""
    condition = ", ".join(f"x_{d} = {values[d]}" for d in given)
    return InputError(
        f"nothing is known where {condition} (variables and values counted from 0): no example has it. "
        "With smoothing > 0 it is uniform"
    )


# --- factors ---------------------------------------------------------------------------------------------------------


def chain(order):
    """The parents of each variable, {d: (j, ...)}, by the chain rule: all those before it in `order`."""
    order = as_order(order, len(order)).tolist()
    return {d: tuple(order[:position]) for position, d in enumerate(order)}


def fit(x, n_categories, parents=None, smoothing=0.0):
    """The tables log p(x_d | x_pa(d)), a list of D arrays with D axes each (see above), float64.

    Parameters
    ----------
    x : integer array (n, D)
        Column d in 0..n_categories[d] - 1.
    n_categories : sequence of D ints
    parents : {d: sequence of variables}, optional
        pa(d); variables that are not named have none. By default the chain rule, `chain(range(D))`.
    smoothing : float
        alpha, added to each count.

    Raises
    ------
    InputError
        If a value of x is no category, or the parents are no variables, or depend on one another in a circle.
    """
    x, D = _as_categories(x, n_categories), len(n_categories)
    parents = chain(range(D)) if parents is None else _require_graph(parents, D)
    return [_log_conditional(x, n_categories, d, parents.get(d, ()), smoothing) for d in range(D)]


def _log_conditional(x, n_categories, d, parents, smoothing):
    """log p(x_d | x_pa(d)); -inf where 0 of some examples, NaN where 0 of 0."""
    smoothed = _smoothed_counts(x, n_categories, sorted({d, *parents}), smoothing)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log(smoothed) - np.log(smoothed.sum(axis=d, keepdims=True))


def _require_graph(parents, n_visible):
    for d, of_d in parents.items():
        if d in of_d or len(set(of_d)) < len(of_d) or not {d, *of_d} <= set(range(n_visible)):
            raise InputError(
                f"parents[{d}]: expected variables of 0..{n_visible - 1}, each once, not {d}; found {of_d}"
            )
    try:
        TopologicalSorter(parents).prepare()
    except CycleError as error:
        circle = " -> ".join(map(str, error.args[1]))  # from parent to child
        raise InputError(f"parents: expected no variable to depend on itself; found the circle {circle}") from error
    return parents


def parents_of(params, d):
    """pa(d), read off the shape of its table."""
    return tuple(j for j, size in enumerate(params[d].shape) if size > 1 and j != d)


def n_parameters(params):
    """The number of free parameters: for each condition of each variable K_d - 1, as probabilities sum to 1."""
    return sum(table.size // table.shape[d] * (table.shape[d] - 1) for d, table in enumerate(params))


def log_prob(params, x):
    """log p(x) = sum_d log p(x_d | x_pa(d)), in nats, (n,); -inf for what the tables exclude.

    Parameters
    ----------
    params : list of arrays
        From `fit`.
    x : integer array (n, D)

    Raises
    ------
    InputError
        If a value is no category, or p(x_d | x_pa(d)) is asked for a condition that never occurred; says which.
    """
    x = _as_categories(x, [table.shape[d] for d, table in enumerate(params)])
    terms = np.stack([_look_up(table, x) for table in params], axis=1)  # (n, D)
    excluded = np.any(terms == -np.inf, axis=1)  # a factor of 0: whatever the others are, p(x) = 0
    unknown = np.argwhere(np.isnan(terms) & ~excluded[:, None])
    if len(unknown):
        row, d = unknown[0]
        raise _empty_condition(parents_of(params, d), x[row])
    return np.where(excluded, -np.inf, terms.sum(axis=1))


def _look_up(table, x):
    """The entries of a table at the rows of x, (n,): on the axes of length 1 every x is at 0."""
    return table[tuple(np.where(size == 1, 0, x[:, j]) for j, size in enumerate(table.shape))]


def log_joint(params):
    """log p(x) of every x, of shape (K_1, ..., K_D); NaN where p(x) is not known."""
    _require_small([table.shape[d] for d, table in enumerate(params)])
    excluded = np.any(np.broadcast_arrays(*(table == -np.inf for table in params)), axis=0)
    return np.where(excluded, -np.inf, sum(params[1:], params[0]))


def sample(params, rng, n_samples):
    """x ~ p(x), (n_samples, D), int64: each variable after its parents.

    Raises
    ------
    InputError
        If a condition that never occurred in the examples comes up; says which.
    """
    require_positive(n_samples=n_samples)
    x = np.zeros((n_samples, len(params)), np.int64)
    for d in TopologicalSorter({d: parents_of(params, d) for d in range(len(params))}).static_order():
        table = np.moveaxis(params[d], d, -1)  # a row for each condition
        condition = (x[:, j] if j in parents_of(params, d) else 0 * x[:, j] for j in range(len(params)) if j != d)
        rows = np.broadcast_to(table[tuple(condition)], (n_samples, table.shape[-1]))  # of one variable, it is the only
        unknown = np.flatnonzero(np.isnan(rows).any(axis=1))
        if len(unknown):
            raise _empty_condition(parents_of(params, d), x[unknown[0]])
        x[:, d] = categorical_sample(rng, rows)
    return x


def _as_values(values):
    """The real numbers (n,) in float64, after a check."""
    if np.ndim(values) != 1:
        raise InputError(f"expected an array of numbers, of shape (n,); found shape {np.shape(values)}")
    return as_real(np.reshape(values, (-1, 1)), 1, np.float64)[:, 0]


# --- histograms ------------------------------------------------------------------------------------------------------


def bin_of(values, edges):
    """The bin of each value, (n,): m with e_m <= v < e_{m+1}, and M - 1 for v = e_M; -1 for values outside.

    Where data lie on edges, as the sepal lengths of Iris do, the edges have to be the same numbers as the data: round
    those of `np.linspace` to the decimals of the data.
    """
    edges = np.asarray(edges, np.float64)
    if edges.ndim != 1 or len(edges) < 2 or not (np.isfinite(edges).all() and (np.diff(edges) > 0).all()):
        raise InputError(f"edges: expected at least two finite numbers, rising; found {edges}")
    values = _as_values(values)
    bins = np.searchsorted(edges, values, side="right") - 1
    bins[values == edges[-1]] = len(edges) - 2  # the last bin is closed
    return np.where(bins == len(edges) - 1, -1, bins)


def fit_histogram(values, edges):
    """The density of a real number by counting: {"edges" (M+1,), "log_density" (M,)}; values outside do not count."""
    bins = bin_of(values, edges)
    counts = np.bincount(bins[bins >= 0], minlength=len(edges) - 1)
    if counts.sum() == 0:
        raise InputError(
            f"expected values between the edges {edges[0]} and {edges[-1]}; found none of {len(bins)} there"
        )
    edges = np.array(edges, np.float64)
    with np.errstate(divide="ignore"):  # log 0 = -inf in an empty bin
        return {"edges": edges, "log_density": np.log(counts) - np.log(counts.sum() * np.diff(edges))}


def histogram_log_prob(params, values):
    """log p(v), in nats, (n,): that of the bin of v, -inf in an empty bin and outside."""
    bins = bin_of(values, params["edges"])
    return np.where(bins >= 0, params["log_density"][bins], -np.inf)


def sample_histogram(params, rng, n_samples):
    """v ~ p(v), (n_samples,): a bin, then a number in it."""
    require_positive(n_samples=n_samples)
    low, widths = params["edges"][:-1], np.diff(params["edges"])
    bins = categorical_sample(rng, np.tile(params["log_density"] + np.log(widths), (n_samples, 1)))
    return low[bins] + widths[bins] * rng.random(n_samples)


# --- a Gaussian for each class ---------------------------------------------------------------------------------------


def fit_classes(values, labels, n_classes):
    """log p(y), and the mean and log standard deviation (divisor n_y) of each class: a dict of arrays (C,).

    Parameters
    ----------
    values : array (n,)
    labels : integer array (n,)
        In 0..n_classes - 1.
    n_classes : int
        C.

    Raises
    ------
    InputError
        If a class has no examples, or all its values are the same; says which.
    """
    require_positive(n_classes=n_classes)
    values = _as_values(values)
    labels = _as_categories(np.reshape(labels, (-1, 1)), (n_classes,))[:, 0]
    if len(labels) != len(values):
        raise InputError(f"expected a label for each value; found {len(labels)} labels and {len(values)} values")
    of_class = [values[labels == y] for y in range(n_classes)]
    for y, members in enumerate(of_class):
        if len(members) == 0 or np.ptp(members) == 0:
            found = f"{len(members)} values, all the same" if len(members) else "none"
            raise InputError(f"class {y}: expected at least two different values; found {found}")
    return {
        "log_prior": np.log([len(members) / len(values) for members in of_class]),
        "mean": np.array([members.mean() for members in of_class]),
        "log_std": np.log([members.std() for members in of_class]),
    }


def class_log_prob(params, values):
    """log p(v | y), in nats, (n, C)."""
    values = _as_values(values)
    shape = (len(values), len(params["mean"]), 1)
    v = np.broadcast_to(values[:, None, None], shape)
    mean, log_std = (np.broadcast_to(params[key][:, None], shape) for key in ("mean", "log_std"))
    return gaussian_log_prob(v, mean, log_std)


def class_posterior(params, values):
    """p(y | v), (n, C), by Bayes' rule; rows sum to 1."""
    log_joint = params["log_prior"] + class_log_prob(params, values)
    return np.exp(log_joint - logsumexp(log_joint, axis=1, keepdims=True))

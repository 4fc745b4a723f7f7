"""How the exercise on tables, histograms and the chain rule is marked."""

import itertools

import autograd.numpy.random as npr
import numpy as np

from npgen.distributions import gaussian_log_prob
from npgen.grading import statistics
from npgen.grading.judging import (
    ANY_VALUE,
    Case,
    Check,
    Finding,
    Mistake,
    answer_problem,
    compare,
    deterministic,
    value_call,
)
from npgen.grading.language import N_, Message

# --- references ------------------------------------------------------------------------------------------------------


def joint_table(x, y, n_x, n_y, alpha=0.0):
    """Counts of the pairs as numbers x n_y + y."""
    counts = np.bincount(x * n_y + y, minlength=n_x * n_y).reshape(n_x, n_y)
    return (counts + alpha) / (len(x) + alpha * n_x * n_y)


def marginal_tables(joint):
    """By matrix products with ones."""
    return joint @ np.ones(joint.shape[1]), np.ones(joint.shape[0]) @ joint


def conditional_table(joint):
    """Row by row."""
    return np.array([row / row.sum() if row.sum() > 0 else np.full(len(row), 1 / len(row)) for row in joint])


def chain_rule_conditional(data, sizes, prefix, alpha=0.0):
    """Counts in plain Python."""
    k = len(prefix)
    seen = [row[k] for row in data.tolist() if row[:k] == list(prefix)]
    if not seen and alpha == 0:
        return np.full(sizes[k], 1 / sizes[k])
    return np.array([(seen.count(value) + alpha) / (len(seen) + alpha * sizes[k]) for value in range(sizes[k])])


def _all_rows(sizes):
    return np.array(list(itertools.product(*map(range, sizes))))


def _chain_rule_probs(data, sizes, alpha):
    """The probability of each of the rows of `_all_rows`."""

    def prob(row):
        return np.prod([chain_rule_conditional(data, sizes, row[:k], alpha)[row[k]] for k in range(len(sizes))])

    return np.array([prob(row) for row in _all_rows(sizes).tolist()])


def chain_rule_sample(data, sizes, n_samples, alpha=0.0):
    """Draws from the joint distribution, of which every row is enumerated."""
    probs = _chain_rule_probs(data, sizes, alpha)
    return _all_rows(sizes)[npr.choice(len(probs), size=n_samples, p=probs)]


def histogram_density(values, edges):
    """np.histogram has the same bins."""
    return np.histogram(values, edges, density=True)[0]


def class_gaussians(values, labels, n_classes):
    """From the sums of v and (v - mean)^2 over each class."""
    counts = np.bincount(labels, minlength=n_classes)
    means = np.bincount(labels, values, n_classes) / counts
    return means, np.sqrt(np.bincount(labels, (values - means[labels]) ** 2, n_classes) / counts)


def gaussian_log_density(x, means, stds):
    """The Gaussian density of npgen, of one variable."""
    x, means, log_stds = np.broadcast_arrays(x[:, None], means, np.log(stds))
    return gaussian_log_prob(x[..., None], means[..., None], log_stds[..., None])


# --- questions -------------------------------------------------------------------------------------------------------


def _joint_cases(rng):
    cases = []
    sizes = ((1, 2, 2, None), (6, 2, 2, None), (8, 2, 3, None), (9, 3, 2, 1.0), (4, 4, 2, 0.5), (14, 3, 4, 2.0))
    for n, n_x, n_y, alpha in sizes:
        x, y = rng.integers(n_x, size=n), rng.integers(n_y, size=n)
        if n == 6:
            x, y = np.array([0, 0, 0, 1, 1, 0]), rng.permutation(2)[[0, 0, 1, 1, 1, 0]]  # pairs occur more than once
        if n == 8:
            x, y = rng.permutation([0, 0, 0, 0, 1, 1, 1, 1]), rng.integers(2, size=n)  # the last y does not occur
        if n == 4:
            x = rng.integers(3, size=n)  # the last x does not occur
        text = N_("N = {N}, n_x = {n_x}, n_y = {n_y}")
        values = {"N": n, "n_x": n_x, "n_y": n_y}
        if alpha is not None:
            text, values["alpha"] = N_("N = {N}, n_x = {n_x}, n_y = {n_y}, alpha = {alpha}"), alpha
        cases.append(Case([x, y, n_x, n_y, *([] if alpha is None else [alpha])], Message(text, **values)))
    return cases


def _table_label(joint):
    return Message(N_("a table of shape {shape}"), shape=str(joint.shape))


def _marginal_cases(rng):
    tables = [rng.dirichlet(np.ones(n_x * n_y)).reshape(n_x, n_y) for n_x, n_y in ((2, 2), (2, 3), (4, 2), (1, 3))]
    return [Case([table], _table_label(table)) for table in tables]


def _conditional_cases(rng):
    cases = _marginal_cases(rng)
    for n_x, n_y in ((2, 2), (4, 3), (3, 4)):
        table = rng.dirichlet(np.ones(n_x * n_y)).reshape(n_x, n_y)
        table[rng.integers(n_x)] = 0
        text = N_("a table of shape {shape}, with an x that never occurs")
        cases.append(Case([table / table.sum()], Message(text, shape=str(table.shape))))
    table = rng.dirichlet(np.ones(6)).reshape(3, 2)
    table[1] *= 1e-4
    cases.append(Case([table / table.sum()], Message(N_("a table with an x that is rare"))))
    table = rng.dirichlet(np.ones(6)).reshape(2, 3)
    table[:, rng.integers(3)] = 0
    text = N_("a table of shape {shape}, with a y that never occurs")
    return [*cases, Case([table / table.sum()], Message(text, shape=str(table.shape)))]


# The third column is fixed by the first two together, and by neither of them alone: rows and how often they occur.
DEPENDENT = (((0, 0, 0), 3), ((0, 1, 1), 2), ((0, 2, 0), 1), ((1, 0, 1), 1), ((1, 1, 0), 2), ((1, 2, 1), 3))
# All rows are alike, so that smoothing makes a difference, and where it is added does, too.
CONCENTRATED = (((0, 0, 0), 12),)
SIZES = (2, 3, 2)
# The fourth column is fixed by the first three together, and by no two of them; the last is the third once more.
PARITY = tuple(((a, b, c, (a + b + c) % 2, c), 1 + a + b * c) for a in (0, 1) for b in (0, 1) for c in (0, 1))
PARITY_SIZES = (2, 2, 2, 2, 2)
N_FEW = 20  # enough that two calls differ
N_DRAWS = 400  # few: where the conditional is not the student's own, each column of each row asks for it


def _rows(rng, counted):
    """The rows as often as they occur, in random order and with the values of each column renamed at random."""
    rows = np.array([row for row, count in counted for _ in range(count)])
    names = [rng.permutation(size) for size in 1 + rows.max(axis=0)]
    return rng.permutation(np.stack([name[column] for name, column in zip(names, rows.T, strict=True)], axis=1))


def _chain_label(data, text=None, **values):
    text = text or N_("{N} rows, K = {K} columns, prefix {prefix}, alpha = {alpha}")
    return Message(text, N=data.shape[0], K=data.shape[1], **values)


def _conditional_chain_cases(rng):
    """Prefixes from empty to long, some that no row begins with; a last value that does not occur."""
    cases = []

    def ask(data, sizes, prefix, *alpha):
        shown = {"prefix": str(list(map(int, prefix))), "alpha": alpha[0] if alpha else 0}
        cases.append(Case([data, sizes, np.array(prefix, int), *alpha], _chain_label(data, **shown)))

    data = _rows(rng, DEPENDENT)
    ask(data[:, :1], SIZES[:1], [])
    ask(data, SIZES, [])
    ask(data, SIZES, data[0, :1])
    for prefix in ([a, b] for a in range(2) for b in range(3)):
        ask(data, SIZES, prefix)
    ask(data[:5], (2, 4, 2), data[0, :1])  # no row has the value 3 in column 1
    ask(data[:3], (2, 4, 2), [1, 3])
    data = _rows(rng, CONCENTRATED)
    for prefix in ([], [0], [1], data[0, :2], [0, 1], [1, 1]):
        ask(data, SIZES, prefix, 1.0)
    ask(data, SIZES, data[0, :1], 0.25)
    data = _rows(rng, PARITY)
    for prefix in itertools.product((0, 1), repeat=3):
        ask(data, PARITY_SIZES, prefix)
    ask(data, PARITY_SIZES, data[0, :4], 0.5)
    return cases


def _sample_conversation(rng):
    found = None
    dependent, concentrated, parity = (_rows(rng, counted) for counted in (DEPENDENT, CONCENTRATED, PARITY))
    long = rng.integers(2, size=(6, 5))
    for data, sizes, n in ((dependent[:, :1], SIZES[:1], 1), (dependent, SIZES, 2), (long, (2, 2, 3, 2, 2), 3)):
        answer = yield value_call(rng, [data, sizes, n])
        found = found or _sample_problem(answer, sizes, n, _sample_label(data, n, 0))

    few = []
    for _ in range(2):
        answer = yield value_call(rng, [dependent, SIZES, N_FEW])
        found = found or _sample_problem(answer, SIZES, N_FEW, _sample_label(dependent, N_FEW, 0))
        few.append(answer)
    if found is None:
        found = _same_problem(*(np.asarray(answer["result"]) for answer in few), _sample_label(dependent, N_FEW, 0))

    for data, sizes, alpha in (
        (dependent, SIZES, ()),
        (concentrated, SIZES, (1.0,)),
        (dependent, SIZES, (0.2,)),
        (parity, PARITY_SIZES, ()),
    ):
        label = _sample_label(data, N_DRAWS, *(alpha or (0,)))
        answer = yield value_call(rng, [data, sizes, N_DRAWS, *alpha])
        found = found or _sample_problem(answer, sizes, N_DRAWS, label)
        if found is None:
            found = _frequency_problem(np.asarray(answer["result"], int), data, sizes, *(alpha or (0,)), label)
    return found


def _sample_label(data, n, alpha):
    return _chain_label(data, N_("{N} rows, K = {K} columns, n_samples = {n}, alpha = {alpha}"), n=n, alpha=alpha)


def _sample_problem(answer, sizes, n, label):
    """An error, a wrong shape, or values that a column does not have."""
    zeros = np.zeros((n, len(sizes)), int)
    found = answer_problem(answer, label) or compare(answer["result"], zeros, label, atol=ANY_VALUE)
    if found is not None:
        return found
    rows = np.asarray(answer["result"], float)
    for k, size in enumerate(sizes):
        strange = rows[~np.isin(rows[:, k], np.arange(size)), k]
        if strange.size:
            text = N_("Column {k} of a sample contains {value:.3g}; its values are the integers from 0 to {last}.")
            values = {"k": k, "value": float(strange[0]), "last": size - 1}
            return Finding("wrong_values", Message(text, **values), label)
    return None


def _same_problem(first, second, label):
    if (first == first[0]).all():
        return Finding("rows", Message(N_("All samples are the same; each needs draws of its own.")), label)
    if np.array_equal(first, second):
        text = N_("Two calls return the same samples. Do not set the seed inside the function.")
        return Finding("same_twice", Message(text), label)
    return None


def _frequency_problem(rows, data, sizes, alpha, label):
    """Whether the first column, and then all columns together, are as frequent as the chain rule says."""
    probs = chain_rule_conditional(data, sizes, [], alpha)
    problem = statistics.categorical_problem(np.bincount(rows[:, 0], minlength=sizes[0]), probs)
    if problem is not None:
        value, found, expected = problem
        text = N_("Column 0 is {value} in {found:.1%} of the samples; expected about {expected:.1%}.")
        return Finding("first_column", Message(text, value=value, found=float(found), expected=expected), label)
    cells = np.ravel_multi_index(tuple(rows.T), sizes)
    counts = np.bincount(cells, minlength=np.prod(sizes))
    problem = statistics.categorical_problem(counts, _chain_rule_probs(data, sizes, alpha))
    if problem is None:
        return None
    cell, found, expected = problem
    text = N_(
        "The row {row} makes up {found:.1%} of the samples; expected about {expected:.1%}. Column 0 is right, so look "
        "at how a column depends on all those before it."
    )
    row = " ".join(map(str, _all_rows(sizes)[cell].tolist()))
    return Finding("frequencies", Message(text, row=row, found=float(found), expected=expected), label)


def _histogram_cases(rng):
    """All values and edges are multiples of 1/8, exact in binary: whether a value is on an edge is never in doubt."""

    def case(values, edges, text):
        values = rng.permutation(np.array(values, float))
        return Case([values, np.array(edges, float)], Message(text, N=len(values), M=len(edges) - 1))

    a, b, c = np.sort(rng.choice(np.arange(1, 8), 3, replace=False)) / 8  # inside (0, 1)
    start = float(rng.integers(-3, 4))
    many = rng.integers(0, 32, 60) / 8
    return [
        case([start + a, start + b, start + 2 + c], start + 2 * np.arange(3), N_("{N} values in M = {M} bins")),
        case([a, b, 1 + c, 2 + a, 2 + b, 2 + c], [0, 1, 2, 3], N_("{N} values in M = {M} bins")),
        case([0, 0, 0, a, 1, 1, 1 + b, 2 + c], [0, 1, 2, 3], N_("{N} values in M = {M} bins, some on an edge")),
        case([a, 1 + b, 2 + c, 3, 3, 3], [0, 1, 2, 3], N_("{N} values in M = {M} bins, some on the last edge")),
        case([a, b, 0.5 + a / 2, 2, 3 + b], [0, 0.5, 2, 2.5, 5], N_("{N} values in M = {M} bins of different widths")),
        case([-1 - a, -a, -b, a, 1 + b, 1 + c, 3 + c], [0, 1, 2], N_("{N} values, M = {M} bins, some values outside")),
        case(many, [0, 0.5, 1.25, 1.5, 3.25], N_("{N} values, M = {M} bins of different widths, some values outside")),
    ]


def _class_cases(rng):
    """From one value in each class on, where the standard deviation is zero."""
    cases = []
    for n, n_classes in ((2, 2), (5, 2), (9, 3), (14, 4), (40, 3)):
        labels = rng.permutation(np.concatenate([np.arange(n_classes), rng.integers(n_classes, size=n - n_classes)]))
        values = np.round(rng.normal(5.5 + 0.5 * labels, 0.5), 3)
        cases.append(Case([values, labels, n_classes], Message(N_("{N} values, {C} classes"), N=n, C=n_classes)))
    return cases


def _density_cases(rng):
    cases = []
    for n, n_classes in ((1, 1), (1, 2), (3, 3), (5, 2), (2, 4)):
        x, means, stds = rng.normal(5, 1, n), rng.normal(5, 1, n_classes), rng.uniform(0.2, 0.9, n_classes)
        cases.append(Case([x, means, stds], Message("B = {B}, C = {C}", B=n, C=n_classes)))
    means, stds = rng.normal(5, 1, 2), np.array([0.1, 30.0])
    x = np.array([means[0], means[0] + 60 * stds[0], means[0] - 60 * stds[0]])
    label = Message(N_("B = {B}, C = {C}, up to 60 standard deviations from the mean"), B=3, C=2)
    return [*cases, Case([x, means, stds], label)]


# --- known mistakes: the joint table ---------------------------------------------------------------------------------


def _counts(x, y, n_x, n_y):
    counts = np.zeros((n_x, n_y))
    np.add.at(counts, (x, y), 1)
    return counts


def _joint(function):
    """function(counts, alpha) -> the table, from counts without alpha."""
    return lambda x, y, n_x, n_y, alpha=0.0: function(_counts(x, y, n_x, n_y), alpha)


def _frequencies(counts):
    return counts / counts.sum()


def _each_pair_once(x, y, n_x, n_y, alpha=0.0):
    counts = np.zeros((n_x, n_y)) + alpha
    counts[x, y] += 1
    return counts / counts.sum()


def _each_pair_once_over_n(x, y, n_x, n_y, alpha=0.0):
    counts = np.zeros((n_x, n_y))
    counts[x, y] += 1
    return (counts + alpha) / (len(x) + alpha * n_x * n_y)


REPEATED = N_(
    "counts[x, y] += 1 with arrays of indices adds 1 only once to a cell that occurs several times. Count the examples "
    "one by one, or with np.bincount."
)

JOINT_MISTAKES = (
    Mistake(
        "counts",
        N_("You return counts. Divide them, so that the whole table sums to one."),
        _joint(lambda counts, alpha: counts + alpha),
    ),
    Mistake(
        "transposed",
        N_("You return the table with y in the rows. Row x, column y: the shape is (n_x, n_y)."),
        lambda x, y, n_x, n_y, alpha=0.0: joint_table(x, y, n_x, n_y, alpha).T,
    ),
    Mistake(
        "independent",
        N_("You multiply the frequencies of x and of y, as if they were independent. Count the pairs."),
        _joint(lambda counts, alpha: np.outer(*marginal_tables(_frequencies(counts + alpha)))),
    ),
    Mistake(
        "rows_normalised",
        N_("You make each row sum to one: that is p(y | x). In the joint table, all entries together sum to one."),
        _joint(lambda counts, alpha: (counts + alpha) / (counts + alpha).sum(axis=1, keepdims=True)),
    ),
    Mistake(
        "columns_normalised",
        N_("You make each column sum to one: that is p(x | y). In the joint table, all entries together sum to one."),
        _joint(lambda counts, alpha: (counts + alpha) / (counts + alpha).sum(axis=0, keepdims=True)),
    ),
    Mistake("repeated_indices", REPEATED, _each_pair_once),
    Mistake("repeated_indices_over_n", REPEATED, _each_pair_once_over_n),
    Mistake(
        "sizes_from_data",
        N_("You take the number of values from the data. A value that does not occur has its row or column, too."),
        lambda x, y, n_x, n_y, alpha=0.0: joint_table(x, y, x.max() + 1, y.max() + 1, alpha),
    ),
    Mistake(
        "counted_from_one",
        N_("You subtract 1 from the values. They are already counted from 0."),
        lambda x, y, n_x, n_y, alpha=0.0: joint_table((x - 1) % n_x, (y - 1) % n_y, n_x, n_y, alpha),
    ),
    Mistake(
        "divided_by_cells",
        N_("You divide by the number of cells. Divide by the sum of the counts."),
        _joint(lambda counts, alpha: (counts + alpha) / counts.size),
    ),
    Mistake(
        "alpha_ignored",
        N_("You ignore alpha. It is added to each count before the table is normalised."),
        _joint(lambda counts, alpha: _frequencies(counts)),
    ),
    Mistake(
        "alpha_always_one",
        N_("You add 1 to each count whatever alpha is. Add alpha, which is 0 unless it is given."),
        _joint(lambda counts, alpha: _frequencies(counts + 1)),
    ),
    Mistake(
        "alpha_to_frequencies",
        N_("You add alpha to the relative frequencies. Add it to the counts, and normalise afterwards."),
        _joint(lambda counts, alpha: _frequencies(counts) + alpha),
    ),
    Mistake(
        "alpha_after_normalising",
        N_("You normalise, add alpha, and normalise again. Add alpha to the counts, before the only normalisation."),
        _joint(lambda counts, alpha: _frequencies(_frequencies(counts) + alpha)),
    ),
    Mistake(
        "alpha_to_empty_cells",
        N_("You add alpha only to the cells that are empty. Every count grows by alpha."),
        _joint(lambda counts, alpha: _frequencies(np.where(counts == 0, alpha, counts))),
    ),
    Mistake(
        "denominator_n",
        N_("You add alpha to the counts but still divide by the number of examples. The table must sum to one."),
        _joint(lambda counts, alpha: (counts + alpha) / counts.sum()),
    ),
    Mistake(
        "denominator_alpha",
        N_("You add alpha to the denominator once. It was added to every cell; the table must sum to one."),
        _joint(lambda counts, alpha: (counts + alpha) / (counts.sum() + alpha)),
    ),
    Mistake(
        "denominator_n_x",
        N_("You add alpha to the denominator once per row. It was added to every cell; the table must sum to one."),
        _joint(lambda counts, alpha: (counts + alpha) / (counts.sum() + alpha * counts.shape[0])),
    ),
    Mistake(
        "denominator_n_y",
        N_("You add alpha to the denominator once per column. It was added to every cell; the table must sum to one."),
        _joint(lambda counts, alpha: (counts + alpha) / (counts.sum() + alpha * counts.shape[1])),
    ),
)

# --- known mistakes: marginals and conditionals ----------------------------------------------------------------------

MARGINAL_MISTAKES = (
    Mistake(
        "swapped",
        N_("You return the marginals in the wrong order, or sum over the wrong axis. p(x) has one entry per row."),
        lambda joint: marginal_tables(joint)[::-1],
    ),
    Mistake(
        "means",
        N_("You average over the other variable. A marginal is a sum."),
        lambda joint: (joint.mean(axis=1), joint.mean(axis=0)),
    ),
    Mistake(
        "largest",
        N_("You take the largest entry of each row and column. A marginal is a sum."),
        lambda joint: (joint.max(axis=1), joint.max(axis=0)),
    ),
    Mistake(
        "axes_kept",
        N_("You keep the axis that is summed over. The marginals have the shapes (n_x,) and (n_y,)."),
        lambda joint: (joint.sum(axis=1, keepdims=True), joint.sum(axis=0, keepdims=True)),
    ),
    Mistake(
        "p_x_twice",
        N_("You return p(x) twice. The second table is p(y), the sum over x."),
        lambda joint: (joint.sum(axis=1), joint.sum(axis=1)),
    ),
    Mistake(
        "p_y_twice",
        N_("You return p(y) twice. The first table is p(x), the sum over y."),
        lambda joint: (joint.sum(axis=0), joint.sum(axis=0)),
    ),
    Mistake(
        "only_p_x",
        N_("You return p(x) alone. Return both tables, p(x) and p(y)."),
        lambda joint: joint.sum(axis=1),
    ),
    Mistake(
        "total",
        N_("You sum over both axes. For p(x), sum over y alone, and for p(y), over x alone."),
        lambda joint: (joint.sum(), joint.sum()),
    ),
    Mistake(
        "uniform",
        N_("You return uniform distributions. The marginals are sums of the entries of the table."),
        lambda joint: tuple(np.full(n, 1 / n) for n in joint.shape),
    ),
)


def _where_unseen(joint, values):
    """p(y | x), with other `values` in the rows where x never occurs."""
    return np.where(joint.sum(axis=1, keepdims=True) > 0, conditional_table(joint), values)


WRONG_AXIS = N_("You make the columns sum to one: that is p(x | y). Each *row* of p(y | x) sums to one.")

CONDITIONAL_MISTAKES = (
    Mistake("wrong_axis", WRONG_AXIS, lambda joint: joint / joint.sum(axis=0)),
    Mistake("wrong_axis_without_nan", WRONG_AXIS, lambda joint: conditional_table(joint.T).T),
    Mistake(
        "row_sums_along_columns",
        N_("You divide by the row sums as if they were a row: they must stay a column, one for each row of the table."),
        lambda joint: joint / joint.sum(axis=1),
    ),
    Mistake(
        "joint_returned",
        N_("You return p(x, y). Divide each row by its p(x)."),
        lambda joint: joint.copy(),
    ),
    Mistake(
        "independent",
        N_("You return p(y) for each x, as if y did not depend on x. Divide p(x, y) by p(x)."),
        lambda joint: np.tile(joint.sum(axis=0), (len(joint), 1)),
    ),
    Mistake(
        "divided_by_both",
        N_("You divide by p(x) p(y). For p(y | x), divide p(x, y) by p(x) alone."),
        lambda joint: joint / np.outer(*marginal_tables(joint)),
    ),
    Mistake(
        "times_p_x",
        N_("You multiply by p(x). Divide by it."),
        lambda joint: joint * joint.sum(axis=1, keepdims=True),
    ),
    Mistake(
        "transposed",
        N_("You return the table with y in the rows. Row x is p(y | x)."),
        lambda joint: conditional_table(joint).T,
    ),
    Mistake(
        "largest_is_one",
        N_("You divide each row by its largest entry. Divide it by its sum."),
        lambda joint: np.where(
            joint.any(axis=1, keepdims=True), joint / joint.max(axis=1, keepdims=True), 1 / joint.shape[1]
        ),
    ),
    Mistake(
        "unseen_nan",
        N_("Where an x never occurs you divide 0 by 0. Such a row is uniform by convention: 1 / n_y for every y."),
        lambda joint: _where_unseen(joint, np.nan),
    ),
    Mistake(
        "unseen_zeros",
        N_("Where an x never occurs you return a row of zeros. It is uniform by convention: 1 / n_y for every y."),
        lambda joint: _where_unseen(joint, 0.0),
    ),
    Mistake(
        "unseen_marginal",
        N_("Where an x never occurs you return p(y). The convention here is the uniform distribution, 1 / n_y."),
        lambda joint: _where_unseen(joint, joint.sum(axis=0)),
    ),
    Mistake(
        "unseen_one_over_n_x",
        N_("Where an x never occurs you return 1 / n_x. A row has n_y entries and sums to one."),
        lambda joint: _where_unseen(joint, 1 / joint.shape[0]),
    ),
)

# --- known mistakes: the chain rule ----------------------------------------------------------------------------------


def _matching(data, prefix):
    return np.all(data[:, : len(prefix)] == np.asarray(prefix), axis=1)


def _by_rows(select, column=0):
    """A conditional from the rows that `select(data, prefix)` says, of the column `column` places further on."""

    def conditional(data, sizes, prefix, alpha=0.0):
        k = (len(prefix) + column) % len(sizes)
        rows = data[select(data, prefix)]
        return chain_rule_conditional(rows[:, [k]], (sizes[k],), [], alpha)

    return conditional


def _by_counts(function):
    """function(counts, n_rows, alpha) -> the distribution, from the counts of the next value without alpha."""

    def conditional(data, sizes, prefix, alpha=0.0):
        k = len(prefix)
        counts = np.bincount(data[_matching(data, prefix), k], minlength=sizes[k])
        if counts.sum() + alpha == 0:
            return np.full(sizes[k], 1 / sizes[k])
        return function(counts, len(data), alpha)

    return conditional


def _safely(function, otherwise):
    """`function` of the counts where a row begins with the prefix, and otherwise the uniform distribution."""
    return lambda counts, n, alpha: function(counts, n, alpha) if counts.sum() else otherwise(counts)


def _uniform(counts):
    return np.full(len(counts), 1 / len(counts))


def _unseen(value):
    """Right but for a prefix that no row begins with, where it answers value(data, sizes, k)."""

    def conditional(data, sizes, prefix, alpha=0.0):
        if alpha == 0 and not _matching(data, prefix).any():
            return value(data, sizes, len(prefix))
        return chain_rule_conditional(data, sizes, prefix, alpha)

    return conditional


def _everything(data, prefix):
    return np.ones(len(data), bool)


def _last_value(data, prefix):
    return data[:, len(prefix) - 1] == prefix[-1] if len(prefix) else _everything(data, prefix)


def _first_value(data, prefix):
    return _matching(data, prefix[:1])


def _any_value(data, prefix):
    return np.any(data[:, : len(prefix)] == np.asarray(prefix), axis=1) if len(prefix) else _everything(data, prefix)


def _only_seen_values(data, sizes, prefix, alpha=0.0):
    counts = np.bincount(data[_matching(data, prefix), len(prefix)]) + alpha
    return counts / counts.sum()


CONDITIONAL_CHAIN_MISTAKES = (
    Mistake(
        "independent",
        N_("You ignore the prefix, as if the columns were independent. Count only the rows that begin with it."),
        _by_rows(_everything),
    ),
    Mistake(
        "only_previous",
        N_("You look only at the last value of the prefix. A row counts if it agrees with all of them."),
        _by_rows(_last_value),
    ),
    Mistake(
        "only_first",
        N_("You look only at the first value of the prefix. A row counts if it agrees with all of them."),
        _by_rows(_first_value),
    ),
    Mistake(
        "any_value",
        N_("You count the rows that agree with some value of the prefix. They must agree with all of them."),
        _by_rows(_any_value),
    ),
    Mistake(
        "column_before",
        N_("You return the distribution of the last column of the prefix. The column after the prefix is asked for."),
        _by_rows(_matching, column=-1),
    ),
    Mistake(
        "column_after",
        N_("You return the distribution of a column too far on. After k given values it is column k, counted from 0."),
        _by_rows(_matching, column=1),
    ),
    Mistake(
        "counts",
        N_("You return counts. Divide them, so that they sum to one."),
        _by_counts(_safely(lambda counts, n, alpha: counts + alpha, _uniform)),
    ),
    Mistake(
        "joint",
        N_("You divide by the number of all rows: that is a joint probability. Only rows with this prefix count."),
        _by_counts(lambda counts, n, alpha: (counts + alpha) / (n + alpha * len(counts))),
    ),
    Mistake(
        "only_seen_values",
        N_("You forget the values that do not occur after the prefix. The result has sizes[k] entries."),
        _only_seen_values,
    ),
    Mistake(
        "alpha_ignored",
        N_("You ignore alpha. It is added to each count before they are normalised."),
        _by_counts(_safely(lambda counts, n, alpha: _frequencies(counts), _uniform)),
    ),
    Mistake(
        "alpha_always_one",
        N_("You add 1 to each count whatever alpha is. Add alpha, which is 0 unless it is given."),
        _by_counts(lambda counts, n, alpha: _frequencies(counts + 1)),
    ),
    Mistake(
        "alpha_to_frequencies",
        N_("You add alpha to the relative frequencies. Add it to the counts, and normalise afterwards."),
        _by_counts(_safely(lambda counts, n, alpha: _frequencies(counts) + alpha, _uniform)),
    ),
    Mistake(
        "alpha_after_normalising",
        N_("You normalise, add alpha, and normalise again. Add alpha to the counts, before the only normalisation."),
        _by_counts(_safely(lambda counts, n, alpha: _frequencies(_frequencies(counts) + alpha), _uniform)),
    ),
    Mistake(
        "denominator_n",
        N_("You add alpha to the counts but not to what you divide by. The result must sum to one."),
        _by_counts(_safely(lambda counts, n, alpha: (counts + alpha) / counts.sum(), _uniform)),
    ),
    Mistake(
        "denominator_alpha",
        N_("You add alpha once to what you divide by. It was added to every count; the result must sum to one."),
        _by_counts(lambda counts, n, alpha: (counts + alpha) / (counts.sum() + alpha)),
    ),
    Mistake(
        "unseen_nan",
        N_("Where no row begins with the prefix and alpha is 0, you divide 0 by 0. The convention is uniform."),
        _unseen(lambda data, sizes, k: np.full(sizes[k], np.nan)),
    ),
    Mistake(
        "unseen_zeros",
        N_("Where no row begins with the prefix and alpha is 0, you return zeros. The convention is uniform."),
        _unseen(lambda data, sizes, k: np.zeros(sizes[k])),
    ),
    Mistake(
        "unseen_marginal",
        N_("Where no row begins with the prefix and alpha is 0, you ignore the prefix. The convention is uniform."),
        _unseen(lambda data, sizes, k: chain_rule_conditional(data[:, [k]], (sizes[k],), [])),
    ),
)


def _draw_by(conditional, draw=None):
    """Ancestral sampling, row by row, with one of the conditionals above in place of the right one."""
    draw = draw or (lambda probs: npr.choice(len(probs), p=probs))

    def sample(data, sizes, n_samples, alpha=0.0):
        rows = np.zeros((n_samples, len(sizes)), int)
        for row in rows:
            for k in range(len(sizes)):
                row[k] = draw(conditional(data, sizes, row[:k], alpha))
        return rows

    return sample


def _by_inverse(probs, u):
    return int(np.searchsorted(np.cumsum(probs), u, side="right").clip(0, len(probs) - 1))


def _one_uniform(data, sizes, n_samples, alpha=0.0):
    rows = np.zeros((n_samples, len(sizes)), int)
    for row in rows:
        u = npr.rand()
        for k in range(len(sizes)):
            row[k] = _by_inverse(chain_rule_conditional(data, sizes, row[:k], alpha), u)
    return rows


def _smoothed_joint(data, sizes, n_samples, alpha=0.0):
    counts = np.bincount(np.ravel_multi_index(tuple(data.T), sizes), minlength=np.prod(sizes)) + alpha
    return _all_rows(sizes)[npr.choice(len(counts), size=n_samples, p=_frequencies(counts))]


def _seeded(data, sizes, n_samples, alpha=0.0):
    npr.seed(0)
    return _rightly_drawn(data, sizes, n_samples, alpha)


def _one_conditional(name):
    (mistake,) = (m for m in CONDITIONAL_CHAIN_MISTAKES if m.name == name)
    return mistake.function


_rightly_drawn = _draw_by(chain_rule_conditional)

SAMPLE_MISTAKES = (
    Mistake(
        "independent",
        N_("You draw each column from its own frequencies, as if independent. Use the values drawn before it."),
        _draw_by(_one_conditional("independent")),
    ),
    Mistake(
        "only_previous",
        N_("You draw each column given only the one before it. The chain rule conditions on all columns before it."),
        _draw_by(_one_conditional("only_previous")),
    ),
    Mistake(
        "only_first",
        N_("You draw each column given only the first. The chain rule conditions on all columns before it."),
        _draw_by(_one_conditional("only_first")),
    ),
    Mistake(
        "alpha_ignored",
        N_("You ignore alpha when you draw. Add it to each count of each conditional."),
        _draw_by(_one_conditional("alpha_ignored")),
    ),
    Mistake(
        "alpha_always_one",
        N_("You add 1 to each count whatever alpha is. Add alpha, which is 0 unless it is given."),
        _draw_by(_one_conditional("alpha_always_one")),
    ),
    Mistake(
        "rows_of_data",
        N_("You draw whole rows of the data: right only for alpha = 0. Draw column after column."),
        lambda data, sizes, n_samples, alpha=0.0: data[npr.choice(len(data), size=n_samples)],
    ),
    Mistake(
        "smoothed_joint",
        N_("You add alpha to the counts of whole rows. Add it to the counts of each conditional, column after column."),
        _smoothed_joint,
    ),
    Mistake(
        "uniform_values",
        N_("You draw each value with the same probability. Draw it from the conditional, estimated from the data."),
        _draw_by(lambda data, sizes, prefix, alpha: _uniform(range(sizes[len(prefix)]))),
    ),
    Mistake(
        "most_probable",
        N_("You take the most probable value of each column. Draw a value with the probabilities of the conditional."),
        _draw_by(chain_rule_conditional, draw=np.argmax),
    ),
    Mistake(
        "one_sample_repeated",
        N_("You draw one sample and repeat it. Each of the n_samples rows needs draws of its own."),
        lambda data, sizes, n_samples, alpha=0.0: np.tile(_rightly_drawn(data, sizes, 1, alpha), (n_samples, 1)),
    ),
    Mistake(
        "one_uniform",
        N_("You use the same uniform number for all columns of a row. Each column needs a draw of its own."),
        _one_uniform,
    ),
    Mistake(
        "counted_from_one",
        N_("You return values counted from 1. They are counted from 0."),
        lambda data, sizes, n_samples, alpha=0.0: _rightly_drawn(data, sizes, n_samples, alpha) + 1,
    ),
    Mistake(
        "transposed",
        N_("You return the samples as columns. Return them as rows, (n_samples, K)."),
        lambda data, sizes, n_samples, alpha=0.0: _rightly_drawn(data, sizes, n_samples, alpha).T,
    ),
    Mistake(
        "flat",
        N_("You drop the axes of length 1. The shape is (n_samples, K), also for one sample or one column."),
        lambda data, sizes, n_samples, alpha=0.0: np.squeeze(_rightly_drawn(data, sizes, n_samples, alpha)),
    ),
    Mistake(
        "seed_inside",
        N_("You set the seed inside the function: every call returns the same samples. Leave the seed to the caller."),
        _seeded,
    ),
)

# --- known mistakes: histograms --------------------------------------------------------------------------------------


def _bin_counts(values, edges, last_edge=True, right_closed=False):
    """The number of values in each bin; the last edge, or with right_closed the first, may be lost."""
    left, right = edges[:-1, None], edges[1:, None]
    inside = (values > left) & (values <= right) if right_closed else (values >= left) & (values < right)
    counts = inside.sum(axis=1).astype(float)
    if last_edge and right_closed:
        counts[0] += (values == edges[0]).sum()
    elif last_edge:
        counts[-1] += (values == edges[-1]).sum()
    return counts


def _shifted_bins(values, edges, by):
    """Bin numbers that are `by` too large; those past the end are dropped."""
    padded = np.concatenate([[(values < edges[0]).sum()], _bin_counts(values, edges), [(values > edges[-1]).sum()]])
    return padded[1 - by : len(edges) - by]


def _heights(counts, widths):
    return counts / (counts.sum() * widths)


def _one_height_per_edge(values, edges):
    counts = np.append(_bin_counts(values, edges), 0)
    return _heights(counts, np.append(np.diff(edges), 1))


LAST_EDGE_LOST = N_("You lose the values that are exactly the last edge. The last bin contains both of its edges.")
OFF_BY_ONE_LATE = N_(
    "Your bins are off by one: a value of bin k is counted in bin k + 1. np.digitize counts bins from 1."
)
OFF_BY_ONE_EARLY = N_("Your bins are off by one: a value of bin k is counted in bin k - 1. Count bins from 0, once.")

HISTOGRAM_MISTAKES = (
    Mistake(
        "counts",
        N_("You return counts. Divide by the number of values in the bins, and by the width of each bin."),
        lambda values, edges: _bin_counts(values, edges),
    ),
    Mistake(
        "widths_forgotten",
        N_(
            "You return the fraction of values in each bin. A density is that fraction divided by the width of the bin."
        ),
        lambda values, edges: _frequencies(_bin_counts(values, edges)),
    ),
    Mistake(
        "number_forgotten",
        N_("You divide the counts by the widths alone. Divide by the number of values in the bins as well."),
        lambda values, edges: _bin_counts(values, edges) / np.diff(edges),
    ),
    Mistake(
        "times_width",
        N_("You multiply by the width of the bin. Divide by it: a wide bin spreads its values over a greater length."),
        lambda values, edges: _frequencies(_bin_counts(values, edges)) * np.diff(edges),
    ),
    Mistake(
        "first_width",
        N_("You divide every bin by the width of the first. The bins need not be equally wide."),
        lambda values, edges: _heights(_bin_counts(values, edges), edges[1] - edges[0]),
    ),
    Mistake(
        "mean_width",
        N_("You divide every bin by the mean width. The bins need not be equally wide."),
        lambda values, edges: _heights(_bin_counts(values, edges), np.diff(edges).mean()),
    ),
    Mistake(
        "largest_is_one",
        N_("You scale the highest bin to one. The density must integrate to one."),
        lambda values, edges: _bin_counts(values, edges) / _bin_counts(values, edges).max(),
    ),
    Mistake(
        "last_edge_lost",
        LAST_EDGE_LOST,
        lambda values, edges: _heights(_bin_counts(values, edges, last_edge=False), np.diff(edges)),
    ),
    Mistake(
        "last_edge_lost_over_n",
        LAST_EDGE_LOST,
        lambda values, edges: _bin_counts(values, edges, last_edge=False) / (len(values) * np.diff(edges)),
    ),
    Mistake(
        "right_edge_inside",
        N_("You count a value on an edge in the bin to its left. A bin contains its left edge, and not its right one."),
        lambda values, edges: _heights(_bin_counts(values, edges, right_closed=True), np.diff(edges)),
    ),
    Mistake(
        "right_edge_inside_first_lost",
        N_("Your bins contain their right edge in place of the left one, and values on the first edge are lost."),
        lambda values, edges: _heights(_bin_counts(values, edges, last_edge=False, right_closed=True), np.diff(edges)),
    ),
    Mistake(
        "both_edges_inside",
        N_("You count a value on an inner edge twice. A bin contains its left edge, and not its right one."),
        lambda values, edges: _heights(
            ((values >= edges[:-1, None]) & (values <= edges[1:, None])).sum(axis=1), np.diff(edges)
        ),
    ),
    Mistake("bin_too_late", OFF_BY_ONE_LATE, lambda v, edges: _heights(_shifted_bins(v, edges, 1), np.diff(edges))),
    Mistake(
        "bin_too_late_over_n",
        OFF_BY_ONE_LATE,
        lambda values, edges: _shifted_bins(values, edges, 1) / (len(values) * np.diff(edges)),
    ),
    Mistake("bin_too_early", OFF_BY_ONE_EARLY, lambda v, edges: _heights(_shifted_bins(v, edges, -1), np.diff(edges))),
    Mistake(
        "bin_too_early_over_n",
        OFF_BY_ONE_EARLY,
        lambda values, edges: _shifted_bins(values, edges, -1) / (len(values) * np.diff(edges)),
    ),
    Mistake(
        "outside_in_the_last_bins",
        N_("You put the values outside all bins into the first and the last bin. They are ignored."),
        lambda values, edges: histogram_density(np.clip(values, edges[0], edges[-1]), edges),
    ),
    Mistake(
        "outside_in_the_number",
        N_("You divide by the number of all values. Those outside all bins are ignored: do not count them."),
        lambda values, edges: _bin_counts(values, edges) / (len(values) * np.diff(edges)),
    ),
    Mistake(
        "one_height_per_edge",
        N_("You return a height for each edge. There is one bin less than there are edges."),
        _one_height_per_edge,
    ),
)

# --- known mistakes: Gaussians ---------------------------------------------------------------------------------------


def _per_class(mean=np.mean, std=np.std):
    """mean(v, values) and std(v, values) of the values v of each class."""

    def gaussians(values, labels, n_classes):
        classes = [values[labels == c] for c in range(n_classes)]
        return np.array([mean(v) for v in classes]), np.array([std(v) for v in classes])

    return gaussians


def _bin_indices(first):
    def gaussians(values, labels, n_classes):
        bins = np.digitize(values, np.linspace(values.min(), values.max(), 10)) - 1 + first
        return class_gaussians(bins.astype(float), labels, n_classes)

    return gaussians


def _overall_mean_in_std(values, labels, n_classes):
    means, _ = class_gaussians(values, labels, n_classes)
    squares = np.bincount(labels, (values - values.mean()) ** 2, n_classes)
    return means, np.sqrt(squares / np.bincount(labels, minlength=n_classes))


def _divided_by_all(values, labels, n_classes):
    means = np.bincount(labels, values, n_classes) / len(values)
    return means, np.sqrt(np.bincount(labels, (values - means[labels]) ** 2, n_classes) / len(values))


def _classes_from_one(values, labels, n_classes):
    classes = [values[labels == c] for c in range(1, n_classes + 1)]
    return np.array([np.mean(v) for v in classes]), np.array([np.std(v) for v in classes])


BIN_INDICES = N_(
    "You take mean and standard deviation of the numbers of the bins that the values fall into. Take them of the "
    "values themselves, in their unit."
)

CLASS_MISTAKES = (
    Mistake(
        "divisor_n_minus_one",
        N_("You divide by N_c - 1. The maximum of the likelihood has the divisor N_c."),
        _per_class(std=lambda v: np.std(v, ddof=1)),
    ),
    Mistake("variance", N_("You return variances. Take their square roots."), _per_class(std=np.var)),
    Mistake(
        "log_std",
        N_("You return the logarithm of the standard deviation. Return the standard deviation itself."),
        _per_class(std=lambda v: np.log(np.std(v))),
    ),
    Mistake(
        "mean_absolute_deviation",
        N_("You average the absolute deviations. Average their squares, and take the root."),
        _per_class(std=lambda v: np.mean(np.abs(v - np.mean(v)))),
    ),
    Mistake(
        "standard_error",
        N_("You divide the standard deviation by sqrt(N_c): that is how uncertain the mean is. Leave that out."),
        _per_class(std=lambda v: np.std(v) / np.sqrt(len(v))),
    ),
    Mistake("median", N_("You return medians. Return means."), _per_class(mean=np.median)),
    Mistake(
        "sums",
        N_("You add up the values of each class. Divide by the number of examples of the class."),
        _per_class(mean=np.sum),
    ),
    Mistake(
        "swapped",
        N_("You return the standard deviations first. The means come first."),
        lambda *args: class_gaussians(*args)[::-1],
    ),
    Mistake(
        "classes_ignored",
        N_("You give every class the mean and the standard deviation of all values. Select the values of the class."),
        lambda values, labels, n: (np.full(n, np.mean(values)), np.full(n, np.std(values))),
    ),
    Mistake(
        "overall_mean_in_std",
        N_("You measure deviations from the mean of all values. Measure them from the mean of the class."),
        _overall_mean_in_std,
    ),
    Mistake(
        "overall_std",
        N_("You give every class the standard deviation of all values. Take that of its own values."),
        lambda values, labels, n: (class_gaussians(values, labels, n)[0], np.full(n, np.std(values))),
    ),
    Mistake(
        "divided_by_all",
        N_("You divide by the number of all examples. Divide by the number of examples of the class."),
        _divided_by_all,
    ),
    Mistake(
        "classes_from_one",
        N_("You count the classes from 1. They are counted from 0."),
        _classes_from_one,
    ),
    Mistake(
        "three_classes",
        N_("You always return three classes. Return n_classes of them."),
        lambda values, labels, n: _per_class()(values, labels, 3),
    ),
    Mistake("bin_indices", BIN_INDICES, _bin_indices(first=0)),
    Mistake("bin_indices_from_one", BIN_INDICES, _bin_indices(first=1)),
    Mistake(
        "row_numbers",
        N_("You take mean and standard deviation of the positions of the examples. Take them of the values there."),
        lambda values, labels, n: class_gaussians(np.arange(len(values)).astype(float), labels, n),
    ),
)


def _density(function):
    """function(z, x, s) of z = (x - m) / s; all arrays (B, C), and s (C,)."""
    return lambda x, means, stds: function((x[:, None] - means) / stds, stds)


def _log_normal(z, s):
    return -0.5 * z**2 - np.log(s) - 0.5 * np.log(2 * np.pi)


DENSITY_MISTAKES = (
    Mistake(
        "log_std_forgotten",
        N_("You forget the term -log s. Without it, the density does not integrate to one."),
        _density(lambda z, s: -0.5 * z**2 - 0.5 * np.log(2 * np.pi)),
    ),
    Mistake(
        "log_std_added",
        N_("You add log s. It is subtracted: a wide Gaussian is low."),
        _density(lambda z, s: _log_normal(z, s) + 2 * np.log(s)),
    ),
    Mistake(
        "log_variance",
        N_("You subtract the logarithm of the variance. Subtract that of the standard deviation, which is half of it."),
        _density(lambda z, s: _log_normal(z, s) - np.log(s)),
    ),
    Mistake(
        "half_log_std",
        N_("You subtract log(s) / 2, as if s were the variance under the root. Subtract log s."),
        _density(lambda z, s: _log_normal(z, s) + 0.5 * np.log(s)),
    ),
    Mistake(
        "constant_forgotten",
        N_("You forget the constant log(2 pi) / 2."),
        _density(lambda z, s: -0.5 * z**2 - np.log(s)),
    ),
    Mistake(
        "constant_doubled",
        N_("You subtract log(2 pi). Subtract half of it."),
        _density(lambda z, s: _log_normal(z, s) - 0.5 * np.log(2 * np.pi)),
    ),
    Mistake(
        "half_forgotten",
        N_("You forget the factor 1/2 of the squared deviation."),
        _density(lambda z, s: _log_normal(z, s) - 0.5 * z**2),
    ),
    Mistake(
        "square_forgotten",
        N_("You do not square the deviation. It enters as (x - m)^2 / (2 s^2)."),
        _density(lambda z, s: _log_normal(z, s) + 0.5 * z**2 - 0.5 * z),
    ),
    Mistake(
        "square_of_std_forgotten",
        N_("You divide the squared deviation by 2 s. Divide it by 2 s^2."),
        _density(lambda z, s: _log_normal(z, s) + 0.5 * z**2 - 0.5 * z**2 * s),
    ),
    Mistake(
        "variance_for_std",
        N_("You take the standard deviations for variances. The arguments are standard deviations."),
        lambda x, means, stds: gaussian_log_density(x, means, np.sqrt(stds)),
    ),
    Mistake(
        "std_squared",
        N_("You square the standard deviations twice: their squares are taken for standard deviations."),
        lambda x, means, stds: gaussian_log_density(x, means, stds**2),
    ),
    Mistake(
        "plus_square",
        N_("You add the squared deviation. It is subtracted: far from the mean, the density is low."),
        _density(lambda z, s: _log_normal(z, s) + z**2),
    ),
    Mistake(
        "negated",
        N_("You return the negative log density. Return the log density."),
        _density(lambda z, s: -_log_normal(z, s)),
    ),
    Mistake(
        "density",
        N_("You return the density. Return its logarithm."),
        _density(lambda z, s: np.exp(_log_normal(z, s))),
    ),
    Mistake(
        "log_of_density",
        N_(
            "You take the logarithm of a density that has become zero far from the mean. Add up the logarithms instead."
        ),
        _density(lambda z, s: np.log(np.exp(-0.5 * z**2) / (s * np.sqrt(2 * np.pi)))),
    ),
    Mistake(
        "transposed",
        N_("You return a row per class. Return a row per x, (B, C)."),
        lambda x, means, stds: gaussian_log_density(x, means, stds).T,
    ),
    Mistake(
        "pairs_only",
        N_("You pair the first x with the first class, and so on. Each x meets each class: the result is (B, C)."),
        lambda x, means, stds: _log_normal((x - means) / stds, stds),
    ),
    Mistake(
        "summed_over_classes",
        N_("You add up the classes. Return one column per class, (B, C)."),
        lambda x, means, stds: gaussian_log_density(x, means, stds).sum(axis=1),
    ),
)

# --- the checks ------------------------------------------------------------------------------------------------------

CHECKS = (
    Check(
        topic="tables",
        name="joint_table",
        signature="(x, y, n_x, n_y, alpha=0.0) -> (n_x, n_y)",
        points=2,
        reference=joint_table,
        conversation=deterministic(joint_table, _joint_cases),
        mistakes=JOINT_MISTAKES,
        hints=(
            N_("Count first: how often does each pair (x, y) occur? Normalise last."),
            N_("Start from a table of shape (n_x, n_y) in which each entry is alpha, and add 1 for each example."),
            N_("Each example adds to the entry in row x_n and column y_n. At the end, what should the table sum to?"),
        ),
    ),
    Check(
        topic="tables",
        name="marginal_tables",
        signature="(joint) -> (n_x,), (n_y,)",
        points=1,
        reference=marginal_tables,
        conversation=deterministic(marginal_tables, _marginal_cases),
        mistakes=MARGINAL_MISTAKES,
        hints=(
            N_("Which entries of the table have a given x? What is the probability that one of them happens?"),
            N_("p(x) has one entry per row: sum along the row, over y."),
            N_("np.sum takes an axis: the one that disappears. Axis 0 goes down the rows, axis 1 along a row."),
        ),
    ),
    Check(
        topic="tables",
        name="conditional_table",
        signature="(joint) -> (n_x, n_y)",
        points=2,
        reference=conditional_table,
        conversation=deterministic(conditional_table, _conditional_cases),
        builds_on=("marginal_tables",),
        mistakes=CONDITIONAL_MISTAKES,
        hints=(
            N_("For one x, how do the entries p(x, y) have to be scaled so that they sum to one?"),
            N_(
                "Divide each row by its sum. Check that the sums are a column when you divide: what shape do they have?"
            ),
            N_("keepdims=True keeps the sums as a column. Replace the rows whose sum is zero by 1 / n_y."),
        ),
    ),
    Check(
        topic="tables",
        name="chain_rule_conditional",
        signature="(data, sizes, prefix, alpha=0.0) -> (sizes[k],)",
        points=3,
        reference=chain_rule_conditional,
        conversation=deterministic(chain_rule_conditional, _conditional_chain_cases),
        mistakes=CONDITIONAL_CHAIN_MISTAKES,
        hints=(
            N_("By hand: keep the rows that begin with the prefix, and look at the next column of those alone."),
            N_("data[:, :k] == prefix compares column by column; a row counts if all of them agree."),
            N_("Count every value from 0 to sizes[k] - 1, add alpha, normalise. What if the counts sum to zero?"),
        ),
    ),
    Check(
        topic="tables",
        name="chain_rule_sample",
        signature="(data, sizes, n_samples, alpha=0.0) -> (n_samples, K)",
        points=3,
        reference=chain_rule_sample,
        conversation=_sample_conversation,
        builds_on=("chain_rule_conditional",),
        mistakes=SAMPLE_MISTAKES,
        hints=(
            N_("Draw one row by hand: the first column from p(x_1), then the second given what you drew."),
            N_("In a loop over the columns, the values that a row has so far are the prefix for the next column."),
            N_("npr.choice(n, p=probs) draws one of 0, ..., n - 1 with these probabilities, anew for every row."),
        ),
        random=True,
    ),
    Check(
        topic="tables",
        name="histogram_density",
        signature="(values, edges) -> (M,)",
        points=2,
        reference=histogram_density,
        conversation=deterministic(histogram_density, _histogram_cases),
        mistakes=HISTOGRAM_MISTAKES,
        hints=(
            N_("First count the values in each bin. What must the heights be for the areas to sum to one?"),
            N_("The area of a bin is height times width, and it is the fraction of the values that lie in the bin."),
            N_("Look at the values that are exactly on an edge, above all on the last one, and at those outside."),
        ),
    ),
    Check(
        topic="tables",
        name="class_gaussians",
        signature="(values, labels, n_classes) -> (n_classes,), (n_classes,)",
        points=1,
        reference=class_gaussians,
        conversation=deterministic(class_gaussians, _class_cases),
        mistakes=CLASS_MISTAKES,
        hints=(
            N_("Take the values of one class at a time."),
            N_("values[labels == c] are the values of class c."),
            N_("np.mean and np.std do the rest; look up which divisor np.std has by default."),
        ),
    ),
    Check(
        topic="tables",
        name="gaussian_log_density",
        signature="(x, means, stds) -> (B, C)",
        points=2,
        reference=gaussian_log_density,
        conversation=deterministic(gaussian_log_density, _density_cases),
        mistakes=DENSITY_MISTAKES,
        hints=(
            N_("Write the logarithm of the density on paper as a sum of three terms; never form the density."),
            N_("x has the shape (B,), the means (C,). With a new axis on x, their difference has the shape (B, C)."),
            N_("x[:, None] - means is (B, C). Divide by the standard deviations, square, and add the other two terms."),
        ),
    ),
)

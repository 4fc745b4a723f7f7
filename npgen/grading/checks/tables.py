"""How the exercise on tables, histograms and the chain rule is marked."""

import itertools

import numpy as np

from npgen.grading import samples, statistics
from npgen.grading.judging import ANY_VALUE, Case, Check, Finding, answer_problem, compare, deterministic, value_call
from npgen.grading.language import N_, Message
from npgen.grading.mistakes.tables import (
    CLASS_MISTAKES,
    CONDITIONAL_CHAIN_MISTAKES,
    CONDITIONAL_MISTAKES,
    DENSITY_MISTAKES,
    HISTOGRAM_MISTAKES,
    JOINT_MISTAKES,
    MARGINAL_MISTAKES,
    SAMPLE_MISTAKES,
)
from npgen.grading.references.tables import (
    all_rows,
    chain_rule_conditional,
    chain_rule_probs,
    chain_rule_sample,
    class_gaussians,
    conditional_table,
    gaussian_log_density,
    histogram_density,
    joint_table,
    marginal_tables,
)

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
        found = samples.repeated(*(np.asarray(answer["result"]) for answer in few), _sample_label(dependent, N_FEW, 0))

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
    problem = statistics.categorical_problem(counts, chain_rule_probs(data, sizes, alpha))
    if problem is None:
        return None
    cell, found, expected = problem
    text = N_(
        "The row {row} makes up {found:.1%} of the samples; expected about {expected:.1%}. Column 0 is right, so look "
        "at how a column depends on all those before it."
    )
    row = " ".join(map(str, all_rows(sizes)[cell].tolist()))
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
            N_("Draw one row by hand: the first column from p(x_0), then the second given what you drew."),
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

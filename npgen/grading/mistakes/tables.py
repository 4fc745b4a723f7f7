"""Known mistakes of the exercise on tables, histograms and the chain rule."""

import autograd.numpy.random as npr
import numpy as np

from npgen.grading.judging import Mistake
from npgen.grading.language import N_
from npgen.grading.references.tables import (
    all_rows,
    chain_rule_conditional,
    class_gaussians,
    conditional_table,
    gaussian_log_density,
    histogram_density,
    joint_table,
    marginal_tables,
)

# --- the joint table -------------------------------------------------------------------------------------------------


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

WRONG_ALPHA = {  # {name: (message, the table of counts without alpha)}
    "alpha_always_one": (
        N_("You add 1 to each count whatever alpha is. Add alpha, which is 0 unless it is given."),
        lambda counts, alpha: _frequencies(counts + 1),
    ),
    "alpha_to_frequencies": (
        N_("You add alpha to the relative frequencies. Add it to the counts, and normalise afterwards."),
        lambda counts, alpha: _frequencies(counts) + alpha,
    ),
    "alpha_after_normalising": (
        N_("You normalise, add alpha, and normalise again. Add alpha to the counts, before the only normalisation."),
        lambda counts, alpha: _frequencies(_frequencies(counts) + alpha),
    ),
}

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
    *(Mistake(name, message, _joint(function)) for name, (message, function) in WRONG_ALPHA.items()),
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

# --- marginals and conditionals --------------------------------------------------------------------------------------

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

# --- the chain rule --------------------------------------------------------------------------------------------------


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


def _safely(function):
    """`function` of the counts where a row begins with the prefix, and otherwise the uniform distribution."""
    return lambda counts, n, alpha: function(counts, n, alpha) if counts.sum() else _uniform(counts)


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
        _by_counts(_safely(lambda counts, n, alpha: counts + alpha)),
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
        _by_counts(_safely(lambda counts, n, alpha: _frequencies(counts))),
    ),
    *(
        Mistake(name, message, _by_counts(_safely(lambda counts, n, alpha, wrong=function: wrong(counts, alpha))))
        for name, (message, function) in WRONG_ALPHA.items()
    ),
    Mistake(
        "denominator_n",
        N_("You add alpha to the counts but not to what you divide by. The result must sum to one."),
        _by_counts(_safely(lambda counts, n, alpha: (counts + alpha) / counts.sum())),
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
    return all_rows(sizes)[npr.choice(len(counts), size=n_samples, p=_frequencies(counts))]


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

# --- histograms ------------------------------------------------------------------------------------------------------


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

# --- Gaussians -------------------------------------------------------------------------------------------------------


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

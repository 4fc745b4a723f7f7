"""Right solutions of the exercise on tables, histograms and the chain rule, written differently."""

import collections
import math

import autograd.numpy as np
import autograd.numpy.random as npr
import numpy as onp
from autograd.scipy.stats import norm

# --- joint_table -----------------------------------------------------------------------------------------------------


def joint_by_add_at(x, y, n_x, n_y, alpha=0.0):
    counts = onp.zeros((n_x, n_y))
    onp.add.at(counts, (x, y), 1)
    return (counts + alpha) / (len(x) + alpha * n_x * n_y)


def joint_by_histogram2d(x, y, n_x, n_y, alpha=0.0):
    counts = np.histogram2d(x, y, bins=[np.arange(n_x + 1) - 0.5, np.arange(n_y + 1) - 0.5])[0]
    return (counts + alpha) / np.sum(counts + alpha)


def joint_by_one_hot(x, y, n_x, n_y, alpha=0):
    counts = np.dot(np.eye(n_x)[x].T, np.eye(n_y)[y]) + alpha
    return counts / counts.sum()


def joint_by_counter(x, y, n_x, n_y, alpha=0):
    pairs = collections.Counter(zip(x.tolist(), y.tolist(), strict=True))
    total = len(x) + alpha * n_x * n_y
    return [[(pairs[i, j] + alpha) / total for j in range(n_y)] for i in range(n_x)]


def joint_by_masks(x, y, n_x, n_y, alpha=0.0):
    table = np.empty((n_x, n_y))
    for i in range(n_x):
        for j in range(n_y):
            table[i, j] = np.mean((x == i) & (y == j))
    return (len(x) * table + alpha) / np.sum(len(x) * table + alpha)


def joint_in_float32(x, y, n_x, n_y, alpha=0.0):
    counts = np.zeros((n_x, n_y), np.float32) + np.float32(alpha)
    for k in range(len(x)):
        counts[x[k]][y[k]] += 1
    return counts / counts.sum()


def joint_by_einsum(x, y, n_x, n_y, alpha=0.0):
    counts = np.einsum("ni,nj->ij", x[:, None] == np.arange(n_x), 1.0 * (y[:, None] == np.arange(n_y)))
    counts = counts + alpha
    return counts / counts.sum()


# --- marginal_tables -------------------------------------------------------------------------------------------------


def marginals_by_sum(joint):
    return joint.sum(1), joint.sum(0)


def marginals_by_einsum(joint):
    return np.einsum("ij->i", joint), np.einsum("ij->j", joint)


def marginals_by_loops(joint):
    n_x, n_y = joint.shape
    p_x, p_y = np.zeros(n_x), np.zeros(n_y)
    for i in range(n_x):
        for j in range(n_y):
            p_x[i] += joint[i, j]
            p_y[j] += joint[i, j]
    return p_x, p_y


def marginals_as_lists(joint):
    return [[float(sum(row)) for row in joint], [float(sum(column)) for column in joint.T]]


def marginals_in_float32(joint):
    joint = joint.astype(np.float32)
    return np.sum(joint, axis=-1), np.sum(joint, axis=-2)


def marginals_by_reduce(joint):
    return onp.add.reduce(joint, axis=1), onp.add.reduce(joint, axis=0)


# --- conditional_table -----------------------------------------------------------------------------------------------


def conditional_by_loop(joint):
    table = np.zeros_like(joint)
    for i, row in enumerate(joint):
        table[i] = row / sum(row) if sum(row) > 0 else 1 / len(row)
    return table


def conditional_by_transposing(joint):
    with onp.errstate(invalid="ignore"):
        table = (joint.T / joint.sum(axis=1)).T
    table[np.isnan(table)] = 1 / joint.shape[1]
    return table


def conditional_by_mask(joint):
    sums = np.sum(joint, axis=1)
    table = np.ones(joint.shape) / joint.shape[1]
    table[sums > 0] = joint[sums > 0] / sums[sums > 0, None]
    return table


def conditional_by_nan_to_num(joint):
    return onp.nan_to_num(joint / joint.sum(axis=1, keepdims=True), nan=1 / joint.shape[1])


def conditional_as_lists(joint):
    rows = []
    for row in joint.tolist():
        total = sum(row)
        rows.append([p / total if total else 1 / len(row) for p in row])
    return rows


def conditional_by_replacing_rows(joint):
    joint = joint.copy().astype(np.float32)
    joint[joint.sum(axis=1) == 0] = 1
    return joint / joint.sum(axis=1).reshape(-1, 1)


# --- chain_rule_conditional ------------------------------------------------------------------------------------------


def next_by_bincount(data, sizes, prefix, alpha=0.0):
    k = len(prefix)
    rows = data[(data[:, :k] == prefix).all(axis=1)]
    counts = np.bincount(rows[:, k], minlength=sizes[k]) + alpha
    return counts / counts.sum() if counts.sum() else np.ones(sizes[k]) / sizes[k]


def next_by_filtering(data, sizes, prefix, alpha=0):
    for column, value in enumerate(prefix):
        data = data[data[:, column] == value]
    k = len(prefix)
    if len(data) == 0:
        return [1 / sizes[k]] * sizes[k]
    return [(np.sum(data[:, k] == v) + alpha) / (len(data) + alpha * sizes[k]) for v in range(sizes[k])]


def next_by_tuples(data, sizes, prefix, alpha=0.0):
    k, counts = len(prefix), np.zeros(sizes[len(prefix)])
    counts += alpha
    for row in data:
        if tuple(row[:k]) == tuple(prefix):
            counts[row[k]] += 1
    total = counts.sum()
    if total == 0:
        counts[:] = 1
        total = sizes[k]
    return counts / total


def next_by_joint_table(data, sizes, prefix, alpha=0.0):
    """From the counts of all rows in a table with an axis for each column."""
    k = len(prefix)
    counts = onp.zeros(sizes[: k + 1])
    onp.add.at(counts, tuple(data[:, : k + 1].T), 1)
    counts = counts[tuple(prefix)] + alpha
    return counts / counts.sum() if counts.any() else np.full(sizes[k], 1 / sizes[k])


def next_by_one_hot(data, sizes, prefix, alpha=0.0):
    k = len(prefix)
    agrees = np.prod(data[:, :k] == np.asarray(prefix).reshape(1, k), axis=1)
    counts = np.dot(agrees, np.eye(sizes[k])[data[:, k]])
    with onp.errstate(invalid="ignore"):
        p = (counts + alpha) / (agrees.sum() + alpha * sizes[k])
    return np.where(np.isnan(p), 1 / sizes[k], p)


def next_in_float32(data, sizes, prefix, alpha=0.0):
    k = len(prefix)
    different = np.sum(np.abs(data[:, :k] - prefix), axis=1)
    counts = np.array([np.sum((different == 0) & (data[:, k] == v)) for v in range(sizes[k])], np.float32)
    counts = counts + np.float32(alpha or 1e-12)  # the limit of alpha -> 0 is the convention for unseen prefixes
    return counts / counts.sum()


# --- chain_rule_sample -----------------------------------------------------------------------------------------------


def sample_by_choice(data, sizes, n_samples, alpha=0.0):
    samples = []
    for _ in range(n_samples):
        sample = []
        for size in sizes:
            sample.append(npr.choice(np.arange(size), p=next_by_bincount(data, sizes, sample, alpha)))
        samples.append(sample)
    return np.array(samples)


def sample_by_cumulative(data, sizes, n_samples, alpha=0.0):
    samples = np.zeros((n_samples, len(sizes)))
    for i in range(n_samples):
        for k in range(len(sizes)):
            cumulative = np.cumsum(next_by_tuples(data, sizes, samples[i, :k], alpha))
            samples[i, k] = min(np.sum(npr.rand() >= cumulative), sizes[k] - 1)
    return samples


def sample_default_rng(data, sizes, n_samples, alpha=0.0):
    rng = onp.random.default_rng()
    samples = onp.zeros((n_samples, len(sizes)), onp.int8)
    for sample in samples:
        for k, size in enumerate(sizes):
            sample[k] = rng.choice(size, p=next_by_bincount(data, sizes, sample[:k], alpha))
    return samples


def sample_column_by_column(data, sizes, n_samples, alpha=0.0):
    """All samples with the same prefix draw their next value together."""
    samples = np.zeros((n_samples, 0), int)
    for k in range(len(sizes)):
        column = np.zeros(n_samples, int)
        for prefix in set(map(tuple, samples)):
            same = np.all(samples == np.array(prefix, int), axis=1)
            p = next_by_bincount(data, sizes, prefix, alpha)
            column[same] = npr.choice(sizes[k], size=same.sum(), p=p)
        samples = np.column_stack([samples, column])
    return samples


def sample_multinomial(data, sizes, n_samples, alpha=0.0):
    samples = np.zeros((n_samples, len(sizes)), dtype=np.int32)
    for i in range(n_samples):
        for k in range(len(sizes)):
            p = next_by_tuples(data, sizes, samples[i, :k], alpha)
            samples[i, k] = np.argmax(npr.multinomial(1, p))
    return samples.tolist()


def sample_recursively(data, sizes, n_samples, alpha=0.0):
    """How many samples take each value is multinomial; the rows are shuffled at the end."""

    def rows(prefix, n):
        if n == 0 or len(prefix) == len(sizes):
            return [prefix] * n
        counts = npr.multinomial(n, next_by_bincount(data, sizes, prefix, alpha))
        return [row for value, count in enumerate(counts) for row in rows([*prefix, value], count)]

    return npr.permutation(np.array(rows([], n_samples)))


def sample_gumbel(data, sizes, n_samples, alpha=0.0):
    samples = np.zeros((n_samples, len(sizes)), int)
    for sample in samples:
        for k, size in enumerate(sizes):
            with onp.errstate(divide="ignore"):
                logits = onp.log(next_by_bincount(data, sizes, sample[:k], alpha))
            sample[k] = np.argmax(logits + npr.gumbel(size=size))
    return samples


# --- histogram_density -----------------------------------------------------------------------------------------------


def histogram_by_numpy(values, edges):
    return np.histogram(values, bins=edges, density=True)[0]


def histogram_by_counts(values, edges):
    counts, _ = np.histogram(values, bins=edges)
    return counts / counts.sum() / np.diff(edges)


def histogram_by_digitize(values, edges):
    inside = values[(values >= edges[0]) & (values <= edges[-1])]
    bins = onp.minimum(onp.digitize(inside, edges), len(edges) - 1) - 1
    return onp.bincount(bins, minlength=len(edges) - 1) / (len(inside) * (edges[1:] - edges[:-1]))


def histogram_by_loops(values, edges):
    counts = [0] * (len(edges) - 1)
    for value in values:
        for k in range(len(counts)):
            last = k == len(counts) - 1 and value == edges[k + 1]
            if edges[k] <= value < edges[k + 1] or last:
                counts[k] += 1
    return [n / (sum(counts) * (edges[k + 1] - edges[k])) for k, n in enumerate(counts)]


def histogram_by_searchsorted(values, edges):
    ends = onp.searchsorted(onp.sort(values), edges, side="left").astype(float)
    ends[-1] = onp.sum(values <= edges[-1])
    counts = np.diff(ends)
    return counts / (np.sum(counts) * np.diff(edges))


def histogram_by_masks(values, edges):
    mask = (values[:, None] >= edges[:-1]) & (values[:, None] < edges[1:])
    mask[:, -1] |= values == edges[-1]
    return (mask.sum(axis=0) / mask.sum() / np.diff(edges)).astype(np.float32)


# --- class_gaussians -------------------------------------------------------------------------------------------------


def classes_by_comprehension(values, labels, n_classes):
    means = np.array([values[labels == c].mean() for c in range(n_classes)])
    return means, np.array([values[labels == c].std() for c in range(n_classes)])


def classes_by_one_hot(values, labels, n_classes):
    one_hot = np.eye(n_classes)[labels]
    means = values @ one_hot / one_hot.sum(axis=0)
    variances = (values[:, None] - means) ** 2 * one_hot
    return means, np.sqrt(variances.sum(axis=0) / one_hot.sum(axis=0))


def classes_by_loops(values, labels, n_classes):
    means, stds = [], []
    for c in range(n_classes):
        chosen = [v for v, label in zip(values, labels, strict=True) if label == c]
        mean = sum(chosen) / len(chosen)
        means.append(mean)
        stds.append(math.sqrt(sum((v - mean) ** 2 for v in chosen) / len(chosen)))
    return means, stds


def classes_by_fit(values, labels, n_classes):
    groups = [values[np.where(labels == c)[0]] for c in range(n_classes)]
    return np.array([np.mean(g) for g in groups]), np.array([np.sqrt(np.var(g)) for g in groups])


def classes_by_unique(values, labels, n_classes):
    result = np.array([[np.mean(values[labels == c]), np.std(values[labels == c])] for c in np.unique(labels)])
    return result[:, 0], result[:, 1]


def classes_in_a_table(values, labels, n_classes):
    return np.array([[f(values[labels == c]) for c in range(n_classes)] for f in (np.mean, np.std)]).tolist()


def classes_in_float32(values, labels, n_classes):
    values = values.astype(np.float32)
    means, stds = np.zeros(n_classes, np.float32), np.zeros(n_classes, np.float32)
    for c in range(n_classes):
        means[c], stds[c] = values[labels == c].mean(), values[labels == c].std()
    return means, stds


# --- gaussian_log_density --------------------------------------------------------------------------------------------


def density_by_formula(x, means, stds):
    variances = stds**2
    return -((x[:, None] - means[None, :]) ** 2) / (2 * variances) - 0.5 * np.log(2 * np.pi * variances)


def density_by_loops(x, means, stds):
    table = np.zeros((len(x), len(means)))
    for i in range(len(x)):
        for c in range(len(means)):
            table[i, c] = -((x[i] - means[c]) ** 2) / (2 * stds[c] ** 2) - np.log(stds[c] * np.sqrt(2 * np.pi))
    return table


def density_by_scipy(x, means, stds):
    return norm.logpdf(np.expand_dims(x, 1), means, stds)


def density_by_columns(x, means, stds):
    columns = [
        -0.5 * ((x - m) / s) ** 2 - np.log(s) - 0.5 * np.log(2 * np.pi) for m, s in zip(means, stds, strict=True)
    ]
    return np.column_stack(columns)


def density_by_outer(x, means, stds):
    z = onp.subtract.outer(x, means) * np.exp(-np.log(stds))
    return -(z * z + np.log(2 * np.pi)) / 2 - np.log(stds)


def density_in_float32(x, means, stds):
    x, means, stds = (a.astype(np.float32) for a in (x, means, stds))
    return -np.square((x.reshape(-1, 1) - means) / stds) / 2 - np.log(stds) - np.float32(0.5 * np.log(2 * np.pi))


def density_as_lists(x, means, stds):
    pairs = list(zip(means.tolist(), stds.tolist(), strict=True))
    return [[-((v - m) ** 2) / 2 / s**2 - math.log(s) - math.log(math.tau) / 2 for m, s in pairs] for v in x.tolist()]


RIGHT = {
    "joint_table": [
        joint_by_add_at,
        joint_by_histogram2d,
        joint_by_one_hot,
        joint_by_counter,
        joint_by_masks,
        joint_in_float32,
        joint_by_einsum,
    ],
    "marginal_tables": [
        marginals_by_sum,
        marginals_by_einsum,
        marginals_by_loops,
        marginals_as_lists,
        marginals_in_float32,
        marginals_by_reduce,
    ],
    "conditional_table": [
        conditional_by_loop,
        conditional_by_transposing,
        conditional_by_mask,
        conditional_by_nan_to_num,
        conditional_as_lists,
        conditional_by_replacing_rows,
    ],
    "chain_rule_conditional": [
        next_by_bincount,
        next_by_filtering,
        next_by_tuples,
        next_by_joint_table,
        next_by_one_hot,
        next_in_float32,
    ],
    "chain_rule_sample": [
        sample_by_choice,
        sample_by_cumulative,
        sample_default_rng,
        sample_column_by_column,
        sample_multinomial,
        sample_recursively,
        sample_gumbel,
    ],
    "histogram_density": [
        histogram_by_numpy,
        histogram_by_counts,
        histogram_by_digitize,
        histogram_by_loops,
        histogram_by_searchsorted,
        histogram_by_masks,
    ],
    "class_gaussians": [
        classes_by_comprehension,
        classes_by_one_hot,
        classes_by_loops,
        classes_by_fit,
        classes_by_unique,
        classes_in_a_table,
        classes_in_float32,
    ],
    "gaussian_log_density": [
        density_by_formula,
        density_by_loops,
        density_by_scipy,
        density_by_columns,
        density_by_outer,
        density_in_float32,
        density_as_lists,
    ],
}

"""Right solutions of the exercise on the fully visible sigmoid belief network, written differently."""

import autograd.numpy as np
import autograd.numpy.random as npr
import numpy as onp
from autograd.scipy.special import expit, logsumexp

# --- fvsbn_logits ----------------------------------------------------------------------------------------------------


def logits_by_tril(W, b, x):
    return x @ np.tril(W, k=-1).T + b


def logits_by_mask(W, b, x):
    mask = onp.arange(len(b))[:, None] > onp.arange(len(b))[None, :]
    return np.matmul(x, np.transpose(W * mask)) + b[None, :]


def logits_by_einsum(W, b, x):
    lower = W - np.triu(W)
    return np.einsum("dj,nj->nd", lower, x) + b


def logits_by_loops(W, b, x):
    rows = []
    for image in x:
        row = []
        for d in range(len(b)):
            total = b[d]
            for j in range(d):
                total = total + W[d, j] * image[j]
            row.append(total)
        rows.append(np.array(row))
    return np.array(rows)


def logits_by_columns(W, b, x):
    columns = [b[d] + np.sum(W[d, :d] * x[:, :d], axis=1) for d in range(len(b))]
    return np.transpose(np.array(columns))


def logits_in_float32(W, b, x):
    W32, b32 = np.array(W, dtype=np.float32), np.array(b, dtype=np.float32)
    return np.dot(np.float32(x), np.tril(W32, -1).T) + b32


def logits_by_where(W, b, x):
    lower = np.where(onp.tri(len(b), k=-1, dtype=bool), W, 0.0)
    return np.tensordot(x, lower, axes=([1], [1])) + b


# --- fvsbn_log_likelihood --------------------------------------------------------------------------------------------


def likelihood_by_logaddexp(W, b, x):
    a = logits_by_tril(W, b, x)
    return -np.sum(x * np.logaddexp(0, -a) + (1 - x) * np.logaddexp(0, a), axis=1)


def likelihood_by_signs(W, b, x):
    return -np.logaddexp(0.0, (1 - 2 * x) * logits_by_mask(W, b, x)).sum(axis=-1)


def likelihood_by_stable_softplus(W, b, x):
    a = logits_by_columns(W, b, x)
    return np.sum(x * a - np.maximum(a, 0) - np.log1p(np.exp(-np.abs(a))), axis=1)


def likelihood_by_loops(W, b, x):
    values = []
    for image in x:
        total = 0.0
        for d in range(len(b)):
            a = b[d] + np.dot(W[d, :d], image[:d])
            total = total - np.logaddexp(0, -a if image[d] else a)
        values.append(total)
    return np.array(values)


def likelihood_by_logsumexp(W, b, x):
    a = logits_by_einsum(W, b, x)
    both = np.stack([np.zeros_like(a), a], axis=-1)
    return np.einsum("nd->n", x * a - logsumexp(both, axis=-1))


def likelihood_by_where(W, b, x):
    a = logits_by_where(W, b, x)
    return np.sum(np.where(x == 1, -np.logaddexp(0, -a), -np.logaddexp(0, a)), axis=1)


def likelihood_in_float32(W, b, x):
    a = logits_in_float32(W, b, x)
    return np.sum(np.float32(x) * a - np.logaddexp(np.float32(0), a), axis=1)


# --- fvsbn_sample ----------------------------------------------------------------------------------------------------


def sample_binomial(W, b, n_samples):
    x = np.zeros((n_samples, b.size), dtype=int)
    for d in range(b.size):
        x[:, d] = npr.binomial(1, expit(x[:, :d] @ W[d, :d] + b[d]))
    return x


def sample_one_by_one(W, b, n_samples):
    samples = []
    for _ in range(n_samples):
        x = []
        for d in range(len(b)):
            logit = b[d] + sum(W[d, j] * x[j] for j in range(d))
            x.append(int(npr.rand() < 1 / (1 + np.exp(-logit))))
        samples.append(x)
    return samples


def sample_default_rng(W, b, n_samples):
    rng = onp.random.default_rng()
    x = onp.zeros((n_samples, len(b)), onp.uint8)
    for d in range(len(b)):
        x[:, d] = rng.random(n_samples) < expit(b[d] + x[:, :d] @ W[d, :d])
    return x


def sample_noise_first(W, b, n_samples):
    u = npr.uniform(size=(n_samples, len(b)))
    x = np.zeros_like(u)
    for d in range(len(b)):
        logit = b[d] + np.sum(x * W[d] * (np.arange(len(b)) < d), axis=1)
        x[:, d] = np.where(u[:, d] <= 0.5 * (1 + np.tanh(0.5 * logit)), 1, 0)
    return x


def sample_adding_columns(W, b, n_samples):
    lower = np.tril(W, -1)
    logits = np.repeat(b[None, :], n_samples, axis=0)
    x = np.zeros(logits.shape, dtype=bool)
    for d in range(len(b)):
        x[:, d] = npr.random_sample(n_samples) < expit(logits[:, d])
        logits = logits + x[:, d : d + 1] * lower[:, d]
    return x


def sample_logistic_noise(W, b, n_samples):
    """x_d = 1 where the logit is over logistic noise; the columns are stacked."""
    columns = []
    for d in range(len(b)):
        logit = b[d] + sum((W[d, j] * columns[j] for j in range(d)), np.zeros(n_samples))
        columns.append((logit > npr.logistic(size=n_samples)).astype(float))
    return np.stack(columns, axis=1)


def sample_float32(W, b, n_samples):
    W, b = W.astype(np.float32), b.astype(np.float32)
    x = np.zeros((n_samples, len(b)), np.float32)
    for d in range(len(b)):
        x[:, d] = npr.rand(n_samples).astype(np.float32) < expit(x @ W[d] + b[d])  # x_d and later are still zero
    return x


def sample_choice(W, b, n_samples):
    x = np.zeros((n_samples, len(b)), int)
    for image in x:
        for d in range(len(b)):
            p = expit(b[d] + np.dot(W[d, :d], image[:d]))
            image[d] = npr.choice(2, p=[1 - p, p])
    return x


# --- fvsbn_n_parameters ----------------------------------------------------------------------------------------------


def count_by_formula(n_visible):
    return n_visible * (n_visible - 1) // 2 + n_visible


def count_by_sum(n_visible):
    return sum(range(1, n_visible + 1))


def count_as_float(n_visible):
    return (n_visible**2 + n_visible) / 2


def count_by_indices(n_visible):
    return len(np.tril_indices(n_visible, -1)[0]) + n_visible


def count_by_mask(n_visible):
    return np.tri(n_visible, dtype=int).sum()


def count_by_loop(n_visible):
    total = 0
    for d in range(n_visible):
        total += d  # weights
        total += 1  # the bias
    return total


RIGHT = {
    "fvsbn_logits": [
        logits_by_tril,
        logits_by_mask,
        logits_by_einsum,
        logits_by_loops,
        logits_by_columns,
        logits_in_float32,
        logits_by_where,
    ],
    "fvsbn_log_likelihood": [
        likelihood_by_logaddexp,
        likelihood_by_signs,
        likelihood_by_stable_softplus,
        likelihood_by_loops,
        likelihood_by_logsumexp,
        likelihood_by_where,
        likelihood_in_float32,
    ],
    "fvsbn_sample": [
        sample_binomial,
        sample_one_by_one,
        sample_default_rng,
        sample_noise_first,
        sample_adding_columns,
        sample_logistic_noise,
        sample_float32,
        sample_choice,
    ],
    "fvsbn_n_parameters": [
        count_by_formula,
        count_by_sum,
        count_as_float,
        count_by_indices,
        count_by_mask,
        count_by_loop,
    ],
}

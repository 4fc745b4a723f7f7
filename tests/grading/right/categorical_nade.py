"""Right solutions of the exercise about categorical NADE, written as differently as students write them."""

import autograd.numpy as np
import autograd.numpy.random as npr
import numpy as onp
from autograd.scipy.special import expit, logsumexp

# --- log_softmax ------------------------------------------------------------------------------------------------------


def with_scipy(logits):
    return logits - logsumexp(logits, axis=-1, keepdims=True)


def shifted(logits):
    moved = logits - logits.max(axis=-1)[..., None]
    return moved - np.log(np.exp(moved).sum(axis=-1))[..., None]


def by_logaddexp(logits):
    total = logits[..., 0]
    for k in range(1, logits.shape[-1]):
        total = np.logaddexp(total, logits[..., k])
    return logits - np.expand_dims(total, -1)


def row_by_row(logits):
    rows = [
        row - np.max(row) - np.log(np.sum(np.exp(row - np.max(row)))) for row in logits.reshape(-1, logits.shape[-1])
    ]
    return np.reshape(np.stack(rows), logits.shape)


def last_axis_first(logits):
    turned = np.moveaxis(np.atleast_2d(logits), -1, 0)
    largest = np.max(turned, axis=0)
    turned = turned - (largest + np.log(np.sum(np.exp(turned - largest), axis=0)))
    return np.reshape(np.moveaxis(turned, 0, -1), logits.shape)


def log_softmax_in_single_precision(logits):
    return shifted(logits.astype(np.float32))


def by_differences(logits):
    """-log sum_j exp(l_j - l_k), for each k."""
    differences = logits[..., None, :] - logits[..., :, None]
    most = np.max(differences, axis=-1)
    return -most - np.log(np.sum(np.exp(differences - most[..., None]), axis=-1))


LOG_SOFTMAX = [
    with_scipy,
    shifted,
    by_logaddexp,
    row_by_row,
    last_axis_first,
    log_softmax_in_single_precision,
    by_differences,
]


# --- categorical_nade_logits ------------------------------------------------------------------------------------------


def one_row_at_a_time(W, c, V, b, x):
    a = np.outer(np.ones(len(x)), c)
    columns = []
    for d in range(len(b)):
        columns.append(np.matmul(expit(a), np.transpose(V[d])) + b[d])
        a = a + W[d][x[:, d]]
    return np.transpose(np.array(columns), (1, 0, 2))


def with_one_hot_vectors(W, c, V, b, x):
    one_hot = np.eye(b.shape[1])[x]
    a, parts = np.tile(c, (len(x), 1)), []
    for d in range(len(b)):
        h = 1 / (1 + np.exp(-a))
        parts.append((h @ V[d].T + b[d])[:, None, :])
        a = a + one_hot[:, d] @ W[d]
    return np.concatenate(parts, axis=1)


def cumulative(W, c, V, b, x):
    """O(D H) operations, though it keeps (B, D, H) numbers."""
    rows = W[onp.arange(len(b))[None, :], x]
    a = c + np.cumsum(rows, axis=1) - rows
    return np.einsum("bdh,dkh->bdk", expit(a), V) + b


def image_by_image(W, c, V, b, x):
    images = []
    for image in x:
        a, rows = c, []
        for d, level in enumerate(image):
            rows.append(np.dot(V[d], expit(a)) + b[d])
            a = a + W[d, level]
        images.append(np.stack(rows))
    return np.stack(images)


def one_level_at_a_time(W, c, V, b, x):
    a, out = c + np.zeros((len(x), len(c))), []
    for d in range(x.shape[1]):
        h = 0.5 * np.tanh(0.5 * a) + 0.5
        out.append(np.stack([np.sum(h * v, axis=1) + bias for v, bias in zip(V[d], b[d], strict=True)], axis=1))
        for k in range(b.shape[1]):
            a = a + np.outer(x[:, d] == k, W[d, k])
    return np.stack(out, axis=1)


def logits_in_single_precision(W, c, V, b, x):
    return one_row_at_a_time(*(p.astype(np.float32) for p in (W, c, V, b)), x)


def recursive(W, c, V, b, x):
    def step(d, a):
        if d == len(b):
            return []
        h = expit(a)
        return [np.einsum("bh,kh->bk", h, V[d]) + b[d], *step(d + 1, a + W[d, x[:, d], :])]

    return np.stack(step(0, np.repeat(c[None], len(x), axis=0)), axis=-2)


LOGITS = [
    one_row_at_a_time,
    with_one_hot_vectors,
    cumulative,
    image_by_image,
    one_level_at_a_time,
    logits_in_single_precision,
    recursive,
]


# --- categorical_nade_log_likelihood ----------------------------------------------------------------------------------


def with_fancy_indexing(W, c, V, b, x):
    log_probs = with_scipy(cumulative(W, c, V, b, x))
    n, n_pixels = x.shape
    return np.sum(log_probs[onp.arange(n)[:, None], onp.arange(n_pixels)[None, :], x], axis=1)


def with_a_one_hot_array(W, c, V, b, x):
    one_hot = np.eye(b.shape[1])[x]
    return np.einsum("bdk,bdk->b", shifted(one_row_at_a_time(W, c, V, b, x)), one_hot)


def chosen_less_normaliser(W, c, V, b, x):
    logits = with_one_hot_vectors(W, c, V, b, x)
    one_hot = x[..., None] == np.arange(logits.shape[-1])
    return np.sum(np.sum(logits * one_hot, axis=2) - logsumexp(logits, axis=2), axis=1)


def as_one_loop(W, c, V, b, x):
    a, total, images = np.tile(c, (len(x), 1)), 0.0, np.arange(len(x))
    for d in range(len(b)):
        logits = np.dot(expit(a), V[d].T) + b[d]
        total = total + logits[images, x[:, d]] - logsumexp(logits, axis=1)
        a = a + W[d, x[:, d]]
    return total


def one_image_at_a_time(W, c, V, b, x):
    return np.array([as_one_loop(W, c, V, b, image[None, :])[0] for image in x])


def with_differences(W, c, V, b, x):
    logits = one_level_at_a_time(W, c, V, b, x)
    chosen = np.sum(np.where(x[:, :, None] == np.arange(b.shape[1]), logits, 0), axis=2, keepdims=True)
    return -np.sum(logsumexp(logits - chosen, axis=2), axis=1)


def likelihood_in_single_precision(W, c, V, b, x):
    log_probs = with_scipy(logits_in_single_precision(W, c, V, b, x))
    return np.sum(np.where(x[:, :, None] == np.arange(b.shape[1]), log_probs, np.float32(0)), axis=(1, 2))


LIKELIHOODS = [
    with_fancy_indexing,
    with_a_one_hot_array,
    chosen_less_normaliser,
    as_one_loop,
    one_image_at_a_time,
    with_differences,
    likelihood_in_single_precision,
]


# --- categorical_nade_sample ------------------------------------------------------------------------------------------


def _softmax(logits):
    exps = onp.exp(logits - onp.max(logits, axis=-1, keepdims=True))
    return exps / onp.sum(exps, axis=-1, keepdims=True)


def with_gumbel_noise(W, c, V, b, n_samples):
    x, a = np.zeros((n_samples, len(b)), dtype=int), np.tile(c, (n_samples, 1))
    for d in range(len(b)):
        logits = expit(a) @ V[d].T + b[d]
        x[:, d] = np.argmax(logits + npr.gumbel(size=logits.shape), axis=1)
        a += W[d, x[:, d]]
    return x


def with_choice(W, c, V, b, n_samples):
    images = []
    for _ in range(n_samples):
        a, image = c.copy(), []
        for d in range(len(b)):
            image.append(npr.choice(b.shape[1], p=_softmax(V[d] @ expit(a) + b[d])))
            a += W[d, image[d]]
        images.append(image)
    return np.array(images)


def with_a_generator(W, c, V, b, n_samples):
    rng = onp.random.default_rng()
    a, columns = onp.tile(c, (n_samples, 1)), []
    for d in range(len(b)):
        ends = onp.cumsum(_softmax(expit(a) @ V[d].T + b[d]), axis=1)
        ends[:, -1] = 1
        columns.append((rng.random((n_samples, 1)) < ends).argmax(axis=1))
        a = a + W[d][columns[d]]
    return onp.column_stack(columns).astype(onp.uint8)


def with_multinomial(W, c, V, b, n_samples):
    a, x = onp.tile(c, (n_samples, 1)), onp.zeros((n_samples, len(b)))
    for d in range(len(b)):
        probs = _softmax(onp.dot(expit(a), V[d].T) + b[d])
        one_hot = onp.array([npr.multinomial(1, p / (1 + 1e-12)) for p in probs])
        x[:, d] = one_hot @ onp.arange(b.shape[1])
        a = a + one_hot @ W[d]
    return x


def level_by_level(W, c, V, b, n_samples):
    """Is it 0? If not, is it 1? And so on."""
    a, x = np.tile(c, (n_samples, 1)), np.zeros((n_samples, len(b)), int)
    for d in range(len(b)):
        probs, left = _softmax(np.dot(expit(a), V[d].T) + b[d]), np.ones(n_samples)
        open_ = np.ones(n_samples, bool)
        for k in range(b.shape[1] - 1):
            here = open_ & (npr.rand(n_samples) * left < probs[:, k])
            x[here, d] = k
            open_ &= ~here
            left = left - probs[:, k]
        x[open_, d] = b.shape[1] - 1
        a += W[d, x[:, d]]
    return x


def with_searchsorted(W, c, V, b, n_samples):
    rows = []
    for u in npr.rand(n_samples, len(b)):
        a, row = c, []
        for d in range(len(b)):
            ends = onp.cumsum(_softmax(V[d].dot(expit(a)) + b[d]))
            row.append(min(int(onp.searchsorted(ends, u[d])), len(ends) - 1))
            a = a + W[d, row[d]]
        rows.append(row)
    return np.array(rows)


def sample_in_single_precision(W, c, V, b, n_samples):
    return with_gumbel_noise(*(p.astype(np.float32) for p in (W, c, V, b)), n_samples).astype(np.float32)


SAMPLERS = [
    with_gumbel_noise,
    with_choice,
    with_a_generator,
    with_multinomial,
    level_by_level,
    with_searchsorted,
    sample_in_single_precision,
]

RIGHT = {
    "log_softmax": LOG_SOFTMAX,
    "categorical_nade_logits": LOGITS,
    "categorical_nade_log_likelihood": LIKELIHOODS,
    "categorical_nade_sample": SAMPLERS,
}

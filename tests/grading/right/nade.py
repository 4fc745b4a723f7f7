"""Right solutions of the exercise about NADE, written as differently as students write them."""

import autograd.numpy as np
import autograd.numpy.random as npr
import numpy as onp
from autograd.scipy.special import expit


def sigmoid(x):
    return 0.5 * (np.tanh(0.5 * x) + 1)


# --- nade_logits ------------------------------------------------------------------------------------------------------


def one_term_at_a_time(W, c, V, b, x):
    a = np.outer(np.ones(len(x)), c)
    columns = []
    for d in range(len(b)):
        columns.append(np.dot(1 / (1 + np.exp(-a)), V[d]) + b[d])
        a = a + x[:, d : d + 1] * W[d : d + 1, :]
    return np.array(columns).T


def cumulative(W, c, V, b, x):
    """O(D H) operations, though it keeps (B, D, H) numbers."""
    terms = np.einsum("bd,dh->bdh", x, W)
    a = c + np.cumsum(terms, axis=1) - terms
    return np.einsum("bdh,dh->bd", expit(a), V) + b


def with_a_shift(W, c, V, b, x):
    start = np.ones((x.shape[0], 1))
    inputs = np.concatenate((start, x[:, :-1]), axis=1)
    weights = np.vstack((c.reshape(1, -1), W[:-1]))
    a = np.cumsum(inputs[:, :, None] * weights[None], 1)
    return (sigmoid(a) * V).sum(axis=-1) + b


def image_by_image(W, c, V, b, x):
    rows = []
    for image in x:
        a = c
        row = []
        for pixel, w, v, bias in zip(image, W, V, b, strict=True):
            row.append(v @ sigmoid(a) + bias)
            a = a + w * pixel
        rows.append(np.stack(row))
    return np.stack(rows)


def masked_rows(W, c, V, b, x):
    a = np.repeat(c[None, :], x.shape[0], axis=0)
    out = []
    for d in range(x.shape[1]):
        out.append(np.sum(sigmoid(a) * V[d][None, :], axis=1, keepdims=True) + b[d])
        a = np.where(x[:, [d]] == 1, a + W[d], a)
    return np.concatenate(out, axis=1)


def single_precision(W, c, V, b, x):
    W, c, V, b = (p.astype(np.float32) for p in (W, c, V, b))
    x = x.astype(np.float32)
    return one_term_at_a_time(W, c, V, b, x)


def recursive(W, c, V, b, x):
    def step(d, a):
        if d == len(b):
            return []
        return [np.matmul(sigmoid(a), V[d]) + b[d], *step(d + 1, a + np.multiply(x[:, d, np.newaxis], W[d]))]

    return np.stack(step(0, c + np.zeros((len(x), len(c)))), axis=-1)


LOGITS = [one_term_at_a_time, cumulative, with_a_shift, image_by_image, masked_rows, single_precision, recursive]

# --- nade_log_likelihood ----------------------------------------------------------------------------------------------


def with_logaddexp(W, c, V, b, x):
    logits = cumulative(W, c, V, b, x)
    return -np.sum(x * np.logaddexp(0, -logits) + (1 - x) * np.logaddexp(0, logits), axis=1)


def with_signs(W, c, V, b, x):
    signs = 2 * x - 1
    return -np.logaddexp(0.0, -signs * one_term_at_a_time(W, c, V, b, x)).sum(1)


def with_softplus(W, c, V, b, x):
    logits = with_a_shift(W, c, V, b, x)
    softplus = np.maximum(logits, 0) + np.log1p(np.exp(-np.abs(logits)))
    return np.einsum("bd->b", x * logits - softplus)


def as_one_loop(W, c, V, b, x):
    a, total = np.tile(c, (len(x), 1)), np.zeros(len(x))
    for d in range(len(b)):
        logit = np.dot(sigmoid(a), V[d]) + b[d]
        total = total + x[:, d] * logit - np.logaddexp(0, logit)
        a = a + np.outer(x[:, d], W[d])
    return total


def one_image_at_a_time(W, c, V, b, x):
    return np.array([as_one_loop(W, c, V, b, image[None])[0] for image in x])


def with_where(W, c, V, b, x):
    logits = masked_rows(W, c, V, b, x)
    return np.where(x > 0.5, -np.logaddexp(0, -logits), -np.logaddexp(0, logits)).sum(axis=-1)


def likelihood_in_single_precision(W, c, V, b, x):
    logits = single_precision(W, c, V, b, x)
    return np.sum(-np.logaddexp(np.float32(0), (1 - 2 * x.astype(np.float32)) * logits), axis=1)


LIKELIHOODS = [
    with_logaddexp,
    with_signs,
    with_softplus,
    as_one_loop,
    one_image_at_a_time,
    with_where,
    likelihood_in_single_precision,
]

# --- nade_sample ------------------------------------------------------------------------------------------------------


def with_rand(W, c, V, b, n_samples):
    x = np.zeros((n_samples, len(b)))
    a = np.zeros((n_samples, len(c))) + c
    for d in range(len(b)):
        p = sigmoid(sigmoid(a).dot(V[d]) + b[d])
        x[:, d] = npr.rand(n_samples) < p
        a += np.outer(x[:, d], W[d])
    return x


def with_a_generator(W, c, V, b, n_samples):
    uniforms = onp.random.default_rng().random((len(b), n_samples))
    a, pixels = onp.tile(c, (n_samples, 1)), []
    for d, u in enumerate(uniforms):
        pixels.append(u < expit(expit(a) @ V[d] + b[d]))
        a = a + pixels[d][:, None] * W[d]
    return onp.stack(pixels, axis=1)


def with_binomial(W, c, V, b, n_samples):
    a, x = np.tile(c, (n_samples, 1)), np.empty((n_samples, len(b)), dtype=int)
    for d in range(len(b)):
        x[:, d] = npr.binomial(1, sigmoid(np.dot(sigmoid(a), V[d]) + b[d]))
        a = a + np.outer(x[:, d], W[d])
    return x


def one_after_another(W, c, V, b, n_samples):
    images = []
    for _ in range(n_samples):
        a, image = c.copy(), []
        for d in range(len(b)):
            p = 1 / (1 + onp.exp(-(onp.dot(1 / (1 + onp.exp(-a)), V[d]) + b[d])))
            image.append(1 if npr.uniform() < p else 0)
            if image[d]:
                a += W[d]
        images.append(image)
    return np.array(images)


def with_logistic_noise(W, c, V, b, n_samples):
    a, columns = np.tile(c, (n_samples, 1)), []
    for d in range(len(b)):
        logit = np.sum(sigmoid(a) * V[d], axis=1) + b[d]
        columns.append((logit > npr.logistic(size=n_samples)).astype(np.uint8))
        a = np.where(columns[d][:, None], a + W[d], a)
    return np.column_stack(columns)


def sample_in_single_precision(W, c, V, b, n_samples):
    return with_rand(*(p.astype(np.float32) for p in (W, c, V, b)), n_samples).astype(np.float32)


def into_rows_of_pixels(W, c, V, b, n_samples):
    x, a = onp.zeros((len(b), n_samples), bool), onp.repeat(c[:, None], n_samples, axis=1)
    for d in range(len(b)):
        p = sigmoid(V[d] @ sigmoid(a) + b[d])
        onp.less(npr.random_sample(n_samples), p, out=x[d])
        a += W[d][:, None] * x[d]
    return x.T


SAMPLERS = [
    with_rand,
    with_a_generator,
    with_binomial,
    one_after_another,
    with_logistic_noise,
    sample_in_single_precision,
    into_rows_of_pixels,
]

RIGHT = {"nade_logits": LOGITS, "nade_log_likelihood": LIKELIHOODS, "nade_sample": SAMPLERS}

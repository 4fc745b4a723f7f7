"""Right solutions of `vae`, written differently."""

import math

import autograd.numpy as np
import autograd.numpy.random as npr
import autograd.scipy.special as special

from npgen.grading.references.vae import neural_net_predict

# --- sample_latent_variables_from_posterior --------------------------------------------------------------------------


def sample_by_split(encoder_output):
    mean, log_std = np.split(encoder_output, 2, axis=1)
    return np.exp(log_std) * npr.standard_normal(mean.shape) + mean


def sample_by_default_rng(encoder_output):
    L = encoder_output.shape[1] // 2
    noise = np.random.default_rng().normal(size=(len(encoder_output), L))
    return encoder_output[:, :L] + noise * np.exp(encoder_output[:, L:])


def sample_by_rows(encoder_output):
    B, L = encoder_output.shape[0], encoder_output.shape[1] // 2
    noise = np.array([npr.randn(L) for _ in range(B)])
    std = np.exp(encoder_output[:, L:])
    return encoder_output[:, :L] + std * noise


def sample_in_float32(encoder_output):
    mean, log_std = np.split(encoder_output.astype(np.float32), 2, axis=-1)
    return mean + np.exp(log_std) * npr.randn(*mean.shape).astype(np.float32)


def sample_with_minus(encoder_output):
    B, L = encoder_output.shape[0], int(encoder_output.shape[1] / 2)
    return encoder_output[:, 0:L] - npr.normal(0.0, 1.0, size=(B, L)) * np.sqrt(np.exp(2.0 * encoder_output[:, -L:]))


def sample_by_einsum(encoder_output):
    mean, log_std = np.array_split(encoder_output, 2, axis=1)
    return mean + np.einsum("ij,ij->ij", np.exp(log_std), npr.randn(mean.size).reshape(mean.shape))


def sample_by_columns(encoder_output):
    L = encoder_output.shape[1] // 2
    noise = npr.randn(L, len(encoder_output))
    columns = [encoder_output[:, d] + np.exp(encoder_output[:, L + d]) * noise[d] for d in range(L)]
    return np.array(columns).T


# --- bernoulli_log_prob ----------------------------------------------------------------------------------------------


def bernoulli_by_logaddexp(targets, logits):
    return np.sum(targets * logits - np.logaddexp(0, logits), axis=1)


def bernoulli_by_maximum(targets, logits):
    terms = np.maximum(logits, 0) - logits * targets + np.log1p(np.exp(-np.abs(logits)))
    return -np.sum(terms, axis=-1)


def bernoulli_by_two_terms(targets, logits):
    return np.sum(-targets * np.logaddexp(0, -logits) - (1 - targets) * np.logaddexp(0, logits), axis=1)


def bernoulli_by_where(targets, logits):
    turned = np.where(targets == 1, logits, -logits)
    return np.sum(np.where(turned < 0, turned, 0) - np.log(1 + np.exp(-np.abs(turned))), axis=1)


def bernoulli_by_rows(targets, logits):
    rows = []
    for x, row in zip(targets, logits, strict=True):
        log_prob = 0.0
        for d in range(len(x)):
            log_prob = log_prob + (x[d] * row[d] - np.logaddexp(0.0, row[d]))
        rows.append(log_prob)
    return np.array(rows)


def bernoulli_by_logsumexp(targets, logits):
    both = np.stack([np.zeros(logits.shape), logits], axis=2)
    return np.einsum("ij,ij->i", targets, logits) - np.sum(special.logsumexp(both, axis=2), axis=1)


def bernoulli_in_float32(targets, logits):
    targets, logits = targets.astype(np.float32), logits.astype(np.float32)
    return np.sum(targets * logits - np.logaddexp(np.float32(0), logits), axis=1)


def bernoulli_by_signs(targets, logits):
    return np.array([np.sum(-np.logaddexp(0, (1 - 2 * x) * row)) for x, row in zip(targets, logits, strict=True)])


# --- compute_KL ------------------------------------------------------------------------------------------------------


def kl_by_variance(q):
    mean, log_std = np.split(q, 2, axis=1)
    variance = np.exp(log_std) ** 2
    return -0.5 * np.sum(1 + 2 * log_std - mean**2 - variance, axis=1)


def kl_by_rows(q):
    L = q.shape[1] // 2
    rows = []
    for row in q:
        total = 0.0
        for d in range(L):
            total = total + (0.5 * (math.e ** (2 * row[L + d]) + row[d] * row[d] - 1) - row[L + d])
        rows.append(total)
    return np.array(rows)


def kl_by_einsum(q):
    L = q.shape[1] // 2
    mean, std = q[:, :L], np.exp(q[:, L:])
    squares = np.einsum("ij,ij->i", mean, mean) + np.einsum("ij,ij->i", std, std)
    return 0.5 * (squares - L) - q[:, L:].sum(axis=1)


def kl_in_float32(q):
    mean, log_std = np.split(q.astype(np.float32), 2, axis=1)
    return np.sum((mean**2 + np.exp(2 * log_std) - 1) / 2 - log_std, axis=1)


def kl_by_entropy(q):
    """The cross-entropy of q and the prior less the entropy of q."""
    L = q.shape[1] // 2
    mean, log_std = q[:, :L], q[:, L:]
    cross_entropy = 0.5 * np.log(2 * np.pi) + 0.5 * (mean**2 + np.exp(2 * log_std))
    entropy = 0.5 * np.log(2 * np.pi * np.e) + log_std
    return np.sum(cross_entropy - entropy, axis=1)


def kl_by_expm1(q):
    mean, log_std = np.hsplit(q, 2)
    return np.sum(0.5 * mean * mean + 0.5 * np.expm1(2 * log_std) - log_std, axis=-1)


def kl_by_quotient(q):
    """The general formula of two normal distributions, with the prior's parameters put in."""
    L = q.shape[1] // 2
    mean, log_var = q[:, :L], 2 * q[:, L:]
    prior_mean, prior_var = np.zeros(L), np.ones(L)
    trace = np.sum(np.exp(log_var) / prior_var, axis=1)
    distance = np.sum((prior_mean - mean) ** 2 / prior_var, axis=1)
    return 0.5 * (trace + distance - L + np.sum(np.log(prior_var)) - np.sum(log_var, axis=1))


# --- vae_lower_bound -------------------------------------------------------------------------------------------------


def _encode(rec_params, data):
    return np.split(neural_net_predict(rec_params, data), 2, axis=1)


def bound_of_means(gen_params, rec_params, data):
    q = neural_net_predict(rec_params, data)
    logits = neural_net_predict(gen_params, sample_by_split(q))
    return np.mean(bernoulli_by_logaddexp(data, logits)) - np.mean(kl_by_variance(q))


def bound_by_sums(gen_params, rec_params, data):
    q = neural_net_predict(rec_params, data)
    logits = neural_net_predict(gen_params, sample_by_default_rng(q))
    return (bernoulli_by_maximum(data, logits).sum() - kl_by_einsum(q).sum()) / data.shape[0]


def bound_of_many_samples(gen_params, rec_params, data, n_samples=5):
    q = neural_net_predict(rec_params, data)
    total = 0.0
    for _ in range(n_samples):
        total = total + np.mean(bernoulli_by_where(data, neural_net_predict(gen_params, sample_by_split(q))))
    return total / n_samples - np.mean(kl_by_expm1(q))


def bound_by_parts(gen_params, rec_params, data):
    """A few images at a time."""
    total = 0.0
    for part in np.array_split(data, min(3, len(data))):
        q = neural_net_predict(rec_params, part)
        logits = neural_net_predict(gen_params, sample_by_einsum(q))
        for log_prob, kl in zip(bernoulli_by_logaddexp(part, logits), kl_by_entropy(q), strict=True):
            total = total + log_prob - kl
    return total / len(data)


def bound_inline(gen_params, rec_params, data):
    mean, log_std = _encode(rec_params, data)
    z = mean + np.exp(log_std) * npr.randn(*mean.shape)
    logits = neural_net_predict(gen_params, z)
    log_likelihood = np.sum(data * logits - np.logaddexp(0, logits), axis=1)
    kl = 0.5 * np.sum(np.exp(2 * log_std) + mean**2 - 1 - 2 * log_std, axis=1)
    return np.mean(log_likelihood - kl)


def bound_in_float32(gen_params, rec_params, data):
    gen_params, rec_params = (
        [(W.astype(np.float32), b.astype(np.float32)) for W, b in params] for params in (gen_params, rec_params)
    )
    data = data.astype(np.float32)
    q = neural_net_predict(rec_params, data)
    logits = neural_net_predict(gen_params, sample_in_float32(q))
    return np.mean(bernoulli_in_float32(data, logits) - kl_in_float32(q))


def bound_of_tiled_samples(gen_params, rec_params, data):
    """Three samples of each image at once, as a batch of three copies."""
    q = np.concatenate([neural_net_predict(rec_params, data)] * 3)
    data = np.concatenate([data] * 3)
    logits = neural_net_predict(gen_params, sample_with_minus(q))
    return np.mean(bernoulli_by_two_terms(data, logits) - kl_by_variance(q))


def bound_by_entropies(gen_params, rec_params, data):
    """The KL divergence as a cross-entropy less an entropy."""
    mean, log_std = _encode(rec_params, data)
    z = mean + np.exp(log_std) * npr.randn(*mean.shape)
    log_likelihood = bernoulli_by_logaddexp(data, neural_net_predict(gen_params, z))
    entropy = np.sum(log_std + 0.5 * np.log(2 * np.pi * np.e), axis=1)
    cross_entropy = 0.5 * np.sum(mean**2 + np.exp(2 * log_std) + np.log(2 * np.pi), axis=1)
    return np.mean(log_likelihood - cross_entropy + entropy)


# --- adam_update -----------------------------------------------------------------------------------------------------


def adam_efficient(params, grad, m, v, t, alpha=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """The faster form of the paper: eps beside the root of the uncorrected v."""
    m = beta1 * m + (1 - beta1) * grad
    v = beta2 * v + (1 - beta2) * grad * grad
    step_size = alpha * np.sqrt(1 - beta2**t) / (1 - beta1**t)
    return params + step_size * m / (np.sqrt(v) + eps), m, v


def adam_by_differences(params, grad, m, v, t, alpha=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    m = m + (1 - beta1) * (grad - m)
    v = v + (1 - beta2) * (grad**2 - v)
    return params + alpha / (1 - beta1**t) * m / (eps + np.sqrt(v / (1 - beta2**t))), m, v


def adam_by_elements(params, grad, m, v, t, alpha=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    new = np.empty((3, len(params)))
    for i in range(len(params)):
        m_i = beta1 * m[i] + (1.0 - beta1) * grad[i]
        v_i = beta2 * v[i] + (1.0 - beta2) * grad[i] ** 2
        step = alpha * (m_i / (1 - math.pow(beta1, t))) / (math.sqrt(v_i / (1 - math.pow(beta2, t))) + eps)
        new[:, i] = params[i] + step, m_i, v_i
    return new[0], new[1], new[2]


def adam_in_float32(params, grad, m, v, t, alpha=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    params, grad, m, v = (np.asarray(array, np.float32) for array in (params, grad, m, v))
    return adam_by_differences(params, grad, m, v, t, alpha, beta1, beta2, eps)


def adam_in_place_on_copies(params, grad, m, v, t, alpha=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    params, m, v = params.copy(), m.copy(), v.copy()
    m *= beta1
    m += (1 - beta1) * grad
    v *= beta2
    v += (1 - beta2) * np.square(grad)
    params += alpha * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + eps)
    return params, m, v


def adam_of_lists(params, grad, m, v, t, alpha=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """Lists convert exactly."""
    m = [beta1 * a + (1 - beta1) * g for a, g in zip(m, grad, strict=True)]
    v = [beta2 * a + (1 - beta2) * g**2 for a, g in zip(v, grad, strict=True)]
    params = [
        p + alpha * (a / (1 - beta1**t)) / ((b / (1 - beta2**t)) ** 0.5 + eps)
        for p, a, b in zip(params, m, v, strict=True)
    ]
    return [list(map(float, params)), list(map(float, m)), list(map(float, v))]


def adam_minimising_the_negative(params, grad, m, v, t, alpha=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    m_hat = (beta1 * m + (1 - beta1) * grad) / (1 - beta1**t)
    v_hat = (beta2 * v + (1 - beta2) * np.abs(grad) ** 2) / (1 - beta2**t)
    params = params - (-alpha) * m_hat / (v_hat**0.5 + eps)
    return params, m_hat * (1 - beta1**t), v_hat * (1 - beta2**t)


RIGHT = {
    "sample_latent_variables_from_posterior": [
        sample_by_split,
        sample_by_default_rng,
        sample_by_rows,
        sample_in_float32,
        sample_with_minus,
        sample_by_einsum,
        sample_by_columns,
    ],
    "bernoulli_log_prob": [
        bernoulli_by_logaddexp,
        bernoulli_by_maximum,
        bernoulli_by_two_terms,
        bernoulli_by_where,
        bernoulli_by_rows,
        bernoulli_by_logsumexp,
        bernoulli_in_float32,
        bernoulli_by_signs,
    ],
    "compute_KL": [
        kl_by_variance,
        kl_by_rows,
        kl_by_einsum,
        kl_in_float32,
        kl_by_entropy,
        kl_by_expm1,
        kl_by_quotient,
    ],
    "vae_lower_bound": [
        bound_of_means,
        bound_by_sums,
        bound_of_many_samples,
        bound_by_parts,
        bound_inline,
        bound_in_float32,
        bound_of_tiled_samples,
        bound_by_entropies,
    ],
    "adam_update": [
        adam_efficient,
        adam_by_differences,
        adam_by_elements,
        adam_in_float32,
        adam_in_place_on_copies,
        adam_of_lists,
        adam_minimising_the_negative,
    ],
}

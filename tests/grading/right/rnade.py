"""Right solutions of the exercise about RNADE, written as differently as students write them."""

import autograd.numpy as np
import autograd.numpy.random as npr
import numpy as onp
from autograd.scipy.special import expit, logsumexp
from autograd.scipy.stats import norm

# --- mixture_log_density ----------------------------------------------------------------------------------------------


def with_scipy(x, means, log_stds):
    z = (x[:, None] - means) / np.exp(log_stds)
    return logsumexp(norm.logpdf(z) - log_stds, axis=1) - np.log(means.shape[1])


def with_weights_inside(x, means, log_stds):
    n_components = means.shape[1]
    squares = np.square(np.expand_dims(x, 1) - means) / np.exp(2 * log_stds)
    joint = np.log(1 / n_components) - 0.5 * (squares + 2 * log_stds + np.log(2 * np.pi))
    return logsumexp(joint, axis=-1)


def through_variances(x, means, log_stds):
    variances = np.exp(log_stds) ** 2
    terms = -((x.reshape(-1, 1) - means) ** 2) / (2 * variances) - 0.5 * np.log(2 * np.pi * variances)
    m = np.max(terms, axis=1, keepdims=True)
    return (m + np.log(np.sum(np.exp(terms - m), axis=1, keepdims=True) / means.shape[1]))[:, 0]


def component_after_component(x, means, log_stds):
    total = None
    for k in range(means.shape[1]):
        z = (x - means[:, k]) * np.exp(-log_stds[:, k])
        term = -0.5 * z * z - log_stds[:, k] - np.log(np.sqrt(2 * np.pi))
        total = term if total is None else np.logaddexp(total, term)
    return total - np.log(means.shape[1])


def row_by_row(x, means, log_stds):
    values = []
    for number, mean, log_std in zip(x, means, log_stds, strict=True):
        terms = -0.5 * ((number - mean) / np.exp(log_std)) ** 2 - log_std
        values.append(logsumexp(terms) - np.log(len(mean)) - 0.5 * np.log(2 * np.pi))
    return np.array(values)


def density_in_single_precision(x, means, log_stds):
    return with_scipy(*(array.astype(np.float32) for array in (x, means, log_stds)))


def transposed(x, means, log_stds):
    terms = -0.5 * (((x - means.T) * np.exp(-log_stds.T)) ** 2 + 2 * log_stds.T + 1.8378770664093453)
    largest = terms.max(axis=0)
    return np.log(np.exp(terms - largest).mean(axis=0)) + largest


DENSITIES = [
    with_scipy,
    with_weights_inside,
    through_variances,
    component_after_component,
    row_by_row,
    density_in_single_precision,
    transposed,
]


# --- rnade_conditionals -----------------------------------------------------------------------------------------------


def one_term_at_a_time(W, c, rho, V, b, x):
    a = np.outer(np.ones(len(x)), c)
    parts = []
    for d in range(len(b)):
        parts.append(1 / (1 + np.exp(-rho[d] * a)) @ V[d] + b[d])
        a = a + x[:, d : d + 1] * W[d : d + 1]
    return np.swapaxes(np.array(parts), 0, 1)


def cumulative(W, c, rho, V, b, x):
    """O(D H) operations, though it keeps (B, D, H) numbers."""
    terms = np.einsum("bd,dh->bdh", x, W)
    a = c + np.cumsum(terms, axis=1) - terms
    h = expit(np.expand_dims(rho, 1) * a)
    return np.einsum("bdh,dhk->bdk", h, V) + b


def halves_apart(W, c, rho, V, b, x):
    n_components = b.shape[1] // 2
    a, means, log_stds = np.tile(c, (len(x), 1)), [], []
    for d in range(x.shape[1]):
        h = expit(rho[d] * a)
        means.append(np.dot(h, V[d, :, :n_components]) + b[d, :n_components])
        log_stds.append(np.dot(h, V[d, :, n_components:]) + b[d, n_components:])
        a = a + np.outer(x[:, d], W[d])
    return np.concatenate([np.stack(means, axis=1), np.stack(log_stds, axis=1)], axis=2)


def example_by_example(W, c, rho, V, b, x):
    rows = []
    for example in x:
        a, row = c, []
        for number, w, r, v, bias in zip(example, W, rho, V, b, strict=True):
            row.append(np.dot(np.transpose(v), expit(r * a)) + bias)
            a = a + number * w
        rows.append(np.stack(row))
    return np.stack(rows)


def recursive(W, c, rho, V, b, x):
    def step(d, a):
        if d == len(b):
            return []
        output = np.sum(expit(rho[d] * a)[:, :, None] * V[d], axis=1) + b[d]
        return [output[:, None], *step(d + 1, a + np.multiply(x[:, d, None], W[d]))]

    return np.concatenate(step(0, np.repeat(c[None], len(x), axis=0)), axis=1)


def conditionals_in_single_precision(W, c, rho, V, b, x):
    return one_term_at_a_time(*(array.astype(np.float32) for array in (W, c, rho, V, b, x)))


def with_a_shift(W, c, rho, V, b, x):
    inputs = np.concatenate((np.ones((len(x), 1)), x[:, :-1]), axis=1)
    weights = np.vstack((c[None], W[:-1]))
    a = np.cumsum(inputs[:, :, None] * weights[None], 1)
    h = 0.5 * np.tanh(0.5 * rho[:, None] * a) + 0.5
    return np.swapaxes(np.matmul(np.swapaxes(h, 0, 1), V), 0, 1) + b


CONDITIONALS = [
    one_term_at_a_time,
    cumulative,
    halves_apart,
    example_by_example,
    recursive,
    conditionals_in_single_precision,
    with_a_shift,
]


# --- rnade_log_likelihood ---------------------------------------------------------------------------------------------


def all_variables_at_once(W, c, rho, V, b, x):
    outputs = cumulative(W, c, rho, V, b, x)
    n_components = b.shape[1] // 2
    means, log_stds = outputs[..., :n_components], outputs[..., n_components:]
    terms = norm.logpdf((x[..., None] - means) / np.exp(log_stds)) - log_stds
    return np.sum(logsumexp(terms, axis=2) - np.log(n_components), axis=1)


def variable_after_variable(W, c, rho, V, b, x):
    means, log_stds = np.split(one_term_at_a_time(W, c, rho, V, b, x), 2, axis=2)
    total = np.zeros(len(x))
    for d in range(x.shape[1]):
        total = total + component_after_component(x[:, d], means[:, d], log_stds[:, d])
    return total


def as_one_loop(W, c, rho, V, b, x):
    n_components = len(b[0]) // 2
    a, total = np.tile(c, (len(x), 1)), 0
    for d in range(len(b)):
        output = np.dot(expit(rho[d] * a), V[d]) + b[d]
        total = total + through_variances(x[:, d], output[:, :n_components], output[:, n_components:])
        a = a + np.outer(x[:, d], W[d])
    return total


def one_example_at_a_time(W, c, rho, V, b, x):
    return np.array([as_one_loop(W, c, rho, V, b, example[None])[0] for example in x])


def as_one_long_batch(W, c, rho, V, b, x):
    outputs = np.reshape(halves_apart(W, c, rho, V, b, x), (-1, b.shape[1]))
    n_components = b.shape[1] // 2
    values = with_weights_inside(np.ravel(x), outputs[:, :n_components], outputs[:, n_components:])
    return np.sum(np.reshape(values, x.shape), axis=1)


def likelihood_in_single_precision(W, c, rho, V, b, x):
    return all_variables_at_once(*(array.astype(np.float32) for array in (W, c, rho, V, b, x)))


def constants_in_the_end(W, c, rho, V, b, x):
    outputs, n_components = with_a_shift(W, c, rho, V, b, x), b.shape[1] // 2
    log_stds = outputs[:, :, n_components:]
    z = (np.expand_dims(x, -1) - outputs[:, :, :n_components]) * np.exp(-log_stds)
    total = np.sum(logsumexp(-0.5 * z**2 - log_stds, axis=-1), axis=-1)
    return total - x.shape[1] * (np.log(n_components) + 0.5 * np.log(2 * np.pi))


LIKELIHOODS = [
    all_variables_at_once,
    variable_after_variable,
    as_one_loop,
    one_example_at_a_time,
    as_one_long_batch,
    likelihood_in_single_precision,
    constants_in_the_end,
]


# --- mixture_sample ---------------------------------------------------------------------------------------------------


def with_choice(means, log_stds):
    chosen = npr.choice(means.shape[1], size=len(means))
    mean = means[np.arange(len(means)), chosen]
    return npr.normal(mean, np.exp(log_stds[np.arange(len(means)), chosen]))


def with_a_generator(means, log_stds):
    rng = onp.random.default_rng()
    chosen = rng.integers(means.shape[1], size=(len(means), 1))
    mean, log_std = (onp.take_along_axis(array, chosen, axis=1)[:, 0] for array in (means, log_stds))
    return mean + onp.exp(log_std) * rng.standard_normal(len(means))


def with_one_hot_vectors(means, log_stds):
    one_hot = np.eye(means.shape[1])[npr.randint(0, means.shape[1], len(means))]
    return np.sum(one_hot * means, axis=1) + np.exp(np.sum(one_hot * log_stds, axis=1)) * npr.randn(len(means))


def all_drawn_and_one_chosen(means, log_stds):
    numbers = means + np.exp(log_stds) * npr.randn(*means.shape)
    chosen = np.floor(npr.rand(len(means)) * means.shape[1]).astype(int)
    return numbers[np.arange(len(means)), chosen]


def number_by_number(means, log_stds):
    numbers = []
    for mean, log_std in zip(means, log_stds, strict=True):
        k = npr.randint(len(mean))
        numbers.append(mean[k] + np.exp(log_std[k]) * npr.randn())
    return np.array(numbers)


def sample_in_single_precision(means, log_stds):
    return with_a_generator(means.astype(np.float32), log_stds.astype(np.float32)).astype(np.float32)


def by_the_largest_of_noise(means, log_stds):
    chosen = npr.rand(*means.shape).argmax(axis=1)
    rows = list(range(len(means)))
    return [
        float(m + s * e)
        for m, s, e in zip(
            means[rows, chosen], np.exp(log_stds)[rows, chosen], npr.standard_normal(len(rows)), strict=True
        )
    ]


SAMPLERS = [
    with_choice,
    with_a_generator,
    with_one_hot_vectors,
    all_drawn_and_one_chosen,
    number_by_number,
    sample_in_single_precision,
    by_the_largest_of_noise,
]

RIGHT = {
    "mixture_log_density": DENSITIES,
    "rnade_conditionals": CONDITIONALS,
    "rnade_log_likelihood": LIKELIHOODS,
    "mixture_sample": SAMPLERS,
}

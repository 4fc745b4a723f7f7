"""Right solutions of the exercise about MADE, written as differently as students write them."""

import itertools

import autograd.numpy as np
import autograd.numpy.random as npr
import numpy as onp
from autograd.scipy.special import expit

# --- made_degrees -----------------------------------------------------------------------------------------------------


def with_randint(ordering, hidden_sizes):
    degrees, n_pixels = [], len(ordering)
    least = 1
    for size in hidden_sizes:
        layer = npr.randint(low=least, high=n_pixels, size=(size,))
        degrees.append(layer)
        least = layer.min()
    return degrees


def with_a_generator(ordering, hidden_sizes):
    rng, layers = onp.random.default_rng(), [ordering]
    for size in hidden_sizes:
        layers.append(rng.integers(min(layers[-1]), max(ordering) - 1, size, endpoint=True))
    return tuple(layers[1:])


def with_choice(ordering, hidden_sizes):
    degrees, below = [], ordering
    for size in hidden_sizes:
        below = npr.choice(np.arange(np.min(below), len(ordering)), size=size, replace=True)
        degrees.append(below)
    return degrees


def unit_by_unit(ordering, hidden_sizes):
    degrees, least = [], 1
    for size in hidden_sizes:
        degrees.append([int(npr.randint(least, len(ordering))) for _ in range(size)])
        least = min(degrees[-1])
    return [np.array(layer) for layer in degrees]


def with_floor(ordering, hidden_sizes):
    degrees, least = [], 1
    for size in hidden_sizes:
        n_values = len(ordering) - least
        degrees.append(least + np.floor(n_values * npr.rand(size)).astype(int))
        least = int(np.min(degrees[-1]))
    return degrees


def recursive(ordering, hidden_sizes):
    def layers(least, sizes):
        if not sizes:
            return []
        first = npr.randint(least, ordering.size, sizes[0])
        return [first, *layers(first.min(), sizes[1:])]

    return layers(ordering.min(), list(hidden_sizes))


def as_floats(ordering, hidden_sizes):
    return [1.0 * layer for layer in with_randint(ordering, hidden_sizes)]


DEGREES = [with_randint, with_a_generator, with_choice, unit_by_unit, with_floor, recursive, as_floats]


# --- made_masks -------------------------------------------------------------------------------------------------------


def with_outer(degrees):
    masks = [onp.less_equal.outer(below, above) for below, above in itertools.pairwise(degrees)]
    masks.append(onp.less.outer(degrees[-1], degrees[0]))
    return masks


def by_loops(degrees):
    masks = []
    layers = [*degrees, degrees[0]]
    for number in range(len(degrees)):
        below, above = layers[number], layers[number + 1]
        mask = np.zeros((len(below), len(above)))
        for j in range(len(below)):
            for k in range(len(above)):
                last = number == len(degrees) - 1
                if above[k] > below[j] or (above[k] == below[j] and not last):
                    mask[j, k] = 1
        masks.append(mask)
    return masks


def with_one_less(degrees):
    """m_0(d) > m_L(k) is m_0(d) - 1 >= m_L(k)."""
    layers = [*degrees, degrees[0] - 1]
    return [(above >= below[:, None]).astype(int) for below, above in itertools.pairwise(layers)]


def with_where(degrees):
    masks = []
    for level in range(1, len(degrees)):
        masks.append(np.where(degrees[level] < degrees[level - 1].reshape(-1, 1), 0.0, 1.0))
    return (*masks, np.where(degrees[0] <= degrees[-1].reshape(-1, 1), 0.0, 1.0))


def by_transposes(degrees):
    masks = [(above[:, None] >= below[None, :]).T for below, above in itertools.pairwise(degrees)]
    return [np.array(mask, dtype=np.float32) for mask in [*masks, (degrees[0][:, None] > degrees[-1]).T]]


def with_heaviside(degrees):
    masks = [onp.heaviside(above[None] - below[:, None], 1.0) for below, above in itertools.pairwise(degrees)]
    return [*masks, onp.heaviside(degrees[0][None] - degrees[-1][:, None], 0.0)]


def row_by_row(degrees):
    masks = [np.stack([degrees[i + 1] >= m for m in degrees[i]]) for i in range(len(degrees) - 1)]
    return [*masks, np.stack([degrees[0] > m for m in degrees[-1]])]


MASKS = [with_outer, by_loops, with_one_less, with_where, by_transposes, with_heaviside, row_by_row]


# --- made_logits ------------------------------------------------------------------------------------------------------


def with_matmul(weights, biases, masks, x):
    h = x
    for number in range(len(weights)):
        h = h @ (masks[number] * weights[number]) + biases[number]
        if number < len(weights) - 1:
            h = np.maximum(0, h)
    return h


def hidden_then_last(weights, biases, masks, x):
    (*hidden, last), h = list(zip(weights, biases, masks, strict=True)), x
    for W, b, M in hidden:
        a = np.einsum("bj,jk,jk->bk", h, W, M) + b
        h = a * (a > 0)
    W, b, M = last
    return np.einsum("bj,jk,jk->bk", h, W, M) + b


def with_where_for_masks(weights, biases, masks, x):
    h = x
    for W, b, M in zip(weights[:-1], biases[:-1], masks[:-1], strict=True):
        a = np.dot(h, np.where(M == 1, W, 0.0)) + b
        h = 0.5 * (a + np.abs(a))
    return np.dot(h, np.where(masks[-1] == 1, weights[-1], 0.0)) + biases[-1]


def image_by_image(weights, biases, masks, x):
    rows = []
    for image in x:
        h = image
        for W, b, M in zip(weights[:-1], biases[:-1], masks[:-1], strict=True):
            h = np.maximum(np.dot((W * M).T, h) + b, 0)
        rows.append(np.dot((weights[-1] * masks[-1]).T, h) + biases[-1])
    return np.stack(rows)


def logits_in_single_precision(weights, biases, masks, x):
    return with_matmul(*([p.astype(np.float32) for p in parts] for parts in (weights, biases, masks)), np.float32(x))


def layer_by_layer(weights, biases, masks, x):
    def pass_on(h, rest):
        (W, b, M), *rest = rest
        a = np.tensordot(h, np.multiply(W, M), axes=1) + np.reshape(b, (1, -1))
        return pass_on(np.maximum(a, 0.0), rest) if rest else a

    return pass_on(x, list(zip(weights, biases, masks, strict=True)))


def masked_twice(weights, biases, masks, x):
    """Harmless: a mask times itself is the mask."""
    masked = [W * M for W, M in zip(weights, masks, strict=True)]
    return with_matmul(masked, biases, masks, x)


LOGITS = [
    with_matmul,
    hidden_then_last,
    with_where_for_masks,
    image_by_image,
    logits_in_single_precision,
    layer_by_layer,
    masked_twice,
]


# --- made_log_likelihood ----------------------------------------------------------------------------------------------


def with_logaddexp(weights, biases, masks, x):
    logits = with_matmul(weights, biases, masks, x)
    return -np.sum(x * np.logaddexp(0, -logits) + (1 - x) * np.logaddexp(0, logits), axis=1)


def with_signs(weights, biases, masks, x):
    return -np.logaddexp(0.0, (1 - 2 * x) * layer_by_layer(weights, biases, masks, x)).sum(1)


def with_softplus(weights, biases, masks, x):
    logits = hidden_then_last(weights, biases, masks, x)
    softplus = np.maximum(logits, 0) + np.log1p(np.exp(-np.abs(logits)))
    return np.einsum("bd->b", x * logits - softplus)


def pixel_by_pixel(weights, biases, masks, x):
    logits, total = with_where_for_masks(weights, biases, masks, x), np.zeros(len(x))
    for d in range(x.shape[1]):
        total = total + x[:, d] * logits[:, d] - np.logaddexp(0, logits[:, d])
    return total


def one_image_at_a_time(weights, biases, masks, x):
    return np.array([with_signs(weights, biases, masks, image[None])[0] for image in x])


def with_where_for_pixels(weights, biases, masks, x):
    logits = image_by_image(weights, biases, masks, x)
    return np.where(x > 0.5, -np.logaddexp(0, -logits), -np.logaddexp(0, logits)).sum(axis=-1)


def likelihood_in_single_precision(weights, biases, masks, x):
    logits = logits_in_single_precision(weights, biases, masks, x)
    return np.sum(-np.logaddexp(np.float32(0), (1 - 2 * np.float32(x)) * logits), axis=1)


LIKELIHOODS = [
    with_logaddexp,
    with_signs,
    with_softplus,
    pixel_by_pixel,
    one_image_at_a_time,
    with_where_for_pixels,
    likelihood_in_single_precision,
]


# --- made_sample ------------------------------------------------------------------------------------------------------


def with_rand(weights, biases, masks, ordering, n_samples):
    x = np.zeros((n_samples, len(ordering)))
    for place in range(1, len(ordering) + 1):
        d = list(ordering).index(place)
        p = expit(with_matmul(weights, biases, masks, x)[:, d])
        x[:, d] = npr.rand(n_samples) < p
    return x


def with_a_new_generator(weights, biases, masks, ordering, n_samples):
    rng, x = onp.random.default_rng(), onp.ones((n_samples, len(ordering)), int)
    for d in onp.argsort(ordering):
        logits = layer_by_layer(weights, biases, masks, x)
        x[:, d] = rng.random(n_samples) < expit(logits[:, d])
    return x


def with_binomial(weights, biases, masks, ordering, n_samples):
    x = np.zeros((n_samples, len(ordering)))
    for place in range(len(ordering)):
        now = ordering == place + 1
        x = np.where(now, npr.binomial(1, expit(with_matmul(weights, biases, masks, x))), x)
    return x


def one_after_another(weights, biases, masks, ordering, n_samples):
    images = []
    for _ in range(n_samples):
        image = np.zeros(len(ordering))
        for d in sorted(range(len(ordering)), key=lambda d: ordering[d]):
            logit = with_matmul(weights, biases, masks, image[None])[0, d]
            image[d] = 1 if npr.uniform() < expit(logit) else 0
        images.append(image)
    return np.array(images)


def with_logistic_noise(weights, biases, masks, ordering, n_samples):
    x, noise = np.zeros((n_samples, len(ordering)), bool), npr.logistic(size=(n_samples, len(ordering)))
    for d in np.argsort(ordering):
        x[:, d] = with_matmul(weights, biases, masks, 1.0 * x)[:, d] > noise[:, d]
    return x


def all_noise_first(weights, biases, masks, ordering, n_samples):
    """The same uniform numbers in each pass: after pass t the first t pixels are as they will stay."""
    u, x = npr.rand(n_samples, len(ordering)), np.zeros((n_samples, len(ordering)))
    for _ in ordering:
        x = 1.0 * (u < expit(with_matmul(weights, biases, masks, x)))
    return x


def sample_in_single_precision(weights, biases, masks, ordering, n_samples):
    single = ([p.astype(np.float32) for p in parts] for parts in (weights, biases, masks))
    return with_rand(*single, ordering, n_samples).astype(np.float32)


SAMPLERS = [
    with_rand,
    with_a_new_generator,
    with_binomial,
    one_after_another,
    with_logistic_noise,
    all_noise_first,
    sample_in_single_precision,
]

RIGHT = {
    "made_degrees": DEGREES,
    "made_masks": MASKS,
    "made_logits": LOGITS,
    "made_log_likelihood": LIKELIHOODS,
    "made_sample": SAMPLERS,
}

"""Right solutions of the exercise about the images of a VAE, written as differently as students write them."""

import autograd.numpy as np
import autograd.numpy.random as npr
import numpy as onp
from scipy.special import expit


def predict(params, inputs):
    for W, b in params[:-1]:
        inputs = np.tanh(inputs @ W + b)
    W, b = params[-1]
    return inputs @ W + b


def sigmoid(x):
    return 0.5 * (np.tanh(0.5 * x) + 1)


# --- generate_images --------------------------------------------------------------------------------------------------


def with_randn(gen_params, n_images):
    return 1 / (1 + np.exp(-predict(gen_params, npr.randn(n_images, len(gen_params[0][0])))))


def with_a_generator(gen_params, n_images):
    z = onp.random.default_rng().standard_normal((n_images, gen_params[0][0].shape[0]))
    return expit(predict(gen_params, z))


def with_normal(gen_params, n_images):
    z = npr.normal(0, 1, size=(n_images, gen_params[0][0].shape[0]))
    return sigmoid(predict(gen_params, z))


def image_by_image(gen_params, n_images):
    n_latent = onp.shape(gen_params[0][0])[0]
    return np.vstack([sigmoid(predict(gen_params, npr.randn(1, n_latent))) for _ in range(n_images)])


def in_single_precision(gen_params, n_images):
    params = [(W.astype(np.float32), b.astype(np.float32)) for W, b in gen_params]
    z = npr.randn(n_images, params[0][0].shape[0]).astype(np.float32)
    return sigmoid(predict(params, z))


def with_covariance(gen_params, n_images):
    n_latent = gen_params[0][0].shape[0]
    z = npr.multivariate_normal(np.zeros(n_latent), np.eye(n_latent), n_images)
    return np.exp(-np.logaddexp(0, -predict(gen_params, z)))


def as_lists(gen_params, n_images):
    return with_randn(gen_params, n_images).tolist()


# --- reconstruct_images -----------------------------------------------------------------------------------------------


def with_half(gen_params, rec_params, images):
    output = predict(rec_params, images)
    return expit(predict(gen_params, output[:, : output.shape[1] // 2]))


def with_the_size_of_the_decoder(gen_params, rec_params, images):
    n_latent = gen_params[0][0].shape[0]
    return sigmoid(predict(gen_params, predict(rec_params, images)[:, :n_latent]))


def with_split(gen_params, rec_params, images):
    means, _ = np.split(predict(rec_params, images), 2, axis=-1)
    return 1 / (1 + np.exp(-predict(gen_params, means)))


def one_after_another(gen_params, rec_params, images):
    return np.array([with_split(gen_params, rec_params, image[None])[0] for image in images])


def with_sliced_weights(gen_params, rec_params, images):
    W, b = rec_params[-1]
    n_latent = len(b) // 2
    means = predict([*rec_params[:-1], (W[:, :n_latent], b[:n_latent])], images)
    return np.exp(-np.logaddexp(0.0, -predict(gen_params, means)))


def reconstruction_in_single_precision(gen_params, rec_params, images):
    gen, rec = ([(W.astype(np.float32), b.astype(np.float32)) for W, b in p] for p in (gen_params, rec_params))
    return with_half(gen, rec, images.astype(np.float32))


def with_reshape(gen_params, rec_params, images):
    means = predict(rec_params, images).reshape(len(images), 2, -1)[:, 0]
    return sigmoid(predict(gen_params, means)).tolist()


# --- interpolate_images -----------------------------------------------------------------------------------------------


def means_of(rec_params, images):
    return np.split(predict(rec_params, images), 2, axis=1)[0]


def step_by_step(gen_params, rec_params, first, second, n_steps):
    start, end = means_of(rec_params, first), means_of(rec_params, second)
    result = np.zeros((len(first), n_steps, first.shape[1]))
    for i in range(n_steps):
        t = i / (n_steps - 1)
        result[:, i] = expit(predict(gen_params, t * end + (1 - t) * start))
    return result


def pair_by_pair(gen_params, rec_params, first, second, n_steps):
    pairs = []
    for x, y in zip(first, second, strict=True):
        a, b = means_of(rec_params, x[None])[0], means_of(rec_params, y[None])[0]
        pairs.append(sigmoid(predict(gen_params, np.linspace(a, b, n_steps))))
    return np.array(pairs)


def with_broadcasting(gen_params, rec_params, first, second, n_steps):
    start, end = means_of(rec_params, first)[:, None], means_of(rec_params, second)[:, None]
    t = np.linspace(0, 1, n_steps)[:, None]
    return sigmoid(predict(gen_params, (1 - t) * start + t * end))


def with_linspace_of_arrays(gen_params, rec_params, first, second, n_steps):
    z = onp.linspace(means_of(rec_params, first), means_of(rec_params, second), n_steps, axis=1)
    flat = z.reshape(-1, z.shape[-1])
    return expit(predict(gen_params, flat)).reshape(len(first), n_steps, -1)


def with_einsum(gen_params, rec_params, first, second, n_steps):
    ends = np.stack([means_of(rec_params, first), means_of(rec_params, second)])
    weights = np.stack([np.linspace(1, 0, n_steps), np.linspace(0, 1, n_steps)])
    return sigmoid(predict(gen_params, np.einsum("es,epl->psl", weights, ends)))


def both_ends_at_once(gen_params, rec_params, first, second, n_steps):
    means = means_of(rec_params, np.concatenate([first, second]))
    start, end = means[: len(first)], means[len(first) :]
    direction = (end - start) / (n_steps - 1)
    images = [sigmoid(predict(gen_params, start + i * direction)) for i in range(n_steps)]
    return np.transpose(np.array(images), (1, 0, 2))


def interpolation_in_single_precision(gen_params, rec_params, first, second, n_steps):
    gen, rec = ([(W.astype(np.float32), b.astype(np.float32)) for W, b in p] for p in (gen_params, rec_params))
    return with_broadcasting(gen, rec, first.astype(np.float32), second.astype(np.float32), n_steps)


RIGHT = {
    "generate_images": [
        with_randn,
        with_a_generator,
        with_normal,
        image_by_image,
        in_single_precision,
        with_covariance,
        as_lists,
    ],
    "reconstruct_images": [
        with_half,
        with_the_size_of_the_decoder,
        with_split,
        one_after_another,
        with_sliced_weights,
        reconstruction_in_single_precision,
        with_reshape,
    ],
    "interpolate_images": [
        step_by_step,
        pair_by_pair,
        with_broadcasting,
        with_linspace_of_arrays,
        with_einsum,
        both_ends_at_once,
        interpolation_in_single_precision,
    ],
}

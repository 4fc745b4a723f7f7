"""Known mistakes of the exercise on the images of a variational autoencoder."""

import autograd.numpy.random as npr
import numpy as np

from npgen.distributions import sigmoid
from npgen.grading.judging import Mistake
from npgen.grading.language import N_
from npgen.grading.references.vae_images import (
    decode,
    decode_all,
    encode,
    generate_images,
    interpolate_images,
    line,
    n_latent,
    neural_net_predict,
    reconstruct_images,
)

# --- what is shown of z ----------------------------------------------------------------------------------------------

SAMPLED = N_("You draw z from q(z | x). Take the mean of q(z | x): the result should not be random.")

LOGITS = N_("You return the logits. Probabilities are asked for: the sigmoid of the decoder's output.")
BINARY = N_("Your images are zeros and ones. Return the probabilities themselves, the grey image.")
SEED_INSIDE = N_(
    "Two calls give the same images: they are not random, or the seed is set inside the function. Draw each from npr, "
    "without a seed."
)


def _logits(gen_params, z):
    return neural_net_predict(gen_params, z)


def _drawn(gen_params, z):
    probs = decode(gen_params, z)
    return 1.0 * (npr.rand(*probs.shape) < probs)


def _overflowing(gen_params, z):
    e = np.exp(_logits(gen_params, z))
    return e / (1 + e)


def _softmax(logits):
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def _linear(params, inputs):
    for W, b in params:
        inputs = np.dot(inputs, W) + b
    return inputs


DECODING = (
    ("logits", LOGITS, _logits),
    ("binary", BINARY, _drawn),
    (
        "thresholded",
        N_("You round the probabilities to zeros and ones. Return the probabilities themselves, the grey image."),
        lambda gen_params, z: 1.0 * (decode(gen_params, z) > 0.5),
    ),
    (
        "double_sigmoid",
        N_("You take the sigmoid twice. Once is right."),
        lambda gen_params, z: sigmoid(decode(gen_params, z)),
    ),
    (
        "exp",
        N_("You take the exponential of the logits. Probabilities are their sigmoid."),
        lambda gen_params, z: np.exp(_logits(gen_params, z)),
    ),
    (
        "tanh",
        N_("You take the tanh of the logits. Probabilities are their sigmoid."),
        lambda gen_params, z: np.tanh(_logits(gen_params, z)),
    ),
    (
        "softmax",
        N_("You take the softmax over the pixels. Each pixel has a probability of its own, the sigmoid of its logit."),
        lambda gen_params, z: _softmax(_logits(gen_params, z)),
    ),
    (
        "inverted",
        N_("Your images are negatives: you return the probabilities of 0. Expected are those of 1."),
        lambda gen_params, z: sigmoid(-_logits(gen_params, z)),
    ),
    (
        "bytes",
        N_("Your images go from 0 to 255. Return probabilities, from 0 to 1."),
        lambda gen_params, z: 255 * decode(gen_params, z),
    ),
    (
        "linear_decoder",
        N_("You multiply by the decoder's weights yourself and leave out its nonlinearity: use neural_net_predict."),
        lambda gen_params, z: sigmoid(_linear(gen_params, z)),
    ),
)

# --- generate_images -------------------------------------------------------------------------------------------------


def _generate(draw, decode=decode):
    """Images of z that are drawn in some way, draw(n_images, L)."""
    return lambda gen_params, n_images: decode(gen_params, draw(n_images, n_latent(gen_params)))


def _seeded(gen_params, n_images):
    npr.seed(0)
    return generate_images(gen_params, n_images)


GENERATE_MISTAKES = (
    *(Mistake(name, message, _generate(npr.randn, decode)) for name, message, decode in DECODING),
    Mistake(
        "uniform",
        N_("You draw z uniformly between 0 and 1. The prior is normal, with mean 0 and standard deviation 1."),
        _generate(npr.rand),
    ),
    Mistake(
        "uniform_symmetric",
        N_("You draw z uniformly between -1 and 1. The prior is normal, with mean 0 and standard deviation 1."),
        _generate(lambda *shape: npr.uniform(-1, 1, shape)),
    ),
    Mistake(
        "same_for_all_images",
        N_("You draw one z and use it for all images. Each image needs its own."),
        _generate(lambda n, n_latent: np.tile(npr.randn(n_latent), (n, 1))),
    ),
    Mistake(
        "same_for_all_dimensions",
        N_("You draw one number for each image and use it for all dimensions of z. Each dimension needs its own."),
        _generate(lambda n, n_latent: np.tile(npr.randn(n, 1), (1, n_latent))),
    ),
    Mistake(
        "no_noise",
        N_("Your z is 0 for all images. Draw it from the prior, N(0, I)."),
        _generate(lambda n, n_latent: np.zeros((n, n_latent))),
    ),
    Mistake(
        "constant_z",
        N_("Your z is 1 for all images. Draw it from the prior, N(0, I)."),
        _generate(lambda n, n_latent: np.ones((n, n_latent))),
    ),
    Mistake(
        "double_std",
        N_("Your z has the standard deviation 2. The prior has 1."),
        _generate(lambda *shape: 2 * npr.randn(*shape)),
    ),
    Mistake(
        "exp_of_noise",
        N_("You take the exponential of the noise. z is the noise itself."),
        _generate(lambda *shape: np.exp(npr.randn(*shape))),
    ),
    Mistake(
        "shape_as_tuple",
        N_("randn takes the sizes as separate arguments, not as a tuple."),
        _generate(lambda *shape: npr.randn(shape)),
    ),
    Mistake(
        "hard_coded_latent",
        N_("L = 2 is written into your code. Read it from the shape of the decoder's first weights."),
        _generate(lambda n, n_latent: npr.randn(n, 2)),
    ),
    Mistake(
        "hard_coded_latent_10",
        N_("L = 10 is written into your code. Read it from the shape of the decoder's first weights."),
        _generate(lambda n, n_latent: npr.randn(n, 10)),
    ),
    Mistake(
        "hard_coded_pixels",
        N_("784 is written into your code. The number of pixels follows from the decoder."),
        lambda gen_params, n: generate_images(gen_params, n).reshape(n, 784),
    ),
    Mistake(
        "hard_coded_grid",
        N_("28 by 28 is written into your code. Return the images as rows, (n_images, D)."),
        lambda gen_params, n: generate_images(gen_params, n).reshape(n, 28, 28),
    ),
    Mistake(
        "hard_coded_number",
        N_("You always make 25 images. Make n_images."),
        lambda gen_params, n: generate_images(gen_params, 25),
    ),
    Mistake(
        "transposed",
        N_("Your result is the transpose of what is asked for: images go down, pixels across, (n_images, D)."),
        lambda gen_params, n: generate_images(gen_params, n).T,
    ),
    Mistake(
        "noise_on_pixels",
        N_("You draw noise for the pixels. Draw z, and let the decoder make the image."),
        lambda gen_params, n: sigmoid(npr.randn(n, gen_params[-1][1].size)),
    ),
    Mistake("seed_inside", SEED_INSIDE, _seeded),
)

# --- reconstruct_images and interpolate_images -----------------------------------------------------------------------


def _other_half(rec_params, images):
    output = neural_net_predict(rec_params, images)
    return output[:, output.shape[1] // 2 :]


def _every_other(rec_params, images):
    return neural_net_predict(rec_params, images)[:, ::2]


def _posterior_draw(rec_params, images):
    means, log_stds = encode(rec_params, images), _other_half(rec_params, images)
    return means + np.exp(log_stds) * npr.randn(*means.shape)


def _std_added(rec_params, images):
    return encode(rec_params, images) + np.exp(_other_half(rec_params, images))


ENCODING = (
    (
        "halves_swapped",
        N_("You take the second half of the encoder's output. The means are the first half."),
        _other_half,
    ),
    (
        "interleaved",
        N_("You take every other output of the encoder. The means are its first half."),
        _every_other,
    ),
    ("sampled", SAMPLED, _posterior_draw),
    (
        "std_added",
        N_("You add a standard deviation to the mean of q(z | x). Take the mean alone."),
        _std_added,
    ),
    (
        "whole_output",
        N_("You give the decoder the whole output of the encoder. It takes the means, the first half."),
        neural_net_predict,
    ),
    (
        "hard_coded_latent",
        N_("L = 2 is written into your code. It is half of what the encoder returns."),
        lambda rec_params, images: neural_net_predict(rec_params, images)[:, :2],
    ),
    (
        "hard_coded_latent_10",
        N_("L = 10 is written into your code. It is half of what the encoder returns."),
        lambda rec_params, images: neural_net_predict(rec_params, images)[:, :10],
    ),
    (
        "linear_encoder",
        N_("You multiply by the encoder's weights yourself and leave out its nonlinearity: use neural_net_predict."),
        lambda rec_params, images: np.split(_linear(rec_params, images), 2, axis=1)[0],
    ),
    (
        "scaled_images",
        N_("You scale the images before the encoder. It takes them as they are."),
        lambda rec_params, images: encode(rec_params, images / 255),
    ),
)
OVERFLOW = N_("exp(l) overflows at large logits in exp(l) / (1 + exp(l)). Use the sigmoid that the exercise ships.")


def _reconstruct(encode=encode, decode=decode):
    return lambda gen_params, rec_params, images: decode(gen_params, encode(rec_params, images))


RECONSTRUCT_MISTAKES = (
    *(Mistake(name, message, _reconstruct(encode=encode)) for name, message, encode in ENCODING),
    *(Mistake(name, message, _reconstruct(decode=decode)) for name, message, decode in DECODING),
    Mistake("sigmoid_overflows", OVERFLOW, _reconstruct(decode=_overflowing)),
    Mistake(
        "networks_swapped",
        N_("The networks are swapped: rec_params is the encoder, gen_params the decoder."),
        lambda gen_params, rec_params, images: reconstruct_images(rec_params, gen_params, images),
    ),
    Mistake(
        "hard_coded_pixels",
        N_("784 is written into your code. The number of pixels follows from the images."),
        lambda gen_params, rec_params, images: reconstruct_images(gen_params, rec_params, images).reshape(-1, 784),
    ),
    Mistake(
        "hard_coded_number",
        N_("10 is written into your code. Reconstruct all images that come in."),
        lambda gen_params, rec_params, images: reconstruct_images(gen_params, rec_params, images[:10])[
            np.arange(10) % len(images)
        ],
    ),
    Mistake(
        "from_prior",
        N_("Your z is drawn from the prior, whatever the image is. It should come from the encoder."),
        lambda gen_params, rec_params, images: generate_images(gen_params, len(images)),
    ),
    Mistake(
        "latent",
        N_("You return the means of q(z | x). The decoder should make images of them."),
        lambda gen_params, rec_params, images: encode(rec_params, images),
    ),
    Mistake(
        "images_returned",
        N_("You return the images themselves. Reconstructions come out of the decoder."),
        lambda gen_params, rec_params, images: images.copy(),
    ),
    Mistake(
        "both",
        N_("You return images and reconstructions. Return the reconstructions, (n, D)."),
        lambda gen_params, rec_params, images: np.concatenate(
            [images, reconstruct_images(gen_params, rec_params, images)]
        ),
    ),
)


def _interpolate(weights=lambda n: np.linspace(0, 1, n), encode=encode, decode=decode, line=line):
    def interpolate(gen_params, rec_params, first, second, n_steps):
        start, end = encode(rec_params, first), encode(rec_params, second)
        return decode_all(gen_params, line(start, end, weights(n_steps)), decode)

    return interpolate


def _between_images(gen_params, rec_params, first, second, n_steps):
    mixed = line(first, second, np.linspace(0, 1, n_steps))
    images = mixed.reshape(-1, mixed.shape[-1])
    return reconstruct_images(gen_params, rec_params, images).reshape(mixed.shape)


def _between_reconstructions(gen_params, rec_params, first, second, n_steps):
    start, end = (reconstruct_images(gen_params, rec_params, images) for images in (first, second))
    return line(start, end, np.linspace(0, 1, n_steps))


def _fading(gen_params, rec_params, first, second, n_steps):
    return line(first, second, np.linspace(0, 1, n_steps))


def _between_logits(gen_params, rec_params, first, second, n_steps):
    start, end = (neural_net_predict(gen_params, encode(rec_params, images)) for images in (first, second))
    return sigmoid(line(start, end, np.linspace(0, 1, n_steps)))


def _spherical(start, end, weights):
    """Along the great circle, as some do."""
    norms = np.linalg.norm(start, axis=1) * np.linalg.norm(end, axis=1)
    angle = np.arccos(np.clip(np.sum(start * end, axis=1) / norms, -1, 1))[:, None, None]
    t = weights[:, None]
    return (np.sin((1 - t) * angle) * start[:, None] + np.sin(t * angle) * end[:, None]) / np.sin(angle)


PIXEL_SPACE = N_("You interpolate between pixels. Take the line between the latent means and decode its points.")


INTERPOLATE_MISTAKES = (
    *(Mistake(name, message, _interpolate(encode=encode)) for name, message, encode in ENCODING),
    *(Mistake(name, message, _interpolate(decode=decode)) for name, message, decode in DECODING),
    Mistake(
        "reversed",
        N_("Your line runs from `second` to `first`. Step 0 should be the reconstruction of `first`."),
        _interpolate(lambda n: np.linspace(1, 0, n)),
    ),
    Mistake(
        "no_end_point",
        N_("Your line stops one step before `second`. The last step should be its reconstruction."),
        _interpolate(lambda n: np.linspace(0, 1, n, endpoint=False)),
    ),
    Mistake(
        "no_start_point",
        N_("Your line begins one step after `first`. Step 0 should be its reconstruction."),
        _interpolate(lambda n: np.arange(1, n + 1) / n),
    ),
    Mistake(
        "no_ends",
        N_("Both ends are missing from your line. Step 0 is the reconstruction of `first`, the last that of `second`."),
        _interpolate(lambda n: np.linspace(0, 1, n + 2)[1:-1]),
    ),
    Mistake(
        "ends_added",
        N_("You return n_steps images between the ends, and the ends. With the ends it should be n_steps."),
        _interpolate(lambda n: np.linspace(0, 1, n + 2)),
    ),
    Mistake(
        "one_step_too_many",
        N_("You return n_steps + 1 images. There are n_steps points, n_steps - 1 distances apart."),
        _interpolate(lambda n: np.linspace(0, 1, n + 1)),
    ),
    Mistake(
        "hard_coded_steps",
        N_("The number of steps is written into your code. Take n_steps."),
        _interpolate(lambda n: np.linspace(0, 1, 25)),
    ),
    Mistake("pixel_space", PIXEL_SPACE, _between_images),
    Mistake("space_of_reconstructions", PIXEL_SPACE, _between_reconstructions),
    Mistake("fading", PIXEL_SPACE, _fading),
    Mistake(
        "logit_space",
        N_("You interpolate the logits. Take the line between the latent means and decode its points."),
        _between_logits,
    ),
    Mistake(
        "not_a_mixture",
        N_("You add a multiple of the second mean to the whole first one. Its weight should fall from 1 to 0."),
        _interpolate(line=lambda start, end, t: start[:, None] + t[:, None] * end[:, None]),
    ),
    Mistake(
        "axes_swapped",
        N_("The first two axes are swapped: expected is (n_pairs, n_steps, D)."),
        lambda *args: interpolate_images(*args).transpose(1, 0, 2),
    ),
    Mistake(
        "mixed_up",
        N_("The images of different pairs are mixed up: reshaping does not swap axes, transposing does."),
        lambda *args: _reshaped(interpolate_images(*args)),
    ),
    Mistake(
        "flat",
        N_("You return the images of all pairs in one list. Give each pair its axis: (n_pairs, n_steps, D)."),
        lambda *args: np.concatenate(list(interpolate_images(*args))),
    ),
    Mistake(
        "first_pair_only",
        N_("All your lines belong to the first pair. Each pair has its own."),
        lambda *args: np.repeat(interpolate_images(*args)[:1], len(args[2]), axis=0),
    ),
    Mistake(
        "spherical",
        N_("You interpolate along a circle. A straight line is asked for."),
        _interpolate(line=_spherical),
    ),
    Mistake(
        "networks_swapped",
        N_("The networks are swapped: rec_params is the encoder, gen_params the decoder."),
        lambda gen_params, rec_params, *args: interpolate_images(rec_params, gen_params, *args),
    ),
    Mistake(
        "hard_coded_pixels",
        N_("784 is written into your code. The number of pixels follows from the images."),
        lambda *args: interpolate_images(*args).reshape(len(args[2]), args[4], 784),
    ),
)


def _reshaped(images):
    n_pairs, n_steps, n_pixels = images.shape
    return images.transpose(1, 0, 2).reshape(n_pairs, n_steps, n_pixels)

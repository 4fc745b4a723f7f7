"""The exercise about the images of a variational autoencoder: generated, reconstructed, interpolated."""

from itertools import pairwise

import autograd.numpy.random as npr
import numpy as np

from npgen.distributions import sigmoid
from npgen.grading import judging
from npgen.grading.checks.vae import neural_net_predict  # both exercises ship the same network
from npgen.grading.judging import Check, Finding, Mistake, answer_problem, compare, value_call
from npgen.grading.language import N_, Message
from npgen.grading.statistics import normal_problem

# --- references ------------------------------------------------------------------------------------------------------


GIVEN = {"neural_net_predict": neural_net_predict}


def _n_latent(gen_params):
    return gen_params[0][0].shape[0]


def _decode(gen_params, z):
    return sigmoid(neural_net_predict(gen_params, z))


def _encode(rec_params, images):
    """The means of q(z | x)."""
    output = neural_net_predict(rec_params, images)
    return output[:, : output.shape[1] // 2]


def _line(start, end, weights):
    """Points (n_pairs, n_steps, L) from start to end."""
    return start[:, None] + weights[:, None] * (end - start)[:, None]


def _decode_all(gen_params, z, decode=_decode):
    """Images (n_pairs, n_steps, D) of points (n_pairs, n_steps, L)."""
    return decode(gen_params, z.reshape(-1, z.shape[-1])).reshape(*z.shape[:2], -1)


def generate_images(gen_params, n_images):
    """Of z ~ N(0, I)."""
    return _decode(gen_params, npr.randn(n_images, _n_latent(gen_params)))


def reconstruct_images(gen_params, rec_params, images):
    """Of the means of q(z | x)."""
    return _decode(gen_params, _encode(rec_params, images))


def interpolate_images(gen_params, rec_params, first, second, n_steps):
    """Of points between the means."""
    start, end = _encode(rec_params, first), _encode(rec_params, second)
    return _decode_all(gen_params, _line(start, end, np.linspace(0, 1, n_steps)))


# --- inputs ----------------------------------------------------------------------------------------------------------


def _network(rng, *sizes):
    """Layers of these sizes, with outputs of about standard deviation 1.5 whatever the sizes are."""
    weights = (1.5 * rng.standard_normal(shape) / np.sqrt(shape[0]) for shape in pairwise(sizes))
    return [(W, 0.3 * rng.standard_normal(W.shape[1])) for W in weights]


def _autoencoder(rng, n_pixels, n_latent, hidden):
    """Decoder and encoder with hidden layers of these sizes."""
    return _network(rng, n_latent, *hidden, n_pixels), _network(rng, n_pixels, *hidden[::-1], 2 * n_latent)


SAMPLED = N_("You draw z from q(z | x). Take the mean of q(z | x): the result should not be random.")


def _one_right_answer(rng, args, expected, label):
    """The finding about a function that is not random, asked twice."""
    first = yield value_call(rng, args)
    second = yield value_call(rng, args)
    found = answer_problem(first, label) or answer_problem(second, label)
    if found:
        return found
    found = compare(first["result"], expected, label) or compare(second["result"], expected, label)
    if found and found.diagnosis == "wrong_value" and not judging.same(first["result"], second["result"]):
        return Finding("sampled", Message(SAMPLED), label, found.details)
    return found


# --- conversations ---------------------------------------------------------------------------------------------------

# All cases are asked, even where the smallest fails: the others tell which mistake it is.

N_DRAWS = 4000


def _generating(rng):
    found = None
    for n, sizes in ((1, (2, 3)), (5, (3, 4, 7)), (7, (1, 6, 5, 7)), (25, (2, 20, 784))):
        label = Message(
            N_("n_images = {n}, L = {n_latent}, D = {n_pixels}"), n=n, n_latent=sizes[0], n_pixels=sizes[-1]
        )
        gen_params = _network(rng, *sizes)
        answer = yield value_call(rng, [gen_params, n])
        found = found or _not_probabilities(answer, (n, sizes[-1]), label)
        # A decoder that takes no notice of z has one image.
        W, b = gen_params[0]
        constant = [(0 * W, b), *gen_params[1:]]
        logits = neural_net_predict(constant, np.zeros((n, sizes[0])))
        answer = yield value_call(rng, [constant, n])
        found = found or _not_probabilities(answer, logits.shape, label)
        found = found or compare(answer["result"], sigmoid(logits), label)
    return found or (yield from _prior(rng))


def _prior(rng):
    """A linear decoder with orthonormal rows tells which z its images come from."""
    n_latent, n_pixels = 3, 5
    W = np.linalg.qr(rng.standard_normal((n_pixels, n_latent)))[0].T
    b = 0.5 * rng.standard_normal(n_pixels)
    label = Message(N_("n_images = {n}, a linear decoder of {n_latent} numbers"), n=N_DRAWS, n_latent=n_latent)
    answers = []
    for _ in range(2):
        answers.append((yield value_call(rng, [[(W, b)], N_DRAWS])))
    for answer in answers:
        found = _not_probabilities(answer, (N_DRAWS, n_pixels), label)
        if found:
            return found
        probs = judging.as_array(answer["result"]).astype(float)
        # A logit is below 10 in size, or z is further out than one in 10^10: clipping changes no image of the decoder.
        probs = np.clip(probs, 1e-9, 1 - 1e-9)
        shifted = np.log(probs) - np.log1p(-probs) - b
        z = shifted @ W.T
        if np.abs(z @ W - shifted).max() > 0.02:
            text = N_("The decoder makes such images from no z at all. An image is sigmoid(decoder(z)), nothing else.")
            return Finding("not_decoded", Message(text), label)
        problem = normal_problem(z)
        if problem is not None:
            name, message = problem
            text = N_("The z of your images are not draws of N(0, I). {why}")
            return Finding(f"noise_{name}", Message(text, why=message), label)
    if judging.same(answers[0]["result"], answers[1]["result"]):
        return Finding("seed_inside", Message(SEED_INSIDE))
    return None


def _not_probabilities(answer, shape, label):
    """The finding about an answer that is not an array of numbers between 0 and 1 of this shape."""
    found = answer_problem(answer, label)
    if found:
        return found
    probs = judging.as_array(answer["result"])
    if probs is None or probs.shape != shape or not np.isfinite(probs).all():
        return compare(answer["result"], np.zeros(shape), label)
    if probs.min() < 0 or probs.max() > 1:
        value = float(probs.min() if probs.min() < 0 else probs.max())
        text = N_("There is a value {value:.4g} among the probabilities. The sigmoid takes logits into [0, 1].")
        return Finding("not_probabilities", Message(text, value=value), label)
    if np.isin(probs, (0, 1)).all():
        return Finding("binary", Message(BINARY), label)
    return None


def _reconstructing(rng):
    found = None
    for n, n_pixels, n_latent, hidden in (
        (1, 3, 1, ()),
        (1, 5, 2, (4,)),
        (6, 6, 3, (5, 4)),
        (4, 6, 7, (7,)),
        (10, 784, 2, (20,)),
    ):
        label = Message(N_("{n} images, D = {n_pixels}, L = {n_latent}"), n=n, n_pixels=n_pixels, n_latent=n_latent)
        gen_params, rec_params = _autoencoder(rng, n_pixels, n_latent, hidden)
        images = rng.uniform(0, 1, (n, n_pixels))
        problem = yield from _reconstruction(rng, gen_params, rec_params, images, label)
        found = found or problem
    gen_params, rec_params = _autoencoder(rng, 6, 2, (4,))
    gen_params[-1] = gen_params[-1][0], np.array([-900.0, 900.0, -50.0, 50.0, 0.0, 1.0])
    images = rng.uniform(0, 1, (3, 6))
    label = Message(N_("logits of several hundred"))
    problem = yield from _reconstruction(rng, gen_params, rec_params, images, label)
    return found or problem


def _reconstruction(rng, gen_params, rec_params, images, label):
    args = [gen_params, rec_params, images]
    return (yield from _one_right_answer(rng, args, reconstruct_images(*args), label))


def _interpolating(rng):
    found = None
    for n_pairs, n_steps, n_pixels, n_latent, hidden in (
        (1, 2, 4, 1, ()),
        (1, 3, 5, 2, (4,)),
        (3, 3, 6, 2, (5,)),
        (2, 6, 7, 8, (6, 5)),
        (5, 7, 784, 2, (20,)),
    ):
        text = N_("{n} pairs, {n_steps} steps, D = {n_pixels}, L = {n_latent}")
        label = Message(text, n=n_pairs, n_steps=n_steps, n_pixels=n_pixels, n_latent=n_latent)
        gen_params, rec_params = _autoencoder(rng, n_pixels, n_latent, hidden)
        first, second = rng.integers(0, 2, (2, n_pairs, n_pixels)).astype(float)
        args = [gen_params, rec_params, first, second, n_steps]
        problem = yield from _one_right_answer(rng, args, interpolate_images(*args), label)
        found = found or problem
    return found


# --- known mistakes: in what is shown of z ---------------------------------------------------------------------------

LOGITS = N_("You return the logits. Probabilities are asked for: the sigmoid of the decoder's output.")
BINARY = N_("Your images are zeros and ones. Return the probabilities themselves, the grey image.")
SEED_INSIDE = N_("Two calls give the same images: the seed is set inside the function. Leave it to the caller.")


def _logits(gen_params, z):
    return neural_net_predict(gen_params, z)


def _drawn(gen_params, z):
    probs = _decode(gen_params, z)
    return 1.0 * (npr.rand(*probs.shape) < probs)


def _overflowing(gen_params, z):
    e = np.exp(_logits(gen_params, z))
    return e / (1 + e)


DECODING = (
    ("logits", LOGITS, _logits),
    ("binary", BINARY, _drawn),
    (
        "thresholded",
        N_("You round the probabilities to zeros and ones. Return the probabilities themselves, the grey image."),
        lambda gen_params, z: 1.0 * (_decode(gen_params, z) > 0.5),
    ),
    (
        "double_sigmoid",
        N_("You take the sigmoid twice. Once is right."),
        lambda gen_params, z: sigmoid(_decode(gen_params, z)),
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
        lambda gen_params, z: 255 * _decode(gen_params, z),
    ),
    (
        "linear_decoder",
        N_("You multiply by the decoder's weights yourself and leave out its nonlinearity: use neural_net_predict."),
        lambda gen_params, z: sigmoid(_linear(gen_params, z)),
    ),
)


def _softmax(logits):
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def _linear(params, inputs):
    for W, b in params:
        inputs = np.dot(inputs, W) + b
    return inputs


# --- known mistakes: generate_images ---------------------------------------------------------------------------------


def _generate(draw, decode=_decode):
    """Images of z that are drawn in some way, draw(n_images, L)."""
    return lambda gen_params, n_images: decode(gen_params, draw(n_images, _n_latent(gen_params)))


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

# --- known mistakes: reconstruct_images and interpolate_images -------------------------------------------------------


def _other_half(rec_params, images):
    output = neural_net_predict(rec_params, images)
    return output[:, output.shape[1] // 2 :]


def _every_other(rec_params, images):
    return neural_net_predict(rec_params, images)[:, ::2]


def _posterior_draw(rec_params, images):
    means, log_stds = _encode(rec_params, images), _other_half(rec_params, images)
    return means + np.exp(log_stds) * npr.randn(*means.shape)


def _std_added(rec_params, images):
    return _encode(rec_params, images) + np.exp(_other_half(rec_params, images))


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
        lambda rec_params, images: _encode(rec_params, images / 255),
    ),
)
OVERFLOW = N_("exp(l) overflows at large logits in exp(l) / (1 + exp(l)). Use the sigmoid that the exercise ships.")


def _reconstruct(encode=_encode, decode=_decode):
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
        lambda gen_params, rec_params, images: _encode(rec_params, images),
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


def _interpolate(weights=lambda n: np.linspace(0, 1, n), encode=_encode, decode=_decode, line=_line):
    def interpolate(gen_params, rec_params, first, second, n_steps):
        start, end = encode(rec_params, first), encode(rec_params, second)
        return _decode_all(gen_params, line(start, end, weights(n_steps)), decode)

    return interpolate


def _between_images(gen_params, rec_params, first, second, n_steps):
    mixed = _line(first, second, np.linspace(0, 1, n_steps))
    images = mixed.reshape(-1, mixed.shape[-1])
    return reconstruct_images(gen_params, rec_params, images).reshape(mixed.shape)


def _between_reconstructions(gen_params, rec_params, first, second, n_steps):
    start, end = (reconstruct_images(gen_params, rec_params, images) for images in (first, second))
    return _line(start, end, np.linspace(0, 1, n_steps))


def _fading(gen_params, rec_params, first, second, n_steps):
    return _line(first, second, np.linspace(0, 1, n_steps))


def _between_logits(gen_params, rec_params, first, second, n_steps):
    start, end = (neural_net_predict(gen_params, _encode(rec_params, images)) for images in (first, second))
    return sigmoid(_line(start, end, np.linspace(0, 1, n_steps)))


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


CHECKS = (
    Check(
        topic="vae_images",
        name="generate_images",
        signature="(gen_params, n_images) -> (n_images, D)",
        points=3,
        reference=generate_images,
        conversation=_generating,
        mistakes=GENERATE_MISTAKES,
        hints=(
            N_("What does the model do before the decoder comes in?"),
            N_("Draw z of shape (n_images, L) from the standard normal. L is in the shape of gen_params[0][0]."),
            N_("npr.randn draws z, neural_net_predict makes logits of it, and the sigmoid probabilities of these."),
        ),
        random=True,
    ),
    Check(
        topic="vae_images",
        name="reconstruct_images",
        signature="(gen_params, rec_params, images) -> (n, D)",
        points=3,
        reference=reconstruct_images,
        conversation=_reconstructing,
        mistakes=RECONSTRUCT_MISTAKES,
        hints=(
            N_("An image goes through both networks. What does the first return, and what does the second take?"),
            N_("neural_net_predict(rec_params, images) has 2L columns. Only some of them go into the decoder."),
            N_("The first half of the columns are the means. Decode them, and take the sigmoid."),
        ),
    ),
    Check(
        topic="vae_images",
        name="interpolate_images",
        signature="(gen_params, rec_params, first, second, n_steps) -> (n_pairs, n_steps, D)",
        points=4,
        reference=interpolate_images,
        conversation=_interpolating,
        mistakes=INTERPOLATE_MISTAKES,
        hints=(
            N_("What are the two ends of the line, and in which space does it lie?"),
            N_("With t from 0 to 1, both included, a point of the line is (1 - t) times one end plus t times ..."),
            N_(
                "For each t of np.linspace(0, 1, n_steps), decode the points of all pairs, (n_pairs, D). Then stack "
                "them so that the steps become axis 1."
            ),
        ),
    ),
)

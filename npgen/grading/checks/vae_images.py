"""The exercise about the images of a variational autoencoder: generated, reconstructed, interpolated."""

from itertools import pairwise

import numpy as np

from npgen.distributions import sigmoid
from npgen.grading import judging
from npgen.grading.judging import Check, Finding, answer_problem, compare, value_call
from npgen.grading.language import N_, Message
from npgen.grading.mistakes.vae_images import (
    BINARY,
    GENERATE_MISTAKES,
    INTERPOLATE_MISTAKES,
    RECONSTRUCT_MISTAKES,
    SAMPLED,
    SEED_INSIDE,
)
from npgen.grading.references.vae_images import (
    generate_images,
    interpolate_images,
    neural_net_predict,
    reconstruct_images,
)
from npgen.grading.statistics import normal_problem

# --- inputs ----------------------------------------------------------------------------------------------------------


def _network(rng, *sizes):
    """Layers of these sizes, with outputs of about standard deviation 1.5 whatever the sizes are."""
    weights = (1.5 * rng.standard_normal(shape) / np.sqrt(shape[0]) for shape in pairwise(sizes))
    return [(W, 0.3 * rng.standard_normal(W.shape[1])) for W in weights]


def _autoencoder(rng, n_pixels, n_latent, hidden):
    """Decoder and encoder with hidden layers of these sizes."""
    return _network(rng, n_latent, *hidden, n_pixels), _network(rng, n_pixels, *hidden[::-1], 2 * n_latent)


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


# --- the checks ------------------------------------------------------------------------------------------------------

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

"""How the exercise `vae` is marked."""

import itertools

import autograd.numpy as np
import autograd.numpy.random as npr
from autograd import grad

from npgen import distributions
from npgen.grading import statistics
from npgen.grading.judging import (
    ANY_VALUE,
    Case,
    Check,
    Finding,
    Mistake,
    answer_problem,
    as_array,
    compare,
    compare_gradient,
    deterministic,
    gradient_blocked,
    gradient_call,
    value_call,
    wrong_gradient,
)
from npgen.grading.language import N_, Message

# --- shared by references and mistakes -------------------------------------------------------------------------------


def halves(means_and_log_stds):
    """(means, log stds), each (B, L)."""
    L = means_and_log_stds.shape[1] // 2
    return means_and_log_stds[:, :L], means_and_log_stds[:, L:]


def neural_net_predict(params, inputs):
    """The network that the exercise ships."""
    for W, b in params[:-1]:
        inputs = np.tanh(np.dot(inputs, W) + b)
    W, b = params[-1]
    return np.dot(inputs, W) + b


GIVEN = {"neural_net_predict": neural_net_predict}


def shape_label(name, array):
    """The words for a case that differs from others by its shape."""
    return Message(N_("{name} of shape {shape}"), name=name, shape=str(np.shape(array)))


# --- sample_latent_variables_from_posterior --------------------------------------------------------------------------


def sample_latent_variables_from_posterior(encoder_output):
    """The reference: z ~ N(mu, sigma^2), (B, L)."""
    mean, log_std = halves(encoder_output)
    return mean + np.exp(log_std) * npr.randn(*mean.shape)


N_DRAWS, N_CALLS = 4000, 3  # rows of a call that is judged by statistics, and such calls
N_BATCHES, MAX_BATCH = 60, 300  # smaller calls, and rows of the largest

SAME_IN_EACH_CALL = N_(
    "Two calls give the same noise. A seed must not be set inside the function, and the noise must be drawn in the "
    "call."
)
HARD_CODED_SIZES = N_("It is right for other sizes, but not for these. Read all sizes off the shape of the argument.")


def _sampler_conversation(rng):
    findings = []

    # With sigma = exp(-30), z is mu.
    for B, L in ((1, 1), (1, 3), (5, 2), (3, 3), (4, 6)):
        mean = rng.normal(0, 1, (B, L))
        encoder_output = np.hstack([mean, np.full((B, L), -30.0)])
        label = Message(
            N_("encoder_output of shape {shape} and all log standard deviations -30"),
            shape=str(encoder_output.shape),
        )
        answer = yield value_call(rng, [encoder_output])
        findings.append(answer_problem(answer, label) or compare(answer["result"], mean, label))
    found = next((finding for finding in findings if finding), None)
    if found and None in findings and found.diagnosis in ("error", "wrong_shape"):
        found = Finding("hard_coded_sizes", Message(HARD_CODED_SIZES), found.case, (found.message, *found.details))

    # z standardised with the known mu and sigma is the noise.
    mean, log_std = rng.normal(0, 2, (N_DRAWS, 3)), rng.uniform(-2, 2, (N_DRAWS, 3))
    encoder_output = np.hstack([mean, log_std])
    label = shape_label("encoder_output", encoder_output)
    noise = []
    for _ in range(N_CALLS):
        answer = yield value_call(rng, [encoder_output])
        found = found or answer_problem(answer, label) or compare(answer["result"], mean, label, atol=ANY_VALUE)
        if found is None:
            noise.append((as_array(answer["result"]) - mean) / np.exp(log_std))
    if found is None:
        found = _noise_problem(noise, label)

    # The same in small batches and in those between, all their noise together.
    noise, text = [], Message(N_("encoder outputs of {n} batches of 1 to {most} images"), n=N_BATCHES, most=MAX_BATCH)
    for _ in range(N_BATCHES):
        B, L = round(np.exp(rng.uniform(0, np.log(MAX_BATCH)))), rng.integers(1, 6)
        mean, log_std = rng.normal(0, 1, (B, L)), rng.uniform(-1, 1, (B, L))
        answer = yield value_call(rng, [np.hstack([mean, log_std])])
        found = found or answer_problem(answer, text) or compare(answer["result"], mean, text, atol=ANY_VALUE)
        if found is None:
            noise.append(((as_array(answer["result"]) - mean) / np.exp(log_std)).reshape(-1, 1))
    if found is None:
        found = _noise_problem([np.concatenate(noise)], text)

    # d sum(w z) / d mu = w, and d sum(w z) / d log sigma = w (z - mu), whatever the noise was.
    # The noise of this very call is judged, too: a function may do something else when it is differentiated.
    shape = (400, 3)
    mean, log_std, weights = rng.normal(0, 1, shape), rng.uniform(-1, 1, shape), rng.uniform(0.5, 1.5, shape)
    encoder_output = np.hstack([mean, log_std])
    answer = yield gradient_call(rng, [encoder_output], 0, weights)

    def gradient(z):
        return np.hstack([weights, weights * (as_array(z) - mean)])

    label = shape_label("encoder_output", encoder_output)
    if found is None and "error" not in answer:
        z = _first(answer["result"])
        found = answer_problem(answer, label) or compare(z, mean, label, atol=ANY_VALUE)
        found = found or _noise_problem([(as_array(z) - mean) / np.exp(log_std)], label)
    return found or compare_gradient(answer, gradient, 0, label)


def _first(result):
    return result[0] if isinstance(result, list) and len(result) == 2 else None


def _noise_problem(noise, label):
    """The finding about the standardised draws of N_CALLS calls, each (N_DRAWS, 3)."""
    problem = statistics.normal_problem(noise[0])
    if problem is None and any(np.allclose(noise[0], other) for other in noise[1:]):
        return Finding("same_in_each_call", Message(SAME_IN_EACH_CALL), label)
    problem = problem or statistics.normal_problem(np.concatenate(noise))
    if problem is None:
        return None
    name, message = problem
    return Finding(f"noise_{name}", message, label)


def _sampling(noise=npr.randn, std=np.exp, split=halves):
    """A sampler in which one thing is wrong."""

    def sample(encoder_output):
        mean, log_std = split(encoder_output)
        return mean + std(log_std) * noise(*mean.shape)

    return sample


def _seeded(B, L):
    npr.seed(0)
    return npr.randn(B, L)


def _halves_of_two(encoder_output):
    return encoder_output[:, :2], encoder_output[:, 2:]


def _halves_of_rows(encoder_output):
    half = encoder_output.shape[0] // 2
    return encoder_output[:half], encoder_output[half:]


def _alternating(encoder_output):
    return encoder_output[:, ::2], encoder_output[:, 1::2]


def _swapped(encoder_output):
    log_std, mean = halves(encoder_output)
    return mean, log_std


SAMPLER_MISTAKES = (
    Mistake(
        "same_noise_for_all_rows",
        N_(
            "You drew the noise once and gave it to all images. Each image needs noise of its own: draw (B, L) numbers."
        ),
        _sampling(lambda B, L: npr.randn(1, L)),
    ),
    Mistake(
        "same_noise_for_all_dimensions",
        N_("You drew one number for each image. Each latent variable needs noise of its own: draw (B, L) numbers."),
        _sampling(lambda B, L: npr.randn(B, 1)),
    ),
    Mistake(
        "same_noise_everywhere",
        N_("You drew a single number and used it everywhere. Draw (B, L) numbers, one for each element of the result."),
        _sampling(lambda B, L: npr.randn()),
    ),
    Mistake(
        "no_noise",
        N_("You returned the means. A sample is the mean plus noise with the given standard deviation."),
        _sampling(lambda B, L: np.zeros((B, L))),
    ),
    Mistake(
        "uniform_noise",
        N_("You drew the noise from a uniform distribution (rand). It should be standard normal."),
        _sampling(npr.rand),
    ),
    Mistake("same_in_each_call", SAME_IN_EACH_CALL, _sampling(_seeded)),
    Mistake(
        "exp_forgotten",
        N_("You multiplied the noise by log sigma itself. It should be multiplied by sigma, the exponential of that."),
        _sampling(std=lambda log_std: log_std),
    ),
    Mistake(
        "log_variance",
        N_(
            "You took the second half for the log of the variance and halved it. It is the log of the standard "
            "deviation."
        ),
        _sampling(std=lambda log_std: np.exp(log_std / 2)),
    ),
    Mistake(
        "variance_for_std",
        N_("You multiplied the noise by the variance, sigma squared. It should be multiplied by sigma."),
        _sampling(std=lambda log_std: np.exp(2 * log_std)),
    ),
    Mistake(
        "halves_swapped",
        N_("You took the first half for log sigma and the second for the means. It is the other way round."),
        _sampling(split=_swapped),
    ),
    Mistake(
        "halves_of_rows",
        N_("You cut the array in two by its rows, which are the images. Cut by columns: means, then log sigmas."),
        _sampling(split=_halves_of_rows),
    ),
    Mistake(
        "alternating_columns",
        N_(
            "You took every other column. The means are all columns of the first half, the log sigmas all of the "
            "second."
        ),
        _sampling(split=_alternating),
    ),
    Mistake(
        "randn_of_a_tuple",
        N_("You passed a shape to randn as a tuple. randn takes the sizes as separate arguments."),
        _sampling(lambda B, L: npr.randn((B, L))),
    ),
    Mistake("hard_coded_sizes", HARD_CODED_SIZES, _sampling(split=_halves_of_two)),
    Mistake(
        "mean_forgotten",
        N_("You returned the scaled noise alone. A sample of N(mu, sigma^2) is that noise moved by mu."),
        lambda encoder_output: sample_latent_variables_from_posterior(encoder_output) - halves(encoder_output)[0],
    ),
    Mistake(
        "mean_scaled",
        N_("You multiplied the mean by sigma as well. Only the noise is multiplied by sigma; then the mean is added."),
        lambda encoder_output: (
            np.exp(halves(encoder_output)[1])
            * (halves(encoder_output)[0] + npr.randn(*halves(encoder_output)[0].shape))
        ),
    ),
)


# --- bernoulli_log_prob ----------------------------------------------------------------------------------------------


def _bernoulli_cases(rng):
    cases = []
    for B, D in ((1, 1), (1, 3), (2, 2), (4, 3), (3, 5)):
        targets, logits = rng.integers(0, 2, (B, D)).astype(float), rng.normal(0, 2, (B, D))
        targets[0, 0], targets[-1, -1] = 1, 0  # both values, where there is room
        cases.append(Case([targets, logits], shape_label(Message(N_("targets and logits")), logits), gradients=(1,)))
    tiny = 1e-3 * rng.normal(size=(2, 4))
    cases.append(Case([rng.integers(0, 2, (2, 4)).astype(float), tiny], N_LOGITS_TINY))
    # Sizes that cannot be known: constants in the source would do for any others.
    large = rng.uniform(0.9, 1, (2, 4)) * [[35.0, -35.0, 50.0, -50.0], [800.0, -800.0, 130.0, -130.0]]
    for gradients in ((), (1,)):  # values first: what is said of them is clearer
        for targets in (large > 0, large < 0):  # log p = 0 first, then all the logits' sizes
            cases.append(Case([targets.astype(float), large], LARGE_LOGITS, gradients))
    middle = rng.uniform(0.9, 1, (2, 4)) * [[6.0, -6.5, 8.5, -10.0], [-11.5, 13.0, -16.0, 20.0]]
    cases.append(Case([(middle > 0).astype(float), middle], MIDDLE_LOGITS))  # where a shortcut for log(1 + e^l) shows
    return cases


N_LOGITS_TINY = Message(N_("logits near 0"))
LARGE_LOGITS = Message(N_("logits between -800 and 800"))
MIDDLE_LOGITS = Message(N_("logits between -20 and 20"))
CLIPPED = N_(
    "You kept the probabilities away from 0 and 1 by a small constant. That changes the result for large logits: it "
    "should be computed from the logits, without probabilities."
)
OVERFLOWS = N_(
    "It is right for small logits, but large ones overflow: exp(800) is infinite, and the sigmoid of -800 is 0. "
    "Rewrite "
    "the formula so that exp only gets numbers that are not positive."
)


def _bernoulli_conversation(rng):
    found = yield from deterministic(distributions.bernoulli_log_prob, _bernoulli_cases)(rng)
    if found is None or found.case != LARGE_LOGITS or "gradient" in found.diagnosis:
        return found
    if found.diagnosis == "not_finite":
        return Finding("overflows", Message(OVERFLOWS), found.case, found.details)
    return Finding("clipped_probabilities", Message(CLIPPED), found.case, found.details)


def _log_of_sigmoid(keep=lambda s: s, s_of_logits=lambda logits: 1 / (1 + np.exp(-logits))):
    def log_prob(targets, logits):
        s = keep(s_of_logits(logits))
        return np.sum(targets * np.log(s) + (1 - targets) * np.log(1 - s), axis=1)

    return log_prob


def _terms(targets, logits):
    """log p of each pixel."""
    return -targets * distributions.softplus(-logits) - (1 - targets) * distributions.softplus(logits)


BERNOULLI_MISTAKES = (
    Mistake(
        "log_of_sigmoid",
        N_("You took the log of the sigmoid, which is 0 or 1 for large logits. Simplify log s and log(1 - s) first."),
        _log_of_sigmoid(),
    ),
    Mistake(
        "log_of_quotient",
        N_("You computed exp(l) / (1 + exp(l)), infinite over infinite for large logits. Simplify log s first."),
        _log_of_sigmoid(s_of_logits=lambda logits: np.exp(logits) / (1 + np.exp(logits))),
    ),
    Mistake("clipped_probabilities", CLIPPED, _log_of_sigmoid(lambda s: np.clip(s, 1e-7, 1 - 1e-7))),
    Mistake(
        "softplus_overflows",
        N_("You computed log(1 + exp(l)), which is infinite for large l. Write it so that exp gets no large number."),
        lambda targets, logits: np.sum(targets * logits - np.log(1 + np.exp(logits)), axis=1),
    ),
    Mistake(
        "softplus_overflows_at_both_ends",
        N_(
            "You computed log(1 + exp(l)) and log(1 + exp(-l)); one is infinite if |l| is large. Give exp no large "
            "number."
        ),
        lambda targets, logits: (
            -np.sum(targets * np.log(1 + np.exp(-logits)) + (1 - targets) * np.log(1 + np.exp(logits)), axis=1)
        ),
    ),
    Mistake(
        "summed_over_batch",
        N_("You summed over the whole array, or over the images. Sum over the pixels: one number for each image."),
        lambda targets, logits: np.sum(_terms(targets, logits)),
    ),
    Mistake(
        "summed_over_images",
        N_("You summed over the images, axis 0. Sum over the pixels: one number for each image."),
        lambda targets, logits: np.sum(_terms(targets, logits), axis=0),
    ),
    Mistake(
        "mean_over_pixels",
        N_("You took the mean over the pixels. The log-probability of an image is the sum over its pixels."),
        lambda targets, logits: np.mean(_terms(targets, logits), axis=1),
    ),
    Mistake(
        "per_pixel",
        N_("You returned one number for each pixel. The log-probability of an image is their sum: the result is (B,)."),
        _terms,
    ),
    Mistake(
        "column_vector",
        N_(
            "You returned a column, (B, 1). The result should be (B,): with others of that shape, a column would "
            "broadcast."
        ),
        lambda targets, logits: np.sum(_terms(targets, logits), axis=1, keepdims=True),
    ),
    Mistake(
        "targets_and_logits_swapped",
        N_("You took the first argument for the logits and the second for the targets. It is the other way round."),
        lambda targets, logits: np.sum(_terms(logits, targets), axis=1),
    ),
    Mistake(
        "zeros_forgotten",
        N_("You counted only the pixels that are 1. Those that are 0 contribute (1 - x) log(1 - s)."),
        lambda targets, logits: -np.sum(targets * distributions.softplus(-logits), axis=1),
    ),
    Mistake(
        "ones_forgotten",
        N_("You counted only the pixels that are 0. Those that are 1 contribute x log s."),
        lambda targets, logits: -np.sum((1 - targets) * distributions.softplus(logits), axis=1),
    ),
    Mistake(
        "targets_reversed",
        N_("You exchanged the two terms: log s belongs to pixels that are 1, and log(1 - s) to those that are 0."),
        lambda targets, logits: np.sum(_terms(1 - targets, logits), axis=1),
    ),
    Mistake(
        "negated",
        N_("You returned the cross-entropy, which is positive: the log-probability is its negative."),
        lambda targets, logits: -np.sum(_terms(targets, logits), axis=1),
    ),
    Mistake(
        "logits_for_probabilities",
        N_("You used the logits as if they were probabilities. The probability of a 1 is the sigmoid of the logit."),
        lambda targets, logits: np.sum(targets * np.log(logits) + (1 - targets) * np.log(1 - logits), axis=1),
    ),
    Mistake(
        "probabilities_for_log_probabilities",
        N_("You multiplied the probabilities of the pixels and took no log, or returned the probability itself."),
        lambda targets, logits: np.exp(np.sum(_terms(targets, logits), axis=1)),
    ),
    Mistake(
        "base_two",
        N_("You used the logarithm to base 2. The result should be in nats: the natural logarithm."),
        lambda targets, logits: np.sum(_terms(targets, logits), axis=1) / np.log(2),
    ),
)


# --- compute_KL ------------------------------------------------------------------------------------------------------


def compute_KL(q_means_and_log_stds):
    """The reference: KL(q || N(0, I)), (B,)."""
    return distributions.gaussian_kl(*halves(q_means_and_log_stds))


def _kl_cases(rng):
    cases = []
    for B, L in ((1, 1), (1, 3), (2, 2), (5, 2), (4, 4)):
        q = np.hstack([rng.normal(0, 1, (B, L)), rng.uniform(-1.5, 1, (B, L))])
        cases.append(Case([q], shape_label("q_means_and_log_stds", q), gradients=(0,)))
    far = np.array([[100.0, -20.0, -30.0, 5.0], [0.0, 0.0, 0.0, 0.0], [1e-3, -50.0, 1e-3, -12.0]])
    far *= rng.uniform(0.8, 1, far.shape)
    return [*cases, Case([far], Message(N_("means up to 100 and log standard deviations from -30 to 5")))]


MONTE_CARLO = N_(
    "The result is different in each call: you estimated the expectation from samples. There is a formula for it, "
    "without "
    "any noise."
)


def _kl_conversation(rng):
    q = np.hstack([rng.normal(0, 1, (2, 2)), rng.uniform(-1, 1, (2, 2))])
    once = yield value_call(rng, [q])
    again = yield value_call(rng, [q])  # with another seed
    found = yield from deterministic(compute_KL, _kl_cases)(rng)
    values = [as_array(answer.get("result")) for answer in (once, again)]
    if found and all(value is not None and value.shape == (len(q),) for value in values) and compare(*values):
        return Finding("monte_carlo", Message(MONTE_CARLO), shape_label("q_means_and_log_stds", q))
    return found


def _kl(terms, reduce=lambda terms: np.sum(terms, axis=1), split=halves):
    """A divergence from `terms(mean, log_std)` of each latent variable."""
    return lambda q: reduce(terms(*split(q)))


def _kl_terms(mean, log_std):
    return 0.5 * (mean**2 + np.exp(2 * log_std) - 1 - 2 * log_std)


def _one_sample(q):
    mean, log_std = halves(q)
    noise = npr.randn(*mean.shape)
    z = mean + np.exp(log_std) * noise
    return np.sum(0.5 * z**2 - 0.5 * noise**2 - log_std, axis=1)


KL_MISTAKES = (
    Mistake(
        "sign_flipped",
        N_(
            "You returned the negative of the divergence, as it stands in the bound of the paper. KL is never negative."
        ),
        _kl(lambda mean, log_std: -_kl_terms(mean, log_std)),
    ),
    Mistake(
        "half_forgotten",
        N_("Your result is twice the divergence: the factor 1/2 of the normal density is missing."),
        _kl(lambda mean, log_std: 2 * _kl_terms(mean, log_std)),
    ),
    Mistake(
        "log_std_not_doubled",
        N_("The log of the variance is 2 log sigma; you used log sigma in its place beside the right variance."),
        _kl(lambda mean, log_std: 0.5 * (mean**2 + np.exp(2 * log_std) - 1 - log_std)),
    ),
    Mistake(
        "std_not_squared",
        N_("You used sigma where the formula has the variance: sigma is exp(log sigma), the variance its square."),
        _kl(lambda mean, log_std: 0.5 * (mean**2 + np.exp(log_std) - 1 - 2 * log_std)),
    ),
    Mistake(
        "log_variance",
        N_("You took the second half for the log of the variance, as in the paper. Here it is the log of sigma."),
        _kl(lambda mean, log_std: _kl_terms(mean, log_std / 2)),
    ),
    Mistake(
        "reversed",
        N_("You computed KL(p || q), from the prior to q. It should be KL(q || p), with the expectation under q."),
        _kl(lambda mean, log_std: 0.5 * ((1 + mean**2) * np.exp(-2 * log_std) - 1 + 2 * log_std)),
    ),
    Mistake(
        "one_forgotten",
        N_("The constant -1/2 of each latent variable is missing: KL should be 0 for mu = 0 and sigma = 1."),
        _kl(lambda mean, log_std: _kl_terms(mean, log_std) + 0.5),
    ),
    Mistake(
        "mean_not_squared",
        N_("You added the means without squaring them: q may be to the left of the prior as well as to the right."),
        _kl(lambda mean, log_std: 0.5 * (mean + np.exp(2 * log_std) - 1 - 2 * log_std)),
    ),
    Mistake(
        "mean_forgotten",
        N_("Your result does not depend on the means. A q that is far from 0 is far from the prior."),
        _kl(lambda mean, log_std: _kl_terms(0, log_std)),
    ),
    Mistake(
        "exp_forgotten",
        N_("You used log sigma itself as if it were sigma. sigma is its exponential."),
        _kl(lambda mean, log_std: 0.5 * (mean**2 + log_std**2 - 1 - 2 * np.log(log_std))),
    ),
    Mistake(
        "halves_swapped",
        N_("You took the first half for log sigma and the second for the means. It is the other way round."),
        _kl(_kl_terms, split=_swapped),
    ),
    Mistake(
        "alternating_columns",
        N_(
            "You took every other column. The means are all columns of the first half, the log sigmas all of the "
            "second."
        ),
        _kl(_kl_terms, split=_alternating),
    ),
    Mistake("hard_coded_sizes", HARD_CODED_SIZES, _kl(_kl_terms, split=_halves_of_two)),
    Mistake(
        "summed_over_batch",
        N_("You summed over the whole array. Sum over the latent variables only: one number for each image."),
        _kl(_kl_terms, reduce=np.sum),
    ),
    Mistake(
        "summed_over_images",
        N_("You summed over the images, axis 0. Sum over the latent variables: one number for each image."),
        _kl(_kl_terms, reduce=lambda terms: np.sum(terms, axis=0)),
    ),
    Mistake(
        "mean_over_batch",
        N_(
            "You took the mean over the images. That comes later, in the bound; here there is one number for each "
            "image."
        ),
        _kl(_kl_terms, reduce=lambda terms: np.mean(np.sum(terms, axis=1))),
    ),
    Mistake(
        "mean_over_dimensions",
        N_("You took the mean over the latent variables. Divergences of independent variables add up."),
        _kl(_kl_terms, reduce=lambda terms: np.mean(terms, axis=1)),
    ),
    Mistake(
        "per_dimension",
        N_(
            "You returned one number for each latent variable. The divergence of an image is their sum: the result "
            "is (B,)."
        ),
        _kl(_kl_terms, reduce=lambda terms: terms),
    ),
    Mistake(
        "column_vector",
        N_(
            "You returned a column, (B, 1). The result should be (B,): with others of that shape, a column would "
            "broadcast."
        ),
        _kl(_kl_terms, reduce=lambda terms: np.sum(terms, axis=1, keepdims=True)),
    ),
    Mistake("monte_carlo", MONTE_CARLO, _one_sample),
)


# --- vae_lower_bound -------------------------------------------------------------------------------------------------


def vae_lower_bound(gen_params, rec_params, data):
    """The reference: the ELBO with one sample, a number."""
    encoder_output = neural_net_predict(rec_params, data)
    logits = neural_net_predict(gen_params, sample_latent_variables_from_posterior(encoder_output))
    return np.mean(distributions.bernoulli_log_prob(data, logits) - compute_KL(encoder_output))


N_SEEDS, N_REFERENCE, BATCH = 8, 10, 500  # calls whose mean is judged, calls of our own estimate, images in each

SAME_BOUND_IN_EACH_CALL = N_("The bound is the same in each call: z has no noise in it, or always the same.")


def _bound_conversation(rng):
    found = None
    # Where the noise does not matter, there is one right answer: the decoder ignores z, or sigma is exp(-30).
    for networks, (B, D, L) in (
        (_deaf_decoder, (1, 2, 1)),
        (_tiny_std, (1, 3, 2)),
        (_deaf_decoder, (4, 4, 2)),
        (_tiny_std, (6, 5, 3)),
    ):
        args = [*networks(rng, D, L), rng.integers(0, 2, (B, D)).astype(float)]
        label = shape_label("data", args[2])
        expected = _bound_at_the_means(*args)
        call = value_call(rng, args)
        for _ in range(2):
            answer = yield call
            found = found or answer_problem(answer, label) or compare(answer["result"], expected, label)
    for argnum in (0, 1):
        problem = yield from _bound_gradient_problem(rng, args, argnum, label)
        found = found or problem
    problem = yield from _expectation_problem(rng)
    return found or problem


def _random_params(rng, sizes):
    return [(rng.normal(0, 1, (m, n)), rng.normal(0, 1, n)) for m, n in itertools.pairwise(sizes)]


def _random_networks(rng, D, L):
    return _random_params(rng, (L, 5, D)), _random_params(rng, (D, 5, 2 * L))


def _deaf_decoder(rng, D, L):
    gen_params, rec_params = _random_networks(rng, D, L)
    (W, b), last = gen_params
    return [(np.zeros_like(W), b), last], rec_params


def _tiny_std(rng, D, L):
    gen_params, rec_params = _random_networks(rng, D, L)
    W, b = rec_params[-1]
    W[:, L:], b[L:] = 0.0, -30.0
    return gen_params, rec_params


def _bound_at_the_means(gen_params, rec_params, data):
    """The bound with z = mu, a number."""
    encoder_output = neural_net_predict(rec_params, data)
    logits = neural_net_predict(gen_params, halves(encoder_output)[0])
    return np.mean(distributions.bernoulli_log_prob(data, logits) - compute_KL(encoder_output))


def _bound_gradient_problem(rng, args, argnum, label):
    """The finding about the gradient with respect to all parameters of one network, where z is mu."""
    answer = yield gradient_call(rng, args, argnum, 1.0)
    if "error" in answer:
        return gradient_blocked(label)
    result = answer.get("result")
    gradient = _leaves(result[1] if isinstance(result, list) and len(result) == 2 else None, args[argnum])
    if gradient is None:
        return wrong_gradient(argnum, label)
    if not any(np.any(g) for g in gradient):
        return gradient_blocked(label)
    expected = _leaves(grad(_bound_at_the_means, argnum)(*args), args[argnum])
    wrong = any(compare(g, e) for g, e in zip(gradient, expected, strict=True))
    return wrong_gradient(argnum, label) if wrong else None


def _leaves(got, like):
    """The arrays of a list of (W, b) with the shapes of `like`; None if it is something else, or not finite."""
    if not isinstance(got, list) or len(got) != len(like):
        return None
    if any(compare(g, layer, atol=ANY_VALUE) for g, layer in zip(got, like, strict=True)):
        return None
    return [as_array(g) for layer in got for g in layer]


def _expectation_problem(rng):
    """The finding about the mean of the bound over N_SEEDS calls, beside our own estimate.

    q is the same for all images, each of which is the most probable one at its mean: the further z is from there, the
    smaller log p(x | z), so that the expectation of that tells how z is distributed.
    """
    D, L = 8, 2
    gen_params, rec_params = _random_networks(rng, D, L)
    W, b = rec_params[-1]
    rec_params[-1] = (np.zeros_like(W), np.concatenate([rng.normal(0, 0.5, L), np.ones(L)]))
    (W, b), (last_W, last_b) = gen_params
    gen_params = [(0.2 * W, b), (5 * last_W, last_b)]
    encoder_output = neural_net_predict(rec_params, np.zeros((BATCH, D)))
    mean, log_std = halves(encoder_output)
    data = (neural_net_predict(gen_params, mean) > 0).astype(float)
    label = shape_label("data", data)

    log_likelihoods = []
    for _ in range(N_REFERENCE):
        z = mean + np.exp(log_std) * rng.normal(size=mean.shape)
        log_likelihoods.append(distributions.bernoulli_log_prob(data, neural_net_predict(gen_params, z)))
    expected = np.mean(log_likelihoods) - np.mean(compute_KL(encoder_output))
    variance = np.mean(np.var(log_likelihoods, axis=0, ddof=1)) / BATCH  # of a bound
    standard_error = np.sqrt(variance * (1 / N_SEEDS + 1 / N_REFERENCE))

    found, bounds = None, []
    for _ in range(N_SEEDS):
        answer = yield value_call(rng, [gen_params, rec_params, data])
        found = found or answer_problem(answer, label) or compare(answer["result"], expected, label, atol=ANY_VALUE)
        if found is None:
            bounds.append(float(as_array(answer["result"])))
    if found is not None:
        return found
    if np.ptp(bounds) < 1e-6 * abs(expected):
        return Finding("same_in_each_call", Message(SAME_BOUND_IN_EACH_CALL), label)
    if abs(np.mean(bounds) - expected) > statistics.SIGMAS * standard_error:
        text = N_(
            "It is right where the noise does not matter, but not where it does: the mean over {n} calls is "
            "{found:.2f}, "
            "expected about {expected:.2f}. Is z drawn from q(z | x), each time anew?"
        )
        values = {"n": N_SEEDS, "found": float(np.mean(bounds)), "expected": float(expected)}
        return Finding("wrong_expectation", Message(text, **values), label)
    return None


def _bound(
    combine=lambda log_likelihood, kl: np.mean(log_likelihood - kl),
    sample=sample_latent_variables_from_posterior,
    of_logits=lambda logits: logits,
    log_prob=distributions.bernoulli_log_prob,
):
    """A bound in which one thing is wrong."""

    def bound(gen_params, rec_params, data):
        encoder_output = neural_net_predict(rec_params, data)
        logits = of_logits(neural_net_predict(gen_params, sample(encoder_output)))
        return combine(log_prob(data, logits), compute_KL(encoder_output))

    return bound


def _prior_sample(encoder_output):
    return npr.randn(*halves(encoder_output)[0].shape)


def _swapped_log_prob(targets, logits):
    """The error is the one that the child raises where our bernoulli_log_prob stands in and refuses the arguments."""
    try:
        return distributions.bernoulli_log_prob(logits, targets)
    except ValueError as error:
        raise TypeError(f"bernoulli_log_prob: {error}") from error


BOUND_MISTAKES = (
    Mistake(
        "summed_over_batch",
        N_("You summed over the batch. The bound is the mean, so that it does not depend on the size of the batch."),
        _bound(lambda log_likelihood, kl: np.sum(log_likelihood - kl)),
    ),
    Mistake(
        "per_example",
        N_("You returned one number for each image. The bound of a batch is their mean, a single number."),
        _bound(lambda log_likelihood, kl: log_likelihood - kl),
    ),
    Mistake(
        "without_kl",
        N_("You returned the reconstruction term alone. The KL divergence has to be subtracted."),
        _bound(lambda log_likelihood, kl: np.mean(log_likelihood)),
    ),
    Mistake(
        "kl_added",
        N_("You added the KL divergence. It is a price: it should be subtracted."),
        _bound(lambda log_likelihood, kl: np.mean(log_likelihood + kl)),
    ),
    Mistake(
        "kl_summed",
        N_("You subtracted the sum of the divergences from the mean of the log-likelihoods. Take the mean of both."),
        _bound(lambda log_likelihood, kl: np.mean(log_likelihood) - np.sum(kl)),
    ),
    Mistake(
        "kl_not_averaged",
        N_("You subtracted the divergence of each image from the mean of the log-likelihoods. Take the mean of both."),
        _bound(lambda log_likelihood, kl: np.mean(log_likelihood) - kl),
    ),
    Mistake(
        "likelihood_summed",
        N_("You subtracted the mean of the divergences from the sum of the log-likelihoods. Take the mean of both."),
        _bound(lambda log_likelihood, kl: np.sum(log_likelihood) - np.mean(kl)),
    ),
    Mistake(
        "without_likelihood",
        N_("You returned the KL term alone. log p(x | z) belongs to the bound, too."),
        _bound(lambda log_likelihood, kl: -np.mean(kl)),
    ),
    Mistake(
        "negated",
        N_("You returned the negative of the bound, a loss. The bound itself is wanted, which training makes larger."),
        _bound(lambda log_likelihood, kl: -np.mean(log_likelihood - kl)),
    ),
    Mistake(
        "networks_swapped",
        N_(
            "You exchanged the networks: rec_params belongs to the encoder, from x to q, and gen_params to the decoder."
        ),
        lambda gen_params, rec_params, data: vae_lower_bound(rec_params, gen_params, data),
    ),
    Mistake(
        "no_noise",
        N_("You decoded the means of q. z should be a sample of q(z | x)."),
        _bound(sample=lambda encoder_output: halves(encoder_output)[0]),
    ),
    Mistake(
        "prior_sample",
        N_("You drew z from the prior. It should be a sample of q(z | x), or the decoder knows nothing about x."),
        _bound(sample=_prior_sample),
    ),
    Mistake(
        "encoder_output_decoded",
        N_("You gave the encoder's output to the decoder. Draw z with it first; z has half as many columns."),
        _bound(sample=lambda encoder_output: encoder_output),
    ),
    Mistake(
        "probabilities_for_logits",
        N_("You took the sigmoid of the decoder's output. bernoulli_log_prob wants the output itself, the logits."),
        _bound(of_logits=distributions.sigmoid),
    ),
    Mistake(
        "targets_and_logits_swapped",
        N_("You gave bernoulli_log_prob the logits first. The targets, which are the data, come first."),
        _bound(log_prob=_swapped_log_prob),
    ),
    Mistake(
        "same_in_each_call",
        SAME_BOUND_IN_EACH_CALL,
        _bound(sample=_sampling(_seeded)),
    ),
)


# --- adam_update -----------------------------------------------------------------------------------------------------


def adam_update(params, grad, m, v, t, alpha=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """The reference: algorithm 1 of Kingma and Ba, uphill."""
    m, v = _moments(grad, m, v, beta1, beta2)
    return params + alpha * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + eps), m, v


def _moments(grad, m, v, beta1, beta2):
    return beta1 * m + (1 - beta1) * grad, beta2 * v + (1 - beta2) * grad**2


def _adam_cases(rng):
    """Cases in which both published places of eps, outside the root, give the same up to the tolerance.

    They differ by eps beside sqrt(v): too little to see with the default eps unless alpha is large, and not at all at a
    t so large that 1 - beta2^t is 1, where another eps is tried. Inside the root, sqrt(eps) = 1e-4 is beside gradients
    of 1e-4.
    """
    cases = []

    def add(n, t, scale, label, *constants):
        grad = scale * rng.choice([-1, 1], n) * rng.uniform(0.5, 2, n)
        before = np.zeros(n) if t == 1 else 1.0
        m, v = before * scale * rng.normal(0, 0.5, n), before * scale**2 * rng.uniform(0.5, 2, n)
        cases.append(Case([0.01 * rng.normal(size=n), grad, m, v, t, *constants], label))

    add(1, 1, 1.0, Message(N_("one parameter, t = 1")))
    add(4, 1, 1.0, Message(N_("4 parameters, t = 1")))
    add(4, 2, 1.0, Message(N_("4 parameters, t = 2")))
    add(5, 7, 3.0, Message(N_("5 parameters, t = 7")))
    add(4, 1, 1e-4, Message(N_("gradients near 1e-4, t = 1")))
    add(4, 3, 1e-4, Message(N_("gradients near 1e-4, t = 3")))
    for t, eps in ((3, 1e-8), (2000, 0.5)):
        alpha, beta1, beta2 = (round(float(rng.uniform(0.9, 1.1)) * constant, 3) for constant in (0.1, 0.8, 0.87))
        text = N_("alpha = {alpha}, beta1 = {beta1}, beta2 = {beta2}, eps = {eps}, t = {t}")
        label = Message(text, alpha=alpha, beta1=beta1, beta2=beta2, eps=eps, t=t)
        add(3, t, 1.0, label, alpha, beta1, beta2, eps)
    return cases


def _adam(
    direction=1,
    time=lambda t: t,
    moments=_moments,
    correct=lambda m, v, t, beta1, beta2: (m / (1 - beta1**t), v / (1 - beta2**t)),
    step=lambda m_hat, v_hat, eps, t, beta2: m_hat / (np.sqrt(v_hat) + eps),
    result=lambda params, m, v, m_hat, v_hat: (params, m, v),
    constants=lambda *given: given,
):
    """An update in which one thing is wrong."""

    def update(params, grad, m, v, t, alpha=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
        alpha, beta1, beta2, eps = constants(alpha, beta1, beta2, eps)
        m, v = moments(grad, m, v, beta1, beta2)
        m_hat, v_hat = correct(m, v, time(t), beta1, beta2)
        params = params + direction * alpha * step(m_hat, v_hat, eps, t, beta2)
        return result(params, m, v, m_hat, v_hat)

    return update


EPS_INSIDE = N_("You added eps inside the square root. It is added to the root: sqrt(v_hat) + eps.")

ADAM_MISTAKES = (
    Mistake(
        "no_bias_correction",
        N_("You used m and v as they are. Both began at zero and have to be corrected: m_hat and v_hat."),
        _adam(correct=lambda m, v, t, beta1, beta2: (m, v)),
    ),
    Mistake(
        "v_not_corrected",
        N_("You corrected m but not v. Both began at zero, each with its own beta."),
        _adam(correct=lambda m, v, t, beta1, beta2: (m / (1 - beta1**t), v)),
    ),
    Mistake(
        "m_not_corrected",
        N_("You corrected v but not m. Both began at zero, each with its own beta."),
        _adam(correct=lambda m, v, t, beta1, beta2: (m, v / (1 - beta2**t))),
    ),
    Mistake(
        "correction_without_power",
        N_("You divided by 1 - beta. The correction depends on t: 1 - beta^t."),
        _adam(correct=lambda m, v, t, beta1, beta2: (m / (1 - beta1), v / (1 - beta2))),
    ),
    Mistake(
        "eps_inside_root",
        EPS_INSIDE,
        _adam(step=lambda m_hat, v_hat, eps, t, beta2: m_hat / np.sqrt(v_hat + eps)),
    ),
    Mistake(
        "eps_inside_root_before_correction",
        EPS_INSIDE,
        _adam(step=lambda m_hat, v_hat, eps, t, beta2: m_hat / np.sqrt(v_hat + eps / (1 - beta2**t))),
    ),
    Mistake(
        "descends",
        N_("You subtracted the step. The bound is to grow: the step is added."),
        _adam(direction=-1),
    ),
    Mistake(
        "t_too_large",
        N_("You corrected with t + 1. t is 1 already in the first update."),
        _adam(time=lambda t: t + 1),
    ),
    Mistake(
        "t_too_small",
        N_("You corrected with t - 1, which divides by zero in the first update. t is 1 there: use it as it is."),
        _adam(time=lambda t: t - 1),
    ),
    Mistake(
        "corrected_moments_returned",
        N_("You returned m_hat and v_hat. The next update needs m and v, without the correction."),
        _adam(result=lambda params, m, v, m_hat, v_hat: (params, m_hat, v_hat)),
    ),
    Mistake(
        "gradient_not_squared",
        N_("You averaged the gradient itself into v. v is the mean of its square."),
        _adam(
            moments=lambda grad, m, v, beta1, beta2: (
                _moments(grad, m, v, beta1, beta2)[0],
                beta2 * v + (1 - beta2) * grad,
            )
        ),
    ),
    Mistake(
        "absolute_gradient",
        N_("You averaged the absolute value of the gradient into v. v is the mean of its square."),
        _adam(
            moments=lambda grad, m, v, beta1, beta2: (
                _moments(grad, m, v, beta1, beta2)[0],
                beta2 * v + (1 - beta2) * np.abs(grad),
            )
        ),
    ),
    Mistake(
        "m_squared",
        N_("You averaged the square of m into v. v is the mean of the squares of the gradient."),
        _adam(
            moments=lambda grad, m, v, beta1, beta2: (
                _moments(grad, m, v, beta1, beta2)[0],
                beta2 * v + (1 - beta2) * _moments(grad, m, v, beta1, beta2)[0] ** 2,
            )
        ),
    ),
    Mistake(
        "root_forgotten",
        N_("You divided by v_hat + eps. Divide by its square root: sqrt(v_hat) + eps."),
        _adam(step=lambda m_hat, v_hat, eps, t, beta2: m_hat / (v_hat + eps)),
    ),
    Mistake(
        "no_second_moment",
        N_("You did not divide by sqrt(v_hat) + eps: that is gradient ascent with momentum."),
        _adam(step=lambda m_hat, v_hat, eps, t, beta2: m_hat),
    ),
    Mistake(
        "betas_swapped",
        N_("You exchanged beta1 and beta2: beta1 belongs to m, beta2 to v."),
        _adam(constants=lambda alpha, beta1, beta2, eps: (alpha, beta2, beta1, eps)),
    ),
    Mistake(
        "weights_swapped",
        N_("You weighted the old average with 1 - beta and the new value with beta. It is the other way round."),
        _adam(moments=lambda grad, m, v, beta1, beta2: _moments(grad, m, v, 1 - beta1, 1 - beta2)),
    ),
    Mistake(
        "moments_forgotten",
        N_("Your result does not depend on the m and v that were passed. They are averages over all updates so far."),
        _adam(moments=lambda grad, m, v, beta1, beta2: _moments(grad, 0 * m, 0 * v, beta1, beta2)),
    ),
    Mistake(
        "old_moments_used",
        N_("You moved the parameters with the m and v that were passed. Update the averages first, then use them."),
        lambda params, grad, m, v, t, alpha=0.001, beta1=0.9, beta2=0.999, eps=1e-8: (
            params + alpha * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + eps),
            *_moments(grad, m, v, beta1, beta2),
        ),
    ),
    Mistake(
        "constants_ignored",
        N_("You wrote the constants as numbers. Use alpha, beta1, beta2 and eps: the caller may pass others."),
        _adam(constants=lambda *given: (0.001, 0.9, 0.999, 1e-8)),
    ),
    Mistake(
        "eps_ignored",
        N_("You wrote eps as a number, or left it out. Use the argument: the caller may pass another."),
        _adam(constants=lambda alpha, beta1, beta2, eps: (alpha, beta1, beta2, 1e-8)),
    ),
    Mistake(
        "only_the_step",
        N_("You returned the step. The result is the parameters after it: params plus the step."),
        lambda params, *others: adam_update(0 * params, *others),
    ),
    Mistake(
        "moments_not_returned",
        N_("You returned the parameters only. The next update needs m and v: return all three."),
        _adam(result=lambda params, m, v, m_hat, v_hat: params),
    ),
    Mistake(
        "order_of_results",
        N_("You returned m and v before the parameters. The order is params, m, v."),
        _adam(result=lambda params, m, v, m_hat, v_hat: (m, v, params)),
    ),
)


# --- the exercise ----------------------------------------------------------------------------------------------------

CHECKS = (
    Check(
        topic="vae",
        name="sample_latent_variables_from_posterior",
        signature="(encoder_output) -> (B, L)",
        points=2,
        reference=sample_latent_variables_from_posterior,
        conversation=_sampler_conversation,
        mistakes=SAMPLER_MISTAKES,
        hints=(
            N_(
                "Which columns of encoder_output are means, and which are log standard deviations? And how many are "
                "there?"
            ),
            N_("If e is a draw from N(0, 1), which function of e, mu and sigma is a draw from N(mu, sigma^2)?"),
            N_(
                "Draw e with npr.randn, as many numbers as the result has, and turn log sigma into sigma before you "
                "use it."
            ),
        ),
        random=True,
    ),
    Check(
        topic="vae",
        name="bernoulli_log_prob",
        signature="(targets, logits) -> (B,)",
        points=2,
        reference=distributions.bernoulli_log_prob,
        conversation=_bernoulli_conversation,
        mistakes=BERNOULLI_MISTAKES,
        hints=(
            N_(
                "Begin with one pixel: what is log p if it is 1, what if it is 0? Then sum over the pixels of each "
                "image."
            ),
            N_("Write log s as minus the log of 1 + exp(something), and log(1 - s) as well. Only a sign differs."),
            N_(
                "log(1 + exp(a)) overflows for large a, though the result is nearly a itself. It is the log of a sum "
                "of "
                "two exponentials, exp(0) and exp(a), for which NumPy has a function."
            ),
        ),
    ),
    Check(
        topic="vae",
        name="compute_KL",
        signature="(q_means_and_log_stds) -> (B,)",
        points=2,
        reference=compute_KL,
        conversation=_kl_conversation,
        mistakes=KL_MISTAKES,
        hints=(
            N_(
                "All variables are independent under q and under p: find the divergence of one of them, and add them "
                "up."
            ),
            N_(
                "Write down log q - log p of one variable. Its expectation needs only E[z^2] and E[(z - mu)^2] under q."
            ),
            N_(
                "E[(z - mu)^2] is sigma^2 and E[z^2] is mu^2 + sigma^2, with sigma^2 = exp(2 log sigma). Try mu = 0, "
                "sigma = 1: the result should be 0."
            ),
        ),
    ),
    Check(
        topic="vae",
        name="vae_lower_bound",
        signature="(gen_params, rec_params, data) -> number",
        points=2,
        reference=vae_lower_bound,
        conversation=_bound_conversation,
        builds_on=("sample_latent_variables_from_posterior", "bernoulli_log_prob", "compute_KL"),
        mistakes=BOUND_MISTAKES,
        hints=(
            N_("Follow the data: from x to q(z | x), from there to z, from z to the logits of p(x | z)."),
            N_(
                "rec_params is the encoder's, gen_params the decoder's. The output of each goes into the functions "
                "you wrote."
            ),
            N_(
                "Two of your functions give one number for each image. Subtract one from the other; what is the last "
                "step?"
            ),
        ),
        random=True,
    ),
    Check(
        topic="vae",
        name="adam_update",
        signature="(params, grad, m, v, t, alpha, beta1, beta2, eps) -> (params, m, v)",
        points=2,
        reference=adam_update,
        conversation=deterministic(adam_update, _adam_cases),
        mistakes=ADAM_MISTAKES,
        hints=(
            N_(
                "Five lines, in the order of the formula. Which of the five quantities are needed again in the next "
                "update?"
            ),
            N_(
                "Do the first update by hand, with m = v = 0 and t = 1: what are m_hat and v_hat? Which way is the "
                "step?"
            ),
            N_("Give new names to the corrected moments, return the others, and mind what is under the square root."),
        ),
    ),
)

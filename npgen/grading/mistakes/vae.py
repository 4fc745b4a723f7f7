"""Known mistakes of the exercise on the variational autoencoder."""

import autograd.numpy as np
import autograd.numpy.random as npr

from npgen import distributions
from npgen.grading.judging import Mistake
from npgen.grading.language import N_
from npgen.grading.references.vae import (
    adam_update,
    compute_KL,
    halves,
    moments,
    neural_net_predict,
    sample_latent_variables_from_posterior,
    vae_lower_bound,
)

# --- sample_latent_variables_from_posterior --------------------------------------------------------------------------

SAME_IN_EACH_CALL = N_(
    "Two calls give the same noise. A seed must not be set inside the function, and the noise must be drawn in the "
    "call."
)
HARD_CODED_SIZES = N_("It is right for other sizes, but not for these. Read all sizes off the shape of the argument.")


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


SPLITS = {  # {name: (message, means and log standard deviations)}
    "halves_swapped": (
        N_("You took the first half for log sigma and the second for the means. It is the other way round."),
        _swapped,
    ),
    "alternating_columns": (
        N_(
            "You took every other column. The means are all columns of the first half, the log sigmas all of the "
            "second."
        ),
        _alternating,
    ),
    "hard_coded_sizes": (HARD_CODED_SIZES, _halves_of_two),
}

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
        "halves_of_rows",
        N_("You cut the array in two by its rows, which are the images. Cut by columns: means, then log sigmas."),
        _sampling(split=_halves_of_rows),
    ),
    Mistake(
        "randn_of_a_tuple",
        N_("You passed a shape to randn as a tuple. randn takes the sizes as separate arguments."),
        _sampling(lambda B, L: npr.randn((B, L))),
    ),
    *(Mistake(name, message, _sampling(split=split)) for name, (message, split) in SPLITS.items()),
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

CLIPPED = N_(
    "You kept the probabilities away from 0 and 1 by a small constant. That changes the result for large logits: it "
    "should be computed from the logits, without probabilities."
)


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

MONTE_CARLO = N_(
    "The result is different in each call: you estimated the expectation from samples. There is a formula for it, "
    "without "
    "any noise."
)


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
    *(Mistake(name, message, _kl(_kl_terms, split=split)) for name, (message, split) in SPLITS.items()),
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

SAME_BOUND_IN_EACH_CALL = N_("The bound is the same in each call: z has no noise in it, or always the same.")


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


def _adam(
    direction=1,
    time=lambda t: t,
    moments=moments,
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


def _averaging(square):
    """Moments with square(grad, m) in place of the square of the gradient."""

    def wrong(grad, m, v, beta1, beta2):
        m, _ = moments(grad, m, v, beta1, beta2)
        return m, beta2 * v + (1 - beta2) * square(grad, m)

    return wrong


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
        _adam(moments=_averaging(lambda grad, m: grad)),
    ),
    Mistake(
        "absolute_gradient",
        N_("You averaged the absolute value of the gradient into v. v is the mean of its square."),
        _adam(moments=_averaging(lambda grad, m: np.abs(grad))),
    ),
    Mistake(
        "m_squared",
        N_("You averaged the square of m into v. v is the mean of the squares of the gradient."),
        _adam(moments=_averaging(lambda grad, m: m**2)),
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
        _adam(moments=lambda grad, m, v, beta1, beta2: moments(grad, m, v, 1 - beta1, 1 - beta2)),
    ),
    Mistake(
        "moments_forgotten",
        N_("Your result does not depend on the m and v that were passed. They are averages over all updates so far."),
        _adam(moments=lambda grad, m, v, beta1, beta2: moments(grad, 0 * m, 0 * v, beta1, beta2)),
    ),
    Mistake(
        "old_moments_used",
        N_("You moved the parameters with the m and v that were passed. Update the averages first, then use them."),
        lambda params, grad, m, v, t, alpha=0.001, beta1=0.9, beta2=0.999, eps=1e-8: (
            params + alpha * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + eps),
            *moments(grad, m, v, beta1, beta2),
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

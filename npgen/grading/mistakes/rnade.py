"""Known mistakes of the exercise on RNADE."""

from functools import partial

import autograd.numpy as np
import autograd.numpy.random as npr

from npgen.distributions import LOG_2PI, logsumexp, sigmoid
from npgen.grading import recursion
from npgen.grading.judging import Mistake
from npgen.grading.language import N_
from npgen.grading.pixel_mistakes import of
from npgen.grading.references.rnade import halves, mixture_log_density, rnade_conditionals, rnade_log_likelihood
from npgen.grading.samples import SEED_INSIDE

# --- the density of a mixture ----------------------------------------------------------------------------------------

QUADRATIC_MISTAKE = N_(
    "The values are right, but the cost grows with the square of D, because the sum over the variables before is "
    "computed anew for every variable. Keep it and add one term at a time."
)


def _log_normals(x, means, log_stds, half=0.5, constant=0.5 * LOG_2PI, log_scale=1.0):
    """The K terms of each x, or what may be made of them."""
    z = (x[:, None] - means) * np.exp(-log_stds)
    return -half * z * z - log_scale * log_stds - constant


def _mixed(terms):
    return logsumexp(terms, axis=1) - np.log(terms.shape[1])


def _of_mixture(terms=_log_normals, mix=_mixed):
    """A density in which one thing is wrong."""
    return lambda x, means, log_stds: mix(terms(x, means, log_stds))


def _naive(keep=lambda p: p):
    return lambda terms: np.log(keep(np.mean(np.exp(terms), axis=1)))


UNDERFLOWS = N_(
    "Far from all means every exponential is 0, and the log of 0 is -inf. Take the largest of the K terms out of the "
    "sum."
)
CLIPPED = N_(
    "You keep the density away from 0 (or add a small number inside the log), which bounds its logarithm. Take the "
    "largest of the K terms out of the sum, and neither is needed."
)


def _variances(log_variances):
    def terms(x, means, log_stds):
        squares = (x[:, None] - means) ** 2 * np.exp(-log_variances(log_stds))
        return -0.5 * squares - 0.5 * log_variances(log_stds) - 0.5 * LOG_2PI

    return terms


MIXTURE_PARTS = {  # what is wrong with the K terms
    "std_forgotten": (
        N_("The term -log sigma is missing: a narrow Gaussian is higher."),
        partial(_log_normals, log_scale=0.0),
    ),
    "std_added": (
        N_("You add log sigma. It is subtracted: a narrow Gaussian is higher."),
        partial(_log_normals, log_scale=-1.0),
    ),
    "std_halved": (
        N_("You subtract log sigma / 2. It is log sigma, or half of the log of the variance."),
        partial(_log_normals, log_scale=0.5),
    ),
    "std_twice": (
        N_("You subtract 2 log sigma, the log of the variance. It is log sigma."),
        partial(_log_normals, log_scale=2.0),
    ),
    "half_forgotten": (
        N_("The factor 1/2 of the square is missing."),
        partial(_log_normals, half=1.0),
    ),
    "square_added": (
        N_("Your square has the wrong sign: the density falls away from the mean."),
        partial(_log_normals, half=-0.5),
    ),
    "constant_forgotten": (
        N_("The constant -log(2 pi) / 2 of each Gaussian is missing."),
        partial(_log_normals, constant=0.0),
    ),
    "constant_not_halved": (
        N_("You subtract log(2 pi). It is log(2 pi) / 2, the log of the square root."),
        partial(_log_normals, constant=LOG_2PI),
    ),
    "constant_without_logarithm": (
        N_("You subtract sqrt(2 pi) itself. Its logarithm is subtracted."),
        partial(_log_normals, constant=np.sqrt(2 * np.pi)),
    ),
    "log_variances": (
        N_("You take log_stds for the logarithms of the variances. They are those of the standard deviations."),
        _variances(lambda log_stds: log_stds),
    ),
    "exp_forgotten": (
        N_("You use log sigma where sigma belongs. Sigma is its exponential."),
        lambda x, means, log_stds: (
            -0.5 * ((x[:, None] - means) / log_stds) ** 2 - np.log(np.abs(log_stds)) - 0.5 * LOG_2PI
        ),
    ),
    "exp_forgotten_in_the_square": (
        N_("You divide by log sigma in the square. Divide by sigma, its exponential."),
        lambda x, means, log_stds: -0.5 * ((x[:, None] - means) / log_stds) ** 2 - log_stds - 0.5 * LOG_2PI,
    ),
    "std_for_variance": (
        N_("You divide the square of x - mu by sigma. Divide it by the variance, sigma^2."),
        lambda x, means, log_stds: -0.5 * (x[:, None] - means) ** 2 * np.exp(-log_stds) - log_stds - 0.5 * LOG_2PI,
    ),
    "not_squared": (
        N_("You do not square (x - mu) / sigma."),
        lambda x, means, log_stds: -0.5 * np.abs(x[:, None] - means) * np.exp(-log_stds) - log_stds - 0.5 * LOG_2PI,
    ),
    "not_scaled": (
        N_("You forget to divide x - mu by sigma."),
        lambda x, means, log_stds: -0.5 * (x[:, None] - means) ** 2 - log_stds - 0.5 * LOG_2PI,
    ),
    "swapped": (
        N_("Means and log standard deviations have changed places."),
        lambda x, means, log_stds: _log_normals(x, log_stds, means),
    ),
}

MIXTURE_MIXES = {  # what is wrong with the mixture of right terms (B, K)
    "weights_forgotten": (
        N_("You forget the weight 1 / K of each Gaussian: subtract log K, or take the mean of the K densities."),
        lambda terms: logsumexp(terms, axis=1),
    ),
    "weights_added": (
        N_("You add log K. The weights are 1 / K: subtract it."),
        lambda terms: logsumexp(terms, axis=1) + np.log(terms.shape[1]),
    ),
    "weights_without_logarithm": (
        N_("You divide the log-density by K. The weight 1 / K belongs inside the logarithm: subtract log K."),
        lambda terms: logsumexp(terms, axis=1) / terms.shape[1],
    ),
    "minus_k": (
        N_("You subtract K. Subtract log K."),
        lambda terms: logsumexp(terms, axis=1) - terms.shape[1],
    ),
    "mean_of_logarithms": (
        N_("You average the K log-densities. The log of a mean is not the mean of the logs: exp, mean, and then log."),
        lambda terms: np.mean(terms, axis=1),
    ),
    "sum_of_logarithms": (
        N_("You add the K log-densities: that is the product of the Gaussians, not their mixture."),
        lambda terms: np.sum(terms, axis=1),
    ),
    "best_component": (
        N_("You take the largest of the K terms alone. All components count."),
        lambda terms: np.max(terms, axis=1) - np.log(terms.shape[1]),
    ),
    "underflows": (UNDERFLOWS, _naive()),
    **{
        f"clipped_at_{eps:.0e}": (CLIPPED, _naive(lambda p, eps=eps: np.maximum(p, eps)))
        for eps in (1e-6, 1e-8, 1e-10, 1e-12, 1e-300)
    },
    "minimum_taken_out": (
        N_("You take the least of the K terms out of the sum, so that exp overflows. Take the largest."),
        lambda terms: (
            np.min(terms, axis=1) + np.log(np.mean(np.exp(terms - np.min(terms, axis=1, keepdims=True)), axis=1))
        ),
    ),
    "maximum_not_added": (
        N_("You take the largest term out of the sum, and do not add it in the end."),
        lambda terms: _mixed(terms - np.max(terms, axis=1, keepdims=True)),
    ),
}


def _in_the_numbers(log_density):
    """Mistakes that are made with the right log-densities (B,)."""
    return (
        Mistake(
            "negated",
            N_("Your result has the wrong sign: the log-density is asked for, not a loss."),
            of(log_density, lambda numbers: -numbers),
        ),
        Mistake(
            "density",
            N_("You return the density. Its logarithm is asked for."),
            of(log_density, np.exp),
        ),
        Mistake(
            "bits",
            N_("You return bits, logarithms to base 2. Nats are asked for: the natural logarithm."),
            of(log_density, lambda numbers: numbers / np.log(2)),
        ),
        Mistake(
            "mean_over_batch",
            N_("You average over the examples. One number for each of them is asked for, (B,)."),
            of(log_density, np.mean),
        ),
    )


MIXTURE_MISTAKES = (
    *(Mistake(name, message, _of_mixture(terms=part)) for name, (message, part) in MIXTURE_PARTS.items()),
    *(Mistake(name, message, _of_mixture(mix=mix)) for name, (message, mix) in MIXTURE_MIXES.items()),
    Mistake(
        "one_maximum_for_all",
        N_(
            "You take the largest of all B K terms out of each sum. Where those of one x are all much smaller, their "
            "exponentials are all 0: take the largest of each row."
        ),
        _of_mixture(mix=lambda terms: np.max(terms) + np.log(np.mean(np.exp(terms - np.max(terms)), axis=1))),
    ),
    Mistake(
        "averaged_parameters",
        N_("You average the means and the log standard deviations, and take one Gaussian. Average the K densities."),
        lambda x, means, log_stds: _mixed(
            _log_normals(x, np.mean(means, axis=1, keepdims=True), np.mean(log_stds, axis=1, keepdims=True))
        ),
    ),
    Mistake(
        "each_component",
        N_("You return one number for each component. Mix them: one number for each x, (B,)."),
        _of_mixture(mix=lambda terms: terms),
    ),
    Mistake(
        "over_the_batch",
        N_("Your sum runs over the B examples. It runs over the K components, axis 1."),
        _of_mixture(mix=lambda terms: logsumexp(terms, axis=0) - np.log(terms.shape[0])),
    ),
    Mistake(
        "x_along_the_components",
        N_(
            "x (B,) against means (B, K) runs along the components, or does not fit. Write x[:, None], of shape (B, 1)."
        ),
        lambda x, means, log_stds: _mixed(-0.5 * ((x - means) * np.exp(-log_stds)) ** 2 - log_stds - 0.5 * LOG_2PI),
    ),
    Mistake(
        "column",
        N_("Your result is a column, (B, 1). Expected are B numbers, (B,)."),
        _of_mixture(mix=lambda terms: _mixed(terms)[:, None]),
    ),
    Mistake(
        "sum_over_batch",
        N_("You sum over the examples as well. One number for each of them is asked for, (B,)."),
        _of_mixture(mix=lambda terms: np.sum(_mixed(terms))),
    ),
    *_in_the_numbers(mixture_log_density),
)

# --- the recursion ---------------------------------------------------------------------------------------------------


def _term(w, x):
    return np.outer(x, w)


def _conditionals(W, c, rho, V, b, x, scaled=lambda rho, a, c: rho * a, term=_term, **wrong):
    """The outputs (B, D, 2K), in which one thing may be wrong."""
    return recursion.one_after_another(
        *(W, c, np.swapaxes(V, 1, 2), b, len(x)),
        value=lambda d, outputs: x[:, d],
        term=term,
        scaled=lambda d, a: scaled(rho[d], a, c),
        **wrong,
    )


def _rho_kept(W, c, rho, V, b, x):
    a, outputs = np.tile(c, (len(x), 1)), []
    for d in range(len(b)):
        a = rho[d] * a
        outputs.append(np.dot(sigmoid(a), V[d]) + b[d])
        a = a + np.outer(x[:, d], W[d])
    return np.stack(outputs, axis=1)


RECURSION = {
    **{
        name: recursion.RECURSION[name]
        for name in ("bias_in_weights", "linear_hidden", "double_sigmoid", "c_forgotten")
    },
    "rho_forgotten": (
        N_("rho_d is missing: the pre-activation is multiplied by it, before the sigmoid."),
        {"scaled": lambda rho, a, c: a},
    ),
    "rho_divides": (
        N_("You divide the pre-activation by rho_d. Multiply it."),
        {"scaled": lambda rho, a, c: a / rho},
    ),
    "rho_without_c": (
        N_("You multiply the sum by rho_d, but not c. The whole pre-activation is multiplied, c included."),
        {"scaled": lambda rho, a, c: rho * (a - c) + c},
    ),
    "hidden_bias_in_weights": (
        N_("You add c to the weights W_d, so that it enters again with every variable. It enters the sum once."),
        {"params": lambda W, c, V, b: (W + c, c, V, b)},
    ),
    "hidden_bias_every_step": (
        N_("You add c to the pre-activation at every variable. It enters the sum once, at the start."),
        {"step": lambda a, added, h, c: a + added + c},
    ),
    "reset": (
        N_(
            "Your pre-activation starts again from c at each variable, so that a conditional sees only the variable "
            "just before it (a Markov chain of order 1). It should keep the terms of all variables before."
        ),
        {"step": lambda a, added, h, c: c + added},
    ),
    "never_updated": (
        N_(
            "Your pre-activation stays at c: no conditional sees a variable. Each variable adds its term for those "
            "after it."
        ),
        {"step": lambda a, added, h, c: a},
    ),
    "overwritten": (
        N_(
            "You add the term of a variable to the hidden layer, after the sigmoid. The sum is kept before the "
            "sigmoid, in the pre-activation."
        ),
        {"step": lambda a, added, h, c: h + added},
    ),
    "subtracted": (
        N_("You subtract x_d W_d from the pre-activation. It is added."),
        {"step": lambda a, added, h, c: a - added},
    ),
    "tanh": (
        N_("Your hidden layer uses tanh. It is a sigmoid here."),
        {"hidden": np.tanh},
    ),
    "relu": (
        N_("Your hidden layer uses a rectifier. It is a sigmoid here."),
        {"hidden": lambda a: np.maximum(a, 0)},
    ),
    "x_as_binary": (
        N_("You turn x into zeros and ones. The real numbers enter the sum as they are."),
        {"term": lambda w, x: np.outer(1.0 * (x > 0), w)},
    ),
    "b_forgotten": (
        N_("The bias b_d of the outputs is missing."),
        {"params": lambda W, c, V, b: (W, c, V, 0 * b)},
    ),
}

RHO = {  # {name: (message, the wrong function)}
    "rho_outside": (
        N_("You multiply the hidden layer by rho_d. It multiplies the pre-activation, inside the sigmoid."),
        lambda W, c, rho, V, b, x: _conditionals(W, c, np.ones(len(rho)), rho[:, None, None] * V, b, x),
    ),
    "rho_before": (
        N_("You multiply by rho_{{d-1}}. The pre-activation of variable d is multiplied by rho_d."),
        lambda W, c, rho, V, b, x: _conditionals(W, c, np.concatenate([rho[-1:], rho[:-1]]), V, b, x),
    ),
    "rho_kept": (
        N_(
            "You keep the pre-activation after it was multiplied by rho_d, so that the next one is multiplied again. "
            "Multiply inside the sigmoid only, and keep the sum as it is."
        ),
        _rho_kept,
    ),
    "rho_with_each_term": (
        N_("You multiply each new term by rho. The sum is kept without it; rho_d multiplies all of a_d."),
        lambda W, c, rho, V, b, x: _conditionals(rho[:, None] * W, c, np.ones(len(rho)), V, b, x),
    ),
}

SEEN = {  # {name: (message, which variables a conditional sees)}
    "own_value": (
        N_("The conditional of x_d sees x_d itself. Its sum ends at the variable before."),
        np.tril,
    ),
    "lagging": (
        N_("Your sum ends one variable too early: the conditional of x_d should see x_{{d-1}}, too."),
        lambda ones: np.tril(ones, -2),
    ),
    "reversed": (
        N_("Your sum is over the variables after d. It should be over those before."),
        lambda ones: np.triu(ones, 1),
    ),
    "all_variables": (
        N_("Every conditional sees all of x, itself included. It should see only the variables before."),
        lambda ones: ones,
    ),
    "all_others": (
        N_("Every conditional sees all other variables. It should see only those before."),
        lambda ones: ones - np.eye(len(ones)),
    ),
}


def _seeing(W, c, rho, V, b, x, see):
    a = recursion.pre_activations(c, x[:, :, None] * W, see)
    return np.einsum("bdh,dhk->bdk", sigmoid(rho[:, None] * a), V) + b


def _quadratic(W, c, rho, V, b, x):
    parts = [np.dot(sigmoid(rho[d] * (c + np.dot(x[:, :d], W[:d]))), V[d]) + b[d] for d in range(len(b))]
    return np.stack(parts, axis=1)


WRONG_CONDITIONALS = {  # every way to get the conditionals wrong
    **{name: (message, partial(_conditionals, **changes)) for name, (message, changes) in RECURSION.items()},
    **RHO,
    **{name: (message, partial(_seeing, see=see)) for name, (message, see) in SEEN.items()},
}


def _joined(function):
    """A mistake that is made with the means and the log standard deviations."""
    return of(rnade_conditionals, lambda outputs: np.concatenate(function(*halves(outputs)), axis=2))


CONDITIONALS_MISTAKES = (
    *(Mistake(name, message, function) for name, (message, function) in WRONG_CONDITIONALS.items()),
    Mistake(
        "standard_deviations",
        N_("You return standard deviations in the second half. Their logarithms are asked for: leave out exp."),
        _joined(lambda means, log_stds: (means, np.exp(log_stds))),
    ),
    Mistake(
        "halves_swapped",
        N_("You return the log standard deviations first. The K means come first."),
        _joined(lambda means, log_stds: (log_stds, means)),
    ),
    Mistake(
        "means_alone",
        N_("You return the first K outputs alone. All 2K are asked for: means and log standard deviations."),
        of(rnade_conditionals, lambda outputs: halves(outputs)[0]),
    ),
    Mistake(
        "as_a_pair",
        N_("You return means and log standard deviations as a pair. They are asked for in one array, (B, D, 2K)."),
        of(rnade_conditionals, halves),
    ),
    Mistake(
        "variables_first",
        N_("Your result has the variables in its first axis, (D, B, 2K). Asked for is (B, D, 2K): stack along axis 1."),
        of(rnade_conditionals, lambda outputs: np.swapaxes(outputs, 0, 1)),
    ),
    Mistake(
        "variables_last",
        N_("Your result has the variables in its last axis, (B, 2K, D). Asked for is (B, D, 2K): stack along axis 1."),
        of(rnade_conditionals, lambda outputs: np.swapaxes(outputs, 1, 2)),
    ),
    Mistake(
        "in_one_row",
        N_("Your result has the outputs of an example in one long row. Asked for is (B, D, 2K)."),
        of(rnade_conditionals, lambda outputs: np.reshape(outputs, (len(outputs), -1))),
    ),
    Mistake("quadratic", QUADRATIC_MISTAKE, _quadratic),
)

# --- the log-likelihood ----------------------------------------------------------------------------------------------


def _of_density(density, conditionals=rnade_conditionals, split=halves, total=lambda terms: np.sum(terms, axis=1)):
    """A log-likelihood from `density(x, means, log_stds)` of B numbers and the conditionals."""

    def log_likelihood(W, c, rho, V, b, x):
        means, log_stds = split(conditionals(W, c, rho, V, b, x))
        return total(np.stack([density(x[:, d], means[:, d], log_stds[:, d]) for d in range(len(b))], axis=1))

    return log_likelihood


def _mixture_of_products(W, c, rho, V, b, x):
    means, log_stds = halves(rnade_conditionals(W, c, rho, V, b, x))
    terms = [_log_normals(x[:, d], means[:, d], log_stds[:, d]) for d in range(len(b))]
    return _mixed(np.sum(np.stack(terms), axis=0))


LOG_LIKELIHOOD_MISTAKES = (
    *(
        Mistake(name, message, _of_density(mixture_log_density, conditionals=function))
        for name, (message, function) in WRONG_CONDITIONALS.items()
    ),
    *(
        Mistake(name, message, _of_density(_of_mixture(terms=part)))
        for name, (message, part) in MIXTURE_PARTS.items()
        if name != "swapped"  # halves_swapped
    ),
    *(Mistake(name, message, _of_density(_of_mixture(mix=mix))) for name, (message, mix) in MIXTURE_MIXES.items()),
    Mistake(
        "halves_swapped",
        N_("Means and log standard deviations have changed places."),
        _of_density(mixture_log_density, split=lambda outputs: halves(outputs)[::-1]),
    ),
    Mistake(
        "alternating",
        N_("You take every other output for a mean. The first K are the means, and the last K the log sigmas."),
        _of_density(mixture_log_density, split=lambda outputs: (outputs[:, :, ::2], outputs[:, :, 1::2])),
    ),
    Mistake(
        "mixture_of_products",
        N_(
            "You multiply the densities of the variables within each component, and then mix. Each conditional is a "
            "mixture of its own: mix first, for each variable, and then sum the logarithms."
        ),
        _mixture_of_products,
    ),
    Mistake(
        "mean_over_variables",
        N_("You average over the variables. The log of a product is the sum."),
        _of_density(mixture_log_density, total=lambda terms: np.mean(terms, axis=1)),
    ),
    Mistake(
        "wrong_axis",
        N_("You sum over the examples and keep the variables. Sum over the variables, the other axis."),
        _of_density(mixture_log_density, total=lambda terms: np.sum(terms, axis=0)),
    ),
    Mistake(
        "each_variable",
        N_("You return one number for each variable. Sum them: one number for each example is asked for."),
        _of_density(mixture_log_density, total=lambda terms: terms),
    ),
    Mistake(
        "column",
        N_("Your result is a column, (B, 1). Expected are B numbers, (B,)."),
        _of_density(mixture_log_density, total=lambda terms: np.sum(terms, axis=1, keepdims=True)),
    ),
    Mistake(
        "sum_over_batch",
        N_("You sum over the examples as well. One number for each of them is asked for, (B,)."),
        _of_density(mixture_log_density, total=np.sum),
    ),
    *_in_the_numbers(rnade_log_likelihood),
    Mistake("quadratic", QUADRATIC_MISTAKE, _of_density(mixture_log_density, conditionals=_quadratic)),
)

# --- sampling --------------------------------------------------------------------------------------------------------


def _sample(means, log_stds, choose=None, noise=None, std=np.exp):
    """A sampler in which one thing may be wrong."""
    n, n_components = means.shape
    chosen = choose(n, n_components) if choose else npr.randint(0, n_components, n)
    mean, log_std = means[np.arange(n), chosen], log_stds[np.arange(n), chosen]
    return mean + std(log_std) * (noise(n) if noise else npr.randn(n))


def _seeded(means, log_stds):
    npr.seed(0)
    return _sample(means, log_stds)


def _one_choice_each(means, log_stds):
    """The mean of one component, and the standard deviation of another."""
    n, n_components = means.shape
    choices = npr.randint(0, n_components, (2, n))
    return means[np.arange(n), choices[0]] + np.exp(log_stds[np.arange(n), choices[1]]) * npr.randn(n)


def _all_drawn(means, log_stds):
    return means + np.exp(log_stds) * npr.randn(*means.shape)


SAMPLE_MISTAKES = (
    Mistake(
        "average_of_components",
        N_("You draw from all K components and average. One component is drawn, and one number from it."),
        lambda means, log_stds: np.mean(_all_drawn(means, log_stds), axis=1),
    ),
    Mistake(
        "sum_of_components",
        N_("You draw from all K components and add. One component is drawn, and one number from it."),
        lambda means, log_stds: np.sum(_all_drawn(means, log_stds), axis=1),
    ),
    Mistake(
        "largest_of_components",
        N_("You draw from all K components and take the largest number. Which component counts is drawn, too."),
        lambda means, log_stds: np.max(_all_drawn(means, log_stds), axis=1),
    ),
    Mistake(
        "averaged_parameters",
        N_("You draw from one Gaussian with the average mean and log sigma. Draw a component, then a number from it."),
        lambda means, log_stds: np.mean(means, axis=1) + np.exp(np.mean(log_stds, axis=1)) * npr.randn(len(means)),
    ),
    Mistake(
        "all_components",
        N_("You return a number for each of the K components, (B, K). One number for each mixture is asked for, (B,)."),
        _all_drawn,
    ),
    Mistake(
        "first_component",
        N_("You always draw from the first component. All K have the weight 1 / K."),
        partial(_sample, choose=lambda n, k: np.zeros(n, int)),
    ),
    Mistake(
        "last_component",
        N_("You always draw from the last component. All K have the weight 1 / K."),
        partial(_sample, choose=lambda n, k: np.full(n, k - 1)),
    ),
    Mistake(
        "in_turn",
        N_("You take the components in turn. Which one it is has to be drawn."),
        partial(_sample, choose=lambda n, k: np.arange(n) % k),
    ),
    Mistake(
        "one_component_for_all",
        N_("You draw one component for all B numbers. Each needs a draw of its own."),
        partial(_sample, choose=lambda n, k: np.full(n, npr.randint(0, k))),
    ),
    Mistake(
        "last_never_drawn",
        N_("You never draw the last component: randint(0, K - 1) stops before K - 1. It is randint(0, K)."),
        partial(_sample, choose=lambda n, k: npr.randint(0, k - 1, n)),
    ),
    Mistake(
        "two_components",
        N_("You draw one component for the mean and another for the standard deviation. Both are of the same one."),
        _one_choice_each,
    ),
    Mistake(
        "no_noise",
        N_("You return the mean of the component. A number from it is that mean plus noise."),
        partial(_sample, noise=np.zeros),
    ),
    Mistake(
        "same_noise",
        N_("You draw one noise for all B numbers. Each needs a draw of its own."),
        partial(_sample, noise=lambda n: npr.randn()),
    ),
    Mistake(
        "uniform_noise",
        N_("You drew the noise from a uniform distribution (rand). It should be standard normal."),
        partial(_sample, noise=npr.rand),
    ),
    Mistake(
        "exp_forgotten",
        N_("You multiply the noise by log sigma. Multiply it by sigma, its exponential."),
        partial(_sample, std=lambda log_std: log_std),
    ),
    Mistake(
        "log_variances",
        N_("You take log_stds for the logarithms of the variances. They are those of the standard deviations."),
        partial(_sample, std=lambda log_std: np.exp(0.5 * log_std)),
    ),
    Mistake(
        "variance_for_std",
        N_("You multiply the noise by the variance. Multiply it by sigma, its square root."),
        partial(_sample, std=lambda log_std: np.exp(2 * log_std)),
    ),
    Mistake(
        "unit_std",
        N_("You forget to multiply the noise by sigma."),
        partial(_sample, std=np.ones_like),
    ),
    Mistake(
        "mean_forgotten",
        N_("You forget to add the mean of the component."),
        lambda means, log_stds: _sample(0 * means, log_stds),
    ),
    Mistake(
        "swapped",
        N_("Means and log standard deviations have changed places."),
        lambda means, log_stds: _sample(log_stds, means),
    ),
    Mistake(
        "component_returned",
        N_("You return the number of the component. Draw a number from it."),
        lambda means, log_stds: npr.randint(0, means.shape[1], len(means)),
    ),
    Mistake(
        "column",
        N_("Your result is a column, (B, 1). Expected are B numbers, (B,)."),
        lambda means, log_stds: _sample(means, log_stds)[:, None],
    ),
    Mistake("seed_inside", SEED_INSIDE, _seeded),
)

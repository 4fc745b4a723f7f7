"""The exercise about RNADE: the density of a mixture, the conditionals in O(D H K), log-likelihood, one sample."""

import autograd.numpy as np

from npgen.grading import cost, judging, scores
from npgen.grading.cost import COUNTED, COUNTED_HIDDEN
from npgen.grading.judging import ANY_VALUE, Case, Check, Finding, answer_problem, compare, value_call
from npgen.grading.language import N_, Message
from npgen.grading.mistakes.rnade import (
    CONDITIONALS_MISTAKES,
    LOG_LIKELIHOOD_MISTAKES,
    MIXTURE_MISTAKES,
    SAMPLE_MISTAKES,
)
from npgen.grading.references.rnade import mixture_log_density, mixture_sample, rnade_conditionals, rnade_log_likelihood
from npgen.grading.samples import N_DRAWS, SEED_INSIDE
from npgen.grading.statistics import categorical_problem, normal_problem

# --- inputs ----------------------------------------------------------------------------------------------------------


def _params(rng, n_variables, n_hidden, n_components, scale=1.0):
    D, H, K = n_variables, n_hidden, n_components
    W, c, rho, V, b = (scale * rng.standard_normal(shape) for shape in ((D, H), H, D, (D, H, 2 * K), (D, 2 * K)))
    return [W, c, 0.5 + np.abs(rho), V, b]


def _label(n, n_variables, n_hidden, n_components, what=""):
    text = N_("B = {n}, D = {n_variables}, H = {n_hidden}, K = {n_components}{what}")
    values = {"n": n, "n_variables": n_variables, "n_hidden": n_hidden, "n_components": n_components}
    return Message(text, **values, what=Message(what))


def _cases(rng):
    """From the smallest on; what is not small has drawn sizes, so that none is known beforehand."""
    several = int(rng.integers(4, 7))
    sizes = [(1, 1, 1, 1), (1, 3, 2, 2), (several, several, 3, 2), (2, 5, int(rng.integers(4, 9)), 3)]
    sizes += [tuple(int(rng.integers(least, least + 7)) for least in (3, 4, 1, 2))]
    cases = []
    for size in sizes:
        args = [*_params(rng, *size[1:]), rng.standard_normal(size[:2])]
        cases.append(Case(args, _label(*size), (0, 1, 2, 3, 4) if size[0] == size[1] > 1 else ()))
    n, n_variables, *_ = size = (4, int(rng.integers(4, 7)), 3, 3)
    args = [*_params(rng, *size[1:]), rng.standard_normal((n, n_variables))]
    args[4] = args[4] + np.concatenate(
        [rng.uniform(200, 600, (n_variables, 3)), rng.uniform(-2, 2, (n_variables, 3))], axis=1
    )
    cases.append(Case(args, _label(*size, N_(", all means far from x"))))
    args = [*args[:3], 1e-6 * args[3], _of_one_height(rng, n_variables), args[5]]
    cases.append(Case(args, _label(*size, N_(", all means far from x"))))
    args = [*_params(rng, 5, 3, 2, 1e-2), rng.standard_normal((2, 5))]
    cases.append(Case(args, _label(2, 5, 3, 2, N_(", small weights"))))
    return cases


def _of_one_height(rng, n_variables):
    """b (D, 6): means far from 0 with nearly equal densities there, so that their sum is not its largest term."""
    means = rng.uniform(45, 60, (n_variables, 1)) * (1 + rng.uniform(0, 4e-4, (n_variables, 3)))
    return np.concatenate([means, np.zeros((n_variables, 3))], axis=1)


# --- cost ------------------------------------------------------------------------------------------------------------

QUADRATIC = N_(
    "The values are right, but the cost grows with the square of D: 4 times the variables take {growth:.0f} times the "
    "work. The sum over the variables before is computed anew for each variable; keep it and add one term at a time."
)
COUNTED_COMPONENTS = 1


def _cost(rng, reference):
    """Whether the work grows faster than D."""
    smaller = int(rng.integers(18, 24))

    def inputs(D):
        return [*_params(rng, D, COUNTED_HIDDEN, COUNTED_COMPONENTS), rng.standard_normal((COUNTED, D))]

    def label(D):
        return _label(COUNTED, D, COUNTED_HIDDEN, COUNTED_COMPONENTS)

    return cost.counted(rng, inputs, (smaller, 4 * smaller), reference, label, QUADRATIC)


LARGE = (1000, 4000, 16_000)  # variables
LARGE_HIDDEN = 192  # O(D^2 H) is then 2.5e10 multiply-adds and 200 GB from far caches


def _at_scale(reference):
    def inputs(rng, n_variables):
        W, c, rho, V, b = _params(rng, n_variables, LARGE_HIDDEN, 1)
        return [0.02 * W, c, rho, 0.1 * V, 0.1 * b, rng.standard_normal((1, n_variables))]

    return cost.values_at_scale(reference, inputs, lambda D: _label(1, D, LARGE_HIDDEN, 1), LARGE)


# --- the density of a mixture ----------------------------------------------------------------------------------------


def _mixture_cases(rng):
    """Of ordinary size, then with each of the extremes."""
    cases, B, K = [], int(rng.integers(5, 9)), int(rng.integers(2, 5))
    for n, k in ((1, 1), (1, 3), (K, K), (B, K), tuple(int(size) for size in rng.integers(4, 12, 2))):
        args = [rng.normal(0, 1, n), rng.normal(0, 1.5, (n, k)), rng.uniform(-1, 1, (n, k))]
        cases.append(Case(args, Message(N_("B = {n}, K = {k}"), n=n, k=k), (0, 1, 2)))
    far = rng.choice([-1, 1], (B, 1)) * rng.uniform(200, 3000, (B, K))
    args = [rng.normal(0, 1, B), far, rng.uniform(-1, 1, (B, K))]
    cases.append(Case(args, Message(N_("B = {n}, K = {k}, x far from all means"), n=B, k=K), (0, 1, 2)))
    x, log_stds = rng.normal(0, 1, B), rng.uniform(-1, 1, (B, K))
    heights = rng.uniform(800, 3000, (B, 1)) + rng.uniform(0, 2, (B, K))  # the sum is not its largest term
    means = x[:, None] + rng.choice([-1, 1], (B, K)) * np.sqrt(2 * (heights - log_stds)) * np.exp(log_stds)
    cases.append(Case([x, means, log_stds], Message(N_("B = {n}, K = {k}, x far from all means"), n=B, k=K)))
    args = [rng.normal(0, 1, B), rng.normal(0, 1, (B, K)), rng.uniform(15, 30, (B, K)) * rng.choice([-1, 1], (B, 1))]
    cases.append(Case(args, Message(N_("B = {n}, K = {k}, log sigma between -30 and 30"), n=B, k=K)))
    means = rng.normal(0, 1, (B, K))
    at_a_mean = means[np.arange(B), rng.integers(0, K, B)]
    log_stds = rng.uniform(-30, -15, (B, K))
    cases.append(Case([at_a_mean, means, log_stds], Message(N_("B = {n}, K = {k}, x at one of the means"), n=B, k=K)))
    return cases


# --- sampling --------------------------------------------------------------------------------------------------------

SMALL_CALLS = 400  # each of a few numbers


def _mixtures(rng, n, n_components):
    """Mixtures whose components overlap, with means and standard deviations of different sizes."""
    return [rng.normal(0, 3, (n, n_components)), rng.uniform(-1.5, 1.5, (n, n_components))]


def _sampling(rng):
    found = None
    for n, n_components in ((1, 1), (1, 3), (4, 1), (3, 2)):
        answer = yield value_call(rng, _mixtures(rng, n, n_components))
        found = found or _not_numbers(answer, n, _sample_label(n, n_components))
    mixtures, several = _mixtures(rng, 20, 3), []
    for _ in range(2):
        answer = yield value_call(rng, mixtures)
        found = found or _not_numbers(answer, 20, _sample_label(20, 3))
        several.append(answer)
    if found:
        return found
    found = (yield from _components_apart(rng)) or (yield from _overlapping(rng, [(N_DRAWS, int(rng.integers(2, 6)))]))
    if found:
        return found
    if judging.same(several[0]["result"], several[1]["result"]):
        return Finding("seed_inside", Message(SEED_INSIDE))
    few = [(int(rng.integers(1, 9)), int(rng.integers(1, 6))) for _ in range(SMALL_CALLS)]
    return (yield from _overlapping(rng, few))


def _sample_label(n, n_components):
    return Message(N_("B = {n}, K = {k}"), n=n, k=n_components)


def _not_numbers(answer, n, label):
    return answer_problem(answer, label) or compare(answer["result"], np.zeros(n), label, atol=ANY_VALUE)


def _components_apart(rng):
    """Components so far from each other that the one which was drawn is known."""
    n_components = int(rng.integers(3, 6))
    means = 1e3 * (rng.permuted(np.tile(np.arange(n_components), (N_DRAWS, 1)), axis=1) + 1)
    log_stds, label = rng.uniform(-1.5, 1.5, means.shape), _sample_label(N_DRAWS, n_components)
    answer = yield value_call(rng, [means, log_stds])
    strange = _not_numbers(answer, N_DRAWS, label)
    if strange:
        return strange
    x, rows = judging.as_array(answer["result"]).astype(float), np.arange(N_DRAWS)
    chosen = np.argmin(np.abs(x[:, None] - means), axis=1)
    z = (x - means[rows, chosen]) * np.exp(-log_stds[rows, chosen])
    if np.median(np.abs(z)) > 100:
        text = N_("The numbers are near none of the K means: {x:.4g}, for instance, where the means are {means}.")
        first = int(np.argmax(np.abs(z)))
        values = {"x": float(x[first]), "means": ", ".join(f"{mean:.4g}" for mean in means[first])}
        return Finding("between", Message(text, **values), label)
    # By number, and by the size of the mean, whose order is another one in each row.
    for counts in (np.bincount(chosen, minlength=n_components), _of_values(means[rows, chosen], n_components)):
        problem = categorical_problem(counts, np.full(n_components, 1 / n_components))
        if problem:
            text = N_("A component makes up {frequency:.4f} of the samples; its weight is {probability:.4f}.")
            message = Message(text, frequency=float(problem[1]), probability=problem[2])
            return Finding("wrong_weights", message, label)
    same = int(np.sum(chosen[:-1] == chosen[1:]))  # each with probability 1 / K, and independently
    others = N_DRAWS - 1 - same
    problem = categorical_problem(np.array([same, others]), np.array([1, n_components - 1]) / n_components)
    if problem:
        return Finding("components_dependent", Message(N_("Each number needs a component of its own.")), label)
    problem = normal_problem(z[:, None])
    return problem and Finding(f"noise_{problem[0]}", problem[1], label)


def _of_values(means, n_components):
    """How often each of the values 1000, 2000, ... was drawn."""
    return np.bincount(np.round(means / 1e3).astype(int) - 1, minlength=n_components)


def _overlapping(rng, sizes):
    """Draws of mixtures of all sizes as draws of N(0, 1)."""
    noise, found, label = [], None, _sample_label(*sizes[0])
    for n, n_components in sizes:
        mixtures = _mixtures(rng, n, n_components)
        answer = yield value_call(rng, mixtures)
        found = found or _not_numbers(answer, n, _sample_label(n, n_components))
        if found is None:
            noise.append(scores.of_gaussian_mixtures(judging.as_array(answer["result"]).astype(float), *mixtures))
    if found is None:
        problem = normal_problem(np.concatenate(noise)[:, None])
        if problem:
            text = N_("The numbers are not draws of the mixtures. {problem}")
            found = Finding("wrong_distribution", Message(text, problem=problem[1]), label)
    return found


# --- the checks ------------------------------------------------------------------------------------------------------

CHECKS = (
    Check(
        topic="rnade",
        name="mixture_log_density",
        signature="(x, means, log_stds) -> (B,)",
        points=3,
        reference=mixture_log_density,
        conversation=judging.deterministic(mixture_log_density, _mixture_cases),
        mistakes=MIXTURE_MISTAKES,
        hints=(
            N_("Compute the K log-densities first, (B, K). What happens to their exponentials far from all means?"),
            N_("log sum_k exp(t_k) = m + log sum_k exp(t_k - m), for every m. Which m keeps one exponential at 1?"),
            N_(
                "x[:, None] has the shape (B, 1) and fits (B, K). Take m = np.max(terms, axis=1), and the mean of the "
                "K exponentials, which has the weight 1 / K in it."
            ),
        ),
    ),
    Check(
        topic="rnade",
        name="rnade_conditionals",
        signature="(W, c, rho, V, b, x) -> (B, D, 2K)",
        points=3,
        reference=rnade_conditionals,
        conversation=cost.values_then_cost(rnade_conditionals, _cases, _cost),
        at_scale=_at_scale(rnade_conditionals),
        mistakes=CONDITIONALS_MISTAKES,
        hints=(
            N_("It is NADE's loop: what changes in the pre-activation from one variable to the next?"),
            N_(
                "Carry an array a of shape (B, H) through a loop over the variables; rho_d is not part of what is "
                "carried."
            ),
            N_(
                "In step d, first compute np.dot(sigmoid(rho[d] * a), V[d]) + b[d], of shape (B, 2K), then add the "
                "outer product of x[:, d] and W[d] to a. In the end, stack the D arrays along axis 1."
            ),
        ),
    ),
    Check(
        topic="rnade",
        name="rnade_log_likelihood",
        signature="(W, c, rho, V, b, x) -> (B,)",
        points=2,
        reference=rnade_log_likelihood,
        conversation=cost.values_then_cost(rnade_log_likelihood, _cases, _cost),
        builds_on=("mixture_log_density", "rnade_conditionals"),
        at_scale=_at_scale(rnade_log_likelihood),
        mistakes=LOG_LIKELIHOOD_MISTAKES,
        hints=(
            N_("You have the parameters of the D mixtures, and the log-density of one. What does the chain rule say?"),
            N_(
                "outputs[:, :, :K] are the means, outputs[:, :, K:] the log standard deviations, with K = b.shape[1] "
                "// 2."
            ),
            N_("For each d, mixture_log_density(x[:, d], means[:, d], log_stds[:, d]) has the shape (B,). Add all D."),
        ),
    ),
    Check(
        topic="rnade",
        name="mixture_sample",
        signature="(means, log_stds) -> (B,)",
        points=2,
        reference=mixture_sample,
        conversation=_sampling,
        mistakes=SAMPLE_MISTAKES,
        hints=(
            N_("Two draws for each number: first a component, then noise."),
            N_("npr.randint(0, K, B) draws a component for each of the B numbers."),
            N_(
                "means[np.arange(B), chosen] is the mean of the chosen component in each row. Take log_stds in the "
                "same way; mean + exp(log_std) * noise, with noise from npr.randn(B)."
            ),
        ),
        random=True,
    ),
)

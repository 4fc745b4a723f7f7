"""How the exercise `vae` is marked."""

import itertools

import autograd.numpy as np
from autograd import grad

from npgen import distributions
from npgen.grading import statistics
from npgen.grading.judging import (
    ANY_VALUE,
    Case,
    Check,
    Finding,
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
from npgen.grading.mistakes.vae import (
    ADAM_MISTAKES,
    BERNOULLI_MISTAKES,
    BOUND_MISTAKES,
    CLIPPED,
    HARD_CODED_SIZES,
    KL_MISTAKES,
    MONTE_CARLO,
    SAME_BOUND_IN_EACH_CALL,
    SAME_IN_EACH_CALL,
    SAMPLER_MISTAKES,
)
from npgen.grading.references.vae import (
    adam_update,
    compute_KL,
    halves,
    neural_net_predict,
    sample_latent_variables_from_posterior,
    vae_lower_bound,
)


def shape_label(name, array):
    """The words for a case that differs from others by its shape."""
    return Message(N_("{name} of shape {shape}"), name=name, shape=str(np.shape(array)))


# --- sample_latent_variables_from_posterior --------------------------------------------------------------------------

N_DRAWS, N_CALLS = 4000, 3  # rows of a call that is judged by statistics, and such calls
N_BATCHES, MAX_BATCH = 60, 300  # smaller calls, and rows of the largest


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
    large = []
    for _ in range(N_CALLS):
        answer = yield value_call(rng, [encoder_output])
        found = found or answer_problem(answer, label) or compare(answer["result"], mean, label, atol=ANY_VALUE)
        if found is None:
            large.append((as_array(answer["result"]) - mean) / np.exp(log_std))
    if found is None:
        found = _noise_problem(large, label)

    # The same in small batches and in those between, all their noise together.
    small, text = [], Message(N_("encoder outputs of {n} batches of 1 to {most} images"), n=N_BATCHES, most=MAX_BATCH)
    for _ in range(N_BATCHES):
        B, L = round(np.exp(rng.uniform(0, np.log(MAX_BATCH)))), rng.integers(1, 6)
        mean, log_std = rng.normal(0, 1, (B, L)), rng.uniform(-1, 1, (B, L))
        answer = yield value_call(rng, [np.hstack([mean, log_std])])
        found = found or answer_problem(answer, text) or compare(answer["result"], mean, text, atol=ANY_VALUE)
        if found is None:
            small.append(((as_array(answer["result"]) - mean) / np.exp(log_std)).reshape(-1, 1))
    if found is None:
        found = _noise_problem([np.concatenate(small)], text)

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

    # No draw serves twice, in whichever calls: a long list that is read from here and there would hardly show in one.
    if found is None:
        problem = statistics.reused_problem(np.concatenate([np.ravel(e) for e in (*large, *small)]))
        found = _noise_finding(problem, text)
    return found or compare_gradient(answer, gradient, 0, label)


def _first(result):
    return result[0] if isinstance(result, list) and len(result) == 2 else None


def _noise_problem(noise, label):
    """The finding about the standardised draws of N_CALLS calls, each (N_DRAWS, 3)."""
    problem = statistics.normal_problem(noise[0])
    if problem is None and any(np.allclose(noise[0], other) for other in noise[1:]):
        return Finding("same_in_each_call", Message(SAME_IN_EACH_CALL), label)
    return _noise_finding(problem or statistics.normal_problem(np.concatenate(noise)), label)


def _noise_finding(problem, label):
    """What `statistics` found, (name, Message), as a finding; None for None."""
    if problem is None:
        return None
    name, message = problem
    return Finding(f"noise_{name}", message, label)


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


# --- compute_KL ------------------------------------------------------------------------------------------------------


def _kl_cases(rng):
    cases = []
    for B, L in ((1, 1), (1, 3), (2, 2), (5, 2), (4, 4)):
        q = np.hstack([rng.normal(0, 1, (B, L)), rng.uniform(-1.5, 1, (B, L))])
        cases.append(Case([q], shape_label("q_means_and_log_stds", q), gradients=(0,)))
    far = np.array([[100.0, -20.0, -30.0, 5.0], [0.0, 0.0, 0.0, 0.0], [1e-3, -50.0, 1e-3, -12.0]])
    far *= rng.uniform(0.8, 1, far.shape)
    return [*cases, Case([far], Message(N_("means up to 100 and log standard deviations from -30 to 5")))]


def _kl_conversation(rng):
    q = np.hstack([rng.normal(0, 1, (2, 2)), rng.uniform(-1, 1, (2, 2))])
    once = yield value_call(rng, [q])
    again = yield value_call(rng, [q])  # with another seed
    found = yield from deterministic(compute_KL, _kl_cases)(rng)
    values = [as_array(answer.get("result")) for answer in (once, again)]
    if found and all(value is not None and value.shape == (len(q),) for value in values) and compare(*values):
        return Finding("monte_carlo", Message(MONTE_CARLO), shape_label("q_means_and_log_stds", q))
    return found


# --- vae_lower_bound -------------------------------------------------------------------------------------------------

N_SEEDS, N_REFERENCE, BATCH = 8, 10, 500  # calls whose mean is judged, calls of our own estimate, images in each


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


# --- adam_update -----------------------------------------------------------------------------------------------------


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


# --- the checks ------------------------------------------------------------------------------------------------------

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

"""What the checks of `vae` say beyond what holds for every exercise (test_checks.py)."""

from pathlib import Path

import autograd.numpy as np
import autograd.numpy.random as npr
import numpy as onp
import pytest
import scipy.special

from npgen.grading import judging
from npgen.grading.checks import load
from npgen.grading.marking import mark
from npgen.grading.references import vae
from npgen.grading.sandbox import Sandbox
from npgen.grading.submission import Submission

CHECKS = {check.name: check for check in load("vae")}
SOLUTION = (Path(__file__).parents[2] / "solutions" / "vae.py").read_text()


def finding(name, function, seed=0):
    """What is found before the known mistakes are consulted."""
    return judging.run(CHECKS[name], judging.asker(function), seed).finding


def diagnosis(name, function, seed=0):
    found = finding(name, function, seed)
    return found and found.diagnosis


def verdict(source, name):
    with Sandbox() as sandbox:
        return mark(Submission("vae.py", source.encode()), CHECKS[name], sandbox, seed=0)


# --- gradients and arguments -----------------------------------------------------------------------------------------


def sample_in_large_batches_only(encoder_output):
    mean, log_std = vae.halves(encoder_output)
    return mean + np.exp(log_std) * npr.randn(*mean.shape) * (len(mean) > 50)


@pytest.mark.parametrize("seed", range(10))
def test_noise_is_looked_for_in_small_batches_too(seed):
    name = "sample_latent_variables_from_posterior"
    assert diagnosis(name, sample_in_large_batches_only, seed).startswith("noise_")


def sample_by_assignment(encoder_output):
    mean, log_std = vae.halves(encoder_output)
    z = np.zeros(mean.shape)
    z[:] = mean + np.exp(log_std) * npr.randn(*mean.shape)
    return z


def sample_by_normal(encoder_output):
    mean, log_std = vae.halves(encoder_output)
    return npr.normal(mean, np.exp(log_std))


def bernoulli_by_scipy(targets, logits):
    return np.sum(targets * scipy.special.log_expit(logits) + (1 - targets) * scipy.special.log_expit(-logits), axis=1)


def kl_by_plain_numpy(q):
    mean, log_std = onp.split(onp.array(q, dtype=float), 2, axis=1)
    return 0.5 * onp.sum(mean**2 + onp.exp(2 * log_std) - 1 - 2 * log_std, axis=1)


def bound_as_float(gen_params, rec_params, data):
    return float(vae.vae_lower_bound(gen_params, rec_params, data))


def bound_with_the_encoder_detached(gen_params, rec_params, data):
    return vae.vae_lower_bound(gen_params, [(onp.array(_value(W)), onp.array(_value(b))) for W, b in rec_params], data)


def _value(box):
    return getattr(box, "_value", box)


@pytest.mark.parametrize(
    "name, function",
    [
        ("sample_latent_variables_from_posterior", sample_by_assignment),
        ("sample_latent_variables_from_posterior", sample_by_normal),
        ("bernoulli_log_prob", bernoulli_by_scipy),
        ("compute_KL", kl_by_plain_numpy),
        ("vae_lower_bound", bound_as_float),
        ("vae_lower_bound", bound_with_the_encoder_detached),
    ],
)
def test_a_blocked_gradient_is_named(name, function):
    assert diagnosis(name, function) == "gradient_blocked"


def test_a_gradient_that_misses_a_part_is_found():
    def sample(encoder_output):
        mean, log_std = vae.halves(encoder_output)
        return mean + np.exp(_value(log_std)) * npr.randn(*mean.shape)

    assert diagnosis("sample_latent_variables_from_posterior", sample) == "wrong_gradient"

    def bound(gen_params, rec_params, data):
        (W, b), last = gen_params
        return vae.vae_lower_bound([(_value(W), b), last], rec_params, data)

    assert diagnosis("vae_lower_bound", bound) == "wrong_gradient"


def sample_in_place(encoder_output):
    mean, log_std = vae.halves(encoder_output)
    onp.exp(log_std, out=log_std)
    return mean + log_std * npr.randn(*mean.shape)


def adam_in_place(params, grad, m, v, t, alpha=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    m[:], v[:] = vae.moments(grad, m.copy(), v.copy(), beta1, beta2)
    return params + alpha * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + eps), m, v


@pytest.mark.parametrize(
    "name, function",
    [("sample_latent_variables_from_posterior", sample_in_place), ("adam_update", adam_in_place)],
)
def test_an_argument_changed_in_place_is_named(name, function):
    assert diagnosis(name, function) == "mutates"


# --- mistakes that draw or clip in their own way ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "draw, name",
    [
        (lambda rng, B, L: rng.normal(size=(1, L)), "noise_rows"),
        (lambda rng, B, L: rng.normal(size=(B, 1)), "noise_columns"),
        (lambda rng, B, L: np.zeros((B, L)), "noise_none"),
        (lambda rng, B, L: rng.uniform(size=(B, L)), "noise_mean"),
        (lambda rng, B, L: rng.uniform(-1, 1, size=(B, L)), "noise_std"),
        (lambda rng, B, L: rng.uniform(-(3**0.5), 3**0.5, size=(B, L)), "noise_shape"),
        (lambda rng, B, L: rng.laplace(0, 0.5**0.5, size=(B, L)), "noise_shape"),
        (lambda rng, B, L: np.random.default_rng(7).normal(size=(B, L)), "same_in_each_call"),
    ],
)
def test_noise_of_another_generator_is_described(draw, name):
    def sample(encoder_output):
        mean, log_std = vae.halves(encoder_output)
        return mean + np.exp(log_std) * draw(onp.random.default_rng(), *mean.shape)

    assert diagnosis("sample_latent_variables_from_posterior", sample) == name


@pytest.mark.parametrize("seed", range(40))
def test_a_list_of_noise_is_found_wherever_each_call_begins_to_read_it(seed):
    # 36 000 draws of the large calls, which need not overlap, and 10 000 of the small ones, which cannot but hit them.
    noise = onp.random.default_rng(seed).normal(size=60_000)

    def sample(encoder_output):
        mean, log_std = vae.halves(encoder_output)
        return mean + np.exp(log_std) * onp.roll(noise, npr.randint(len(noise)))[: mean.size].reshape(mean.shape)

    assert diagnosis("sample_latent_variables_from_posterior", sample, seed) in ("noise_reused", "same_in_each_call")


@pytest.mark.parametrize("size", [1, 2, 3, 6])
def test_sizes_written_as_numbers_are_named_whatever_they_are(size):
    def sample(encoder_output):
        mean, log_std = encoder_output[:, :size], encoder_output[:, size:]
        return mean + np.exp(log_std) * npr.randn(len(encoder_output), size)

    assert diagnosis("sample_latent_variables_from_posterior", sample) == "hard_coded_sizes"


@pytest.mark.parametrize("eps", [1e-12, 1e-10, 1e-8, 1e-6])
def test_clipping_is_named_whatever_the_constant(eps):
    def log_prob(targets, logits):
        s = 1 / (1 + np.exp(-logits))
        return np.sum(targets * np.log(s + eps) + (1 - targets) * np.log(1 - s + eps), axis=1)

    assert diagnosis("bernoulli_log_prob", log_prob) == "clipped_probabilities"


def test_other_forms_that_overflow_are_named():
    def log_prob(targets, logits):
        return np.sum(np.log(targets / (1 + np.exp(-logits)) + (1 - targets) / (1 + np.exp(logits))), axis=1)

    assert diagnosis("bernoulli_log_prob", log_prob) == "overflows"


def test_a_monte_carlo_kl_is_named_whatever_its_generator():
    def kl(q):
        mean, log_std = vae.halves(q)
        noise = np.random.default_rng().normal(size=(100, *mean.shape))
        z = mean + np.exp(log_std) * noise
        return np.mean(np.sum(0.5 * z**2 - 0.5 * noise**2 - log_std, axis=2), axis=0)

    assert diagnosis("compute_KL", kl) == "monte_carlo"


# --- the bound -------------------------------------------------------------------------------------------------------


OWN_NETWORKS = {
    "relu": """
def neural_net_predict(params, inputs):
    for W, b in params[:-1]:
        inputs = np.maximum(np.dot(inputs, W) + b, 0)
    return np.dot(inputs, params[-1][0]) + params[-1][1]
""",
    "normalised": """
def neural_net_predict(params, inputs):  # as in autograd's example of a VAE: standardised over the batch
    for W, b in params[:-1]:
        outputs = np.dot(inputs, W) + b
        inputs = np.maximum((outputs - np.mean(outputs, axis=0)) / (np.std(outputs, axis=0) + 1), 0)
    return np.dot(inputs, params[-1][0]) + params[-1][1]
""",
    "zeros": """
def neural_net_predict(params, inputs):
    return np.zeros((len(inputs), len(params[-1][1])))
""",
    "none": "neural_net_predict = None\n",
}


@pytest.mark.parametrize("name", OWN_NETWORKS)
def test_the_bound_is_right_with_another_network_of_the_students(name):
    found = verdict(SOLUTION + OWN_NETWORKS[name], "vae_lower_bound")
    assert found.status == "passed", found
    assert found.note.into("en") == (
        "It is right. It was marked with the neural_net_predict that the exercise came with, in place of your own."
    )


@pytest.mark.parametrize("seed", range(10))
def test_what_suits_only_another_network_is_no_bound(seed):
    """With a network of zeros the bound is -D log 2, whatever the parameters are."""

    def bound(gen_params, rec_params, data):
        return -data.shape[1] * np.log(2) + 0.01 * npr.randn()

    assert diagnosis("vae_lower_bound", bound, seed) == "wrong_value"


def test_a_bound_whose_noise_has_another_std_is_found():
    def bound(gen_params, rec_params, data):
        encoder_output = vae.neural_net_predict(rec_params, data)
        mean, log_std = vae.halves(encoder_output)
        z = mean + np.exp(log_std / 2) * np.random.default_rng().normal(size=mean.shape)
        logits = vae.neural_net_predict(gen_params, z)
        return np.mean(vae.distributions.bernoulli_log_prob(data, logits) - vae.compute_KL(encoder_output))

    for seed in range(20):
        assert diagnosis("vae_lower_bound", bound, seed) == "wrong_expectation"


# --- in a child of its own -------------------------------------------------------------------------------------------


def test_the_bound_is_right_though_another_function_is_not():
    for right, wrong in (("1 - 2 * log_std", "1 - log_std"), ("npr.randn(B, L)", "npr.randn(1, L)")):
        assert right in SOLUTION
        found = verdict(SOLUTION.replace(right, wrong), "vae_lower_bound")
        assert found.status == "passed", found
    unwritten = SOLUTION.replace("    signs = 2 * targets - 1\n", "    raise NotImplementedError('vae')\n")
    assert verdict(unwritten, "vae_lower_bound").status == "passed"


IN_THE_BOUND = [  # what the solution says, what is in its place, and what that is called
    ("np.mean(log_likelihood", "np.sum(log_likelihood", "summed_over_batch"),
    ("log_likelihood - compute_KL", "log_likelihood + compute_KL", "kl_added"),
    ("neural_net_predict(rec_params, data)", "neural_net_predict(gen_params, data)", "networks_swapped"),
    ("gen_params, z)", "gen_params, encoder_output)", "encoder_output_decoded"),
    (
        "data, neural_net_predict(gen_params, z))",
        "neural_net_predict(gen_params, z), data)",
        "targets_and_logits_swapped",
    ),
    ("z = sample_latent_variables_from_posterior(encoder_output)", "z = npr.randn(len(data), 1)", "error"),
]


@pytest.mark.parametrize("right, wrong, name", IN_THE_BOUND)
@pytest.mark.parametrize("kl_too", [False, True])
def test_mistakes_in_the_bound_are_named_in_a_child(right, wrong, name, kl_too):
    """Also where compute_KL is wrong as well, so that the reference stands in for it."""
    assert right in SOLUTION
    source = SOLUTION.replace(right, wrong)
    if kl_too:
        source = source.replace("1 - 2 * log_std", "1 - log_std")
    found = verdict(source, "vae_lower_bound").finding
    assert found is not None and found.diagnosis == name


def test_a_blocked_gradient_is_found_with_stand_ins():
    source = SOLUTION.replace("return np.mean(log_likelihood", "return float(np.mean(log_likelihood")
    source = source.replace("- compute_KL(encoder_output))", "- compute_KL(encoder_output)))")
    assert verdict(source, "vae_lower_bound").finding.diagnosis == "gradient_blocked"


def test_noise_that_is_left_out_when_the_function_is_differentiated():
    def sample(encoder_output):
        mean, log_std = vae.halves(encoder_output)
        if isinstance(encoder_output, np.ndarray):
            return mean + np.exp(log_std) * np.random.default_rng().standard_normal(mean.shape)
        return mean

    assert diagnosis("sample_latent_variables_from_posterior", sample) == "noise_none"


def test_a_gradient_that_overflows_in_the_branch_not_taken():
    def log_prob(targets, logits):
        softplus = np.where(logits > 30, logits, np.log(1 + np.exp(logits)))
        return np.sum(targets * logits - softplus, axis=1)

    assert diagnosis("bernoulli_log_prob", log_prob) == "wrong_gradient"


def test_a_shortcut_for_logits_of_middle_size():
    def log_prob(targets, logits):
        softplus = np.where(np.abs(logits) > 5, np.maximum(logits, 0), np.logaddexp(0, logits))
        return np.sum(targets * logits - softplus, axis=1)

    assert diagnosis("bernoulli_log_prob", log_prob) == "wrong_value"


def test_a_kl_without_return_is_not_said_to_be_random():
    assert diagnosis("compute_KL", lambda q: None) == "wrong_type"


def test_the_bound_may_call_other_functions_by_keyword():
    text = SOLUTION.replace("bernoulli_log_prob(data, neural", "bernoulli_log_prob(targets=data, logits=neural")
    assert text != SOLUTION
    wrong = text.replace("1 - 2 * log_std", "1 - log_std")
    assert wrong != text
    assert verdict(wrong, "vae_lower_bound").status == "passed"


def test_long_lists_are_answers():
    text = SOLUTION.replace(
        "return mean + np.exp(log_std) * npr.randn(B, L)", "return (mean + np.exp(log_std) * npr.randn(B, L)).tolist()"
    )
    found = verdict(text, "sample_latent_variables_from_posterior")
    assert found.finding.diagnosis == "gradient_blocked"  # and not that it could not be read

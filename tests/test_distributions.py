import math

import autograd
import numpy as np
import pytest
import scipy.integrate
import scipy.special
import scipy.stats
from autograd.test_util import check_grads
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from npgen import distributions as d
from npgen.errors import InputError

REALS = np.array([-1e4, -800.0, -40.0, -1.0, -1e-9, 0.0, 1e-9, 1.0, 40.0, 800.0, 1e4])
finite = st.floats(-50, 50)


# --- functions of a real number


def test_sigmoid_literals_and_relative_precision():
    assert d.sigmoid(0.0) == 0.5
    assert d.sigmoid(1.0) == pytest.approx(0.7310585786300049, rel=1e-15)
    # exp and one division are each within one unit in the last place: 4 of them are a generous bound.
    np.testing.assert_allclose(d.sigmoid(REALS), scipy.special.expit(REALS), rtol=4 * np.finfo(float).eps)
    assert d.sigmoid(-40.0) == pytest.approx(math.exp(-40), rel=1e-15)  # tanh would give 0


def test_softplus_literals():
    assert d.softplus(0.0) == pytest.approx(math.log(2), rel=1e-15)
    assert d.softplus(-40.0) == pytest.approx(math.exp(-40), rel=1e-15)
    assert d.softplus(1e4) == 1e4
    assert d.softplus(-1e4) == 0.0


def test_logsumexp_literals():
    assert d.logsumexp(np.log([1.0, 2.0, 3.0])) == pytest.approx(math.log(6), rel=1e-15)
    assert d.logsumexp(np.array([1e4, 1e4])) == pytest.approx(1e4 + math.log(2), rel=1e-15)
    assert d.logsumexp(np.array([-np.inf, -np.inf])) == -np.inf
    assert d.logsumexp(np.array([-np.inf, 3.0])) == 3.0


shapes = arrays.array_shapes(min_dims=2, max_dims=3)


@given(arrays.arrays(float, shapes, elements=finite), st.integers(0, 1), st.booleans())
def test_logsumexp_equals_scipys(x, axis, keepdims):
    expected = scipy.special.logsumexp(x, axis=axis, keepdims=keepdims)
    found = d.logsumexp(x, axis, keepdims)
    assert np.shape(found) == np.shape(expected)
    np.testing.assert_allclose(found, expected, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("function", [d.sigmoid, d.softplus, d.logsumexp], ids=lambda f: f.__name__)
def test_first_and_second_derivatives(function, rng):
    check_grads(function, modes=["rev"], order=2)(rng.standard_normal((3, 4)) * 2)


def test_logsumexp_gradient_without_mass_is_zero_not_nan():
    gradient = autograd.grad(lambda x: d.logsumexp(x)[()] * 1.0)(np.array([-np.inf, -np.inf]))
    np.testing.assert_array_equal(gradient, [0.0, 0.0])


@pytest.mark.parametrize("function", [d.sigmoid, d.softplus, d.logsumexp], ids=lambda f: f.__name__)
def test_float32_stays_float32(function):
    assert function(np.ones((2, 3), np.float32)).dtype == np.float32


# --- Bernoulli


def test_the_mixed_second_derivative_of_a_bernoulli_is_symmetric(rng):
    """d^2 log p / dt dl = 1, in whichever order."""
    targets, logits = rng.random((1, 3)), rng.standard_normal((1, 3))

    def total(targets, logits):
        return d.bernoulli_log_prob(targets, logits)[0]

    for first, second in ((0, 1), (1, 0)):
        mixed = autograd.jacobian(autograd.grad(total, first), second)(targets, logits)
        np.testing.assert_array_equal(mixed.reshape(3, 3), np.eye(3))


def test_bernoulli_literals():
    # log sigmoid(0) = -log 2; log sigmoid(2) = -0.1269..., log(1 - sigmoid(2)) = -2.1269...
    targets, logits = np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([[0.0, 0.0], [2.0, 2.0]])
    np.testing.assert_allclose(
        d.bernoulli_log_prob(targets, logits), [-2 * math.log(2), -0.12692801104297263 - 2.1269280110429727], rtol=1e-15
    )


@pytest.mark.parametrize("logit", [37.0, 800.0, 1e4])
def test_bernoulli_is_exact_at_large_logits(logit):
    one, zero = np.ones((1, 1)), np.zeros((1, 1))
    sure = -math.log1p(math.exp(-logit))
    for target, sign, expected in [(one, 1, sure), (zero, 1, sure - logit), (one, -1, sure - logit), (zero, -1, sure)]:
        # NumPy's exp may differ from C's in the last bit
        np.testing.assert_allclose(d.bernoulli_log_prob(target, sign * one * logit), [expected], rtol=4e-16)


@given(st.floats(0, 1), st.floats(-30, 30))
def test_bernoulli_of_grey_targets_is_the_cross_entropy(target, logit):
    expected = target * scipy.special.log_expit(logit) + (1 - target) * scipy.special.log_expit(-logit)
    found = d.bernoulli_log_prob(np.array([[target]]), np.array([[logit]]))
    # t l - max(l, 0) - log(1 + exp(-|l|)) is off by the rounding of its terms, which may cancel: a few eps of 1 + |l|.
    np.testing.assert_allclose(found, [expected], rtol=1e-13, atol=4 * np.finfo(float).eps * (1 + abs(logit)))


def test_bernoulli_is_per_example():
    assert d.bernoulli_log_prob(np.zeros((5, 3)), np.zeros((5, 3))).shape == (5,)
    assert d.bernoulli_log_prob(np.zeros((2, 5, 3)), np.zeros((2, 5, 3))).shape == (2, 5)


@pytest.mark.parametrize("shapes", [((4, 1), (4,)), ((4,), (4, 1)), ((4, 3), (3,)), ((1, 3), (4, 3))])
def test_bernoulli_refuses_to_broadcast(shapes):
    with pytest.raises(ValueError, match="one shape"):
        d.bernoulli_log_prob(np.zeros(shapes[0]), np.zeros(shapes[1]))


@pytest.mark.parametrize("value", [-0.1, 1.1, 255, np.nan])
def test_bernoulli_refuses_targets_outside_the_unit_interval(value):
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        d.bernoulli_log_prob(np.array([[value, 0.0]]), np.zeros((1, 2)))


def test_bernoulli_gradients(rng):
    targets, logits = rng.random((3, 4)), rng.standard_normal((3, 4)) * 3
    check_grads(d.bernoulli_log_prob, modes=["rev"], order=2)(targets, logits)


def test_bernoulli_gradient_is_bounded_at_large_logits():
    gradient = autograd.grad(lambda logits: d.bernoulli_log_prob(np.ones((1, 2)), logits)[0])(np.array([[1e4, -1e4]]))
    np.testing.assert_array_equal(gradient, [[0.0, 1.0]])


def test_bernoulli_sample_has_its_probabilities(rng):
    logits = np.array([-2.0, 0.0, 3.0])
    x = d.bernoulli_sample(rng, np.tile(logits, (40_000, 1)))
    assert x.dtype == np.uint8
    probs = scipy.special.expit(logits)
    deviation = (x.mean(axis=0) - probs) / np.sqrt(probs * (1 - probs) / len(x))
    assert np.abs(deviation).max() < 5  # standard errors; the stream is fixed by the seed


def test_logit_of_marginals():
    np.testing.assert_allclose(d.sigmoid(d.logit_of_marginals(2, [0.1, 0.9])), [0.1, 0.9], rtol=1e-15)
    np.testing.assert_array_equal(d.logit_of_marginals(3), np.zeros(3))


@pytest.mark.parametrize("marginals", [[0.0, 0.5], [0.5, 1.0], [0.5], [np.nan, 0.5]])
def test_logit_of_marginals_refuses_what_is_not_inside_the_unit_interval(marginals):
    with pytest.raises(InputError, match=r"expected \(2,\) values strictly between 0 and 1"):
        d.logit_of_marginals(2, marginals)


# --- categorical


def test_categorical_literals():
    logits = np.log(np.array([[0.2, 0.3, 0.5], [0.1, 0.1, 0.8]]))
    np.testing.assert_allclose(d.categorical_log_prob(np.array([1, 2]), logits), np.log([0.3, 0.8]), rtol=1e-14)


def test_categorical_sums_over_every_variable_of_an_example():
    logits = np.log(np.array([[[0.2, 0.8], [0.5, 0.5]]]))  # n = 1, two variables, K = 2
    np.testing.assert_allclose(d.categorical_log_prob(np.array([[1, 0]]), logits), [math.log(0.4)], rtol=1e-14)


def test_categorical_ignores_the_scale_of_the_logits_and_survives_impossible_categories():
    logits = np.array([[1e4, 1e4, -np.inf]])
    np.testing.assert_allclose(d.categorical_log_prob(np.array([0]), logits), [-math.log(2)], rtol=1e-12)
    assert d.categorical_log_prob(np.array([2]), logits)[0] == -np.inf


def test_categorical_gradient(rng):
    targets, logits = rng.integers(0, 4, (3, 2)), rng.standard_normal((3, 2, 4))
    check_grads(lambda logits: d.categorical_log_prob(targets, logits), modes=["rev"], order=2)(logits)


def test_categorical_gradient_stays_float32(rng):
    targets, logits = rng.integers(0, 4, (3, 2)), rng.standard_normal((3, 2, 4), dtype=np.float32)
    vjp, log_probs = autograd.make_vjp(lambda logits: d.categorical_log_prob(targets, logits))(logits)
    assert log_probs.dtype == vjp(np.ones(3, np.float32)).dtype == np.float32


@pytest.mark.parametrize("targets", [np.array([[0], [1]]), np.array([0, 3]), np.array([0, -1]), np.array([0.0, 1.0])])
def test_categorical_refuses_what_does_not_fit(targets):
    with pytest.raises(ValueError, match="expected"):
        d.categorical_log_prob(targets, np.zeros((2, 3)))


def test_categorical_sample_has_its_probabilities(rng):
    probs = np.array([0.1, 0.2, 0.7])
    k = d.categorical_sample(rng, np.log(np.tile(probs, (50_000, 1))))
    assert scipy.stats.chisquare(np.bincount(k, minlength=3), probs * len(k)).pvalue > 1e-4


# --- Gaussian


def test_gaussian_literals():
    assert d.gaussian_log_prob(np.zeros((1, 1)), np.zeros((1, 1)), np.zeros((1, 1)))[0] == -0.5 * math.log(2 * math.pi)
    x, mean, log_std = (np.array([values]) for values in ([1.0, -2.0], [0.5, 1.0], [0.3, -0.7]))
    expected = scipy.stats.norm.logpdf(x, mean, np.exp(log_std)).sum(axis=1)
    np.testing.assert_allclose(d.gaussian_log_prob(x, mean, log_std), expected, rtol=1e-14)


def test_gaussian_density_integrates_to_one():
    def density(x):
        return float(np.exp(d.gaussian_log_prob(np.array([x]), np.array([1.5]), np.array([-0.4]))))

    total, _ = scipy.integrate.quad(density, -20, 20, points=[1.5])
    assert total == pytest.approx(1, abs=1e-12)


def test_kl_literals():
    zero = np.zeros((1, 2))
    assert d.gaussian_kl(zero, zero)[0] == 0
    assert d.gaussian_kl(np.array([[1.0, 2.0]]), zero)[0] == 2.5
    expected = 0.5 * (math.e**2 - 1) - 1
    np.testing.assert_allclose(d.gaussian_kl(np.zeros((1, 1)), np.ones((1, 1))), [expected], rtol=1e-15)


@given(st.floats(-3, 3), st.floats(-2, 1))
def test_kl_equals_the_integral(mean, log_std):
    std = math.exp(log_std)

    def integrand(z):
        log_q = scipy.stats.norm.logpdf(z, mean, std)
        return math.exp(log_q) * (log_q - scipy.stats.norm.logpdf(z))

    expected, _ = scipy.integrate.quad(integrand, mean - 12 * std, mean + 12 * std, points=[mean])
    np.testing.assert_allclose(d.gaussian_kl(np.array([mean]), np.array([log_std])), expected, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("function", [d.gaussian_log_prob, lambda x, m, s: d.gaussian_kl(m, s)], ids=["log_prob", "kl"])
def test_gaussian_refuses_to_broadcast(function):
    with pytest.raises(ValueError, match="one shape"):
        function(np.zeros((4, 2)), np.zeros((4, 2)), np.zeros(2))


def test_gaussian_gradients(rng):
    x, mean, log_std = rng.standard_normal((3, 4, 2))
    check_grads(d.gaussian_log_prob, modes=["rev"], order=2)(x, mean, log_std)
    check_grads(d.gaussian_kl, modes=["rev"], order=2)(mean, log_std)


def test_gaussian_sample_is_reparameterised(rng):
    mean, log_std = rng.standard_normal((2, 5, 3))
    check_grads(lambda m, s: d.gaussian_sample(np.random.default_rng(1), m, s), modes=["rev"])(mean, log_std)


def test_gaussian_sample_distribution(rng):
    mean, log_std = np.tile([1.0, -2.0], (20_000, 1)), np.tile([0.5, -1.0], (20_000, 1))
    z = d.gaussian_sample(rng, mean, log_std)
    noise = (z - mean) / np.exp(log_std)
    assert scipy.stats.kstest(noise.ravel(), "norm").pvalue > 1e-4
    assert abs(np.corrcoef(noise.T)[0, 1]) < 5 / math.sqrt(len(z))  # independent dimensions


def test_float32_gaussians_stay_float32(rng):
    mean, log_std = np.zeros((2, 4, 3), np.float32)
    z = d.gaussian_sample(rng, mean, log_std)
    assert z.dtype == d.gaussian_log_prob(z, mean, log_std).dtype == d.gaussian_kl(mean, log_std).dtype == np.float32


def test_gaussian_noise_is_drawn_in_the_dtype_of_the_mean():
    """Not drawn in float64 and rounded: the seeds of our figures mean this stream, and it takes half the bits."""
    zeros = np.zeros((2, 3), np.float32)
    expected = np.random.default_rng(0).standard_normal((2, 3), dtype=np.float32)
    np.testing.assert_array_equal(d.gaussian_sample(np.random.default_rng(0), zeros, zeros), expected, strict=True)


def test_same_seed_same_bits():
    draws = [d.gaussian_sample(np.random.default_rng(3), np.zeros((4, 2)), np.zeros((4, 2))) for _ in range(2)]
    np.testing.assert_array_equal(*draws)


# --- mixtures

MIXTURES = {
    "gaussian": (d.gaussian_mixture_log_prob, d.gaussian_mixture_sample, scipy.stats.norm),
    "logistic": (d.logistic_mixture_log_prob, d.logistic_mixture_sample, scipy.stats.logistic),
}
each_mixture = pytest.mark.parametrize(("log_prob", "sample", "standard"), MIXTURES.values(), ids=MIXTURES)


def components(rng, shape):
    """Normalised log weights, means and log scales."""
    log_weights = rng.standard_normal(shape)
    return log_weights - scipy.special.logsumexp(log_weights, axis=-1, keepdims=True), *rng.standard_normal((2, *shape))


def test_mixture_literals():
    one, half = np.zeros((1, 1, 1)), np.log(np.full((1, 1, 2), 0.5))
    at_zero = np.zeros((1, 1))
    assert d.gaussian_mixture_log_prob(at_zero, one, one, one)[0] == -0.5 * math.log(2 * math.pi)
    assert d.logistic_mixture_log_prob(at_zero, one, one, one)[0] == pytest.approx(-2 * math.log(2), rel=1e-15)
    # two components, of which the second is too far away to matter: half the density of the first
    means = np.array([[[0.0, 1e4]]])
    found = d.gaussian_mixture_log_prob(at_zero, half, means, np.zeros((1, 1, 2)))[0]
    assert found == pytest.approx(-0.5 * math.log(2 * math.pi) - math.log(2), rel=1e-15)


@each_mixture
def test_mixtures_equal_scipys_components(log_prob, sample, standard, rng):
    x, parts = rng.standard_normal((5, 3)), components(rng, (5, 3, 4))
    log_weights, means, log_scales = parts
    each = log_weights + standard.logpdf(x[..., None], means, np.exp(log_scales))
    expected = scipy.special.logsumexp(each, axis=-1).sum(axis=-1)
    np.testing.assert_allclose(log_prob(x, *parts), expected, rtol=1e-12)


@each_mixture
def test_mixture_density_integrates_to_one(log_prob, sample, standard, rng):
    parts = components(rng, (1, 3))

    def density(x):
        return float(np.exp(log_prob(np.array([x]), *parts)))

    total, _ = scipy.integrate.quad(density, -200, 200, points=sorted(parts[1][0]), limit=500)
    assert total == pytest.approx(1, abs=1e-8)  # the quadrature's own tolerance is 1.5e-8


@each_mixture
def test_mixture_gradients(log_prob, sample, standard, rng):
    x, parts = rng.standard_normal((3, 2)), components(rng, (3, 2, 4))
    check_grads(log_prob, modes=["rev"], order=2)(x, *parts)


@each_mixture
def test_mixtures_far_from_every_component_are_finite(log_prob, sample, standard):
    parts = [np.array([[[0.0]]]), np.zeros((1, 1, 1)), np.full((1, 1, 1), -5.0)]
    x = np.array([[30.0]])
    assert np.isfinite(log_prob(x, *parts)).all()
    vjp, _ = autograd.make_vjp(lambda means: log_prob(x, parts[0], means, parts[2]))(parts[1])
    assert np.isfinite(vjp(np.ones(1))).all()


@each_mixture
def test_mixtures_stay_float32(log_prob, sample, standard, rng):
    x, parts = rng.standard_normal((5, 3)), components(rng, (5, 3, 4))
    x, parts = x.astype(np.float32), [part.astype(np.float32) for part in parts]
    for k in range(3):
        vjp, value = autograd.make_vjp(lambda part, k=k: log_prob(x, *parts[:k], part, *parts[k + 1 :]))(parts[k])
        assert value.dtype == vjp(np.ones(5, np.float32)).dtype == np.float32
    assert sample(rng, *parts).dtype == np.float32


@each_mixture
def test_mixtures_refuse_to_broadcast(log_prob, sample, standard):
    x, full = np.zeros((5, 3)), np.zeros((5, 3, 4))
    for parts in ((full, full, full[0]), (full[..., :1], full, full), (full[:, :1], full[:, :1], full[:, :1])):
        with pytest.raises(ValueError, match="expected shape"):
            log_prob(x, *parts)


@each_mixture
def test_mixture_samples_have_its_distribution(log_prob, sample, standard, rng):
    parts = components(rng, (1, 3))
    x = sample(rng, *(np.tile(part, (20_000, 1, 1)) for part in parts)).ravel()
    weights, means, scales = np.exp(parts[0]), parts[1], np.exp(parts[2])

    def cdf(x):
        return (weights * standard.cdf(x[:, None], means, scales)).sum(axis=1)

    assert scipy.stats.kstest(x, cdf).pvalue > 1e-4  # the seed is fixed: it fails never or always

"""RNADE's conditionals are densities: they integrate to one, and samples have their distribution functions."""

import itertools

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
import scipy.special
import scipy.stats
from autograd.test_util import check_grads

from npgen.autodiff import mean, value_and_grad
from npgen.errors import InputError
from npgen.models import rnade
from npgen.nested import leaves, map_leaves, n_parameters
from npgen.optim import adam
from npgen.train import fit, minibatches

KINDS = [
    {"component": component, "hidden": hidden, "learned": learned}
    for component, hidden, learned in itertools.product(("gaussian", "logistic"), ("relu", "sigmoid"), (True, False))
]
each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: "-".join(map(str, kind.values())))


def make(kind, n_visible, n_hidden=4, n_components=3, dtype=np.float64):
    """Parameters moved by N(0, 0.5^2), so that no test passes because they are small, and the options."""
    rng = np.random.default_rng(1)
    params = rnade.init_params(rng, n_visible, n_hidden, n_components, np.float64, learned_weights=kind["learned"])
    params = map_leaves(lambda leaf: (leaf + 0.5 * rng.standard_normal(leaf.shape)).astype(dtype), params)
    return params, {"component": kind["component"], "hidden": kind["hidden"]}


def test_shapes_and_number_of_parameters(rng):
    params = rnade.init_params(rng, 11, 50, 20)
    assert {leaf.dtype for leaf in leaves(params)} == {np.dtype(np.float32)}
    D, H, K = 11, 50, 20
    assert n_parameters(params) == D * H + H + D + 3 * (D * H * K + D * K)
    uniform = rnade.init_params(rng, D, H, K, learned_weights=False)
    assert n_parameters(params) - n_parameters(uniform) == D * H * K + D * K


def test_log_prob_by_hand():
    """D = 2, H = K = 1: a Gaussian whose mean is 2 relu(rho_2 (c + x_1 W_1)) + 1."""
    one = np.ones((2, 1, 1))
    params = {
        "W": np.array([[3.0], [0.0]]),
        "c": np.array([-1.0]),
        "rho": np.array([1.0, 0.5]),
        "V_mu": 2 * one,
        "b_mu": np.array([[0.0], [1.0]]),
        "V_sigma": 0 * one,
        "b_sigma": np.array([[0.0], [0.7]]),
    }
    x = np.array([[2.0, 4.0]])
    # a_1 = -1, so h_1 = 0; a_2 = -1 + 3 * 2 = 5, h_2 = 2.5, mu_2 = 2 * 2.5 + 1
    expected = scipy.stats.norm.logpdf(2.0, 0, 1) + scipy.stats.norm.logpdf(4.0, 6.0, np.exp(0.7))
    np.testing.assert_allclose(rnade.log_prob(params, x, hidden="relu"), [expected], rtol=1e-14)


@each_kind
def test_log_prob_is_the_equations(kind, rng):
    """Example by example and variable by variable, with SciPy's densities."""
    params, options = make(kind, 4)
    x = rng.standard_normal((3, 4))
    density = {"gaussian": scipy.stats.norm, "logistic": scipy.stats.logistic}[options["component"]]
    expected = []
    for row in x:
        a, total = params["c"], 0.0
        for d, value in enumerate(row):
            psi = params["rho"][d] * a
            h = np.maximum(psi, 0) if options["hidden"] == "relu" else scipy.special.expit(psi)
            weights = np.full(3, 1 / 3)
            if kind["learned"]:
                weights = scipy.special.softmax(h @ params["V_alpha"][d] + params["b_alpha"][d])
            mu = h @ params["V_mu"][d] + params["b_mu"][d]
            sigma = np.exp(h @ params["V_sigma"][d] + params["b_sigma"][d])
            total += np.log(weights @ density.pdf(value, mu, sigma))
            a = a + value * params["W"][d]
        expected.append(total)
    np.testing.assert_allclose(rnade.log_prob(params, x, **options), expected, rtol=1e-12)


def sinh_grid(half_width, n):
    """Points u -> sinh(u), dense near 0 and reaching far, and their weights in the trapezium rule."""
    u = np.linspace(-np.arcsinh(half_width), np.arcsinh(half_width), n)
    return np.sinh(u), np.cosh(u) * (u[1] - u[0])


@each_kind
def test_one_variable_integrates_to_one(kind):
    params, options = make(kind, 1)
    x, weights = sinh_grid(1e3, 20_001)
    total = (np.exp(rnade.log_prob(params, x[:, None], **options)) * weights).sum()
    assert total == pytest.approx(1, abs=1e-10)  # smooth, and nothing at the ends: the rule converges geometrically


@each_kind
def test_two_variables_integrate_to_one(kind):
    params, options = make(kind, 2)
    params["V_sigma"] = 0.2 * params["V_sigma"]  # with ReLUs sigma grows exponentially in x_1, out of any grid
    x, weights = sinh_grid(500, 1001)
    grid = np.stack(np.meshgrid(x, x, indexing="ij"), axis=-1).reshape(-1, 2)
    total = np.exp(rnade.log_prob(params, grid, **options)) @ np.outer(weights, weights).ravel()
    # Over x_1 the integrand has the kinks of the ReLUs: an error of the order of the squared distance of the points.
    assert total == pytest.approx(1, abs=1e-4 if options["hidden"] == "relu" else 1e-6)


@each_kind
def test_samples_have_the_distribution_functions(kind):
    """The D values F_d(x_d | x_<d) of a sample are independent and uniform: the probability integral transform."""
    params, options = make(kind, 4)
    x = rnade.sample(params, np.random.default_rng(2), 20_000, **options)
    assert x.shape == (20_000, 4) and x.dtype == np.float64
    log_alpha, mu, log_sigma = rnade.conditionals(params, x, hidden=options["hidden"])
    standard = {"gaussian": scipy.stats.norm, "logistic": scipy.stats.logistic}[options["component"]]
    u = (np.exp(log_alpha) * standard.cdf(x[..., None], mu, np.exp(log_sigma))).sum(axis=-1)
    for column in u.T:
        assert scipy.stats.kstest(column, "uniform").pvalue > 1e-4  # the seed is fixed: it fails never or always
    assert np.abs(np.corrcoef(u.T) - np.eye(4)).max() < 5 / np.sqrt(len(x))


def test_samples_of_the_wrong_conditional_are_found(monkeypatch):
    """The test above finds standard deviations taken for variances, in the sampler only."""
    sample = rnade.SAMPLE["gaussian"]
    monkeypatch.setitem(rnade.SAMPLE, "gaussian", lambda rng, pi, mu, log_sigma: sample(rng, pi, mu, 0.5 * log_sigma))
    with pytest.raises(AssertionError):
        test_samples_have_the_distribution_functions(KINDS[0])


@each_kind
def test_conditionals_depend_on_the_variables_before_only(kind, rng):
    params, options = make(kind, 4, n_hidden=20)
    x = rng.standard_normal((1, 4))
    means_of = lambda x: rnade.conditionals(params, x, hidden=options["hidden"])[1][0]  # noqa: E731
    jacobian = autograd.jacobian(means_of)(x)[:, :, 0]  # (D, K, D)
    later, earlier = np.triu_indices(4), np.tril_indices(4, -1)
    assert np.all(jacobian[later[0], :, later[1]] == 0)
    assert np.all(jacobian[earlier[0], :, earlier[1]] != 0)


@each_kind
def test_the_true_gradient_is_that_of_log_prob(kind, rng):
    params, options = make(kind, 3)
    x = rng.standard_normal((5, 3))
    check_grads(lambda p: anp.sum(rnade.log_prob(p, x, **options)), modes=["rev"], order=1)(params)


@each_kind
def test_the_objective_has_the_same_values_and_scaled_gradients_of_the_means(kind, rng):
    """By finite differences of log_prob with respect to the means, one conditional after another."""
    params, options = make(kind, 3)
    x = rng.standard_normal((1, 3))
    np.testing.assert_array_equal(rnade.objective(params, x, **options), rnade.log_prob(params, x, **options))
    gradient = autograd.grad(lambda p: rnade.objective(p, x, **options)[0])(params)
    true = autograd.grad(lambda p: rnade.log_prob(p, x, **options)[0])(params)
    sigma = np.exp(rnade.conditionals(params, x, hidden=options["hidden"])[2][0])  # (D, K)
    # mu_d = V_mu_d^T h_d + b_mu_d: the gradient with respect to b_mu is that with respect to mu.
    step = 1e-6
    for index in np.ndindex(sigma.shape):
        values = []
        for sign in (1, -1):
            moved = {**params, "b_mu": params["b_mu"].copy()}
            moved["b_mu"][index] += sign * step
            values.append(rnade.log_prob(moved, x, **options)[0])
        slope = (values[0] - values[1]) / (2 * step)
        np.testing.assert_allclose(true["b_mu"][index], slope, rtol=1e-6, atol=1e-8)
        np.testing.assert_allclose(gradient["b_mu"][index], sigma[index] * slope, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(gradient["V_mu"], true["V_mu"] * sigma[:, None, :], rtol=1e-12)
    for name in params.keys() - {"b_mu", "V_mu", "W", "c", "rho"}:  # what does not pass through the means is true
        np.testing.assert_array_equal(gradient[name], true[name])


def test_learning_a_density_that_is_known(rng):
    """x_1 = +-1 and x_2 = x_1, each with noise: within 0.1 nats of the entropy, far from the best Gaussian."""
    n = 2000
    x_1 = rng.choice([-1.0, 1.0], n) + 0.1 * rng.standard_normal(n)
    x_2 = x_1 + 0.2 * rng.standard_normal(n)
    x = np.stack([x_1, x_2], axis=1).astype(np.float32)
    entropy = np.log(2) + 0.5 * np.log(2 * np.pi * np.e * 0.1**2) + 0.5 * np.log(2 * np.pi * np.e * 0.2**2)
    params = rnade.init_params(np.random.default_rng(1), 2, 20, 4)
    batches = itertools.islice(minibatches(np.random.default_rng(2), x, 100), 800)
    for step in fit(lambda p, x: -mean(rnade.objective(p, x)), params, batches, adam(1e-2)):
        params = step.params
    nll = -rnade.log_prob(params, x).mean()
    assert nll < entropy + 0.1
    covariance = np.cov(x.T)
    assert nll < 0.5 * np.linalg.slogdet(2 * np.pi * np.e * covariance)[1] - 0.5


@each_kind
def test_float32_stays_float32(kind, rng):
    params, options = make(kind, 3, dtype=np.float32)
    x = rng.standard_normal((5, 3))
    for function in (rnade.log_prob, rnade.objective):
        value, gradient = value_and_grad(lambda p, f=function: mean(f(p, x, **options)))(params)
        assert value.dtype == np.float32
        assert {leaf.dtype for leaf in leaves(gradient)} == {np.dtype(np.float32)}
    assert rnade.sample(params, rng, 5, **options).dtype == np.float32


def test_an_unknown_hidden_unit_is_refused_wherever_it_is_asked_for(rng):
    params, x = rnade.init_params(rng, 2, 3, 2), np.zeros((1, 2))
    for ask in (
        lambda: rnade.conditionals(params, x, hidden="tanh"),
        lambda: rnade.log_prob(params, x, hidden="tanh"),
        lambda: rnade.sample(params, rng, 1, hidden="tanh"),
    ):
        with pytest.raises(InputError, match="hidden"):
            ask()


def test_sampling_makes_one_pass(monkeypatch):
    """Three products of (n, H) with (H, K) for each variable, as many as one log_prob, and no call for all D layers."""
    params, options = make(KINDS[0], 5, n_hidden=4, n_components=3)
    products = []
    monkeypatch.setattr(rnade.kernel, "hidden_layers", None)
    matmul = rnade.np.matmul
    monkeypatch.setattr(rnade.np, "matmul", lambda h, V: products.append((h.shape, V.shape)) or matmul(h, V))
    rnade.sample(params, np.random.default_rng(0), 6, **options)
    assert products == [((1, 6, 4), (1, 4, 3))] * 3 * 5


def test_per_example_and_same_seed_same_bits(rng):
    params, options = make(KINDS[0], 3)
    x = rng.standard_normal((6, 3))
    alone = np.concatenate([rnade.log_prob(params, row[None], **options) for row in x])
    np.testing.assert_allclose(rnade.log_prob(params, x, **options), alone, rtol=1e-13)
    draws = [rnade.sample(params, np.random.default_rng(5), 20, **options) for _ in range(2)]
    np.testing.assert_array_equal(*draws)


@pytest.mark.parametrize("arguments", [(0, 3, 2), (3, 0, 2), (3, 4, 0), (3, 2.5, 1)])
def test_refuses_sizes_that_are_none(rng, arguments):
    with pytest.raises(InputError, match="expected an integer of at least 1"):
        rnade.init_params(rng, *arguments)


def test_refuses_what_is_no_number_or_of_another_shape(rng):
    params, _ = make(KINDS[0], 3)
    x = rng.standard_normal((4, 3))
    x[2, 1] = np.nan
    with pytest.raises(InputError, match="nan in row 2, column 1"):
        rnade.log_prob(params, x)
    for shape in ((3,), (4, 2), (1, 4, 3)):
        with pytest.raises(InputError, match=r"shape \(n, 3\)"):
            rnade.log_prob(params, np.zeros(shape))
    with pytest.raises(InputError, match="n_samples"):
        rnade.sample(params, rng, 0)


def test_refuses_components_and_units_that_are_not_known(rng):
    params, _ = make(KINDS[0], 3)
    with pytest.raises(InputError, match="unknown component 'laplace'"):
        rnade.log_prob(params, np.zeros((1, 3)), component="laplace")
    with pytest.raises(InputError, match="unknown hidden 'tanh'"):
        rnade.sample(params, rng, 1, hidden="tanh")

"""What every model must pass: the protocol of the models, held against the truth by enumeration.

A new model joins by a row in `TRACTABLE` or `LATENT`.
"""

import itertools
from types import ModuleType
from typing import Any, NamedTuple

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
import scipy.stats
from autograd.test_util import check_grads

from npgen.autodiff import mean, value_and_grad
from npgen.distributions import gaussian_log_prob
from npgen.models import bernoulli_mixture, fvsbn, made, nade, orderless_nade, vae
from npgen.nested import leaves, map_leaves

D = 5
ORDER = np.array([3, 0, 4, 1, 2])


class Case(NamedTuple):
    """A small model with parameters large enough that its pixels depend on one another."""

    model: ModuleType
    params: Any
    options: dict[str, Any] = {}  # noqa: RUF012  never changed

    def log_prob(self, x):
        return self.model.log_prob(self.params, x, **self.options)

    def sample(self, rng, n_samples):
        return self.model.sample(self.params, rng, n_samples, **self.options)


def shaken(params, seed=1):
    """The parameters moved by N(0, 1), so that no test passes because they are small."""
    rng = np.random.default_rng(seed)
    return map_leaves(lambda leaf: leaf + rng.standard_normal(leaf.shape), params)


def rng():
    return np.random.default_rng(0)


def mixture():
    x = rng().integers(0, 2, (20, D))
    params = bernoulli_mixture.em_step(bernoulli_mixture.init_params(rng(), x, 3), x)
    return {**params, "logits": shaken(params["logits"])}


TRACTABLE = {
    "fvsbn": Case(fvsbn, shaken(fvsbn.init_params(rng(), D, dtype=np.float64))),
    "nade": Case(nade, shaken(nade.init_params(rng(), D, 7, dtype=np.float64))),
    "nade-order": Case(nade, shaken(nade.init_params(rng(), D, 7, dtype=np.float64)), {"order": ORDER}),
    "made": Case(made, shaken(made.init_params(rng(), D, (7,), dtype=np.float64))),
    "made-deep": Case(made, shaken(made.init_params(rng(), D, (7, 9), dtype=np.float64))),
    "made-masks": Case(made, shaken(made.init_params(rng(), D, (7, 9), dtype=np.float64)), {"n_masks": 3}),
    "orderless_nade": Case(orderless_nade, shaken(orderless_nade.init_params(rng(), D, (7,), dtype=np.float64))),
    "orderless_nade-ensemble": Case(
        orderless_nade, shaken(orderless_nade.init_params(rng(), D, (7, 6), dtype=np.float64)), {"n_orderings": 3}
    ),
    "orderless_nade-direct": Case(
        orderless_nade, shaken(orderless_nade.init_params(rng(), D, (7, 6), dtype=np.float64, direct=True))
    ),
    "bernoulli_mixture": Case(bernoulli_mixture, mixture()),
}
DIFFERENTIABLE = {
    name: case for name, case in TRACTABLE.items() if case.model is not bernoulli_mixture
}  # EM trains that
# Those of one ordering.
AUTOREGRESSIVE = {
    name: case
    for name, case in DIFFERENTIABLE.items()
    if hasattr(case.model, "conditional_logits") and "n_masks" not in case.options
}
LATENT = {"vae": Case(vae, shaken(vae.init_params(rng(), D, (6,), 1, dtype=np.float64)))}
EVERY = TRACTABLE | LATENT


def everything(n_visible=D):
    """All binary vectors, (2^D, D)."""
    return np.array(list(itertools.product([0, 1], repeat=n_visible)))


def each(cases):
    return pytest.mark.parametrize("case", cases.values(), ids=cases.keys())


# 1. sums to one


@each(TRACTABLE)
def test_sums_to_one(case):
    # 32 terms of relative error a few eps each: 1e-12 leaves a factor of 100.
    assert np.exp(case.log_prob(everything())).sum() == pytest.approx(1, abs=1e-12)


# 2. samples match probabilities


def chi_square(x, probs):
    """The p-value of the samples x (n, D) against the probabilities (2^D,) of `everything()`."""
    counts = np.bincount(x @ (2 ** np.arange(D)[::-1]), minlength=2**D)
    often = len(x) * probs >= 5  # the usual condition; the rarer vectors are pooled into one cell
    observed, expected = (np.append(v[often], v[~often].sum()) for v in (counts, len(x) * probs))
    statistic = ((observed - expected)[expected > 0] ** 2 / expected[expected > 0]).sum()
    return scipy.stats.chi2.sf(statistic, often.sum())


@each(TRACTABLE)
def test_samples_match_probabilities(case):
    n = 40_000
    x = case.sample(np.random.default_rng(2), n)
    assert x.dtype == np.uint8 and x.shape == (n, D)
    assert chi_square(x, np.exp(case.log_prob(everything()))) > 1e-4  # the seed is fixed: it fails never or always


def test_chi_square_finds_a_double_sigmoid(monkeypatch):
    """The mistake that sums to one all the same: probabilities taken for logits, in the sampler only."""
    case = TRACTABLE["fvsbn"]
    sample = fvsbn.bernoulli_sample
    monkeypatch.setattr(fvsbn, "bernoulli_sample", lambda rng, logits: sample(rng, 1 / (1 + np.exp(-logits))))
    with pytest.raises(AssertionError):
        test_samples_match_probabilities(case)


# 3. autoregressive


@each(AUTOREGRESSIVE)
def test_logits_depend_on_the_pixels_before_only(case):
    x = rng().random((1, D))
    jacobian = autograd.jacobian(lambda x: case.model.conditional_logits(case.params, x, **case.options)[0])(x)[:, 0, :]
    order = case.options.get("order", np.arange(D))
    jacobian = jacobian[np.ix_(order, order)]
    assert np.all(jacobian[np.triu_indices(D)] == 0)
    assert np.all(jacobian[np.tril_indices(D, -1)] != 0)


# 4. gradients


CONSTANTS = {orderless_nade: ("mu", "r")}  # leaves of the params that are not trained


@each(DIFFERENTIABLE)
def test_gradients_equal_finite_differences(case):
    x = rng().integers(0, 2, (3, D))
    constants = {name: case.params[name] for name in CONSTANTS.get(case.model, ())}
    trained = {name: leaf for name, leaf in case.params.items() if name not in constants}

    def total(params):
        return anp.sum(case.model.log_prob({**constants, **params}, x, **case.options))

    check_grads(total, modes=["rev"], order=1)(trained)
    _, gradient = value_and_grad(total)(case.params)
    assert all((gradient[name] == 0).all() for name in constants)


@each(LATENT)
def test_gradients_of_the_bound_equal_finite_differences(case):
    x = rng().integers(0, 2, (3, D))
    check_grads(lambda p: anp.sum(case.model.elbo(p, rng(), x)), modes=["rev"], order=1)(case.params)


# 6. latent variable models, with one latent and a grid

GRID = np.linspace(-12, 12, 8001)[:, None]


def log_integral(log_values):
    """log of the integral over the grid, by the trapezium rule: exact to rounding where they vanish at its ends."""
    step = GRID[1, 0] - GRID[0, 0]
    return np.logaddexp.reduce(log_values) + np.log(step)


def on_the_grid(case, x):
    """log p(x, z) and log q(z | x) for one x at every z of the grid."""
    logits = case.model.decode(case.params, GRID)
    log_likelihood = (x * logits - np.logaddexp(0, logits)).sum(axis=1)
    zeros = np.zeros_like(GRID)
    q = case.model.encode(case.params, x[None].astype(float))
    mean, log_std = (np.broadcast_to(part, GRID.shape) for part in q)
    return log_likelihood + gaussian_log_prob(GRID, zeros, zeros), gaussian_log_prob(GRID, mean, log_std)


def wide(params):
    """An encoder whose q is wider than the prior, so that no importance weight is large."""
    *hidden, (W, b) = params["encoder"]
    return {**params, "encoder": [*hidden, (W * 0.1, np.array([b[0], 0.3]))]}


@each(LATENT)
def test_bound_plus_divergence_is_the_log_likelihood(case):
    case = case._replace(params=wide(case.params))
    for x in everything()[::7]:
        log_joint, log_q = on_the_grid(case, x)
        log_p = log_integral(log_joint)
        q = np.exp(log_q)
        step = GRID[1, 0] - GRID[0, 0]
        elbo = (q * (log_joint - log_q)).sum() * step
        divergence = (q * (log_q - (log_joint - log_p))).sum() * step
        assert divergence >= 0
        assert elbo + divergence == pytest.approx(log_p, abs=1e-9)
        # and the model's own estimate of the bound is unbiased: within 5 standard errors of the exact one
        draws = case.model.elbo(case.params, rng(), np.tile(x, (20_000, 1)))
        assert abs(draws.mean() - elbo) < 5 * draws.std() / np.sqrt(len(draws))


@each(LATENT)
def test_marginal_sums_to_one_over_the_grid(case):
    total = sum(np.exp(log_integral(on_the_grid(case, x)[0])) for x in everything())
    assert total == pytest.approx(1, abs=1e-9)


@each(LATENT)
def test_importance_sampling_rises_to_the_log_likelihood(case):
    case = case._replace(params=wide(case.params))
    x = everything()[11]
    log_p = log_integral(on_the_grid(case, x)[0])
    many = np.tile(x, (4000, 1))
    bounds = [case.model.log_prob_estimate(case.params, rng(), many, k) for k in (1, 5, 50)]
    means, errors = [b.mean() for b in bounds], [b.std() / np.sqrt(len(b)) for b in bounds]
    assert means[0] + 3 * errors[0] < means[1]
    assert means[1] + 3 * errors[1] < means[2]
    assert all(m < log_p + 5 * e for m, e in zip(means, errors, strict=True))
    large = case.model.log_prob_estimate(case.params, rng(), many[:100], 5000)
    bias = large.var() / 2  # of the log of a mean, to first order: E log w = log E w - var / 2
    assert abs(large.mean() + bias - log_p) < 5 * large.std() / np.sqrt(len(large))
    elbo = case.model.elbo(case.params, rng(), many)
    assert abs(elbo.mean() - means[0]) < 5 * np.hypot(elbo.std() / np.sqrt(len(elbo)), errors[0])


@each(LATENT)
def test_latent_samples_match_probabilities(case):
    x = case.model.sample(case.params, np.random.default_rng(2), 40_000)
    probs = np.exp([log_integral(on_the_grid(case, row)[0]) for row in everything()])
    assert chi_square(x, probs) > 1e-4


# 8. reproducible; per example; dtype; errors


@each(EVERY)
def test_same_seed_same_bits(case):
    draws = [case.model.sample(case.params, np.random.default_rng(5), 20, **case.options) for _ in range(2)]
    np.testing.assert_array_equal(*draws)


@each(TRACTABLE)
def test_log_prob_is_per_example(case):
    x = everything()
    together = case.log_prob(x)
    assert together.shape == (len(x),)
    alone = np.concatenate([case.log_prob(row[None]) for row in x])
    np.testing.assert_allclose(together, alone, rtol=1e-13)  # a matrix product of one row may add in another order


@each(DIFFERENTIABLE | LATENT)
def test_float32_stays_float32(case):
    params = map_leaves(lambda leaf: leaf.astype(np.float32), case.params)
    x = everything().astype(np.uint8)

    def loss(params):
        if case.model is vae:
            return mean(vae.elbo(params, rng(), x))
        return mean(case.model.log_prob(params, x, **case.options))

    value, gradient = value_and_grad(loss)(params)
    assert value.dtype == np.float32
    assert {leaf.dtype for leaf in leaves(gradient)} == {np.dtype(np.float32)}


@each(EVERY)
@pytest.mark.parametrize("n_samples", [0, -1, 2.5])
def test_refuses_a_number_of_samples_that_is_none(case, n_samples):
    with pytest.raises(ValueError, match="n_samples: expected an integer of at least 1"):
        case.sample(rng(), n_samples)


@each(TRACTABLE)
@pytest.mark.parametrize("value", [0.5, 255, -1])
def test_refuses_data_that_are_not_binary(case, value):
    x = everything()[:3].astype(float)
    x[1, 2] = value
    with pytest.raises(ValueError, match=r"\{0, 1\}"):
        case.log_prob(x)


@each(EVERY)
@pytest.mark.parametrize("shape", [(D,), (3, D + 1), (3, 1), (1, 3, D)])
def test_refuses_examples_of_another_shape(case, shape):
    x = np.zeros(shape)
    with pytest.raises(ValueError, match=rf"shape \(n, {D}\); found"):
        case.log_prob(x) if case.model is not vae else vae.elbo(case.params, rng(), x)


def test_latent_models_take_grey_pixels_but_nothing_outside_the_unit_interval():
    case = LATENT["vae"]
    assert np.isfinite(vae.elbo(case.params, rng(), np.full((2, D), 0.3))).all()
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        vae.elbo(case.params, rng(), np.full((2, D), 2.0))

import numpy as np
import pytest

from npgen.data import marginals
from npgen.distributions import sigmoid
from npgen.errors import InputError
from npgen.models import bernoulli_mixture


def log_posterior(params, x):
    """What EM raises: the log-likelihood and the log of the Beta(2, 2) prior of every mu, up to a constant."""
    mu = sigmoid(params["logits"])
    return bernoulli_mixture.log_prob(params, x).sum() + (np.log(mu) + np.log(1 - mu)).sum()


def test_one_component_is_independent_pixels(rng):
    x = rng.integers(0, 2, (30, 4))
    params = bernoulli_mixture.em_step(bernoulli_mixture.init_params(rng, x, 1), x)
    np.testing.assert_allclose(sigmoid(params["logits"][0]), marginals(x), rtol=1e-14)
    assert params["log_pi"][0] == 0


def test_log_prob_by_hand():
    params = {"log_pi": np.log([0.25, 0.75]), "logits": np.log([[0.5 / 0.5, 0.2 / 0.8], [0.1 / 0.9, 0.6 / 0.4]])}
    expected = np.log(0.25 * 0.5 * 0.8 + 0.75 * 0.1 * 0.4)
    np.testing.assert_allclose(bernoulli_mixture.log_prob(params, np.array([[1, 0]])), [expected], rtol=1e-14)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_weights_of_the_components_sum_to_one(rng, dtype):
    x = rng.integers(0, 2, (30, 4))
    params = bernoulli_mixture.init_params(rng, x, 3, dtype)
    for _ in range(3):
        assert params["log_pi"].dtype == dtype
        total = np.exp(params["log_pi"]).sum()
        assert total == pytest.approx(1, abs=8 * float(np.finfo(dtype).eps))  # three roundings of exp and log
        params = bernoulli_mixture.em_step(params, x)


@pytest.mark.parametrize("seed", range(5))
def test_em_never_falls(seed):
    rng = np.random.default_rng(seed)
    x = (rng.random((200, 12)) < rng.random((4, 12))[rng.integers(0, 4, 200)]).astype(np.uint8)
    params, reached = bernoulli_mixture.init_params(rng, x, 4), []
    for _ in range(30):
        params = bernoulli_mixture.em_step(params, x)
        reached.append(log_posterior(params, x))
    rises = np.diff(reached)
    assert np.all(rises >= -1e-9 * abs(reached[-1]))  # rounding of a sum of 200 terms
    assert reached[-1] > reached[0]


def test_more_components_than_images(rng):
    with pytest.raises(InputError, match="n_components: expected at most the 3 images"):
        bernoulli_mixture.init_params(rng, np.zeros((3, 2)), 4)


def test_em_in_float32_is_that_of_float64(rng):
    x = rng.integers(0, 2, (50, 6), np.uint8)
    start = bernoulli_mixture.init_params(rng, x, 3)
    single = {key: leaf.astype(np.float32) for key, leaf in start.items()}
    for _ in range(3):
        start, single = bernoulli_mixture.em_step(start, x), bernoulli_mixture.em_step(single, x)
    assert {leaf.dtype for leaf in single.values()} == {np.dtype(np.float32)}
    # three steps, each with sums of 50 roundings of 6e-8
    np.testing.assert_allclose(single["logits"], start["logits"], atol=1e-4)


@pytest.mark.parametrize("value", [0.5, 2, np.nan])
def test_em_refuses_what_is_not_binary(rng, value):
    x = rng.integers(0, 2, (30, 4)).astype(float)
    params = bernoulli_mixture.init_params(rng, x, 2)
    x[3, 1] = value
    with pytest.raises(ValueError, match=r"expected data in \{0, 1\}; found"):
        bernoulli_mixture.em_step(params, x)


def test_em_in_float32_counts_many_examples_as_float64_does(rng):
    """A pixel that is always 1 has mu = (n + 1) / (n + 2) in each component."""
    x = np.ones((100_000, 2), np.uint8)
    x[:, 1] = rng.integers(0, 2, len(x))
    params = {"log_pi": np.full(3, -np.log(3), np.float32), "logits": np.zeros((3, 2), np.float32)}
    for _ in range(3):
        params = bernoulli_mixture.em_step(params, x)
    assert params["logits"].dtype == params["log_pi"].dtype == np.float32
    np.testing.assert_allclose(params["logits"][:, 0], np.log(len(x) / 3 + 1), rtol=1e-5)

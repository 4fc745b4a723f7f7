import numpy as np
import pytest

from npgen.distributions import gaussian_kl, gaussian_log_prob, sigmoid
from npgen.errors import InputError
from npgen.models import vae
from npgen.nested import leaves


@pytest.fixture
def params(rng):
    return vae.init_params(rng, 6, (5, 4), 3, np.float64)


def test_shapes(rng):
    params = vae.init_params(rng, 784, (200, 100), 50)
    assert [W.shape for W, _ in params["encoder"]] == [(784, 200), (200, 100), (100, 100)]
    assert [W.shape for W, _ in params["decoder"]] == [(50, 100), (100, 200), (200, 784)]
    assert {leaf.dtype for leaf in leaves(params)} == {np.dtype(np.float32)}


def test_no_hidden_layers(rng):
    params = vae.init_params(rng, 6, (), 2)
    assert vae.elbo(params, rng, np.zeros((4, 6))).shape == (4,)


def test_encoder_gives_means_then_log_stds(params, rng):
    x = rng.integers(0, 2, (4, 6)).astype(float)
    W, _ = params["encoder"][-1]
    params["encoder"][-1] = (W * 0, np.array([1.0, 2.0, 3.0, -1.0, -2.0, -3.0]))
    mean, log_std = vae.encode(params, x)
    np.testing.assert_array_equal(mean, np.tile([1.0, 2.0, 3.0], (4, 1)))
    np.testing.assert_array_equal(log_std, np.tile([-1.0, -2.0, -3.0], (4, 1)))


def test_bound_of_a_decoder_that_ignores_z_is_exact(params, rng):
    """log p(x | z) is then the same for every z, and the bound misses log p(x) by the divergence from the prior."""
    b = rng.standard_normal(6)
    params["decoder"] = [(W * 0, bias * 0) for W, bias in params["decoder"][:-1]] + [(params["decoder"][-1][0] * 0, b)]
    x = rng.integers(0, 2, (4, 6)).astype(float)
    log_p = np.log(np.where(x == 1, sigmoid(b), 1 - sigmoid(b))).sum(axis=1)
    np.testing.assert_allclose(vae.elbo(params, rng, x), log_p - gaussian_kl(*vae.encode(params, x)), rtol=1e-12)


def test_noise_is_drawn_for_every_example_and_dimension(params, rng, monkeypatch):
    W, b = params["encoder"][-1]
    params["encoder"][-1] = (W * 0, b * 0)  # q is the prior: z is the noise
    seen = []
    monkeypatch.setattr(vae, "CHUNK", 320)  # 64 samples of 5 examples at once
    monkeypatch.setattr(vae, "decode", lambda params, z: seen.append(z) or np.zeros((*z.shape[:-1], 6)))
    vae.elbo(params, rng, np.tile(rng.integers(0, 2, 6), (50, 1)))
    (z,) = seen
    assert len(np.unique(z)) == z.size


def test_prior_noise_is_drawn_for_every_example_and_dimension(params, rng):
    z = vae.sample_prior(params, rng, 50)
    assert z.shape == (50, 3)
    assert len(np.unique(z)) == z.size


def test_importance_noise_is_drawn_for_every_sample_example_and_dimension(params, rng, monkeypatch):
    W, b = params["encoder"][-1]
    params["encoder"][-1] = (W * 0, b * 0)  # q is the prior: z is the noise
    seen = []
    monkeypatch.setattr(vae, "CHUNK", 320)  # 64 samples of 5 examples at once
    monkeypatch.setattr(vae, "decode", lambda params, z: seen.append(z) or np.zeros((*z.shape[:-1], 6)))
    vae.log_prob_estimate(params, rng, np.tile(rng.integers(0, 2, 6), (5, 1)), 70)
    assert [z.shape for z in seen] == [(64, 5, 3), (6, 5, 3)]
    assert len(np.unique(np.concatenate(seen))) == 70 * 5 * 3


def test_importance_sampling_in_chunks_is_one_estimate(params, rng):
    """65 samples are two chunks; the estimate from the same noise in one chunk is their mean in the linear domain."""
    x = rng.integers(0, 2, (4, 6)).astype(float)
    together = vae.log_prob_estimate(params, np.random.default_rng(7), x, 65)
    again = np.random.default_rng(7)
    weights = [vae._log_weights(params, again, x, *vae.encode(params, x), k) for k in (64, 1)]
    expected = np.log(np.exp(np.concatenate(weights)).mean(axis=0))
    np.testing.assert_allclose(together, expected, rtol=1e-12)


def test_importance_sampling_with_more_than_one_latent(rng):
    """log p(x) by quadrature over a plane of two latents; a mistake between dimensions shows only from two on."""
    params = vae.init_params(rng, 4, (5,), 2, np.float64)
    x = np.array([[1, 0, 1, 1]])
    axis, step = np.linspace(-9, 9, 301, retstep=True)  # the trapezium rule is exact to rounding for Gaussian tails
    z = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    logits = vae.decode(params, z)
    log_joint = (x * logits - np.logaddexp(0, logits)).sum(axis=1) + gaussian_log_prob(z, 0 * z, 0 * z)
    log_p = np.logaddexp.reduce(log_joint) + 2 * np.log(step)
    estimates = vae.log_prob_estimate(params, rng, np.tile(x, (400, 1)), 2000)
    error = estimates.std(ddof=1) / np.sqrt(len(estimates))
    bias = estimates.var() / 2  # of log of a mean, to first order: E log w = log E w - var / 2
    assert abs(estimates.mean() + bias - log_p) < 5 * error


def test_marginals_set_the_decoders_last_bias(rng):
    marginals = np.linspace(0.1, 0.9, 6)
    params = vae.init_params(rng, 6, (5,), 2, np.float64, marginals=marginals)
    np.testing.assert_allclose(sigmoid(params["decoder"][-1][1]), marginals, rtol=1e-14)


def test_training_starts_at_the_prior_and_at_independent_pixels(rng):
    """Not above them: where z is noise to a decoder that knows the marginals, training begins by forgetting z."""
    marginals, x = np.full(784, 0.13), (rng.random((200, 784)) < 0.13).astype(float)
    params = vae.init_params(rng, 784, (200, 200), 50, np.float64, marginals=marginals)
    assert gaussian_kl(*vae.encode(params, x)).mean() < 1
    independent = np.log(np.where(x == 1, 0.13, 0.87)).sum(axis=1).mean()
    # The noise of z moves a logit by 0.01 sqrt(200 units): 0.02 / 2 times D p (1 - p) is 1 nat, and He's variance 90.
    assert abs(vae.elbo(params, rng, x).mean() - independent) < 4


def test_interpolation_ends_at_the_reconstructions(params, rng):
    x = rng.integers(0, 2, (2, 4, 6))
    path = vae.interpolate(params, x[0], x[1], 5)
    assert path.shape == (4, 5, 6)
    np.testing.assert_allclose(path[:, 0], vae.reconstruct(params, x[0]), rtol=1e-12)
    np.testing.assert_allclose(path[:, -1], vae.reconstruct(params, x[1]), rtol=1e-12)
    middle = (vae.encode(params, x[0].astype(float))[0] + vae.encode(params, x[1].astype(float))[0]) / 2
    np.testing.assert_allclose(path[:, 2], sigmoid(vae.decode(params, middle)), rtol=1e-12)


@pytest.mark.parametrize("sizes", [(0, (5,), 2), (6, (5,), 0), (6, (0,), 2)])
def test_refuses_sizes_that_are_none(rng, sizes):
    with pytest.raises(InputError, match="at least"):
        vae.init_params(rng, *sizes)


def test_refuses_a_number_for_the_hidden_sizes(rng):
    with pytest.raises(InputError, match=r"hidden_sizes: expected a tuple"):
        vae.init_params(rng, 6, 5, 2)


@pytest.mark.parametrize("n_importance", [0, -1])
def test_refuses_no_importance_samples(params, rng, n_importance):
    with pytest.raises(InputError, match="n_importance"):
        vae.log_prob_estimate(params, rng, np.zeros((1, 6)), n_importance)

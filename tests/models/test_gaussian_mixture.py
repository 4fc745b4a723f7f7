"""Mixtures of Gaussians: against SciPy, scikit-learn, grids, finite differences, and the laws of EM."""

import re
import tracemalloc
import warnings
from itertools import islice, repeat

import autograd.numpy as anp
import numpy as np
import pytest
import scipy.stats
from autograd.test_util import check_grads
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

from npgen import data
from npgen.autodiff import mean, value_and_grad
from npgen.errors import InputError
from npgen.models import gaussian_mixture
from npgen.nested import leaves, map_leaves
from npgen.optim import adam, cosine
from npgen.train import fit

KINDS = ("full", "diagonal", "tied")
THEIRS = {"full": "full", "diagonal": "diag", "tied": "tied"}  # what scikit-learn calls them
kinds = pytest.mark.parametrize("kind", KINDS)


def clusters(n=200, d=3, k=4, seed=0):
    """Correlated clusters, in units that differ by a factor of 1000."""
    rng = np.random.default_rng(seed)
    centres, roots = 3 * rng.standard_normal((k, d)), rng.standard_normal((k, d, d))
    which = rng.integers(k, size=n)
    return (centres[which] + np.einsum("nij,nj->ni", roots[which], rng.standard_normal((n, d)))) * 10.0 ** np.arange(d)


def start(x, kind, k=3, seed=0, **options):
    return gaussian_mixture.init_params(np.random.default_rng(seed), x, k, kind, **options)


def shaken(kind, d=2):
    """Any numbers are parameters."""
    params = start(clusters(d=d)[:, ::-1], kind)
    rng = np.random.default_rng(1)
    return map_leaves(lambda leaf: 0.7 * rng.standard_normal(leaf.shape), params)


# The density


@kinds
def test_log_prob_is_scipys(kind):
    params, x = shaken(kind, d=3), np.random.default_rng(2).standard_normal((20, 3))
    pi = np.exp(params["log_pi"]) / np.exp(params["log_pi"]).sum()
    densities = [
        weight * scipy.stats.multivariate_normal(mean, covariance).pdf(x)
        for weight, mean, covariance in zip(pi, params["means"], gaussian_mixture.covariances(params), strict=True)
    ]
    np.testing.assert_allclose(gaussian_mixture.log_prob(params, x), np.log(sum(densities)), rtol=1e-10)
    r = gaussian_mixture.responsibilities(params, x)
    np.testing.assert_allclose(r, np.transpose(densities) / sum(densities)[:, None], rtol=1e-10)


def test_by_hand():
    params = {"log_pi": np.log([1.0, 3.0]), "means": np.array([[0.0], [2.0]]), "A": np.log([[1.0], [0.5]])}
    expected = (np.exp(-0.5) / 4 + 3 * np.exp(-0.125) / 8) / np.sqrt(2 * np.pi)  # sigma is 1 and 2; x = 1
    np.testing.assert_allclose(gaussian_mixture.log_prob(params, [[1.0]]), [np.log(expected)], rtol=1e-14)
    np.testing.assert_allclose(gaussian_mixture.covariances(params).ravel(), [1, 4], rtol=1e-14)


@kinds
def test_integrates_to_one_on_a_grid(kind):
    params = shaken(kind)
    axis = np.linspace(-40, 40, 801)
    grid = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    total = np.exp(gaussian_mixture.log_prob(params, grid)).sum() * (axis[1] - axis[0]) ** 2
    assert total == pytest.approx(
        1, abs=1e-9
    )  # a smooth density that vanishes at the ends: the sum is exact to rounding


@kinds
def test_samples_match_the_density(kind):
    params, n = shaken(kind), 40_000
    x = gaussian_mixture.sample(params, np.random.default_rng(3), n)
    assert (x.shape, x.dtype) == ((n, 2), np.float64)
    pi = np.exp(params["log_pi"]) / np.exp(params["log_pi"]).sum()
    sigma = gaussian_mixture.covariances(params)
    for direction in np.array([[1, 0], [0, 1], [1, -2]]):  # a projection is a mixture in one dimension
        means, stds = params["means"] @ direction, np.sqrt(direction @ sigma @ direction)

        def cumulative(v, means=means, stds=stds):
            return (pi * scipy.stats.norm.cdf(v[:, None], means, stds)).sum(axis=1)

        assert scipy.stats.kstest(x @ direction, cumulative).pvalue > 1e-4  # the seed is fixed


@kinds
def test_gradients_equal_finite_differences(kind):
    x = np.random.default_rng(2).standard_normal((4, 2))
    check_grads(lambda p: anp.sum(gaussian_mixture.log_prob(p, x)), modes=["rev"], order=1)(shaken(kind))


@kinds
def test_float32_stays_float32(kind):
    x = clusters(d=2)[:, :1] * np.ones(2) + np.random.default_rng(0).standard_normal((200, 2))
    params = start(x, kind, dtype=np.float32)
    value, gradient = value_and_grad(lambda p: mean(gaussian_mixture.log_prob(p, x)))(params)
    assert value.dtype == np.float32
    assert {leaf.dtype for tree in (params, gradient) for leaf in leaves(tree)} == {np.dtype(np.float32)}
    stepped = gaussian_mixture.em_step(params, x)
    assert {leaf.dtype for leaf in leaves(stepped)} == {np.dtype(np.float32)}
    assert gaussian_mixture.sample(stepped, np.random.default_rng(0), 3).dtype == np.float32


def test_same_seed_same_bits():
    x = clusters()
    first, again = (start(x, "full") for _ in range(2))
    np.testing.assert_array_equal(first["means"], again["means"])
    draws = [gaussian_mixture.sample(first, np.random.default_rng(5), 20) for _ in range(2)]
    np.testing.assert_array_equal(*draws)


# EM


@kinds
def test_the_covariance_is_known_by_its_shape(kind):
    x = clusters()
    shapes = {"full": (3, 3, 3), "tied": (1, 3, 3), "diagonal": (3, 3)}
    params = start(x, kind)
    assert params["A"].shape == gaussian_mixture.em_step(params, x)["A"].shape == shapes[kind]


@kinds
def test_one_component_is_the_gaussian_of_the_data(kind):
    x = clusters()
    params = gaussian_mixture.em_step(start(x, kind, k=1), x)
    covariance = np.cov(x.T, bias=True)
    expected = np.diag(np.diag(covariance)) if kind == "diagonal" else covariance
    np.testing.assert_allclose(params["means"][0], x.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(gaussian_mixture.covariances(params)[0], expected, rtol=1e-10)


def test_the_start_finds_distant_clusters():
    """k-means++ takes one example of each of four distant clusters; uniform choice does so in one start of ten."""
    rng = np.random.default_rng(0)
    x = np.repeat(100 * np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), 25, axis=0) + rng.standard_normal((100, 2))
    centres = x.reshape(4, 25, 2).mean(axis=1)
    for seed in range(20):
        params = start(x, "full", k=4, seed=seed)
        order = np.lexsort(np.round(params["means"] / 100).T[::-1])
        np.testing.assert_allclose(params["means"][order], centres, rtol=1e-9)
        within = (x.reshape(4, 25, 2) - centres[:, None]).reshape(100, 2)
        np.testing.assert_allclose(gaussian_mixture.covariances(params)[3], np.cov(within.T, bias=True), rtol=1e-9)


@kinds
@settings(max_examples=40)
@given(seed=st.integers(0, 10**6), k=st.integers(1, 4), d=st.integers(1, 3))
def test_em_never_falls(kind, seed, k, d):
    x = clusters(60, d, seed=seed)
    floor = 1e-3 * x.var(axis=0).min()
    params = start(x, kind, k, seed, floor=floor)
    reached = [gaussian_mixture.log_prob(params, x).sum()]
    for _ in range(15):
        params = gaussian_mixture.em_step(params, x, floor)
        reached.append(gaussian_mixture.log_prob(params, x).sum())
        eigenvalues = np.linalg.eigvalsh(gaussian_mixture.covariances(params))
        # relative to the largest: columns in units that differ by 1000 leave that much rounding
        assert (eigenvalues > floor - 1e-12 * eigenvalues.max()).all()
    assert (np.diff(reached) >= -1e-9 * np.abs(reached[1:]).max()).all()  # rounding of a sum of 60 terms


@kinds
def test_em_never_falls_on_iris_without_a_floor(kind):
    x = data.iris().x
    params = start(x, kind, seed=1)
    reached = []
    for _ in range(100):
        params = gaussian_mixture.em_step(params, x)
        reached.append(gaussian_mixture.log_prob(params, x).mean())
    assert (np.diff(reached) >= -1e-12).all()
    # the best likelihoods that 20 starts of scikit-learn's find, too
    best = GaussianMixture(
        3, covariance_type=THEIRS[kind], n_init=20, reg_covar=0, tol=1e-9, max_iter=500, random_state=0
    )
    assert reached[-1] == pytest.approx(best.fit(x).score(x), abs=3e-3)


def test_a_start_of_iris_from_which_a_component_collapses():
    x = data.iris().x
    params = start(x, "full", seed=0)
    with pytest.raises(InputError, match="covariance of component 2 became singular"):
        for _ in range(200):
            params = gaussian_mixture.em_step(params, x)
    params = start(x, "full", seed=0, floor=1e-3)
    for _ in range(200):
        params = gaussian_mixture.em_step(params, x, floor=1e-3)
    assert np.isfinite(gaussian_mixture.log_prob(params, x)).all()


@kinds
@pytest.mark.parametrize("n_steps", [1, 7])
def test_the_same_start_gives_scikit_learns_parameters(kind, n_steps):
    x = data.iris().x
    params = start(x, kind)
    precisions = np.linalg.inv(gaussian_mixture.covariances(params))
    given_as = {"full": precisions, "tied": precisions[0], "diagonal": np.diagonal(precisions, axis1=1, axis2=2)}
    theirs = GaussianMixture(
        3,
        covariance_type=THEIRS[kind],
        weights_init=np.full(3, 1 / 3),
        means_init=params["means"],
        precisions_init=given_as[kind],
        reg_covar=0,
        tol=0,
        max_iter=n_steps,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        theirs.fit(x)
    for _ in range(n_steps):
        params = gaussian_mixture.em_step(params, x)
    np.testing.assert_allclose(np.exp(params["log_pi"]), theirs.weights_, rtol=1e-9)
    np.testing.assert_allclose(params["means"], theirs.means_, rtol=1e-9)
    sigma = gaussian_mixture.covariances(params)
    ours = {"full": sigma, "tied": sigma[0], "diagonal": np.diagonal(sigma, axis1=1, axis2=2)}[kind]
    np.testing.assert_allclose(ours, theirs.covariances_, rtol=1e-7, atol=1e-10)
    np.testing.assert_allclose(gaussian_mixture.log_prob(params, x), theirs.score_samples(x), rtol=1e-9)


@kinds
def test_the_gradient_vanishes_where_em_stands_still(kind):
    x = clusters(400, 2, 2)
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    params = start(x, kind, k=2)
    for _ in range(2000):
        params = gaussian_mixture.em_step(params, x)
    gradient = value_and_grad(lambda p: mean(gaussian_mixture.log_prob(p, x)))(params)[1]
    assert max(np.abs(leaf).max() for leaf in leaves(gradient)) < 1e-8


@kinds
def test_gradient_training_reaches_the_likelihood_of_em(kind):
    x = data.iris().x
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    params = first = start(x, kind, seed=1)
    for _ in range(300):
        params = gaussian_mixture.em_step(params, x)
    by_em = gaussian_mixture.log_prob(params, x).mean()
    steps = fit(
        lambda p, batch: -mean(gaussian_mixture.log_prob(p, batch)),
        first,
        repeat(x),
        adam(cosine(0.03, 1500)),
    )
    *_, last = islice(steps, 1500)
    by_gradient = gaussian_mixture.log_prob(last.params, x).mean()
    # both are local maxima, which from this start are the same or better
    assert by_gradient > by_em - 1e-3
    assert gaussian_mixture.log_prob(first, x).mean() < by_em - 0.1


# Bad input


@pytest.mark.parametrize("kind", ["full", "diagonal"])
def test_a_component_on_one_point_is_named_and_goes_on_only_with_a_floor(kind):
    x = np.concatenate([np.random.default_rng(0).standard_normal((50, 2)), np.full((5, 2), 30.0)])
    params = start(x, kind, k=2, seed=1)
    far = int(params["means"][:, 0].argmax())
    with pytest.raises(InputError, match=f"covariance of component {far} became singular") as error:
        for _ in range(20):
            params = gaussian_mixture.em_step(params, x)
    assert len(str(error.value).splitlines()) == 2
    for _ in range(20):
        params = gaussian_mixture.em_step(params, x, floor=0.01)
    np.testing.assert_allclose(gaussian_mixture.covariances(params)[far], 0.01 * np.eye(2), atol=1e-12)
    np.testing.assert_allclose(params["means"][far], 30, rtol=1e-12)


def test_a_singular_tied_covariance():
    x = np.random.default_rng(0).standard_normal((50, 1)) * [1, 2]
    with pytest.raises(InputError, match="the covariance became singular"):
        start(x, "tied")
    params = gaussian_mixture.em_step(start(x, "tied", floor=0.1), x, floor=0.1)
    assert np.linalg.eigvalsh(gaussian_mixture.covariances(params)[0])[0] == pytest.approx(0.1)


@pytest.mark.parametrize("scale", [1, 1e4, 1e7, 1e9])
def test_a_floor_is_kept_however_large_the_other_variances_are(scale):
    x = scale * np.random.default_rng(0).standard_normal((200, 1)) * [1, 2, 3]  # one direction, and nothing beside it
    params = gaussian_mixture.em_step(start(x, "full", k=1, floor=1e-3), x, floor=1e-3)
    largest = np.linalg.svd(gaussian_mixture._whitening(params["A"])[0], compute_uv=False)[0]
    assert 1 / largest**2 > 1e-3 * (1 - 1e-5)
    if (
        scale <= 1e4
    ):  # beyond, the rounding of the covariance itself, 1e-16 of its largest eigenvalue, is above the floor
        assert 1 / largest**2 == pytest.approx(1e-3, rel=1e-5)


def test_em_with_a_floor_never_falls_in_float32_on_columns_that_say_the_same():
    rng = np.random.default_rng(0)
    x = rng.uniform(0, 255, (300, 1)) * [1, 1, 1, 0] + rng.uniform(0, 255, (300, 1)) * [0, 0, 0, 1]
    x = np.round(x).astype(np.float32)
    params = gaussian_mixture.init_params(np.random.default_rng(0), x, 2, dtype=np.float32, floor=1e-3)
    reached = []
    for _ in range(20):
        params = gaussian_mixture.em_step(params, x, floor=1e-3)
        reached.append(float(gaussian_mixture.log_prob(params, x).astype(np.float64).mean()))
    assert (np.diff(reached) > -2e-3).all()  # 255 / sqrt(1e-3) is 8000 standard deviations, known to 1e-7 of that


def test_units_do_not_make_a_covariance_singular():
    x = np.random.default_rng(0).standard_normal((50, 2)) * [1e-9, 1e9]
    params = gaussian_mixture.em_step(start(x, "full", k=1), x)
    np.testing.assert_allclose(np.diag(gaussian_mixture.covariances(params)[0]), x.var(axis=0), rtol=1e-10)


def test_a_component_without_examples_is_named():
    x = clusters(d=1)
    params = start(x, "full", k=2)
    params["means"][1] = 1e6
    with pytest.raises(InputError, match="component 1 has no example left"):
        gaussian_mixture.em_step(params, x)


def test_bad_arguments():
    x = clusters()
    with pytest.raises(InputError, match=r"n_components: expected at most the 200 examples"):
        start(x, "full", k=201)
    with pytest.raises(InputError, match=r"n_components: expected at most the 2 different examples"):
        start(x[[0, 0, 1, 1, 0]], "full", k=3)
    with pytest.raises(InputError, match=r"unknown covariance 'diag'\. Did you mean diagonal"):
        start(x, "diag")
    for floor in (0, -1, np.nan, np.inf):
        with pytest.raises(InputError, match="floor: expected a variance above 0"):
            start(x, "full", floor=floor)
        with pytest.raises(InputError, match="floor: expected a variance above 0"):
            gaussian_mixture.em_step(start(x, "full"), x, floor)
    with pytest.raises(InputError, match="n_samples: expected an integer of at least 1"):
        gaussian_mixture.sample(start(x, "full"), np.random.default_rng(0), 0)


def test_bad_data():
    x, params = clusters(), start(clusters(), "full")
    constant = x.copy()
    constant[:, 1] = 3
    for ask in (lambda x: start(x, "full"), lambda x: gaussian_mixture.em_step(params, x)):
        with pytest.raises(InputError, match=r"column 1 \(counted from 0\) is constant"):
            ask(constant)
    missing = x.copy()
    missing[[4, 9], [2, 0]] = np.nan, np.inf
    message = "expected finite numbers; found nan in row 4, column 2, inf in row 9, column 0"
    for ask in (
        lambda x: start(x, "full"),
        lambda x: gaussian_mixture.em_step(params, x),
        lambda x: gaussian_mixture.log_prob(params, x),
    ):
        with pytest.raises(InputError, match=re.escape(message)):
            ask(missing)
    for shape in ((3,), (5, 2), (1, 5, 3)):
        with pytest.raises(InputError, match=r"shape \(n, 3\); found"):
            gaussian_mixture.log_prob(params, np.zeros(shape))


def test_sampling_takes_no_matrix_for_each_sample(rng):
    x = rng.standard_normal((200, 100))
    params = start(x, "diagonal")
    tracemalloc.start()
    samples = gaussian_mixture.sample(params, rng, 1000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10 * samples.nbytes  # a matrix each would be 100 times as much

"""What the commands draw of a checkpoint: the right examples, the right densities, in the right units."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest
import scipy.stats

from npgen import checkpoint, commands, data, figures, folds
from npgen.cli import main
from npgen.distributions import sigmoid
from npgen.models import made, nade, orderless_nade, rnade


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def train(*arguments):
    with pytest.raises(SystemExit) as ended:
        main(["train", *map(str, arguments), "--steps", "20", "--validate-every", "10", "--out", "run.npz"])
    assert ended.value.code == 0


@pytest.fixture
def drawn(monkeypatch):
    """`drawn("completions")` is the list of the arguments that figures.completions gets from now on."""

    def spy(name):
        calls, original = [], getattr(figures, name)
        monkeypatch.setattr(figures, name, lambda *args: calls.append(args) or original(*args))
        return calls

    return spy


MEASURED = np.random.default_rng(3).gamma(2, size=(200, 3)) * [1, 10, 0.01] + [0, 5, 1]


@pytest.fixture
def wines(monkeypatch):
    """Three real variables in different units, under the name of red_wine."""
    columns = ("acid", "sugar", "density")
    load = lambda fold=1: folds.cross_validation("red_wine", MEASURED, columns, fold)  # noqa: E731
    monkeypatch.setitem(data.LOADERS, "red_wine", load)
    return load()


# --- densities of real numbers


def small_rnade(D, **options):
    params = rnade.init_params(np.random.default_rng(0), D, 4, 3, dtype=np.float64)
    params = {name: leaf + np.random.default_rng(1).standard_normal(leaf.shape) / 2 for name, leaf in params.items()}
    return SimpleNamespace(model=rnade, experiment=SimpleNamespace(options=options, test_options={})), params


@pytest.mark.parametrize("options", [{}, {"component": "logistic"}, {"hidden": "relu"}])
def test_conditional_densities_multiply_to_that_of_the_model(rng, options):
    prepared, params = small_rnade(4, **options)
    x = rng.standard_normal((5, 4))
    for example in x:
        conditionals = commands.mean_conditional(prepared, params, example[None], example[:, None])
        expected = np.exp(rnade.log_prob(params, example[None], **options))
        np.testing.assert_allclose(np.prod(conditionals), expected[0], rtol=1e-10)  # the same sums in another order


def test_the_mean_conditional_is_a_mean(rng):
    prepared, params = small_rnade(3)
    x, grid = rng.standard_normal((6, 3)), rng.standard_normal((3, 9))
    of_each = [commands.mean_conditional(prepared, params, example[None], grid) for example in x]
    np.testing.assert_allclose(
        commands.mean_conditional(prepared, params, x, grid), np.mean(of_each, axis=0), rtol=1e-10
    )


def test_marginals_agree_with_the_integral_of_the_joint_density():
    prepared, params = small_rnade(2)
    points, before = np.linspace(-2, 2, 9), np.linspace(-40, 40, 8001)  # sigma is below 5: nothing is left outside
    joint = np.exp([rnade.log_prob(params, np.stack([before, np.full_like(before, v)], axis=1)) for v in points])
    expected = joint.sum(axis=1) * (before[1] - before[0])
    found = commands.marginals(prepared, params, np.stack([points, points]))
    x = rnade.sample(params, np.random.default_rng(0), commands.N_MARGINAL)
    each = np.array([commands.mean_conditional(prepared, params, row[None], np.stack([points] * 2))[1] for row in x])
    error = each.std(axis=0) / np.sqrt(len(x))
    assert (np.abs(found[1] - expected) < 5 * error).all()  # a mean of 1000 draws is within five standard errors
    assert (error < 0.1 * expected).all()  # which is a sharp statement


def test_densities_are_in_the_units_of_the_data(wines, drawn):
    train("rnade", "--data", "red_wine")
    calls = drawn("marginal_densities")
    assert commands.densities("run.npz", "a.png") == "a.png: 3 densities"
    ((x, grid, density, caption, columns),) = calls
    np.testing.assert_allclose(x, wines.test * wines.std + wines.mean)
    assert {tuple(row) for row in x.round(8)} <= {tuple(row) for row in MEASURED.round(8)}
    assert columns == ("acid", "sugar", "density") and "nats per example, training seed 0" in caption
    _, params, _ = commands.load("run.npz")
    log_alpha, mu, log_sigma = (part[0, 0] for part in rnade.conditionals(params, np.zeros((1, 3), np.float32)))
    mean, std = wines.mean[0], wines.std[0]  # in units of the data a Gaussian has this mean and this deviation
    of_each = scipy.stats.norm.pdf(grid[0][:, None], mean + std * mu, std * np.exp(log_sigma))
    np.testing.assert_allclose(density[0], of_each @ np.exp(log_alpha), rtol=1e-5)  # params are float32
    assert (grid.min(axis=1) < x.min(axis=0)).all() and (grid.max(axis=1) > x.max(axis=0)).all()


def test_samples_and_conditionals_of_real_numbers(wines, drawn):
    train("rnade", "--data", "red_wine")
    scatters, conditionals = drawn("scatters"), drawn("conditional_densities")
    assert commands.sample("run.npz", None, 0, "a.png") == "a.png: 20 samples among 20 test examples"
    assert commands.sample("run.npz", 7, 0, "a.png") == "a.png: 7 samples among 20 test examples"
    (x, samples, pairs, _, _), (_, seven, _, _, _) = scatters
    assert (len(samples), len(seven)) == (20, 7) and pairs == commands.telling_pairs(wines.train)
    np.testing.assert_allclose(x, wines.test * wines.std + wines.mean)
    _, params, _ = commands.load("run.npz")
    standardised = rnade.sample(params, np.random.default_rng(0), 20)
    np.testing.assert_allclose(samples, standardised * wines.std + wines.mean)
    assert commands.conditionals("run.npz", "a.png") == "a.png: the conditionals of 3 test examples"
    ((grid, marginals, p, of, _, _),) = conditionals
    np.testing.assert_allclose(of, x[[0, 10, 19]])  # evenly from the first to the last
    np.testing.assert_allclose(p[1, 0], marginals[0], rtol=1e-5)  # nothing is before the first variable; float32
    assert p.shape == (3, 3, grid.shape[1]) and np.abs(p[:, 1] / marginals[1] - 1).max() > 1e-6


def test_each_variable_goes_with_the_one_before_that_tells_most(rng):
    noise = rng.standard_normal((100, 4))
    x = np.stack([noise[:, 0], noise[:, 1], noise[:, 1] + noise[:, 2] / 9, -noise[:, 0] + noise[:, 3] / 9], axis=1)
    assert commands.telling_pairs(x)[1:] == [(1, 2), (0, 3)]


# --- images


def test_images_are_taken_evenly():
    x = np.arange(1000)[:, None]
    assert commands.spread(x, 4).ravel().tolist() == [0, 333, 666, 999]
    assert commands.spread(x[:3], 10).ravel().tolist() == [0, 1, 2]


@pytest.mark.parametrize("model", [nade, made, orderless_nade])
def test_lower_halves_are_completed(drawn, model):
    train(model.__name__.split(".")[-1], "--data", "digits", "--hidden", "8")
    calls = drawn("completions")
    assert commands.complete("run.npz", 3, "a.png") == "a.png: 4 completions of 10 test images"
    ((x, observed, completed, shape, caption),) = calls
    digits = data.digits().thresholded()
    np.testing.assert_array_equal(x, commands.spread(digits.test, 10))
    np.testing.assert_array_equal(observed.reshape(shape), np.arange(8)[:, None].repeat(8, axis=1) < 4)
    assert (completed[:, :, :32] == x[:, :32]).all()
    assert len({image.tobytes() for image in completed[:, 0]}) > 1  # each completion is a draw of its own
    assert "sampling seed 3" in caption
    again = model.complete(commands.load("run.npz")[1], np.random.default_rng(3), np.tile(x, (4, 1)), observed)
    np.testing.assert_array_equal(completed.reshape(40, 64), again)


def test_an_ensemble_of_masks_is_completed_as_one(drawn):
    train("made", "--data", "digits", "--hidden", "8")
    arrays, facts = checkpoint.load("run.npz")
    facts["recipe"]["options"] = {"n_masks": 3}
    checkpoint.save("run.npz", arrays, facts)
    completions, conditionals = drawn("completions"), drawn("image_and_probability")
    commands.complete("run.npz", 0, "a.png")
    (x, observed, completed, *_), params = completions[0], arrays["best"]
    again = made.complete(params, np.random.default_rng(0), np.tile(x, (4, 1)), observed, n_masks=3)
    np.testing.assert_array_equal(completed.reshape(40, 64), again)
    commands.conditionals("run.npz", "a.png")
    (x, probs, *_, titles), float32 = conditionals[0], np.float32
    np.testing.assert_array_equal(probs, sigmoid(made.conditional_logits(params, x.astype(float32), n_masks=3)))
    assert "in the first of 3 orders" in titles[1]


@pytest.mark.parametrize("model", ["fvsbn", "nade", "made"])
def test_conditionals_of_pixels_multiply_to_the_probability(drawn, model):
    train(model, "--data", "digits")
    calls = drawn("image_and_probability")
    assert commands.conditionals("run.npz", "a.png") == "a.png: the conditionals of 25 test examples"
    ((x, probs, shape, _, titles),) = calls
    prepared, params, _ = commands.load("run.npz")
    log_prob = np.log(np.where(x == 1, probs, 1 - probs)).sum(axis=1)
    np.testing.assert_allclose(log_prob, prepared.model.log_prob(params, x), rtol=1e-4)  # 64 terms in float32
    assert shape == (8, 8) and titles[0] == "25 test images x" and "line by line, given the pixels before" in titles[1]


def test_fewer_test_images_than_are_drawn(drawn, monkeypatch):
    digits = data.digits()
    few = dataclasses.replace(digits, test=digits.test[:7], test_labels=digits.test_labels[:7])
    monkeypatch.setitem(data.LOADERS, "digits", lambda: few)
    train("nade", "--data", "digits", "--hidden", "8")
    assert commands.conditionals("run.npz", "a.png") == "a.png: the conditionals of 4 test examples"
    assert commands.complete("run.npz", 0, "a.png") == "a.png: 4 completions of 7 test images"


def test_orderless_nade_is_given_more_and_more(drawn):
    train("orderless_nade", "--data", "digits", "--hidden", "8")
    calls = drawn("observed_and_expected")
    commands.conditionals("run.npz", "a.png")
    ((x, observed, probs, _, _),) = calls
    assert observed.sum(axis=1).tolist() == [0, 2, 4, 8, 16, 32]
    assert (observed[1:] >= observed[:-1]).all()  # what is observed stays so
    assert 0 < observed[-1, :32].sum() < 32  # here and there, not the upper half
    for o, p in zip(observed, probs, strict=True):
        np.testing.assert_array_equal(p[:, o], x[:, o])
    _, params, _ = commands.load("run.npz")
    logits = orderless_nade.logits_given(params, x.astype(np.float32), observed[[3] * 3].astype(np.float32))
    np.testing.assert_array_equal(probs[3][:, ~observed[3]], sigmoid(logits)[:, ~observed[3]])


def test_grey_levels_have_a_distribution_each(drawn):
    train("categorical_nade", "--data", "digits", "--hidden", "8")
    calls = drawn("category_probabilities")
    commands.conditionals("run.npz", "a.png")
    ((x, probs, shape, _, variable),) = calls
    assert probs.shape == (3, 64, 17) and shape == (8, 8) and variable == "grey level k, 0 to 16"
    prepared, params, _ = commands.load("run.npz")
    of_x = np.take_along_axis(probs, x[..., None].astype(int), axis=2)[..., 0]
    np.testing.assert_allclose(np.log(of_x).sum(axis=1), prepared.model.log_prob(params, x), rtol=1e-4)  # float32

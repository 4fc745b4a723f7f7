"""The demo, shortened: every file it names is there, and the numbers are those of the models."""

import dataclasses
import io
import json
import math
from types import SimpleNamespace

import numpy as np
import pytest
import scipy.stats
from matplotlib.image import imread
from rich.console import Console

from npgen import data, demo, experiments, figures, preparation
from npgen.distributions import sigmoid
from npgen.experiments import Experiment
from npgen.models import bernoulli_mixture, vae

FIGURES = {
    "fvsbn-samples.png",
    "nade-samples.png",
    "vae-samples.png",
    "nade-conditionals.png",
    "vae-prior.png",
    "vae-reconstructions.png",
    "vae-interpolations.png",
    "vae-manifold.png",
    "learning-curves.png",
}


def shorten(patch, n_steps, n_importance):
    for name in ("fvsbn-digits", "nade-digits", "vae-digits", "vae-digits-2d"):
        short = dataclasses.replace(experiments.EXPERIMENTS[name], n_steps=n_steps, n_importance=n_importance)
        patch.setitem(experiments.EXPERIMENTS, name, short)


@pytest.fixture(scope="module")
def shortened(tmp_path_factory):
    out = tmp_path_factory.mktemp("demo")
    with pytest.MonkeyPatch.context() as patch:
        shorten(patch, n_steps=200, n_importance=10)
        console = Console(file=io.StringIO(), width=100)
        demo.main(out, console)
    return out, console.file.getvalue()


def test_every_file_is_written_and_named(shortened):
    out, printed = shortened
    assert {path.name for path in out.iterdir()} == FIGURES | {"summary.json"}
    for name in (*FIGURES, "summary.json"):
        assert name in printed


def test_figures_can_be_read(shortened):
    out, _ = shortened
    for name in FIGURES:
        picture = imread(out / name)
        assert picture.shape[0] > 200 and picture.shape[1] > 400
        assert picture[..., :3].std() > 0.05  # something is drawn


def test_the_table_and_the_summary_agree(shortened):
    out, printed = shortened
    summary = json.loads((out / "summary.json").read_text())
    rows = {row["model"].split(",")[0].split(" of")[0]: row for row in summary["rows"][:-1]}
    assert list(rows) == ["independent pixels", "mixture", "FVSBN", "NADE", "VAE"]
    for row in summary["rows"]:
        assert f"{row['nats']:.2f} ± {row['standard_error']:.2f}" in printed
        assert row["bits_per_dimension"] == pytest.approx(row["nats"] / 64 / 0.6931471805599453)
    assert rows["independent pixels"]["n_parameters"] == 64
    assert rows["FVSBN"]["n_parameters"] == 64 * 65 // 2
    assert rows["independent pixels"]["nats"] == pytest.approx(25.2, abs=0.05)  # depends on the split alone
    assert [recipe["name"] for recipe in summary["recipes"]][:2] == ["fvsbn-digits", "nade-digits"]


def test_every_model_learns_even_in_200_steps(shortened):
    out, _ = shortened
    rows = json.loads((out / "summary.json").read_text())["rows"]
    for row in rows[2:]:
        assert row["nats"] < rows[0]["nats"], row["model"]


# --- what the numbers are of


def test_the_best_parameters_are_reported_on_the_test_part():
    row = Experiment(
        name="x",
        model="vae",
        data="digits",
        init={"hidden_sizes": (8,), "n_latent": 2},
        n_steps=2000,
        step_size=0.3,
        schedule="constant",
        validate_every=7,
        patience=1,
        n_importance=5,
    )
    trained = demo._train(row, Console(file=io.StringIO()))
    assert trained.run.curve[-1, 2] > trained.run.stopping.best  # patience ended it: the last are not the best
    assert trained.params is trained.run.stopping.params
    assert trained.test == preparation.estimate_nll(vae, trained.params, data.digits().thresholded().test, 5)


def test_the_mixture_is_the_best_one_on_the_validation_part(monkeypatch):
    digits, seen = data.digits().thresholded(), []

    def three_is_best(params, x):
        seen.append(x)
        return np.full(len(x), -abs(len(params["log_pi"]) - 3.0))

    monkeypatch.setattr(bernoulli_mixture, "log_prob", three_is_best)
    monkeypatch.setattr(demo, "N_COMPONENTS", (2, 3, 4))
    monkeypatch.setattr(demo, "EM_STEPS", 1)
    assert list(demo._baselines(digits)) == ["independent pixels", "mixture of 3 Bernoullis"]
    assert len(seen) == 3 and all(x is digits.valid for x in seen)


def test_the_parameters_of_a_baseline_are_the_free_ones():
    digits = data.digits().thresholded()
    params = bernoulli_mixture.init_params(np.random.default_rng(0), digits.train, 3)
    row = demo._baseline_row("x", params, 0.0, digits)
    assert row["n_parameters"] == 3 * 64 + 2  # the third weight is what the others leave
    expected = -bernoulli_mixture.log_prob(params, digits.test)
    assert row["nats"] == pytest.approx(expected.mean(), rel=1e-12)
    assert row["bits_per_dimension"] == pytest.approx(expected.mean() / 64 / math.log(2), rel=1e-12)


# --- what the figures are of


def test_the_manifold_is_decoded_on_quantiles_of_the_prior_with_z1_to_the_right(monkeypatch):
    seen = {}
    monkeypatch.setattr(figures, "manifold", lambda probs, z, *rest: seen.update(probs=probs, z=z))
    logits_are_latents = SimpleNamespace(decode=lambda params, z: z)
    trained = SimpleNamespace(prepared=SimpleNamespace(model=logits_are_latents), params=None, caption="")
    demo._manifold_figure(trained, data.digits(), k=5)
    np.testing.assert_allclose(scipy.stats.norm.cdf(seen["z"]), [0.1, 0.3, 0.5, 0.7, 0.9], rtol=1e-6)  # float32
    np.testing.assert_array_equal(seen["probs"][1, 3], sigmoid(seen["z"][[3, 1]]))  # row 1 is z_2, column 3 is z_1


def test_interpolations_go_from_the_image_on_the_left_to_that_on_the_right(monkeypatch, rng):
    seen = {}
    monkeypatch.setattr(figures, "interpolations", lambda a, path, b, *rest: seen.update(a=a, path=path, b=b))
    digits, params = data.digits().thresholded(), vae.init_params(rng, 64, (8,), 2)
    trained = SimpleNamespace(prepared=SimpleNamespace(model=vae), params=params, caption="")
    demo._vae_figures(trained, digits)
    np.testing.assert_array_equal(seen["a"], digits.test[0:10:2])
    np.testing.assert_array_equal(seen["b"], digits.test[1:10:2])
    # sigmoids of float32 sums in another order: a few eps of 1.2e-7
    np.testing.assert_allclose(seen["path"][:, 0], vae.reconstruct(params, seen["a"]), atol=1e-6)
    np.testing.assert_allclose(seen["path"][:, -1], vae.reconstruct(params, seen["b"]), atol=1e-6)


def test_learning_curves_are_against_epochs_of_the_training_part_with_the_baselines_on_validation(
    monkeypatch, tmp_path
):
    shorten(monkeypatch, n_steps=2, n_importance=1)
    monkeypatch.setattr(demo, "N_COMPONENTS", (2,))
    drawn, original = [], figures.learning_curves
    monkeypatch.setattr(figures, "learning_curves", lambda *a: drawn.append(a) or original(*a))
    demo.main(tmp_path, Console(file=io.StringIO()))
    ((curves, baselines, _, steps_per_epoch),) = drawn
    assert list(curves) == ["FVSBN", "NADE", "VAE"]
    assert steps_per_epoch == 1297 // 100
    digits = data.digits().thresholded()
    p = data.marginals(digits.train)
    independent = -(digits.valid @ np.log(p) + (1 - digits.valid) @ np.log1p(-p)).mean()
    assert baselines["independent pixels"] == pytest.approx(independent, rel=1e-10)

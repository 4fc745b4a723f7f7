"""The demo, shortened: every file it names is there, and the numbers are those of the models."""

import dataclasses
import io
import json

import pytest
from matplotlib.image import imread
from rich.console import Console

from npgen import demo, experiments

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


@pytest.fixture(scope="module")
def shortened(tmp_path_factory):
    out = tmp_path_factory.mktemp("demo")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("fvsbn-digits", "nade-digits", "vae-digits", "vae-digits-2d"):
            short = dataclasses.replace(experiments.EXPERIMENTS[name], n_steps=200, n_importance=10)
            patch.setitem(experiments.EXPERIMENTS, name, short)
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

"""results/: the tables are those of the README; the figures are there, small, and those that results/draw.py draws."""

import re
from pathlib import Path

import numpy as np
import pytest
import scipy.stats
from matplotlib.image import imread

from npgen import checkpoint, data, figures, folds, results
from npgen.cli import main
from npgen.errors import InputError
from npgen.recipes import TABLES
from results import draw

KEYS = {"table", "dataset", "model", "nats", "standard_error", "published", "seconds", "seed", "recipe", "n_parameters"}
PAGE = (Path(draw.__file__).parent / "README.md").read_text(encoding="utf-8")


def test_the_page_shows_every_figure_and_each_is_small():
    shown = re.findall(r"!\[[^]]+\]\(figures/([^)]+)\)", PAGE)
    assert sorted(shown) == sorted(path.name for path in draw.FIGURES.iterdir())
    for path in draw.FIGURES.iterdir():
        assert path.stat().st_size < 100_000, path
        assert imread(path).shape[1] <= 1300, path  # more would be shrunk on a page, and its text with it


def test_the_tables_of_the_readme_are_those_of_the_results():
    """If not: python -m npgen.results README.md results"""
    folder = Path(draw.__file__).parent
    page = (folder.parent / "README.md").read_text(encoding="utf-8")
    assert results.with_tables(page, folder) == page
    for path in folder.glob("*.json"):
        assert f"<!-- results/{path.name} -->" in page
        rows = results.read(path)
        assert rows and all(row.keys() == KEYS and row["nats"] > 0 for row in rows)
        assert path.with_suffix(".md").read_text(encoding="utf-8") == results.markdown(TABLES[path.stem], rows)


def train(model, out, *arguments):
    steps = ("--steps", "10", "--validate-every", "5")
    with pytest.raises(SystemExit) as ended:
        main(["train", model, "--data", *map(str, arguments), *steps, "--out", str(out)])
    assert ended.value.code == 0


def test_every_figure_of_the_page_is_drawn_again(tmp_path, monkeypatch, rng):
    x = rng.standard_normal((200, 3))
    monkeypatch.setitem(data.LOADERS, "red_wine", lambda: folds.cross_validation("red_wine", x, "abc", 1))
    models = ["rnade", "fvsbn", "nade", "made", "orderless_nade", "categorical_nade"]
    for model in models:
        train(model, tmp_path / f"{model}.npz", "red_wine" if model == "rnade" else "digits")
    out = tmp_path / "figures"
    lines = list(draw.main([tmp_path / f"{model}.npz" for model in models], out))
    drawn = sorted(path.name for path in out.iterdir())
    assert drawn == sorted(path.name for path in draw.FIGURES.iterdir())
    assert sorted(Path(line.split(": ")[0]).name for line in lines) == drawn


def test_a_bad_checkpoint_is_found_before_anything_is_drawn(tmp_path):
    train("fvsbn", tmp_path / "run.npz", "digits")
    arrays, _ = checkpoint.load(tmp_path / "run.npz")
    checkpoint.save(tmp_path / "other.npz", arrays, {"recipe": None})
    with pytest.raises(InputError, match=r"other\.npz: its recipe"):
        list(draw.main([tmp_path / "run.npz", tmp_path / "other.npz"], tmp_path / "figures"))
    assert not (tmp_path / "figures").exists()


# --- the figures that need no checkpoint


@pytest.fixture
def arguments(monkeypatch):
    """`arguments("em_progress", draw)`: what the function of npgen.figures got when `draw` was called."""

    def of(name, function):
        calls, original = [], getattr(figures, name)
        monkeypatch.setattr(figures, name, lambda *args: calls.append(args) or original(*args))
        function()
        (call,) = calls
        return call

    return of


def test_em_on_iris_never_falls_and_its_stages_are_on_the_curve(arguments):
    x, labels, stages, curve, caption, columns, _ = arguments("em_progress", draw.em_on_iris)
    assert x.shape == (150, 2) and len(labels) == 150 and columns == ["sepal length (cm)", "petal length (cm)"]
    assert (np.diff(curve) > -1e-12).all() and len(curve) == 101  # EM's promise, up to rounding
    for step, (weights, means, covariances) in stages.items():
        of_each = [
            np.log(weight) + gaussian_log_density(x, mean, covariance)
            for weight, mean, covariance in zip(weights, means, covariances, strict=True)
        ]
        assert np.logaddexp.reduce(of_each).mean() == pytest.approx(curve[step], rel=1e-10)
    assert f"{curve[-1]:.3f} after 100 steps" in caption


def gaussian_log_density(x, mean, covariance):

    return scipy.stats.multivariate_normal(mean, covariance).logpdf(x)


def test_class_densities_of_iris_are_densities(arguments):
    edges, histograms, grid, densities, (by_bin, by_value), *_ = arguments("class_densities", draw.classes_of_iris)
    np.testing.assert_allclose(np.diff(edges) @ histograms, 1)
    np.testing.assert_allclose(by_bin.sum(axis=1), 1)
    np.testing.assert_allclose(by_value.sum(axis=1), 1)
    inside = (grid[1] - grid[0]) * densities.sum(axis=0)
    np.testing.assert_allclose(inside, 1, atol=0.006)  # virginica: 0.3 % beyond each end, 2.7 standard deviations away
    iris = data.iris()
    counts = [np.sum(iris.x[iris.labels == y, 0] < edges[1]) for y in range(3)]
    np.testing.assert_allclose(by_bin[0], np.array(counts) / sum(counts))


def test_tables_of_tennis_are_counted(arguments):
    rows, outlook, tennis, caption = arguments("probability_tables", draw.tables_of_tennis)
    counted, smoothed = rows.values()
    joint = np.zeros((3, 2))
    for day in data.tennis().only("Outlook", "Tennis").x:
        joint[tuple(day)] += 1
    np.testing.assert_allclose(counted["p(outlook, tennis)"], joint / 14)
    np.testing.assert_allclose(smoothed["p(outlook, tennis)"], (joint + 1) / 20)
    np.testing.assert_allclose(counted["p(tennis | outlook)"][outlook.index("Overcast")], [0, 1])
    np.testing.assert_allclose(counted["p(outlook | tennis)"].sum(axis=0), 1)
    assert tennis == ("No", "Yes") and "14 days" in caption


def test_the_heaviest_components_of_the_mixture_are_alive(arguments):
    grids, *_ = arguments("image_grids", draw.mixture_of_digits)
    components, samples = grids.values()
    assert components.shape == samples.shape == (25, 64)
    assert (np.ptp(components, axis=1) > 0.5).all()  # a component that died out is the same grey everywhere
    assert set(np.unique(samples)) == {0, 1}

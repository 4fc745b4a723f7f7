"""Draws every figure of results/README.md: `python results/draw.py CHECKPOINT...`.

The figures of a checkpoint are those of `npgen sample`, `conditionals`, `complete` and `densities`, named after
its model, such as figures/nade-samples.png. Without checkpoints only those figures are drawn that need none.
"""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from npgen import checkpoint, commands, data, figures, preparation
from npgen.distributions import sigmoid
from npgen.errors import InputError
from npgen.models import bernoulli_mixture, gaussian_mixture, tables

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FIGURES = Path(__file__).parent / "figures"


def main(checkpoints: list[Path], out: Path = FIGURES) -> Iterator[str]:
    """Draw the figures into the folder `out`, one after another; gives a line for each."""
    models = [_model_of(path) for path in checkpoints]  # all are looked at before anything is drawn
    for name, draw in WITHOUT_CHECKPOINT.items():
        figures.save(draw(), out / name)
        yield str(out / name)
    for model, path in zip(models, checkpoints, strict=True):
        yield commands.sample(path, None, 0, out / f"{model}-samples.png")
        if model in CONDITIONALS:
            yield commands.conditionals(path, out / f"{model}-conditionals.png")
        if model in COMPLETIONS:
            yield commands.complete(path, 0, out / f"{model}-completions.png")
        if model in DENSITIES:
            yield commands.densities(path, out / f"{model}-densities.png")


COMPLETIONS = ("nade", "made", "orderless_nade")
DENSITIES = ("rnade",)
CONDITIONALS = ("fvsbn", "categorical_nade", *COMPLETIONS, *DENSITIES)


def _model_of(path):
    _, facts = checkpoint.load(path)
    return preparation.from_recipe(facts.get("recipe"), path).model


# --- figures that need no checkpoint ---------------------------------------------------------------------------------


def em_on_iris() -> "Figure":
    """A mixture of three Gaussians on two measurements of Iris, as EM goes on."""
    iris = data.iris()
    x, seed, n_steps = iris.x[:, [0, 2]], 2, 100
    steps = [gaussian_mixture.init_params(np.random.default_rng(seed), x, 3)]
    for _ in range(n_steps):
        steps.append(gaussian_mixture.em_step(steps[-1], x))
    curve = np.array([gaussian_mixture.log_prob(params, x).mean() for params in steps])
    stages = {
        step: (np.exp(steps[step]["log_pi"]), steps[step]["means"], gaussian_mixture.covariances(steps[step]))
        for step in (0, 3, 30, n_steps)
    }
    caption = (
        "Mixture of 3 Gaussians, full covariance, fitted by EM to 2 of the 4 measurements of all 150 irises from a "
        f"k-means++ start: log-likelihood {curve[0]:.3f} nats per flower at the start, {curve[-1]:.3f} after {n_steps} "
        f"steps, seed {seed}. Ellipses: 1 and 2 standard deviations; numbers: weights. The mixture does not see the "
        "species."
    )
    columns = [f"{iris.columns[d]} (cm)" for d in (0, 2)]
    return figures.em_progress(x, iris.labels, stages, curve, caption, columns, iris.classes)


def classes_of_iris() -> "Figure":
    """Sepal length in the three species: histograms and Gaussians, and Bayes' rule."""
    iris = data.iris()
    v, n_classes = iris.x[:, 0], len(iris.classes)
    edges = np.round(np.linspace(4.3, 7.9, 10), 1)
    of_each = [tables.fit_histogram(v[iris.labels == y], edges)["log_density"] for y in range(n_classes)]
    gaussians = tables.fit_classes(v, iris.labels, n_classes)
    grid = np.linspace(4, 8.4, 400)
    counted = np.stack([tables.bin_of(v, edges), iris.labels], axis=1)
    by_bin = tables.conditional(tables.joint_table(counted, (len(edges) - 1, n_classes)), 0)
    nll_histogram = -tables.histogram_log_prob(tables.fit_histogram(v, edges), v).mean()
    joint = np.exp(gaussians["log_prior"] + tables.class_log_prob(gaussians, v))
    nll_gaussians = -np.log(joint.sum(axis=1)).mean()
    caption = (
        f"Sepal length of the 150 irises, all used to fit: {nll_histogram:.3f} nats per flower by one histogram "
        f"of all species ({len(edges) - 1} bins), {nll_gaussians:.3f} by a Gaussian for each species. Counted: no seed."
    )
    return figures.class_densities(
        edges,
        np.exp(np.stack(of_each, axis=1)),
        grid,
        np.exp(tables.class_log_prob(gaussians, grid)),
        (by_bin, tables.class_posterior(gaussians, grid)),
        caption,
        iris.classes,
        "sepal length v (cm)",
    )


def tables_of_tennis() -> "Figure":
    """The joint and the conditional tables of Outlook and Tennis, without and with Laplace smoothing."""
    tennis = data.tennis().only("Outlook", "Tennis")
    rows, nll = {}, []
    for label, smoothing in (("relative\nfrequencies", 0), ("Laplace\nsmoothing, α = 1", 1)):
        joint = tables.joint_table(tennis.x, tennis.n_categories, smoothing)
        rows[label] = {
            "p(outlook, tennis)": joint,
            "p(tennis | outlook)": tables.conditional(joint, 0),
            "p(outlook | tennis)": tables.conditional(joint, 1),
        }
        nll.append(-np.log(joint[tuple(tennis.x.T)]).mean())
    caption = (
        f"Tables of Outlook and Tennis by counting the {len(tennis.x)} days of PlayTennis: {nll[0]:.3f} nats per day "
        f"without smoothing, {nll[1]:.3f} with it. Smoothing adds 1 to each of the six counts. No seed."
    )
    return figures.probability_tables(rows, *tennis.categories, caption)


def mixture_of_digits() -> "Figure":
    """A mixture of Bernoullis on the binary digits: its heaviest components, for some die out, and samples."""
    digits, n_components, n_steps, n_shown, seed = data.digits().thresholded(), 40, 60, 25, 0
    rng = np.random.default_rng(seed)
    params = bernoulli_mixture.init_params(rng, digits.train, n_components)
    for _ in range(n_steps):
        params = bernoulli_mixture.em_step(params, digits.train)
    nll = -bernoulli_mixture.log_prob(params, digits.valid).mean()
    heaviest = np.argsort(-params["log_pi"])[:n_shown]
    grids = {
        f"the {n_shown} heaviest components: p(ink | k)": sigmoid(params["logits"][heaviest]),
        f"{n_shown} samples": bernoulli_mixture.sample(params, rng, n_shown),
    }
    caption = (
        f"Mixture of {n_components} Bernoullis on digits, {n_steps} steps of EM: validation {nll:.2f} nats per image, "
        f"seed {seed}"
    )
    return figures.image_grids(grids, digits.image_shape, caption)


WITHOUT_CHECKPOINT: dict[str, Callable[[], "Figure"]] = {
    "tables-tennis.png": tables_of_tennis,
    "tables-iris.png": classes_of_iris,
    "gaussian_mixture-iris.png": em_on_iris,
    "bernoulli_mixture-digits.png": mixture_of_digits,
}


if __name__ == "__main__":
    try:
        for line in main([Path(argument) for argument in sys.argv[1:]]):
            print(line)
    except InputError as error:
        print(f"draw: {error}", file=sys.stderr)
        sys.exit(2)

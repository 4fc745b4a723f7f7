"""Arrays to matplotlib figures. Nothing here trains a model or opens a window.

Ink is dark on white; lines differ in colour (Okabe and Ito's palette, told apart by the colour-blind) and in style.
Each figure carries a caption that says which model, which data, how many nats and which seed.
"""

import math
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from npgen.errors import InputError
from npgen.files import atomic_write

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STYLE = {
    "font.size": 10,
    "axes.titlesize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "lines.linewidth": 1.6,
}
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"]  # Okabe and Ito
DOTS_PER_INCH = 120
CAPTION_LETTERS = 13  # for each inch of width: more would be cut off


def save(figure: "Figure", path: str | Path) -> None:
    """Write the figure as a PNG file, atomically."""
    with atomic_write(path) as file:
        figure.savefig(file, format="png", dpi=DOTS_PER_INCH)


GAP = 1  # pixels between two images


def mosaic(images: np.ndarray, image_shape: tuple[int, int]) -> np.ndarray:
    """Images in rows and columns as one picture, with transparent pixels (NaN) between them.

    Parameters
    ----------
    images : array (n_rows, n_columns, D)
    image_shape : (height, width), D = height * width

    Returns
    -------
    array (n_rows * (height + GAP) - GAP, n_columns * (width + GAP) - GAP)
    """
    n_rows, n_columns, n_pixels = images.shape
    height, width = _require_images(image_shape, n_pixels)
    cells = np.full((n_rows, height + GAP, n_columns, width + GAP), np.nan)
    cells[:, :height, :, :width] = images.reshape(n_rows, n_columns, height, width).transpose(0, 2, 1, 3)
    return cells.reshape(n_rows * (height + GAP), n_columns * (width + GAP))[:-GAP, :-GAP]


def _require_images(image_shape, n_pixels):
    """`image_shape`; InputError if the examples are no images, as in data sets whose `image_shape` is None."""
    if image_shape is None or math.prod(image_shape) != n_pixels:
        raise InputError(f"expected images of {n_pixels} pixels; found the image shape {image_shape}")
    return image_shape


def image_grid(
    images: np.ndarray, image_shape: tuple[int, int], caption: str, n_columns: int = 5, title: str = ""
) -> "Figure":
    """The images (n, D) in a grid, filled row by row; n need not fill the last row."""
    _require_images(image_shape, images.shape[1])
    n_rows = -(-len(images) // n_columns)
    blank = np.full((n_rows * n_columns - len(images), images.shape[1]), np.nan)
    grid = np.concatenate([images, blank]).reshape(n_rows, n_columns, -1)
    figure, axes = _figure(caption, size=(1.1 * n_columns, 1.1 * n_rows * image_shape[0] / image_shape[1]))
    _show(axes, grid, image_shape)
    axes.set_title(title)
    return figure


def image_grids(grids: dict[str, np.ndarray], image_shape: tuple[int, int], caption: str) -> "Figure":
    """Grids of images side by side, {title: (n, D)}; n is a square."""
    n_columns = math.isqrt(len(next(iter(grids.values()))))
    figure, all_axes = _figure(
        caption, size=(len(grids) * 0.75 * n_columns + 0.5, 0.75 * n_columns + 0.3), n_axes=len(grids)
    )
    for axes, (title, images) in zip(all_axes, grids.items(), strict=True):
        _show(axes, images.reshape(n_columns, n_columns, -1), image_shape)
        axes.set_title(title)
    return figure


def image_rows(rows: dict[str, np.ndarray], image_shape: tuple[int, int], caption: str) -> "Figure":
    """One labelled row of images for each entry, {label: (n_columns, D)}."""
    grid = np.stack(list(rows.values()))
    figure, axes = _figure(caption, size=(0.9 * grid.shape[1] + 1.2, 0.9 * len(rows)))
    _show(axes, grid, image_shape)
    axes.set_yticks(_centres(len(rows), image_shape[0]), list(rows))
    return figure


def image_and_probability(
    images: np.ndarray, probs: np.ndarray, image_shape: tuple[int, int], caption: str, titles: tuple[str, str]
) -> "Figure":
    """Binary images (n, D) on the left; on the right, at the same places, the probability of each pixel."""
    n_columns = int(np.ceil(np.sqrt(len(images))))
    figure, (left, right) = _figure(caption, size=(2 * 0.95 * n_columns + 1, 0.95 * n_columns), n_axes=2)
    for axes, values, title in ((left, images, titles[0]), (right, probs, titles[1])):
        shown = _show(axes, values.reshape(-1, n_columns, values.shape[1]), image_shape)
        axes.set_title(title)
    figure.colorbar(shown, ax=right, shrink=0.8, label="probability of ink")
    return figure


def interpolations(
    x_from: np.ndarray, path: np.ndarray, x_to: np.ndarray, image_shape: tuple[int, int], caption: str
) -> "Figure":
    """A row for each pair: a real image, the decoded steps (n, n_steps, D) towards the other, the other real image."""
    n_steps = path.shape[1]
    grid = np.concatenate([x_from[:, None], path, x_to[:, None]], axis=1)
    figure, axes = _figure(caption, size=(0.8 * grid.shape[1], 0.8 * len(grid) + 0.4))
    _show(axes, grid, image_shape)
    labels = ["start", *(f"{i / (n_steps - 1):.2g}" for i in range(n_steps)), "end"]
    centres = _centres(len(labels), image_shape[1])
    axes.set_xticks(centres, labels)
    axes.xaxis.tick_top()
    for edge in (centres[:2].mean(), centres[-2:].mean()):
        axes.axvline(edge, color=COLOURS[1], linewidth=2)
    axes.set_xlabel("between the lines: decoded at this fraction of the way between the two latent means")
    return figure


def manifold(probs: np.ndarray, z: np.ndarray, image_shape: tuple[int, int], caption: str) -> "Figure":
    """What a model with two latents decodes on a square grid: probs (k, k, D) at z_1 = z[column], z_2 = z[row]."""
    _require_images(image_shape, probs.shape[-1])
    k = len(z)
    figure, axes = _figure(caption, size=(0.34 * k + 0.6, 0.34 * k + 0.3))
    _show(axes, probs[::-1], image_shape)  # z_2 grows upwards
    shown = np.linspace(0, k - 1, 7).round().astype(int)
    axes.set_xticks(_centres(k, image_shape[1])[shown], [f"{value:.2f}" for value in z[shown]])
    axes.set_yticks(_centres(k, image_shape[0])[shown], [f"{value:.2f}" for value in z[::-1][shown]])
    axes.set_xlabel("$z_1$")
    axes.set_ylabel("$z_2$")
    return figure


def learning_curves(
    curves: dict[str, np.ndarray], baselines: dict[str, float], caption: str, steps_per_epoch: int
) -> "Figure":
    """Nats on the training batches (dashed) and on the validation part (solid) against epochs.

    Parameters
    ----------
    curves : {label: array (n, 3)}
        Rows (step, training nats, validation nats).
    baselines : {label: nats}
        Drawn as dotted horizontal lines.
    """
    figure, axes = _figure(caption, size=(7, 4.2))
    for colour, (label, curve) in zip(COLOURS, curves.items(), strict=False):
        epochs = curve[:, 0] / steps_per_epoch
        axes.plot(epochs, curve[:, 1], "--", color=colour, linewidth=1)
        axes.plot(epochs, curve[:, 2], color=colour, label=label)
    for label, nats in baselines.items():
        axes.axhline(nats, color="0.4", linestyle=":", linewidth=1.2)
        axes.annotate(f" {label}", (1, nats), xycoords=("axes fraction", "data"), va="center", color="0.3")
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set_xlabel("epochs (logarithmic scale)")
    axes.set_ylabel("negative log-likelihood (nats per image)")
    axes.legend(
        title="solid: validation\ndashed: training, mean since\nthe point before",
        loc="center left",
        bbox_to_anchor=(1, 0.55),
    )
    return figure


MARKERS = ["o", "s", "^", "D", "v", "P"]
DASHES = ["-", "--", "-.", ":", (0, (5, 1, 1, 1)), (0, (1, 1))]


def em_progress(
    x: np.ndarray,
    labels: np.ndarray,
    stages: dict[int, tuple[np.ndarray, np.ndarray, np.ndarray]],
    curve: np.ndarray,
    caption: str,
    columns: Sequence[str],
    classes: Sequence[str],
) -> "Figure":
    """A mixture of Gaussians on two variables as EM goes on: a panel for each stage, then the log-likelihood.

    Parameters
    ----------
    x : array (n, 2)
        The examples; `labels` (n,) are their classes, which the mixture does not see.
    stages : {step: (weights (K,), means (K, 2), covariances (K, 2, 2))}
        Drawn as ellipses at one and two standard deviations.
    curve : array (n_steps + 1,)
        Mean log-likelihood before the first step and after each.
    columns, classes : names
    """
    figure, axes = _figure(caption, size=(3.3 * (len(stages) + 1), 3.2), n_axes=len(stages) + 1)
    for panel, (step, (weights, means, covariances)) in zip(axes, stages.items(), strict=False):
        for y, name in enumerate(classes):
            chosen = x[labels == y]
            panel.scatter(*chosen.T, s=14, color=COLOURS[y], marker=MARKERS[y], alpha=0.55, linewidth=0, label=name)
        for weight, mean, covariance in zip(weights, means, covariances, strict=True):
            for radius, dashes in ((1, "-"), (2, "--")):
                panel.plot(*_ellipse(mean, covariance, radius), color="black", linestyle=dashes, linewidth=1.1)
            panel.plot(*mean, "+", color="black", markersize=8, markeredgewidth=1.6)
            panel.annotate(f"{weight:.2f}", mean, xytext=(6, 6), textcoords="offset points", fontsize=8, bbox=_LABEL)
        panel.set_title("start" if step == 0 else f"after {step} step{'s' if step > 1 else ''}")
        panel.set_xlabel(columns[0])
        low, high = x.min(axis=0), x.max(axis=0)
        margin = 0.15 * (high - low)
        panel.set_xlim(low[0] - margin[0], high[0] + margin[0])
        panel.set_ylim(low[1] - margin[1], high[1] + margin[1])
    axes[0].set_ylabel(columns[1])
    axes[0].legend(loc="upper left", fontsize=8, handletextpad=0.2)
    axes[-1].plot(curve, color=COLOURS[0])
    axes[-1].plot(list(stages), curve[list(stages)], "o", color=COLOURS[1], label="drawn on the left")
    axes[-1].set_title("log-likelihood")
    axes[-1].set_xscale("symlog", linthresh=1)
    axes[-1].xaxis.set_major_formatter("{x:g}")
    axes[-1].set_xlim(left=-0.2)
    axes[-1].set_xlabel("EM step (logarithmic from 1 on)")
    axes[-1].set_ylabel("nats per example")
    axes[-1].legend(loc="lower right", fontsize=8)
    return figure


_LABEL = {"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.8}


def _ellipse(mean, covariance, radius):
    """The points at `radius` standard deviations from the mean, (2, 100)."""
    angles = np.linspace(0, 2 * np.pi, 100)
    circle = np.stack([np.cos(angles), np.sin(angles)])
    return mean[:, None] + radius * np.dot(np.linalg.cholesky(covariance), circle)


def class_densities(
    edges: np.ndarray,
    histograms: np.ndarray,
    grid: np.ndarray,
    densities: np.ndarray,
    posteriors: tuple[np.ndarray, np.ndarray],
    caption: str,
    classes: Sequence[str],
    variable: str,
) -> "Figure":
    """A real number in C classes: p(v | y) by histograms and by Gaussians on the left, p(y | v) on the right.

    Parameters
    ----------
    edges : array (M + 1,)
    histograms : array (M, C)
        p(v | y) in each bin.
    grid, densities : arrays (n,) and (n, C)
        p(v | y) of the Gaussians.
    posteriors : arrays (M, C) and (n, C)
        p(y | bin of v), NaN in empty bins, and p(y | v) of the Gaussians.
    """
    figure, all_axes = _figure(caption, size=(11, 4), n_axes=2)
    by_bin, by_value = posteriors
    titles = (
        "p(v | y): histograms (filled), Gaussians (lines)",
        "p(y | v): in each bin (steps), by Bayes' rule (lines)",
    )
    for axes, in_bins, lines, title in zip(all_axes, (histograms, by_bin), (densities, by_value), titles, strict=True):
        for y, name in enumerate(classes):
            axes.plot(grid, lines[:, y], color=COLOURS[y], linestyle=DASHES[y], linewidth=2, label=name)
            if axes is all_axes[0]:
                axes.stairs(in_bins[:, y], edges, fill=True, color=COLOURS[y], alpha=0.22)
            axes.stairs(in_bins[:, y], edges, baseline=None, color=COLOURS[y], linestyle=DASHES[y], linewidth=0.9)
        axes.set_title(title)
        axes.set_xlabel(variable)
    all_axes[0].set_ylabel("density")
    all_axes[0].legend()
    all_axes[1].set_ylabel("probability")
    all_axes[1].set_ylim(-0.02, 1.02)
    return figure


def probability_tables(
    rows: dict[str, dict[str, np.ndarray]], row_names: Sequence[str], column_names: Sequence[str], caption: str
) -> "Figure":
    """Tables of probabilities with their numbers, {row of panels: {title: (R, C)}}; all have the same categories."""
    n_panels = len(next(iter(rows.values())))
    width, height = 0.8 * len(column_names) + 1.2, 0.55 * len(row_names) + 0.9
    figure, all_axes = _figure(caption, (width * n_panels + 0.4, height * len(rows)), n_panels, len(rows))
    for line, (label, tables) in zip(np.reshape(all_axes, (len(rows), n_panels)), rows.items(), strict=True):
        for axes, (title, table) in zip(line, tables.items(), strict=True):
            shown = axes.imshow(table, cmap="Blues", vmin=0, vmax=1, aspect="auto")
            for (i, j), p in np.ndenumerate(table):
                axes.text(j, i, f"{p:.3f}", ha="center", va="center", color="white" if p > 0.65 else "black")
            axes.set_title(title)
            axes.set_xticks(range(len(column_names)), column_names)
            axes.set_yticks(range(len(row_names)), row_names)
            axes.tick_params(length=0)
        line[0].set_ylabel(label)
    figure.colorbar(shown, ax=all_axes, shrink=0.8, label="probability")
    return figure


def _figure(caption: str, size: Sequence[float], n_axes: int = 1, n_rows: int = 1):
    """A figure of our style with a caption below, and its axes: `n_axes` in each row."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(max(size[0], 4.5), size[1] + 0.7), layout="constrained")
        axes = figure.subplots(n_rows, n_axes)
        lines = textwrap.fill(caption, int(CAPTION_LETTERS * figure.get_figwidth()))
        figure.supxlabel(lines, fontsize=8, color="0.25")
    return figure, axes


def _show(axes, grid, image_shape):
    """Draw the mosaic of a grid of images in [0, 1], without ticks or frame."""
    shown = axes.imshow(mosaic(grid, image_shape), cmap="Greys", vmin=0, vmax=1, interpolation="nearest")
    axes.set_facecolor("#DCE6F0")  # the gaps, so that white images keep an edge
    axes.set_xticks([])
    axes.set_yticks([])
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    return shown


def _centres(n_cells, cell_size):
    return np.arange(n_cells) * (cell_size + GAP) + (cell_size - 1) / 2

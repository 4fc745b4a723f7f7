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
    n_rows, n_columns, _ = images.shape
    height, width = image_shape
    cells = np.full((n_rows, height + GAP, n_columns, width + GAP), np.nan)
    cells[:, :height, :, :width] = images.reshape(n_rows, n_columns, height, width).transpose(0, 2, 1, 3)
    return cells.reshape(n_rows * (height + GAP), n_columns * (width + GAP))[:-GAP, :-GAP]


def image_grid(
    images: np.ndarray, image_shape: tuple[int, int], caption: str, n_columns: int = 5, title: str = ""
) -> "Figure":
    """The images (n, D) in a grid, filled row by row; n need not fill the last row."""
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


def _figure(caption: str, size: Sequence[float], n_axes: int = 1):
    """A figure of our style with a caption below, and its axes."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(max(size[0], 4.5), size[1] + 0.7), layout="constrained")
        axes = figure.subplots(1, n_axes)
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

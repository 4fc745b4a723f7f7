"""Images as figures: grids, rows, what lies between two of them, and what a model expects of each pixel."""

import math
from typing import TYPE_CHECKING

import numpy as np

from npgen.errors import InputError
from npgen.figures.style import COLOURS, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

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
    figure, axes = new_figure(caption, size=(1.1 * n_columns, 1.1 * n_rows * image_shape[0] / image_shape[1]))
    _show(axes, grid, image_shape)
    axes.set_title(title)
    return figure


def image_grids(grids: dict[str, np.ndarray], image_shape: tuple[int, int], caption: str) -> "Figure":
    """Grids of images side by side, {title: (n, D)}; n is a square."""
    n_columns = math.isqrt(len(next(iter(grids.values()))))
    figure, all_axes = new_figure(
        caption, size=(len(grids) * 0.75 * n_columns + 0.5, 0.75 * n_columns + 0.3), n_axes=len(grids)
    )
    for axes, (title, images) in zip(all_axes, grids.items(), strict=True):
        _show(axes, images.reshape(n_columns, n_columns, -1), image_shape)
        axes.set_title(title)
    return figure


def image_rows(rows: dict[str, np.ndarray], image_shape: tuple[int, int], caption: str) -> "Figure":
    """One labelled row of images for each entry, {label: (n_columns, D)}."""
    grid = np.stack(list(rows.values()))
    figure, axes = new_figure(caption, size=(0.9 * grid.shape[1] + 1.2, 0.9 * len(rows)))
    _show(axes, grid, image_shape)
    axes.set_yticks(_centres(len(rows), image_shape[0]), list(rows))
    return figure


def image_and_probability(
    images: np.ndarray, probs: np.ndarray, image_shape: tuple[int, int], caption: str, titles: tuple[str, str]
) -> "Figure":
    """Binary images (n, D) on the left; on the right, at the same places, the probability of each pixel."""
    n_columns = int(np.ceil(np.sqrt(len(images))))
    figure, (left, right) = new_figure(caption, size=(2 * 0.95 * n_columns + 1, 0.95 * n_columns), n_axes=2)
    for axes, values, title in ((left, images, titles[0]), (right, probs, titles[1])):
        shown = _show(axes, values.reshape(-1, n_columns, values.shape[1]), image_shape)
        axes.set_title(title)
    figure.colorbar(shown, ax=right, shrink=0.8, label="probability of ink")
    return figure


def completions(
    x: np.ndarray, observed: np.ndarray, drawn: np.ndarray, image_shape: tuple[int, int], caption: str
) -> "Figure":
    """Rows: what is given of each image; the completions, drawn pixels in another colour; the images themselves.

    Parameters
    ----------
    x : array (n, D)
        The whole images, of which only the pixels that are `observed`, bool (D,), were given.
    drawn : array (m, n, D)
        m completions of each.
    """
    given = np.where(observed, x, np.nan)
    n_drawn = len(drawn)
    figure, axes = new_figure(caption, size=(0.7 * len(x) + 1.2, 0.7 * (n_drawn + 2)))
    _show(axes, np.concatenate([given[None], drawn, x[None]]), image_shape)
    nothing = np.full_like(given, np.nan)[None]
    coloured = np.concatenate([nothing, np.where(observed, np.nan, drawn), nothing])
    _show(axes, coloured, image_shape, cmap=_white_to(COLOURS[0]))
    labels = ["given", *(f"completion {i + 1}" for i in range(n_drawn)), "the image"]
    axes.set_yticks(_centres(n_drawn + 2, image_shape[0]), labels)
    return figure


def observed_and_expected(
    x: np.ndarray, observed: np.ndarray, probs: np.ndarray, image_shape: tuple[int, int], caption: str
) -> "Figure":
    """Two rows for each image (n, D): what is observed of it, more from column to column, and what is expected.

    Parameters
    ----------
    observed : bool array (m, D)
        The pixels that are observed in each column.
    probs : array (m, n, D)
        p(x_d = 1 | the observed pixels) in each column.
    """
    seen = np.where(observed[:, None], x, np.nan)
    rows = np.stack([seen, probs], axis=2)  # (m, n, 2, D)
    grid = np.moveaxis(rows, 0, 2).reshape(2 * len(x), len(observed), -1)
    figure, axes = new_figure(caption, size=(0.9 * len(observed) + 1.6, 0.9 * len(grid)))
    shown = _show(axes, grid, image_shape)
    axes.set_yticks(_centres(len(grid), image_shape[0]), ["observed", "expected"] * len(x))
    axes.set_xticks(_centres(len(observed), image_shape[1]), [f"{n} pixels" for n in observed.sum(axis=1)])
    axes.xaxis.tick_top()
    figure.colorbar(shown, ax=axes, shrink=0.8, label="probability of ink")
    return figure


def interpolations(
    x_from: np.ndarray, path: np.ndarray, x_to: np.ndarray, image_shape: tuple[int, int], caption: str
) -> "Figure":
    """A row for each pair: a real image, the decoded steps (n, n_steps, D) towards the other, the other real image."""
    n_steps = path.shape[1]
    grid = np.concatenate([x_from[:, None], path, x_to[:, None]], axis=1)
    figure, axes = new_figure(caption, size=(0.8 * grid.shape[1], 0.8 * len(grid) + 0.4))
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
    figure, axes = new_figure(caption, size=(0.34 * k + 0.6, 0.34 * k + 0.3))
    _show(axes, probs[::-1], image_shape)  # z_2 grows upwards
    shown = np.linspace(0, k - 1, 7).round().astype(int)
    axes.set_xticks(_centres(k, image_shape[1])[shown], [f"{value:.2f}" for value in z[shown]])
    axes.set_yticks(_centres(k, image_shape[0])[shown], [f"{value:.2f}" for value in z[::-1][shown]])
    axes.set_xlabel("$z_1$")
    axes.set_ylabel("$z_2$")
    return figure


def _show(axes, grid, image_shape, cmap="Greys"):
    """Draw the mosaic of a grid of images in [0, 1], without ticks or frame; NaN is transparent."""
    shown = axes.imshow(mosaic(grid, image_shape), cmap=cmap, vmin=0, vmax=1, interpolation="nearest")
    axes.set_facecolor("#DCE6F0")  # the gaps, so that white images keep an edge
    axes.set_xticks([])
    axes.set_yticks([])
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    return shown


def _white_to(colour):
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("ink", ["white", colour])


def _centres(n_cells, cell_size):
    return np.arange(n_cells) * (cell_size + GAP) + (cell_size - 1) / 2

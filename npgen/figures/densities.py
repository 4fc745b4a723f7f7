"""Probabilities and densities as figures: lines against histograms, tables with their numbers."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from npgen.figures.style import COLOURS, DASHES, MARKERS, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


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
    figure, all_axes = new_figure(caption, size=(10, 4), n_axes=2)
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
    figure, all_axes = new_figure(caption, (width * n_panels + 0.4, height * len(rows)), n_panels, len(rows))
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


def category_probabilities(
    x: np.ndarray, probs: np.ndarray, image_shape: tuple[int, int], caption: str, variable: str
) -> "Figure":
    """Each image of grey levels 0..K-1 (n, D) beside p(x_d = k | x_<d), (n, D, K), the true levels as points.

    The shades follow the square root of the probability, so that small ones can be seen.
    """
    from matplotlib.colors import PowerNorm

    n, D, K = probs.shape
    figure, all_axes = new_figure(caption, (10, 1.9 * n + 0.4), 2, n, width_ratios=(1, 5), squeeze=False)
    for (left, right), image, table in zip(all_axes, x, probs, strict=True):
        left.imshow(image.reshape(image_shape), cmap="Greys", vmin=0, vmax=K - 1, interpolation="nearest")
        left.set_axis_off()
        shown = right.imshow(
            table.T, cmap="Blues", norm=PowerNorm(0.5, 0, 1), origin="lower", aspect="auto", interpolation="nearest"
        )
        right.plot(np.arange(D), image, ".", color=COLOURS[1], markersize=min(5, 400 / D), label="what it is")
        right.set_ylabel(variable)
        right.set_yticks(np.linspace(0, K - 1, 3).astype(int))
        right.set_xticks(np.arange(0, D, image_shape[1]), labels=[])
    right.set_xticks(np.arange(0, D, image_shape[1]), [str(d + 1) for d in range(0, D, image_shape[1])])
    right.set_xlabel("pixel d, line by line")
    all_axes[0, 0].set_title("the image")
    all_axes[0, 1].set_title("$p(x_d = k\\,|\\,x_{<d})$ (shades), and what $x_d$ is (points)")
    figure.colorbar(shown, ax=all_axes[:, 1], shrink=0.9, label="probability", ticks=[0, 0.05, 0.2, 0.5, 1])
    return figure


N_BINS = 16
PANELS_IN_A_ROW = 4


def marginal_densities(
    x: np.ndarray, grid: np.ndarray, densities: np.ndarray, caption: str, columns: Sequence[str]
) -> "Figure":
    """p(x_d) of every variable, one panel each: by a model (lines) and by a histogram of examples.

    Where measurements are rounded, a model may put narrow peaks on common values. What is above twice the highest
    bar is cut off: the rest could not be seen beside it.

    Parameters
    ----------
    x : array (n, D)
        The examples.
    grid, densities : arrays (D, m)
        Values of each variable, and the density there; in the units of x.
    columns : the names of the D variables
    """
    figure, panels = _panels(caption, columns)
    for d, axes in enumerate(panels):
        bars, _, _ = axes.hist(
            x[:, d], N_BINS, density=True, color=COLOURS[4], alpha=0.5, label=f"histogram of {len(x)} test examples"
        )
        axes.plot(grid[d], densities[d], color=COLOURS[0], label="density of the model")
        highest = max(bars.max(), densities[d].max())
        axes.set_ylim(0, 1.05 * min(highest, 2 * bars.max()))
    _label_density(panels)
    _legend(figure, panels)
    return figure


def conditional_densities(
    grid: np.ndarray,
    marginals: np.ndarray,
    conditionals: np.ndarray,
    x: np.ndarray,
    caption: str,
    columns: Sequence[str],
) -> "Figure":
    """p(x_d | x_<d) for a few examples, one panel for each variable, with the marginal p(x_d) of the model.

    Parameters
    ----------
    grid, marginals : arrays (D, m)
    conditionals : array (n, D, m)
        n at most six, the number of colours.
    x : array (n, D)
        The examples: their values stand below the lines.
    columns : the names of the D variables
    """
    figure, panels = _panels(caption, columns)
    for d, axes in enumerate(panels):
        axes.fill_between(grid[d], marginals[d], color="0.85", label="$p(x_d)$")
        for i, density in enumerate(conditionals[:, d]):
            label = f"$p(x_d\\,|\\,x_{{<d}})$, example {i + 1}"
            axes.plot(grid[d], density, color=COLOURS[i], linestyle=DASHES[i], linewidth=1.3, label=label)
            axes.plot(x[i, d], 0, MARKERS[i], color=COLOURS[i], markersize=6, clip_on=False, zorder=3)
        axes.set_ylim(bottom=0)
    _label_density(panels)
    _legend(figure, panels)
    return figure


def scatters(
    x: np.ndarray, samples: np.ndarray, pairs: Sequence[tuple[int, int]], caption: str, columns: Sequence[str]
) -> "Figure":
    """Examples (n, D) and samples (m, D) as points, a panel for each pair (j, d): variable d against variable j.

    The axes are those of the examples, as one far sample would press all others together; the legend counts what lies
    outside.
    """
    low, high = _range(x)
    n_outside = int(np.any((samples < low) | (samples > high), axis=1).sum())
    label = f"{len(samples)} sample{'s' if len(samples) > 1 else ''}"
    if n_outside:
        label += f", {n_outside} of them partly outside"
    figure, panels = _panels(caption, [columns[j] for j, _ in pairs], height=1.9)
    for (j, d), axes in zip(pairs, panels, strict=True):
        axes.plot(x[:, j], x[:, d], "o", color=COLOURS[4], markersize=3, alpha=0.6, label=f"{len(x)} test examples")
        axes.plot(samples[:, j], samples[:, d], "x", color=COLOURS[0], markersize=3, label=label)
        axes.set_xlim(low[j], high[j])
        axes.set_ylim(low[d], high[d])
        axes.set_ylabel(columns[d])
    _legend(figure, panels)
    return figure


def _range(x):
    """(low, high), each (D,): a little more than the range of each variable of x (n, D)."""
    margin = 0.1 * np.ptp(x, axis=0)
    return x.min(axis=0) - margin, x.max(axis=0) + margin


def _panels(caption, labels, height=1.7):
    """A small panel for each label, which is below it."""
    n_rows = -(-len(labels) // PANELS_IN_A_ROW)
    n_columns = min(len(labels), PANELS_IN_A_ROW)
    figure, all_axes = new_figure(caption, (2.3 * n_columns, height * n_rows + 0.3), n_columns, n_rows, squeeze=False)
    panels = list(all_axes.flat)
    for axes in panels[len(labels) :]:
        axes.remove()
    for axes, label in zip(panels, labels, strict=False):
        axes.set_xlabel(label)
        axes.tick_params(labelsize=8)
        axes.locator_params(nbins=4)
    return figure, panels[: len(labels)]


def _label_density(panels):
    for axes in panels[::PANELS_IN_A_ROW]:
        axes.set_ylabel("density")


def _legend(figure, panels):
    """One legend for all panels, above them."""
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper left", ncols=4, frameon=False)


N_NATS = 8  # the contours go down to so much below the highest point of all panels


def density_contours(
    panels: dict[str, tuple[np.ndarray, np.ndarray]],
    grid: tuple[np.ndarray, np.ndarray],
    x: np.ndarray,
    caption: str,
    columns: tuple[str, str],
    labels: tuple[str, str, str],
) -> "Figure":
    """Log-densities of two variables side by side, with the data and samples of each model on top.

    Parameters
    ----------
    panels : {title: (log_density (n_2, n_1), samples (n, 2))}
    grid : arrays (n_1,) and (n_2,)
        The points at which the log-densities are.
    x : array (n, 2)
        The data.
    columns : names of the two variables
    labels : what the data, the samples and the colours are called
    """
    figure, all_axes = new_figure(caption, size=(3.7 * len(panels) + 0.6, 3.4), n_axes=len(panels))
    highest = np.ceil(max(np.max(log_density) for log_density, _ in panels.values()))
    levels = highest - np.arange(N_NATS, -1, -1)
    pale = {"cmap": "Greys", "vmin": highest - N_NATS, "vmax": highest + N_NATS}  # the points remain visible
    for axes, (title, (log_density, samples)) in zip(all_axes, panels.items(), strict=True):
        shown = axes.contourf(*grid, log_density, levels, **pale)
        axes.plot(*x.T, "o", color=COLOURS[0], markersize=3.5, label=labels[0])
        axes.plot(*samples.T, "x", color=COLOURS[1], markersize=5, markeredgewidth=1.1, label=labels[1])
        axes.set(title=title, xlabel=columns[0], xlim=grid[0][[0, -1]], ylim=grid[1][[0, -1]])
    all_axes[0].set_ylabel(columns[1])
    all_axes[0].legend(loc="upper left", fontsize=8, handletextpad=0.2)
    figure.colorbar(shown, ax=all_axes, label=labels[2])
    return figure

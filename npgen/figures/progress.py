"""Training as figures: learning curves, and what EM does step by step."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from npgen.figures.style import COLOURS, MARKERS, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


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
    figure, axes = new_figure(caption, size=(7, 4.2))
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

    Three panels in a row, so that their text can be read on a page.

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
    n_panels = len(stages) + 1
    n_rows = -(-n_panels // 3)
    figure, axes = new_figure(caption, (3.3 * min(n_panels, 3), 3.2 * n_rows), min(n_panels, 3), n_rows)
    axes, spare = axes.flat[:n_panels], axes.flat[n_panels:]
    for panel in spare:
        panel.remove()
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
        panel.set_ylabel(columns[1])
        low, high = x.min(axis=0), x.max(axis=0)
        margin = 0.15 * (high - low)
        panel.set_xlim(low[0] - margin[0], high[0] + margin[0])
        panel.set_ylim(low[1] - margin[1], high[1] + margin[1])
    axes[0].legend(loc="upper left", fontsize=8, handletextpad=0.2)
    axes[-1].plot(curve, color=COLOURS[0])
    axes[-1].plot(list(stages), curve[list(stages)], "o", color=COLOURS[1], label="steps drawn here")
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

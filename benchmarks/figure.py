"""The measured ratios and the scaling, drawn."""

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from npgen import figures


def draw(rows, scaling, path):
    """Ratios as points with their spread on a logarithmic axis; on the right, time against D and H."""
    with matplotlib.rc_context(figures.STYLE):
        figure = Figure(figsize=(11 if scaling else 7, 0.45 * len(rows) + 1.8), layout="constrained")
        left, *right = np.atleast_1d(figure.subplots(1, 2 if scaling else 1))
        _ratios(left, rows)
        if scaling:
            _scaling(right[0], scaling)
    figures.save(figure, path)


def _ratios(axes, rows):
    for i, row in enumerate(rows):
        low, high = row["spread"]
        axes.plot((low, high), (i, i), color=figures.COLOURS[0], linewidth=4, alpha=0.35)
        axes.plot(row["ratio"], i, "o", color=figures.COLOURS[0])
        ratio = f"{row['ratio']:,.0f}" if row["ratio"] >= 100 else f"{row['ratio']:.2g}"
        axes.annotate(ratio, (row["ratio"], i), (0, 7), textcoords="offset points", ha="center")
    axes.axvline(1, color="0.4", linestyle=":")
    axes.set_xscale("log")
    axes.set_yticks(range(len(rows)), [f"{row['case']}\n{row['peer']}" for row in rows], fontsize=8)
    axes.invert_yaxis()
    axes.margins(y=0.12)
    axes.set_xlabel("time of the peer / time of npgen (right of 1: npgen is faster)")


def _scaling(axes, scaling):
    for varies, colour, marker in (("D", figures.COLOURS[0], "o"), ("H", figures.COLOURS[1], "s")):
        chosen = [row for row in scaling if row["varies"] == varies]
        sizes = [row[varies] for row in chosen]
        axes.plot(
            sizes,
            [1e3 * row["seconds"] for row in chosen],
            marker=marker,
            color=colour,
            label=f"{varies}, the other 512",
        )
    first = chosen[0]
    line = [1e3 * first["seconds"] * size / sizes[0] for size in sizes]
    axes.plot(sizes, line, ":", color="0.4", label="proportional")
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_xticks(sizes, [str(size) for size in sizes])
    axes.set_xlabel("number of pixels D, or of hidden units H")
    axes.set_ylabel("ms for value and gradient, batch 100")
    axes.legend()

"""How every figure of npgen looks: ink, size, caption; and how it becomes a file."""

import io
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

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
MARKERS = ["o", "s", "^", "D", "v", "P"]
DASHES = ["-", "--", "-.", ":", (0, (5, 1, 1, 1)), (0, (1, 1))]
DOTS_PER_INCH = 120
CAPTION_LETTERS = 13  # for each inch of width: more would be cut off


def save(figure: "Figure", path: str | Path) -> None:
    """Write the figure as a PNG file of 256 colours, atomically: they are enough for it, and a third of the bytes."""
    from PIL import Image  # which matplotlib needs, too

    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", dpi=DOTS_PER_INCH)
    with Image.open(drawn) as picture, atomic_write(path) as file:
        # Of the methods the one that keeps the shades of a small colour bar, too.
        few = picture.convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
        few.save(file, format="PNG", optimize=True)


def new_figure(caption: str, size: Sequence[float], n_axes: int = 1, n_rows: int = 1, **grid):
    """A figure of our style with a caption below, and its axes: `n_axes` in each row; `grid` as of `subplots`."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(max(size[0], 4.5), size[1] + 0.7), layout="constrained")
        axes = figure.subplots(n_rows, n_axes, **grid)
        lines = textwrap.fill(caption, int(CAPTION_LETTERS * figure.get_figwidth()))
        figure.supxlabel(lines, fontsize=8, color="0.25")
    return figure, axes

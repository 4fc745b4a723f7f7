"""Arrays to matplotlib figures. Nothing here trains a model or opens a window.

Ink is dark on white; lines differ in colour (Okabe and Ito's palette, told apart by the colour-blind) and in style.
Each figure carries a caption that says which model, which data, how many nats and which seed.

    images     what is made of pixels
    densities  probabilities and densities, beside histograms
    progress   training, step by step
    style      colours, sizes, captions, files
"""

from npgen.figures.densities import (
    category_probabilities,
    class_densities,
    conditional_densities,
    density_contours,
    marginal_densities,
    probability_tables,
    scatters,
)
from npgen.figures.images import (
    completions,
    image_and_probability,
    image_grid,
    image_grids,
    image_rows,
    interpolations,
    manifold,
    mosaic,
    observed_and_expected,
)
from npgen.figures.progress import em_progress, learning_curves
from npgen.figures.style import COLOURS, DOTS_PER_INCH, STYLE, save

__all__ = [
    "COLOURS",
    "DOTS_PER_INCH",
    "STYLE",
    "category_probabilities",
    "class_densities",
    "completions",
    "conditional_densities",
    "density_contours",
    "em_progress",
    "image_and_probability",
    "image_grid",
    "image_grids",
    "image_rows",
    "interpolations",
    "learning_curves",
    "manifold",
    "marginal_densities",
    "mosaic",
    "observed_and_expected",
    "probability_tables",
    "save",
    "scatters",
]

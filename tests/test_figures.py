"""Figures: what is drawn where. How they look is for people to judge."""

import re

import numpy as np
import pytest
from matplotlib.image import imread

from npgen import figures
from npgen.errors import InputError

SHAPE = (2, 3)


def images(*leading):
    return np.linspace(0, 1, int(np.prod(leading)) * 6).reshape(*leading, 6)


def shown(figure, axes=0):
    return figure.axes[axes].images[0].get_array().filled(np.nan)


def texts(legend):
    return [text.get_text() for text in legend.get_texts()]


def test_mosaic_puts_each_image_in_its_cell():
    grid = images(2, 4)
    picture = figures.mosaic(grid, SHAPE)
    assert picture.shape == (2 * 3 - 1, 4 * 4 - 1)
    for row in range(2):
        for column in range(4):
            cell = picture[row * 3 : row * 3 + 2, column * 4 : column * 4 + 3]
            np.testing.assert_array_equal(cell, grid[row, column].reshape(SHAPE))
    assert np.isnan(picture[2]).all() and np.isnan(picture[:, 3]).all()


def test_image_grid_fills_row_by_row_and_leaves_the_rest_blank():
    x = images(7)
    picture = shown(figures.image_grid(x, SHAPE, "caption", n_columns=3))
    np.testing.assert_array_equal(picture[3:5, 0:3], x[3].reshape(SHAPE))
    np.testing.assert_array_equal(picture[6:8, 0:3], x[6].reshape(SHAPE))
    assert np.isnan(picture[6:8, 3:]).all()


@pytest.mark.parametrize("shape", [None, (2, 2)])
def test_what_is_no_image_is_refused(shape):
    message = re.escape(f"expected images of 6 pixels; found the image shape {shape}")
    x, z = images(4), np.zeros(2)
    for draw in (
        lambda: figures.image_grid(x, shape, "caption"),
        lambda: figures.image_grids({"a": x, "b": x}, shape, "caption"),
        lambda: figures.image_rows({"a": x}, shape, "caption"),
        lambda: figures.image_and_probability(x, x, shape, "caption", ("a", "b")),
        lambda: figures.interpolations(x, images(4, 5), x, shape, "caption"),
        lambda: figures.manifold(images(2, 2), z, shape, "caption"),
        lambda: figures.completions(x, np.ones(6, bool), images(2, 4), shape, "caption"),
        lambda: figures.observed_and_expected(x, np.ones((2, 6), bool), images(2, 4), shape, "caption"),
    ):
        with pytest.raises(InputError, match=message):
            draw()


def test_the_caption_is_in_the_figure():
    assert figures.image_grid(images(4), SHAPE, "NADE on digits: 17 nats").get_supxlabel() == "NADE on digits: 17 nats"


def test_a_long_caption_is_not_cut_off():
    figure = figures.image_grid(images(4), SHAPE, "a caption of many words " * 12)
    figure.draw_without_rendering()
    box = figure._supxlabel.get_window_extent()
    assert box.x0 >= 0 and box.x1 <= figure.bbox.width
    assert figure.get_supxlabel().split() == ("a caption of many words " * 12).split()


def test_grids_side_by_side():
    x = images(2, 4)
    figure = figures.image_grids({"yours": x[0], "npgen's": x[1]}, SHAPE, "caption")
    assert [axes.get_title() for axes in figure.axes] == ["yours", "npgen's"]
    for axes in range(2):
        np.testing.assert_array_equal(shown(figure, axes)[3:5, 4:7], x[axes, 3].reshape(SHAPE))


def test_rows_are_labelled():
    figure = figures.image_rows({"test image": images(4), "reconstruction": images(4)}, SHAPE, "caption")
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["test image", "reconstruction"]


def test_probability_has_a_scale_from_zero_to_one():
    figure = figures.image_and_probability(images(4) > 0.5, images(4) / 2, SHAPE, "caption", ("samples", "expected"))
    assert [axes.get_title() for axes in figure.axes[:2]] == ["samples", "expected"]
    assert figure.axes[1].images[0].get_clim() == (0, 1)
    assert figure.axes[2].get_ylabel() == "probability of ink"


def test_completions_show_what_is_given_what_is_drawn_and_the_truth():
    x, drawn, observed = images(4), 1 - images(2, 4), np.arange(6) < 3
    figure = figures.completions(x, observed, drawn, SHAPE, "caption")
    picture, coloured = shown(figure), figure.axes[0].images[1].get_array().filled(np.nan)
    for n in range(4):
        columns = slice(4 * n, 4 * n + 3)
        np.testing.assert_array_equal(picture[0, columns], x[n, :3])  # the upper half is given, the lower is not
        assert np.isnan(picture[1, columns]).all()
        for m in (0, 1):
            np.testing.assert_array_equal(picture[3 * (m + 1) :][:2, columns], drawn[m, n].reshape(SHAPE))
        np.testing.assert_array_equal(picture[9:, columns], x[n].reshape(SHAPE))
        np.testing.assert_array_equal(coloured[4, columns], drawn[0, n, 3:])
    assert np.isnan(coloured[[0, 1, 3, 6, 9, 10]]).all()  # what was given, and the truth, are in the usual ink
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels == ["given", "completion 1", "completion 2", "the image"]


def test_observed_and_expected_stand_below_one_another():
    x, probs = images(2), images(3, 2)
    observed = np.arange(6) < np.array([[0], [2], [5]])
    figure = figures.observed_and_expected(x, observed, probs, SHAPE, "caption")
    picture = shown(figure)
    assert picture.shape == (4 * 3 - 1, 3 * 4 - 1)
    for column, n_observed in enumerate((0, 2, 5)):
        for n in range(2):
            cell = picture[6 * n :, 4 * column :][:5, :3]
            np.testing.assert_array_equal(cell[:2].ravel()[:n_observed], x[n, :n_observed])
            assert np.isnan(cell[:2].ravel()[n_observed:]).all()
            np.testing.assert_array_equal(cell[3:5], probs[column, n].reshape(SHAPE))
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()] == ["0 pixels", "2 pixels", "5 pixels"]
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["observed", "expected"] * 2


def test_interpolations_read_from_left_to_right():
    x_from, x_to, path = images(2) * 0, images(2) * 0 + 1, images(2, 5)
    figure = figures.interpolations(x_from, path, x_to, SHAPE, "caption")
    picture = shown(figure)
    assert (picture[:2, :3] == 0).all() and (picture[:2, -3:] == 1).all()
    np.testing.assert_array_equal(picture[:2, 4:7], path[0, 0].reshape(SHAPE))
    labels = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert labels == ["start", "0", "0.25", "0.5", "0.75", "1", "end"]


def test_manifold_grows_to_the_right_and_upwards():
    z = np.array([-1.0, 0.0, 1.0])
    probs = images(3, 3)
    figure = figures.manifold(probs, z, SHAPE, "caption")
    picture = shown(figure)
    np.testing.assert_array_equal(picture[-2:, :3], probs[0, 0].reshape(SHAPE))  # z = (-1, -1) is below and left
    np.testing.assert_array_equal(picture[:2, :3], probs[2, 0].reshape(SHAPE))  # z_2 = 1 is above
    assert figure.axes[0].get_yticklabels()[0].get_text() == "1.00"


def test_learning_curves_are_in_epochs():
    curve = np.array([[10, 5.0, 6.0], [20, 4.0, 5.5]])
    figure = figures.learning_curves({"NADE": curve}, {"independent pixels": 7.0}, "caption", steps_per_epoch=10)
    training, validation, baseline = figure.axes[0].lines
    np.testing.assert_array_equal(training.get_xydata(), [[1, 5], [2, 4]])
    np.testing.assert_array_equal(validation.get_xydata(), [[1, 6], [2, 5.5]])
    assert list(baseline.get_ydata()) == [7.0, 7.0]


def test_em_progress_draws_every_stage_and_marks_it_on_the_curve():
    rng = np.random.default_rng(0)
    x, labels = rng.standard_normal((30, 2)), np.repeat([0, 1], 15)
    covariance = np.array([[2.0, 0.6], [0.6, 0.5]])
    stage = (np.array([0.25, 0.75]), np.array([[0.0, 1.0], [2.0, 3.0]]), np.stack([covariance, np.eye(2)]))
    curve = np.array([-3.0, -2.0, -1.5])
    figure = figures.em_progress(x, labels, {0: stage, 2: stage}, curve, "caption", ("a", "b"), ("one", "two"))
    first, second, likelihood = figure.axes
    assert [axes.get_title() for axes in figure.axes] == ["start", "after 2 steps", "log-likelihood"]
    np.testing.assert_array_equal(first.collections[1].get_offsets(), x[labels == 1])
    # for each component the ellipses at 1 and 2 standard deviations, then its mean
    one, two, mean = (line.get_xydata() for line in first.lines[:3])
    np.testing.assert_array_equal(mean, [[0, 1]])
    for line, radius in ((one, 1), (two, 2)):
        centred = line - mean
        distance = np.einsum("ni,ij,nj->n", centred, np.linalg.inv(covariance), centred)
        np.testing.assert_allclose(distance, radius**2, rtol=1e-12)
    assert [text.get_text() for text in second.texts] == ["0.25", "0.75"]
    np.testing.assert_array_equal(likelihood.lines[0].get_ydata(), curve)
    np.testing.assert_array_equal(likelihood.lines[1].get_xydata(), [[0, -3], [2, -1.5]])


def test_class_densities_has_histograms_and_lines_of_every_class():
    edges, grid = np.array([0.0, 1, 3]), np.linspace(0, 3, 7)
    histograms, densities = np.array([[1.0, 0], [0, 0.5]]), np.random.default_rng(0).random((7, 2))
    by_bin = np.array([[1, 0], [np.nan, np.nan]])
    figure = figures.class_densities(
        edges, histograms, grid, densities, (by_bin, densities / 2), "caption", ("one", "two"), "length (cm)"
    )
    left, right = figure.axes
    assert (left.get_xlabel(), left.get_ylabel(), right.get_ylabel()) == ("length (cm)", "density", "probability")
    assert [text.get_text() for text in left.get_legend().get_texts()] == ["one", "two"]
    for y in range(2):
        np.testing.assert_array_equal(left.lines[y].get_ydata(), densities[:, y])
        np.testing.assert_array_equal(right.lines[y].get_ydata(), densities[:, y] / 2)
        np.testing.assert_array_equal(left.patches[2 * y].get_data().values, histograms[:, y])
        np.testing.assert_array_equal(right.patches[y].get_data().values, by_bin[:, y])
        np.testing.assert_array_equal(right.patches[y].get_data().edges, edges)


def test_category_probabilities_have_pixels_across_and_levels_upwards(rng):
    x, probs = rng.integers(0, 4, (2, 6)), rng.random((2, 6, 4))
    figure = figures.category_probabilities(x, probs, SHAPE, "caption", "level")
    pictures, tables = figure.axes[0:4:2], figure.axes[1:4:2]
    for n in range(2):
        np.testing.assert_array_equal(pictures[n].images[0].get_array(), x[n].reshape(SHAPE))
        np.testing.assert_array_equal(tables[n].images[0].get_array(), probs[n].T)
        assert tables[n].images[0].origin == "lower" and tables[n].images[0].get_clim() == (0, 1)
        np.testing.assert_array_equal(tables[n].lines[0].get_xydata(), np.stack([np.arange(6), x[n]], axis=1))
    assert tables[1].get_ylabel() == "level"
    assert [label.get_text() for label in tables[1].get_xticklabels()] == ["1", "4"]  # where each line begins


COLUMNS = ("a", "b", "c", "d", "e")


def test_marginal_densities_beside_histograms(rng):
    x, grid, densities = rng.standard_normal((50, 5)), rng.random((5, 7)), rng.random((5, 7))
    figure = figures.marginal_densities(x, grid, densities, "caption", COLUMNS)
    assert [axes.get_xlabel() for axes in figure.axes] == list(COLUMNS)
    for d, axes in enumerate(figure.axes):
        np.testing.assert_array_equal(axes.lines[0].get_xydata(), np.stack([grid[d], densities[d]], axis=1))
        bars = [(bar.get_x(), bar.get_width(), bar.get_height()) for bar in axes.patches]
        assert sum(width * height for _, width, height in bars) == pytest.approx(1)
        heights, edges = np.histogram(x[:, d], len(bars), density=True)
        np.testing.assert_allclose([height for _, _, height in bars], heights)
        np.testing.assert_allclose([left for left, _, _ in bars], edges[:-1])
    assert texts(figure.legends[0]) == ["histogram of 50 test examples", "density of the model"]


def test_peaks_far_above_the_bars_are_cut_off_and_nothing_else_is(rng):
    x, grid, densities = rng.random((50, 2)), np.stack([np.linspace(0, 1, 7)] * 2), np.ones((2, 7))
    densities[0, 3] = 100
    peaked, flat = figures.marginal_densities(x, grid, densities, "caption", COLUMNS[:2]).axes
    highest = max(bar.get_height() for bar in peaked.patches)
    assert peaked.get_ylim() == pytest.approx((0, 2.1 * highest))
    assert flat.get_ylim()[1] > max(bar.get_height() for bar in flat.patches)


def test_conditional_densities_have_a_line_and_a_mark_for_each_example(rng):
    grid, marginals, conditionals = np.sort(rng.random((5, 7))), rng.random((5, 7)), rng.random((2, 5, 7))
    x = rng.random((2, 5))
    figure = figures.conditional_densities(grid, marginals, conditionals, x, "caption", COLUMNS)
    for d, axes in enumerate(figure.axes):
        for n in range(2):
            line, mark = axes.lines[2 * n : 2 * n + 2]
            np.testing.assert_array_equal(line.get_xydata(), np.stack([grid[d], conditionals[n, d]], axis=1))
            np.testing.assert_array_equal(mark.get_xydata(), [[x[n, d], 0]])
            assert line.get_color() == mark.get_color()
        edge = set(map(tuple, axes.collections[0].get_paths()[0].vertices))
        assert edge >= set(zip(grid[d], marginals[d], strict=True))
    assert len(texts(figure.legends[0])) == 3


def test_scatters_are_of_the_pairs_and_count_what_lies_outside():
    x, samples = np.array([[0.0, 1, 5], [1, 3, 6]]), np.array([[0.5, 2, 5.5], [0.5, 2, 100.0], [-3, 2, 5.5]])
    figure = figures.scatters(x, samples, [(0, 1), (0, 2)], "caption", COLUMNS)
    first, second = figure.axes
    assert [(axes.get_xlabel(), axes.get_ylabel()) for axes in (first, second)] == [("a", "b"), ("a", "c")]
    np.testing.assert_array_equal(second.lines[0].get_xydata(), x[:, [0, 2]])
    np.testing.assert_array_equal(second.lines[1].get_xydata(), samples[:, [0, 2]])
    np.testing.assert_allclose((*second.get_xlim(), *second.get_ylim()), (-0.1, 1.1, 4.9, 6.1))
    assert texts(figure.legends[0]) == ["2 test examples", "3 samples, 2 of them partly outside"]
    figure = figures.scatters(x, samples[:1], [(0, 1)], "caption", COLUMNS)
    assert texts(figure.legends[0])[1] == "1 sample"


def test_probability_tables_print_their_numbers():
    table = np.array([[0.125, 0.25], [0.5, 0.0], [0.0625, 0.0625]])
    rows = {"counted": {"p(x, y)": table, "again": table}, "smoothed": {"p(x, y)": table, "again": table}}
    figure = figures.probability_tables(rows, ("r0", "r1", "r2"), ("no", "yes"), "caption")
    *panels, bar = figure.axes
    assert len(panels) == 4 and bar.get_ylabel() == "probability"
    assert [panels[0].get_ylabel(), panels[2].get_ylabel()] == ["counted", "smoothed"]
    assert [text.get_text() for text in panels[3].texts] == ["0.125", "0.250", "0.500", "0.000", "0.062", "0.062"]
    assert [text.get_position() for text in panels[3].texts[:3]] == [(0, 0), (1, 0), (0, 1)]
    assert [label.get_text() for label in panels[0].get_yticklabels()] == ["r0", "r1", "r2"]
    figures.probability_tables({"": {"p": table}}, ("r0", "r1", "r2"), ("no", "yes"), "one panel")


def test_save_is_a_png_of_the_size_asked_for(tmp_path):
    figure = figures.image_grid(images(25), SHAPE, "caption")
    figures.save(figure, tmp_path / "figure.png")
    height, width, _ = imread(tmp_path / "figure.png").shape
    expected = figure.get_size_inches() * figures.DOTS_PER_INCH
    assert (width, height) == pytest.approx(tuple(expected), abs=1)


def test_a_saved_figure_keeps_its_greys(tmp_path):
    """256 colours are enough: all 101 greys of these images are found again, to two levels of 255."""
    greys = np.linspace(0, 1, 6 * 17)[:, None].repeat(6, axis=1)
    figures.save(figures.image_grid(greys, SHAPE, "caption", n_columns=17), tmp_path / "figure.png")
    picture = np.unique(np.round(255 * imread(tmp_path / "figure.png")[..., :3].reshape(-1, 3)), axis=0)
    # matplotlib's "Greys" is not linear; it is asked which colours it has
    import matplotlib

    for colour in 255 * matplotlib.colormaps["Greys"](greys[:, 0])[:, :3]:
        assert np.abs(picture - colour).max(axis=1).min() <= 2


def test_em_progress_has_three_panels_in_a_row():
    stage = (np.ones(1), np.zeros((1, 2)), np.eye(2)[None])
    x, labels = np.array([[0.0, 0], [1, 2]]), np.array([0, 0])
    stages = {step: stage for step in range(4)}
    figure = figures.em_progress(x, labels, stages, np.arange(4.0), "caption", ("a", "b"), ("one",))
    figure.draw_without_rendering()
    tops = [round(axes.get_position().y1, 2) for axes in figure.axes]
    assert len(tops) == 5 and len(set(tops[:3])) == len(set(tops[3:])) == 1 and tops[0] > tops[3]


def test_drawing_opens_no_window_and_keeps_no_figure():
    import matplotlib.pyplot

    figures.image_grid(images(4), SHAPE, "caption")
    assert matplotlib.pyplot.get_fignums() == []

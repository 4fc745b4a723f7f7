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
    (image,) = figure.axes[axes].images
    return image.get_array().filled(np.nan)


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


def test_drawing_opens_no_window_and_keeps_no_figure():
    import matplotlib.pyplot

    figures.image_grid(images(4), SHAPE, "caption")
    assert matplotlib.pyplot.get_fignums() == []

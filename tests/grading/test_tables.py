"""The data of the exercise on tables, and what the course says of it."""

import runpy
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_iris

SOLUTION = runpy.run_path(str(Path(__file__).parents[2] / "solutions" / "tables.py"))


def test_the_irises_are_fishers():
    iris = load_iris()
    np.testing.assert_array_equal(SOLUTION["IRIS_SEPAL_LENGTH"], iris.data[:, 0])
    np.testing.assert_array_equal(SOLUTION["IRIS_LABELS"], iris.target)
    assert SOLUTION["IRIS_SPECIES"] == tuple(iris.target_names)


def test_sepal_lengths_in_centimetres_not_in_bins():
    means, stds = SOLUTION["class_gaussians"](SOLUTION["IRIS_SEPAL_LENGTH"], SOLUTION["IRIS_LABELS"], 3)
    assert means == pytest.approx([5.006, 5.936, 6.588], abs=5e-4)
    assert stds == pytest.approx([0.349, 0.511, 0.629], abs=5e-4)


def test_the_fourteen_days():
    data, sizes, values = (SOLUTION[f"TENNIS{name}"] for name in ("", "_SIZES", "_VALUES"))
    assert data.shape == (14, len(SOLUTION["TENNIS_COLUMNS"])) and tuple(map(len, values)) == sizes
    assert tuple(data.max(axis=0) + 1) == sizes
    joint = SOLUTION["joint_table"](data[:, 1], data[:, 0], 3, 2)  # outlook, tennis
    np.testing.assert_allclose(14 * joint, [[3, 2], [0, 4], [2, 3]])  # they always play when it is overcast


def test_the_file_shows_its_tables(capsys):
    runpy.run_path(str(Path(__file__).parents[2] / "solutions" / "tables.py"), run_name="__main__")
    assert "setosa: 5.006 +- 0.349 cm" in capsys.readouterr().out

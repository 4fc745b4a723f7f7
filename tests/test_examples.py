"""What is refused of what the models are given, and how it is said."""

import numpy as np
import pytest

from npgen.errors import InputError
from npgen.examples import as_binary, as_categories, as_real


def test_as_binary():
    x = np.array([[0, 1], [1, 0]], np.uint8)
    np.testing.assert_array_equal(as_binary(x, 2, np.float32), x)
    assert as_binary(x, 2, np.float32).dtype == np.float32
    for values in ([0.5, 1], [0, 255], [np.nan, 1]):
        with pytest.raises(ValueError, match=r"\{0, 1\}"):
            as_binary(np.array([values]), 2, np.float32)


@pytest.mark.parametrize("shape", [(2,), (3, 1), (3, 3), (1, 3, 2)])
def test_as_binary_refuses_other_shapes(shape):
    with pytest.raises(ValueError, match=r"shape \(n, 2\); found"):
        as_binary(np.zeros(shape), 2, np.float32)


def test_as_categories():
    x = np.array([[0, 2], [1, 0]], np.uint8)
    np.testing.assert_array_equal(as_categories(x, 2, 3), x)
    np.testing.assert_array_equal(as_categories(x.astype(float), 2, 3), x)
    assert as_categories(x, 2, 3).dtype == np.int64
    np.testing.assert_array_equal(as_categories(x, 2, (2, 3)), x)  # each column its own number
    with pytest.raises(InputError, match=r"in 0\.\.1; found 2 in row 0, column 1"):
        as_categories(x, 2, (3, 2))


@pytest.mark.parametrize("value", [3, -1, 0.5, np.nan, np.inf])
def test_as_categories_says_what_it_expected_and_where_it_found_something_else(value):
    x = np.zeros((4, 2))
    x[2, 1] = value
    with pytest.raises(InputError, match=rf"in 0\.\.2; found {x[2, 1]} in row 2, column 1"):
        as_categories(x, 2, 3)


@pytest.mark.parametrize("shape", [(2,), (3, 1), (3, 3), (1, 3, 2)])
@pytest.mark.parametrize("check", [as_categories, as_real], ids=["categories", "real"])
def test_examples_of_another_shape_are_refused(check, shape):
    with pytest.raises(InputError, match=r"shape \(n, 2\); found"):
        check(np.zeros(shape), 2, np.float32 if check is as_real else 3)


def test_as_real_names_the_rows_and_columns_of_what_is_no_number():
    x = np.zeros((6, 2))
    assert as_real(x, 2, np.float32).dtype == np.float32
    x[1, 0], x[3, 1] = np.nan, np.inf
    with pytest.raises(InputError, match=r"found nan in row 1, column 0, inf in row 3, column 1 \(counted from 0\)"):
        as_real(x, 2, np.float32)
    x[4:] = np.nan
    with pytest.raises(InputError, match="nan in row 4, column 0 and 3 more"):
        as_real(x, 2, np.float32)

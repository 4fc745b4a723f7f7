"""What each model of a density does with bad input: one row for each kind of it and each place where it may enter.

Everything is refused with an `InputError` that says where, and what would be right: values that are not binary, no
categories or no numbers, constant columns, singular covariances, empty conditions, orderings, masks of the observed.
"""

import re

import numpy as np
import pytest

from npgen import data, folds
from npgen.errors import InputError
from npgen.models import (
    bernoulli_mixture,
    categorical_nade,
    fvsbn,
    gaussian_mixture,
    made,
    nade,
    orderless_nade,
    rnade,
    tables,
)

N, D, K = 6, 4, 3
RNG = np.random.default_rng(0)
CATEGORIES = RNG.integers(0, K, (N, D))
BINARY = RNG.integers(0, 2, (N, D))
REAL = RNG.standard_normal((N, D))
SEEN = np.array([True, True, False, False])

PARAMS = {
    nade: nade.init_params(RNG, D, 5),
    made: made.init_params(RNG, D, (5,)),
    orderless_nade: orderless_nade.init_params(RNG, D, (5,)),
    fvsbn: fvsbn.init_params(RNG, D),
    categorical_nade: categorical_nade.init_params(RNG, D, K, 5),
    rnade: rnade.init_params(RNG, D, 5, 2),
    bernoulli_mixture: bernoulli_mixture.init_params(RNG, BINARY, 2),
    gaussian_mixture: gaussian_mixture.init_params(RNG, REAL, 1, "diagonal"),
    tables: tables.fit(CATEGORIES, [K] * D, smoothing=1.0),
}


def bad(x, value):
    """x with `value` in row 3, column 2."""
    x = np.array(x, np.float64)
    x[3, 2] = value
    return x


def constant(x):
    x = np.array(x)
    x[:, 2] = 0.1
    return x


def on_a_line():
    """Two clusters, of which the second has all its examples on a line."""
    x = RNG.standard_normal((60, 2))
    x[30:] = 100 + x[30:, :1]
    return x


def em_steps(x, covariance, n_components, floor=None):
    params = gaussian_mixture.init_params(np.random.default_rng(0), x, n_components, covariance, floor=floor)
    for _ in range(20):
        params = gaussian_mixture.em_step(params, x, floor)
    return params


BINARY_PLACES = {
    "nade": lambda x: nade.log_prob(PARAMS[nade], x),
    "nade conditionals": lambda x: nade.conditionals(PARAMS[nade], x),
    "nade complete": lambda x: nade.complete(PARAMS[nade], RNG, x, np.ones(D, bool)),
    "made": lambda x: made.log_prob(PARAMS[made], x),
    "made objective": lambda x: made.random_objective(PARAMS[made], RNG, x),
    "made complete": lambda x: made.complete(PARAMS[made], RNG, x, np.ones(D, bool)),
    "orderless_nade": lambda x: orderless_nade.log_prob(PARAMS[orderless_nade], x),
    "orderless_nade objective": lambda x: orderless_nade.random_objective(PARAMS[orderless_nade], RNG, x),
    "orderless_nade complete": lambda x: orderless_nade.complete(PARAMS[orderless_nade], RNG, x, np.ones(D, bool)),
    "fvsbn": lambda x: fvsbn.log_prob(PARAMS[fvsbn], x),
    "bernoulli_mixture": lambda x: bernoulli_mixture.log_prob(PARAMS[bernoulli_mixture], x),
    "bernoulli_mixture start": lambda x: bernoulli_mixture.init_params(RNG, x, 2),
    "bernoulli_mixture em": lambda x: bernoulli_mixture.em_step(PARAMS[bernoulli_mixture], x),
}
CATEGORY_PLACES = {
    "categorical_nade": lambda x: categorical_nade.log_prob(PARAMS[categorical_nade], x),
    "categorical_nade conditionals": lambda x: categorical_nade.conditionals(PARAMS[categorical_nade], x),
    "categorical_nade marginals": lambda x: categorical_nade.marginals(x, K),
    "tables": lambda x: tables.log_prob(PARAMS[tables], x),
    "tables fit": lambda x: tables.fit(x, [K] * D),
    "tables joint": lambda x: tables.joint_table(x, [K] * D),
    "tables classes": lambda x: tables.fit_classes(np.arange(N), x[:, 2], K),
}
REAL_PLACES = {
    "rnade": lambda x: rnade.log_prob(PARAMS[rnade], x),
    "rnade objective": lambda x: rnade.objective(PARAMS[rnade], x),
    "gaussian_mixture": lambda x: gaussian_mixture.log_prob(PARAMS[gaussian_mixture], x),
    "gaussian_mixture start": lambda x: gaussian_mixture.init_params(RNG, x, 1),
    "gaussian_mixture em": lambda x: gaussian_mixture.em_step(PARAMS[gaussian_mixture], x),
    "folds": lambda x: folds.cross_validation("x", x, "abcd", 1),
}
NOT_BINARY = {"two": 2, "-1": -1, "one half": 0.5, "nan": np.nan, "inf": np.inf}
NO_CATEGORY = {"K": K, "-1": -1, "one half": 0.5, "nan": np.nan, "inf": np.inf}


@pytest.mark.parametrize("value", NOT_BINARY.values(), ids=NOT_BINARY.keys())
@pytest.mark.parametrize("place", BINARY_PLACES.values(), ids=BINARY_PLACES.keys())
def test_values_that_are_not_binary(place, value):
    with pytest.raises(InputError, match=rf"0.*1.*; found {re.escape(str(float(value)))} in row 3, column 2"):
        place(bad(BINARY, value))


@pytest.mark.parametrize("value", NO_CATEGORY.values(), ids=NO_CATEGORY.keys())
@pytest.mark.parametrize("place", CATEGORY_PLACES.values(), ids=CATEGORY_PLACES.keys())
def test_values_that_are_no_category(place, value):
    with pytest.raises(InputError, match=rf"whole numbers in 0\.\.2.*found {re.escape(str(float(value)))} in row 3"):
        place(bad(CATEGORIES, value))


@pytest.mark.parametrize("place", [*BINARY_PLACES.values(), *list(CATEGORY_PLACES.values())[:-1]])
def test_text_is_neither_binary_nor_a_category(place):
    with pytest.raises(InputError, match="expected numbers; found"):
        place(np.full((N, D), "yes"))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", REAL_PLACES.values(), ids=REAL_PLACES.keys())
def test_numbers_that_are_not_finite(place, value):
    with pytest.raises(InputError, match=rf"{value} in row 3, column 2|NaN, infinity or text in 'c' of row 3"):
        place(bad(REAL, value))


@pytest.mark.parametrize("place", ["gaussian_mixture start", "gaussian_mixture em", "folds"])
def test_constant_columns(place):
    with pytest.raises(InputError, match=r"column 2 \(counted from 0\) is constant|c is constant"):
        REAL_PLACES[place](constant(REAL))


def test_constant_columns_of_categories_are_no_matter():
    """Their other values have few counts or none, but no standard deviation is needed."""
    x = CATEGORIES.copy()
    x[:, 2] = 1
    params = categorical_nade.init_params(RNG, D, K, 5, marginals=categorical_nade.marginals(x, K))
    assert np.isfinite(categorical_nade.log_prob(params, CATEGORIES)).all()
    assert np.isfinite(tables.log_prob(tables.fit(x, [K] * D), x)).all()


@pytest.mark.parametrize(
    ("covariance", "of"), [("full", r" of component \d"), ("diagonal", r" of component \d"), ("tied", "")]
)
def test_singular_covariances(covariance, of):
    x = on_a_line() if covariance == "full" else np.repeat(np.array([[0.0, 0.0], [1.0, 2.0]]), 5, axis=0)
    with pytest.raises(InputError, match=rf"the covariance{of} became singular.*\n.*floor"):
        em_steps(x, covariance, 2)
    params = em_steps(x, covariance, 2, floor=1e-3)
    eigenvalues = np.linalg.eigvalsh(gaussian_mixture.covariances(params))
    assert eigenvalues.min() == pytest.approx(1e-3, rel=1e-6)


def test_conditions_that_never_occur():
    x = np.array([[0, 0, 0], [0, 1, 1], [1, 0, 1]])  # x_0 = 1 and x_1 = 1, but never both
    asked, message = [[1, 1, 0]], r"nothing is known where x_0 = 1, x_1 = 1 .* smoothing > 0"
    with pytest.raises(InputError, match=message):
        tables.conditional(tables.joint_table(x, (2, 2, 2)), 0, 1)
    params = tables.fit(x, (2, 2, 2), {2: (0, 1)})
    with pytest.raises(InputError, match=message):
        tables.log_prob(params, asked)
    with pytest.raises(InputError, match=message):
        tables.sample(params, np.random.default_rng(0), 100)  # a ninth of them asks
    smoothed = tables.conditional(tables.joint_table(x, (2, 2, 2), smoothing=0.5), 0, 1)
    np.testing.assert_allclose(smoothed[1, 1], [0.5, 0.5])
    np.testing.assert_allclose(np.exp(tables.fit(x, (2, 2, 2), {2: (0, 1)}, 0.5)[2][1, 1]), [0.5, 0.5])


ORDER_PLACES = {
    "nade": lambda order: nade.log_prob(PARAMS[nade], BINARY, order=order),
    "nade sample": lambda order: nade.sample(PARAMS[nade], RNG, 2, order=order),
    "nade complete": lambda order: nade.complete(PARAMS[nade], RNG, BINARY, SEEN, order=order),
    "categorical_nade": lambda order: categorical_nade.log_prob(PARAMS[categorical_nade], CATEGORIES, order=order),
    "categorical_nade sample": lambda order: categorical_nade.sample(PARAMS[categorical_nade], RNG, 2, order=order),
    "orderless_nade": lambda order: orderless_nade.log_prob_in_order(PARAMS[orderless_nade], BINARY, order),
    "tables": lambda order: tables.chain(order),
    "data": lambda order: DATASET.reordered(order),
}
DATASET = data.Dataset("x", *(BINARY.astype(np.uint8),) * 3, (2, 2), 1)
ORDERS = {
    "twice": [0, 1, 1, 3],
    "from 1": [1, 2, 3, 4],
    "negative": [-1, 0, 1, 2],
    "fractions": [0.5, 1, 2, 3],
    "two axes": [[0, 1, 2, 3]],
    "text": list("abcd"),
}


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS.keys())
@pytest.mark.parametrize("place", ORDER_PLACES.values(), ids=ORDER_PLACES.keys())
def test_orders_that_are_no_permutation(place, order):
    with pytest.raises(InputError, match=r"order: expected a permutation of 0\.\."):
        place(order)


@pytest.mark.parametrize("place", [place for name, place in ORDER_PLACES.items() if name != "tables"])
def test_orders_that_are_too_short(place):
    """To `tables.chain` the order says how many variables there are."""
    with pytest.raises(InputError, match=r"order: expected a permutation of 0\.\.3"):
        place([1, 0, 2])


MODELS_THAT_COMPLETE = [nade, made, orderless_nade]
each_that_completes = pytest.mark.parametrize("model", MODELS_THAT_COMPLETE, ids=lambda model: model.__name__[13:])


@each_that_completes
@pytest.mark.parametrize(
    "observed",
    [np.ones(D + 1, bool), np.ones((2, D), bool), np.ones((N, D, 1), bool), np.ones(D), np.arange(D), True],
    ids=["too long", "other n", "three axes", "floats", "numbers of pixels", "scalar"],
)
def test_masks_of_another_shape_or_kind(model, observed):
    with pytest.raises(InputError, match="observed: expected booleans of shape"):
        model.complete(PARAMS[model], RNG, BINARY, observed)


@each_that_completes
def test_what_is_not_observed_is_not_looked_at(model):
    """It may be NaN, as where a value is missing."""
    x = np.where(SEEN, BINARY, np.nan)
    done = model.complete(PARAMS[model], RNG, x, SEEN)
    np.testing.assert_array_equal(done[:, SEEN], BINARY[:, SEEN])
    assert set(np.unique(done)) <= {0, 1}


# The same, where the data enter.


def test_npgen_train_names_the_cell_that_is_no_number(tmp_path, monkeypatch):
    from npgen import preparation
    from npgen.experiments import Experiment

    monkeypatch.setenv("NPGEN_DATA", str(tmp_path))
    (tmp_path / "continuous").mkdir()
    path = tmp_path / "continuous" / "winequality-white.csv"
    row = Experiment("x", "rnade", "white_wine", {"n_hidden": 3, "n_components": 2}, 10)
    rows = RNG.standard_normal((40, 3)).astype(str)
    header = "acidity,sugar,quality\n"

    rows[6, 1] = "nan"
    path.write_text(header + "\n".join(map(",".join, rows)))
    with pytest.raises(InputError, match="'sugar' of row 8"):
        preparation.prepare(row)
    rows[:, 1] = "2.5"
    path.write_text(header + "\n".join(map(",".join, rows)))
    with pytest.raises(InputError, match="white_wine: sugar is constant"):
        preparation.prepare(row)

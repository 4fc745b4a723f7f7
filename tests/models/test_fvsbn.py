import numpy as np
import pytest

from npgen.autodiff import value_and_grad
from npgen.distributions import sigmoid
from npgen.errors import InputError
from npgen.models import fvsbn
from npgen.nested import n_parameters


@pytest.mark.parametrize("n_visible", [1, 2, 64, 784])
def test_number_of_parameters(rng, n_visible):
    assert n_parameters(fvsbn.init_params(rng, n_visible)) == n_visible * (n_visible + 1) // 2


def test_the_lectures_figure(rng):
    assert n_parameters(fvsbn.init_params(rng, 784)) == 307_720


def test_strictly_lower_is_filled_row_by_row():
    expected = [[0, 0, 0, 0], [1, 0, 0, 0], [2, 3, 0, 0], [4, 5, 6, 0]]
    np.testing.assert_array_equal(fvsbn.strictly_lower(np.arange(1.0, 7.0), 4), expected)


def test_every_parameter_is_free(rng):
    """Each has a gradient: for some x, some conditional depends on it."""
    params = fvsbn.init_params(rng, 6, np.float64)
    x = rng.integers(0, 2, (51, 6))  # an odd number: no pixel is one in exactly half of them
    _, gradient = value_and_grad(lambda p: fvsbn.log_prob(p, x).sum())(params)
    assert np.all(gradient["W"] != 0) and np.all(gradient["b"] != 0)


def test_log_prob_by_hand():
    params = {"W": np.array([2.0, -1.0, 3.0]), "b": np.array([0.5, 0.0, -2.0])}
    # x = (1, 0, 1): logits 0.5, 2, -2 - 1 + 0
    expected = np.log(sigmoid(0.5)) + np.log(1 - sigmoid(2.0)) + np.log(sigmoid(-3.0))
    np.testing.assert_allclose(fvsbn.log_prob(params, np.array([[1, 0, 1]])), [expected], rtol=1e-14)


def test_training_starts_from_independent_pixels(rng):
    marginals = rng.uniform(0.1, 0.9, 5)
    params = {**fvsbn.init_params(rng, 5, np.float64, marginals=marginals), "W": np.zeros(10)}
    x = np.array([[1, 0, 1, 1, 0]])
    expected = np.log(np.where(x, marginals, 1 - marginals)).sum()
    np.testing.assert_allclose(fvsbn.log_prob(params, x), [expected], rtol=1e-14)


@pytest.mark.parametrize("n_visible", [0, -3, 2.0])
def test_refuses_no_pixels(rng, n_visible):
    with pytest.raises(InputError, match="n_visible: expected an integer of at least 1"):
        fvsbn.init_params(rng, n_visible)

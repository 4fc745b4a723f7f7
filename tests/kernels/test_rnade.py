"""`npgen.kernels.rnade` against the paper's loop over d, written in NumPy and differentiated by autograd."""

import os
import subprocess
import sys

import autograd.numpy as np
import numpy as onp
import pytest
from autograd import elementwise_grad, grad

from npgen.kernels import rnade
from npgen.models import rnade as twin

# float64: the same terms in another order, so a sum is off by a few eps. float32: a few hundred terms of eps 6e-8.
TOLERANCE = {np.float64: 1e-10, np.float32: 1e-5}
SHAPES = [(1, 1, 1), (1, 7, 5), (3, 2, 1), (5, 1, 3), (6, 9, 17), (13, 11, 50)]


def problem(n, D, H):
    """x, W, c, rho and a cotangent g, in float64."""
    rng = np.random.default_rng([n, D, H])
    x, W = rng.normal(size=(n, D)), rng.normal(scale=0.5, size=(D, H))
    return x, W, rng.normal(size=H), rng.normal(size=D), rng.normal(size=(D, n, H))


def assert_near(actual, expected, dtype):
    """Same shape and dtype; equal to the tolerance of the dtype, or to 1e-3 of it of the largest where terms cancel."""
    assert actual.shape == expected.shape and actual.dtype == dtype
    rtol = TOLERANCE[dtype]
    onp.testing.assert_allclose(actual, expected, rtol, 1e-3 * rtol * np.max(np.abs(expected), initial=1))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("hidden", ["relu", "sigmoid"])
@pytest.mark.parametrize("shape", SHAPES)
def test_equals_twin(shape, hidden, dtype):
    *args, g = (np.asarray(array, dtype) for array in problem(*shape))  # rounded first: both see the same numbers
    exact = [np.asarray(array, np.float64) for array in args]
    actual = rnade.hidden_layers(*args, hidden == "relu")
    expected = twin.hidden_layers(*exact, hidden)
    if dtype == np.float32:
        onp.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-5)
    else:
        assert_near(actual, expected, dtype)
    # All arguments at once: with D = 1 the layers do not depend on x, or on W, and autograd would warn of that.
    actual = grad(lambda args: np.sum(g * rnade.hidden_layers(*args, hidden == "relu")))(tuple(args))
    expected = grad(lambda args: np.sum(g * twin.hidden_layers(*args, hidden)))(tuple(exact))
    for a, e in zip(actual, expected, strict=True):
        if dtype == np.float32:
            onp.testing.assert_allclose(a, e, rtol=1e-4, atol=1e-5 * max(1, np.abs(e).max()))
        else:
            assert_near(a, e, dtype)
        assert a.dtype == dtype


@pytest.mark.parametrize("rectified", [True, False])
def test_gradient_by_finite_differences(rectified):
    *args, g = problem(5, 6, 3)
    step = 1e-6  # error of a central difference: step**2 from the third derivative, eps / step from rounding
    gradients = rnade.hidden_layers_vjp(g, rnade.hidden_layers(*args, rectified), *args, rectified)
    for k, (array, actual) in enumerate(zip(args, gradients, strict=True)):
        expected = np.zeros(array.shape)
        for index in np.ndindex(array.shape):
            values = []
            for sign in (1, -1):
                moved = [a.copy() for a in args]
                moved[k][index] += sign * step
                values.append(np.sum(g * rnade.hidden_layers(*moved, rectified)))
            expected[index] = (values[0] - values[1]) / (2 * step)
        onp.testing.assert_allclose(actual, expected, rtol=1e-7, atol=1e-8)


def test_layer_d_depends_on_earlier_x_only():
    x, W, c, rho, _ = problem(1, 5, 4)
    for d in range(5):
        gradient = grad(lambda x, d=d: np.sum(rnade.hidden_layers(x, W, c, rho, False)[d]))(x)[0]
        assert np.all(gradient[d:] == 0) and np.all(gradient[:d] != 0)


@pytest.mark.parametrize("rectified", [True, False])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_layer_that_is_scaled_to_nothing_still_teaches_its_scale(dtype, rectified):
    """rho_d = 0 is allowed: the sigmoid's gradient with respect to it is not lost in a division."""
    x, W, c, _, g = (np.asarray(array, dtype) for array in problem(4, 3, 5))
    rho = np.zeros(3, dtype)
    h = rnade.hidden_layers(x, W, c, rho, rectified)
    *_, drho = rnade.hidden_layers_vjp(g, h, x, W, c, rho, rectified)
    assert np.isfinite(drho).all() and (rectified or (drho != 0).all())


@pytest.mark.parametrize("rectified", [True, False])
@pytest.mark.parametrize("name", ["x", "W", "c", "rho"])
def test_nan_is_not_lost(name, rectified):
    *args, _ = problem(6, 5, 40)
    args[["x", "W", "c", "rho"].index(name)][0, ...] = np.nan
    expected = twin.hidden_layers(*args, "relu" if rectified else "sigmoid")
    assert np.isnan(expected).any()
    onp.testing.assert_array_equal(np.isnan(rnade.hidden_layers(*args, rectified)), np.isnan(expected))


def test_saturated_sigmoids():
    x, W, c, rho, g = (array.astype(np.float32) for array in problem(6, 5, 40))
    for scale in (1e3, -1e3, 1e30):
        args = x, W, np.full_like(c, scale), np.ones_like(rho), False
        h = rnade.hidden_layers(*args)
        onp.testing.assert_array_equal(h, scale > 0)
        assert all(np.isfinite(d).all() for d in rnade.hidden_layers_vjp(g, h, *args))


def test_inputs_are_left_alone_in_any_layout():
    *args, g = problem(13, 11, 35)
    h = rnade.hidden_layers(*args, True)
    expected = [h, *rnade.hidden_layers_vjp(g, h, *args, True)]

    def strided(array):
        wide = np.zeros([2 * s for s in array.shape[::-1]]).T  # Fortran order, every other entry
        view = wide[tuple(slice(None, None, 2) for _ in array.shape)]
        view[...] = array
        view.setflags(write=False)
        return view

    odd = [strided(array) for array in args]
    actual = [rnade.hidden_layers(*odd, True), *rnade.hidden_layers_vjp(strided(g), h, *odd, True)]
    assert all(np.array_equal(a, e) for a, e in zip(actual, expected, strict=True))
    assert all(np.array_equal(a, o) for a, o in zip(args, odd, strict=True))


def test_empty_batch():
    x, *params, _ = problem(5, 6, 3)
    h = rnade.hidden_layers(x[:0], *params, True)
    assert h.shape == (6, 0, 3)
    assert all(np.all(d == 0) for d in rnade.hidden_layers_vjp(h, h, x[:0], *params, True))


def test_wrong_shapes_and_dtypes_are_refused():
    x, W, c, rho, g = problem(5, 6, 3)
    with pytest.raises(ValueError, match=r"W must have shape|x must have shape \(5, 3\)"):
        rnade.hidden_layers(x, W.T, c, rho, True)
    with pytest.raises(ValueError, match=r"rho must have shape \(6,\), got \(3,\)"):
        rnade.hidden_layers(x, W, c, rho[:3], True)
    h = rnade.hidden_layers(x, W, c, rho, True)
    with pytest.raises(ValueError, match="g must have shape"):
        rnade.hidden_layers_vjp(g[:4], h, x, W, c, rho, True)
    with pytest.raises(TypeError, match="float32 or float64"):
        rnade.hidden_layers(x, W.astype(int), c, rho, True)


def test_second_derivative_is_refused():
    x, W, c, rho, g = problem(5, 6, 3)
    first = elementwise_grad(lambda c: np.sum(g * rnade.hidden_layers(x, W, c, rho, False)))
    with pytest.raises(NotImplementedError, match="no second derivative"):
        grad(lambda c: np.sum(first(c)))(c)


def test_without_compiler():
    names = ["test_equals_twin", "test_nan_is_not_lost", "test_saturated_sigmoids"]
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *(f"{__file__}::{n}" for n in names)],
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr

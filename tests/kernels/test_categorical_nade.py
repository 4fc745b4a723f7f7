"""`npgen.kernels.categorical_nade` against the paper's loop over d, in NumPy and differentiated by autograd."""

import os
import subprocess
import sys

import autograd.numpy as np
import numpy as onp
import pytest
from autograd import elementwise_grad, grad

from npgen.kernels import categorical_nade as kernel
from npgen.models import categorical_nade as twin

# The same terms in another order. float32: the sum of a few rows, each off by an eps of 6e-8.
TOLERANCE = {np.float64: 1e-10, np.float32: 1e-5}
SHAPES = [(1, 1, 1, 1), (1, 7, 2, 5), (3, 2, 4, 1), (5, 1, 3, 3), (13, 11, 6, 50)]  # n, D, K, H


def problem(n, D, K, H):
    """x, W, c, an order and a cotangent g; floats in float64."""
    rng = np.random.default_rng([n, D, K, H])
    x, W = rng.integers(0, K, (n, D)), rng.normal(scale=0.5, size=(D, K, H))
    return x, W, rng.normal(size=H), rng.permutation(D), rng.normal(size=(D, n, H))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("shape", SHAPES)
def test_equals_twin(shape, dtype):
    x, *floats, order, g = problem(*shape)
    W, c = (array.astype(dtype) for array in floats)  # rounded first: both see the same numbers
    exact = W.astype(np.float64), c.astype(np.float64)
    actual = [kernel.hidden_layers(x, W, c, order)]
    expected = [twin.hidden_layers(x, *exact, order)]
    actual += grad(lambda p: np.sum(g * kernel.hidden_layers(x, *p, order)))((W, c))
    expected += grad(lambda p: np.sum(g * twin.hidden_layers(x, *p, order)))(exact)
    for a, e in zip(actual, expected, strict=True):
        assert a.shape == e.shape and a.dtype == dtype
        tolerance = TOLERANCE[dtype]
        atol = tolerance if dtype == np.float32 else 1e-13  # where terms of order 1 cancel
        onp.testing.assert_allclose(a, e, tolerance, atol)


def test_gradient_by_finite_differences():
    x, W, c, order, g = problem(5, 4, 3, 2)
    step = 1e-6  # error of a central difference: step**2 from the third derivative, eps / step from rounding
    gradients = kernel.hidden_layers_vjp(g, kernel.hidden_layers(x, W, c, order), x, W, c, order)
    for k, actual in enumerate(gradients):
        expected = np.zeros(actual.shape)
        for index in np.ndindex(actual.shape):
            values = []
            for sign in (1, -1):
                moved = [W.copy(), c.copy()]
                moved[k][index] += sign * step
                values.append(np.sum(g * kernel.hidden_layers(x, *moved, order)))
            expected[index] = (values[0] - values[1]) / (2 * step)
        onp.testing.assert_allclose(actual, expected, rtol=1e-7, atol=1e-8)


def test_a_layer_depends_on_the_variables_before_it_in_the_order():
    x, W, c, order, _ = problem(1, 5, 3, 4)
    before = kernel.hidden_layers(x, W, c, order)
    for place, d in enumerate(order):
        changed = x.copy()
        changed[0, d] = (x[0, d] + 1) % 3
        moved = (kernel.hidden_layers(changed, W, c, order) != before).any(axis=(1, 2))
        assert set(np.flatnonzero(moved)) == set(order[place + 1 :])


def test_nan_is_not_lost():
    x, W, c, order, _ = problem(4, 3, 2, 5)
    c[2] = np.nan
    assert np.isnan(kernel.hidden_layers(x, W, c, order)[:, :, 2]).all()


def test_saturated_sigmoids():
    x, W, c, order, g = problem(4, 3, 2, 5)
    for scale in (1e3, -1e3, 1e300):
        h = kernel.hidden_layers(x, W, np.full_like(c, scale), order)
        onp.testing.assert_array_equal(h, scale > 0)
        assert all(np.isfinite(d).all() for d in kernel.hidden_layers_vjp(g, h, x, W, c, order))


def test_any_layout_and_dtype_of_x():
    x, W, c, order, g = problem(6, 5, 4, 3)
    expected = kernel.hidden_layers(x, W, c, order)
    odd = np.asfortranarray(W)
    odd.setflags(write=False)
    onp.testing.assert_array_equal(kernel.hidden_layers(np.asfortranarray(x.astype(np.uint8)), odd, c, order), expected)
    gradient = kernel.hidden_layers_vjp(np.asfortranarray(g), expected, x, odd, c, order)
    for a, e in zip(gradient, kernel.hidden_layers_vjp(g, expected, x, W, c, order), strict=True):
        onp.testing.assert_array_equal(a, e)


def test_empty_batch():
    x, W, c, order, _ = problem(5, 4, 3, 2)
    h = kernel.hidden_layers(x[:0], W, c, order)
    assert h.shape == (4, 0, 2)
    assert all(np.all(d == 0) for d in kernel.hidden_layers_vjp(h, h, x[:0], W, c, order))


def test_what_would_crash_compiled_code_is_refused():
    x, W, c, order, g = problem(5, 4, 3, 2)
    for bad in (x + 3, x - 3):
        with pytest.raises(ValueError, match=r"x must be in 0\.\.2"):
            kernel.hidden_layers(bad, W, c, order)
    with pytest.raises(ValueError, match=r"x must have shape \(5, 4\)"):
        kernel.hidden_layers(x[:, :3], W, c, order)
    with pytest.raises(ValueError, match="permutation"):
        kernel.hidden_layers(x, W, c, order + 1)
    h = kernel.hidden_layers(x, W, c, order)
    with pytest.raises(ValueError, match="g must have shape"):
        kernel.hidden_layers_vjp(g[:3], h, x, W, c, order)
    with pytest.raises(TypeError, match="float32 or float64"):
        kernel.hidden_layers(x, W.astype(int), c, order)


def test_second_derivative_is_refused():
    x, W, c, order, g = problem(5, 4, 3, 2)
    first = elementwise_grad(lambda c: np.sum(g * kernel.hidden_layers(x, W, c, order)))
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

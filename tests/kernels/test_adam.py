"""`npgen.kernels.adam` against its readable twin, `npgen.optim.adam_update`."""

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from npgen import optim
from npgen.nested import leaves

# The same operations in the same order, but for fused multiply-adds: a few eps for each of a few steps.
TOLERANCE = {np.float32: 1e-5, np.float64: 1e-13}


def both(gradients, dtype, params=None):
    """The parameters after some updates by the twin, and by the kernel."""
    start = np.zeros_like(gradients[0], dtype) if params is None else params
    optimiser = optim.adam(optim.cosine(0.1, 10))
    twin, kernel = start, start
    twin_state, kernel_state = optim.adam_init(start), optimiser.init(start)
    for g in gradients:
        g = g.astype(dtype)
        twin, twin_state = optim.adam_update(twin, g, twin_state, optim.cosine(0.1, 10), maximize=False)
        kernel, kernel_state = optimiser.update(kernel, g, kernel_state)
    return (twin, twin_state), (kernel, kernel_state)


@pytest.fixture(scope="module", autouse=True)
def compiled():
    """The kernel, compiled before hypothesis looks at the clock."""
    for dtype in TOLERANCE:
        both([np.zeros(1)], dtype)


@given(
    st.lists(arrays.arrays(np.float64, (3, 2), elements=st.floats(-1e3, 1e3)), min_size=1, max_size=5),
    st.sampled_from([np.float32, np.float64]),
)
def test_equals_twin(gradients, dtype):
    for found, expected in zip(*(leaves(list(result)) for result in reversed(both(gradients, dtype))), strict=True):
        assert found.dtype == expected.dtype and found.shape == expected.shape
        np.testing.assert_allclose(found, expected, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])


@pytest.mark.parametrize("shape", [(), (1,), (0,), (2, 3, 4)])
def test_any_shape(shape, rng):
    (twin, _), (kernel, _) = both([rng.standard_normal(shape) for _ in range(3)], np.float64)
    np.testing.assert_allclose(kernel, twin, rtol=1e-13)
    assert np.shape(kernel) == shape


def test_views_and_transposed_arrays(rng):
    g, params = rng.standard_normal((4, 6)).T, rng.standard_normal((12, 8))[::2, ::2]
    (twin, _), (kernel, _) = both([g, g], np.float64, params)
    np.testing.assert_allclose(kernel, twin, rtol=1e-13)


def test_parameters_in_fortran_order(rng):
    params = rng.standard_normal((4, 3)).T
    (twin, _), (kernel, state) = both([rng.standard_normal((3, 4)) for _ in range(3)], np.float64, params)
    np.testing.assert_allclose(kernel, twin, rtol=1e-13)
    state["m"] = np.asfortranarray(state["m"])
    with pytest.raises(ValueError, match="expected moments in C order"):
        optim.adam(0.1).update(kernel, params, state)


def test_parameters_and_gradient_are_left_as_they_were(rng):
    optimiser, params, g = optim.adam(0.1), rng.standard_normal(5), rng.standard_normal(5)
    before = params.copy(), g.copy()
    optimiser.update(params, g, optimiser.init(params))
    np.testing.assert_array_equal((params, g), before)


def test_a_nan_stays():
    optimiser = optim.adam(0.1)
    new, _ = optimiser.update(np.zeros(3), np.array([0.0, np.nan, 1.0]), optimiser.init(np.zeros(3)))
    np.testing.assert_array_equal(np.isnan(new), [False, True, False])


def test_without_compiler():
    names = [
        "test_equals_twin",
        "test_any_shape",
        "test_views_and_transposed_arrays",
        "test_parameters_and_gradient_are_left_as_they_were",
        "test_a_nan_stays",
    ]
    selected = [f"{__file__}::{name}" for name in names]
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *selected]
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr

"""`npgen.kernels.nade` against the paper's loop over d, written in NumPy and differentiated by autograd."""

import os
import subprocess
import sys
import warnings

import autograd.numpy as np
import numba
import numpy as onp
import pytest
from autograd import elementwise_grad, grad
from hypothesis import given, settings
from hypothesis import strategies as st

from npgen.distributions import sigmoid
from npgen.kernels import nade
from npgen.models import nade as twin

# float64: the kernel adds the same terms in another order, with an exact sigmoid, so a sum is off by a few eps.
# float32: eps is 6e-8, and the kernel's rational sigmoid is within 2.4e-7 of the exact one. Logits and gradients sum up
# to a few hundred such terms with random signs: sqrt(500) * 2.4e-7 = 5e-6 of the largest, hence 1e-5.
TOLERANCE = {np.float64: 1e-10, np.float32: 1e-5}

# (n, D, H): one of each; no multiple of the tile (4), the threads (2) or the vectors (4, 8, 16 floats); odd and even
# D, and one pair of rows alone; at last, more than one tile for each thread.
SHAPES = [(1, 1, 1), (1, 7, 5), (3, 2, 1), (5, 1, 3), (5, 2, 40), (6, 9, 17), (9, 10, 33), (13, 11, 35), (35, 20, 100)]


def twin_sample(uniforms, W, c, V, b):
    a = np.tile(c, (len(uniforms), 1))
    x = np.zeros(uniforms.shape)
    for d in range(len(b)):
        x[:, d] = uniforms[:, d] < sigmoid(np.dot(sigmoid(a), V[d]) + b[d])
        a = a + np.outer(x[:, d], W[d])
    return x


def problem(n, D, H, kind="binary", seed=0):
    """x of the given kind, the four parameters, and a cotangent g, all in float64."""
    rng = np.random.default_rng([n, D, H, seed])
    x = {
        "binary": lambda: (rng.random((n, D)) < 0.3).astype(float),
        "real": lambda: rng.normal(size=(n, D)) * (rng.random((n, D)) < 0.7),
        "zeros": lambda: np.zeros((n, D)),
        "ones": lambda: np.ones((n, D)),
    }[kind]()
    W, V = rng.normal(scale=0.5, size=(2, D, H))
    return x, W, rng.normal(size=H), V, rng.normal(size=D), rng.normal(size=(n, D))


def assert_near(actual, expected, dtype):
    """Same shape and dtype, and equal up to the tolerance of the dtype, relative to the largest entry."""
    assert actual.shape == expected.shape
    assert actual.dtype == dtype
    error = np.max(np.abs(actual - expected), initial=0)
    assert error <= TOLERANCE[dtype] * max(1, np.max(np.abs(expected), initial=0))


def check_twin(n, D, H, kind, dtype, seed=0):
    """Value and all five gradients equal the twin's, which is always evaluated in float64."""
    # Rounded to dtype first: both then see the same numbers.
    x, *params, g = (np.asarray(array, dtype) for array in problem(n, D, H, kind, seed))
    args = [x, *params]
    exact = [np.asarray(array, np.float64) for array in args]
    assert_near(nade.logits(*args), twin.logits(*exact), dtype)
    # All arguments at once: with D = 1 the logits do not depend on x, or on W, and autograd would warn of that.
    actual = grad(lambda args: np.sum(g * nade.logits(*args)))(tuple(args))
    expected = grad(lambda args: np.sum(g * twin.logits(*args)))(tuple(exact))
    for a, e in zip(actual, expected, strict=True):
        assert_near(a, e, dtype)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("kind", ["binary", "real", "zeros", "ones"])
@pytest.mark.parametrize("shape", SHAPES)
def test_equals_twin(shape, kind, dtype):
    check_twin(*shape, kind, dtype)


@settings(max_examples=40)
@given(
    n=st.integers(1, 20),
    D=st.integers(1, 20),
    H=st.integers(1, 70),
    kind=st.sampled_from(["binary", "real"]),
    dtype=st.sampled_from([np.float64, np.float32]),
    seed=st.integers(0, 2**32 - 1),
)
def test_equals_twin_at_any_shape(n, D, H, kind, dtype, seed):
    check_twin(n, D, H, kind, dtype, seed)


def test_float32_at_full_size():
    # A pre-activation is the sum of up to 235 rows of W, added one by one: rounding must not build up.
    n, D, H = 8, 784, 500
    x, W, c, V, b, g = (np.asarray(array, np.float32) for array in problem(n, D, H))
    args = (x, W / 10, c, V / 10, b)
    exact = [np.asarray(array, np.float64) for array in args]
    assert_near(nade.logits(*args), twin.logits(*exact), np.float32)
    actual = nade.logits_vjp(g, *args)
    expected = nade.logits_vjp(np.asarray(g, np.float64), *exact)  # float64: equal to the twin by the tests above
    for a, e in zip(actual, expected, strict=True):
        assert_near(a, e, np.float32)


@pytest.mark.parametrize("kind", ["binary", "real"])
def test_gradient_by_finite_differences(kind):
    *args, g = problem(5, 6, 3, kind)
    step = 1e-6  # error of a central difference: step**2 from the third derivative, eps / step from rounding
    for k, array in enumerate(args):
        actual = grad(lambda *args: np.sum(g * nade.logits(*args)), k)(*args)
        expected = np.zeros(array.shape)
        for index in np.ndindex(array.shape):
            values = []
            for sign in (1, -1):
                moved = [a.copy() for a in args]
                moved[k][index] += sign * step
                values.append(np.sum(g * nade.logits(*moved)))
            expected[index] = (values[0] - values[1]) / (2 * step)
        onp.testing.assert_allclose(actual, expected, rtol=1e-7, atol=1e-8)


def test_logit_d_depends_on_earlier_x_only():
    x, W, c, V, b, _ = problem(1, 6, 4, "real")
    jacobian = np.stack([grad(lambda x, d=d: nade.logits(x, W, c, V, b)[0, d])(x)[0] for d in range(6)])
    assert np.all(jacobian[np.triu_indices(6)] == 0)
    assert np.all(jacobian[np.tril_indices(6, -1)] != 0)


def test_one_backward_pass_for_all_parameters(monkeypatch):
    x, *params, g = problem(5, 6, 3)
    calls = []
    original = nade.logits_vjp
    monkeypatch.setattr(nade, "logits_vjp", lambda *args: calls.append(args) or original(*args))
    grad(lambda params: np.sum(g * nade.logits(x, *params)))(tuple(params))
    assert len(calls) == 1


def test_second_derivative_is_refused():
    x, W, c, V, b, g = problem(5, 6, 3)
    first = elementwise_grad(lambda c: np.sum(g * nade.logits(x, W, c, V, b)))
    with pytest.raises(NotImplementedError, match="no second derivative"):
        grad(lambda c: np.sum(first(c)))(c)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_same_bits_every_time(dtype):
    x, *params, g = (np.asarray(array, dtype) for array in problem(35, 20, 100))
    uniforms = np.random.default_rng(0).random((35, 20))
    once = [nade.logits(x, *params), *nade.logits_vjp(g, x, *params), nade.sample(uniforms, *params)]
    nade.logits_vjp(g[:, :7], x[:, :7], params[0][:7], params[1], params[2][:7], params[3][:7])  # other shapes between
    for _ in range(10):
        again = [nade.logits(x, *params), *nade.logits_vjp(g, x, *params), nade.sample(uniforms, *params)]
        assert all(np.array_equal(u, v) for u, v in zip(once, again, strict=True))


def test_any_number_of_threads():
    *args, g = problem(35, 20, 100)
    expected = [nade.logits(*args), *nade.logits_vjp(g, *args)]
    before = numba.get_num_threads()
    try:
        for n_threads in range(1, numba.config.NUMBA_NUM_THREADS + 1):
            numba.set_num_threads(n_threads)
            actual = [nade.logits(*args), *nade.logits_vjp(g, *args)]
            for a, e in zip(actual, expected, strict=True):
                assert_near(a, e, np.float64)
    finally:
        numba.set_num_threads(before)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("shape", SHAPES)
def test_sampler_equals_twin(shape, dtype):
    _, *params, _ = (np.asarray(array, dtype) for array in problem(*shape))
    uniforms = np.random.default_rng(shape).random(shape[:2])
    x = nade.sample(uniforms, *params)
    assert x.dtype == np.uint8
    # Fixed seeds: in float32 a uniform within 1e-6 of its probability could fall on the other side, and none does.
    onp.testing.assert_array_equal(x, twin_sample(uniforms, *[np.asarray(p, np.float64) for p in params]))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", ["W", "c", "V", "b"])
def test_nan_is_not_lost(name, dtype):
    x, *params, g = (np.asarray(array, dtype) for array in problem(6, 5, 40, "ones"))
    params["WcVb".index(name)][0, ...] = np.nan

    def results(logits):
        return [logits(x, *params), *grad(lambda args: np.sum(g * logits(*args)))((x, *params))]

    for actual, expected in zip(results(nade.logits), results(twin.logits), strict=True):
        assert not np.any(np.isnan(expected) & ~np.isnan(actual))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_saturated_sigmoids(dtype):
    x, W, c, V, b, g = (np.asarray(array, dtype) for array in problem(6, 5, 40))
    for scale in (1e3, -1e3, 1e30):
        actual = nade.logits(x, W, np.full_like(c, scale), V, b)
        onp.testing.assert_allclose(actual, np.tile((V.sum(axis=1) if scale > 0 else 0) + b, (6, 1)), atol=1e-5)
        assert all(np.isfinite(d).all() for d in nade.logits_vjp(g, x, W, np.full_like(c, scale), V, b))


def test_inputs_are_left_alone_in_any_layout():
    *args, g = problem(13, 11, 35)
    args[0] = args[0].astype(np.uint8)
    uniforms = np.random.default_rng(0).random((13, 11))
    expected = [nade.logits(*args), *nade.logits_vjp(g, *args), nade.sample(uniforms, *args[1:])]

    def strided(array):
        wide = np.zeros([2 * s for s in array.shape[::-1]], array.dtype).T  # Fortran order, every other entry
        view = wide[tuple(slice(None, None, 2) for _ in array.shape)]
        view[...] = array
        view.setflags(write=False)
        return view

    odd = [strided(array) for array in args]
    assert not odd[1].flags.c_contiguous
    actual = [nade.logits(*odd), *nade.logits_vjp(strided(g), *odd), nade.sample(strided(uniforms), *odd[1:])]
    assert all(np.array_equal(a, e) for a, e in zip(actual, expected, strict=True))
    assert all(np.array_equal(a, o) for a, o in zip(args, odd, strict=True))


def test_boolean_x_and_empty_batch():
    x, *params, g = problem(5, 6, 3)
    onp.testing.assert_array_equal(nade.logits(x.astype(bool), *params), nade.logits(x, *params))
    assert nade.logits(x[:0], *params).shape == (0, 6)
    assert all(np.all(d == 0) for d in nade.logits_vjp(g[:0], x[:0], *params))


def test_gradients_of_two_calls_do_not_share_memory():
    x, *params, g = problem(5, 6, 3)
    first = nade.logits_vjp(g, x, *params)
    copies = [d.copy() for d in first]
    nade.logits_vjp(-g, x, *params)
    assert all(np.array_equal(d, e) for d, e in zip(first, copies, strict=True))


def test_wrong_shapes_and_dtypes_are_refused():
    x, W, c, V, b, g = problem(5, 6, 3)
    with pytest.raises(ValueError, match=r"V must have shape \(6, 3\), got \(3, 6\)"):
        nade.logits(x, W, c, V.T, b)
    with pytest.raises(ValueError, match=r"c must have shape \(3,\), got \(3, 1\)"):
        nade.logits(x, W, c[:, None], V, b)
    with pytest.raises(ValueError, match=r"g must have shape"):
        nade.logits_vjp(g[:4], x, W, c, V, b)
    with pytest.raises(ValueError, match=r"uniforms must have shape"):
        nade.sample(x[:, :5], W, c, V, b)
    with pytest.raises(TypeError, match="float32 or float64"):
        nade.logits(x, W.astype(int), c, V, b)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_works_after_fork():
    *args, _ = problem(35, 20, 100)
    expected = nade.logits(*args)  # starts the threads
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 warns of any fork of a process with threads
        child = os.fork()
    if child == 0:
        os._exit(0 if np.array_equal(nade.logits(*args), expected) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_without_compiler():
    names = ["test_equals_twin", "test_sampler_equals_twin", "test_nan_is_not_lost"]
    selected = [f"{__file__}::{name}" for name in names]
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *selected, "-k", "not 35"],
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr


def test_a_certain_pixel_is_certain_for_the_sampler_too():
    """The rational sigmoid is off by 2.4e-7: too much where p(x_d = 1) is 1e-13, as `log_prob` says."""
    zeros, b = onp.zeros((3, 2), onp.float32), onp.full(3, -30, onp.float32)
    uniforms = onp.full((4, 3), 1e-7, onp.float32)
    assert not nade.sample(uniforms, zeros, onp.zeros(2, onp.float32), zeros, b).any()

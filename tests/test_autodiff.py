import autograd
import autograd.numpy as anp
import numpy as np
import pytest

from npgen.autodiff import mean, value_and_grad
from npgen.nested import leaves


def params(rng, dtype=np.float64):
    return {"net": [(rng.standard_normal((3, 4)).astype(dtype), rng.standard_normal(4).astype(dtype))], "a": np.ones(2)}


def loss(params, x):
    ((W, b),) = params["net"]
    return anp.sum(anp.tanh(anp.dot(x, W) + b) ** 2) + anp.sum(W) * anp.sum(params["a"])


def test_equals_autograd_on_nested_params(rng):
    tree, x = params(rng), rng.standard_normal((5, 3))
    value, gradient = value_and_grad(loss)(tree, x)
    expected_value, expected = autograd.value_and_grad(loss)(tree, x)
    assert value == expected_value
    assert type(gradient["net"][0]) is tuple
    for found, right in zip(leaves(gradient), leaves(expected), strict=True):
        assert found.shape == right.shape
        np.testing.assert_allclose(found, right, rtol=1e-14)


def test_unused_leaf_has_gradient_zero(rng):
    _, gradient = value_and_grad(lambda p: anp.sum(p["used"] ** 2))({"used": np.ones(2), "unused": np.ones((2, 3))})
    np.testing.assert_array_equal(gradient["unused"], np.zeros((2, 3)))
    np.testing.assert_array_equal(gradient["used"], [2.0, 2.0])


def test_constant_function_has_gradient_zero():
    value, gradient = value_and_grad(lambda p: 3.0)({"W": np.ones(2)})
    assert value == 3.0
    np.testing.assert_array_equal(gradient["W"], np.zeros(2))


def test_constant_of_another_trace_has_gradient_zero():
    """A gradient inside a gradient: the inner function depends on the outer parameters only, not on its own."""

    def inner(outer):
        value, gradient = value_and_grad(lambda p: outer["a"] * 2.0)({"b": np.array(1.0)})
        assert gradient["b"] == 0
        return value

    value, gradient = value_and_grad(inner)({"a": np.array(3.0)})
    assert (value, gradient["a"]) == (6.0, 2.0)


def test_leaf_that_is_returned_itself():
    value, gradient = value_and_grad(lambda p: p["s"])({"s": np.array(2.0)})
    assert (value, gradient["s"]) == (2.0, 1.0)


def test_gradient_keeps_each_leafs_dtype(rng):
    tree = params(rng, np.float32)
    _, gradient = value_and_grad(loss)(tree, rng.standard_normal((5, 3)))
    assert [leaf.dtype for leaf in leaves(gradient)] == [np.float32, np.float32, np.float64]


def test_refuses_a_loss_that_is_not_a_scalar():
    with pytest.raises(ValueError, match=r"scalar; found a value of shape \(2,\)"):
        value_and_grad(lambda p: p["W"] * 2)({"W": np.ones(2)})


def test_params_are_left_as_they_were(rng):
    tree, x = params(rng), rng.standard_normal((5, 3))
    before = [leaf.copy() for leaf in leaves(tree)]
    value_and_grad(loss)(tree, x)
    for leaf, old in zip(leaves(tree), before, strict=True):
        np.testing.assert_array_equal(leaf, old)


def test_mean_keeps_float32_through_the_backward_pass():
    x = np.arange(6, dtype=np.float32)
    seen = []

    def watched(p):
        doubled = watch(p["x"] * np.float32(2))
        return mean(doubled)

    @autograd.extend.primitive
    def watch(values):
        return values

    autograd.extend.defvjp(watch, lambda ans, values: lambda g: seen.append(g.dtype) or g)
    value, gradient = value_and_grad(watched)({"x": x})
    assert value == 5.0
    assert seen == [np.float32]
    np.testing.assert_array_equal(gradient["x"], np.full(6, np.float32(2) / np.float32(6)), strict=True)

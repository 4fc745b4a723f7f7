import autograd.numpy as anp
import numpy as np
import pytest
from autograd.test_util import check_grads

from npgen.autodiff import mean, value_and_grad
from npgen.nested import leaves
from npgen.nn import affine, columns, init_net_params, l1_norm, linear, neural_net_predict, relu


def test_shapes_and_dtype(rng):
    params = init_net_params(rng, (5, 4, 3), 0.1)
    assert [(W.shape, b.shape) for W, b in params] == [((5, 4), (4,)), ((4, 3), (3,))]
    assert {leaf.dtype for leaf in leaves(params)} == {np.dtype(np.float32)}
    assert all(not b.any() for _, b in params)


@pytest.mark.parametrize("scale", [None, 0.5])
def test_scale_of_the_weights(rng, scale):
    ((W, _),) = init_net_params(rng, (200, 300), scale, np.float64)
    expected = (2 / 200) ** 0.5 if scale is None else scale
    assert W.std() == pytest.approx(expected, rel=5 / (2 * W.size) ** 0.5)  # 5 standard errors of a standard deviation


def test_a_scale_in_float64_does_not_make_the_weights_float64(rng):
    ((W, _),) = init_net_params(rng, (3, 4), np.float64(0.1))  # promotes in NumPy 2, but not in NumPy 1
    assert W.dtype == np.float32


@pytest.mark.parametrize("sizes", [(5,), (5, 0), ()])
def test_refuses_sizes_that_are_no_network(rng, sizes):
    with pytest.raises(ValueError, match="layer_sizes"):
        init_net_params(rng, sizes)


def test_predict_by_hand():
    params = [(np.array([[1.0, -1.0], [2.0, 0.0]]), np.array([0.5, 0.0])), (np.array([[3.0], [5.0]]), np.array([-1.0]))]
    # hidden: relu(1 + 2 * 2 + 0.5, -1) = (5.5, 0); output: 3 * 5.5 - 1
    np.testing.assert_array_equal(neural_net_predict(params, np.array([[1.0, 2.0]])), [[15.5]])


def test_last_layer_is_linear():
    params = [(np.array([[1.0]]), np.array([0.0]))]
    np.testing.assert_array_equal(neural_net_predict(params, np.array([[-7.0]])), [[-7.0]])


def test_any_leading_axes(rng):
    params = init_net_params(rng, (3, 4, 2), dtype=np.float64)
    x = rng.standard_normal((6, 5, 3))
    np.testing.assert_allclose(
        neural_net_predict(params, x).reshape(-1, 2), neural_net_predict(params, x.reshape(-1, 3)), rtol=1e-12
    )


@pytest.mark.parametrize("leading", [(4,), (2, 4)])
def test_affine_gradients(rng, leading):
    args = rng.standard_normal((*leading, 3)), rng.standard_normal((3, 2)), rng.standard_normal(2)
    check_grads(affine, modes=["rev"], order=2)(*args)
    check_grads(linear, modes=["rev"], order=2)(*args[:2])


def test_the_gradient_of_linear_lies_in_memory_as_its_weights_do(rng):
    x, W = rng.standard_normal((6, 3)), rng.standard_normal((3, 4))
    _, gradient = value_and_grad(lambda W: anp.sum(linear(x, W)))(W)
    assert gradient.flags["C_CONTIGUOUS"]


def test_l1_norm():
    value, gradient = value_and_grad(l1_norm)(np.array([-2.0, 0.0, 3.0]))
    assert value == 5.0
    np.testing.assert_array_equal(gradient, [-1.0, 0.0, 1.0])


def test_relu_and_columns_gradients(rng):
    x = rng.standard_normal((4, 6))
    check_grads(relu, modes=["rev"], order=2)(x)
    check_grads(lambda x: columns(x, 1, 4), modes=["rev"], order=2)(x)


def test_derivative_of_relu_at_zero_is_zero():
    _, gradient = value_and_grad(lambda x: anp.sum(relu(x)))(np.array([-1.0, 0.0, 2.0]))
    np.testing.assert_array_equal(gradient, [0.0, 0.0, 1.0])


def test_columns_is_a_slice(rng):
    x = rng.standard_normal((4, 6))
    np.testing.assert_array_equal(columns(x, 2, 6), x[:, 2:])


def test_float32_stays_float32_both_ways(rng):
    params = init_net_params(rng, (3, 4, 2))
    x = rng.standard_normal((5, 3)).astype(np.float32)
    value, gradient = value_and_grad(lambda p: mean(neural_net_predict(p, x)))(params)
    assert value.dtype == np.float32
    assert {leaf.dtype for leaf in leaves(gradient)} == {np.dtype(np.float32)}

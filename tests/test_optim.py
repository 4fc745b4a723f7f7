import copy
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npgen import optim
from npgen.nested import leaves, map_leaves

PARAMS = {"W": np.array([1.0, -2.0]), "net": [(np.array(3.0),)]}
GRADIENT = {"W": np.array([0.1, -1e-4]), "net": [(np.array(10.0),)]}


def textbook_adam(x, gradients, step_size, beta1=0.9, beta2=0.999, eps=1e-8):
    """Algorithm 1 of the paper, scalar by scalar, descending."""
    m = v = 0.0
    for t, g in enumerate(gradients, start=1):
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        x -= step_size * (m / (1 - beta1**t)) / (math.sqrt(v / (1 - beta2**t)) + eps)
    return x


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=6), st.floats(1e-4, 1))
def test_adam_equals_the_textbook(gradients, step_size):
    params, state = np.array([0.5]), optim.adam_init(np.array([0.5]))
    for g in gradients:
        params, state = optim.adam_update(params, np.array([g]), state, step_size, maximize=False)
    np.testing.assert_allclose(params, [textbook_adam(0.5, gradients, step_size)], rtol=1e-12, atol=1e-14)
    assert state["step"] == len(gradients)


def test_first_step_has_the_length_of_the_step_size():
    params, _ = optim.adam_update(PARAMS, GRADIENT, optim.adam_init(PARAMS), 0.1, maximize=False)
    np.testing.assert_allclose(params["W"], [0.9, -1.9], rtol=1e-4)  # 1e-4 / (1e-4 + 1e-8) is 1 - 1e-4
    np.testing.assert_allclose(params["net"][0][0], 2.9, rtol=1e-8)


def test_maximize_goes_the_other_way_and_has_no_default():
    down, _ = optim.adam_update(PARAMS, GRADIENT, optim.adam_init(PARAMS), 0.1, maximize=False)
    up, _ = optim.adam_update(PARAMS, GRADIENT, optim.adam_init(PARAMS), 0.1, maximize=True)
    np.testing.assert_allclose(up["W"] - PARAMS["W"], PARAMS["W"] - down["W"], rtol=1e-12)
    with pytest.raises(TypeError, match="maximize"):
        optim.adam_update(PARAMS, GRADIENT, optim.adam_init(PARAMS), 0.1)


def test_adam_is_pure():
    state = optim.adam_init(PARAMS)
    before = copy.deepcopy((PARAMS, GRADIENT, state))
    optim.adam_update(PARAMS, GRADIENT, state, 0.1, maximize=False)
    for found, expected in zip(leaves([PARAMS, GRADIENT, state]), leaves(list(before)), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_adam_keeps_float32():
    params = {"W": np.ones(3, np.float32)}
    new, state = optim.adam_update(params, params, optim.adam_init(params), optim.cosine(0.1, 10), maximize=False)
    assert {leaf.dtype for leaf in leaves([new, state["m"], state["v"]])} == {np.dtype(np.float32)}


@pytest.mark.parametrize("eta", [0, 9])
def test_averaging_weighs_the_parameters_as_its_formula_says(eta):
    """After n of every tenth step, in proportion to C(s + eta - 1, eta): the product of the shares, multiplied out.

    With eta = 0 that is the plain mean.
    """
    optimiser = optim.averaging(optim.adam(0.1), eta)
    plain, params, state, plain_state = optim.adam(0.1), PARAMS, optimiser.init(PARAMS), optim.adam(0.1).init(PARAMS)
    rng, seen, same = np.random.default_rng(0), [], PARAMS
    for step in range(1, 46):
        gradient = map_leaves(lambda leaf: rng.standard_normal(leaf.shape), PARAMS)
        params, state = optimiser.update(params, gradient, state)
        same, plain_state = plain.update(same, gradient, plain_state)
        seen += [same] if step % optim.AVERAGED_EVERY == 0 else []
    for averaged, moved in zip(leaves(params), leaves(same), strict=True):
        np.testing.assert_array_equal(averaged, moved)
    weights = np.array([math.comb(s + eta - 1, eta) for s in range(1, 5)])
    for i, mean in enumerate(leaves(state["mean"])):
        expected = sum(w * leaves(at)[i] for w, at in zip(weights / weights.sum(), seen, strict=True))
        np.testing.assert_allclose(mean, expected, rtol=1e-13)


def test_averaging_keeps_float32_and_leaves_the_last_mean_as_it_was():
    optimiser = optim.averaging(optim.adam(0.1))
    params = {"W": np.ones(3, np.float32)}
    state, means = optimiser.init(params), []
    for _ in range(20):
        params, state = optimiser.update(params, {"W": np.ones(3, np.float32)}, state)
        means.append((state["mean"]["W"], state["mean"]["W"].copy()))
    assert all(mean.dtype == np.float32 and np.array_equal(mean, copy) for mean, copy in means)
    assert not np.array_equal(means[9][0], means[19][0])


def test_schedules():
    assert [optim.constant(0.3)(step) for step in (0, 1000)] == [0.3, 0.3]
    cosine = optim.cosine(2.0, 100)
    assert (cosine(0), cosine(50), cosine(100), cosine(150)) == (2.0, pytest.approx(1.0), 0.0, 0.0)
    inverse = optim.inverse_time(1.0, 0.1)
    assert (inverse(0), inverse(10)) == (1.0, 0.5)


def test_adam_takes_a_schedule_from_step_zero():
    steps = []

    def schedule(step):
        steps.append(step)
        return 0.1

    state = optim.adam_init(PARAMS)
    for _ in range(3):
        _, state = optim.adam_update(PARAMS, GRADIENT, state, schedule, maximize=False)
    assert steps == [0, 1, 2]


def test_global_norm_does_not_overflow_float32():
    assert optim.global_norm([np.full(4, 1e30, np.float32)]) == pytest.approx(2e30)
    assert optim.global_norm({"a": np.array([3.0]), "b": (np.array(4.0),)}) == 5.0


def test_clipping_keeps_the_direction():
    gradient = {"a": np.array([3.0], np.float32), "b": np.array([4.0], np.float32)}
    clipped = optim.clip_by_global_norm(gradient, 1.0)
    np.testing.assert_allclose([clipped["a"][0], clipped["b"][0]], [0.6, 0.8], rtol=1e-6)
    assert clipped["a"].dtype == np.float32
    assert optim.clip_by_global_norm(gradient, 5.0) is gradient


def test_clipping_keeps_float32_with_a_norm_in_float64():
    clipped = optim.clip_by_global_norm({"a": np.ones(3, np.float32)}, np.float64(0.5))
    assert clipped["a"].dtype == np.float32


def test_adam_optimiser_clips_before_the_update():
    optimiser = optim.adam(0.1, max_norm=2.0)
    for long, clipped in [([3e6, 4e6], [1.2, 1.6]), ([3.0, 4.0], [1.2, 1.6]), ([0.6, 0.8], [0.6, 0.8])]:
        gradient = {"W": np.array(long), "net": [(np.array(0.0),)]}
        _, state = optimiser.update(PARAMS, gradient, optimiser.init(PARAMS))
        np.testing.assert_allclose(state["m"]["W"], 0.1 * np.array(clipped), rtol=1e-14)

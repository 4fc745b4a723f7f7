import copy
from itertools import islice

import autograd.numpy as anp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npgen.errors import Diverged, InputError
from npgen.optim import adam
from npgen.train import EarlyStopping, evaluate, fit, minibatches

DATA = np.arange(23)[:, None]


def batches(seed=0, batch_size=5, skip=0):
    return minibatches(np.random.default_rng(seed), DATA, batch_size, skip=skip)


# --- minibatches


def test_an_epoch_visits_each_row_at_most_once_in_a_new_order():
    drawn = np.array(list(islice(batches(), 8)))  # 4 batches of 5 rows fill an epoch
    first, second = drawn[:4].ravel(), drawn[4:].ravel()
    assert len(set(first)) == len(set(second)) == 20
    assert list(first) != list(second)
    assert drawn.shape == (8, 5, 1)


def test_same_seed_same_batches():
    np.testing.assert_array_equal(list(islice(batches(3), 9)), list(islice(batches(3), 9)))
    assert not np.array_equal(list(islice(batches(3), 9)), list(islice(batches(4), 9)))


@given(st.integers(0, 30), st.integers(1, 23))
def test_skip_goes_on_where_a_run_was_interrupted(skip, batch_size):
    whole = list(islice(batches(1, batch_size), skip + 6))
    np.testing.assert_array_equal(list(islice(batches(1, batch_size, skip), 6)), whole[skip:])


@pytest.mark.parametrize("batch_size", [0, -1, 24, 2.0])
def test_refuses_a_batch_size_that_does_not_fit(batch_size):
    with pytest.raises(InputError, match="batch_size: expected"):
        next(batches(batch_size=batch_size))


# --- fit


def squared_distance(params, batch):
    return anp.mean((params["w"] - batch) ** 2)


def test_fit_finds_the_minimum_and_yields_what_it_did():
    params = {"w": np.zeros(1)}
    steps = list(islice(fit(squared_distance, params, batches(), adam(0.5)), 300))
    assert [step.number for step in steps[:3]] == [1, 2, 3]
    assert steps[0].loss == squared_distance(params, next(batches()))  # before the update
    assert steps[-1].params["w"][0] == pytest.approx(11, abs=1.5)  # the mean of 0..22, within the noise of the batches
    assert params["w"][0] == 0  # left as it was


def test_fit_ends_with_its_batches():
    assert len(list(fit(squared_distance, {"w": np.zeros(1)}, islice(batches(), 7), adam(0.1)))) == 7


def test_fit_continues_from_a_state_bit_for_bit():
    params, optimiser = {"w": np.zeros(1)}, adam(0.1)
    half, *rest = [copy.deepcopy(step) for step in islice(fit(squared_distance, params, batches(), optimiser), 9, 20)]
    again = fit(squared_distance, half.params, batches(skip=10), optimiser, half.optimiser_state, half.number + 1)
    for step, expected in zip(again, rest, strict=False):
        assert step.number == expected.number and step.loss == expected.loss
        np.testing.assert_array_equal(step.params["w"], expected.params["w"])
    assert step.number == 20


def test_a_loss_that_becomes_nan_stops_with_step_loss_and_norms():
    def loss(params, batch):
        return anp.sum(anp.log(params["w"])) + anp.sum(params["net"][0])  # log of a negative number after some steps

    params = {"w": np.full(1, 0.3), "net": [np.full(4, 2.0)]}
    done = []
    with pytest.raises(Diverged, match=r"at step 5: the loss is nan.*\nNorms: w 0\.0\d*, net\.0 3\.2$"):
        done.extend(islice(fit(loss, params, batches(), adam(0.1)), 50))


def test_fit_warns_of_nothing_that_it_reports(recwarn):
    with pytest.raises(Diverged, match="inf"):
        list(islice(fit(lambda p, b: anp.sum(anp.exp(p["w"])), {"w": np.full(1, 1e4)}, batches(), adam(0.1)), 3))
    assert not recwarn.list


# --- evaluate


def test_evaluate_mean_and_standard_error():
    values = np.array([1.0, 2.0, 3.0, 6.0])
    found = evaluate(lambda x: x, values, batch_size=3)
    assert found.mean == 3.0
    assert found.standard_error == pytest.approx(np.std(values, ddof=1) / 2)


def test_evaluate_tells_what_share_is_done():
    heard = []
    evaluate(lambda x: x, np.ones(5), batch_size=2, told=heard.append)
    assert heard == [0.4, 0.8, 1.0]


def test_evaluate_refuses_columns_that_would_broadcast():
    with pytest.raises(ValueError, match=r"shape \(3,\); found \(3, 1\)"):
        evaluate(lambda x: x[:, None], np.ones(3))


def test_evaluate_refuses_nothing():
    with pytest.raises(InputError, match="no examples"):
        evaluate(lambda x: x, np.ones(0))


def test_evaluate_sums_in_float64():
    assert evaluate(lambda x: x, np.full(10_001, 16_777_217 / 3, np.float32)).standard_error == 0.0


# --- early stopping


def test_early_stopping_keeps_the_best_and_counts():
    stopping = EarlyStopping("start")
    for value, params in [(3.0, "a"), (2.0, "b"), (2.5, "c"), (2.0, "d")]:
        stopping = stopping.update(value, params)
    assert stopping == EarlyStopping("b", 2.0, 2)
    assert not stopping.should_stop(3) and stopping.should_stop(2)
    assert not stopping.should_stop(None)


def test_early_stopping_waits_anew_after_a_better_value():
    stopping = EarlyStopping("start")
    for value, params in [(3.0, "a"), (4.0, "b"), (2.0, "c"), (2.5, "d")]:
        stopping = stopping.update(value, params)
    assert stopping == EarlyStopping("c", 2.0, 1)

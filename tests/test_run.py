"""Training runs: what a checkpoint holds, and that an interrupted run ends where the uninterrupted one ends."""

import os
import signal
import subprocess
import sys
import time
from itertools import islice

import numpy as np
import pytest

from npgen import checkpoint, run
from npgen.errors import Diverged, InputError
from npgen.experiments import Experiment
from npgen.nested import leaves, map_leaves
from npgen.preparation import prepare
from npgen.train import minibatches

# Noise in the loss and in the binarization, several epochs, validations that do not fall on the ends of epochs.
VAE = Experiment(
    "vae-test",
    "vae",
    "digits",
    {"hidden_sizes": (8,), "n_latent": 2},
    60,
    binarize="dynamic",
    step_size=1e-2,
    validate_every=7,
    seed=3,
)
# Ended by its patience: its last parameters are not its best ones.
RESTLESS = run.replace(VAE, step_size=0.3, schedule="constant", n_steps=2000, patience=3)


def begin(experiment):
    """The plan, and the run before its first step."""
    prepared = prepare(experiment)
    return prepared.plan, run.start(prepared.plan, prepared.params)


def trained(experiment, out=None, interrupted=lambda: False):
    plan, new = begin(experiment)
    *_, ended = run.advance(plan, new, out, interrupted)
    return ended


def resumed(experiment, out, interrupted=lambda: False):
    plan, new = begin(experiment)
    found = run.resume(plan, new, out)
    *_, ended = found, *run.advance(plan, found, out, interrupted)
    return ended


def same(a, b):
    """Whether two checkpoints hold the same bits, but for the seconds it took."""
    (arrays_a, facts_a), (arrays_b, facts_b) = checkpoint.load(a), checkpoint.load(b)
    for facts in (facts_a, facts_b):
        del facts["progress"]["seconds"]
    assert facts_a == facts_b
    for found, expected in zip(leaves(arrays_a), leaves(arrays_b), strict=True):
        np.testing.assert_array_equal(found, expected, strict=True)


def after(n_calls):
    """A function that becomes true at its `n_calls`-th call: an interruption after that step."""
    calls = iter(range(1, 10**6))
    return lambda: next(calls) >= n_calls


@pytest.mark.parametrize("steps", [1, 12, 13, 35, 59])
def test_interrupted_and_resumed_ends_bit_for_bit(tmp_path, steps):
    """After one step, at the end of an epoch (12 batches), after it, at a validation, before the last step."""
    whole, parts = tmp_path / "whole.npz", tmp_path / "parts.npz"
    trained(VAE, whole)
    assert trained(VAE, parts, after(steps)).step == steps
    ended = resumed(VAE, parts)
    assert ended.finished and ended.step == 60
    same(parts, whole)


def test_the_mean_of_the_parameters_is_validated_kept_and_resumed(tmp_path):
    averaged, whole, parts = run.replace(VAE, averaged=True), tmp_path / "whole.npz", tmp_path / "parts.npz"
    ended, plain = trained(averaged, whole), trained(VAE)
    for one, other in zip(leaves(ended.params), leaves(plain.params), strict=True):
        np.testing.assert_array_equal(one, other)  # the steps are the same
    validate = prepare(averaged).plan.validate
    assert validate(ended.optimiser_state["mean"]) == ended.curve[-1, 2] != plain.curve[-1, 2]
    assert validate(ended.stopping.params) == ended.curve[:, 2].min()
    assert trained(averaged, parts, after(25)).step == 25  # between two of its means
    resumed(averaged, parts)
    same(parts, whole)


def test_interrupted_many_times(tmp_path):
    whole, parts = tmp_path / "whole.npz", tmp_path / "parts.npz"
    trained(VAE, whole)
    trained(VAE, parts, after(5))
    for _ in range(20):
        resumed(VAE, parts, after(5))
    same(parts, whole)


def test_patience_counts_on_through_an_interruption(tmp_path):
    """Interrupted three steps before patience ends the run, when two validations have been waited for: the file has
    to know the best parameters, which are no longer the last ones, their nats and the waiting."""
    whole, parts = tmp_path / "whole.npz", tmp_path / "parts.npz"
    last = trained(RESTLESS, whole).step
    assert trained(RESTLESS, parts, after(last - 3)).stopping.waited == 2
    assert resumed(RESTLESS, parts).step == last
    same(parts, whole)


def test_resume_sets_every_generator(tmp_path):
    """Also one from which something else has drawn since, as a notebook may."""
    whole, parts = tmp_path / "whole.npz", tmp_path / "parts.npz"
    trained(VAE, whole)
    trained(VAE, parts, after(20))
    plan, new = begin(VAE)
    for generator in plan.generators.values():
        generator.random(3)
    list(run.advance(plan, run.resume(plan, new, parts), parts))
    same(parts, whole)


def test_the_checkpoint_holds_the_best_and_the_last_parameters(tmp_path):
    ended = trained(RESTLESS, tmp_path / "run.npz")
    arrays, facts = checkpoint.load(tmp_path / "run.npz")
    validate = prepare(RESTLESS).plan.validate  # the noise is the same at every validation: equal to the bit
    assert validate(arrays["best"]) == facts["progress"]["best_nll"] == ended.curve[:, 2].min()
    assert validate(arrays["params"]) == ended.curve[-1, 2] > ended.curve[:, 2].min()
    assert facts["progress"]["waited"] == 3


def test_seconds_go_on_from_those_of_the_checkpoint():
    plan, new = begin(VAE)
    first = next(run.advance(plan, run.replace(new, seconds=1000.0)))
    assert 1000 < first.seconds < 1100  # one step of a network of 8 hidden units


def test_a_run_begins_with_the_first_batch_and_leaves_none_out():
    experiment = run.replace(VAE, model="fvsbn", init={}, binarize="threshold")  # draws nothing but the order
    seen, (plan, new) = [], begin(experiment)
    list(run.advance(run.replace(plan, prepare_batch=lambda batch: seen.append(batch) or batch), new))
    again = prepare(experiment).plan
    batches = minibatches(again.generators["batches"], again.data, again.batch_size)
    np.testing.assert_array_equal(seen, list(islice(batches, 60)))


def test_the_curve_and_the_best_parameters():
    ended = trained(VAE)
    np.testing.assert_array_equal(ended.curve[:, 0], [7, 14, 21, 28, 35, 42, 49, 56, 60])
    assert ended.stopping.best == ended.curve[:, 2].min()
    prepared = prepare(VAE)
    assert prepared.plan.validate(ended.stopping.params) == ended.stopping.best


def test_training_loss_of_the_curve_is_the_mean_since_the_last_validation():
    """The loss of step i is i: the mean of 1 ... 7 is 4, of 8 ... 14 it is 11, and of 57 ... 60 it is 58.5."""
    number, (plan, new) = iter(range(1, 61)), begin(VAE)
    *_, ended = run.advance(run.replace(plan, loss=lambda params, batch: float(next(number))), new)
    # seven updates of a running mean, each off by one rounding
    np.testing.assert_allclose(ended.curve[:, 1], [4, 11, 18, 25, 32, 39, 46, 53, 58.5], rtol=1e-14)


def test_patience_stops_early_and_keeps_the_best():
    ended = trained(RESTLESS)
    assert ended.finished and ended.step < 2000
    assert ended.stopping.waited == 3
    assert ended.stopping.best == ended.curve[-4, 2] == ended.curve[:, 2].min()


def test_a_finished_run_does_not_go_on(tmp_path):
    out = tmp_path / "run.npz"
    trained(VAE, out)
    plan, new = begin(VAE)
    assert list(run.advance(plan, run.resume(plan, new, out), out)) == []


@pytest.mark.parametrize("change", [{"model": "nade", "init": {"n_hidden": 3}}, {"seed": 4}, {"n_steps": 61}])
def test_refuses_the_checkpoint_of_another_run(tmp_path, change):
    trained(VAE, tmp_path / "run.npz", after(3))
    with pytest.raises(InputError, match=r"is of another run: expected .* found"):
        run.resume(*begin(run.replace(VAE, **change)), tmp_path / "run.npz")


HOSTILE = {
    "another shape": lambda arrays, facts: arrays["params"]["encoder"].pop(),
    "a shape that broadcasts": lambda arrays, facts: arrays["optimiser"].update(step=np.zeros(1, np.int64)),
    "another dtype": lambda arrays, facts: arrays.update(
        best=map_leaves(lambda a: a.astype(np.float64), arrays["best"])
    ),
    "not finite": lambda arrays, facts: arrays["params"]["decoder"][0][0].fill(np.nan),
    "no optimiser": lambda arrays, facts: arrays.pop("optimiser"),
    "no curve": lambda arrays, facts: arrays.pop("curve"),
    "another curve": lambda arrays, facts: arrays.update(curve=np.zeros(3)),
    "no progress": lambda arrays, facts: facts.pop("progress"),
    "a step before the first": lambda arrays, facts: facts["progress"].update(step=-1),
    "a step after the last": lambda arrays, facts: facts["progress"].update(step=10**30),
    "no step": lambda arrays, facts: facts["progress"].update(step="ten"),
    "no generators": lambda arrays, facts: facts.update(generators=[]),
    "another generator": lambda arrays, facts: facts["generators"].update(noise={"bit_generator": "PCG64"}),
    "no recipe": lambda arrays, facts: facts.update(recipe=3),
}


@pytest.mark.parametrize("damage", HOSTILE.values(), ids=HOSTILE.keys())
def test_refuses_a_checkpoint_that_was_tampered_with(tmp_path, damage):
    out = tmp_path / "run.npz"
    trained(VAE, out, after(3))
    arrays, facts = checkpoint.load(out)
    damage(arrays, facts)
    checkpoint.save(out, arrays, facts)
    with pytest.raises(InputError, match=r"run\.npz") as caught:
        run.resume(*begin(VAE), out)
    assert len(str(caught.value).splitlines()) <= 2


def test_divergence_keeps_the_last_good_checkpoint(tmp_path):
    out = tmp_path / "run.npz"
    plan, new = begin(run.replace(VAE, validate_every=5))
    calls = iter(range(1000))
    broken = run.replace(plan, loss=lambda p, x: plan.loss(p, x) * (np.nan if next(calls) == 12 else 1))
    with pytest.raises(Diverged, match="step 13"):
        list(run.advance(broken, new, out))
    arrays, facts = checkpoint.load(out)
    assert facts["progress"]["step"] == 10
    assert all(np.isfinite(leaf).all() for leaf in leaves(arrays["params"]))


def test_a_validation_that_is_not_finite_stops_the_run_and_is_not_saved(tmp_path):
    out, nats, (plan, new) = tmp_path / "run.npz", iter([100.0, np.nan]), begin(VAE)
    with pytest.raises(Diverged, match="step 14: the loss is nan"):
        list(run.advance(run.replace(plan, validate=lambda params: next(nats)), new, out))
    _, facts = checkpoint.load(out)
    assert (facts["progress"]["step"], facts["progress"]["best_nll"]) == (7, 100.0)


# --- the real thing: processes and signals

COMMAND = [
    *(sys.executable, "-c", "from npgen.cli import main; main()", "train", "vae", "--data", "digits"),
    *("--binarize", "dynamic", "--hidden", "30", "--latent", "2", "--steps", "3000", "--validate-every", "250"),
]


def start_training(out, *options):
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen(
        [*COMMAND, "--out", str(out), *options],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(out, process):
    while not out.exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.005)


def finish(process):
    output, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    return output


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_killed_process_resumes_bit_for_bit(tmp_path, sent):
    whole, parts = tmp_path / "whole.npz", tmp_path / "parts.npz"
    finish(start_training(whole))
    process = start_training(parts)
    wait_for(parts, process)
    process.send_signal(sent)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == (-signal.SIGKILL if sent == signal.SIGKILL else 130), (output, errors)
    _, facts = checkpoint.load(parts)
    assert not facts["progress"]["finished"], "the signal came too late to show anything"
    if sent != signal.SIGKILL:
        assert f"interrupted after step {facts['progress']['step']}" in output
        assert "Traceback" not in errors
    finish(start_training(parts, "--resume"))
    same(parts, whole)

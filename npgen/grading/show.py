"""What `npgen show` does: it trains with a student's own functions on the digits, and draws what they learned.

Beside it stands what npgen's model has learned in as many steps from the same initial weights and batches. The
functions have passed their checks, and run in this process: it is the student's own machine.
"""

from __future__ import annotations

import contextlib
import dataclasses
import sys
import time
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from autograd import numpy as anp
from autograd.misc import flatten

from npgen import experiments, figures, preparation, run
from npgen.distributions import sigmoid
from npgen.errors import InputError
from npgen.files import writable_file
from npgen.grading import check
from npgen.grading.child import calls
from npgen.grading.language import N_, Message
from npgen.grading.sandbox import Sandbox
from npgen.grading.screen import Screen
from npgen.models import fvsbn
from npgen.nested import map_leaves
from npgen.optim import Optimiser, Schedule, adam, adam_init, adam_update, step_size_at
from npgen.preparation import Prepared
from npgen.progress import follow

SECONDS = 12.0  # for training with the student's functions; npgen's are not slower
TIMED_STEPS = 5
N_VALIDATIONS = 20
N_SAMPLES = 25
N_ESTIMATES = 20  # of the nats, of one sample each where the bound of a model is noisy
SEED = 1

# A loop over the pixels in plain NumPy is slow: a smaller model, so that there is something to see after SECONDS.
OPTIONS = {"nade": {"hidden": (50,), "step_size": 1e-2}}


@dataclass(frozen=True)
class Model:
    """What training and drawing need of a model, the student's or ours."""

    params: Any  # before the first step
    loss: Callable[[Any, Any], Any]  # (params, x) -> nats per image, to be minimised
    sample: Callable[[Any], np.ndarray]  # params -> (N_SAMPLES, D)
    optimiser: Callable[[Schedule], Optimiser]


@dataclass(frozen=True)
class Trained:
    """What it has come to."""

    nats: float  # on the test part
    images: np.ndarray
    n_steps: int


def main(screen: Screen, topic: str, out: Path | None, folder: Path | None) -> bool:
    """Draw the figure of a topic; False, and it is said why, if its functions do not all pass yet."""
    if topic not in STUDENTS:
        text = N_("There is nothing to show for {topic}. Topics with a figure: {known}")
        raise InputError(Message(text, topic=topic, known=", ".join(STUDENTS)))
    out = out or check.exercises(folder) / f"show-{topic}.png"
    writable_file(out)
    (task,) = check.tasks(topic, None, folder)
    with Sandbox() as sandbox, screen.working(task):
        checked = check.run(task, sandbox)
    check.remember(checked)
    if checked.n_passed < len(checked.verdicts):
        screen.checked(checked)
        screen.say(
            N_("The figure needs all functions of {topic}: those above that have not passed are missing."), topic=topic
        )
        return False
    prepared = preparation.prepare(experiments.from_options(f"{topic}-digits", OPTIONS.get(topic, {})))
    with _explained(str(task.path)):
        yours = STUDENTS[topic](_module(checked.source, str(task.path)), prepared)
        n_steps = _affordable_steps(prepared, yours)
        own = _train(screen, screen.text(N_("yours")), prepared, yours, n_steps)
    preparation.warm_up(prepared, screen.console)
    ours = _train(screen, screen.text(N_("npgen's")), prepared, _reference(prepared), own.n_steps)
    _draw(screen, topic, prepared, own, ours, out)
    values = {"out": out, "own": own.nats, "ours": ours.nats}
    screen.say(N_("{out}: yours {own:.2f} nats per test image, npgen's {ours:.2f}; less is better."), "bold", **values)
    return True


def _module(source: bytes, filename: str) -> types.ModuleType:
    """The bytes that were checked, as a module; nothing is left on the disk."""
    module = types.ModuleType("npgen_show")
    module.__file__ = filename
    sys.modules[module.__name__] = module
    exec(compile(source, filename, "exec"), module.__dict__)
    return module


@contextlib.contextmanager
def _explained(filename: str) -> Iterator[None]:
    """An exception of the student's code, in words."""
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        told = calls.describe(error, filename)
        if told["line"] is None:
            raise  # it is ours
        text = N_("{file}, line {line}: with the digits it stops with {kind}: {message}")
        values = {"file": filename, "line": told["line"], "kind": told["type"], "message": told["message"]}
        raise InputError(Message(text, **values)) from error


# --- the models ------------------------------------------------------------------------------------------------------


def _floats(params: Any) -> Any:
    return map_leaves(lambda leaf: np.asarray(leaf, np.float64), params)


def _fvsbn(module: types.ModuleType, prepared: Prepared) -> Model:
    packed, n_visible = prepared.params, prepared.dataset.n_visible
    return Model(
        params=_floats({"W": fvsbn.strictly_lower(packed["W"], n_visible), "b": packed["b"]}),
        loss=lambda params, x: -anp.mean(module.fvsbn_log_likelihood(params["W"], params["b"], x)),
        sample=lambda params: module.fvsbn_sample(params["W"], params["b"], N_SAMPLES),
        optimiser=_plain_adam,
    )


def _nade(module: types.ModuleType, prepared: Prepared) -> Model:
    names = ("W", "c", "V", "b")
    return Model(
        params=_floats(prepared.params),
        loss=lambda params, x: -anp.mean(module.nade_log_likelihood(*(params[name] for name in names), x)),
        sample=lambda params: module.nade_sample(*(params[name] for name in names), N_SAMPLES),
        optimiser=_plain_adam,
    )


def _vae(module: types.ModuleType, prepared: Prepared) -> Model:
    def sample(params):
        z = np.random.default_rng(SEED).standard_normal((N_SAMPLES, params["decoder"][0][0].shape[0]))
        return sigmoid(module.neural_net_predict(params["decoder"], z))

    return Model(
        params=_floats(prepared.params),
        loss=lambda params, x: -module.vae_lower_bound(params["decoder"], params["encoder"], x),
        sample=sample,
        optimiser=lambda step_size: _own_adam(module.adam_update, step_size),
    )


STUDENTS: dict[str, Callable[[types.ModuleType, Prepared], Model]] = {"vae": _vae, "fvsbn": _fvsbn, "nade": _nade}


def _plain_adam(step_size: Schedule) -> Optimiser:
    """`npgen.optim.adam` in NumPy: nothing has to be compiled for the float64 of a student's functions."""

    def update(params, gradient, state):
        return adam_update(params, gradient, state, step_size, maximize=False)

    return Optimiser(adam_init, update)


def _own_adam(adam_update: Callable[..., Any], step_size: Schedule) -> Optimiser:
    """The student's update, which ascends on one long vector, as an optimiser that minimises nested parameters."""

    def init(params):
        zeros = np.zeros_like(flatten(params)[0])
        return {"step": np.zeros((), np.int64), "m": zeros, "v": zeros}

    def update(params, gradient, state):
        vector, nested = flatten(params)
        t = int(state["step"]) + 1
        alpha = step_size_at(step_size, t - 1)
        vector, m, v = adam_update(vector, -flatten(gradient)[0], state["m"], state["v"], t, alpha=alpha)
        return nested(vector), {"step": np.array(t), "m": m, "v": v}

    return Optimiser(init, update)


def _reference(prepared: Prepared) -> Model:
    """npgen's own."""
    model, rng = prepared.model, np.random.default_rng(SEED)

    def sample(params):
        if prepared.experiment.model == "vae":  # probabilities, as of the student's
            return sigmoid(model.decode(params, model.sample_prior(params, rng, N_SAMPLES)))
        return model.sample(params, rng, N_SAMPLES)

    return Model(prepared.params, prepared.plan.loss, sample, adam)


# --- training and drawing --------------------------------------------------------------------------------------------


def _affordable_steps(prepared: Prepared, model: Model) -> int:
    """How many steps take SECONDS, at most those of the experiment."""
    steps = run.advance(_plan(prepared, model, 1 + TIMED_STEPS), run.start(_plan(prepared, model, 1), model.params))
    first = next(steps).seconds  # what is done once, is done in it
    *_, last = steps
    return int(np.clip(SECONDS * TIMED_STEPS / (last.seconds - first), 1, prepared.experiment.n_steps))


def _plan(prepared: Prepared, model: Model, n_steps: int) -> run.Plan:
    """The experiment with this model, shortened to `n_steps`; the same batches each time."""
    experiment = prepared.experiment
    step_size = experiments.SCHEDULES[experiment.schedule](experiment.step_size, n_steps)
    return dataclasses.replace(
        prepared.plan,
        loss=model.loss,
        validate=lambda params: float(model.loss(params, prepared.dataset.valid.astype(float))),
        optimiser=model.optimiser(step_size),
        n_steps=n_steps,
        validate_every=-(-n_steps // N_VALIDATIONS),
        generators={"batches": np.random.default_rng(experiment.seed)},
        prepare_batch=lambda batch: batch.astype(float),
    )


def _train(screen: Screen, label: str, prepared: Prepared, model: Model, n_steps: int) -> Trained:
    """Train, showing how it goes; the parameters that were best on validation are kept."""
    plan = _plan(prepared, model, n_steps)
    late = time.perf_counter() + 2 * SECONDS  # where the machine has slowed down meanwhile
    runs = run.advance(plan, run.start(plan, model.params), interrupted=lambda: time.perf_counter() > late)
    ended = follow(screen.console, label, runs, plan.n_steps, plan.batch_size)
    params = ended.stopping.params
    test = prepared.dataset.test.astype(float)
    nats = float(np.mean([model.loss(params, test) for _ in range(N_ESTIMATES)]))
    return Trained(nats, np.asarray(model.sample(params), float), ended.step)


def _draw(screen: Screen, topic: str, prepared: Prepared, own: Trained, ours: Trained, out: Path) -> None:
    title = N_("{whose}: {nats:.2f} nats per test image")
    grids = {
        Message(title, whose=Message(whose), nats=one.nats).into(screen.language): one.images
        for whose, one in ((N_("yours"), own), (N_("npgen's"), ours))
    }
    if topic == "vae":
        text = N_(
            "{topic} on 8 x 8 digits, {n_steps} steps from the same weights: p(ink | z) for 25 z from the prior; "
            "nats are those of the bound, so at most these"
        )
    else:
        text = N_("{topic} on 8 x 8 digits, {n_steps} steps from the same weights: 25 samples of each")
    caption = Message(text, topic=topic.upper(), n_steps=own.n_steps).into(screen.language)
    figures.save(figures.image_grids(grids, prepared.dataset.image_shape, caption), out)

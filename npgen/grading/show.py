"""What `npgen show` does: it trains with a student's own functions on shipped data, and draws what they learned.

Beside it stands what npgen's model has learned in as many steps from the same initial weights and batches. The
functions have passed their checks, and run in this process: it is the student's own machine.
"""

from __future__ import annotations

import contextlib
import itertools
import math
import sys
import time
import types
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from npgen import experiments, figures, run
from npgen.errors import InputError
from npgen.files import writable_file
from npgen.folds import Fold
from npgen.grading import check, judging, show_models
from npgen.grading.child import calls
from npgen.grading.language import N_, Message
from npgen.grading.sandbox import Sandbox
from npgen.grading.screen import Screen
from npgen.grading.show_models import Comparison, Model
from npgen.progress import follow

SECONDS = 12.0  # for training with the student's functions; npgen's are not slower
TIMED_STEPS = 5
N_VALIDATIONS = 20
N_ESTIMATES = 20  # of the nats, of one sample each where the bound of a model is noisy

REACH, N_GRID = 2.8, 120  # of a density that is drawn: standard deviations to either side, and points


@dataclass(frozen=True)
class Trained:
    """What a model has come to."""

    params: Any
    nats: float  # on the test part
    samples: np.ndarray
    n_steps: int


def main(screen: Screen, topic: str, out: Path | None, folder: Path | None) -> bool:
    """Draw the figure of a topic; False, and it is said why, if its functions do not all pass yet."""
    if topic not in show_models.TOPICS:
        text = N_("There is nothing to show for {topic}. Topics with a figure: {known}")
        raise InputError(Message(text, topic=topic, known=", ".join(show_models.TOPICS)))
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
    with _explained(str(task.path)):
        comparison = show_models.TOPICS[topic](_module(checked.source, str(task.path)))
        n_steps = _affordable_steps(comparison)
        own = _train(screen, screen.text(N_("yours")), comparison, comparison.own, n_steps)
    comparison.warm_up(screen.console)
    ours = _train(screen, screen.text(N_("npgen's")), comparison, comparison.ours, n_steps, stop_after=own.n_steps)
    draw = _draw_densities if isinstance(comparison.dataset, Fold) else _draw_images
    figures.save(draw(screen, topic, comparison, own, ours), out)
    values = {"out": out, "own": own.nats, "ours": ours.nats}
    screen.say(
        N_("{out}: yours {own:.2f} nats per test example, npgen's {ours:.2f}; less is better."), "bold", **values
    )
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
        text = N_("{file}, line {line}: in training it stops with {kind}: {message}")
        values = {
            "file": filename,
            "line": told["line"],
            "kind": told["type"],
            "message": judging.shortened(told["message"]),
        }
        raise InputError(Message(text, **values)) from error


# --- training --------------------------------------------------------------------------------------------------------


def _affordable_steps(comparison: Comparison) -> int:
    """How many steps of the student's model take SECONDS, at most those of the experiment."""
    own = comparison.own
    timed = run.advance(_plan(comparison, own, 1 + TIMED_STEPS), run.start(_plan(comparison, own, 1), own.params))
    first = next(timed).seconds  # what is done once, is done in it
    *_, last = timed
    return int(np.clip(SECONDS * TIMED_STEPS / (last.seconds - first), 1, comparison.experiment.n_steps))


def _plan(comparison: Comparison, model: Model, n_steps: int) -> run.Plan:
    """The experiment with this model, shortened to `n_steps`; the same batches each time."""
    experiment, dataset, dtype = comparison.experiment, comparison.dataset, comparison.dtype
    step_size = experiments.SCHEDULES[experiment.schedule](experiment.step_size, n_steps)
    return run.Plan(
        loss=model.loss,
        validate=lambda params: float(model.loss(params, dataset.valid.astype(dtype))),
        data=dataset.train,
        batch_size=experiment.batch_size,
        optimiser=model.optimiser(step_size),
        n_steps=n_steps,
        validate_every=-(-n_steps // N_VALIDATIONS),
        patience=None,
        generators={"batches": np.random.default_rng(experiment.seed)},
        recipe={},
        prepare_batch=lambda batch: batch.astype(dtype),
    )


def _train(
    screen: Screen, label: str, comparison: Comparison, model: Model, n_steps: int, stop_after: int | None = None
) -> Trained:
    """Train, showing how it goes; the parameters that were best on validation are kept.

    It stops where the other model has stopped; the first one, where the machine has become slow meanwhile.
    """
    plan = _plan(comparison, model, n_steps)
    late = math.inf if stop_after else time.perf_counter() + 2 * SECONDS
    runs = run.advance(plan, run.start(plan, model.params), interrupted=lambda: time.perf_counter() > late)
    runs = itertools.islice(runs, stop_after)
    ended = follow(screen.console, label, runs, stop_after or n_steps, plan.batch_size)
    params = ended.stopping.params
    test = comparison.dataset.test.astype(comparison.dtype)
    nats = float(np.mean([model.loss(params, test) for _ in range(N_ESTIMATES)]))
    return Trained(params, nats, np.asarray(model.sample(params), float), ended.step)


# --- drawing ---------------------------------------------------------------------------------------------------------


def _titled(screen: Screen, title: str, own: Trained, ours: Trained) -> dict[str, Trained]:
    """{title of a panel: what is drawn there}"""
    pairs = ((N_("yours"), own), (N_("npgen's"), ours))
    return {Message(title, whose=Message(whose), nats=one.nats).into(screen.language): one for whose, one in pairs}


def _title(topic: str) -> str:
    """The name of a model at the beginning of a sentence: "Categorical NADE"."""
    name = experiments.title(topic)
    return name[:1].upper() + name[1:]


def _draw_images(screen: Screen, topic: str, comparison: Comparison, own: Trained, ours: Trained) -> Any:
    panels = _titled(screen, N_("{whose}: {nats:.2f} nats per test image"), own, ours)
    grids = {title: one.samples / comparison.dataset.maximum for title, one in panels.items()}
    if topic == "vae":
        text = N_(
            "{topic} on 8 x 8 digits, {n_steps} steps from the same weights: p(ink | z) for 25 z from the prior; "
            "nats are those of the bound, so at most these"
        )
    else:
        text = N_("{topic} on 8 x 8 digits, {n_steps} steps from the same weights: 25 samples of each")
    caption = Message(text, topic=_title(topic), n_steps=own.n_steps).into(screen.language)
    return figures.image_grids(grids, comparison.dataset.image_shape, caption)


def _draw_densities(screen: Screen, topic: str, comparison: Comparison, own: Trained, ours: Trained) -> Any:
    panels = _titled(screen, N_("{whose}: {nats:.2f} nats per test flower"), own, ours)
    fold = comparison.dataset
    grid = np.linspace(-REACH, REACH, N_GRID)
    points = np.stack(np.meshgrid(grid, grid), axis=-1).reshape(-1, 2)
    drawn = {}
    for (title, one), model in zip(panels.items(), (comparison.own, comparison.ours), strict=True):
        log_density = np.asarray(model.log_density(one.params, points), float).reshape(N_GRID, N_GRID)
        drawn[title] = log_density, _measured(fold, one.samples)
    text = N_(
        "{topic} on irises, {n_steps} steps from the same weights: log-density, and {n} samples of each; the unit of "
        "length in the nats is the standard deviation"
    )
    caption = Message(text, topic=_title(topic), n_steps=own.n_steps, n=len(own.samples)).into(screen.language)
    labels = (N_("irises"), N_("samples"), N_("log-density (nats)"))
    flowers = _measured(fold, np.concatenate([fold.train, fold.valid, fold.test]))
    columns = (N_("sepal length (cm)"), N_("petal length (cm)"))
    axes = tuple(_measured(fold, np.stack([grid, grid], axis=1)).T)
    return figures.density_contours(
        drawn, axes, flowers, caption, tuple(map(screen.text, columns)), tuple(map(screen.text, labels))
    )


def _measured(fold: Fold, x: np.ndarray) -> np.ndarray:
    """Lengths in cm."""
    return fold.mean + fold.std * x

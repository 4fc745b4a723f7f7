"""One training run: `fit`, a validation now and then, early stopping, and a checkpoint from which it can continue.

A run that was interrupted, even killed, and resumed ends bit for bit where the uninterrupted run ends: the checkpoint
holds the parameters, the optimiser's state, the best parameters so far, the curve, and the states of the random
generators, all as they were after one and the same step.
"""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from npgen import checkpoint
from npgen.errors import InputError
from npgen.nested import leaves
from npgen.optim import Optimiser
from npgen.train import EarlyStopping, fit, minibatches, require_finite


@dataclass(frozen=True)
class Run:
    """The state of a run after `step` updates: all that it needs to continue."""

    params: Any
    optimiser_state: Any
    stopping: EarlyStopping  # the best parameters on the validation part, and their nats
    step: int = 0
    mean_loss: float = 0.0  # of the batches since the last validation
    curve: np.ndarray = field(default_factory=lambda: np.empty((0, 3)))  # rows (step, training nats, validation nats)
    seconds: float = 0.0
    finished: bool = False


@dataclass(frozen=True)
class Plan:
    """What a run does: fixed from its first step to its last."""

    loss: Callable[[Any, Any], Any]  # (params, batch) -> scalar to be minimised
    validate: Callable[[Any], float]  # params -> nats on the validation part
    data: np.ndarray
    batch_size: int
    optimiser: Optimiser
    n_steps: int
    validate_every: int
    patience: int | None  # validations without a better one, until the run stops
    generators: dict[str, np.random.Generator]  # "batches" orders the data; the loss may draw from the others
    recipe: dict[str, Any]  # stored in the checkpoint; a run is resumed only with its own
    prepare_batch: Callable[[np.ndarray], np.ndarray] = lambda batch: batch
    averaged: bool = False  # what is validated, and kept where it is best, is the optimiser's mean of the parameters


def start(plan: Plan, params: Any) -> Run:
    """The run before its first step."""
    return Run(params, plan.optimiser.init(params), EarlyStopping(params))


def advance(
    plan: Plan, run: Run, out: Path | None = None, interrupted: Callable[[], bool] = lambda: False
) -> Iterator[Run]:
    """Train on from `run`, yielding its state after each step; the last one yielded is finished or interrupted.

    With `out`, a checkpoint is written after each validation, at the end, and when `interrupted()`, which is called
    between steps, returns True. The generators of the plan have to be in the state that belongs to `run` (new ones
    for a new run; `resume` sets them).
    """
    if run.finished:
        return
    beginning = time.perf_counter() - run.seconds
    at_start = plan.generators["batches"].bit_generator.state  # the epochs' orders are replayed from here
    batches = minibatches(plan.generators["batches"], plan.data, plan.batch_size, skip=run.step)
    prepared = (plan.prepare_batch(batch) for batch in batches)
    first = run.step + 1
    for step in fit(plan.loss, run.params, prepared, plan.optimiser, run.optimiser_state, first):
        n_losses = (step.number - 1) % plan.validate_every + 1  # since the last validation
        run = replace(
            run,
            params=step.params,
            optimiser_state=step.optimiser_state,
            step=step.number,
            mean_loss=run.mean_loss + (step.loss - run.mean_loss) / n_losses,
            seconds=time.perf_counter() - beginning,
        )
        validated = step.number % plan.validate_every == 0 or step.number >= plan.n_steps
        if validated:
            run = _validated(plan, run)
        stop = run.finished or interrupted()
        if stop and not validated:
            _require_finite_params(run)
        if out is not None and (stop or validated):
            save(plan, run, out, at_start)
        yield run
        if stop:
            return


def _validated(plan: Plan, run: Run) -> Run:
    params = run.optimiser_state["mean"] if plan.averaged else run.params
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # `require_finite` reports it
        nll = plan.validate(params)
    require_finite(nll, run.step, params)
    stopping = run.stopping.update(nll, params)
    finished = run.step >= plan.n_steps or stopping.should_stop(plan.patience)
    curve = np.vstack([run.curve, (run.step, run.mean_loss, nll)])
    return replace(run, stopping=stopping, curve=curve, mean_loss=0.0, finished=finished)


def _require_finite_params(run: Run) -> None:
    """Raise Diverged rather than replace a good checkpoint: a gradient can be NaN before the loss is."""
    if not all(np.isfinite(leaf).all() for leaf in leaves(run.params)):
        require_finite(math.nan, run.step + 1, run.params)


def save(plan: Plan, run: Run, out: Path, batches_at_start: dict[str, Any]) -> None:
    """Write the checkpoint of `run`; `batches_at_start` is the state the generator of the batches had before step 1."""
    arrays = {
        "params": run.params,
        "best": run.stopping.params,
        "optimiser": run.optimiser_state,
        "curve": run.curve,
    }
    states = {name: generator.bit_generator.state for name, generator in plan.generators.items()}
    progress = {
        "step": run.step,
        "mean_loss": run.mean_loss,
        "best_nll": run.stopping.best,
        "waited": run.stopping.waited,
        "seconds": run.seconds,
        "finished": run.finished,
    }
    facts = {"recipe": plan.recipe, "generators": {**states, "batches": batches_at_start}, "progress": progress}
    checkpoint.save(out, arrays, facts)


def resume(plan: Plan, new: Run, path: Path) -> Run:
    """The state of the run in the checkpoint; the plan's generators are set to the states that belong there.

    `new` is the run before its first step (`start`), whose parameters tell what the checkpoint has to hold.

    Raises
    ------
    InputError
        If the file is not the checkpoint of a run, or that of a run with another recipe.
    """
    arrays, facts = checkpoint.load(path)
    require_recipe(path, found=facts.get("recipe"), expected=plan.recipe)
    fresh = {"params": new.params, "best": new.params, "optimiser": new.optimiser_state}
    checkpoint.require_like(path, {name: arrays.get(name) for name in fresh}, fresh)
    try:
        for name, generator in plan.generators.items():
            generator.bit_generator.state = facts["generators"][name]
        progress = facts["progress"]
        step = int(progress["step"])
        if not (0 < step <= plan.n_steps and arrays["curve"].shape == (len(arrays["curve"]), 3)):
            raise ValueError(f"step {step}")
        return Run(
            params=arrays["params"],
            optimiser_state=arrays["optimiser"],
            stopping=EarlyStopping(arrays["best"], float(progress["best_nll"]), int(progress["waited"])),
            step=step,
            mean_loss=float(progress["mean_loss"]),
            curve=arrays["curve"],
            seconds=float(progress["seconds"]),
            finished=bool(progress["finished"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise InputError(f"{path}: a checkpoint of npgen, but not that of a training run. Train it again.") from error


def require_recipe(path: Path, found: Any, expected: dict[str, Any]) -> None:
    """Raise InputError, naming the first difference, unless the checkpoint's recipe is the expected one."""
    found = found if isinstance(found, dict) else {}
    for name, value in expected.items():
        if found.get(name) != value:
            raise InputError(
                f"{path} is of another run: expected {name} = {value!r}; found {found.get(name)!r}. "
                "Resume it with its own settings, or choose another --out."
            )

"""The tables of the papers, once more: `npgen reproduce TABLE`.

A table has a cell for each data set and model. A cell trains the candidates of `recipes.candidates` one after another,
takes the one that is best on the validation part (for longer, where that is still best at its end), and only then looks
at the test part. Of data in ten folds it does so in each fold (the validation part of one is among the rows on which
others are tested), and what was chosen is trained once more, on the whole training fold. Cells are independent: several
processes share them out, each is written as soon as it is done, and those that are there already are kept. How they are
written is the matter of `npgen.results`.
"""

import contextlib
import dataclasses
import itertools
import math
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from npgen import data, preparation, recipes, results, run, sources
from npgen.errors import Diverged, InputError, unknown_name
from npgen.experiments import Experiment
from npgen.files import writable_folder
from npgen.folds import N_FOLDS
from npgen.models import gaussian_mixture
from npgen.nested import n_parameters
from npgen.progress import advancing
from npgen.recipes import TABLES
from npgen.train import Evaluation, evaluate


@dataclass(frozen=True)
class Cell:
    """What has to be trained for one figure."""

    table: str
    dataset: str
    model: str
    seed: int

    @property
    def name(self) -> str:
        return f"{self.dataset}/{self.model}"

    @property
    def published(self) -> float | None:
        return TABLES[self.table].published.get((self.dataset, self.model))


# --- one cell --------------------------------------------------------------------------------------------------------


def train_cell(
    cell: Cell,
    n_threads: int,
    told: Callable[[float], None] = lambda share: None,
    checkpoints: Path | None = None,
) -> dict[str, Any]:
    """Train every candidate, choose on validation, evaluate on test: in each fold anew, of data in folds.

    `told` hears now and then what share of it is done. With a folder of `checkpoints`, each run of which the choice is
    made leaves one there, and goes on from it; only the last training of a fold, of what was chosen, begins anew.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(n_threads):
        beginning = time.perf_counter()
        if cell.model == "gaussian":
            chosen = [_gaussian(cell.dataset, fold) for fold in range(1, N_FOLDS + 1)]
        else:
            parts = recipes.candidates(cell.table, cell.dataset, cell.model, cell.seed)
            heard = _in_turn(told, [1] * len(parts))
            chosen = [
                _best_of(cell, rows, part_told, checkpoints) for rows, part_told in zip(parts, heard, strict=True)
            ]
        seconds = time.perf_counter() - beginning + sum(one.seconds_before for one in chosen)
    nats, standard_error = _over_folds([one.tested for one in chosen])
    return {
        "table": cell.table,
        "dataset": cell.dataset,
        "model": cell.model,
        "nats": round(nats, 4),
        "standard_error": round(standard_error, 4),
        "published": cell.published,
        "seconds": round(seconds, 1),
        "seed": cell.seed,
        "recipe": _recipe(chosen),
        "n_parameters": chosen[0].n_parameters,
    }


@dataclass(frozen=True)
class _Chosen:
    """What was chosen for one test part, and what it is worth there."""

    recipe: dict[str, Any]
    n_parameters: int
    tested: Evaluation
    seconds_before: float = 0.0  # of training, until this process went on from checkpoints


def _over_folds(tested: list[Evaluation]) -> Evaluation:
    """The mean over folds with its standard error; over examples, where there is one test part only."""
    if len(tested) == 1:
        return tested[0]
    means = [fold.mean for fold in tested]
    return Evaluation(float(np.mean(means)), float(np.std(means, ddof=1) / math.sqrt(len(means))))


def _recipe(chosen: list[_Chosen]) -> dict[str, Any]:
    """What was done alike for all folds, and under "folds" what was not, with the nats of each."""
    if len(chosen) == 1:
        return chosen[0].recipe
    first = chosen[0].recipe
    alike = {name: value for name, value in first.items() if all(one.recipe[name] == value for one in chosen)}
    folds = [
        {name: value for name, value in one.recipe.items() if name not in alike} | {"nats": round(one.tested.mean, 4)}
        for one in chosen
    ]
    return {**alike, "folds": folds}


def _best_of(cell: Cell, rows: list[Experiment], told: Callable[[float], None], checkpoints: Path | None) -> _Chosen:
    """The best on validation of these candidates, or the same for longer, tested."""
    lengths = [row.n_steps for row in recipes.at_most(cell.table, rows)]
    again = recipes.trained_again(rows[0]) * rows[0].n_steps
    *trained_told, again_told, tested_told = _in_turn(told, [*lengths, again, recipes.steps_of_test(rows[0])])
    stem = "-".join([cell.dataset, cell.model, *(f"{name}{value}" for name, value in rows[0].data_options.items())])

    runs: list[_Trained] = []

    def attempt(experiment: Experiment, number: int) -> None:
        """Train it; one that diverges is only not chosen."""
        with contextlib.suppress(Diverged):
            out = checkpoints and checkpoints / f"{stem}-{number}.npz"
            runs.append(_trained(experiment, trained_told[number - 1], out))

    for number, row in enumerate(rows, start=1):
        attempt(row, number)
    if not runs:
        raise Diverged(f"{cell.name}: training diverged with each of its candidates")
    best = _best(runs)
    longer = recipes.longer(cell.table, best.experiment, best.step)
    if longer is not None:
        attempt(longer, len(rows) + 1)
        best = _best(runs)
    recipe = preparation.recipe(best.experiment) | {"best_step": best.step, "validation": round(best.validation, 4)}
    if recipes.trained_again(best.experiment):
        recipe["trained_on"] = "train and valid"
        best = _trained_again(best, again_told)
    seconds_before = sum(one.seconds_before for one in runs)
    return _Chosen(recipe, n_parameters(best.params), _tested(best, tested_told), seconds_before)


def _in_turn(told: Callable[[float], None], lengths: list[float]) -> list[Callable[[float], None]]:
    """For each of several things of these lengths, one after another, the function that hears what share of it is done.

    `told` hears what share of all that is.
    """
    ends = list(itertools.accumulate(lengths))
    return [
        lambda share, end=end, length=length: told((end - (1 - share) * length) / ends[-1])
        for length, end in zip(lengths, ends, strict=True)
    ]


def _gaussian(dataset: str, fold: int) -> _Chosen:
    """One Gaussian with a full covariance, by maximum likelihood on the whole training fold: nothing to choose."""
    part = data.load(dataset, fold=fold)
    x = np.concatenate([part.train, part.valid])
    params = gaussian_mixture.em_step(gaussian_mixture.init_params(np.random.default_rng(0), x, 1), x)
    tested = evaluate(lambda batch: -gaussian_mixture.log_prob(params, batch), part.test)
    D = part.n_visible
    recipe = {"model": "gaussian", "data": dataset, "data_options": {"fold": fold}}
    return _Chosen(recipe, D + D * (D + 1) // 2, tested)


@dataclass(frozen=True)
class _Trained:
    experiment: Experiment
    prepared: preparation.Prepared
    params: Any  # the best on validation
    validation: float
    step: int
    seconds_before: float  # it was trained for, until this process went on from its checkpoint


def _best(trained: list[_Trained]) -> _Trained:
    """The one that is best on validation."""
    return min(trained, key=lambda one: one.validation)


def _trained(
    experiment: Experiment, told: Callable[[float], None] = lambda share: None, out: Path | None = None
) -> _Trained:
    prepared = preparation.prepare(experiment)
    begun = run.start(prepared.plan, prepared.params)
    if out is not None and out.exists():
        begun = run.resume(prepared.plan, begun, out)
    ended = begun
    for ended in run.advance(prepared.plan, begun, out):
        told(ended.step / experiment.n_steps)
    step = int(ended.curve[np.argmin(ended.curve[:, 2]), 0])
    return _Trained(experiment, prepared, ended.stopping.params, ended.stopping.best, step, begun.seconds)


def _trained_again(best: _Trained, told: Callable[[float], None] = lambda share: None) -> _Trained:
    """On the whole training fold: nothing is left to be chosen, so it ends after the step that was the best."""
    prepared = preparation.prepare(best.experiment)
    whole = np.concatenate([prepared.dataset.train, prepared.dataset.valid])
    plan = dataclasses.replace(prepared.plan, data=whole)
    for going in run.advance(plan, run.start(plan, prepared.params)):
        told(going.step / best.step)
        if going.step == best.step:
            break
    return dataclasses.replace(best, params=going.params)


def _tested(trained: _Trained, told: Callable[[float], None] = lambda share: None) -> Evaluation:
    """Mean and standard error of -log p(x) over the test part."""
    experiment, model, x = trained.experiment, trained.prepared.model, trained.prepared.dataset.test
    options = {**experiment.options, **experiment.test_options}
    return preparation.estimate_nll(model, trained.params, x, experiment.n_importance, told=told, **options)


# --- a whole table ---------------------------------------------------------------------------------------------------


def cells(table: str, only: str | None, seed: int) -> list[Cell]:
    """The cells of a table, or those that "DATASET" or "DATASET/MODEL" means.

    Raises
    ------
    InputError
        If there is no such table, data set or model.
    """
    if table not in TABLES:
        raise unknown_name("table", table, TABLES)
    datasets, models = TABLES[table].datasets, TABLES[table].models
    if only is not None:
        dataset, _, model = only.partition("/")
        if dataset not in datasets:
            raise unknown_name(f"data set of {table}", dataset, datasets)
        if model and model not in models:
            raise unknown_name(f"model of {table}", model, models)
        datasets, models = (dataset,), (model,) if model else models
    return [Cell(table, dataset, model, seed) for dataset in datasets for model in models]


def main(
    table: str, only: str | None, seed: int, n_jobs: int, out: Path, checkpoints: Path | None, console: Console
) -> None:
    """Train the cells that are not in `out` yet, and write the table."""
    import joblib

    asked = cells(table, only, seed)
    path = out / f"{table}.json"
    rows = results.read(path)
    done = {(row["dataset"], row["model"], row["seed"]) for row in rows}
    left = [cell for cell in asked if (cell.dataset, cell.model, cell.seed) not in done]
    absent = sorted({cell.dataset for cell in left if not sources.obtainable(cell.dataset)})
    if only is not None and absent:
        raise InputError(f"--only {only}: the file of {absent[0]} is not here (see: npgen data path {absent[0]})")
    writable_folder(out)
    if not left:
        console.print(f"nothing is left to train: {path} has all that was asked for", markup=False, soft_wrap=True)
    if checkpoints is not None:
        checkpoints = checkpoints / f"{table}-{seed}"
        writable_folder(checkpoints)
    for dataset in absent:
        console.print(f"{dataset}: left out, its file is not here (see: npgen data path {dataset})", soft_wrap=True)
    here = [cell for cell in left if cell.dataset not in absent]
    here.sort(key=_cost, reverse=True)  # the longest first, so that no process ends long before the last
    n_threads = max(1, joblib.cpu_count() // n_jobs)
    work = joblib.Parallel(n_jobs, return_as="generator_unordered")
    with _shares(here) as (shares, fraction), advancing(console, table, fraction):
        jobs = (joblib.delayed(_train_and_tell)(cell, n_threads, shares, i, checkpoints) for i, cell in enumerate(here))
        for row in work(jobs):
            rows = [*results.read(path), row]  # another process may have added its own
            results.write(path, rows)
            console.print(results.summary(row), markup=False, soft_wrap=True)
    if not here:
        results.write(path, rows)
    console.print(f"{path}, {path.with_suffix('.md')}: {len(rows)} cells", markup=False, soft_wrap=True)


@contextlib.contextmanager
def _shares(cells: list[Cell]) -> Iterator[tuple[str, Callable[[], float]]]:
    """A file in which each cell tells what share of it is done, and how much that is of the whole.

    The processes that train are others than the one that shows: a file in memory of all is the simplest way between.
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:  # Windows keeps what is mapped
        path = str(Path(folder) / "shares")
        shares = np.memmap(path, np.float64, "w+", shape=(max(len(cells), 1),))
        costs = np.array([_cost(cell) for cell in cells] or [1.0])
        yield path, lambda: float(np.dot(costs, shares) / costs.sum())


def _cost(cell: Cell) -> float:
    return recipes.cost(cell.table, cell.dataset, cell.model)


def _train_and_tell(cell: Cell, n_threads: int, path: str, place: int, checkpoints: Path | None) -> dict[str, Any]:
    shares = np.memmap(path, np.float64, "r+")

    def told(share):
        shares[place] = share

    row = train_cell(cell, n_threads, told, checkpoints)
    told(1.0)
    return row

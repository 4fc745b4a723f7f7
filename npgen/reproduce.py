"""The tables of the papers, once more: `npgen reproduce TABLE`.

A table has a cell for each data set and model. A cell trains the candidates of `recipes.candidates` one after another,
takes the one that is best on the validation part (for longer, where that is still best at its end), and only then looks
at the test part. Of data in ten folds it chooses on the first, whose validation part is among the rows on which others
are tested. Cells are independent: several processes share them out, each is written as soon as it is done, and
those that are there already are kept. How they are written is the matter of `npgen.results`.
"""

import contextlib
import itertools
import math
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
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
    """Train every candidate, choose on validation, evaluate on test.

    Of data in folds the candidates are those of the first; what is chosen there is trained on the others, too.

    `told` hears now and then what share of it is done. With a folder of `checkpoints`, each run leaves one there, and
    goes on from it.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(n_threads):
        beginning = time.perf_counter()
        if cell.model == "gaussian":
            recipe, size, tested = _gaussians(cell.dataset)
        else:
            candidates = recipes.candidates(cell.table, cell.dataset, cell.model, cell.seed)
            lengths = [row.n_steps for row in recipes.at_most(cell.table, candidates)]
            places = _places(told, lengths, checkpoints and checkpoints / cell.name.replace("/", "-"))
            runs = [one for row in candidates if (one := _unless_diverged(row, *next(places)))]
            if not runs:
                raise Diverged(f"{cell.name}: training diverged with each of its candidates")
            chosen = _best(runs)
            longer = recipes.longer(cell.table, chosen.experiment, chosen.step)
            if longer is not None and (one := _unless_diverged(longer, *next(places))):
                runs.append(one)
                chosen = _best(runs)
            folds = [_trained(fold, *next(places)) for fold in recipes.further_folds(chosen.experiment)]
            tested = [_tested(one) for one in (chosen, *folds)]
            beginning -= sum(one.seconds_before for one in (*runs, *folds))
            recipe = preparation.recipe(chosen.experiment)
            recipe |= {"best_step": chosen.step, "validation": round(chosen.validation, 4)}
            size = n_parameters(chosen.params)
    (nats, standard_error), means = tested[0], [fold.mean for fold in tested]
    if len(means) > 1:
        nats, standard_error = float(np.mean(means)), float(np.std(means, ddof=1) / math.sqrt(len(means)))
        recipe["folds"] = [round(mean, 4) for mean in means]
    return {
        "table": cell.table,
        "dataset": cell.dataset,
        "model": cell.model,
        "nats": round(nats, 4),
        "standard_error": round(standard_error, 4),
        "published": cell.published,
        "seconds": round(time.perf_counter() - beginning, 1),
        "seed": cell.seed,
        "recipe": recipe,
        "n_parameters": size,
    }


@dataclass(frozen=True)
class _Trained:
    experiment: Experiment
    prepared: preparation.Prepared
    params: Any  # the best on validation
    validation: float
    step: int
    seconds_before: float  # it was trained for, until this process went on from its checkpoint


def _best(trained: Iterable[_Trained]) -> _Trained:
    """The one that is best on validation."""
    return min(trained, key=lambda one: one.validation)


def _places(
    told: Callable[[float], None], lengths: list[int], stem: Path | None
) -> Iterator[tuple[Callable[[float], None], Path | None]]:
    """For each run of a cell the function that is told what share of it is done, and its checkpoint."""
    ends = list(itertools.accumulate(lengths))
    for i, (length, end) in enumerate(zip(lengths, ends, strict=True)):
        so_far = end - length
        yield (
            lambda share, so_far=so_far, length=length: told((so_far + share * length) / ends[-1]),
            stem and stem.with_name(f"{stem.name}-{i + 1}.npz"),
        )


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


def _unless_diverged(experiment: Experiment, told: Callable[[float], None], out: Path | None) -> _Trained | None:
    """A candidate, trained, or None: one that diverges is only not chosen."""
    try:
        return _trained(experiment, told, out)
    except Diverged:
        return None


def _tested(trained: _Trained) -> Evaluation:
    """Mean and standard error of -log p(x) over the test part."""
    options = {**trained.experiment.options, **trained.experiment.test_options}
    model, x = trained.prepared.model, trained.prepared.dataset.test
    return evaluate(lambda batch: -model.log_prob(trained.params, batch, **options), x, batch_size=200)


def _gaussians(dataset: str) -> tuple[dict[str, Any], int, list[Evaluation]]:
    """One Gaussian with a full covariance, by maximum likelihood on all of each training fold."""
    tested = []
    for fold in range(1, N_FOLDS + 1):
        part = data.load(dataset, fold=fold)
        x = np.concatenate([part.train, part.valid])
        params = gaussian_mixture.em_step(gaussian_mixture.init_params(np.random.default_rng(0), x, 1), x)
        tested.append(evaluate(lambda batch, params=params: -gaussian_mixture.log_prob(params, batch), part.test))
    D = part.n_visible
    return {"model": "gaussian", "data": dataset}, D + D * (D + 1) // 2, tested


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
    absent = sorted({cell.dataset for cell in left if sources.place(cell.dataset).startswith("not here, cannot")})
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
    n_threads = max(1, joblib.cpu_count() // n_jobs)
    work = joblib.Parallel(n_jobs, return_as="generator_unordered")
    with _shares(here) as (shares, fraction), advancing(console, table, fraction):
        jobs = (joblib.delayed(_train_and_tell)(cell, n_threads, shares, i, checkpoints) for i, cell in enumerate(here))
        for row in work(jobs):
            rows.append(row)
            results.write(path, rows)
            console.print(results.summary(row), markup=False, soft_wrap=True)
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
        costs = np.array([recipes.cost(cell.table, cell.dataset, cell.model) for cell in cells] or [1.0])
        yield path, lambda: float(np.dot(costs, shares) / costs.sum())


def _train_and_tell(cell: Cell, n_threads: int, path: str, place: int, checkpoints: Path | None) -> dict[str, Any]:
    shares = np.memmap(path, np.float64, "r+")

    def told(share):
        shares[place] = share

    row = train_cell(cell, n_threads, told, checkpoints)
    told(1.0)
    return row

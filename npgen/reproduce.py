"""The tables of the papers, once more: `npgen reproduce TABLE`.

A table has a cell for each data set and model. A cell trains the candidates of `recipes.candidates` one after another,
takes the one that is best on the validation part, and only then looks at the test part. Cells are independent: several
processes share them out, each is written as soon as it is done, and those that are there already are kept.

    results/TABLE.json   a list of cells {"table", "dataset", "model", "nats", "standard_error", "published", "seconds",
                         "seed", "recipe", "n_parameters"}; `nats` is a negative log-likelihood, the lower the better
    results/TABLE.md     the same beside the published figures
"""

import json
import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from npgen import data, preparation, recipes, run, sources
from npgen.errors import InputError, unknown_name
from npgen.experiments import Experiment
from npgen.files import atomic_write, writable_folder
from npgen.models import gaussian_mixture
from npgen.nested import n_parameters
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


def train_cell(cell: Cell, n_threads: int) -> dict[str, Any]:
    """Train every candidate, choose on validation, evaluate on test: on the other folds, too, where there are any."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(n_threads):
        beginning = time.perf_counter()
        if cell.model == "gaussian":
            recipe, size, tested = _gaussians(cell.dataset)
        else:
            candidates = recipes.candidates(cell.table, cell.dataset, cell.model, cell.seed)
            chosen = min(map(_trained, candidates), key=lambda trained: trained.validation)
            tested = [_tested(chosen), *(_tested(_trained(fold)) for fold in recipes.further_folds(chosen.experiment))]
            recipe = preparation.recipe(chosen.experiment)
            recipe |= {"best_step": chosen.step, "validation": round(chosen.validation, 4)}
            size = n_parameters(chosen.params)
    (nats, standard_error), folds = tested[0], [fold.mean for fold in tested]
    if len(folds) > 1:
        nats, standard_error = float(np.mean(folds)), float(np.std(folds, ddof=1) / math.sqrt(len(folds)))
        recipe["folds"] = [round(fold, 4) for fold in folds]
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


def _trained(experiment: Experiment) -> _Trained:
    prepared = preparation.prepare(experiment)
    for last in run.advance(prepared.plan, run.start(prepared.plan, prepared.params)):
        ended = last
    step = int(ended.curve[np.argmin(ended.curve[:, 2]), 0])
    return _Trained(experiment, prepared, ended.stopping.params, ended.stopping.best, step)


def _tested(trained: _Trained) -> Evaluation:
    """Mean and standard error of -log p(x) over the test part."""
    options = {**trained.experiment.options, **trained.experiment.test_options}
    model, x = trained.prepared.model, trained.prepared.dataset.test
    return evaluate(lambda batch: -model.log_prob(trained.params, batch, **options), x, batch_size=200)


def _gaussians(dataset: str) -> tuple[dict[str, Any], int, list[Evaluation]]:
    """One Gaussian with a full covariance, by maximum likelihood on all of each training fold."""
    tested = []
    for fold in range(1, recipes.N_FOLDS + 1):
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


def main(table: str, only: str | None, seed: int, n_jobs: int, out: Path, console: Console) -> None:
    """Train the cells that are not in `out` yet, and write the table."""
    import joblib

    asked = cells(table, only, seed)
    writable_folder(out)
    path = out / f"{table}.json"
    rows = read(path)
    done = {(row["dataset"], row["model"], row["seed"]) for row in rows}
    here, missing = [], set()
    for cell in asked:
        if (cell.dataset, cell.model, cell.seed) in done:
            continue
        if sources.place(cell.dataset).startswith("not here, cannot"):
            missing.add(cell.dataset)
        else:
            here.append(cell)
    for dataset in sorted(missing):
        console.print(f"{dataset}: left out, its file is not here (see: npgen data path {dataset})", soft_wrap=True)
    n_threads = max(1, joblib.cpu_count() // n_jobs)
    with _progress(console) as progress:
        task = progress.add_task(table, total=len(here), last="")
        work = joblib.Parallel(n_jobs, return_as="generator_unordered")
        for row in work(joblib.delayed(train_cell)(cell, n_threads) for cell in here):
            rows.append(row)
            write(path, rows)
            progress.update(task, advance=1, last=summary(row))
            if not console.is_terminal:
                console.print(summary(row), markup=False, soft_wrap=True)
    write(path, rows)
    console.print(f"{path}, {path.with_suffix('.md')}: {len(rows)} cells", markup=False, soft_wrap=True)


def _progress(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(bar_width=24), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, TextColumn("{task.fields[last]}"), console=console, disable=not console.is_terminal)


def summary(row: dict[str, Any]) -> str:
    """One cell in a line."""
    published = "" if row["published"] is None else f", published {row['published']:.2f}"
    nats = f"{row['nats']:.2f} ± {row['standard_error']:.2f} nats"
    return f"{row['dataset']}/{row['model']}: {nats}{published}, {row['seconds']:.0f} s"


def read(path: Path) -> list[dict[str, Any]]:
    """The cells in a file; none if there is no file."""
    if not path.exists():
        return []
    try:
        rows = json.loads(path.read_bytes())
        if not isinstance(rows, list) or not all({"dataset", "model", "seed", "nats"} <= row.keys() for row in rows):
            raise ValueError("a cell without its figures")
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise InputError(f"{path}: not a table that npgen wrote ({error}). Move it away to begin anew.") from error
    return rows


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    """The cells, in the order of the table, and the table itself."""
    table = TABLES[path.stem]
    order = {name: place for place, name in enumerate((*table.datasets, *table.models))}
    rows.sort(key=lambda row: (order[row["dataset"]], order[row["model"]], row["seed"]))
    with atomic_write(path) as file:
        file.write(json.dumps(rows, indent=1).encode() + b"\n")
    with atomic_write(path.with_suffix(".md")) as file:
        file.write(markdown(table, rows).encode())


def markdown(table: recipes.Table, rows: list[dict[str, Any]]) -> str:
    """Each data set a line, each model two columns: ours (all seeds) and the published figure."""
    models = table.models
    lines = [
        "| test nats | " + " | ".join(f"{model} | paper" for model in models) + " |",
        "|---|" + "---|---|" * len(models),
    ]
    for dataset in table.datasets:
        entries = []
        for model in models:
            found = [row for row in rows if (row["dataset"], row["model"]) == (dataset, model)]
            published = table.published.get((dataset, model))
            entries += [_figures(found, published), "" if published is None else f"{published:.2f}"]
        if any(entries[::2]):
            lines.append(f"| {dataset} | " + " | ".join(entries) + " |")
    return "\n".join([*lines, ""])


def _figures(found: list[dict[str, Any]], published: float | None) -> str:
    """The figure of each seed, bold where it is at least as good as the published one, with error and seconds."""

    def figure(row):
        nats = f"{row['nats']:.2f}"
        return f"**{nats}**" if published is not None and row["nats"] <= published else nats

    if not found:
        return ""
    first = found[0]
    return f"{', '.join(map(figure, found))} ± {first['standard_error']:.2f} ({first['seconds']:.0f} s)"

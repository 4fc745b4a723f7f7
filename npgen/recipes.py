"""How the cells of the papers' tables are trained: one recipe for each model, the same for all data sets of a table.

On binary sets a cell tries a few candidates (weight decay, step size, order of the variables) and takes the one that is
best on the validation part. Where this is best near its end, it may have been too short, and the same is trained once
more, with more steps; orderless NADE always is, but for a few hundred rows (MAX_EPOCHS). RNADE chooses its weight decay
in each of ten folds anew, and what is chosen is trained once more on the whole training fold. On MNIST nothing is left
to choose. No data set has a recipe of its own: sets that were never seen here are trained by the same rule.
"""

import dataclasses
import itertools
import math
from dataclasses import dataclass, field
from typing import Any

from npgen import data, published
from npgen.experiments import EXPERIMENTS, Experiment
from npgen.folds import N_FOLDS


@dataclass(frozen=True)
class Table:
    """One table of the papers: its title, and the figures to compare with, {(data set, model): nats}."""

    title: str
    published: dict[tuple[str, str], float]
    extras: tuple[str, ...] = ()  # data sets without published figures

    @property
    def datasets(self) -> tuple[str, ...]:
        """In the order of the paper."""
        return (*dict.fromkeys(dataset for dataset, _ in self.published), *self.extras)

    @property
    def models(self) -> tuple[str, ...]:
        """In the order of the paper."""
        return tuple(dict.fromkeys(model for _, model in self.published))


TABLES = {
    "uci-binary": Table("Binary data sets", published.UCI_BINARY, ("nltcs", "plants", "accidents")),
    "mnist-binarized": Table("Binarized MNIST, static", published.MNIST_BINARIZED),
    "uci-real": Table("Real-valued data sets, ten folds", published.UCI_REAL),
}
FIXED_LENGTH = ("mnist-binarized", "uci-real")  # tables whose experiments have a number of steps of their own


@dataclass(frozen=True)
class Recipe:
    """How a model is trained on binary data."""

    choices: tuple[dict[str, Any], ...]  # what is chosen on validation
    n_steps: int  # of each candidate, at most
    longer: int  # steps of the one that is chosen, or MAX_EPOCHS if these are fewer, if it was best at its end:
    at_its_end: float = 0.9  # after this share of its steps
    validate_every: int = 50  # steps, or one epoch if that is more
    patience: int = 40
    fixed: dict[str, Any] = field(default_factory=dict)


MAX_EPOCHS = 3000  # of what is trained for longer: on a thousand rows, more take long and only over-fit
RANDOM_ORDER = {"column_order": 0}  # the seed of one random order of the variables
BINARY = {
    "fvsbn": Recipe(
        choices=({"l2": 1e-5}, {"l2": 1e-4}, {"l2": 1e-3}, {"l2": 5e-3}),
        n_steps=10_000,
        longer=30_000,
        fixed={"step_size": 3e-3},
    ),
    "nade": Recipe(
        choices=({}, {"l2": 1e-4}, RANDOM_ORDER),
        n_steps=10_000,
        longer=30_000,
        fixed={"init": {"n_hidden": 500}},
    ),
    "made": Recipe(
        choices=({"l2": 1e-4}, {"l2": 1e-4, **RANDOM_ORDER}, {"l2": 5e-3, **RANDOM_ORDER}),
        n_steps=10_000,
        longer=30_000,
        fixed={"init": {"hidden_sizes": (500,)}},
    ),
    "orderless_nade": Recipe(
        choices=({"l2": 3e-5}, {"l2": 1e-6, "step_size": 2e-3}, {"l2": 1e-3}),
        n_steps=15_000,  # fewer would choose too little weight decay: over-fitting comes late
        longer=60_000,
        at_its_end=0.0,  # always: more and smaller steps average more of the noise of random sets
        validate_every=200,  # a validation is as long as 25 steps
        patience=25,
        fixed={"init": {"hidden_sizes": (1000,)}, "test_options": {"n_orderings": 16}},
    ),
}
WEIGHT_DECAYS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)  # of RNADE: the gradient of l2 w^2 is decay times w


def candidates(table: str, dataset: str, model: str, seed: int) -> list[list[Experiment]]:
    """The experiments of one cell of which validation chooses: a list for each test part, ten for data in folds."""
    name = f"{table}/{dataset}/{model}"
    if table == "mnist-binarized":
        full = EXPERIMENTS[f"{model}-binarized-mnist".replace("_nade", "")]
        return [[dataclasses.replace(full, name=name, seed=seed)]]
    if table == "uci-real":
        folds = range(1, N_FOLDS + 1)
        return [[_real(name, dataset, model, seed, fold, decay / 2) for decay in WEIGHT_DECAYS] for fold in folds]
    return [_binary(name, dataset, model, seed)]


def _binary(name: str, dataset: str, model: str, seed: int) -> list[Experiment]:
    recipe = BINARY[model]
    n_train = len(data.load(dataset).train)
    batch_size = min(100, n_train)
    return [
        Experiment(
            name=name,
            model=model,
            data=dataset,
            n_steps=recipe.n_steps,
            batch_size=batch_size,
            validate_every=max(n_train // batch_size, recipe.validate_every),
            patience=recipe.patience,
            seed=seed,
            **{"init": {}, **recipe.fixed, **choice},
        )
        for choice in recipe.choices
    ]


def _real(name: str, dataset: str, model: str, seed: int, fold: int, l2: float) -> Experiment:
    """Without patience: on a validation part of a few dozen rows the best step may come after a long bad stretch."""
    return Experiment(
        name=name,
        model=model,
        data=dataset,
        init={"n_hidden": 50, "n_components": 20},
        n_steps=6000,
        batch_size=100,
        step_size=2e-2,
        l2=l2,
        data_options={"fold": fold},
        validate_every=50,
        seed=seed,
    )


def longer(table: str, chosen: Experiment, best_step: int) -> Experiment | None:
    """The same experiment with more steps, if it was best at its end and may have more; or None."""
    if table in FIXED_LENGTH:
        return None
    recipe = BINARY[chosen.model]
    steps_of_an_epoch = len(data.load(chosen.data).train) // chosen.batch_size
    n_steps = min(recipe.longer, MAX_EPOCHS * steps_of_an_epoch)
    if best_step <= recipe.at_its_end * chosen.n_steps or n_steps <= chosen.n_steps:
        return None
    return dataclasses.replace(chosen, n_steps=n_steps)


def at_most(table: str, rows: list[Experiment]) -> list[Experiment]:
    """All that may be trained for one test part: its candidates, and the longer one if there may be one."""
    at_its_end = longer(table, rows[0], rows[0].n_steps)
    return [*rows, at_its_end] if at_its_end else rows


def trained_again(experiment: Experiment) -> bool:
    """Whether what was chosen is trained once more, on the validation part as well, for as many steps as were best.

    So it is where there are folds: their rows are few, and the Gaussian beside it is fitted to all of them, too.
    """
    return "fold" in experiment.data_options


def cost(table: str, dataset: str, model: str) -> float:
    """About how many multiply-adds a cell takes: enough to tell how much is done."""
    if model == "gaussian":
        return 1.0
    parts = candidates(table, dataset, model, seed=0)
    one = parts[0][0]
    n_steps = sum(row.n_steps for rows in parts for row in at_most(table, rows))
    n_steps += len(parts) * one.n_steps * trained_again(one)
    D = data.load(dataset, **one.data_options).n_visible
    return 3.0 * one.batch_size * _pass(one, D) * (n_steps + len(parts) * steps_of_test(one))


def steps_of_test(experiment: Experiment) -> float:
    """About how many steps of training take as long as log p(x) of the whole test part.

    A step is a pass forward and two backward for each row of a batch, and a row of the test part one pass forward. But
    orderless NADE passes each row through all layers after the first for every variable, in each ordering.
    """
    dataset = data.load(experiment.data, **experiment.data_options)
    D, passes = dataset.n_visible, float(len(dataset.test))
    if experiment.model == "orderless_nade":
        sizes = experiment.init["hidden_sizes"]
        of_a_variable = sizes[0] + sum(map(math.prod, itertools.pairwise(sizes))) + sizes[-1]
        passes *= experiment.test_options.get("n_orderings", 1) * D * of_a_variable / _pass(experiment, D)
    return passes / (3 * experiment.batch_size)


def _pass(experiment: Experiment, D: int) -> float:
    """About how many multiply-adds it takes to compute all conditionals of one example."""
    init = experiment.init
    sizes = init.get("hidden_sizes") or (init.get("n_hidden", D / 4),)  # FVSBN: half of D^2
    components = 3 * init["n_components"] if "n_components" in init else 1
    return D * sizes[0] + sum(map(math.prod, itertools.pairwise(sizes))) + sizes[-1] * D * components

"""The recipes, as one table, and what turns a recipe into a run.

Every number that npgen reports comes from a row here: model, data, sizes, steps, step size and seed, with the published
number to compare it with, and its source.
"""

import dataclasses
import importlib
import json
import math
import numbers
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from rich.console import Console

from npgen import data, run
from npgen.autodiff import mean
from npgen.data import Dataset
from npgen.errors import InputError, require_positive, unknown_name
from npgen.nested import leaves
from npgen.nn import l1_norm
from npgen.optim import Schedule, adam, constant, cosine
from npgen.train import Evaluation, evaluate

# Name of the module -> the sizes it gets where none are asked for.
MODELS: dict[str, dict[str, Any]] = {
    "fvsbn": {},
    "nade": {"n_hidden": 500},
    "vae": {"hidden_sizes": (200, 200), "n_latent": 50},
}

BINARIZE = ("threshold", "static", "dynamic")

SCHEDULES: dict[str, Callable[[float, int], Schedule]] = {
    "constant": lambda step_size, n_steps: constant(step_size),
    "cosine": cosine,
}


@dataclass(frozen=True)
class Experiment:
    """One row of the table: all that determines a training run."""

    name: str
    model: str  # a key of MODELS
    data: str  # a name for npgen.data.load
    init: dict[str, Any]  # arguments of the model's init_params, besides those that follow from the data
    n_steps: int
    batch_size: int = 100
    step_size: float = 1e-3
    schedule: str = "cosine"  # a key of SCHEDULES
    l1: float = 0.0  # of `penalty`: a Laplace prior on the weights, in units of the pixels' standard deviations
    data_options: dict[str, Any] = field(default_factory=dict)  # for npgen.data.load: digit, invert
    binarize: str = "threshold"  # of grey data: threshold, static or dynamic
    threshold: float = 0.5  # of full scale
    validate_every: int = 500  # steps
    patience: int | None = None  # validations without a better one, until training stops
    n_importance: int = 1000  # samples of the estimate of log p(x), for latent variable models
    seed: int = 0
    published: float | None = None  # nats, on the test part
    source: str = ""  # of the published number

    def __post_init__(self):
        for field_, known in (("model", MODELS), ("schedule", SCHEDULES), ("binarize", BINARIZE)):
            if getattr(self, field_) not in known:
                raise unknown_name(field_, getattr(self, field_), known)
        require_positive(**{name: getattr(self, name) for name in ("n_steps", "batch_size", "validate_every")})
        if not (isinstance(self.step_size, numbers.Real) and 0 < self.step_size < math.inf):
            raise InputError(f"step_size: expected a positive number; found {self.step_size!r}")


EXPERIMENTS = {
    row.name: row
    for row in [
        # The demo's: 8x8 digits, no published numbers.
        Experiment("fvsbn-digits", "fvsbn", "digits", init={}, n_steps=1000, step_size=1e-2, validate_every=50),
        Experiment(
            name="nade-digits",
            model="nade",
            data="digits",
            init={"n_hidden": 200},
            n_steps=4000,
            step_size=3e-3,
            validate_every=50,
        ),
        Experiment(
            name="vae-digits",
            model="vae",
            data="digits",
            init={"hidden_sizes": (200,), "n_latent": 20},
            n_steps=4000,
            step_size=2e-3,
            validate_every=100,
        ),
        Experiment(
            name="vae-digits-2d",
            model="vae",
            data="digits",
            init={"hidden_sizes": (200,), "n_latent": 2},
            n_steps=3000,
            step_size=2e-3,
            validate_every=100,
        ),
        # The course's setting: MNIST's ones.
        Experiment(
            name="nade-mnist-ones",
            model="nade",
            data="mnist",
            init={"n_hidden": 192},
            n_steps=5000,
            batch_size=64,
            data_options={"digit": 1},
        ),
        Experiment(
            name="fvsbn-binarized-mnist",
            model="fvsbn",
            data="binarized_mnist",
            init={},
            n_steps=20_000,
            step_size=3e-3,
            l1=3.2e-4,
            published=97.45,
            source="quoted in the literature for static binarization; not checked against a paper",
        ),
        Experiment(
            name="nade-binarized-mnist",
            model="nade",
            data="binarized_mnist",
            init={"n_hidden": 500},
            n_steps=16_000,
            step_size=2e-3,
            validate_every=1000,
            published=88.33,
            source="Uria et al. 2016, ReLU units, static binarization; 88.86 with sigmoid units in 2011",
        ),
        Experiment(
            name="vae-binarized-mnist",
            model="vae",
            data="binarized_mnist",
            init={"hidden_sizes": (200, 200), "n_latent": 50},
            n_steps=180_000,
            validate_every=2000,
            published=88.71,
            source="Burda et al. 2016, k = 1, static binarization, 5000 importance samples",
        ),
    ]
}


class Measured(NamedTuple):
    """What a row reached: nats on the test part, their standard error, and the seconds of its training."""

    nats: float
    standard_error: float
    seconds: float


# With the seed of the row, on an AMD EPYC, by `npgen train NAME` and `npgen evaluate`: on two cores, but on one for the
# FVSBN and the VAE of binarized MNIST. Of a VAE the IWAE bound, k = 1000. Parameters, step sizes and numbers of steps
# were chosen on validation.
MEASURED = {
    "fvsbn-digits": Measured(18.37, 0.23, 1),
    "nade-digits": Measured(16.76, 0.26, 4),
    "vae-digits": Measured(17.16, 0.21, 5),
    "vae-digits-2d": Measured(19.73, 0.30, 4),
    "fvsbn-binarized-mnist": Measured(97.43, 0.23, 114),
    "nade-mnist-ones": Measured(31.76, 0.50, 19),
    "nade-binarized-mnist": Measured(87.43, 0.23, 114),
    "vae-binarized-mnist": Measured(90.46, 0.25, 821),
}


def find(name: str) -> Experiment:
    """The row of that name; InputError with the nearest names if there is none."""
    if name not in EXPERIMENTS:
        raise unknown_name("experiment", name, EXPERIMENTS)
    return EXPERIMENTS[name]


def find_model(name: str) -> ModuleType:
    """The module `npgen.models.<name>`; InputError with the nearest names if there is none."""
    if name not in MODELS:
        raise unknown_name("model", name, MODELS)
    return importlib.import_module(f"npgen.models.{name}")


KEEPS_THE_NAME = {"seed", "patience", "validate_every"}  # options with which a row is still comparable to its source


def from_options(name: str, options: dict[str, Any]) -> Experiment:
    """The row `name`, or a new one for the model `name`, changed by the options of `npgen train` that are not None.

    A changed row is named so, and has no published number any more.
    """
    given = {option: value for option, value in options.items() if value is not None}
    if name in EXPERIMENTS:
        row = EXPERIMENTS[name]
        if not set(given) <= KEEPS_THE_NAME:
            row = dataclasses.replace(row, name=f"{name} (changed)", published=None, source="")
    elif name in MODELS:
        if "data" not in given:
            raise InputError(f"{name} is a model: say on which data, for instance --data digits (`npgen data list`)")
        row = Experiment(f"{name}-{given['data']}", name, given["data"], MODELS[name], n_steps=10_000)
    else:
        raise unknown_name("experiment or model", name, [*EXPERIMENTS, *MODELS])
    data_options = {option: given.pop(option) for option in ("digit", "invert") if option in given}
    given["data_options"] = row.data_options | data_options
    given["init"] = row.init | _sizes(row.model, given.pop("hidden", None), given.pop("latent", None))
    row = dataclasses.replace(row, **given)
    if "threshold" in given and row.binarize != "threshold":
        raise InputError(f"--threshold: has no meaning with --binarize {row.binarize}")
    return row


def _sizes(model: str, hidden: tuple[int, ...] | None, latent: int | None) -> dict[str, Any]:
    """The arguments of the model's `init_params` that --hidden and --latent mean."""
    known = MODELS[model]
    sizes: dict[str, Any] = {}
    if hidden is not None:
        if "hidden_sizes" in known:
            sizes["hidden_sizes"] = hidden
        elif "n_hidden" not in known:
            raise InputError(f"--hidden: {model} has no hidden layer")
        elif len(hidden) > 1:
            raise InputError(f"--hidden: {model} has one hidden layer")
        else:
            (sizes["n_hidden"],) = hidden
    if latent is not None:
        if "n_latent" not in known:
            raise InputError(f"--latent: {model} has no latent variables")
        sizes["n_latent"] = latent
    return sizes


# --- from a recipe to a run ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Prepared:
    """An experiment with its data and model at hand."""

    experiment: Experiment
    model: ModuleType
    dataset: Dataset  # binary, but for the training part of dynamic binarization
    plan: run.Plan
    params: Any  # before the first step


def prepare(experiment: Experiment) -> Prepared:
    """Load the data, draw the initial parameters and make the plan, all from the seed of the experiment."""
    model = find_model(experiment.model)
    init_rng, data_rng, batch_rng, noise_rng = np.random.default_rng(experiment.seed).spawn(4)
    dataset, marginals, prepare_batch = _binary(experiment, data_rng, noise_rng)
    params = model.init_params(init_rng, dataset.n_visible, **experiment.init, marginals=marginals)
    prior = penalty(experiment, model, dataset.train)
    plan = run.Plan(
        loss=lambda params, x: prior(params) - mean(objective(model, params, noise_rng, x)),
        validate=lambda params: validation_nll(model, params, dataset.valid),
        data=dataset.train,
        batch_size=experiment.batch_size,
        optimiser=adam(SCHEDULES[experiment.schedule](experiment.step_size, experiment.n_steps)),
        n_steps=experiment.n_steps,
        validate_every=experiment.validate_every,
        patience=experiment.patience,
        generators={"batches": batch_rng, "noise": noise_rng},
        recipe=recipe(experiment),
        prepare_batch=prepare_batch,
    )
    return Prepared(experiment, model, dataset, plan, params)


def recipe(experiment: Experiment) -> dict[str, Any]:
    """The experiment as plain JSON types, which is what a checkpoint gives back."""
    return json.loads(json.dumps(dataclasses.asdict(experiment)))


def from_recipe(found: Any, path: Path) -> Experiment:
    """The experiment whose recipe a checkpoint holds."""
    try:
        return Experiment(**found)
    except (TypeError, ValueError) as error:
        raise InputError(f"{path}: its recipe is not one of this version of npgen. Train it again.") from error


def _binary(
    experiment: Experiment, data_rng: np.random.Generator, noise_rng: np.random.Generator
) -> tuple[Dataset, np.ndarray, Callable[[np.ndarray], np.ndarray]]:
    """The data set with binary validation and test parts, its marginals, and what makes a training batch binary."""
    dataset = data.load(experiment.data, **experiment.data_options)
    if len(dataset.train) == 0:
        raise InputError(f"{dataset.name}: this copy has no training part; it can only be looked at.")
    if dataset.maximum == 1:
        binary = dataset
    elif experiment.binarize == "threshold":
        binary = dataset.thresholded(experiment.threshold)
    else:
        binary = dataset.sampled(data_rng)
    marginals = data.marginals(binary.train)
    if experiment.binarize != "dynamic" or dataset.maximum == 1:
        return binary, marginals, lambda batch: batch
    scale = np.float32(dataset.maximum)
    grey = dataclasses.replace(binary, train=dataset.train)
    return grey, marginals, lambda batch: data.binarize(noise_rng, batch / scale)


# --- what is maximised, and what is reported -------------------------------------------------------------------------


def objective(model, params, rng, x):
    """What training maximises, (n,): log p(x) where the model can say it, otherwise its lower bound."""
    return model.elbo(params, rng, x) if hasattr(model, "elbo") else model.log_prob(params, x)


def penalty(experiment: Experiment, model: ModuleType, x: np.ndarray) -> Callable[[Any], Any]:
    """params -> l1 sum_{j < d} s_j |W_dj|, s_j the standard deviation of pixel j in x; for FVSBN.

    It is the lasso on standardised inputs (Tibshirani 1996, section 2.1; number not checked): without s_j a weight of a
    pixel that hardly ever changes would cost as much as one that explains something. Biases are free.
    """
    if experiment.l1 == 0:
        return lambda params: 0.0
    if not hasattr(model, "input_pixels"):
        raise InputError(f"l1: {experiment.model} has no weights that each belong to one pixel")
    scales = experiment.l1 * x.std(axis=0, dtype=np.float64)[model.input_pixels(x.shape[1])]
    scales = scales.astype(np.float32)  # float64 would turn the gradient of float32 weights into float64
    return lambda params: l1_norm(params["W"] * scales)


def validation_nll(model, params, x) -> float:
    """The mean of -log p(x), or of minus the bound, with the same noise at every validation."""
    rng = np.random.default_rng(0)
    return -evaluate(lambda batch: objective(model, params, rng, batch), x).mean


def estimate_nll(model, params, x, n_importance: int, seed: int = 0) -> Evaluation:
    """The mean of -log p(x) over x and its standard error; for a latent variable model, by importance sampling.

    The importance-sampled figure is an upper bound in expectation, which tightens with `n_importance`.
    """
    if not hasattr(model, "log_prob_estimate"):
        return evaluate(lambda batch: -model.log_prob(params, batch), x)
    rng = np.random.default_rng(seed)
    return evaluate(lambda batch: -model.log_prob_estimate(params, rng, batch, n_importance), x, batch_size=100)


def warm_up(prepared: Prepared, console: Console) -> None:
    """Compile what the run needs, or load it from the cache, and say so while it takes time."""
    with console.status("compiling (some seconds; only the first time)"):
        dtype = leaves(prepared.params)[0].dtype
        optimiser, tiny = prepared.plan.optimiser, np.zeros(1, dtype)
        optimiser.update(tiny, tiny, optimiser.init(tiny))
        if hasattr(prepared.model, "warm_up"):
            prepared.model.warm_up(dtype)

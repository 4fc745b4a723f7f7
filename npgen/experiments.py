"""The recipes, as one table.

Every number that npgen reports comes from a row here: model, data, sizes, steps, step size and seed, with the published
number to compare it with, and its source.
"""

import dataclasses
import importlib
import math
import numbers
from collections.abc import Callable
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, NamedTuple

from npgen.errors import InputError, require_positive, unknown_name
from npgen.optim import Schedule, constant, cosine

# Name of the module -> the sizes it gets where none are asked for.
MODELS: dict[str, dict[str, Any]] = {
    "fvsbn": {},
    "nade": {"n_hidden": 500},
    "made": {"hidden_sizes": (500,)},
    "orderless_nade": {"hidden_sizes": (500,), "direct": False, "observed_input": 1.0},
    "categorical_nade": {"n_hidden": 200},
    "rnade": {"n_hidden": 50, "n_components": 20},
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
    averaged: bool = False  # validated and kept is `optim.averaging`'s mean of the parameters, not they themselves
    l2: float = 0.0  # of `weight_decay`
    l1: float = 0.0  # of `laplace_prior`, in units of the pixels' standard deviations
    data_options: dict[str, Any] = field(default_factory=dict)  # for npgen.data.load: digit, invert
    column_order: int | None = None  # seed of a random order of the variables; None is their own
    binarize: str = "threshold"  # of grey data: threshold, static or dynamic
    threshold: float = 0.5  # of full scale
    validate_every: int = 500  # steps
    patience: int | None = None  # validations without a better one, until training stops
    options: dict[str, Any] = field(default_factory=dict)  # of the model's log_prob, and of what is trained: n_masks
    test_options: dict[str, Any] = field(default_factory=dict)  # besides, of log_prob alone: n_orderings
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
        # Grey levels as categories: 17 of them, and 256 on MNIST at half size.
        Experiment(
            name="categorical-nade-digits",
            model="categorical_nade",
            data="digits",
            init={"n_hidden": 200},
            n_steps=1000,
            step_size=3e-3,
            l2=1e-3,  # without it 90.21 nats on validation, with it 89.77
            validate_every=50,
        ),
        Experiment(
            name="categorical-nade-mnist-14x14",
            model="categorical_nade",
            data="mnist",
            init={"n_hidden": 100},
            n_steps=4000,
            step_size=3e-3,
            l2=1e-4,  # 281.56 nats on validation; 283.27 with 3e-4; 284.37 without, after 2500 of 15 000 steps
            data_options={"halved": True},
            validate_every=250,
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
            name="made-binarized-mnist",
            model="made",
            data="binarized_mnist",
            init={"hidden_sizes": (3000,)},
            n_steps=16_000,
            l2=2e-4,
            validate_every=1000,
            published=88.40,
            source="Germain et al. 2015, one hidden layer of 8000, one mask; not checked",
        ),
        Experiment(
            name="orderless-binarized-mnist",
            model="orderless_nade",
            data="binarized_mnist",
            init={"hidden_sizes": (500, 500), "direct": True, "observed_input": 3 / 28},
            n_steps=60_000,
            schedule="constant",
            averaged=True,
            l2=3e-4,
            validate_every=2500,
            test_options={"n_orderings": 8},
            published=86.41,
            source="Uria et al. 2016, two hidden layers, 8 orderings; not checked",
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


# With the seed of the row, on an AMD EPYC, by `npgen train NAME` and `npgen evaluate`: on two cores, but on one for
# categorical and orderless NADE and for the FVSBN, MADE and the VAE of binarized MNIST. Of a VAE the IWAE bound,
# k = 1000. Parameters, step sizes and numbers of steps were chosen on validation.
MEASURED = {
    "fvsbn-digits": Measured(18.37, 0.23, 1),
    "nade-digits": Measured(16.76, 0.26, 4),
    "vae-digits": Measured(17.16, 0.21, 5),
    "vae-digits-2d": Measured(19.73, 0.30, 4),
    "categorical-nade-digits": Measured(91.02, 0.68, 24),
    "categorical-nade-mnist-14x14": Measured(279.57, 0.68, 560),
    "fvsbn-binarized-mnist": Measured(97.43, 0.23, 114),
    "nade-mnist-ones": Measured(31.76, 0.50, 19),
    "nade-binarized-mnist": Measured(87.43, 0.23, 114),
    "made-binarized-mnist": Measured(88.12, 0.23, 1065),
    "orderless-binarized-mnist": Measured(87.75, 0.22, 1657),
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


def title(model: str) -> str:
    """The name of a model as one writes it: NADE, orderless NADE."""
    *words, acronym = model.split("_")
    return " ".join([*words, acronym.upper()])


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

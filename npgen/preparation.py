"""From a row of the table of experiments to a run: data, initial parameters, what is trained and what is reported."""

import dataclasses
import functools
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from rich.console import Console

from npgen import data, run
from npgen.autodiff import mean
from npgen.data import Dataset
from npgen.errors import InputError
from npgen.experiments import SCHEDULES, Experiment, find_model
from npgen.folds import Fold
from npgen.nested import leaves, named_leaves
from npgen.nn import l1_norm, squared_norm
from npgen.optim import adam, averaging
from npgen.train import Evaluation, evaluate


@dataclass(frozen=True)
class Prepared:
    """An experiment with its data and model at hand."""

    experiment: Experiment
    model: ModuleType
    dataset: Dataset | Fold
    plan: run.Plan
    params: Any  # before the first step


def prepare(experiment: Experiment) -> Prepared:
    """Load the data, draw the initial parameters and make the plan, all from the seed of the experiment."""
    model = find_model(experiment.model)
    init_rng, data_rng, batch_rng, noise_rng = np.random.default_rng(experiment.seed).spawn(4)
    inputs = INPUTS.get(experiment.model, binary_inputs)(experiment, data_rng, noise_rng)
    dataset = inputs.dataset
    params = model.init_params(init_rng, dataset.n_visible, **inputs.init)
    penalty = penalty_of(experiment, model, dataset.train)
    trained = functools.partial(objective, model, **experiment.options)
    optimiser = adam(SCHEDULES[experiment.schedule](experiment.step_size, experiment.n_steps))
    plan = run.Plan(
        loss=lambda params, x: penalty(params) - mean(trained(params, noise_rng, x)),
        validate=lambda params: validation_nll(trained, params, dataset.valid),
        data=dataset.train,
        batch_size=experiment.batch_size,
        optimiser=averaging(optimiser) if experiment.averaged else optimiser,
        n_steps=experiment.n_steps,
        validate_every=experiment.validate_every,
        patience=experiment.patience,
        generators={"batches": batch_rng, "noise": noise_rng},
        recipe=recipe(experiment),
        prepare_batch=inputs.prepare_batch,
        averaged=experiment.averaged,
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


# --- data, as a model takes them -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Inputs:
    """A data set with what follows from it: arguments of `init_params`, and what is done with each training batch."""

    dataset: Dataset | Fold
    init: dict[str, Any]
    prepare_batch: Callable[[np.ndarray], np.ndarray] = lambda batch: batch


def binary_inputs(experiment: Experiment, data_rng: np.random.Generator, noise_rng: np.random.Generator) -> Inputs:
    """Binary data; grey images as the experiment says, the training part of dynamic binarization batch by batch."""
    dataset = _images(experiment)
    if dataset.maximum == 1:
        binary = dataset
    elif experiment.binarize == "threshold":
        binary = dataset.thresholded(experiment.threshold)
    else:
        binary = dataset.sampled(data_rng)
    if experiment.column_order is not None:
        order = np.random.default_rng(experiment.column_order).permutation(dataset.n_visible)
        dataset, binary = dataset.reordered(order), binary.reordered(order)
    init = {**experiment.init, "marginals": data.marginals(binary.train)}
    if experiment.binarize != "dynamic" or dataset.maximum == 1:
        return Inputs(binary, init)
    scale = np.float32(dataset.maximum)
    grey = dataclasses.replace(binary, train=dataset.train)
    return Inputs(grey, init, lambda batch: data.binarize(noise_rng, batch / scale))


def categorical_inputs(experiment: Experiment, data_rng: np.random.Generator, noise_rng: np.random.Generator) -> Inputs:
    """The grey levels of images as categories 0 ... maximum."""
    dataset = _images(experiment)
    n_categories = dataset.maximum + 1
    marginals = find_model(experiment.model).marginals(dataset.train, n_categories)
    return Inputs(dataset, {**experiment.init, "n_categories": n_categories, "marginals": marginals})


def real_inputs(experiment: Experiment, data_rng: np.random.Generator, noise_rng: np.random.Generator) -> Inputs:
    """One fold of real-valued data, standardised."""
    dataset = data.load(experiment.data, **experiment.data_options)
    if not isinstance(dataset, Fold):
        raise InputError(f"{experiment.data} is not real-valued; {experiment.model} is a model of densities")
    return Inputs(dataset, experiment.init)


INPUTS = {"categorical_nade": categorical_inputs, "rnade": real_inputs}


def _images(experiment: Experiment) -> Dataset:
    dataset = data.load(experiment.data, **experiment.data_options)
    if not isinstance(dataset, Dataset):
        raise InputError(f"{experiment.data} is real-valued; {experiment.model} is a model of discrete data")
    if len(dataset.train) == 0:
        raise InputError(f"{dataset.name}: this copy has no training part; it can only be looked at.")
    return dataset


# --- what is maximised, and what is reported -------------------------------------------------------------------------


def objective(model, params, rng, x, **options):
    """What training maximises, (n,): log p(x) where the model can say it, otherwise its own estimate or lower bound."""
    for name in RANDOM:
        if hasattr(model, name):
            return getattr(model, name)(params, rng, x, **options)
    return getattr(model, "objective", model.log_prob)(params, x, **options)


RANDOM = ("elbo", "random_objective")  # names of what draws, besides, its own noise


def penalty_of(experiment: Experiment, model: ModuleType, x: np.ndarray) -> Callable[[Any], Any]:
    """What the loss adds to the mean over the batch, params -> scalar: weight decay, or a Laplace prior."""
    if experiment.l1 and experiment.l2:
        raise InputError("l1, l2: expected one of them to be 0")
    if experiment.l1:
        return laplace_prior(experiment, model, x)
    return weight_decay(experiment.l2) if experiment.l2 else lambda params: 0.0


def weight_decay(l2: float) -> Callable[[Any], Any]:
    """params -> l2 times the sum of the squares of all weights; biases are free."""
    l2 = np.float32(l2)
    return lambda params: l2 * sum(squared_norm(leaf) for name, leaf in named_leaves(params) if is_weight(name))


def is_weight(name: str) -> bool:
    """Whether the leaf of this name is a weight: an array with a capital letter, or the first of a pair (W, b)."""
    last = name.rpartition(".")[2]
    return last == "0" or last[0].isupper()


def laplace_prior(experiment: Experiment, model: ModuleType, x: np.ndarray) -> Callable[[Any], Any]:
    """params -> l1 sum_{j < d} s_j |W_dj|, s_j the standard deviation of pixel j in x; for FVSBN.

    It is the lasso on standardised inputs (Tibshirani 1996, section 2.1; number not checked): without s_j a weight of a
    pixel that hardly ever changes would cost as much as one that explains something. Biases are free.
    """
    if not hasattr(model, "input_pixels"):
        raise InputError(f"l1: {experiment.model} has no weights that each belong to one pixel")
    scales = experiment.l1 * x.std(axis=0, dtype=np.float64)[model.input_pixels(x.shape[1])]
    scales = scales.astype(np.float32)  # float64 would turn the gradient of float32 weights into float64
    return lambda params: l1_norm(params["W"] * scales)


N_VALIDATED = 5_000  # examples, at least, where the objective is random: a small set is taken several times


def validation_nll(trained, params, x) -> float:
    """The mean of minus what is trained, over x, or over x several times if that draws; the same draws each time."""
    rng = np.random.default_rng(0)
    passes: list[float] = []
    while len(passes) * len(x) < N_VALIDATED:
        before = rng.bit_generator.state
        passes.append(evaluate(lambda batch: trained(params, rng, batch), x).mean)
        if rng.bit_generator.state == before:  # nothing was drawn: once more would say the same
            break
    return -float(np.mean(passes))


def estimate_nll(
    model,
    params,
    x,
    n_importance: int,
    seed: int = 0,
    told: Callable[[float], None] = lambda share: None,
    **options,
) -> Evaluation:
    """The mean of -log p(x) over x and its standard error; for a latent variable model, by importance sampling.

    The importance-sampled figure is an upper bound in expectation, which tightens with `n_importance`. `told` hears now
    and then what share of x is done.
    """
    if not hasattr(model, "log_prob_estimate"):
        return evaluate(lambda batch: -model.log_prob(params, batch, **options), x, 200, told)
    rng = np.random.default_rng(seed)
    return evaluate(lambda batch: -model.log_prob_estimate(params, rng, batch, n_importance), x, 100, told)


def warm_up(prepared: Prepared, console: Console) -> None:
    """Compile what the run needs, or load it from the cache, and say so while it takes time."""
    with console.status("compiling (some seconds; only the first time)"):
        dtype = leaves(prepared.params)[0].dtype
        optimiser, tiny = prepared.plan.optimiser, np.zeros(1, dtype)
        optimiser.update(tiny, tiny, optimiser.init(tiny))
        if hasattr(prepared.model, "warm_up"):
            prepared.model.warm_up(dtype)

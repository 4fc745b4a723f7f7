"""The models of `npgen show`: a student's functions as one that can be trained and drawn from, and ours beside it.

Both start from the same parameters. Ours is npgen's own model where that has the exercise's parameters; RNADE and MADE
are simpler in the exercises, and there it is made of the references with which the checks compare.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from autograd import numpy as anp
from autograd.misc import flatten
from rich.console import Console

from npgen import data, experiments, preparation
from npgen.data import Dataset
from npgen.distributions import sigmoid
from npgen.experiments import Experiment
from npgen.folds import Fold
from npgen.grading import checks
from npgen.models import fvsbn, rnade
from npgen.nested import map_leaves
from npgen.optim import Optimiser, Schedule, adam, adam_init, adam_update, step_size_at
from npgen.preparation import Prepared

N_IMAGES = 25
N_FLOWERS = 100
SEED = 1

# The row or the model of `npgen.experiments`, and what is changed. A loop over the pixels in plain NumPy is slow: a
# smaller model, so that there is something to see after some seconds.
EXPERIMENTS: dict[str, tuple[str, dict[str, Any]]] = {
    "vae": ("vae-digits", {}),
    "fvsbn": ("fvsbn-digits", {}),
    "nade": ("nade-digits", {"hidden": (50,), "step_size": 1e-2}),
    "categorical_nade": ("categorical_nade", {"data": "digits", "hidden": (50,), "n_steps": 400, "step_size": 3e-2}),
    "made": ("made", {"data": "digits", "hidden": (200,), "n_steps": 2000, "step_size": 3e-3}),
}

Functions = Any  # whatever has the functions of an exercise as attributes


@dataclass(frozen=True)
class Model:
    """What training and drawing need of a model, the student's or ours."""

    params: Any  # before the first step
    loss: Callable[[Any, Any], Any]  # (params, x) -> nats per example, to be minimised
    sample: Callable[[Any], np.ndarray]  # params -> (n, D)
    optimiser: Callable[[Schedule], Optimiser]
    log_density: Callable[[Any, np.ndarray], Any] | None = None  # (params, x) -> (n,), where it is drawn


@dataclass(frozen=True)
class Comparison:
    """The two models, and what they learn from."""

    experiment: Experiment
    dataset: Dataset | Fold
    own: Model
    ours: Model
    dtype: type = float  # of the data, as the functions take them
    warm_up: Callable[[Console], None] = lambda console: None  # compiles what ours needs


def _beside_npgens(prepared: Prepared, own: Model, dtype: type = float) -> Comparison:
    warm_up = functools.partial(preparation.warm_up, prepared)
    return Comparison(prepared.experiment, prepared.dataset, own, _npgens(prepared), dtype, warm_up)


def _prepared(topic: str) -> Prepared:
    return preparation.prepare(experiments.from_options(*EXPERIMENTS[topic]))


def references(topic: str) -> Functions:
    """Ours, in the place of a student's."""
    return types.SimpleNamespace(**checks.references(topic))


def _floats(params: Any) -> Any:
    return map_leaves(lambda leaf: np.asarray(leaf, np.float64), params)


# --- the topics ------------------------------------------------------------------------------------------------------


def _fvsbn(functions: Functions) -> Comparison:
    prepared = _prepared("fvsbn")
    packed, n_visible = prepared.params, prepared.dataset.n_visible
    own = Model(
        params=_floats({"W": fvsbn.strictly_lower(packed["W"], n_visible), "b": packed["b"]}),
        loss=lambda params, x: -anp.mean(functions.fvsbn_log_likelihood(params["W"], params["b"], x)),
        sample=lambda params: functions.fvsbn_sample(params["W"], params["b"], N_IMAGES),
        optimiser=_plain_adam,
    )
    return _beside_npgens(prepared, own)


def _nade(functions: Functions) -> Comparison:
    prepared = _prepared("nade")
    own = _of_w_c_v_b(prepared, functions.nade_log_likelihood, functions.nade_sample)
    return _beside_npgens(prepared, own)


def _categorical_nade(functions: Functions) -> Comparison:
    prepared = _prepared("categorical_nade")
    own = _of_w_c_v_b(prepared, functions.categorical_nade_log_likelihood, functions.categorical_nade_sample)
    return _beside_npgens(prepared, own, dtype=int)


def _of_w_c_v_b(prepared: Prepared, log_likelihood: Callable[..., Any], sample: Callable[..., Any]) -> Model:
    names = ("W", "c", "V", "b")
    return Model(
        params=_floats(prepared.params),
        loss=lambda params, x: -anp.mean(log_likelihood(*(params[name] for name in names), x)),
        sample=lambda params: sample(*(params[name] for name in names), N_IMAGES),
        optimiser=_plain_adam,
    )


def _vae(functions: Functions) -> Comparison:
    prepared = _prepared("vae")

    def sample(params):
        z = np.random.default_rng(SEED).standard_normal((N_IMAGES, params["decoder"][0][0].shape[0]))
        return sigmoid(functions.neural_net_predict(params["decoder"], z))

    own = Model(
        params=_floats(prepared.params),
        loss=lambda params, x: -functions.vae_lower_bound(params["decoder"], params["encoder"], x),
        sample=sample,
        optimiser=lambda step_size: _own_adam(functions.adam_update, step_size),
    )
    return _beside_npgens(prepared, own)


def _made(functions: Functions) -> Comparison:
    """The pixels in their own order; both models have the degrees that the student's function has drawn."""
    prepared = _prepared("made")
    layers = [*prepared.params["hidden"], (prepared.params["V"], prepared.params["c"])]  # no direct connections
    params = _floats({"weights": [W for W, _ in layers], "biases": [b for _, b in layers]})
    ordering = np.arange(1, prepared.dataset.n_visible + 1)
    drawn = functions.made_degrees(ordering, [len(b) for b in params["biases"][:-1]])
    degrees = [ordering, *map(np.asarray, drawn)]
    own, ours = (_made_of(one, params, ordering, degrees) for one in (functions, references("made")))
    return Comparison(prepared.experiment, prepared.dataset, own, ours)


def _made_of(functions: Functions, params: Any, ordering: np.ndarray, degrees: list[np.ndarray]) -> Model:
    masks = [np.asarray(mask, float) for mask in functions.made_masks(degrees)]

    def log_likelihood(params, x):
        return functions.made_log_likelihood(params["weights"], params["biases"], masks, x)

    return Model(
        params=params,
        loss=lambda params, x: -anp.mean(log_likelihood(params, x)),
        sample=lambda params: functions.made_sample(params["weights"], params["biases"], masks, ordering, N_IMAGES),
        optimiser=_plain_adam,
    )


def _rnade(functions: Functions) -> Comparison:
    """Two variables, so that the density can be drawn; and few steps, before 90 flowers are learned by heart."""
    experiment = Experiment(
        name="rnade-iris",
        model="rnade",
        data="iris",
        init={"n_hidden": 20, "n_components": 3, "learned_weights": False},
        n_steps=300,
        batch_size=30,
        step_size=5e-3,
    )
    fold = two_lengths_of_irises()
    start = rnade.init_params(np.random.default_rng(experiment.seed), fold.n_visible, **experiment.init)
    params = {name: start[name] for name in ("W", "c", "rho")}
    params |= {name: np.concatenate([start[f"{name}_mu"], start[f"{name}_sigma"]], axis=-1) for name in ("V", "b")}
    own, ours = (_rnade_of(one, _floats(params)) for one in (functions, references("rnade")))
    return Comparison(experiment, fold, own, ours)


def _rnade_of(functions: Functions, params: Any) -> Model:
    names = ("W", "c", "rho", "V", "b")

    def log_likelihood(params, x):
        return functions.rnade_log_likelihood(*(params[name] for name in names), x)

    def sample(params):
        x = np.zeros((N_FLOWERS, len(params["rho"])))
        n_components = params["b"].shape[1] // 2
        for d in range(x.shape[1]):  # the conditional of x_d depends on what has been drawn before it only
            outputs = np.asarray(functions.rnade_conditionals(*(params[name] for name in names), x))[:, d]
            x[:, d] = functions.mixture_sample(outputs[:, :n_components], outputs[:, n_components:])
        return x

    return Model(
        params=params,
        loss=lambda params, x: -anp.mean(log_likelihood(params, x)),
        sample=sample,
        optimiser=_plain_adam,
        log_density=log_likelihood,
    )


def two_lengths_of_irises() -> Fold:
    """Sepal and petal length of 90 / 20 / 40 irises, standardised by the 110 that training may see."""
    flowers, chosen = data.iris(), [0, 2]
    x = np.random.default_rng(SEED).permutation(flowers.x[:, chosen])
    mean, std = x[:110].mean(axis=0), x[:110].std(axis=0)
    parts = np.split((x - mean) / std, [90, 110])
    return Fold("iris", 1, *parts, tuple(flowers.columns[column] for column in chosen), mean, std)


TOPICS: dict[str, Callable[[Functions], Comparison]] = {
    "fvsbn": _fvsbn,
    "nade": _nade,
    "categorical_nade": _categorical_nade,
    "rnade": _rnade,
    "made": _made,
    "vae": _vae,
}

# --- optimisers, and npgen's own models ------------------------------------------------------------------------------


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


def _npgens(prepared: Prepared) -> Model:
    """npgen's own model, as fast as it is."""
    model, rng = prepared.model, np.random.default_rng(SEED)

    def sample(params):
        if prepared.experiment.model == "vae":  # probabilities, as of the student's
            return sigmoid(model.decode(params, model.sample_prior(params, rng, N_IMAGES)))
        return model.sample(params, rng, N_IMAGES)

    return Model(prepared.params, prepared.plan.loss, sample, adam)

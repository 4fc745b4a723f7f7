"""Optimisers as pure functions over nested parameters.

`adam_init` and `adam_update` are the algorithm; `adam(step_size)` binds the hyper-parameters into the pair of functions
that `npgen.train.fit` asks for. An optimiser's state is nested like any parameters, so a checkpoint stores it as they
are.

A step size is a number, or a schedule: a function of the number of updates made so far (0, 1, 2, ...).
"""

import math
from typing import Any, NamedTuple, Protocol

import numpy as np

from npgen.nested import leaves, map_leaves


class Optimiser(NamedTuple):
    """A pair of functions, for `npgen.train.fit`, which minimises."""

    init: Any  # params -> state
    update: Any  # (params, gradient, state) -> (params, state), which may use up the old state


class Schedule(Protocol):
    """A step size that depends on the number of updates made so far."""

    def __call__(self, step: int) -> float: ...


# --- Adam ------------------------------------------------------------------------------------------------------------


BETA1, BETA2, EPS = 0.9, 0.999, 1e-8  # the defaults of the paper


def adam_init(params):
    """The state before the first update: no updates made, both moments zero.

    Returns
    -------
    dict
        `step`, an int64 array of shape (); `m` and `v`, nested like `params`.
    """

    def zeros(leaf):
        return np.zeros_like(leaf, order="C")  # as the kernel needs them

    return {"step": np.zeros((), np.int64), "m": map_leaves(zeros, params), "v": map_leaves(zeros, params)}


def adam_update(params, gradient, state, step_size=1e-3, *, maximize, beta1=BETA1, beta2=BETA2, eps=EPS):
    """One update of Adam.

        t <- t + 1
        m <- beta1 m + (1 - beta1) g            v <- beta2 v + (1 - beta2) g^2
        params <- params -+ step_size m_hat / (sqrt(v_hat) + eps)
        m_hat = m / (1 - beta1^t),              v_hat = v / (1 - beta2^t)

    Parameters
    ----------
    params, gradient : nested arrays, alike
        `gradient` is that of the function to be minimised or maximised.
    state : dict
        From `adam_init`, or from the last update.
    step_size : float or schedule
    maximize : bool
        Ascend instead of descending. There is no default: the sign is the caller's to say.
    beta1, beta2, eps : float

    Returns
    -------
    params, state
        New arrays; the arguments are left as they were.

    Notes
    -----
    Source: Kingma and Ba 2015, algorithm 1, with eps outside the square root and after the bias correction.
    """
    step = int(state["step"]) + 1
    m = map_leaves(lambda m, g: beta1 * m + (1 - beta1) * g, state["m"], gradient)
    v = map_leaves(lambda v, g: beta2 * v + (1 - beta2) * g * g, state["v"], gradient)
    signed_step_size = step_size_at(step_size, step - 1) * (1 if maximize else -1)

    def moved(leaf, m, v):
        m_hat = m / (1 - beta1**step)
        v_hat = v / (1 - beta2**step)
        return np.asarray(leaf + signed_step_size * m_hat / (np.sqrt(v_hat) + eps), leaf.dtype)

    return map_leaves(moved, params, m, v), {"step": np.array(step, np.int64), "m": m, "v": v}


def adam(step_size=1e-3, max_norm=None):
    """Adam as an `Optimiser` that minimises, optionally with the gradient clipped to a global norm first.

    The same update as `adam_update`, by a compiled kernel in one pass over memory, which saves half of a training step.
    The parameters are new arrays; the moments are updated *in place*, so a state is good for one update.
    """
    from npgen.kernels import adam as kernel  # imports Numba: not before somebody trains

    def update(params, gradient, state):
        if max_norm is not None:
            gradient = clip_by_global_norm(gradient, max_norm)
        t = int(state["step"]) + 1
        constants = (t, -step_size_at(step_size, t - 1), BETA1, BETA2, EPS)

        def moved(leaf, g, m, v):
            return kernel.update(leaf, g, m, v, *constants)

        params = map_leaves(moved, params, gradient, state["m"], state["v"])
        return params, {**state, "step": np.array(t, np.int64)}

    return Optimiser(adam_init, update)


# --- averaging -------------------------------------------------------------------------------------------------------


AVERAGED_EVERY = 10  # steps


def averaging(optimiser, eta=9):
    """The same steps, and beside them a running mean of the parameters, the leaf `mean` of the state.

        mean <- mean + (eta + 1) / (t + eta) (params - mean)           t = 1, 2, ...

    Where the gradient is noisy, the parameters wander about a place that is better than any they come by, and near
    their mean. The later ones count more, in proportion to about t^eta: with eta = 9 it is a mean over the last tenth
    of the steps or so, however many there are.

    Source: Shamir and Zhang 2013, polynomial-decay averaging (section not checked). Departure: the parameters of every
    tenth step, which t counts, for neighbours hardly differ. Before the tenth it is the parameters at the start.
    """

    def init(params):
        return {**optimiser.init(params), "mean": params}

    def update(params, gradient, state):
        params, state = optimiser.update(params, gradient, state)
        t, passed = divmod(int(state["step"]), AVERAGED_EVERY)
        if passed == 0:
            share = (eta + 1) / (t + eta)
            mean = map_leaves(lambda m, p: np.asarray(m + share * (p - m), m.dtype), state["mean"], params)
            state = {**state, "mean": mean}
        return params, state

    return Optimiser(init, update)


# --- step-size schedules ---------------------------------------------------------------------------------------------


def step_size_at(step_size: float | Schedule, step: int) -> float:
    """The step size for the update number `step`, counted from 0."""
    return float(step_size(step) if callable(step_size) else step_size)


def constant(start: float) -> Schedule:
    """`start` at every step."""
    return lambda step: start


def cosine(start: float, n_steps: int) -> Schedule:
    """From `start` at step 0 along half a cosine to 0 at step `n_steps`, and 0 from there on.

    Source: Loshchilov and Hutter 2017, equation 5, with one period and no restart.
    """
    return lambda step: 0.5 * start * (1 + math.cos(math.pi * min(step / n_steps, 1.0)))


def inverse_time(start: float, decay: float) -> Schedule:
    """start / (1 + decay * step), with which the NADE papers decay the step size of their gradient descent."""
    return lambda step: start / (1 + decay * step)


# --- clipping --------------------------------------------------------------------------------------------------------


def global_norm(tree):
    """The Euclidean norm of all leaves taken as one vector, a float, accumulated in float64."""
    return math.sqrt(sum(float(np.sum(np.square(leaf, dtype=np.float64))) for leaf in leaves(tree)))


def clip_by_global_norm(gradient, max_norm):
    """The gradient, scaled down to norm `max_norm` if it is longer; its direction is kept.

    Source: Pascanu, Mikolov and Bengio 2013, algorithm 1.
    """
    norm = global_norm(gradient)
    if norm <= max_norm:
        return gradient
    return map_leaves(lambda g: g * np.asarray(max_norm / norm, g.dtype), gradient)

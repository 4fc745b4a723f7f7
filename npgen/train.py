"""Training: minibatches, the loop as a generator, evaluation, early stopping.

    rng = np.random.default_rng(0)
    batches = minibatches(rng, x, batch_size=100)
    for step in islice(fit(loss, params, batches, adam(1e-3)), 20_000):
        ...  # step.number, step.loss, step.params

Nothing here knows a model: a loss is any function `(params, batch) -> scalar`.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

from npgen.autodiff import value_and_grad
from npgen.errors import Diverged, InputError, require_positive
from npgen.memory import keep_freed_memory
from npgen.nested import named_leaves
from npgen.optim import Optimiser, global_norm


def minibatches(rng: np.random.Generator, data: np.ndarray, batch_size: int, *, skip: int = 0) -> Iterator[np.ndarray]:
    """Batches of `batch_size` rows without end: each epoch visits the rows in a new order, every row at most once.

    The rows that do not fill a last batch are left out of that epoch, so that all batches have the same size.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws the order of each epoch, and nothing else.
    data : array (n, ...)
    batch_size : int
        From 1 to n.
    skip : int
        Start after the first `skip` batches. Given a generator in its initial state, this continues a run that was
        interrupted after `skip` steps; only the orders are drawn, no batch is copied.
    """
    require_positive(batch_size=batch_size)
    per_epoch = len(data) // batch_size
    if per_epoch == 0:
        raise InputError(f"batch_size: expected at most the {len(data)} examples there are; found {batch_size}")
    while True:
        order = rng.permutation(len(data))
        for i in range(skip, per_epoch):
            yield data[order[i * batch_size : (i + 1) * batch_size]]
        skip = max(0, skip - per_epoch)


class Step(NamedTuple):
    """What `fit` yields after an update."""

    number: int  # counted from 1
    loss: float  # of the batch, before the update
    params: Any  # after the update
    optimiser_state: Any  # after the update; the next one uses it up


def fit(
    loss: Callable[[Any, Any], Any],
    params: Any,
    batches: Iterable[Any],
    optimiser: Optimiser,
    optimiser_state: Any = None,
    first_step: int = 1,
) -> Iterator[Step]:
    """Minimise `loss(params, batch)`, one update for each batch, yielding a `Step` after it.

    Parameters
    ----------
    loss : callable
        A scalar to be minimised: the *mean* over the batch, in nats per example. Take `npgen.autodiff.mean`; autograd's
        own `np.mean` turns the gradient of a float32 model into float64, at half the speed.
    params : nested arrays
        Left as they are: each step has new ones.
    batches : iterable
        Training stops when it is exhausted.
    optimiser : Optimiser
        For instance `npgen.optim.adam(1e-3)`.
    optimiser_state, first_step
        To continue an interrupted run: the state after its last step, and the number of the next one.

    Raises
    ------
    Diverged
        If the loss is not finite, with the step, the loss and the norm of each parameter.
    """
    keep_freed_memory()
    gradient_of = value_and_grad(loss)
    state = optimiser.init(params) if optimiser_state is None else optimiser_state
    for number, batch in enumerate(batches, start=first_step):
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # `require_finite` reports it
            value, gradient = gradient_of(params, batch)
            require_finite(float(value), number, params)
            params, state = optimiser.update(params, gradient, state)
        yield Step(number, float(value), params, state)


def require_finite(loss: float, step: int, params: Any) -> None:
    """Raise Diverged if the loss is NaN or infinite, naming the norm of each parameter."""
    if not math.isfinite(loss):
        norms = ", ".join(f"{name} {global_norm(leaf):.3g}" for name, leaf in named_leaves(params))
        raise Diverged(
            f"training diverged at step {step}: the loss is {loss}. Try a smaller step size.\nNorms: {norms}"
        )


class Evaluation(NamedTuple):
    """The mean of a value over a data set, and the standard error of that mean."""

    mean: float
    standard_error: float


def evaluate(
    per_example: Callable[[np.ndarray], np.ndarray],
    data: np.ndarray,
    batch_size: int = 1000,
    told: Callable[[float], None] = lambda share: None,
) -> Evaluation:
    """Mean and standard error over `data` of `per_example(batch) -> (n,)`, in float64 and in batches.

    After each batch `told` hears what share of the data is done.

    Raises
    ------
    ValueError
        If `per_example` does not give one value for each example.
    InputError
        If there are no data.
    """
    if len(data) == 0:
        raise InputError("nothing to evaluate: this part of the data set has no examples")
    keep_freed_memory()
    values = []
    for start in range(0, len(data), batch_size):
        batch = data[start : start + batch_size]
        value = np.asarray(per_example(batch), np.float64)
        if value.shape != (len(batch),):
            raise ValueError(f"expected one value for each example, shape ({len(batch)},); found {value.shape}")
        values.append(value)
        told(min(1.0, (start + batch_size) / len(data)))
    values = np.concatenate(values)
    spread = values.std(ddof=1) if len(values) > 1 else math.nan
    return Evaluation(float(values.mean()), float(spread / math.sqrt(len(values))))


class EarlyStopping(NamedTuple):
    """The best validation value so far (lower is better), its parameters, and how long ago it was.

    Immutable: `update` gives the next one.
    """

    params: Any
    best: float = math.inf
    waited: int = 0  # validations since the best one

    def update(self, value: float, params: Any) -> "EarlyStopping":
        """After one more validation, which gave `value` at `params`."""
        if value < self.best:
            return EarlyStopping(params, value, 0)
        return self._replace(waited=self.waited + 1)

    def should_stop(self, patience: int | None) -> bool:
        """Whether the last `patience` validations brought nothing better; never without a patience."""
        return patience is not None and self.waited >= patience

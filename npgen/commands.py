"""What `npgen train` and `evaluate` do, and `sample`, `conditionals`, `complete` and `densities`, which draw."""

import math
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from npgen import checkpoint, experiments, figures, preparation, run
from npgen.distributions import sigmoid
from npgen.errors import InputError
from npgen.files import writable_file
from npgen.folds import Fold
from npgen.nested import leaves
from npgen.preparation import Prepared
from npgen.progress import advancing, deferred_interrupt, follow


def train(name: str, options: dict[str, Any], out: Path, resume: bool, console: Console) -> bool:
    """Train into the checkpoint `out`; whether the run came to its end."""
    experiment = experiments.from_options(name, options)
    writable_file(out)
    if out.exists() and not resume:
        raise InputError(f"{out} exists already. Continue it with --resume, or choose another --out.")
    prepared = preparation.prepare(experiment)
    plan = prepared.plan
    ended = run.start(plan, prepared.params)
    if out.exists():
        ended = run.resume(plan, ended, out)
    preparation.warm_up(prepared, console)
    with deferred_interrupt() as interrupted:
        runs = run.advance(plan, ended, out, interrupted)
        ended = follow(console, experiment.name, runs, plan.n_steps, plan.batch_size) or ended
    if not ended.finished:
        line = f"interrupted after step {ended.step}; {out} is complete up to there. Continue with --resume."
    else:
        reached = f"best validation {ended.stopping.best:.2f} nats, {ended.step} steps, {ended.seconds:.1f} s"
        line = f"{out}: {reached}. Now: npgen evaluate {out}"
    console.print(line, markup=False, soft_wrap=True)
    return ended.finished


def evaluate(path: Path, part: str, n_importance: int | None, n_orderings: int | None, console: Console) -> None:
    """Print the negative log-likelihood of a checkpoint on one part of its data set."""
    prepared, params, _ = load(path)
    experiment, n_visible = prepared.experiment, prepared.dataset.n_visible
    latent = hasattr(prepared.model, "log_prob_estimate")
    if n_importance is not None and not latent:
        raise InputError(f"--importance: {experiment.model} computes its likelihood, without samples")
    if n_orderings is not None and experiment.model != "orderless_nade":
        raise InputError(f"--orderings: only orderless_nade has as many as are asked for, not {experiment.model}")
    x = getattr(prepared.dataset, part)
    k = n_importance or experiment.n_importance
    example = _example(prepared)
    options = {**experiment.options, **experiment.test_options}
    if n_orderings is not None:
        options["n_orderings"] = n_orderings
    shares = [0.0]
    with advancing(console, f"evaluating {len(x)} {example}s", lambda: shares[-1]):
        nll = preparation.estimate_nll(prepared.model, params, x, k, told=shares.append, **options)
    bound = f" (IWAE bound, k = {k})" if latent else ""
    bits = nll.mean / (n_visible * np.log(2))
    console.print(
        f"{experiment.name}, {part}: {nll.mean:.2f} ± {nll.standard_error:.2f} nats per {example}{bound}, "
        f"{bits:.4f} bits per dimension",
        markup=False,
        soft_wrap=True,
    )
    if experiment.published is not None and part == "test" and n_orderings is None:
        console.print(f"published: {experiment.published} ({experiment.source})", markup=False, soft_wrap=True)


# --- figures of a checkpoint -----------------------------------------------------------------------------------------

N_SAMPLES = 25  # images, unless another number is asked for
N_IMAGES = 10  # completed
N_COMPLETIONS = 4  # of each
N_EXAMPLES = 3  # whose conditionals are drawn, where they take much room
N_OBSERVED = 6  # how many sizes of what is observed, in orderless NADE
N_MARGINAL = 1000  # samples, of which a marginal density is the mean conditional
N_GRID = 300  # points of a density


def sample(path: Path, n_samples: int | None, seed: int, out: Path) -> str:
    """Draw samples of a checkpoint: images as such, real-valued ones as points among the test examples."""
    prepared, params, best_nll = load(path)
    writable_file(out)  # many samples may take minutes
    dataset = prepared.dataset
    rng = np.random.default_rng(seed)
    caption = f"{_caption(prepared, best_nll)}, sampling seed {seed}"
    if isinstance(dataset, Fold):
        x = dataset.mean + dataset.std * _sample(prepared, params, rng, n_samples or len(dataset.test))
        test = dataset.mean + dataset.std * dataset.test
        figure = figures.scatters(test, x, telling_pairs(dataset.train), caption, dataset.columns)
        return _write(figure, out, f"{len(x)} samples among {len(test)} test examples")
    image_shape = dataset.require_images()
    x = _sample(prepared, params, rng, n_samples or N_SAMPLES)
    # Of categories the grey levels; dynamic binarization has grey data, but its samples are binary.
    grey = x / dataset.maximum if _is_categorical(prepared) else x
    what = f"{len(x)} sample{'s' if len(x) > 1 else ''}"
    title = f"{what} of {experiments.title(prepared.experiment.model)}"
    return _write(figures.image_grid(grey, image_shape, caption, math.ceil(math.sqrt(len(x))), title), out, what)


def conditionals(path: Path, out: Path) -> str:
    """Draw p(x_d | x_<d) of an autoregressive checkpoint for some test examples."""
    prepared, params, best_nll = load(path)
    model = prepared.model
    if isinstance(prepared.dataset, Fold):
        draw = _conditionals_of_real_numbers
    elif _is_categorical(prepared):
        draw = _conditionals_of_categories
    elif hasattr(model, "logits_given"):
        draw = _conditionals_of_any_set
    elif hasattr(model, "conditional_logits"):
        draw = _conditionals_of_pixels
    else:
        raise InputError(f"{prepared.experiment.model} has no conditionals p(x_d | x_<d). Draw it by npgen sample.")
    figure, n = draw(prepared, params, _caption(prepared, best_nll))
    return _write(figure, out, f"the conditionals of {n} test example{'s' if n > 1 else ''}")


def complete(path: Path, seed: int, out: Path) -> str:
    """Draw the lower halves of test images anew, given the upper ones."""
    prepared, params, best_nll = load(path)
    if not hasattr(prepared.model, "complete"):
        able = ", ".join(name for name in experiments.MODELS if hasattr(experiments.find_model(name), "complete"))
        raise InputError(f"{prepared.experiment.model} cannot complete what is half given; {able} can.")
    height, width = image_shape = prepared.dataset.require_images()
    x = spread(prepared.dataset.test, N_IMAGES)
    observed = np.arange(height * width) < height // 2 * width
    again = np.tile(x, (N_COMPLETIONS, 1))
    drawn = prepared.model.complete(
        params, np.random.default_rng(seed), again, observed, **prepared.experiment.options
    ).reshape(N_COMPLETIONS, *x.shape)
    caption = f"{_caption(prepared, best_nll)}, sampling seed {seed}. Given pixels are black, completed ones blue"
    figure = figures.completions(x, observed, drawn, image_shape, caption)
    return _write(figure, out, f"{N_COMPLETIONS} completions of {len(x)} test image{'s' if len(x) > 1 else ''}")


def densities(path: Path, out: Path) -> str:
    """Draw the marginal density of every variable of a real-valued checkpoint beside a histogram of the test part."""
    prepared, params, best_nll = load(path)
    dataset = prepared.dataset
    if not isinstance(dataset, Fold):
        raise InputError(f"{dataset.name} is not real-valued, it has no densities. Try npgen conditionals {path}")
    grid = _grid(dataset.test)
    p = marginals(prepared, params, grid)
    caption = f"{_caption(prepared, best_nll)}. Marginals: p(x_d | x_<d), averaged over {N_MARGINAL} samples"
    figure = figures.marginal_densities(*_as_measured(dataset, dataset.test, grid, p), caption, dataset.columns)
    return _write(figure, out, f"{dataset.n_visible} densities")


def _write(figure, out, what) -> str:
    figures.save(figure, out)
    return f"{out}: {what}"


def _caption(prepared: Prepared, best_nll: float) -> str:
    row = prepared.experiment
    of_each = " (mean over orderings)" if _has_many_orderings(prepared) else ""  # their ensemble is better
    return f"{row.name}: validation {best_nll:.2f} nats per {_example(prepared)}{of_each}, training seed {row.seed}"


def _has_many_orderings(prepared: Prepared) -> bool:
    """Whether it is trained on one of several orderings at a time: orderless NADE, and MADE with several masks."""
    return hasattr(prepared.model, "logits_given") or prepared.experiment.options.get("n_masks", 1) > 1


def _example(prepared: Prepared) -> str:
    """What one example is called."""
    return "image" if getattr(prepared.dataset, "image_shape", None) else "example"


def _is_categorical(prepared: Prepared) -> bool:
    return prepared.experiment.model == "categorical_nade"


def _sample(prepared: Prepared, params: Any, rng: np.random.Generator, n_samples: int) -> np.ndarray:
    row = prepared.experiment
    return prepared.model.sample(params, rng, n_samples, **{**row.options, **row.test_options})


def spread(x: np.ndarray, n: int) -> np.ndarray:
    """n examples evenly from the first to the last: binarized MNIST's test part is sorted by digit."""
    return x[np.linspace(0, len(x) - 1, min(n, len(x))).round().astype(int)]


# --- conditionals, of each kind of data ------------------------------------------------------------------------------


def _conditionals_of_pixels(prepared, params, caption):
    image_shape, options = prepared.dataset.require_images(), prepared.experiment.options
    x = prepared.dataset.test
    x = spread(x, math.isqrt(min(len(x), N_SAMPLES)) ** 2)  # a square of images
    dtype = leaves(params)[0].dtype
    probs = sigmoid(prepared.model.conditional_logits(params, x.astype(dtype), **options))
    n_masks = options.get("n_masks", 1)
    before = "line by line, given the pixels before" if n_masks == 1 else f"in the first of {n_masks} orders"
    name = experiments.title(prepared.experiment.model)
    titles = (f"{len(x)} test images x", f"$p(x_d = 1\\,|\\,x_{{<d}})$ of {name}: {before}")
    return figures.image_and_probability(x, probs, image_shape, caption, titles), len(x)


def _conditionals_of_any_set(prepared, params, caption):
    """More and more pixels are observed, in a random order that is the same for all images."""
    image_shape, x = prepared.dataset.require_images(), spread(prepared.dataset.test, N_EXAMPLES)
    D = x.shape[1]
    order = np.random.default_rng(0).permutation(D)
    sizes = [0, *(D >> k for k in reversed(range(1, N_OBSERVED)))]  # none, then up to a half, doubling
    observed = np.zeros((len(sizes), D), bool)
    for row, size in zip(observed, sizes, strict=True):
        row[order[:size]] = True
    dtype = leaves(params)[0].dtype
    logits = [
        prepared.model.logits_given(params, x.astype(dtype), np.tile(o, (len(x), 1)).astype(dtype)) for o in observed
    ]
    caption += ". Expected: p(x_d = 1 | the observed pixels), these as they are; blue is not observed"
    probs = np.where(observed[:, None], x, sigmoid(np.stack(logits)))
    return figures.observed_and_expected(x, observed, probs, image_shape, caption), len(x)


def _conditionals_of_categories(prepared, params, caption):
    image_shape, x = prepared.dataset.require_images(), spread(prepared.dataset.test, N_EXAMPLES)
    probs = prepared.model.conditionals(params, x, **prepared.experiment.options)
    variable = f"grey level k, 0 to {prepared.dataset.maximum}"
    return figures.category_probabilities(x, probs, image_shape, caption, variable), len(x)


def _conditionals_of_real_numbers(prepared, params, caption):
    dataset = prepared.dataset
    x = spread(dataset.test, N_EXAMPLES)
    grid = _grid(np.concatenate([np.quantile(dataset.test, (0.01, 0.99), axis=0), x]))  # not up to the rarest values
    p = np.stack([mean_conditional(prepared, params, example[None], grid) for example in x])
    x, grid_as_measured, marginal = _as_measured(dataset, x, grid, marginals(prepared, params, grid))
    p /= dataset.std[:, None]
    caption = f"{caption}. The marks are the values of {len(x)} test examples"
    return figures.conditional_densities(grid_as_measured, marginal, p, x, caption, dataset.columns), len(x)


# --- densities of real numbers ---------------------------------------------------------------------------------------


def marginals(prepared: Prepared, params: Any, grid: np.ndarray) -> np.ndarray:
    """p(x_d) = E[p(x_d | x_<d)] at the points `grid` (D, m) of each variable, (D, m): over samples of the model.

    A mean of densities, smooth where a histogram of as many samples would be rough; exact for the first variable.
    """
    x = _sample(prepared, params, np.random.default_rng(0), N_MARGINAL)
    return mean_conditional(prepared, params, x, grid)


def mean_conditional(prepared: Prepared, params: Any, x: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """The mean of p(x_d | x_<d) over the examples x (n, D), at the points `grid` (D, m) of each variable, (D, m)."""
    model, options = prepared.model, prepared.experiment.options
    shape_options = {name: value for name, value in options.items() if name != "component"}
    mixtures = model.conditionals(params, x.astype(leaves(params)[0].dtype), **shape_options)
    log_alpha, mu, log_sigma = (np.swapaxes(part, 0, 1).reshape(len(grid), -1).astype(float) for part in mixtures)
    log_alpha -= np.log(len(x))  # the mean of n mixtures of K is a mixture of n K
    log_prob = model.LOG_PROB[options.get("component", "gaussian")]
    density = np.empty_like(grid)
    for d, points in enumerate(grid):
        of_d = (np.broadcast_to(part[d], (len(points), 1, part.shape[1])) for part in (log_alpha, mu, log_sigma))
        density[d] = np.exp(log_prob(points[:, None], *of_d))
    return density


def telling_pairs(x: np.ndarray) -> list[tuple[int, int]]:
    """(j, d) for every variable d but the first: the j < d whose correlation with it in x (n, D) is the strongest."""
    correlations = np.abs(np.corrcoef(x.T))
    return [(int(np.argmax(correlations[d, :d])), d) for d in range(1, x.shape[1])]


def _grid(x):
    """Points from a little below the least to a little above the greatest value of each variable, (D, m)."""
    low, high = x.min(axis=0), x.max(axis=0)
    margin = 0.1 * (high - low)
    return np.linspace(low - margin, high + margin, N_GRID, axis=1)


def _as_measured(dataset, x, grid, density):
    """Examples (n, D), points (D, m) and densities there, in the units of the data instead of standardised."""
    mean, std = dataset.mean[:, None], dataset.std[:, None]
    return dataset.mean + dataset.std * x, mean + std * grid, density / std


# --- reading -------------------------------------------------------------------------------------------------------


def load(path: Path) -> tuple[Prepared, Any, float]:
    """The experiment in a checkpoint, with its data; the parameters that were best on validation, and their nats."""
    arrays, facts = checkpoint.load(path)
    prepared = preparation.prepare(preparation.from_recipe(facts.get("recipe"), path))
    best = arrays.get("best")
    checkpoint.require_like(path, best, prepared.params)
    return prepared, best, float(arrays["curve"][:, 2].min())

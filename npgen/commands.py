"""What `npgen train`, `npgen evaluate` and `npgen sample` do, once their arguments are parsed."""

from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from npgen import checkpoint, experiments, figures, preparation, run
from npgen.errors import InputError
from npgen.files import writable_file
from npgen.preparation import Prepared
from npgen.progress import deferred_interrupt, follow


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


def evaluate(path: Path, part: str, n_importance: int | None, console: Console) -> None:
    """Print the negative log-likelihood of a checkpoint on one part of its data set."""
    prepared, params, _ = load(path)
    experiment, n_visible = prepared.experiment, prepared.dataset.n_visible
    latent = hasattr(prepared.model, "log_prob_estimate")
    if n_importance is not None and not latent:
        raise InputError(f"--importance: {experiment.model} computes its likelihood, without samples")
    x = getattr(prepared.dataset, part)
    k = n_importance or experiment.n_importance
    with console.status(f"evaluating {len(x)} images"):
        nll = preparation.estimate_nll(prepared.model, params, x, k, **experiment.options, **experiment.test_options)
    bound = f" (IWAE bound, k = {k})" if latent else ""
    bits = nll.mean / (n_visible * np.log(2))
    console.print(
        f"{experiment.name}, {part}: {nll.mean:.2f} ± {nll.standard_error:.2f} nats per image{bound}, "
        f"{bits:.4f} bits per dimension",
        markup=False,
        soft_wrap=True,
    )
    if experiment.published is not None and part == "test":
        console.print(f"published: {experiment.published} ({experiment.source})", markup=False, soft_wrap=True)


def sample(path: Path, n_samples: int, seed: int, out: Path) -> None:
    """Draw a figure of samples from a checkpoint."""
    writable_file(out)
    prepared, params, best_nll = load(path)
    experiment, image_shape = prepared.experiment, prepared.dataset.require_images()
    options = {**experiment.options, **experiment.test_options}
    x = prepared.model.sample(params, np.random.default_rng(seed), n_samples, **options)
    # Of categories the grey levels; dynamic binarization has grey data, but its samples are binary.
    grey = x / prepared.dataset.maximum if experiment.model == "categorical_nade" else x
    n_columns = int(np.ceil(np.sqrt(n_samples)))
    caption = (
        f"{experiment.name}: validation {best_nll:.2f} nats per image, "
        f"training seed {experiment.seed}, sampling seed {seed}"
    )
    title = f"{n_samples} sample{'s' if n_samples > 1 else ''} of {experiment.model.upper()}"
    figures.save(figures.image_grid(grey, image_shape, caption, n_columns, title), out)


def load(path: Path) -> tuple[Prepared, Any, float]:
    """The experiment in a checkpoint, with its data; the parameters that were best on validation, and their nats."""
    arrays, facts = checkpoint.load(path)
    prepared = preparation.prepare(preparation.from_recipe(facts.get("recipe"), path))
    best = arrays.get("best")
    checkpoint.require_like(path, best, prepared.params)
    return prepared, best, float(arrays["curve"][:, 2].min())

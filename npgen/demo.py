"""`npgen demo`: from scikit-learn's digits to figures with FVSBN, NADE and the VAE, in less than a minute.

Needs no data but what scikit-learn ships.
"""

import json
import platform
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from threadpoolctl import threadpool_limits

import npgen
from npgen import data, experiments, figures, preparation, run
from npgen.data import Dataset
from npgen.distributions import sigmoid
from npgen.experiments import Experiment
from npgen.files import atomic_write, writable_folder
from npgen.models import bernoulli_mixture
from npgen.nested import n_parameters
from npgen.preparation import Prepared
from npgen.progress import follow
from npgen.train import Evaluation, evaluate

N_COMPONENTS = (20, 40, 80, 160, 320)  # of the mixture; chosen on the validation part
EM_STEPS = 60
SEED = 1  # of the samples


@dataclass(frozen=True)
class Trained:
    """A trained experiment and what it reached."""

    prepared: Prepared
    params: Any
    run: run.Run
    test: Evaluation

    @property
    def caption(self) -> str:
        """Which model, which data, how many nats, which seed: the line below each of its figures."""
        row = self.prepared.experiment
        nats = f"test NLL {self.test.mean:.2f} ± {self.test.standard_error:.2f} nats per image"
        return f"{self.name} on {row.data}: {nats}, training seed {row.seed}"

    @property
    def name(self) -> str:
        """The model and, for one with latents, how many, and by how many samples its nats are estimated."""
        row = self.prepared.experiment
        if "n_latent" not in row.init:
            return row.model.upper()
        return f"{row.model.upper()}, {row.init['n_latent']} latents (IWAE bound, k = {row.n_importance})"


MODELS = ("fvsbn", "nade", "vae")  # the first three of the course


def main(out: Path, console: Console) -> None:
    """Train, print the table, write the figures and the summary into `out`."""
    # Matrices of this size gain nothing from a second thread, and lose much where another program keeps a core busy.
    with threadpool_limits(limits=1, user_api="blas"):
        _main(out, console)


def _main(out, console):
    began = time.perf_counter()
    out = writable_folder(out)
    digits = data.digits().thresholded()
    console.print(
        f"[bold]npgen demo[/]: {len(digits.train)} training, {len(digits.valid)} validation and "
        f"{len(digits.test)} test images of 8 x 8 binary pixels\n"
    )
    trained = {name: _train(experiments.find(f"{name}-digits"), console) for name in MODELS}
    manifold = _train(experiments.find("vae-digits-2d"), console)
    baselines = _baselines(digits)
    rows = [_baseline_row(name, *fitted, digits) for name, fitted in baselines.items()]
    rows += [_model_row(one) for one in (*trained.values(), manifold)]
    console.print(_table(rows))

    with console.status("drawing the figures"):
        validation = {
            name: -bernoulli_mixture.log_prob(params, digits.valid).mean() for name, (params, _) in baselines.items()
        }
        written = _draw(out, digits, trained, manifold, validation)
    seconds = time.perf_counter() - began
    written["summary.json"] = "all numbers of the table, with recipes, seeds and machine"
    _write_summary(out / "summary.json", rows, (*trained.values(), manifold), seconds)
    console.print(f"\nWritten into [bold]{out}/[/] ({seconds:.0f} s in all). What to look at:\n")
    listing = Table.grid(padding=(0, 2))
    for name, what in written.items():
        listing.add_row(f"  [bold]{name}[/]", what)
    console.print(listing)


def _train(experiment: Experiment, console: Console) -> Trained:
    prepared = preparation.prepare(experiment)
    preparation.warm_up(prepared, console)
    plan = prepared.plan
    runs = run.advance(plan, run.start(plan, prepared.params))
    ended = follow(console, f"{experiment.name:14}", runs, plan.n_steps, plan.batch_size)
    params = ended.stopping.params
    with console.status("evaluating on the test set"):
        test = preparation.estimate_nll(prepared.model, params, prepared.dataset.test, experiment.n_importance)
    return Trained(prepared, params, ended, test)


# --- numbers ---------------------------------------------------------------------------------------------------------


def _baselines(digits: Dataset) -> dict[str, tuple[Any, float]]:
    """{name: (parameters, seconds)} of independent pixels and of the mixture that is best on the validation part."""
    rng = np.random.default_rng(0)

    def fitted(n_components):
        params = bernoulli_mixture.init_params(rng, digits.train, n_components)
        for _ in range(EM_STEPS):
            params = bernoulli_mixture.em_step(params, digits.train)
        return params

    began = time.perf_counter()
    independent = fitted(1)
    independent_seconds = time.perf_counter() - began
    mixtures = [fitted(n_components) for n_components in N_COMPONENTS]
    best = max(mixtures, key=lambda params: bernoulli_mixture.log_prob(params, digits.valid).mean())
    return {
        "independent pixels": (independent, independent_seconds),
        f"mixture of {len(best['log_pi'])} Bernoullis": (
            best,
            time.perf_counter() - began - independent_seconds,
        ),
    }


def _baseline_row(name: str, params: Any, seconds: float, digits: Dataset) -> dict[str, Any]:
    test = evaluate(lambda x: -bernoulli_mixture.log_prob(params, x), digits.test)
    free = n_parameters(params) - 1  # the weights of the components sum to one
    return _row(name, test, digits.n_visible, free, seconds)


def _model_row(trained: Trained) -> dict[str, Any]:
    n_visible = trained.prepared.dataset.n_visible
    return _row(trained.name, trained.test, n_visible, n_parameters(trained.params), trained.run.seconds)


def _row(model: str, test: Evaluation, n_visible: int, parameters: int, seconds: float) -> dict[str, Any]:
    return {
        "model": model,
        "nats": test.mean,
        "standard_error": test.standard_error,
        "bits_per_dimension": test.mean / (n_visible * np.log(2)),
        "n_parameters": parameters,
        "seconds": seconds,
    }


def _table(rows: list[dict[str, Any]]) -> Table:
    table = Table(title="\nTest set: negative log-likelihood per image, lower is better", title_justify="left")
    table.add_column("model")
    for heading in ("nats", "bits/dim", "parameters", "seconds"):
        table.add_column(heading, justify="right", no_wrap=True)
    best = min(row["nats"] for row in rows)
    for row in rows:
        table.add_row(
            row["model"],
            f"{row['nats']:.2f} ± {row['standard_error']:.2f}",
            f"{row['bits_per_dimension']:.3f}",
            f"{row['n_parameters']:,}",
            f"{row['seconds']:.1f}",
            style="bold" if row["nats"] == best else None,
        )
    return table


def _write_summary(path: Path, rows: list[dict[str, Any]], trained: tuple[Trained, ...], seconds: float) -> None:
    summary = {
        "npgen": npgen.__version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "machine": platform.machine(),
        "seconds": seconds,
        "rows": rows,
        "recipes": [preparation.recipe(one.prepared.experiment) for one in trained],
    }
    with atomic_write(path) as file:
        file.write(json.dumps(summary, indent=2).encode())


# --- figures ---------------------------------------------------------------------------------------------------------


def _draw(
    out: Path, digits: Dataset, trained: dict[str, Trained], manifold: Trained, baselines: dict[str, float]
) -> dict[str, str]:
    """Write every figure; returns {file name: what to look at}."""
    nade, vae = trained["nade"], trained["vae"]
    samples = {
        name: one.prepared.model.sample(one.params, np.random.default_rng(SEED), 25) for name, one in trained.items()
    }
    drawn = {
        f"{name}-samples.png": (
            figures.image_grid(x, digits.image_shape, trained[name].caption, title=f"25 samples of {name.upper()}"),
            f"25 images drawn from {name.upper()}: which of them could be digits?",
        )
        for name, x in samples.items()
    }
    drawn["nade-conditionals.png"] = (
        figures.image_and_probability(
            samples["nade"],
            nade.prepared.model.conditionals(nade.params, samples["nade"]),
            digits.image_shape,
            nade.caption,
            ("25 samples x", "$p(x_d = 1\\,|\\,x_{<d})$: line by line, given the pixels before"),
        ),
        "beside each sample, the probability of ink given the pixels before, line by line from the top left",
    )
    drawn |= _vae_figures(vae, digits)
    drawn["vae-manifold.png"] = (
        _manifold_figure(manifold, digits),
        "what a VAE with two latents decodes on the quantiles of the prior: digits turn into one another",
    )
    drawn["learning-curves.png"] = (
        figures.learning_curves(
            {name.upper(): one.run.curve for name, one in trained.items()},
            baselines,
            "digits, training seed 0; of the VAE the negated ELBO, an upper bound on its negative log-likelihood",
            len(digits.train) // nade.prepared.experiment.batch_size,
        ),
        "nats against epochs: who learns fast, and how far training (dashed) runs ahead of validation",
    )
    for name, (figure, _) in drawn.items():
        figures.save(figure, out / name)
    return {name: what for name, (_, what) in drawn.items()}


def _vae_figures(vae: Trained, digits: Dataset) -> dict[str, tuple[Any, str]]:
    model, params, shape = vae.prepared.model, vae.params, digits.image_shape
    prior = sigmoid(model.decode(params, model.sample_prior(params, np.random.default_rng(SEED), 25)))
    ten = digits.test[:10]
    x_from, x_to = ten[0::2], ten[1::2]
    return {
        "vae-prior.png": (
            figures.image_grid(prior, shape, vae.caption, title="25 images from the prior: p(ink | z), z ~ N(0, I)"),
            "what vae-samples.png was drawn from: the decoder's probabilities at 25 z from the prior",
        ),
        "vae-reconstructions.png": (
            figures.image_rows(
                {"test image": ten, "reconstruction": model.reconstruct(params, ten)}, shape, vae.caption
            ),
            "the first ten test images and what is left of them after 20 latent numbers",
        ),
        "vae-interpolations.png": (
            figures.interpolations(x_from, model.interpolate(params, x_from, x_to, 11), x_to, shape, vae.caption),
            "five straight walks in the latent space between test images, the real images at the ends",
        ),
    }


def _manifold_figure(manifold: Trained, digits: Dataset, k: int = 21) -> Any:
    from scipy.special import ndtri  # the quantile function of N(0, 1)

    z = ndtri((np.arange(k) + 0.5) / k).astype(np.float32)
    grid = np.stack(np.meshgrid(z, z), axis=-1)  # (k, k, 2): z_1 along a row, z_2 from row to row
    probs = sigmoid(manifold.prepared.model.decode(manifold.params, grid))
    return figures.manifold(probs, z, digits.image_shape, manifold.caption)

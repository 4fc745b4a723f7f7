"""The `npgen` command: it parses, calls and prints.

Bad input ends with exit code 2 and one or two lines on stderr, an interrupted run with 130. What a command needs is
imported when it runs, so that `npgen --help` answers at once.
"""

import io
import sys
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

import npgen
from npgen.errors import InputError
from npgen.grading.commands import COMMANDS


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; always ends with SystemExit."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that has no "±" shows "?"
    try:
        status = cli.main(arguments, prog_name="npgen", standalone_mode=False)
    except click.ClickException as error:
        _fail(error.format_message())
    except InputError as error:
        _fail(str(error))
    except MemoryError:
        _fail("not enough memory. Choose smaller sizes.")
    except (click.Abort, KeyboardInterrupt):
        print("npgen: interrupted", file=sys.stderr)
        sys.exit(130)
    sys.exit(status if isinstance(status, int) else 0)


def _fail(message: str) -> None:
    print(f"npgen: {message}", file=sys.stderr)
    sys.exit(2)


@click.group(context_settings={"help_option_names": ["-h", "--help"]}, invoke_without_command=True)
@click.version_option(npgen.__version__)
@click.pass_context
def cli(context):
    """Deep generative models that read like the papers."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


@cli.command()
@click.option("--out", type=click.Path(path_type=Path), default=Path("npgen-demo"), show_default=True, help="Folder.")
def demo(out):
    """Train and draw three models within a minute."""
    from npgen import demo

    demo.main(out, Console())


# --- data ------------------------------------------------------------------------------------------------------------


@cli.group()
def data():
    """Data sets: list, path, verify."""


@data.command("list")
def data_list():
    """All data sets, and where each was found."""
    from npgen.data import describe

    table = Table(box=None)
    for heading in ("name", "what", "where"):
        table.add_column(heading, overflow="fold")
    for row in describe():
        table.add_row(*row)
    Console().print(table)


@data.command("path")
@click.argument("name")
def data_path(name):
    """The files of data set NAME, one per line."""
    from npgen.sources import path

    for file in path(name):
        click.echo(file)


@data.command("verify")
@click.argument("name")
@click.pass_context
def data_verify(context, name):
    """Compare the files of data set NAME with their checksums; exit code 2 if one is wrong."""
    from npgen.sources import verify

    verdicts = verify(name)
    for file, verdict, wrong in verdicts:
        click.echo(f"{file}: {verdict}", err=wrong)
    if any(wrong for _, _, wrong in verdicts):
        context.exit(2)


# --- training --------------------------------------------------------------------------------------------------------


def _sizes(context, parameter, text):
    """(200, 200) from "200,200"."""
    if text is None:
        return None
    try:
        sizes = tuple(int(size) for size in text.split(","))
    except ValueError:
        sizes = (0,)
    if not all(1 <= size <= 1_000_000 for size in sizes):
        raise click.BadParameter(f"expected sizes from 1 to a million, such as 500 or 200,200; found {text!r}")
    return sizes


@cli.command("experiments")
def list_experiments():
    """The table of experiments, with what was measured.

    Test nats with their standard error, seconds, and the figure of the paper.
    """
    from npgen.experiments import EXPERIMENTS, MEASURED

    table = Table(box=None, padding=(0, 1, 0, 0))  # 80 columns are enough
    table.add_column("name", no_wrap=True)  # one has to type it
    for heading in ("hidden", "latent", "steps", "test nats", "seconds", "paper"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in EXPERIMENTS.values():
        hidden = row.init.get("hidden_sizes") or (row.init.get("n_hidden", ""),)
        measured = MEASURED.get(row.name)
        reached = (
            (f"{measured.nats:.2f} ± {measured.standard_error:.2f}", str(measured.seconds)) if measured else ("", "")
        )
        sizes = ",".join(map(str, hidden)), str(row.init.get("n_latent", ""))
        published = f"{row.published:.2f}" if row.published else ""
        table.add_row(row.name, *sizes, str(row.n_steps), *reached, published)
    Console().print(table)


@cli.command()
@click.argument("name", metavar="EXPERIMENT|MODEL")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), default=Path("run.npz"), show_default=True)
@click.option("--resume", is_flag=True, help="Continue from the checkpoint in --out, if there is one.")
@click.option("--data", metavar="NAME", help="Data set, for a MODEL; see `npgen data list`.")
@click.option("--digit", type=int, help="Keep one class only.")
@click.option("--invert", is_flag=True, default=None, help="Of caltech101_silhouettes: 1 is the object.")
@click.option("--binarize", type=click.Choice(["threshold", "static", "dynamic"]), help="How grey data become binary.")
@click.option("--threshold", type=click.FloatRange(0, 1, min_open=True), help="Of --binarize threshold.")
@click.option("--hidden", callback=_sizes, metavar="N[,N...]", help="Sizes of the hidden layers, e.g. 500 or 200,200.")
@click.option("--latent", type=click.IntRange(1, 1_000_000), help="Number of latent variables.")
@click.option("--steps", "n_steps", type=click.IntRange(1), help="Number of updates.")
@click.option("--batch-size", type=click.IntRange(1), help="Examples for each update.")
@click.option("--step-size", type=click.FloatRange(0, min_open=True), help="Of Adam, at the start.")
@click.option("--schedule", type=click.Choice(["constant", "cosine"]), help="Of the step size over the run.")
@click.option("--validate-every", type=click.IntRange(1), metavar="STEPS", help="And write a checkpoint.")
@click.option("--patience", type=click.IntRange(1), help="Stop after this many validations without a better one.")
@click.option("--seed", type=click.IntRange(0), help="Of everything random in the run.")
@click.pass_context
def train(context, name, out, resume, **options):
    """Train a model into a checkpoint.

    EXPERIMENT is a row of `npgen experiments`; MODEL is fvsbn, nade, made,
    orderless_nade, categorical_nade, rnade or vae, together with --data.

    Options change the row of the table. Ctrl-C stops between two steps and leaves a checkpoint; --resume continues
    from there.
    """
    from npgen import commands

    finished = commands.train(name, options, out, resume, Console())
    if not finished:
        context.exit(130)


@cli.command()
@click.argument("checkpoint", type=click.Path(path_type=Path))
@click.option("--part", type=click.Choice(["test", "valid"]), default="test", show_default=True)
@click.option("--importance", "n_importance", type=click.IntRange(1), help="Samples of the estimate, for a VAE.")
@click.option("--orderings", "n_orderings", type=click.IntRange(1, 128), help="Averaged over, for orderless NADE.")
def evaluate(checkpoint, part, n_importance, n_orderings):
    """Test nats per example of a CHECKPOINT.

    Of the parameters that were best on validation, with the standard error.
    """
    from npgen import commands

    commands.evaluate(checkpoint, part, n_importance, n_orderings, Console())


def _figure(name):
    """The option --out of a command that writes one figure."""
    path = click.Path(path_type=Path, dir_okay=False)
    return click.option("--out", type=path, default=Path(name), show_default=True, help="A PNG file.")


@cli.command()
@click.argument("checkpoint", type=click.Path(path_type=Path))
@click.option(
    "-n",
    "n_samples",
    type=click.IntRange(1, 10_000),
    help="How many: by default 25 images, or of real numbers as many as there are test examples.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the samples.")
@_figure("samples.png")
def sample(checkpoint, n_samples, seed, out):
    """Draw samples of a CHECKPOINT into a figure.

    Samples of real numbers are drawn as points among the test examples: each variable against the one before it with
    which it is most correlated.
    """
    from npgen import commands

    click.echo(commands.sample(checkpoint, n_samples, seed, out))


@cli.command()
@click.argument("checkpoint", type=click.Path(path_type=Path))
@_figure("conditionals.png")
def conditionals(checkpoint, out):
    """Draw what a CHECKPOINT expects, one variable after another.

    p(x_d | x_<d) for a few test examples: of binary images the probability of ink, of grey levels and of real
    numbers the distribution. Of orderless NADE p(x_d | x_o), with more and more pixels o observed.
    """
    from npgen import commands

    click.echo(commands.conditionals(checkpoint, out))


@cli.command()
@click.argument("checkpoint", type=click.Path(path_type=Path))
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the completions.")
@_figure("completions.png")
def complete(checkpoint, seed, out):
    """Let a CHECKPOINT complete images of which it is given the upper half.

    Of nade, made and orderless_nade: four completions of each of ten test images.
    """
    from npgen import commands

    click.echo(commands.complete(checkpoint, seed, out))


@cli.command()
@click.argument("checkpoint", type=click.Path(path_type=Path))
@_figure("densities.png")
def densities(checkpoint, out):
    """Draw the marginal densities of a real-valued CHECKPOINT.

    p(x_d) of each variable beside a histogram of the test part, in the units of the data.
    """
    from npgen import commands

    click.echo(commands.densities(checkpoint, out))


@cli.command()
@click.argument("table")
@click.option("--only", metavar="DATASET[/MODEL]", help="One data set, or one cell.")
@click.option("--jobs", type=click.IntRange(1, 1024), default=1, show_default=True, help="Cells at the same time.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of everything random.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), default=Path("results"), show_default=True)
@click.option(
    "--checkpoints",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIRECTORY",
    help="Keep every run there, and go on from it.",
)
def reproduce(table, only, jobs, seed, out, checkpoints):
    """Train a TABLE of the papers once more: uci-binary, mnist-binarized, uci-real.

    Writes results/TABLE.json and TABLE.md. Each cell is written when it is done; called again, it goes on with those
    that are missing, and with --checkpoints in the middle of a cell, too. Recipes are chosen on the validation part.
    """
    from npgen import reproduce

    reproduce.main(table, only, seed, jobs, out, checkpoints, Console())


# --- exercises -------------------------------------------------------------------------------------------------------

for command in COMMANDS:
    cli.add_command(command)

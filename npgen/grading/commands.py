"""The commands of the exercises: `npgen list`, `check`, `hint`, `watch`, `show` and `handout`, and the instructor's:
`grade`, `export` and `autograder`.

They parse and print. What takes time to import is imported when a command runs, after its child process has been
started: that imports NumPy and autograd meanwhile.
"""

from __future__ import annotations

import functools
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from npgen.errors import InputError
from npgen.grading import language as languages
from npgen.grading.language import N_, Message

if TYPE_CHECKING:
    from npgen.grading.screen import Screen

_FOLDER = click.Path(path_type=Path)
_dir = click.option("--dir", "folder", type=_FOLDER, help="Folder of the exercises; by default exercises/.")


def _speaking(command):
    """Give a command --lang, and as its argument `screen` what prints in that language; InputErrors speak it, too."""

    @click.option("--lang", type=click.Choice(languages.LANGUAGES), help="Language; by default that of the locale.")
    @functools.wraps(command)
    def spoken(lang, **arguments):
        from npgen.grading.screen import Screen

        language = lang or languages.preferred()
        try:
            return command(screen=Screen(Console(), language), **arguments)
        except InputError as error:
            if error.args and isinstance(error.args[0], Message):
                raise InputError(error.args[0].into(language)) from error
            raise

    return spoken


@click.command("list")
@_dir
@_speaking
def list_exercises(screen: Screen, folder: Path | None) -> None:
    """The exercises, their points, and how far you are."""
    from npgen.grading import overview

    overview.show(screen, folder)


@click.command()
@click.argument("target", required=False, metavar="[TOPIC[.FUNCTION] | FILE]")
@click.option("--topic", metavar="TOPIC[.FUNCTION]", help="What FILE is about, where its name does not say it.")
@_dir
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@_speaking
def check(screen: Screen, target: str | None, topic: str | None, folder: Path | None, as_json: bool) -> int:
    """Check your exercises: what is wrong, and why.

    Name a topic (vae), a function (vae.compute_KL), or a .py or .ipynb file; without a name, all exercises are
    checked. Exit code 0 if all of them pass, 1 if not.
    """
    beginning = time.perf_counter()
    from npgen.grading.sandbox import Sandbox

    with Sandbox() as sandbox:
        from npgen.grading import check
        from npgen.grading import screen as screens

        all_checked = []
        for task in check.tasks(target, topic, folder):
            with screen.working(task):
                checked = check.run(task, sandbox)
            check.remember(checked)
            all_checked.append(checked)
            if not as_json:
                screen.checked(checked)
    if as_json:
        click.echo(screens.as_json(all_checked, screen.language))
        return 0 if all(checked.n_passed == len(checked.verdicts) for checked in all_checked) else 1
    return 0 if screen.summary(all_checked, time.perf_counter() - beginning) else 1


@click.command()
@click.argument("function", metavar="TOPIC.FUNCTION")
@_dir
@_speaking
def hint(screen: Screen, function: str, folder: Path | None) -> None:
    """The next hint for a function, from vague to specific."""
    from npgen.grading import overview

    overview.hint(screen, function, folder)


@click.command()
@click.argument("target", required=False, metavar="[TOPIC[.FUNCTION]]")
@_dir
@_speaking
def watch(screen: Screen, target: str | None, folder: Path | None) -> int:
    """Check again whenever you save; Ctrl-C ends it."""
    from npgen.grading.sandbox import Sandbox

    with Sandbox() as sandbox:
        from npgen.grading import check, submission, watch

        tasks = check.tasks(target, None, folder)
        for task in tasks:
            submission.read(task.path)  # one that is not there is waited for only later on
        try:
            for task in watch.saved(tasks):
                screen.line(time.strftime("%H:%M:%S"), "dim")
                try:
                    with screen.working(task):
                        checked = check.run(task, sandbox)
                except (InputError, OSError) as error:  # it has gone in this moment, or has grown too large
                    screen.error(error)
                    continue
                check.remember(checked)
                screen.checked(checked)
                screen.say(N_("Waiting for the next time you save. Ctrl-C ends."), "dim")
        except KeyboardInterrupt:
            print(file=sys.stderr)
    return 0


@click.command()
@click.argument("topic")
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="Figure; by default show-TOPIC.png in DIR."
)
@_dir
@_speaking
def show(screen: Screen, topic: str, out: Path | None, folder: Path | None) -> int:
    """Train with your functions of TOPIC, and draw your figure beside npgen's.

    TOPIC is fvsbn, nade, categorical_nade, rnade, made or vae.
    """
    from npgen.grading import show

    return 0 if show.main(screen, topic, out, folder) else 1


@click.command()
@click.argument("out", type=_FOLDER)
@click.option("--force", is_flag=True, help="Replace files that differ; the old ones are kept as NAME.old.")
@_speaking
def handout(screen: Screen, out: Path, force: bool) -> None:
    """Write the exercises, without solutions, into the folder OUT."""
    from npgen.grading import handout

    says = {
        "new": N_("written"),
        "unchanged": N_("unchanged"),
        "replaced": N_("replaced; the old one is {kept}"),
    }
    for written in handout.write(out, force, screen.language):
        change = Message(says[written.change], kept=written.kept).into(screen.language)
        screen.line(f"{written.path}: {change}")


# --- for instructors -------------------------------------------------------------------------------------------------


@click.command()
@click.argument("submissions", type=_FOLDER)
@click.option("--topic", required=True, help="What was handed in: vae, nade, ...")
@click.option("--out", type=_FOLDER, required=True, metavar="DIR", help="Folder of the results.")
@click.option("--jobs", type=click.IntRange(1, 1024), help="Processes; by default one for each core.")
@click.option("--require", "required", metavar="LEVEL", help="Least isolation: L1, L2 (the default), L3, L4.")
@click.option("--secret", "secret_file", type=_FOLDER, metavar="FILE", help="By default DIR/secret, made if need be.")
@click.option("--resume", is_flag=True, help="Skip what is marked already for the same submission, checks and secret.")
@click.option("--regrade", multiple=True, metavar="NAME", help="Mark only this student, and again.")
@click.option(
    "--cluster", metavar="HOST:PORT", help="Let the workers of a Dask scheduler do it; start them in an empty folder."
)
@click.option("--seconds", type=click.FloatRange(0.1, 3600), help="Time limit of a function; by default 10.")
@_speaking
def grade(screen: Screen, **options) -> int:
    """Mark a class: SUBMISSIONS holds NAME.py, NAME.ipynb, NAME.zip or a folder NAME for each student.

    The downloads of Moodle and Gradescope can be taken as they are. DIR gets results/NAME.json, gradebook.csv and
    report.html. Submissions run in processes that are shut in as well as this machine can; Ctrl-C loses nothing that is
    marked, and --resume goes on. --lang is the language of the messages to students.
    """
    from npgen.grading import grade

    return 0 if grade.main(screen.console, screen.language, grade.Options(**options)) else 130


@click.command()
@click.argument("results", metavar="DIR", type=_FOLDER)
@click.option("--format", "formats", required=True, metavar="NAME[,NAME...]", help="See above.")
@click.option("--out", type=_FOLDER, help="Folder of the exports; by default DIR/export.")
def export(results: Path, formats: str, out: Path | None) -> None:
    """Write the results in DIR for other tools: gradescope, otter, nbgrader, classroom."""
    from npgen.grading import exports

    names = [name.strip() for name in formats.split(",")]
    target = out or results / "export"
    written = exports.write(results, target, names)
    for name in dict.fromkeys(names):
        files = [path for path in written if path.is_relative_to(target / name)]
        click.echo(f"{name}: {files[0]}" if len(files) == 1 else f"{name}: {len(files)} files in {target / name}")


@click.command()
@click.argument("out", metavar="OUT.zip", type=click.Path(path_type=Path))
@click.option("--topic", help="What is handed in, where the name of the file does not say it: vae, nade, ...")
@_speaking
def autograder(screen: Screen, out: Path, topic: str | None) -> None:
    """Write the zip file that a Gradescope assignment takes as its autograder: vae.zip, or vae for short.

    --lang is the language of the messages to students.
    """
    from npgen.grading import autograder

    if out.suffix.lower() != ".zip":
        out = Path(f"{out}.zip")
    autograder.write(out, topic or out.stem, screen.language)
    click.echo(out)


COMMANDS = (list_exercises, check, hint, watch, show, handout, grade, export, autograder)

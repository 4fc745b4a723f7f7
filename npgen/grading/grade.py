"""What `npgen grade` shows while a class is marked, and after."""

from __future__ import annotations

import contextlib
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from npgen.errors import InputError, unknown_name
from npgen.grading import batch, exports, isolation, pools, report, secret
from npgen.grading.batch import Batch, Outcome
from npgen.grading.sandbox import SECONDS
from npgen.grading.submissions import shown

LINE_EVERY = 5.0  # seconds, at least, between two plain lines
MAX_NAMES = 10  # in a line
LEAST = "L2"  # without --require


@dataclass(frozen=True)
class Options:
    """Those of the command line."""

    submissions: Path
    topic: str
    out: Path
    jobs: int | None = None
    required: str | None = None
    secret_file: Path | None = None
    resume: bool = False
    regrade: tuple[str, ...] = ()
    cluster: str | None = None
    seconds: float | None = None


def main(console: Console, language: str, options: Options) -> bool:
    """Mark a class; whether it came to its end."""
    level, pool, where = _workers(options)
    with batch.alone(options.out):
        return _graded(console, language, options, level, pool, where)


def _graded(console: Console, language: str, options: Options, level: str, pool: batch.Pool, where: str) -> bool:
    beginning = time.perf_counter()
    marking = (level, options.seconds or SECONDS, language, options.resume, options.regrade)
    key = secret.load(options.out, options.secret_file)
    class_, ignored = batch.prepare(options.submissions, options.topic, options.out, key, *marking)
    _line(console, f"{len(class_.students)} students, {options.topic}; isolation {level}, {where}")
    if ignored:
        _line(console, f"no submissions, and not marked: {_names(ignored)}")
    if class_.resume and (others := batch.without_submission(class_)):
        _line(console, f"in {options.out} only, and kept: {_names(others)}")
    counted = {"marked": 0, "kept": 0}
    unreadable, incomplete = [], []
    finished = False
    try:
        with contextlib.closing(batch.run(class_, pool)) as outcomes:
            for outcome in _followed(console, class_, outcomes):
                counted["kept" if outcome.result is None else "marked"] += 1
                if outcome.result is None:
                    continue
                if not batch.is_complete(outcome.result):
                    incomplete.append(outcome.student)
                elif outcome.result["submission_sha256"] is None:
                    unreadable.append(outcome.student)
        finished = True
    except KeyboardInterrupt:
        pass
    done = f"{counted['marked']} marked" + (f", {counted['kept']} kept" if counted["kept"] else "")
    if not any((options.out / "results").glob("*.json")):
        _line(console, "interrupted before anything was marked")
        return False
    _line(console, f"{done} in {time.perf_counter() - beginning:.1f} s")
    if unreadable:
        _line(console, f"could not be read, and got no points: {_names(unreadable)}")
    if incomplete:
        _line(console, f"could not be marked to the end, which --resume tries again: {_names(incomplete)}")
    _summary(console, options.out)
    if not finished:
        left = len(class_.students) - sum(counted.values())
        _line(console, f"interrupted: {left} students are left. Go on with --resume.")
    return finished


def _workers(options: Options) -> tuple[str, batch.Pool, str]:
    """The level of isolation, who does the work, and how to call them."""
    required = options.required or LEAST
    if required not in isolation.LEVELS:
        raise unknown_name("level of isolation", required, isolation.LEVELS)
    if options.cluster is not None:
        best, jobs = pools.best_on_cluster(options.cluster)
        pool, where = pools.on_cluster(options.cluster), f"cluster {options.cluster}, {jobs} workers"
    else:
        from joblib import cpu_count

        best, jobs = isolation.best(), options.jobs or cpu_count()
        pool, where = pools.on_this_machine(jobs), f"{jobs} process{'es' if jobs > 1 else ''}"
    if isolation.LEVELS.index(best) < isolation.LEVELS.index(required):
        raise InputError(_refusal(options, required, best))
    return best, pool, where


def _refusal(options: Options, required: str, best: str) -> str:
    """Why nothing is marked below a level; one that nobody has asked for may be had by asking for less."""
    less = f" To mark without it, see SECURITY.md, and then: --require {best}" if options.required is None else ""
    try:
        if options.cluster is None:
            isolation.require(required)
    except InputError as error:
        return f"{error}{less}"
    return f"isolation {required} is not possible here: the best is {best}.{less}"


def _summary(console: Console, out: Path) -> None:
    gradebook = batch.write_gradebook(out)
    page = report.write(out)
    results = exports.read_results(out)
    scores, max_score = [result.score for result in results], results[0].max_score
    _line(
        console,
        f"{gradebook}: {len(results)} students, mean {statistics.fmean(scores):.1f} of {max_score:g} points, "
        f"median {statistics.median(scores):g}",
    )
    _line(console, f"{page}: open it in a browser")


# --- while it runs ---------------------------------------------------------------------------------------------------


def _followed(console: Console, class_: Batch, outcomes: Iterator[Outcome]) -> Iterator[Outcome]:
    """The outcomes, shown as they come: a bar with the time left, or a plain line now and then."""
    follow = _bar if console.is_terminal else _lines
    return follow(console, len(class_.students), outcomes)


def _bar(console: Console, total: int, outcomes: Iterator[Outcome]) -> Iterator[Outcome]:
    columns = (
        TextColumn("marking"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TextColumn("{task.fields[student]}", markup=False),
        TimeRemainingColumn(),
        TextColumn("left"),
    )
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("", total=total, student="")
        for outcome in outcomes:
            progress.update(task, advance=1, student=shown(outcome.student)[:30])
            yield outcome
        progress.update(task, student="")


def _lines(console: Console, total: int, outcomes: Iterator[Outcome]) -> Iterator[Outcome]:
    beginning = printed_at = time.perf_counter()
    for n, outcome in enumerate(outcomes, start=1):
        now = time.perf_counter()
        if now - printed_at >= LINE_EVERY and n < total:
            printed_at = now
            _line(console, f"{n}/{total}, about {(now - beginning) / n * (total - n):.0f} s left")
        yield outcome


def _names(names: list[str]) -> str:
    more = f" and {len(names) - MAX_NAMES} more" if len(names) > MAX_NAMES else ""
    return ", ".join(map(shown, names[:MAX_NAMES])) + more


def _line(console: Console, line: str) -> None:
    console.print(line, markup=False, highlight=False, soft_wrap=True)

"""What `npgen grade` shows while a class is marked, and after."""

from __future__ import annotations

import contextlib
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from npgen.errors import InputError, unknown_name
from npgen.grading import batch, exports, isolation, pools, report
from npgen.grading.batch import Outcome, Queue
from npgen.grading.sandbox import SECONDS
from npgen.grading.submissions import shown

LINE_EVERY = 5.0  # seconds, at least, between two plain lines
WAITING = 5.0  # seconds without a result, after which the bar says for whom it waits
ENOUGH = 5  # students marked, of whom the time of the others is estimated
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
    marking = (options.secret_file, level, options.seconds or SECONDS, language, options.resume, options.regrade)
    class_, n_students, ignored = batch.prepare(options.submissions, options.topic, options.out, *marking)
    of_all = f"{len(class_.students)} of " if options.regrade else ""
    _line(console, f"{of_all}{_students(n_students)}, {options.topic}; isolation {level}, {where}")
    if ignored:
        _line(console, f"no submissions, and not marked: {_names(ignored)}")
    if class_.resume and (others := batch.without_submission(class_)):
        _line(console, f"in {options.out} only, and kept: {_names(others)}")
    before = {student: batch.points(class_.out, student) for student in class_.students} if options.regrade else {}
    n_marked, n_kept = 0, 0
    unread, incomplete, changes = [], [], []
    finished = False
    queue = Queue(class_)
    try:
        with contextlib.closing(batch.run(class_, pool, queue)) as outcomes:
            for outcome in _followed(console, queue, outcomes):
                if outcome.result is None:
                    n_kept += 1
                elif batch.is_unread(outcome.result):
                    unread.append(outcome.student)
                else:
                    n_marked += 1
                    if not batch.is_complete(outcome.result):
                        incomplete.append(outcome.student)
                if outcome.result is not None and before.get(outcome.student) is not None:
                    changes.append(_change(outcome, before[outcome.student]))
        finished = True
    except KeyboardInterrupt:
        pass
    done = f"{n_marked} marked" + (f", {n_kept} kept" if n_kept else "")
    if unread:
        done += f", {len(unread)} could not be read, and {'are' if len(unread) > 1 else 'is'} tried each time,"
    if not any((options.out / "results").glob("*.json")):
        _line(console, "interrupted before anything was marked")
        return False
    _line(console, f"{done} in {time.perf_counter() - beginning:.1f} s")
    for change in changes:
        _line(console, change)
    if unread:
        _line(console, f"could not be read, and got no points: {_names(unread)}")
    if incomplete:
        _line(console, f"could not be marked to the end, which --resume tries again: {_names(incomplete)}")
    _summary(console, options.out)
    if not finished:
        left = len(class_.students) - n_marked - n_kept - len(unread)
        _line(console, f"interrupted: {_students(left)} left. Go on with --resume.")
    return finished


def _workers(options: Options) -> tuple[str, batch.Pool, str]:
    """The level of isolation, who does the work, and how to call them."""
    required = options.required or LEAST
    if required not in isolation.LEVELS:
        raise unknown_name("level of isolation", required, isolation.LEVELS)
    if options.cluster is not None:
        offered, jobs = pools.offered_on_cluster(options.cluster)
        pool, where = pools.on_cluster(options.cluster), f"cluster {options.cluster}, {jobs} workers"
    else:
        from joblib import cpu_count

        offered, jobs = isolation.offered(), options.jobs or cpu_count()
        pool, where = pools.on_this_machine(jobs), f"{jobs} process{'es' if jobs > 1 else ''}"
    if required not in offered:
        raise InputError(_refusal(options, required, offered[-1]))
    return offered[-1], pool, where


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
        f"{gradebook}: {_students(len(results))}, mean {statistics.fmean(scores):.1f} of {max_score:g} points, "
        f"median {statistics.median(scores):g}",
    )
    _line(console, f"{page}: open it in a browser")


# --- while it runs ---------------------------------------------------------------------------------------------------


def _followed(console: Console, queue: Queue, outcomes: Iterator[Outcome]) -> Iterator[Outcome]:
    """The outcomes, shown as they come: a bar with the time left, or a plain line now and then."""
    follow = _bar if console.is_terminal else _lines
    return follow(console, queue, outcomes)


class _Student(ProgressColumn):
    """Who was marked last; where nothing has come for a while, who is waited for, and for how long."""

    def __init__(self, queue: Queue):
        super().__init__()
        self._queue, self._last, self._since = queue, "", time.monotonic()

    def came(self, student: str) -> None:
        self._last, self._since = student, time.monotonic()

    def render(self, task: Task) -> Text:
        seconds = time.monotonic() - self._since
        slow = self._queue.waits_for() if seconds >= WAITING and not task.finished else None
        if slow is not None:
            return Text(f"waiting for {shown(slow)[:30]}, {seconds:.0f} s")
        return Text(shown(self._last)[:30])


def _bar(console: Console, queue: Queue, outcomes: Iterator[Outcome]) -> Iterator[Outcome]:
    student = _Student(queue)
    columns = (
        TextColumn("marking"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        student,
        TimeRemainingColumn(),
        TextColumn("left"),
    )
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("", total=len(queue.batch.students))
        for outcome in outcomes:
            student.came(outcome.student)
            progress.advance(task)
            yield outcome
        student.came("")


def _lines(console: Console, queue: Queue, outcomes: Iterator[Outcome]) -> Iterator[Outcome]:
    total = len(queue.batch.students)
    beginning = printed_at = time.perf_counter()
    for n, outcome in enumerate(outcomes, start=1):
        now = time.perf_counter()
        if now - printed_at >= LINE_EVERY and n < total:
            printed_at = now
            left = f", about {(now - beginning) / n * (total - n):.0f} s left" if n >= ENOUGH else ""
            _line(console, f"{n}/{total}{left}")
        yield outcome


def _change(outcome: Outcome, before: float) -> str:
    """The points of a student who was marked again, before and now."""
    result = outcome.result
    return f"{shown(outcome.student)}: {before:g} -> {result['score']:g} of {result['max_score']:g} points"


def _students(n: int) -> str:
    return f"{n} student{'' if n == 1 else 's'}"


def _names(names: list[str]) -> str:
    more = f" and {len(names) - MAX_NAMES} more" if len(names) > MAX_NAMES else ""
    return ", ".join(map(shown, names[:MAX_NAMES])) + more


def _line(console: Console, line: str) -> None:
    console.print(line, markup=False, highlight=False, soft_wrap=True)

"""What `npgen grade` does: the submissions of a class -> DIR/results/NAME.json, one a student, and the gradebook.

The grader reads the files, draws the seeds and writes the results; it is alone in DIR. Workers get one submission at a
time and its seeds (`worker`), and what they answer comes back through a pool (`pools`). A result is written as soon as
it is there, so whatever is killed, no more than the submissions in hand have to be marked again.
"""

from __future__ import annotations

import codecs
import collections
import contextlib
import difflib
import hashlib
import json
import os
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import npgen
from npgen.errors import InputError
from npgen.files import atomic_write, writable_folder
from npgen.grading import checks, exports, isolation, parsing, submissions
from npgen.grading import secret as secrets
from npgen.grading.judging import Check
from npgen.grading.sandbox import SECONDS
from npgen.grading.secret import Secret
from npgen.grading.worker import NOT_MARKED, UNREAD, Work, checks_hash, mistaken, stopped_functions

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

GRADEBOOK = "gradebook.csv"
IGNORED = "ignored.json"  # the names of what is no submission, for the report
LOCK = ".lock"  # in the folder of the results, locked while a grader works there
MAX_NAME = 200  # bytes of the name of a result; the longest names of files have 255


@dataclass(frozen=True)
class Batch:
    """A class, and how it is marked. Its paths are absolute, for a pool may change the working directory."""

    students: dict[str, list[Path]]  # of submissions.find
    topic: str
    out: Path
    secret: Secret
    level: str
    seconds: float = SECONDS  # for one function
    language: str = "en"  # of the messages to students
    resume: bool = False

    def __post_init__(self):
        object.__setattr__(self, "out", Path(os.path.abspath(self.out)))

    @property
    def checks(self) -> tuple[Check, ...]:
        return checks.load(self.topic)


@dataclass(frozen=True)
class Outcome:
    """What became of one student; `result` is None where the one that is there was kept."""

    student: str
    result: dict[str, Any] | None = field(default=None, repr=False)


Answer = tuple[str, list[dict[str, Any]], dict[str, Any] | None]  # the student, the functions, similarity and forms
Pool = Callable[["Queue"], Generator[Answer, None, None]]


@contextlib.contextmanager
def alone(out: Path) -> Iterator[None]:
    """Keep other graders out of DIR until this one ends, however it does; what an earlier one left half done goes.

    Where it is refused before anything was marked, it leaves nothing behind.

    Raises
    ------
    InputError
        If another grader works there, or nothing can be written there.
    """
    new = not out.exists()
    writable_folder(out)
    lock = out / LOCK
    with lock.open("ab") as file:  # network file systems lock only what may be written
        if fcntl is not None:
            busy = InputError(f"another `npgen grade` works in {out}. Wait for it, or choose another --out.")
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise busy from error
            except OSError:  # a file system without locks
                pass
            else:
                if not lock.exists() or not os.path.samestat(lock.stat(), os.fstat(file.fileno())):
                    raise busy  # it was another one's, who has just been refused, and has removed it
                for path in (*out.glob(".npgen-*.part"), *out.glob("results/.npgen-*.part")):  # of npgen.files
                    path.unlink(missing_ok=True)
        try:
            yield
        except InputError:
            if not any(out.glob("results/*.json")):
                with contextlib.suppress(OSError):  # Windows removes no file that is open
                    lock.unlink()
                    if new:
                        out.rmdir()
            raise


def prepare(
    folder: Path,
    topic: str,
    out: Path,
    secret_file: Path | None,
    level: str,
    seconds: float,
    language: str,
    resume: bool,
    regrade: tuple[str, ...],
) -> tuple[Batch, int, list[str]]:
    """The batch that the arguments of `npgen grade` mean, the size of the class, and what of the folder is nobody's.

    Nothing is written before all is found to be in order.

    Raises
    ------
    InputError
        If there is nothing to mark, or `out` holds results that neither --resume nor --regrade speaks of, or whose
        secret is not there.
    """
    checks.load(topic)
    if os.path.realpath(folder) == os.path.realpath(out):
        raise InputError(f"--out: {out} is the folder of the submissions. Choose another one, which may lie in it.")
    students, ignored = submissions.find(folder, out)
    submissions.refuse_a_class_in(students, topic, folder)
    for name in regrade:
        if name not in students:
            near = _near(name, students)
            hint = f" Did you mean {' or '.join(map(submissions.shown, near))}?" if near else ""
            raise InputError(f"--regrade: there is no student {name!r} in {folder}.{hint}")
    before = list(out.glob("results/*.json"))
    if before and not resume and not regrade:
        raise InputError(
            f"{out} holds results already. Go on with --resume, mark single students again with --regrade NAME, "
            "or choose another --out."
        )
    other = next(filter(None, map(_topic, before)), topic)
    if other != topic:
        raise InputError(f"{out} holds results of {other}, not of {topic}. Choose another --out.")
    if before and secret_file is None and not (out / secrets.NAME).exists():
        raise InputError(
            f"{out} holds results, but not the secret that they were marked with. Name that of the first run with "
            "--secret FILE, or choose another --out."
        )
    secret = secrets.load(out, secret_file)
    writable_folder(out / "results")
    with atomic_write(out / IGNORED) as file:
        file.write(json.dumps(sorted(ignored), indent=1, ensure_ascii=False).encode("utf-8", "backslashreplace"))
    marked = {name: students[name] for name in dict.fromkeys(regrade)} if regrade else students
    batch = Batch(marked, topic, out, secret, level, seconds, language, resume and not regrade)
    return batch, len(students), ignored


def _near(name: str, students: Iterable[str]) -> list[str]:
    """Whom somebody may mean who writes no accents, no capitals, or only the beginning of a name."""
    letters = submissions.in_an_index(name)[0]
    by_letters = {submissions.in_an_index(student)[0]: student for student in students}
    begin = [student for known, student in by_letters.items() if known.startswith(letters)]
    return begin[:3] or [by_letters[known] for known in difflib.get_close_matches(letters, by_letters, n=2)]


def without_submission(batch: Batch) -> list[str]:
    """The names of results whose student is not in the class, or no longer, or by another name."""
    names = {result_path(batch.out, student).name for student in batch.students}
    return sorted(path.stem for path in (batch.out / "results").glob("*.json") if path.name not in names)


def _topic(path: Path) -> str | None:
    """What a result is about; None if it is damaged, and so will be marked again."""
    try:
        return exports.read_result(path).topic
    except InputError:
        return None


def run(batch: Batch, pool: Pool, queue: Queue | None = None) -> Generator[Outcome, None, None]:
    """Mark the class: write each result as soon as it is there, then say so; a queue tells what is in hand."""
    queue = queue or Queue(batch)
    with contextlib.closing(pool(queue)) as answers:
        for student, functions, compared in answers:
            work = queue.handed_out.pop(student)
            yield _write(batch, student, work.sha256, functions, compared)
            yield from _settled(queue)
    yield from _settled(queue)


def _settled(queue: Queue) -> Iterator[Outcome]:
    """The students for whom there was nothing to run."""
    while queue.settled:
        student, functions = queue.settled.popleft()
        yield Outcome(student) if functions is None else _write(queue.batch, student, None, functions, None)


def _write(batch: Batch, student: str, sha256: str | None, functions: list, compared: dict | None) -> Outcome:
    result = {
        "schema": exports.SCHEMA,
        "student": student,
        "topic": batch.topic,
        "submission_sha256": sha256,
        "npgen": npgen.__version__,
        "isolation": batch.level,
        "score": sum(function["score"] for function in functions),
        "max_score": sum(check.points for check in batch.checks),
        "functions": functions,
        "checks": checks_hash(batch.topic),
        "secret": batch.secret.fingerprint,
        "seconds": batch.seconds,
        "language": batch.language,
    }
    result |= compared or {}
    text = json.dumps(result, indent=1, ensure_ascii=False)
    with atomic_write(result_path(batch.out, student)) as file:
        file.write(text.encode("utf-8", "backslashreplace") + b"\n")  # half a character as JSON writes it
    return Outcome(student, result)


def is_complete(result: dict[str, Any]) -> bool:
    """Whether no function is without a verdict through a failure of the marking."""
    return all(function["diagnosis"] != NOT_MARKED for function in result["functions"])


def is_unread(result: dict[str, Any]) -> bool:
    """Whether nothing was marked because the file could not be read."""
    return all(function["diagnosis"] == UNREAD for function in result["functions"])


def points(out: Path, student: str) -> float | None:
    """What the student has so far; None if there is no result."""
    try:
        return exports.read_result(result_path(out, student)).score
    except InputError:
        return None


def result_path(out: Path, student: str) -> Path:
    """DIR/results/NAME.json, another one for each student.

    What a terminal would not show is written as in a URL, %1B. A name that is too long for a file is cut, and where
    names of files do not differ by their case, only one in lower case stays as it is: the others end in %- and what
    tells them apart, which no name does of itself.
    """
    folder = out / "results"
    name = "".join(c if c.isprintable() and c != "%" else quote(c, safe="") for c in student)
    if len(name.encode()) > MAX_NAME or (name != name.casefold() and _ignores_case(folder)):
        cut = name.encode()[: MAX_NAME - 18].decode("utf-8", "ignore")
        name = f"{cut}%-{hashlib.sha256(student.encode()).hexdigest()[:16]}"
    return folder / f"{name}.json"


def _ignores_case(folder: Path) -> bool:
    """Whether the file system takes two names for one that differ in their case only."""
    try:
        return folder.samefile(folder.with_name(folder.name.upper()))
    except OSError:
        return False


def write_gradebook(out: Path) -> Path:
    """DIR/gradebook.csv, from DIR/results: a row a student, with the points of each function."""
    results = exports.read_results(out)
    functions = list(exports.questions(results))
    rows: list[list[Any]] = [["student", "score", "max_score", *functions, "isolation", "submission_sha256"]]
    for result in results:
        scores = {function.name: function.score for function in result.functions}
        row = [result.student, result.score, result.max_score, *(scores.get(name, "") for name in functions)]
        row += [result.isolation, result.submission_sha256 or ""]
        rows.append([exports.defused(cell) if isinstance(cell, str) else cell for cell in row])
    path = out / GRADEBOOK
    with atomic_write(path) as file:
        file.write(codecs.BOM_UTF8 + exports.csv_bytes(rows))  # without it, Excel takes UTF-8 for something else
    return path


class _Settled(NamedTuple):
    """A student for whom there is nothing to run; `functions` is None where the result that is there is kept."""

    student: str
    functions: list[dict[str, Any]] | None


class Queue:
    """The students one after another: workers get what has to be run, `settled` holds what has not.

    A file is read when its turn comes, so there are never more of them in memory than workers need. Pools take from the
    queue in threads of their own.
    """

    def __init__(self, batch: Batch):
        self.batch = batch
        self.handed_out: dict[str, Work] = {}  # and no result yet
        self.settled: collections.deque[_Settled] = collections.deque()
        self._students = iter(batch.students.items())
        self._lock = threading.Lock()

    def __iter__(self) -> Iterator[Work]:
        return self

    def __next__(self) -> Work:
        with self._lock:
            for student, entries in self._students:
                work = self._work(student, entries)
                if work is not None:
                    self.handed_out[student] = work
                    return work
        raise StopIteration

    def waits_for(self) -> str | None:
        """The student whose submission has been in hand for longest."""
        return next(iter(list(self.handed_out)), None)  # a list is made in one step, whatever other threads do

    def _work(self, student: str, entries: list[Path]) -> Work | None:
        batch = self.batch
        try:
            handed_in = submissions.read(entries, batch.topic)
        except parsing.Unreadable as error:
            problem = submissions.problem(error, batch.topic)
            functions = stopped_functions(batch.topic, "error", problem, batch.language, UNREAD)
            self.settled.append(_Settled(student, functions))
            return None
        except Exception as error:  # of one student, whom it is to stay with
            self.settled.append(_Settled(student, mistaken(batch.topic, error, batch.language)))
            return None
        seeds = {check.name: batch.secret.seed(student, batch.topic, check.name) for check in batch.checks}
        marking = (batch.level, batch.seconds, batch.language, checks_hash(batch.topic))
        work = Work(student, batch.topic, handed_in, seeds, *marking)
        if batch.resume and self._is_done(work):
            self.settled.append(_Settled(student, None))
            return None
        return work

    def _is_done(self, work: Work) -> bool:
        """Whether there is a result for the same submission, checks, secret and language, at this level or above.

        A function that took too long is marked again where the limit was another one, and what could not be read is
        tried each time.
        """
        try:
            before = json.loads(result_path(self.batch.out, work.student).read_bytes())
            same = (before["submission_sha256"], before["checks"], before["secret"], before["language"])
            level = isolation.LEVELS.index(before["isolation"])
            late = any(function["status"] == "timeout" for function in before["functions"])
            complete = is_complete(before) and not is_unread(before)
            complete = complete and not (late and before["seconds"] != self.batch.seconds)
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            return False
        asked = (work.sha256, work.checks, self.batch.secret.fingerprint, self.batch.language)
        return complete and same == asked and level >= isolation.LEVELS.index(work.level)

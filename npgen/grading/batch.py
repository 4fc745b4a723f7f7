"""What `npgen grade` does: the submissions of a class -> DIR/results/NAME.json, one a student, and the gradebook.

The grader reads the files, draws the seeds and writes the results; it is alone in DIR. Workers get one submission at a
time and its seeds (`worker`), and what they answer comes back through a pool (`pools`). A result is written as soon as
it is there, so whatever is killed, no more than the submissions in hand have to be marked again.
"""

from __future__ import annotations

import collections
import contextlib
import difflib
import hashlib
import json
import os
import threading
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import npgen
from npgen.errors import InputError
from npgen.files import atomic_write, writable_folder
from npgen.grading import checks, exports, isolation, parsing, submissions
from npgen.grading.judging import Check
from npgen.grading.sandbox import SECONDS
from npgen.grading.secret import Secret
from npgen.grading.worker import NOT_MARKED, Work, checks_hash, mistaken, stopped_functions

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

GRADEBOOK = "gradebook.csv"
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


Answer = tuple[str, list[dict[str, Any]], list[dict[str, Any]] | None]  # the student, the functions, the similarity
Pool = Callable[["Queue"], Generator[Answer, None, None]]


@contextlib.contextmanager
def alone(out: Path) -> Iterator[None]:
    """Keep other graders out of DIR until this one ends, however it does; what an earlier one left half done goes.

    Raises
    ------
    InputError
        If another grader works there, or nothing can be written there.
    """
    writable_folder(out)
    with (out / LOCK).open("ab") as file:  # network file systems lock only what may be written
        if fcntl is not None:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise InputError(
                    f"another `npgen grade` works in {out}. Wait for it, or choose another --out."
                ) from error
            except OSError:  # a file system without locks
                pass
            else:
                for path in (*out.glob(".npgen-*.part"), *out.glob("results/.npgen-*.part")):  # of npgen.files
                    path.unlink(missing_ok=True)
        yield


def prepare(
    folder: Path,
    topic: str,
    out: Path,
    secret: Secret,
    level: str,
    seconds: float,
    language: str,
    resume: bool,
    regrade: tuple[str, ...],
) -> tuple[Batch, list[str]]:
    """The batch that the arguments of `npgen grade` mean, and the entries of the folder that are no submission.

    Raises
    ------
    InputError
        If there is nothing to mark, or `out` holds results that neither --resume nor --regrade speaks of.
    """
    checks.load(topic)
    if os.path.realpath(folder) == os.path.realpath(out):
        raise InputError(f"--out: {out} is the folder of the submissions. Choose another one, which may lie in it.")
    students, ignored = submissions.find(folder, out)
    for name in regrade:
        if name not in students:
            near = difflib.get_close_matches(name, students, n=2)
            hint = f" Did you mean {' or '.join(map(submissions.shown, near))}?" if near else ""
            raise InputError(f"--regrade: there is no student {name!r} in {folder}.{hint}")
    results = writable_folder(out / "results")
    before = list(results.glob("*.json"))
    if before and not resume and not regrade:
        raise InputError(
            f"{out} holds results already. Go on with --resume, mark single students again with --regrade NAME, "
            "or choose another --out."
        )
    other = next(filter(None, map(_topic, before)), topic)
    if other != topic:
        raise InputError(f"{out} holds results of {other}, not of {topic}. Choose another --out.")
    if regrade:
        students = {name: students[name] for name in dict.fromkeys(regrade)}
    return Batch(students, topic, out, secret, level, seconds, language, resume and not regrade), ignored


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


def run(batch: Batch, pool: Pool) -> Generator[Outcome, None, None]:
    """Mark the class: write each result as soon as it is there, then say so."""
    queue = Queue(batch)
    with contextlib.closing(pool(queue)) as answers:
        for student, functions, similarity in answers:
            work = queue.handed_out.pop(student)
            yield _write(batch, student, work.sha256, functions, similarity)
            yield from _settled(queue)
    yield from _settled(queue)


def _settled(queue: Queue) -> Iterator[Outcome]:
    """The students for whom there was nothing to run."""
    while queue.settled:
        student, functions = queue.settled.popleft()
        yield Outcome(student) if functions is None else _write(queue.batch, student, None, functions, None)


def _write(batch: Batch, student: str, sha256: str | None, functions: list, similarity: list | None) -> Outcome:
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
    }
    if similarity is not None:
        result["similarity"] = similarity
    text = json.dumps(result, indent=1, ensure_ascii=False)
    with atomic_write(result_path(batch.out, student)) as file:
        file.write(text.encode("utf-8", "backslashreplace") + b"\n")  # half a character as JSON writes it
    return Outcome(student, result)


def is_complete(result: dict[str, Any]) -> bool:
    """Whether no function is without a verdict through a failure of the marking."""
    return all(function["diagnosis"] != NOT_MARKED for function in result["functions"])


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
        file.write(exports.csv_bytes(rows))
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

    def _work(self, student: str, entries: list[Path]) -> Work | None:
        batch = self.batch
        try:
            handed_in = submissions.read(entries, batch.topic)
        except parsing.Unreadable as error:
            problem = submissions.problem(error, batch.topic)
            functions = stopped_functions(batch.topic, "error", problem, batch.language)
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
        """Whether there is a result for the same submission, checks and secret, at this level or above."""
        try:
            before = json.loads(result_path(self.batch.out, work.student).read_bytes())
            same = (before["submission_sha256"], before["checks"], before["secret"])
            level = isolation.LEVELS.index(before["isolation"])
            complete = is_complete(before)
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            return False
        asked = (work.sha256, work.checks, self.batch.secret.fingerprint)
        return complete and same == asked and level >= isolation.LEVELS.index(work.level)

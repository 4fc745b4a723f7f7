"""What `npgen grade` does: the submissions of a class -> DIR/results/NAME.json, one a student, and the gradebook.

The grader reads the files, draws the seeds and writes the results. Workers, which are processes of this machine
(joblib) or of a cluster (Dask), get one submission at a time and its seeds; each has a sandbox of its own. A result is
written as soon as it is there, so whatever is killed, no more than the submissions in hand have to be marked again:

    a function      that takes its zygote with it is marked again in a new sandbox; a second time, it has crashed
    a worker        that dies takes the other workers with it (joblib): what they had in hand is marked again, each
                    submission alone; one that then kills its worker a second time has crashed
    the grader      `npgen grade --resume` goes on; workers without a grader end themselves
"""

from __future__ import annotations

import collections
import contextlib
import difflib
import functools
import hashlib
import itertools
import json
import os
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import npgen
from npgen.errors import InputError
from npgen.files import atomic_write, writable_folder
from npgen.grading import checks, exports, isolation, parsing, submissions
from npgen.grading.judging import Check, Finding
from npgen.grading.language import N_, Message
from npgen.grading.marking import Verdict, mark
from npgen.grading.sandbox import SECONDS, Lost, Sandbox
from npgen.grading.screen import function_json
from npgen.grading.secret import Secret
from npgen.grading.submission import Submission
from npgen.grading.submissions import HandedIn

GRADEBOOK = "gradebook.csv"
MAX_NAME = 200  # bytes of the name of a result; the longest names of files have 255

# The modules that decide a verdict, besides that of the topic: when one changes, --resume marks anew.
DECIDING = (
    "judging.py",
    "marking.py",
    "parsing.py",
    "sandbox.py",
    "statistics.py",
    "child/*.py",
    "../distributions.py",
)


@dataclass(frozen=True)
class Batch:
    """A class, and how it is marked."""

    students: dict[str, list[Path]]  # of submissions.find
    topic: str
    out: Path
    secret: Secret
    level: str
    seconds: float = SECONDS  # for one function
    language: str = "en"  # of the messages to students
    resume: bool = False

    @property
    def checks(self) -> tuple[Check, ...]:
        return checks.load(self.topic)


@dataclass(frozen=True)
class Work:
    """One submission, as a worker gets it."""

    student: str
    topic: str
    handed_in: HandedIn
    seeds: dict[str, int]
    level: str
    seconds: float
    language: str
    checks: str  # the grader's checks_hash()

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.handed_in.content).hexdigest()


@dataclass(frozen=True)
class Outcome:
    """What became of one student; `result` is None where the one that is there was kept."""

    student: str
    result: dict[str, Any] | None = field(default=None, repr=False)


Pool = Callable[["Queue"], Iterator[tuple[str, list[dict[str, Any]], list[dict[str, Any]] | None]]]


# --- the grader ------------------------------------------------------------------------------------------------------


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
    students, ignored = submissions.find(folder)
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


def _topic(path: Path) -> str | None:
    """What a result is about; None if it is damaged, and so will be marked again."""
    try:
        return exports.read_result(path).topic
    except InputError:
        return None


def run(batch: Batch, pool: Pool) -> Iterator[Outcome]:
    """Mark the class: write each result as soon as it is there, then say so."""
    queue = Queue(batch)
    for student, functions, similarity in pool(queue):
        work = queue.handed_out.pop(student)
        yield _write(batch, student, work.sha256, functions, similarity)
        yield from _settled(queue)
    yield from _settled(queue)


def _settled(queue: Queue) -> Iterator[Outcome]:
    """The students for whom there was nothing to run."""
    while queue.settled:
        student, sha256, problem = queue.settled.popleft()
        if problem is None:
            yield Outcome(student)
        else:
            functions = stopped_functions(queue.batch.topic, "error", problem, queue.batch.language)
            yield _write(queue.batch, student, sha256, functions, None)


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
    with atomic_write(result_path(batch.out, student)) as file:
        file.write(json.dumps(result, indent=1, ensure_ascii=False).encode() + b"\n")
    return Outcome(student, result)


def result_path(out: Path, student: str) -> Path:
    """DIR/results/NAME.json; a name that is too long for a file is cut, and stays different from others."""
    name = student
    if len(name.encode()) > MAX_NAME:
        cut = name.encode()[: MAX_NAME - 17].decode("utf-8", "ignore")
        name = f"{cut}-{hashlib.sha256(name.encode()).hexdigest()[:16]}"
    return out / "results" / f"{name}.json"


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


@functools.cache
def checks_hash(topic: str) -> str:
    """What tells whether the same submission would still get the same verdict."""
    grading = Path(__file__).parent
    files = [grading / "checks" / f"{topic}.py", *(file for name in DECIDING for file in grading.glob(name))]
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:16]


class Queue:
    """The students one after another: workers get what has to be run, `settled` holds what has not.

    A file is read when its turn comes, so there are never more of them in memory than workers need. Pools take from the
    queue in threads of their own.
    """

    def __init__(self, batch: Batch):
        self.batch = batch
        self.handed_out: dict[str, Work] = {}  # and no result yet
        self.settled: collections.deque[tuple[str, str | None, Message | None]] = collections.deque()
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
            self.settled.append((student, None, submissions.problem(error, batch.topic)))
            return None
        seeds = {check.name: batch.secret.seed(student, batch.topic, check.name) for check in batch.checks}
        marking = (batch.level, batch.seconds, batch.language, checks_hash(batch.topic))
        work = Work(student, batch.topic, handed_in, seeds, *marking)
        if batch.resume and self._is_done(work):
            self.settled.append((student, work.sha256, None))
            return None
        return work

    def _is_done(self, work: Work) -> bool:
        """Whether there is a result for the same submission, checks and secret, at this level or above."""
        try:
            before = json.loads(result_path(self.batch.out, work.student).read_bytes())
            same = (before["submission_sha256"], before["checks"], before["secret"])
            level = isolation.LEVELS.index(before["isolation"])
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            return False
        asked = (work.sha256, work.checks, self.batch.secret.fingerprint)
        return same == asked and level >= isolation.LEVELS.index(work.level)


# --- a worker --------------------------------------------------------------------------------------------------------


def marked(work: Work) -> bytes:
    """The verdicts on one submission, and its similarity to npgen, as JSON. Runs in a worker."""
    if work.checks != checks_hash(work.topic):
        raise InputError("A worker has another version of npgen than the grader. Install the same one everywhere.")
    limit = 2 * work.seconds * len(work.seeds)  # for the whole submission
    with _watched(limit + 10 * work.seconds + 2 * submissions.READING_SECONDS):
        try:
            parsed = submissions.parse(work.handed_in, work.topic)
        except parsing.Unreadable as error:
            problem = submissions.problem(error, work.topic)
            return json.dumps([stopped_functions(work.topic, "error", problem, work.language), None]).encode()
        submission, deadline = Submission(f"{work.topic}.py", parsed.source), time.monotonic() + limit
        verdicts = []
        for check in checks.load(work.topic):
            if time.monotonic() > deadline:
                text = N_("There was no time left for it: marking the whole file may take {seconds:.0f} s.")
                verdicts.append(_stopped(check, "timeout", Message(text, seconds=limit)))
            else:
                verdicts.append(_verdict(work, submission, check))
    functions = [function_json(verdict, work.language) for verdict in verdicts]
    return json.dumps([functions, parsed.similarity]).encode()


def _verdict(work: Work, submission: Submission, check: Check) -> Verdict:
    """The verdict on one function; marked once more if the sandbox did not survive the first time."""
    for _ in range(2):
        try:
            return mark(submission, check, _sandbox(work.level, work.seconds), work.seeds[check.name])
        except Lost as lost:
            text = N_("It could not be run, twice: {reason}. Tell your instructor.")
            verdict = _stopped(check, "crashed", Message(text, reason=submissions.shown(str(lost))))
        except InputError:  # the level cannot be had in this worker
            raise
        except Exception as error:  # an answer that our judging does not withstand
            text = N_("It could not be judged ({reason}). Tell your instructor: this is a mistake of npgen's.")
            reason = submissions.shown(f"{type(error).__name__}: {error}")
            verdict = _stopped(check, "error", Message(text, reason=reason))
        _close_sandbox()
    return verdict


_mine = threading.local()  # a Dask worker may have several threads


def _sandbox(level: str, seconds: float) -> Sandbox:
    """The sandbox of this worker, started when it is first needed."""
    current = getattr(_mine, "sandbox", None)
    if current is not None and (current.level, current.seconds) == (level, seconds):
        return current
    _close_sandbox()
    _mine.sandbox = Sandbox(seconds, level).__enter__()
    return _mine.sandbox


def _close_sandbox() -> None:
    current, _mine.sandbox = getattr(_mine, "sandbox", None), None
    if current is not None:
        with contextlib.suppress(OSError):  # its zygote may be gone
            current.__exit__(None, None, None)


@contextlib.contextmanager
def _watched(seconds: float) -> Iterator[None]:
    """End this worker if the block takes longer than any submission may: then something is stuck."""
    watchdog = threading.Timer(seconds, os._exit, [70])
    watchdog.daemon = True
    watchdog.start()
    try:
        yield
    finally:
        watchdog.cancel()


def _stopped(check: Check, status: str, message: Message) -> Verdict:
    return Verdict(check, status, 0.0, Finding(status, message))


def stopped_functions(topic: str, status: str, message: Message, language: str) -> list[dict[str, Any]]:
    """What is said of each function of a submission that could not be marked."""
    return [function_json(_stopped(check, status, message), language) for check in checks.load(topic)]


def _crashed(work: Work) -> tuple[str, list, None]:
    message = Message(N_("Marking it twice ended the process that marks."))
    return work.student, stopped_functions(work.topic, "crashed", message, work.language), None


def _answered(student: str, answer: bytes) -> tuple[str, list, list | None]:
    return student, *json.loads(answer)


# --- workers on this machine -----------------------------------------------------------------------------------------


def on_this_machine(jobs: int) -> Pool:
    """A pool of `jobs` processes."""

    def pool(queue: Queue):
        with _scratch() as scratch, _ended_workers():
            while True:
                with contextlib.suppress(BrokenProcessPool):
                    yield from _together(queue, jobs, scratch)
                if not queue.handed_out:
                    return
                # Nobody knows whose worker it was that died, so each of those in hand is tried alone.
                for work in list(queue.handed_out.values()):
                    try:
                        yield from _together([work], jobs, scratch)
                    except BrokenProcessPool:
                        yield _crashed(work)

    return pool


def _together(works: Iterable[Work], jobs: int, scratch: str):
    """Results as they come. One process alone is one of two: joblib would run it inside the grader."""
    from joblib import Parallel, delayed

    parallel = Parallel(
        max(jobs, 2), "loky", return_as="generator_unordered", pre_dispatch=jobs, batch_size=1, max_nbytes=None
    )
    for student, answer in parallel(delayed(_marked_here)(work, scratch) for work in works):
        yield _answered(student, answer)


@contextlib.contextmanager
def _ended_workers() -> Iterator[None]:
    """Let no worker outlive the block: joblib would keep them for later."""
    from joblib.externals.loky import get_reusable_executor

    try:
        yield
    finally:
        get_reusable_executor().shutdown(wait=True, kill_workers=True)


@contextlib.contextmanager
def _scratch() -> Iterator[str]:
    """A folder for the temporary files of all workers, who may be killed before they remove theirs."""
    folder = tempfile.mkdtemp(prefix="npgen-")
    try:
        yield folder
    finally:
        _removed(folder)


def _removed(folder: str) -> None:
    with contextlib.suppress(RecursionError):  # a submission's folders in folders: the system removes those some day
        shutil.rmtree(folder, ignore_errors=True)


def _marked_here(work: Work, scratch: str) -> tuple[str, bytes]:
    _be_a_worker(scratch)
    return work.student, marked(work)


@functools.cache
def _be_a_worker(scratch: str) -> None:
    """Keep temporary files there, leave Ctrl-C to the grader, and do not outlive it."""
    tempfile.tempdir = scratch
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    grader = os.getppid()

    def watch():
        while os.getppid() == grader:
            time.sleep(0.5)
        _removed(scratch)
        os._exit(70)

    threading.Thread(target=watch, daemon=True).start()


# --- workers of a cluster --------------------------------------------------------------------------------------------


def on_cluster(address: str) -> Pool:
    """A pool of the workers of a running Dask scheduler. It marks again what a worker had that died."""
    distributed = _distributed()

    def pool(queue: Queue):
        with _connected(address) as client:
            in_hand = 2 * sum(client.nthreads().values())  # so that no worker waits for the grader
            running, students = distributed.as_completed(loop=client.loop), {}
            for number in itertools.count():
                if len(students) < in_hand and (work := next(queue, None)) is not None:
                    future = client.submit(marked, work, key=f"npgen-{os.getpid()}-{number}", pure=False)
                    students[future.key] = work
                    running.add(future)
                    continue
                if not students:
                    return
                future = next(running)
                work = students.pop(future.key)
                try:
                    yield _answered(work.student, future.result())
                except distributed.KilledWorker:  # by this submission, again and again
                    yield _crashed(work)

    return pool


def best_on_cluster(address: str) -> tuple[str, int]:
    """The highest level that every worker of the cluster can have, and how many workers there are."""
    with _connected(address) as client:
        levels = client.run(isolation.best).values()
        return min(levels, key=isolation.LEVELS.index), len(levels)


@contextlib.contextmanager
def _connected(address: str):
    try:
        client = _distributed().Client(address, timeout="10s", set_as_default=False)
    except (OSError, ValueError) as error:
        raise InputError(f"--cluster: no Dask scheduler answers at {address}.") from error
    with client:
        if not client.nthreads():
            raise InputError(f"--cluster: the scheduler at {address} has no workers. Start one: dask worker {address}")
        yield client


def _distributed():
    try:
        import distributed
    except ImportError as error:
        raise InputError('--cluster needs one more package: pip install "npgen[cluster]"') from error
    return distributed

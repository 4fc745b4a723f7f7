"""One submission -> its verdicts, in a process that does this for one after another.

A worker is a process of this machine or of a cluster. It gets a submission and its seeds, and knows neither the secret
nor where the results are. It has a sandbox, which it keeps from one submission to the next:

    a function      whose zygote dies is marked again in a new sandbox; a second time, it has crashed
    a submission    that takes longer than any may ends the worker, which the pool survives
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from npgen.errors import InputError
from npgen.grading import checks, parsing, scratch, submissions
from npgen.grading.judging import Check, Finding
from npgen.grading.language import N_, Message
from npgen.grading.marking import WITH_OTHERS, Verdict, mark
from npgen.grading.sandbox import Lost, Sandbox
from npgen.grading.screen import function_json
from npgen.grading.submission import Submission
from npgen.grading.submissions import HandedIn

STUCK = 70  # exit code of a worker that ends itself
NOT_MARKED = "not_marked"  # the diagnosis where it was the marking that failed, so that --resume tries again
UNREAD = "unread"  # that of each function where the file could not be read

# The modules that decide a verdict, besides those of the topic: when one changes, --resume marks anew.
DECIDING = (
    "cost.py",
    "judging.py",
    "marking.py",
    "parsing.py",
    "pixel_mistakes.py",
    "recursion.py",
    "references/*.py",  # one may build on those of another topic
    "samples.py",
    "sandbox.py",
    "scores.py",
    "stand_ins.py",
    "statistics.py",
    "child/*.py",
    "../distributions.py",
)


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


@functools.cache
def checks_hash(topic: str) -> str:
    """What tells whether the same submission would still get the same verdict."""
    grading = Path(__file__).parent
    files = {*grading.glob(f"*/{topic}.py"), *(file for name in DECIDING for file in grading.glob(name))}
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:16]


# --- marking ---------------------------------------------------------------------------------------------------------


def marked(work: Work) -> bytes:
    """The verdicts on one submission, and what it is compared by: its similarity to npgen and its forms, as JSON."""
    if work.checks != checks_hash(work.topic):
        raise InputError("A worker has another version of npgen than the grader. Install the same one everywhere.")
    limit = 2 * work.seconds * len(work.seeds)  # for the whole submission
    with _watched(limit + 10 * work.seconds + 2 * submissions.READING_SECONDS), _my_place() as place:
        try:
            parsed = submissions.parse(work.handed_in, work.topic)
        except parsing.Unreadable as error:
            problem = submissions.problem(error, work.topic)
            functions, nothing_to_compare = stopped_functions(work.topic, "error", problem, work.language, UNREAD), []
            return json.dumps([functions, {"similarity": nothing_to_compare}]).encode()
        except Exception as error:
            return json.dumps([mistaken(work.topic, error, work.language), None]).encode()
        submission = Submission(f"{work.topic}.py", parsed.source, parsed.left_out)
        deadline = time.monotonic() + limit
        verdicts = []
        for check in checks.load(work.topic):
            if time.monotonic() > deadline:
                text = N_("There was no time left for it: marking the whole file may take {seconds:.0f} s.")
                verdicts.append(_stopped(check, "timeout", Message(text, seconds=limit)))
            else:
                verdicts.append(_verdict(work, submission, check, place))
    functions = [function_json(verdict, work.language) for verdict in _blaming_the_wrong(verdicts)]
    return json.dumps([functions, {"similarity": parsed.similarity, "forms": parsed.forms}]).encode()


def _verdict(work: Work, submission: Submission, check: Check, place: _Place) -> Verdict:
    """The verdict on one function; marked once more if the sandbox did not survive the first time."""
    for _ in range(2):
        try:
            sandbox = place.sandbox(work.level, work.seconds)
            return submission.told(mark(submission, check, sandbox, work.seeds[check.name]))
        except Lost as lost:
            text = N_("It could not be run, twice: {reason}. Tell your instructor.")
            verdict = _stopped(check, "crashed", Message(text, reason=submissions.shown(str(lost))), NOT_MARKED)
        except InputError:  # the level cannot be had in this worker
            raise
        except Exception as error:  # an answer that our judging does not withstand
            text = N_("It could not be judged ({reason}). Tell your instructor: this is a mistake of npgen's.")
            reason = submissions.shown(f"{type(error).__name__}: {error}")
            verdict = _stopped(check, "error", Message(text, reason=reason), NOT_MARKED)
        place.close()
    return verdict


def _blaming_the_wrong(verdicts: list[Verdict]) -> list[Verdict]:
    """The verdicts; who is right, but not with functions of the same file, hears only of those that are wrong.

    Where all of them are right, the mistake may be in any, and all stay named.
    """
    wrong = {verdict.check.name for verdict in verdicts if verdict.status != "passed"}
    told = []
    for verdict in verdicts:
        note = verdict.note
        if note is not None and note.text == WITH_OTHERS:
            names = [name for name in note.values["names"].split(", ") if name in wrong]
            if names:
                verdict = replace(verdict, note=Message(WITH_OTHERS, names=", ".join(names)))
        told.append(verdict)
    return told


@contextlib.contextmanager
def _watched(seconds: float) -> Iterator[None]:
    """End this worker if the block takes longer than any submission may: then something is stuck."""
    watchdog = threading.Timer(seconds, os._exit, [STUCK])
    watchdog.daemon = True
    watchdog.start()
    try:
        yield
    finally:
        watchdog.cancel()


def _stopped(check: Check, status: str, message: Message, diagnosis: str | None = None) -> Verdict:
    return Verdict(check, status, 0.0, Finding(diagnosis or status, message))


def stopped_functions(
    topic: str, status: str, message: Message, language: str, diagnosis: str | None = None
) -> list[dict[str, Any]]:
    """What is said of each function of a submission that could not be marked."""
    return [function_json(_stopped(check, status, message, diagnosis), language) for check in checks.load(topic)]


def mistaken(topic: str, error: Exception, language: str) -> list[dict[str, Any]]:
    """What is said of each function where it was npgen that failed before anything was run."""
    text = N_("It could not be read ({reason}). Tell your instructor: this is a mistake of npgen's.")
    message = Message(text, reason=submissions.shown(f"{type(error).__name__}: {error}"))
    return stopped_functions(topic, "error", message, language, NOT_MARKED)


# --- sandboxes -------------------------------------------------------------------------------------------------------


class _Place:
    """Where one thread of this process runs submissions: a sandbox, started when it is first needed."""

    def __init__(self) -> None:
        self.busy = threading.Lock()
        self._stack = contextlib.ExitStack()
        self._sandbox: Sandbox | None = None

    def sandbox(self, level: str, seconds: float) -> Sandbox:
        current = self._sandbox
        if current is None or (current.level, current.seconds) != (level, seconds):
            self.close()
            with _starting:
                current = self._sandbox = self._stack.enter_context(Sandbox(seconds, level))
        return current

    def close(self) -> None:
        self._sandbox = None
        with contextlib.suppress(OSError):  # its zygote may be gone, or its folder
            self._stack.close()


_places: dict[int, _Place] = {}  # of each thread: a Dask worker may have several
_starting = threading.Lock()  # a sandbox


@contextlib.contextmanager
def _my_place() -> Iterator[_Place]:
    place = _places.setdefault(threading.get_ident(), _Place())
    with place.busy:
        yield place


def end_idle_sandboxes() -> None:
    """End the sandboxes of this process that are not in use: a worker of a cluster outlives the batch.

    And remove the folders of those workers on this machine that were killed.
    """
    for place in list(_places.values()):
        if place.busy.acquire(blocking=False):
            try:
                place.close()
            finally:
                place.busy.release()
    scratch.sweep()


def end_this_process() -> None:
    """End all sandboxes, those in use, too, and then this process at once."""
    _starting.acquire()  # for good: whoever has lost one gets no other
    for place in list(_places.values()):
        place.close()
    scratch.sweep()  # that of the grader, which may have been killed
    os._exit(STUCK)

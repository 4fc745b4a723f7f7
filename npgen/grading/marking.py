"""One function of one submission -> a verdict."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

from npgen.grading import checks, isolation, judging
from npgen.grading.judging import Check, Finding
from npgen.grading.language import N_, Message
from npgen.grading.sandbox import Sandbox, Stopped
from npgen.grading.submission import Submission

STATUSES = ("passed", "failed", "error", "timeout", "crashed", "missing")


@dataclass(frozen=True)
class Verdict:
    """What is said of one function."""

    check: Check
    status: str  # one of STATUSES; `missing` also where it is not written yet
    seconds: float
    finding: Finding | None = None
    note: Message | None = None  # about other functions of the same file
    printed: str = ""

    @property
    def score(self) -> int:
        return self.check.points if self.status == "passed" else 0


def mark(submission: Submission, check: Check, sandbox: Sandbox, seed: int) -> Verdict:
    """Judge one function with the submission's own other functions, and if that fails, with right ones in their place.

    So a function is not marked down for a mistake in another one that it calls, nor for a network of the student's own
    in place of the one that the exercise came with.
    """
    beginning = time.perf_counter()
    given = checks.given(check.topic)
    judge = partial(_judge, submission, check, sandbox, seed)  # (names of right stand-ins, other names) -> _Judged
    judged = judge((), (*check.builds_on, *given))
    called, note = judged.calls, None
    attempts = [called] if judged.status == "timeout" and called else _replaced(called, given)  # each may take as long
    for names in attempts:
        if judged.finding is None:
            break
        alone = judge(names, ())
        if alone.finding is None:
            note = _note_on_others(judge, names, given, timed_out=judged.status == "timeout")
        if alone.finding is None or not _is_known(check, judged.finding) or _is_known(check, alone.finding):
            judged = alone
    seconds = time.perf_counter() - beginning
    return Verdict(check, judged.status, seconds, judged.finding, note, judged.printed)


WITH_OTHERS = N_("It is right. It will work once these functions of yours are right, too: {names}.")
WITH_GIVEN = N_("It is right. It was marked with the {names} that the exercise came with, in place of your own.")


def _note_on_others(judge, names: tuple[str, ...], given: Iterable[str], timed_out: bool) -> Message:
    """What to say of a function that is right with right ones in place of `names`: which of those are not.

    That is found by taking back the submission's own, one by one; not if it timed out, for each may take as long again.
    """
    own = tuple(name for name in names if name not in given)
    if not own:
        return Message(WITH_GIVEN, names=", ".join(names))

    def spoils(name):
        return judge(tuple(other for other in names if other != name), ()).finding is not None

    wrong = () if timed_out else tuple(filter(spoils, own))
    return Message(WITH_OTHERS, names=", ".join(wrong or own))


def _replaced(called: tuple[str, ...], given: Iterable[str]) -> list[tuple[str, ...]]:
    """What to put right ones in place of, one attempt after another: what the exercise gives away, then all."""
    given = tuple(name for name in called if name in given)
    return [names for names in dict.fromkeys((given, called)) if names]


def _is_known(check: Check, finding: Finding) -> bool:
    return finding.diagnosis in {mistake.name for mistake in check.mistakes}


class _Judged(NamedTuple):
    status: str
    finding: Finding | None
    printed: str = ""
    calls: tuple[str, ...] = ()  # other functions of the topic that the function calls


def _judge(submission, check, sandbox, seed, stand_ins, others) -> _Judged:
    """The verdict with these stand-ins; where a class is marked, on a function that is right also on how it scales."""
    judged = _converse(submission, check, sandbox, seed, stand_ins, others)
    if judged.finding is not None or check.at_scale is None or not isolation.confined(sandbox.level):
        return judged
    large = replace(check, conversation=check.at_scale, mistakes=())
    at_scale = _converse(submission, large, sandbox, seed, stand_ins, others)
    if at_scale.status == "timeout":
        text = N_(
            "It is right, but with thousands of variables it takes more than {seconds:.0f} s for one example. {why}"
        )
        message = Message(text, seconds=sandbox.seconds, why=Message(judging.TOO_SLOW))
        at_scale = at_scale._replace(finding=Finding("too_slow", message))
    return at_scale


def _converse(submission, check, sandbox, seed, stand_ins, others) -> _Judged:
    job = None
    try:
        right = {name: f"{check.topic}.{name}" for name in stand_ins}
        with sandbox.job(submission.source, submission.name, check.name, right, others) as job:
            transcript = judging.run(check, job.ask, seed)
    except Stopped as stopped:
        finding = _stopped_finding(stopped, sandbox)
        return _Judged(stopped.status, finding, job.printed, job.calls) if job else _Judged(stopped.status, finding)
    finding = transcript.finding
    if finding is None:
        return _Judged("passed", None, job.printed)
    if finding.diagnosis == "not_written":
        return _Judged("missing", finding, job.printed, job.calls)
    mistake = judging.diagnose(check, transcript)
    if mistake is not None:
        finding = Finding(mistake.name, Message(mistake.message), finding.case, finding.details)
    status = "error" if finding.diagnosis == "error" else "failed"
    return _Judged(status, finding, job.printed, job.calls)


def _stopped_finding(stopped: Stopped, sandbox: Sandbox) -> Finding:
    if stopped.status == "missing":
        return Finding("missing", Message(N_("The file has no function of this name.")))
    if stopped.status == "timeout":
        text = N_("It took longer than {seconds:.0f} s. Is there a loop that does not end, or one over single numbers?")
        return Finding("timeout", Message(text, seconds=sandbox.seconds))
    if stopped.status == "crashed":
        return Finding("crashed", Message(N_("The process that ran it ended without an answer.")))
    if stopped.detail["type"] == "BadFrame":
        text = N_("It returns something that cannot be read: {message}. Return arrays of numbers.")
        return Finding("unreadable", Message(text, message=stopped.detail["message"]))
    return judging.error_finding(stopped.detail, Message(N_("while the file is loaded")))

"""One function of one submission -> a verdict."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import NamedTuple

from npgen.grading import checks, judging
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

    So a function is not marked down for a mistake in another one that it calls.
    """
    beginning = time.perf_counter()
    others = {other.name: other.reference for other in checks.load(check.topic) if other.name != check.name}
    judged = _judge(submission, check, sandbox, seed, {}, tuple(others))
    note = None
    if judged.finding is not None and judged.calls:  # also where it stops because another one is not written yet
        alone = _judge(submission, check, sandbox, seed, {name: others[name] for name in judged.calls}, ())
        if alone.finding is None:
            text = N_("It is right, but does not work yet with your own {names}: that is where the mistake is.")
            note = Message(text, names=", ".join(judged.calls))
        if alone.finding is None or not _is_known(check, judged.finding) or _is_known(check, alone.finding):
            judged = alone
    seconds = time.perf_counter() - beginning
    return Verdict(check, judged.status, seconds, judged.finding, note, judged.printed)


def _is_known(check: Check, finding: Finding) -> bool:
    return finding.diagnosis in {mistake.name for mistake in check.mistakes}


class _Judged(NamedTuple):
    status: str
    finding: Finding | None
    printed: str = ""
    calls: tuple[str, ...] = ()  # other functions of the topic that the function calls


def _judge(submission, check, sandbox, seed, stand_ins, others) -> _Judged:
    job = None
    try:
        with sandbox.job(submission.source, submission.name, check.name, stand_ins, others) as job:
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

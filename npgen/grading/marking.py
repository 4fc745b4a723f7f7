"""One function of one submission -> a verdict."""

from __future__ import annotations

import time
from dataclasses import dataclass

from npgen.grading import judging
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
    status, finding, printed = _judge(submission, check, sandbox, seed, {})
    note = None
    if finding is not None and check.needs:  # also where it stops because another one is not written yet
        alone = _judge(submission, check, sandbox, seed, _references(check))
        if alone[1] is None:
            text = N_("It is right, but does not work yet with your own {names}: that is where the mistake is.")
            note = Message(text, names=", ".join(check.needs))
        if alone[1] is None or not _is_known(check, finding) or _is_known(check, alone[1]):
            status, finding, printed = alone
    return Verdict(check, status, time.perf_counter() - beginning, finding, note, printed)


def _is_known(check: Check, finding: Finding) -> bool:
    return finding.diagnosis in {mistake.name for mistake in check.mistakes}


def _references(check: Check):
    from npgen.grading.checks import load

    return {other.name: other.reference for other in load(check.topic) if other.name in check.needs}


def _judge(submission, check, sandbox, seed, stand_ins) -> tuple[str, Finding | None, str]:
    job = None
    try:
        with sandbox.job(submission.source, submission.name, check.name, stand_ins) as job:
            transcript = judging.run(check, job.ask, seed)
    except Stopped as stopped:
        return stopped.status, _stopped_finding(stopped, sandbox), job.printed if job else ""
    finding, printed = transcript.finding, job.printed
    if finding is None:
        return "passed", None, printed
    if finding.diagnosis == "not_written":
        return "missing", finding, printed
    mistake = judging.diagnose(check, transcript)
    if mistake is not None:
        finding = Finding(mistake.name, Message(mistake.message), finding.case, finding.details)
    return "error" if finding.diagnosis == "error" else "failed", finding, printed


def _stopped_finding(stopped: Stopped, sandbox: Sandbox) -> Finding:
    if stopped.status == "missing":
        return Finding("missing", Message(N_("The file has no function of this name.")))
    if stopped.status == "timeout":
        text = N_("It took longer than {seconds:.0f} s. Is there a loop that does not end, or one over single numbers?")
        return Finding("timeout", Message(text, seconds=sandbox.seconds))
    if stopped.status == "crashed":
        return Finding("crashed", Message(N_("The process that ran it ended without an answer.")))
    return judging.error_finding(stopped.detail, Message(N_("while the file is loaded")))

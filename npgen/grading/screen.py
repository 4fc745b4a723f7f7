"""Verdicts -> what a student reads: tables in a terminal, plain lines where output is piped, JSON for machines."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.padding import Padding
from rich.status import Status
from rich.table import Table
from rich.text import Text

import npgen
from npgen.grading.language import N_, Message
from npgen.grading.sandbox import LEVEL

if TYPE_CHECKING:
    from npgen.grading.check import Checked, Task
    from npgen.grading.judging import Finding
    from npgen.grading.marking import Verdict

PRINTED_LINES = 5  # of what a function prints
PRINTED_COLUMNS = 200

# status: the word for it, and its colour, which says nothing that the word does not
WORDS = {
    "passed": (N_("passed"), "green"),
    "failed": (N_("not right yet"), "red"),
    "error": (N_("stops"), "red"),
    "timeout": (N_("takes too long"), "red"),
    "crashed": (N_("crashes"), "red"),
    "missing": (N_("not written yet"), "yellow"),
}


class Screen:
    """A console and a language."""

    def __init__(self, console: Console, language: str):
        self.console, self.language = console, language

    def say(self, text: str, style: str = "", **values: Any) -> None:
        """Print a text marked with N_; where output is piped it stays one line, however long."""
        self.line(Message(text, **values).into(self.language), style)

    def line(self, line: str, style: str = "", indent: int = 0) -> None:
        """Print a line as it is: no markup, no colours of numbers."""
        if self.console.is_terminal:
            self.console.print(Padding(Text(line, style), (0, 0, 0, indent)))
        else:
            self.console.print(Text(" " * indent + line), soft_wrap=True)

    def error(self, error: Exception) -> None:
        """Print an error that ends nothing."""
        message = error.args[0] if error.args else ""
        self.line(message.into(self.language) if isinstance(message, Message) else str(error), "red")

    def rows(self, rows: list[tuple[Text | str, ...]], right: tuple[int, ...] = ()) -> None:
        """Print rows in columns, those of `right` flush right; plain text has all its columns at any width."""
        if not self.console.is_terminal:
            for row in _padded([tuple(map(str, row)) for row in rows], right):
                self.line(row)
            return
        table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
        for i in range(len(rows[0])):  # where the terminal is narrow, the first column gives way
            table.add_column(justify="right" if i in right else "left", overflow="fold", no_wrap=i > 0)
        for first, *others in rows:
            indent = len(str(first)) - len(str(first).lstrip())
            table.add_row(Padding(first if indent == 0 else str(first).lstrip(), (0, 0, 0, indent)), *others)
        self.console.print(table)

    def working(self, task: Task) -> Status:
        """A context in which a terminal shows that something is going on."""
        return self.console.status(Text(Message(N_("checking {target}"), target=task.target).into(self.language)))

    def checked(self, checked: Checked) -> None:
        """A file: a row for each function, and below what is to be said of those that are not right."""
        task = checked.task
        points = Message(_POINTS, score=checked.score, max_score=checked.max_score).into(self.language)
        self.line(f"{task.topic}  ({task.path})  {points}", "bold")
        self.rows([self._row(verdict) for verdict in checked.verdicts], right=(2, 3))
        for names, words in self._paragraphs(checked.verdicts):
            self.line("")
            self.line(names, "bold")
            for line, style in words:
                self.line(line, style, indent=2)
        other = checked.resembles
        if other is not None:
            file = task.path if task.path.stem == other else f"{task.path} --topic {other}"
            self.line("")
            self.say(N_("It looks like {topic}: npgen check {file}"), "cyan", topic=other, file=file)
        self.line("")

    def _row(self, verdict: Verdict) -> tuple[Text | str, ...]:
        word, colour = WORDS[verdict.status]
        points, check = f"{verdict.score}/{verdict.check.points}", verdict.check
        return f"  {check.name}", Text(self.text(word), colour), points, f"{verdict.seconds:.2f} s"

    def text(self, text: str) -> str:
        return Message(text).into(self.language)

    def _paragraphs(self, verdicts: tuple[Verdict, ...]) -> list[tuple[str, list[tuple[str, str]]]]:
        """(names of functions, lines with their styles); functions of which the same is to be said share one."""
        shared: dict[tuple[str, ...], list[Verdict]] = {}
        for verdict in verdicts:
            told = verdict.printed or (verdict.finding and verdict.finding.diagnosis != "not_written")
            if told or verdict.note:
                shared.setdefault(tuple(sentences(verdict, self.language)), []).append(verdict)
        paragraphs = []
        for lines, told_of in shared.items():
            styled = [(line, "") for line in lines]
            styled += [(line, "dim") for line in self._printed(told_of[0].printed)]
            if len(told_of) == 1 and told_of[0].status in ("failed", "error", "timeout", "crashed"):
                styled.append((self._hint(told_of[0]), "cyan"))
            paragraphs.append((", ".join(verdict.check.name for verdict in told_of), styled))
        return paragraphs

    def _hint(self, verdict: Verdict) -> str:
        return Message(N_("For a hint: npgen hint {function}"), function=verdict.check.id).into(self.language)

    def _printed(self, printed: str) -> list[str]:
        lines = printed.strip("\n").splitlines()
        if not lines:
            return []
        shown = [f"| {line[:PRINTED_COLUMNS]}" for line in lines[:PRINTED_LINES]]
        if len(lines) > PRINTED_LINES:
            shown.append(Message(N_("| ... and {n} more lines"), n=len(lines) - PRINTED_LINES).into(self.language))
        return [self.text(N_("It printed:")), *shown]

    def summary(self, all_checked: list[Checked], seconds: float) -> bool:
        """The last lines; whether everything passed."""
        score, max_score = sum(c.score for c in all_checked), sum(c.max_score for c in all_checked)
        n_passed, n = sum(c.n_passed for c in all_checked), sum(len(c.verdicts) for c in all_checked)
        values = {"n_passed": n_passed, "n": n, "score": score, "max_score": max_score}
        if n_passed == n:
            text = N_("Public checks passed: {n_passed} of {n} functions, {score} of {max_score} points.")
            self.say(text, "bold green", **values)
            self.say(N_("A course may mark with other inputs than these."))
        else:
            text = N_("{n_passed} of {n} functions pass the public checks: {score} of {max_score} points.")
            self.say(text, "bold", **values)
            todo = next(v for c in all_checked for v in c.verdicts if v.status != "passed")
            if todo.status == "missing":  # of the others a hint has been offered above
                self.say(N_("Next: {function}. For a hint: npgen hint {function}"), function=todo.check.id)
        from npgen.grading.check import PUBLIC_SEED

        text = N_("The same inputs every time (seed {seed}); isolation {level}; {seconds:.1f} s.")
        self.say(text, "dim", seed=PUBLIC_SEED, level=LEVEL, seconds=seconds)
        return n_passed == n


_POINTS = N_("{score} of {max_score} points")


def sentences(verdict: Verdict, language: str) -> list[str]:
    """What is to be said of a function: the smallest case that fails, then what is wrong with it."""
    note = [verdict.note.into(language)] if verdict.note is not None else []
    return [*_about(verdict.finding, language), *note] if verdict.finding is not None else note


def _about(finding: Finding, language: str) -> list[str]:
    case = [] if finding.case is None else [finding.case]
    if finding.diagnosis == "error":  # what it says, and where
        where = ", ".join(message.into(language) for message in (*finding.details, *case))
        lines = [finding.message.into(language), f"({where})" if where else ""]
    else:
        case = [Message(N_("Case: {case}"), case=message) for message in case]
        lines = [message.into(language) for message in (*case, *finding.details, finding.message)]
    return [line for line in lines if line]


def as_json(all_checked: list[Checked], language: str) -> str:
    """All verdicts; those of a function in the form of a marked submission (`npgen grade`)."""
    from npgen.grading.check import PUBLIC_SEED

    topics = [
        {
            "topic": checked.task.topic,
            "file": str(checked.task.path),
            "score": checked.score,
            "max_score": checked.max_score,
            "functions": [function_json(verdict, language) for verdict in checked.verdicts],
        }
        for checked in all_checked
    ]
    content = {
        "schema": 1,
        "npgen": npgen.__version__,
        "isolation": LEVEL,
        "seed": PUBLIC_SEED,
        "score": sum(checked.score for checked in all_checked),
        "max_score": sum(checked.max_score for checked in all_checked),
        "topics": topics,
    }
    return json.dumps(content, indent=2, ensure_ascii=False)


def function_json(verdict: Verdict, language: str) -> dict[str, Any]:
    """One function, with plain JSON types."""
    return {
        "name": verdict.check.name,
        "status": verdict.status,
        "score": verdict.score,
        "max_score": verdict.check.points,
        "diagnosis": verdict.finding.diagnosis if verdict.finding else None,
        "message": "\n".join(sentences(verdict, language)),
        "seconds": round(verdict.seconds, 3),
    }


def _padded(rows: list[tuple[str, ...]], right: tuple[int, ...]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]

    def padded(i: int, cell: str) -> str:
        return cell.rjust(widths[i]) if i in right else cell.ljust(widths[i])

    return ["  ".join(padded(i, cell) for i, cell in enumerate(row)).rstrip() for row in rows]

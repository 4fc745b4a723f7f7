"""What `npgen list` and `npgen hint` do: the exercises, how far a student is, and help from vague to specific."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from rich.text import Text

from npgen.errors import InputError
from npgen.grading import checks, state
from npgen.grading.check import exercises
from npgen.grading.judging import Check
from npgen.grading.language import N_, Message
from npgen.grading.screen import WORDS, Screen


def show(screen: Screen, folder: Path | None) -> None:
    """Print all topics with their functions, points, and the verdicts of the last checks."""
    folder = exercises(folder)
    remembered = state.load(folder)
    rows: list[tuple[Text | str, ...]] = []
    total = n_points = 0
    for topic in checks.TOPICS:
        path = folder / f"{topic}.py"
        source = state.sha256(path.read_bytes()) if path.is_file() else None
        functions = checks.load(topic)
        reached = sum(check.points for check in functions if _status(remembered, check) == "passed")
        points = sum(check.points for check in functions)
        rows.append((Text(topic, "bold"), Text(f"{reached}/{points}", "bold"), _missing(screen, path)))
        for check in functions:
            score = check.points if _status(remembered, check) == "passed" else 0
            rows.append((f"  {check.name}", f"{score}/{check.points}", _told(screen, remembered, check, source)))
        total, n_points = total + reached, n_points + points
    screen.rows(rows, right=(1,))
    screen.line("")
    screen.say(
        N_("{score} of {max_score} points at the last check, in {folder}."),
        score=total,
        max_score=n_points,
        folder=folder,
    )
    screen.say(N_("Check them with: npgen check"), "dim")


def _missing(screen: Screen, path: Path) -> str:
    return "" if path.is_file() else Message(N_("no file {name}"), name=path.name).into(screen.language)


def _status(remembered: state.State, check: Check) -> str | None:
    status, _ = remembered.verdicts.get(check.id, (None, None))
    return status if status in WORDS else None


def _told(screen: Screen, remembered: state.State, check: Check, source: str | None) -> Text | str:
    """The last verdict, and whether the file has changed since."""
    status = _status(remembered, check)
    if status is None:
        return ""
    word, colour = WORDS[status]
    if remembered.verdicts[check.id][1] == source:
        return Text(screen.text(word), colour)
    return Text(Message(N_("{word}, changed since"), word=Message(word)).into(screen.language), "dim")


def hint(screen: Screen, function: str, folder: Path | None) -> None:
    """Print the next hint for a function and remember it; after the last one, that one again."""
    found = checks.find(function)
    if "." not in function:
        text = N_("Say of which function: npgen hint {examples}")
        raise InputError(Message(text, examples=" | ".join(check.id for check in found)))
    (check,) = found
    remembered = state.load(exercises(folder))
    shown, n = remembered.hints.get(check.id, 0), len(check.hints)
    if shown >= n:
        screen.say(N_("That was the last hint for {function}. Here it is again."), "dim", function=check.id)
    number = min(shown + 1, n)
    screen.say(N_("Hint {number} of {n}: {hint}"), number=number, n=n, hint=Message(check.hints[number - 1]))
    if number < n:
        screen.say(N_("For the next one, the same command again."), "dim")
    dataclasses.replace(remembered, hints={**remembered.hints, check.id: number}).save()

"""What a student hands in: a Python file or a notebook, as bytes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from npgen.errors import InputError
from npgen.grading import parsing
from npgen.grading.language import N_, Message

if TYPE_CHECKING:
    from npgen.grading.marking import Verdict

MAX_NUMBERS = 10  # of cells, in a message


@dataclass(frozen=True)
class Submission:
    """The text to run, and the name of the file for messages."""

    name: str
    source: bytes
    left_out: tuple[int, ...] = ()  # the cells of a notebook that Python cannot read

    def told(self, verdict: Verdict) -> Verdict:
        """The verdict on one of its functions, with a note where that may be about a cell that was left out."""
        if not self.left_out or verdict.status == "passed" or verdict.note is not None:
            return verdict
        text = N_(
            "Python cannot read all cells of your notebook, and these were left out: {numbers} (counted from the top, "
            "without cells of text)."
        )
        more = ", ..." if len(self.left_out) > MAX_NUMBERS else ""
        return replace(verdict, note=Message(text, numbers=", ".join(map(str, self.left_out[:MAX_NUMBERS])) + more))


def read(path: Path) -> Submission:
    """A .py file as it is, or the code cells of a .ipynb one after another, as `parsing.notebook_code` makes them.

    This is for a student's own files; `submissions` reads those of others.

    Raises
    ------
    InputError
        If there is no such file, or it is too large, or not what its name says.
    """
    if not path.is_file():
        raise InputError(Message(N_("{path}: no such file. `npgen handout` writes the exercises anew."), path=path))
    most = parsing.MAX_BYTES.get(path.suffix, parsing.MAX_BYTES[".py"])
    try:
        with path.open("rb") as file:
            content = file.read(most + 1)
    except OSError as error:
        raise InputError(Message(N_("{path}: {reason}"), path=path, reason=error.strerror)) from error
    if len(content) > most:
        text = N_("{path}: larger than {megabytes} MB; expected a Python file or a notebook.")
        raise InputError(Message(text, path=path, megabytes=most // 2**20))
    left_out: list[int] = []
    if path.suffix == ".ipynb":
        try:
            content, left_out = parsing.notebook_code(path.name, content)
        except parsing.Unreadable as error:
            text = N_("{path}: not a notebook that can be read. Save it again, or take a .py file.")
            raise InputError(Message(text, path=path)) from error
    return Submission(path.name, content, tuple(left_out))

"""What a student hands in: a Python file or a notebook, as bytes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from npgen.errors import InputError
from npgen.grading import parsing
from npgen.grading.language import N_, Message


@dataclass(frozen=True)
class Submission:
    """The text to run, and the name of the file for messages."""

    name: str
    source: bytes


def read(path: Path) -> Submission:
    """A .py file as it is, or the code cells of a .ipynb one after another.

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
    if path.suffix == ".ipynb":
        try:
            content = parsing.notebook_code(path.name, content)
        except parsing.Unreadable as error:
            text = N_("{path}: not a notebook that can be read. Save it again, or take a .py file.")
            raise InputError(Message(text, path=path)) from error
    return Submission(path.name, content)

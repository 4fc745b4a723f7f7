"""The names of students in a download of submissions from Gradescope, whose submission_metadata.yml says them:

    submission_234567890:
      :submitters:
      - :name: Ana Gil
        :sid: '100'
        :email: ana@example.org
      :created_at: 2026-11-20 10:00:00.000000000 Z
      :results: ...

A program writes that file, so few of YAML's forms occur. It also holds the results of all earlier submissions, so it
may be large; and what stands in it are texts of students. So this is no parser of YAML, which would be one more package
and build whatever the file says, but finds these lines and no others, by their indentation: that of a longer text is
deeper. A name in a form that is not known here is no name, and its student has that of the folder.

A name is made fit to name a file. The number of the submission goes with it, for two students may have one name, and
somebody may take that of a classmate.
"""

from __future__ import annotations

import os
import re
import stat
import unicodedata
from collections.abc import Iterator
from pathlib import Path

NAME = "submission_metadata.yml"
MAX_LINE = 2**16  # bytes that are looked at
MAX_STUDENTS, MAX_TEXT, MAX_NAME = 20, 1000, 60  # of one submission; characters of a name, as written and as used

SUBMISSION = re.compile(r"(submission_([0-9]{1,20})):")
KEY = re.compile(r"  (?:- |  ):(\w+):(.*)", flags=re.DOTALL)  # of a student

PLAIN = re.compile(r"(?:[^\s\"'!&*|>%@`#\[\]{},?:-]|[?:-](?=\S)).*")
SINGLE = re.compile(r"'((?:[^']|'')*)'")
DOUBLE = re.compile(r'"((?:[^"\\]|\\.)*)"')
BROKEN = re.compile(r"(?<!\\)((?:\\\\)*)\\\n\s*")  # between double quotes: no space was here
ESCAPE = re.compile(r"\\(?:x([0-9A-F]{2})|u([0-9A-F]{4})|U(000[0-9A-F]{5}|0010[0-9A-F]{4})|(.))")


def names(folder: Path) -> dict[str, str]:
    """{folder of a submission: its students}, as far as the file says them; {} if there is none."""
    written: dict[str, list[str]] = {}
    try:
        for submission, text in _written(_lines(folder / NAME)):
            written.setdefault(submission, []).append(text)
    except OSError:
        return {}
    found = {}
    for submission, texts in written.items():
        students = [name for name in map(_name, texts) if name]
        if students:
            found[submission] = f"{', '.join(students)}_{submission.partition('_')[2]}"
    return found


def _lines(path: Path) -> Iterator[str]:
    """The beginnings of the lines of a regular file."""
    how = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)  # a pipe is not waited for
    with os.fdopen(os.open(path, how), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            return
        begins = True
        while piece := file.readline(MAX_LINE):
            if begins:
                yield piece.decode("utf-8", "replace")
            begins = piece.endswith(b"\n")


def _written(lines: Iterator[str]) -> Iterator[tuple[str, str]]:
    """(submission, what stands after :name:, which may be several lines) for each of its students."""
    submission, inside, text, n = None, False, None, 0
    for line in lines:
        key = KEY.match(line) if inside else None
        begins = not line[:1].isspace() or (line.startswith("  ") and line[2:3] not in (" ", "-", "\n"))
        if text is not None and (key or begins):
            yield submission, text
            text = None
        if not line[:1].isspace():
            match = SUBMISSION.match(line)
            submission, inside, n = match and match[1], False, 0
        elif begins:
            inside = submission is not None and line.strip() == ":submitters:"
        elif key and key[1] == "name" and n < MAX_STUDENTS:
            text, n = key[2], n + 1
        elif text is not None and len(text) < MAX_TEXT:
            text += line
    if text is not None:
        yield submission, text


def _name(text: str) -> str | None:
    """A text as YAML writes it, as a name; None if it is neither plain nor between quotes."""
    if text.lstrip().startswith('"'):
        text = BROKEN.sub(r"\1", text)
    text = " ".join(text.split())  # a long one goes over several lines, broken at its spaces
    if match := DOUBLE.fullmatch(text):
        name = ESCAPE.sub(_escaped, match[1])
    elif match := SINGLE.fullmatch(text):
        name = match[1].replace("''", "'")
    elif PLAIN.fullmatch(text):
        name = text
    else:
        return None
    name = " ".join(unicodedata.normalize("NFC", name).split())
    return "".join(c if c.isprintable() and c not in "/\\" else "_" for c in name[:MAX_NAME])


def _escaped(match: re.Match[str]) -> str:
    code = match[1] or match[2] or match[3]
    if code:
        return chr(int(code, 16))
    return match[4] if match[4] in '"\\ /' else " "  # the others are blanks and control characters

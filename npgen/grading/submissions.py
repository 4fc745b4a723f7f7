"""The folder with what a class has handed in: who is in it, and the bytes of each.

An entry is one student: NAME.py, NAME.ipynb, NAME.zip, or a folder NAME/, in which (as in a zip file) the file that
counts is TOPIC.py or TOPIC.ipynb, at any depth, or else the only Python file or notebook. So the downloads of Moodle
and Gradescope can be taken as they are, once unpacked:

    Ana Gil_1234567_assignsubmission_file_/work.py     Moodle, a folder each      the student "Ana Gil_1234567"
    Ana Gil_1234567_assignsubmission_file_work.ipynb   Moodle, without folders    the student "Ana Gil_1234567"
    submission_234567890/vae.py                        Gradescope                 the student "Ana Gil_234567890"

The names of the last kind are in Gradescope's submission_metadata.yml, beside the folders (`gradescope`); without it,
the student is "submission_234567890".

Whoever wrote these files may mean harm. They are opened once, without following a link or waiting for a pipe, and no
more is read than a submission may have; what takes a parser happens in a process with limits (`parsing`).
"""

from __future__ import annotations

import ast
import base64
import functools
import json
import os
import re
import stat
import subprocess
import sys
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import npgen
from npgen.errors import InputError
from npgen.grading import checks, gradescope, parsing
from npgen.grading.handout import BEGIN, CHECKOUT
from npgen.grading.language import N_, Message

READING_SECONDS = 30.0  # of wall clock, for the process with limits; an honest file takes 0.1
MAX_DEPTH = 6  # of folders in a folder
MAX_TEXT = 200  # characters of a name in a message

# An online text, or feedback, is not what is marked.
MOODLE = re.compile(r"(?P<student>.+_\d+)_assignsubmission_(?P<kind>[a-z]+)(_(?P<name>.*))?", flags=re.DOTALL)

PROBLEMS = {
    "several": N_("More than one file was handed in, and nothing says which one counts: {names}."),
    "none": N_("No file was found in it: expected {topic}.py or {topic}.ipynb."),
    "irregular": N_("{names} is not a regular file."),
    "large": N_("{names} is larger than what can be marked."),
    "many": N_("It holds too many files."),
    "zip": N_("{names} is not a zip file that can be read."),
    "notebook": N_("{names} is not a notebook that can be read."),
    "unreadable": N_("{names} cannot be read."),
    "limits": N_("The file could not be read within the limits of time and memory."),
}


@dataclass(frozen=True)
class HandedIn:
    """The bytes of a student's file as it was handed in, and its name, which says what they are."""

    name: str
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class Parsed:
    """What `parsing` made of it: the text to run, and where it is nearly npgen's own (None if that took too long)."""

    source: bytes
    left_out: tuple[int, ...]  # cells of a notebook
    similarity: list[dict[str, Any]] | None


def find(folder: Path, out: Path | None = None) -> tuple[dict[str, list[Path]], list[str]]:
    """{student: entries}, sorted by name, and the names of the entries that are no submission.

    The folder of the results, `out`, is neither, should it lie among them. The paths are absolute.
    """
    folder = Path(os.path.abspath(folder))
    results = out and Path(os.path.realpath(out))
    students: dict[str, list[Path]] = {}
    ignored = []
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise InputError(f"cannot read {folder}: {error.strerror}. Name the folder of the submissions.") from error
    named = gradescope.names(folder)
    for entry in entries:
        if results and results.is_relative_to(os.path.realpath(entry.path)):
            continue
        student = _student(entry)
        if student is not None:
            students.setdefault(named.get(student, student), []).append(Path(entry.path))
        elif entry.name != gradescope.NAME or not named:
            ignored.append(text_of(entry.name))
    if not students:
        raise InputError(f"{folder} holds no submission; expected NAME.py, NAME.ipynb, NAME.zip or folders NAME/.")
    return dict(sorted(students.items(), key=lambda item: in_an_index(item[0]))), ignored


def _student(entry: os.DirEntry) -> str | None:
    name = text_of(entry.name)
    if name.startswith((".", "__MACOSX")):
        return None
    moodle = MOODLE.fullmatch(name)
    if moodle:
        return moodle["student"] if moodle["kind"] == "file" else None
    stem, suffix = os.path.splitext(name)
    if suffix.lower() in parsing.MAX_BYTES:
        return stem
    return name if entry.is_dir(follow_symlinks=False) else None


def text_of(name: str) -> str:
    r"""A file name as text that can be written down: one form of each accent, and \x.. for bytes that are no text."""
    return unicodedata.normalize("NFC", os.fsencode(name).decode("utf-8", "backslashreplace"))


def in_an_index(name: str) -> tuple[str, str]:
    """What sorts names as an index does: Á with A, whatever the platform."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    return "".join(c for c in letters if not unicodedata.combining(c)), name


def plain(text: str) -> str:
    """A text without what a terminal does not show, but does."""
    return "".join(c if c.isprintable() else "?" for c in text)


def shown(text: str) -> str:
    """A name for a message or a terminal: plain, and not long."""
    return plain(text) if len(text) <= MAX_TEXT else f"{plain(text[:MAX_TEXT])}..."


# --- reading ---------------------------------------------------------------------------------------------------------


def read(entries: list[Path], topic: str) -> HandedIn:
    """The one file of a student; `parsing.Unreadable` if there is none, or none that can be read."""
    if len(entries) > 1:  # what nobody could mean does not count, as in a folder
        entries = [entry for entry in entries if not entry.is_file() or _most(entry) is not None]
    if len(entries) > 1:
        raise parsing.Unreadable("several", *(text_of(entry.name) for entry in entries))
    if not entries:
        raise parsing.Unreadable("none")
    (path,) = entries
    try:
        if stat.S_ISDIR(path.lstat().st_mode):
            path = _chosen(path, topic)
        return HandedIn(text_of(path.name), _regular(path))
    except OSError as error:
        raise parsing.Unreadable("unreadable", text_of(path.name)) from error


def _chosen(folder: Path, topic: str) -> Path:
    """The file in a folder that counts; a zip file only if there is nothing else."""
    names = list(_names(folder))
    try:
        return folder / parsing.choose(names, topic)
    except parsing.Unreadable as error:
        zipped = [name for name in names if PurePosixPath(name).suffix.lower() == ".zip" and not parsing.hidden(name)]
        if error.problem != "none" or not zipped:
            raise
        if len(zipped) > 1:
            raise parsing.Unreadable("several", *sorted(zipped)) from error
        return folder / zipped[0]


def _names(folder: Path) -> list[str]:
    """Everything in a folder that is not one, with its path from there; links are not followed."""
    found: list[str] = []
    folders = [(folder, "", 0)]
    while folders:
        path, prefix, depth = folders.pop()
        with os.scandir(path) as entries:
            for entry in entries:
                if not entry.is_dir(follow_symlinks=False):
                    found.append(prefix + entry.name)
                elif depth < MAX_DEPTH:
                    folders.append((Path(entry.path), f"{prefix}{entry.name}/", depth + 1))
                if len(found) + len(folders) > parsing.MAX_FILES:
                    raise parsing.Unreadable("many")
    return found


_HOW = os.O_RDONLY
for _name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):  # O_NONBLOCK: a pipe is not waited for
    _HOW |= getattr(os, _name, 0)


def _regular(path: Path) -> bytes:
    """The bytes of a regular file, which may have been something else a moment ago."""
    name, most = text_of(path.name), _most(path)
    if not stat.S_ISREG(path.lstat().st_mode):  # opening a device may do something
        raise parsing.Unreadable("irregular", name)
    if most is None:
        raise parsing.Unreadable("none")
    with os.fdopen(os.open(path, _HOW), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise parsing.Unreadable("irregular", name)
        content = file.read(most + 1)
    if len(content) > most:
        raise parsing.Unreadable("large", name)
    return content


def _most(path: Path) -> int | None:
    """How large a file of this name may be; None if it is no name of a submission."""
    return parsing.MAX_BYTES.get(path.suffix.lower())


def problem(error: parsing.Unreadable, topic: str) -> Message:
    """What to tell the student."""
    names = ", ".join(shown(name) for name in error.names[:5])
    return Message(PROBLEMS[error.problem], names=names, topic=topic)


# --- parsing ---------------------------------------------------------------------------------------------------------


def parse(handed_in: HandedIn, topic: str) -> Parsed:
    """The text to run, found by a process with limits; `parsing.Unreadable` if there is none."""
    own, given = functions_of_npgen(topic)
    request = {"name": handed_in.name, "topic": topic, "own": own, "given": given}
    command = [sys.executable, "-I", "-S", "-B", parsing.__file__]
    try:
        done = subprocess.run(
            command,
            input=json.dumps(request).encode() + b"\n" + handed_in.content,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # Python warns of each line that it finds odd
            env={},
            timeout=READING_SECONDS,
        )
        output = done.stdout
    except subprocess.TimeoutExpired as error:
        output = error.stdout or b""
    lines = [line for line in output.splitlines(keepends=True) if line.endswith(b"\n")]  # it may have died in one
    if not lines:
        raise parsing.Unreadable("limits")
    first, *more = map(json.loads, lines)
    if "problem" in first:
        raise parsing.Unreadable(first["problem"], *first["names"])
    similarity = more[0]["similarity"] if more else None
    return Parsed(base64.b64decode(first["source"]), tuple(first["left_out"]), similarity)


@functools.cache
def functions_of_npgen(topic: str) -> tuple[dict[str, str], list[str]]:
    """{name: text} of what a submission may have been copied from, and the functions that the exercise gives away."""
    module = Path(checks.__file__).with_name(f"{topic}.py")
    references = {check.reference.__name__ for check in checks.load(topic)}
    own = {f"{checks.__name__}.{topic}.{name}": text for name, text in _texts(module).items() if name in references}
    distributions = Path(npgen.__file__).with_name("distributions.py")
    own |= {f"npgen.distributions.{name}": text for name, text in _texts(distributions).items()}
    given = []
    solution = CHECKOUT / "solutions" / f"{topic}.py"
    if solution.is_file():  # it is not in a wheel
        for name, text in _texts(solution).items():
            if BEGIN in text:
                own[f"solutions.{topic}.{name}"] = text
            else:
                given.append(name)
    return own, given


def _texts(path: Path) -> dict[str, str]:
    """{name: text} of the functions of one of our own files."""
    text = path.read_text("utf-8")
    functions = [node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]
    return {function.name: ast.get_source_segment(text, function) or "" for function in functions}

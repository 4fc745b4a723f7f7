"""The folder with what a class has handed in: who is in it, and the bytes of each.

An entry is one student: NAME.py, NAME.ipynb, NAME.zip, or a folder NAME/, in which (as in a zip file) the file that
counts is TOPIC.py or TOPIC.ipynb, at any depth, or else the only Python file or notebook. So the downloads of Moodle
and Gradescope can be taken as they are, once unpacked:

    Ana Gil_1234567_assignsubmission_file_/work.py     Moodle, a folder each      the student "Ana Gil_1234567"
    Ana Gil_1234567_assignsubmission_file_work.ipynb   Moodle, without folders    the student "Ana Gil_1234567"
    submission_234567890/vae.py                        Gradescope                 the student "Ana Gil_234567890"

The names of the last kind are in Gradescope's submission_metadata.yml, beside the folders (`gradescope`); without it,
the student is "submission_234567890". Who hands in NAME.rar or NAME.pdf is a student, too, without a file that can be
read.

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
from npgen.grading import checks, gradescope, parsing, references
from npgen.grading.handout import BEGIN, CHECKOUT
from npgen.grading.language import N_, Message

READING_SECONDS = 30.0  # of wall clock, for the process with limits; an honest file takes 0.1
MAX_DEPTH = 6  # of folders in a folder
MAX_TEXT = 200  # characters of a name in a message
OTHER = (".rar", ".7z", ".pdf", ".docx")  # what a student may hand in instead of a submission

# An online text, or feedback, is not what is marked.
MOODLE = re.compile(r"(?P<student>.+_\d+)_assignsubmission_(?P<kind>[a-z]+)(_(?P<name>.*))?", flags=re.DOTALL)

PROBLEMS = {
    "several": N_(
        "More than one file was handed in, and nothing says which one counts: {names}. Hand in one file, {topic}.py."
    ),
    "none": N_("No file was found in it: expected {topic}.py or {topic}.ipynb."),
    "irregular": N_("{names} is not a regular file."),
    "large": N_("{names} is larger than what can be marked."),
    "many": N_("It holds too many files."),
    "zip": N_("{names} is not a zip file that can be read."),
    "notebook": N_("{names} is not a notebook that can be read."),
    "unreadable": N_("{names} cannot be read."),
    "limits": N_("The file could not be read within the limits of time and memory."),
}


ONLY_OTHERS = N_("No file was found in it: expected {topic}.py or {topic}.ipynb, and there is only {names}.")


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
    forms: dict[str, str] = field(default_factory=dict)  # of its functions, to be compared with those of classmates


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


def refuse_a_class_in(students: dict[str, list[Path]], topic: str, folder: Path) -> None:
    """InputError if the only student is a folder with the class in it, as an archive that was unpacked often is."""
    if len(students) > 1:
        return
    ((path, *_),) = students.values()
    student = MOODLE.fullmatch(path.name)
    if path.is_dir() and not path.is_symlink() and not student and _is_class(path, topic):
        raise InputError(f"{folder} holds one folder, {shown(text_of(path.name))}: name that one.")


def _is_class(folder: Path, topic: str) -> bool:
    """Whether it is a download of Gradescope, or holds several students and nothing that counts as one's own file."""
    try:
        if (folder / gradescope.NAME).is_file():
            return True
        with os.scandir(folder) as entries:
            if len(set(filter(None, map(_student, entries)))) < 2:
                return False
        _chosen(folder, topic)
    except parsing.Unreadable as error:
        return error.problem in ("several", "many")
    except OSError:  # which is told of that student
        pass
    return False


def _student(entry: os.DirEntry) -> str | None:
    name = text_of(entry.name)
    if name.startswith((".", "__MACOSX")):
        return None
    moodle = MOODLE.fullmatch(name)
    if moodle:
        return moodle["student"] if moodle["kind"] == "file" else None
    stem, suffix = os.path.splitext(name)
    if suffix.lower() in (*parsing.MAX_BYTES, *OTHER):
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
    every = entries
    if len(entries) > 1:  # what nobody could mean does not count, as in a folder
        entries = [entry for entry in entries if not entry.is_file() or _most(entry) is not None]
    if len(entries) > 1:
        raise parsing.Unreadable("several", *map(_own_name, entries))
    if not entries:
        raise parsing.Unreadable("none", *map(_own_name, every))
    (path,) = entries
    try:
        if stat.S_ISDIR(path.lstat().st_mode):
            path = _chosen(path, topic)
        return HandedIn(text_of(path.name), _regular(path))
    except OSError as error:
        raise parsing.Unreadable("unreadable", _own_name(path)) from error


def _own_name(path: Path) -> str:
    """The name of an entry as the student knows it, without what Moodle puts before it."""
    name = text_of(path.name)
    moodle = MOODLE.fullmatch(name)
    return (moodle and moodle["name"]) or name


def _chosen(folder: Path, topic: str) -> Path:
    """The file in a folder that counts; a zip file only if there is nothing else."""
    names = list(_names(folder))
    try:
        return folder / parsing.choose(names, topic)
    except parsing.Unreadable as error:
        zipped = [name for name in names if PurePosixPath(name).suffix.lower() == ".zip" and not parsing.hidden(name)]
        if error.problem != "none":
            raise
        if not zipped:
            raise parsing.Unreadable("none", *sorted(name for name in names if not parsing.hidden(name))) from error
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
    name, most = _own_name(path), _most(path)
    if not stat.S_ISREG(path.lstat().st_mode):  # opening a device may do something
        raise parsing.Unreadable("irregular", name)
    if most is None:
        raise parsing.Unreadable("none", name)
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
    text = ONLY_OTHERS if error.problem == "none" and names else PROBLEMS[error.problem]
    return Message(text, names=names, topic=topic)


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
    compared = more[0] if more else {"similarity": None, "forms": {}}
    return Parsed(base64.b64decode(first["source"]), tuple(first["left_out"]), **compared)


@functools.cache
def functions_of_npgen(topic: str) -> tuple[dict[str, str], list[str]]:
    """{name: text} of what a submission may have been copied from, and the functions that the exercise gives away."""
    module = Path(references.__file__).with_name(f"{topic}.py")
    names = {check.reference.__name__ for check in checks.load(topic)}
    own = {f"{references.__name__}.{topic}.{name}": text for name, text in _texts(module).items() if name in names}
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

"""What `npgen handout` does: solutions/<topic>.py -> <topic>.py without the solutions.

The part of a function between `# BEGIN SOLUTION` and `# END SOLUTION` becomes one line,
`raise NotImplementedError("<topic>: <function>")`. The exercises in the repository are written by
`npgen handout exercises --force --lang en`, and nobody edits them by hand. solutions/es/ has the same functions with
their texts in Spanish, which `--lang es` gives out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import npgen
from npgen.errors import InputError
from npgen.files import atomic_write, writable_folder
from npgen.grading.language import N_, Message

CHECKOUT = Path(npgen.__file__).parents[1]
BEGIN, END = "# BEGIN SOLUTION", "# END SOLUTION"


@dataclass(frozen=True)
class Written:
    """A file of the bundle: what became of it, and where the one that it replaced is."""

    path: Path
    change: str  # "new", "unchanged" or "replaced"
    kept: Path | None = None


def without_solution(topic: str, text: str) -> str:
    """The exercise that belongs to a solution; InputError where its regions are not in order."""
    lines, function, begun = [], None, None
    for number, line in enumerate(text.splitlines(keepends=True), start=1):
        mark = line.strip()
        if begun is None and (name := re.match(r"def (\w+)\(", line)):
            function = name[1]
        if mark == BEGIN:
            if begun is not None or function is None:
                raise InputError(f"solutions/{topic}.py, line {number}: {BEGIN} inside another region or no function")
            begun, indentation = number, line[: line.index("#")]
            lines.append(f'{indentation}raise NotImplementedError("{topic}: {function}")\n')
        elif mark == END:
            if begun is None:
                raise InputError(f"solutions/{topic}.py, line {number}: {END} without {BEGIN}")
            begun = function = None
        elif begun is None:
            lines.append(line)
    if begun is not None:
        raise InputError(f"solutions/{topic}.py, line {begun}: {BEGIN} without {END}")
    return "".join(lines)


def bundle(language: str = "en", checkout: Path = CHECKOUT) -> dict[str, bytes]:
    """{name: content} of what a student gets; InputError where npgen was installed without the solutions."""
    folder = checkout / "solutions" if language == "en" else checkout / "solutions" / language
    solutions = sorted(folder.glob("*.py"))
    if not solutions:
        text = N_(
            "The solutions, of which the exercises are made, are not part of this installation. "
            "Clone npgen's repository, and in it: pip install -e ."
        )
        raise InputError(Message(text))
    files = {path.name: without_solution(path.stem, path.read_text("utf-8")).encode() for path in solutions}
    given = [*(checkout / "exercises").glob("README*.md"), checkout / "exercises" / "conftest.py"]
    return files | {path.name: path.read_bytes() for path in given if path.is_file()}


def write(out: Path, force: bool, language: str = "en", checkout: Path = CHECKOUT) -> list[Written]:
    """Write the bundle into `out`; InputError, and nothing is written, if that would replace a file that differs.

    With `force` such a file is kept under another name.
    """
    files = bundle(language, checkout)
    changes = {name: _change(out / name, content) for name, content in files.items()}
    replaced = [name for name, change in changes.items() if change == "replaced"]
    if replaced and not force:
        text = N_(
            "{folder} holds other versions of {names}: somebody's work? Nothing was written. "
            "Choose another folder, or --force, which keeps the old files as NAME.old."
        )
        raise InputError(Message(text, folder=out, names=", ".join(replaced)))
    writable_folder(out)
    return [_write(out / name, content, changes[name]) for name, content in sorted(files.items())]


def _change(path: Path, content: bytes) -> str:
    if not path.exists():
        return "new"
    if not path.is_file():
        raise InputError(Message(N_("{path} is in the way: it is not a file."), path=path))
    return "unchanged" if path.read_bytes() == content else "replaced"


def _write(path: Path, content: bytes, change: str) -> Written:
    if change == "unchanged":
        return Written(path, change)
    kept = None
    if change == "replaced":
        kept = next(name for name in _names_for_the_old(path) if not name.exists())
        with atomic_write(kept) as file:
            file.write(path.read_bytes())
    with atomic_write(path) as file:
        file.write(content)
    return Written(path, change, kept)


def _names_for_the_old(path: Path):
    yield path.with_name(f"{path.name}.old")
    number = 2
    while True:
        yield path.with_name(f"{path.name}.old{number}")
        number += 1

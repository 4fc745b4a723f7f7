"""What a student hands in: a Python file or a notebook, as bytes."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from pathlib import Path

from npgen.errors import InputError
from npgen.grading.language import N_, Message

MAX_BYTES = 2 * 2**20


@dataclass(frozen=True)
class Submission:
    """The text to run, and the name of the file for messages."""

    name: str
    source: bytes


def read(path: Path) -> Submission:
    """A .py file as it is, or the code cells of a .ipynb one after another.

    Raises
    ------
    InputError
        If there is no such file, or it is too large, or not what its name says.
    """
    if not path.is_file():
        raise InputError(Message(N_("{path}: no such file. `npgen handout` writes the exercises anew."), path=path))
    if path.stat().st_size > MAX_BYTES:
        text = N_("{path}: larger than {megabytes} MB; expected a Python file or a notebook.")
        raise InputError(Message(text, path=path, megabytes=MAX_BYTES // 2**20))
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(Message(N_("{path}: {reason}"), path=path, reason=error.strerror)) from error
    if path.suffix == ".ipynb":
        content = _code_cells(path, content)
    return Submission(path.name, content)


def _code_cells(path: Path, content: bytes) -> bytes:
    """The code of a notebook, without magics and shell lines; a line stays a line."""
    try:
        import nbformat
    except ImportError as error:
        text = N_('{path}: notebooks need one more package: pip install "npgen[notebook]"')
        raise InputError(Message(text, path=path)) from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of older notebooks, which are as good as others
            notebook = nbformat.reads(content.decode("utf-8-sig"), as_version=4)
        sources = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    except Exception as error:  # nbformat, json and jsonschema have errors of their own
        text = N_("{path}: not a notebook that can be read. Save it again, or take a .py file.")
        raise InputError(Message(text, path=path)) from error
    return "\n\n".join(_without_magics(source) for source in sources).encode()


# A line of its own that IPython understands and Python does not: %matplotlib inline, !pip install, np.dot?
# A line that begins with an operator, as in `% (a, b)` or `%(a, b)`, is the rest of an expression.
MAGIC = re.compile(r"^([ \t]*)(%[A-Za-z].*|[!?].*|[\w.]+\?{1,2}[ \t]*)$", flags=re.MULTILINE)


def _without_magics(source: str) -> str:
    if source.lstrip().startswith("%%"):  # the whole cell is another language, or is timed
        first, _, rest = source.lstrip().partition("\n")
        return rest if first.split()[0] in ("%%time", "%%timeit", "%%capture") else ""
    return MAGIC.sub(r"\1pass  # \2", source)

"""Files of data as arrays: IDX, npz, Larochelle's text files, and tables in CSV; nothing is ever unpickled.

What is damaged, or not in the format, raises InputError with the file, what was expected and what was found.
"""

import csv
import gzip
import math
import textwrap
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from npgen.errors import InputError


def read_idx(path: str | Path) -> np.ndarray:
    """The uint8 array in a gzipped IDX file, of the shape its header gives.

    Header: two zero bytes, the type (8 is uint8), the number of axes, then their lengths, big-endian 4 bytes.

    Raises
    ------
    InputError
        If the file is not gzip, cut short, not IDX of uint8, or not of the size that its header says.
    """
    try:
        with gzip.open(path) as stream:
            content = stream.read()
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path}: expected a gzipped IDX file: {error}") from error
    start = 4 + 4 * int.from_bytes(content[3:4], "big")
    if content[:3] != b"\0\0\x08" or len(content) < start:
        expected = "an IDX header of uint8, 00 00 08 n and n sizes"
        raise InputError(f"{path}: expected {expected}, found {content[:16].hex(' ')}")
    shape = np.frombuffer(content, ">u4", content[3], offset=4).tolist()
    if len(content) - start != math.prod(shape):
        expected = f"{math.prod(shape)} bytes of data for shape {tuple(shape)}"
        raise InputError(f"{path}: expected {expected}, found {len(content) - start}; the file is damaged")
    data = np.frombuffer(content, np.uint8, offset=start)
    return data.reshape(shape).copy()  # what is in `content` is read-only, which compiled kernels mind


def read_npz(path: str | Path, *keys: str) -> list[np.ndarray]:
    """The arrays named `keys` in an npz file; pickled ones are refused."""
    try:
        # Not np.load, which takes a file that is not npz for a pickle, and leaves a damaged one open.
        with open(path, "rb") as stream, np.lib.npyio.NpzFile(stream, allow_pickle=False) as arrays:
            return [arrays[key] for key in keys]
    except Exception as error:  # zipfile, zlib, ast and NumPy have an error each for a damaged file
        reason = textwrap.shorten(str(error), 160, placeholder=" ...")
        expected = f"an npz file with {', '.join(keys)} and no pickles"
        raise InputError(f"{path}: expected {expected}: {reason}") from error


def read_amat(path: str | Path) -> np.ndarray:
    """The (n, 784) binary array in one of Larochelle's text files, whose lines are "0 1 ... 0"."""
    characters = np.fromfile(path, np.uint8).reshape(-1, 2 * 784)  # after each digit a space or a line feed
    return characters[:, ::2] - ord("0")


def read_csv(path: str | Path) -> tuple[list[str], list[list[str]]]:
    """The header and the rows of a table separated by commas, or by semicolons as in UCI's files of wine.

    Raises
    ------
    InputError
        If the file cannot be read, has no row, or a row has more or fewer cells than the header; says which line.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: expected a table in CSV: {error}") from error
    separator = ";" if lines and ";" in lines[0] else ","
    header, *rows = list(csv.reader(lines, delimiter=separator)) or [[]]
    for number, row in enumerate(rows, start=2):
        if len(row) != len(header):
            raise InputError(f"{path}, line {number}: expected the header's {len(header)} cells, found {len(row)}")
    if not rows:
        raise InputError(f"{path}: expected a header and at least one row, found {len(lines)} lines")
    return header, rows


def read_numbers(path: str | Path, without: Sequence[str] = ()) -> tuple[tuple[str, ...], np.ndarray]:
    """The columns of a table of numbers but those named in `without`: their names, and (n, D) float64.

    Raises
    ------
    InputError
        As `read_csv`, or if a column of `without` is not there, or a cell is not a finite number; says which.
    """
    header, rows = read_csv(path)
    if absent := sorted(set(without) - set(header)):
        raise InputError(f"{path}: expected columns {', '.join(absent)}; found {', '.join(header)}")
    kept = [d for d, column in enumerate(header) if column not in without]
    columns = tuple(header[d] for d in kept)
    x = np.array([[_number(row[d]) for d in kept] for row in rows])
    require_finite(x, columns, str(path), first_row=2)  # the header is line 1
    return columns, x


def _number(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return math.nan


def require_finite(x: np.ndarray, columns: Sequence[str], where: str, first_row: int = 0) -> None:
    """Raise InputError, naming rows and columns, if a value of `x` (n, D) is NaN or infinite.

    Rows are counted from `first_row`.
    """
    bad = np.argwhere(~np.isfinite(x))
    if len(bad):
        found = ", ".join(f"{columns[d]!r} of row {i + first_row}" for i, d in bad[:3])
        more = f" and {len(bad) - 3} more" if len(bad) > 3 else ""
        raise InputError(f"{where}: expected finite numbers only; found NaN, infinity or text in {found}{more}")

"""Files that are either complete or not there."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from npgen.errors import InputError


@contextmanager
def atomic_write(path: str | Path) -> Iterator[BinaryIO]:
    """Open a file for writing bytes that takes the name `path` only when the block has ended without an error.

    The bytes go to a hidden file in the same folder, which then replaces `path` in one step: a reader, a crash or a
    full disk never sees half a file, and an older file of that name stays until the new one is complete.

    Raises
    ------
    InputError
        If the folder does not exist or cannot be written.
    """
    path = Path(path)
    partial = path.with_name(f".{path.name}.part")
    try:
        with open(partial, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror or error}. Choose another place.") from error
    finally:
        if partial.parent.is_dir():
            partial.unlink(missing_ok=True)


def writable_folder(path: str | Path) -> Path:
    """The folder `path`, made if need be; InputError, before any work is done, if it cannot be written."""
    path = Path(path)
    try:
        path.mkdir(parents=True, exist_ok=True)
        probe = path / ".npgen-probe"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise InputError(f"cannot write into {path}: {error.strerror or error}. Choose another folder.") from error
    return path

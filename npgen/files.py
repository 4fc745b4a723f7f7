"""Files that are either complete or not there."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from npgen.errors import InputError


@contextlib.contextmanager
def atomic_write(path: str | Path) -> Iterator[BinaryIO]:
    """Open a file for writing bytes that takes the name `path` only when the block has ended without an error.

    The bytes go to a hidden file in the same folder, which then replaces `path` in one step: nobody ever sees half a
    file, and an older file of that name stays until the new one is complete. A symbolic link is followed, not replaced.

    Raises
    ------
    InputError
        If `path` cannot be written, or is something else than a file.
    """
    path = writable_file(path)
    partial = None
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".npgen-", suffix=".part", delete=False) as file:
            partial = Path(file.name)
            yield file
            file.flush()
            os.fsync(file.fileno())
        partial.chmod(0o666 & ~umask())  # a temporary file is its owner's alone
        partial.replace(path)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror or error}. Choose another place.") from error
    finally:
        if partial is not None:
            partial.unlink(missing_ok=True)


def writable_file(path: str | Path) -> Path:
    """`path` with links resolved; InputError if no file can be written there: found out before any work is done."""
    try:
        resolved = Path(os.path.realpath(path))
        if resolved.exists() and not resolved.is_file():
            raise InputError(f"cannot write {path}: it is not a file. Choose another place.")
        os.lstat(resolved.parent / resolved.name)  # refuses a name that is too long
    except FileNotFoundError:
        pass
    except (OSError, ValueError) as error:
        raise InputError(f"cannot write {path}: {getattr(error, 'strerror', error)}. Choose another place.") from error
    writable_folder(resolved.parent)
    return resolved


def writable_folder(path: str | Path) -> Path:
    """The folder `path`, made if need be; InputError, before any work is done, if it cannot be written."""
    path = Path(path)
    try:
        path.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=path).close()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", error)
        raise InputError(f"cannot write into {path}: {reason}. Choose another folder.") from error
    return path


def umask() -> int:
    """The permissions that new files of this process do not get; it can be read only by setting it."""
    current = os.umask(0o077)
    os.umask(current)
    return current

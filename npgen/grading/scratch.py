"""Folders for temporary files, which go away even if the process that made them is killed.

Whoever makes one keeps it locked, and the kernel unlocks it when that process ends, in whatever way. So a locked folder
is in use, and one that is not has been left behind: whoever makes the next one removes it. Where the system has no such
locks (Windows), nothing is removed but by its owner.

A submission cannot use this to have others' files removed: no link is followed, nobody else's folder is touched, and
what a submission may write lies deeper.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import stat
import tempfile
import time
from collections.abc import Iterator

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

PREFIX = "npgen-scratch-"
NAME = re.compile(re.escape(PREFIX) + r"[a-z0-9_]{8}")  # as tempfile makes them
MODES = (0o700, 0o711)  # the second where another user passes through
PATIENCE = 2.0  # seconds for the last processes that write into a folder to end


@contextlib.contextmanager
def folder() -> Iterator[str]:
    """A new folder of this process alone, without symbolic links in its path; removed afterwards."""
    sweep()
    path, lock = _make()
    try:
        yield path
    finally:
        remove(path)
        if lock is not None:
            os.close(lock)


def sweep() -> None:
    """Remove what processes of this user have left behind that were killed."""
    if fcntl is None:
        return
    with os.scandir(tempfile.gettempdir()) as entries:
        paths = [entry.path for entry in entries if NAME.fullmatch(entry.name)]
    for path in paths:
        with contextlib.suppress(OSError):  # it is in use, or has gone meanwhile
            status = os.lstat(path)
            if status.st_uid == os.geteuid() and stat.S_IMODE(status.st_mode) in MODES:
                lock = _lock(path)
                try:
                    remove(path)
                finally:
                    os.close(lock)


def _make() -> tuple[str, int | None]:
    """A new folder, and what keeps it locked."""
    while True:
        path = os.path.realpath(tempfile.mkdtemp(prefix=PREFIX))
        if fcntl is None:
            return path, None
        try:
            lock = _lock(path)
        except (BlockingIOError, FileNotFoundError):  # somebody has found it unlocked, and removes it
            continue
        except OSError:  # a file system without locks, where nobody else can lock it, either
            return path, None
        if os.path.isdir(path):
            return path, lock
        os.close(lock)


def _lock(path: str) -> int:
    """A descriptor that keeps the folder locked until it is closed; BlockingIOError if another process has one."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


# --- removing --------------------------------------------------------------------------------------------------------


def remove(path: str) -> None:
    """Remove a folder whatever a submission has made of it, also while its last processes end; never an error."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return _remove(path)
        except FileNotFoundError:
            if not os.path.lexists(path):
                return None
        except OSError:  # somebody still writes into it
            pass
        if time.monotonic() > deadline:
            return None  # the next sweep will find it
        time.sleep(0.02)


def _remove(folder: str) -> None:
    """Remove a folder with no rights, or deeper than any path can say.

    What lies two folders down is first moved up: no path gets long, and nothing recurses.
    """
    names = (os.path.join(folder, f".npgen-{n}") for n in itertools.count())
    os.chmod(folder, 0o700)
    while entries := list(os.scandir(folder)):
        for entry in entries:
            if not entry.is_dir(follow_symlinks=False):
                os.unlink(entry.path)
                continue
            os.chmod(entry.path, 0o700)
            for inner in list(os.scandir(entry.path)):
                if inner.is_dir(follow_symlinks=False):
                    os.chmod(inner.path, 0o700)  # its ".." changes
                    os.rename(inner.path, next(name for name in names if not os.path.lexists(name)))
                else:
                    os.unlink(inner.path)
            os.rmdir(entry.path)
    os.rmdir(folder)

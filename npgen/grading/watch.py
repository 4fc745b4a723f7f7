"""What `npgen watch` does: a check whenever a file is saved. It asks the file system, which works everywhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from npgen.grading.check import Task

POLL = 0.5  # seconds between two looks at the files
SETTLE = 0.05  # seconds in which a file that is being saved must not change any more


def saved(tasks: list[Task]) -> Iterator[Task]:
    """Each task once, and again whenever its file has been saved; without end.

    A file that is not there is waited for: many editors remove it for a moment.
    """
    seen: dict[Path, tuple[int, ...]] = {}
    while True:
        for task in tasks:
            stamp = _settled(task.path)
            if stamp is not None and stamp != seen.get(task.path):
                seen[task.path] = stamp
                yield task
        time.sleep(POLL)


def _settled(path: Path) -> tuple[int, ...] | None:
    """What changes when the file does, once it no longer changes; None where there is none."""
    stamp = _stamp(path)
    if stamp is None or time.time_ns() - stamp[0] > 1e9:
        return stamp
    while stamp is not None:
        time.sleep(SETTLE)
        stamp, before = _stamp(path), stamp
        if stamp == before:
            break
    return stamp


def _stamp(path: Path) -> tuple[int, ...] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino

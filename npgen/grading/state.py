"""What npgen remembers about an exercises folder: the last verdicts, and which hints were shown.

One small JSON file, `.npgen.json`, in the folder itself, so that two copies of the exercises have two memories and
nothing is left behind in the home folder. It is a convenience: one that is missing or damaged counts as empty.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

from npgen.files import atomic_write

NAME = ".npgen.json"


@dataclass(frozen=True)
class State:
    """The memory of one folder; `verdicts` is {"vae.compute_KL": (status, sha256 of the file it was given for)}."""

    folder: Path
    verdicts: dict[str, tuple[str, str]] = field(default_factory=dict)
    hints: dict[str, int] = field(default_factory=dict)  # {"vae.compute_KL": how many were shown}

    def save(self) -> None:
        """Write the file, atomically; InputError if that is not possible."""
        content = {"schema": 1, "verdicts": self.verdicts, "hints": self.hints}
        with atomic_write(self.folder / NAME) as file:
            file.write(json.dumps(content, indent=1).encode())


def load(folder: Path) -> State:
    """The memory of a folder."""
    try:
        content = json.loads((folder / NAME).read_bytes())
        verdicts = {str(name): (str(status), str(sha256)) for name, (status, sha256) in content["verdicts"].items()}
        hints = {str(name): max(0, int(shown)) for name, shown in content["hints"].items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return State(folder)
    return State(folder, verdicts, hints)


def sha256(source: bytes) -> str:
    """What tells whether a file has changed since it was checked."""
    return hashlib.sha256(source).hexdigest()

"""The secret of a batch, and the seeds that come of it.

Who does not know it cannot know the inputs that a submission will meet; who does gets the same inputs, and so the same
verdict, again. It never leaves the grader: workers get the seeds of the submission in hand, and results say only by a
fingerprint which secret it was.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import secrets
import stat
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from npgen.errors import InputError
from npgen.files import writable_folder

NAME = "secret"  # in the folder of the results
MIN_BYTES = 16


@dataclass(frozen=True)
class Secret:
    """A key that cannot be guessed."""

    key: bytes = field(repr=False)

    def seed(self, student: str, topic: str, function: str) -> int:
        """The seed of the inputs of one function of one student: 128 bits."""
        return int.from_bytes(self._digest(student, topic, function)[:16], "big")

    @property
    def fingerprint(self) -> str:
        """What tells two secrets apart, and tells nothing else of them."""
        return self._digest("fingerprint").hex()[:16]

    def _digest(self, *words: str) -> bytes:
        # No name holds a zero byte, so no two sequences of words are one text.
        return hmac.new(self.key, b"\0".join(word.encode() for word in words), hashlib.sha256).digest()


def load(out: Path, given: Path | None) -> Secret:
    """The secret in the file that was given, else the one of the results, which is made if there is none.

    Raises
    ------
    InputError
        If the file cannot be read or written, is too short, or can be read by others.
    """
    path = given or out / NAME
    if given is None and not path.exists():
        _make(path)
    try:
        with path.open("rb") as file:
            mode, key = os.fstat(file.fileno()).st_mode, file.read(2**16).strip()
    except OSError as error:
        raise InputError(f"cannot read the secret {path}: {error.strerror}") from error
    if len(key) < MIN_BYTES:
        raise InputError(
            f"{path}: a secret of {len(key)} bytes; expected at least {MIN_BYTES}, as from `openssl rand -hex 32`."
        )
    if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise InputError(f"{path}: others may read this secret. Make it yours alone: chmod 600 {path}")
    return Secret(key)


def _make(path: Path) -> None:
    """Write a new secret, its owner's alone; never over another one, and never half of it."""
    writable_folder(path.parent)
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".npgen-") as file:  # made with mode 0600
            file.write(secrets.token_hex(32).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
            with contextlib.suppress(FileExistsError):  # another grader was faster: its secret it is
                os.link(file.name, path)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror}. Choose another --out.") from error

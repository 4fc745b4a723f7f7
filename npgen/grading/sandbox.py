"""The parent's side of the child processes that run submissions.

    with Sandbox() as sandbox, sandbox.job(source, "nade.py", "nade_sample") as job:
        answer = job.ask({"kind": "value", "args": [...], "seed": 0})

One child runs one function of one submission. When it takes too long it is killed; when it dies, floods its output or
writes what is no frame, that function has failed, and nothing else has. On Unix the children are forks of a zygote that
has imported NumPy and autograd: 2 ms each, where a new interpreter takes 90.
"""

import contextlib
import inspect
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import numpy as np

from npgen.grading.child import frames

CHILD = Path(__file__).with_name("child")
FORKS = hasattr(os, "fork") and hasattr(socket, "recv_fds")
LEVEL = "L1" if FORKS else "L0"  # how well a submission is shut in

SECONDS = 10.0  # for one function: loading the submission and all calls
LIMITS = {
    "AS": 4 * 2**30,  # bytes of address space: Numba and matplotlib map a lot and use little
    "CPU": 60,  # seconds, a second net under the wall clock
    "FSIZE": 16 * 2**20,  # bytes of any file, the output among them
    "NOFILE": 64,
    "CORE": 0,
}
MAX_OUTPUT = 10_000  # characters of what a submission prints that are kept

# Importing these takes 0.1 to 0.5 s: the zygote does it once for all functions of a submission that mentions them.
SLOW_IMPORTS = ("scipy.special", "scipy.stats", "autograd.scipy", "matplotlib.pyplot")


class Stopped(Exception):
    """A child that gave no more answers. `status` is timeout, crashed, error or missing; `detail` says more."""

    def __init__(self, status: str, detail: Any = None):
        super().__init__(status, detail)
        self.status, self.detail = status, detail


class Sandbox:
    """A place to run jobs, one at a time."""

    def __init__(self, seconds: float = SECONDS):
        self.seconds = seconds
        self._zygote: subprocess.Popen | None = None
        self._control: socket.socket | None = None

    def __enter__(self) -> "Sandbox":
        if FORKS:
            self._control, theirs = socket.socketpair()
            with theirs:
                self._zygote = subprocess.Popen(
                    [*_interpreter(), "zygote", str(theirs.fileno())],
                    pass_fds=[theirs.fileno()],
                    env=_environment(),
                    stdin=subprocess.DEVNULL,
                    start_new_session=True,  # Ctrl-C is for the parent
                )
        return self

    def __exit__(self, *exc_info) -> None:
        if self._control is not None:
            self._control.close()
        if self._zygote is not None:
            self._zygote.kill()
            self._zygote.wait()

    @contextlib.contextmanager
    def job(
        self,
        source: bytes,
        filename: str,
        function: str,
        stand_ins: dict[str, Any] | None = None,
        others: tuple[str, ...] = (),
    ):
        """A child that has loaded the submission and waits for calls of `function`.

        `stand_ins` are functions of this process that take the place of the submission's own of that name; the child
        asks for their values and gradients. Those of `others` that the function calls are then in `calls` of the job.

        Raises
        ------
        Stopped
            If the submission cannot be loaded, or has no such function.
        """
        start = self._fork if FORKS else _spawn
        with tempfile.TemporaryFile() as output, start(output) as process:
            # A stand-in costs a round trip of 1 ms for each of its calls.
            seconds = 3 * self.seconds if stand_ins else self.seconds
            job = Job(process, seconds, stand_ins or {})
            try:
                job.begin(source, filename, function, others)
                yield job
            finally:
                job.end()
                job.printed = _printed(output)

    @contextlib.contextmanager
    def _fork(self, output):
        jobs_read, jobs_write = os.pipe()
        answers_read, answers_write = os.pipe()
        theirs = [jobs_read, answers_write, output.fileno()]
        socket.send_fds(self._control, [b"j"], theirs)
        os.close(jobs_read)
        os.close(answers_write)
        (pid,) = struct.unpack("<q", self._control.recv(8, socket.MSG_WAITALL))
        jobs, answers = os.fdopen(jobs_write, "wb"), os.fdopen(answers_read, "rb")
        try:
            yield _Process(jobs, answers, lambda: os.kill(pid, signal.SIGKILL))
        finally:
            with contextlib.suppress(OSError):  # what is left in the buffer of a pipe that nobody reads
                jobs.close()
            answers.close()
            self._control.recv(1)  # it has ended; only now may its number be used again
            self._control.sendall(b"r")
            self._control.recv(8, socket.MSG_WAITALL)


@contextlib.contextmanager
def _spawn(output):
    process = subprocess.Popen(
        [*_interpreter(), "once"],
        env=_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=output,
    )
    with process:
        yield _Process(process.stdin, process.stdout, process.kill)


def _interpreter() -> list[str]:
    return [sys.executable, "-I", "-B", str(CHILD)]


def _environment() -> dict[str, str]:
    """No secrets, one BLAS thread, figures without a screen."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "SYSTEMROOT", "TEMP") if name in os.environ}
    threads = {f"{library}_NUM_THREADS": "1" for library in ("OPENBLAS", "OMP", "MKL", "NUMBA")}
    return {**kept, **threads, "MPLBACKEND": "Agg", "PYTHONIOENCODING": "utf-8"}


class _Process:
    def __init__(self, jobs, answers, kill):
        self.jobs, self.answers, self.kill = jobs, answers, kill


class Job:
    """A conversation with one child."""

    def __init__(self, process: _Process, seconds: float, stand_ins: dict[str, Any]):
        self._process, self._stand_ins = process, stand_ins
        self.printed = ""  # what the submission wrote to stdout and stderr, once the job has ended
        self.calls: tuple[str, ...] = ()  # other functions that the function calls
        self._late = threading.Event()
        self._timer = threading.Timer(seconds, self._timeout)
        self._timer.daemon = True
        self._timer.start()

    def _timeout(self) -> None:
        self._late.set()
        self._process.kill()

    def begin(self, source: bytes, filename: str, function: str, others: tuple[str, ...] = ()) -> None:
        job = {
            "source": np.frombuffer(source, np.uint8),
            "filename": filename,
            "function": function,
            "stand_ins": {name: list(inspect.signature(f).parameters) for name, f in self._stand_ins.items()},
            "others": list(others),
            "imports": [name for name in SLOW_IMPORTS if _mentions(source, name)],
            "limits": LIMITS,
        }
        answer = self._exchange(job)
        if "error" in answer:
            raise Stopped("error", answer["error"])
        if answer.get("found") is not True:
            raise Stopped("missing")
        named = answer.get("calls")
        self.calls = tuple(name for name in others if isinstance(named, list) and name in named)

    def ask(self, call: dict[str, Any]) -> dict[str, Any]:
        """The answer to one call (npgen/grading/child/calls.py); Stopped if there is none."""
        return self._exchange(call)

    def _exchange(self, message: Any) -> dict[str, Any]:
        try:
            frames.write(self._process.jobs, message)
            while True:
                answer = frames.read(self._process.answers)
                if not isinstance(answer, dict):
                    raise frames.BadFrame("an answer that is not a dict")
                if answer.keys() != {"ask", "call"}:
                    return answer
                frames.write(self._process.jobs, self._stand_in(answer["ask"], answer["call"]))
        except frames.BadFrame as error:
            raise Stopped("error", {"type": "BadFrame", "message": str(error), "line": None}) from error
        except (EOFError, OSError) as error:
            raise Stopped("timeout" if self._late.is_set() else "crashed") from error

    def _stand_in(self, name: Any, call: Any) -> dict[str, Any]:
        """What a stand-in answers to the child, which chose every part of the call."""
        from npgen.grading.child import calls  # imports autograd: not before the zygote has been started

        match call:
            case {"kind": "value" | "gradient", "args": list(), "seed": int(seed), "argnum": int(), "weights": _}:
                if name in self._stand_ins and 0 <= seed < 2**32:
                    return calls.perform(self._stand_ins[name], call)
        raise frames.BadFrame("a question that makes no sense")

    def end(self) -> None:
        self._timer.cancel()
        self._process.kill()


def _printed(output) -> str:
    """What a submission wrote to stdout and stderr, without control characters, cut off if long."""
    output.seek(0)
    text = output.read(MAX_OUTPUT).decode("utf-8", "replace")
    return "".join(c for c in text if c == "\n" or c.isprintable())


def _mentions(source: bytes, module: str) -> bool:
    """Whether the text may import the module or a part of it."""
    return all(re.search(rb"\b" + part.encode() + rb"\b", source) for part in module.split("."))

"""The parent's side of the child processes that run submissions.

    with Sandbox() as sandbox, sandbox.job(source, "nade.py", "nade_sample") as job:
        answer = job.ask({"kind": "value", "args": [...], "seed": 0})

One child runs one function of one submission. When it takes too long it is killed; when it dies, floods its output or
writes what is no frame, that function has failed, and nothing else has. On Unix the children are forks of a zygote that
has imported NumPy and autograd: a few ms each, where a new interpreter takes 90. How well they are shut in is the level
(npgen/grading/isolation.py).
"""

import contextlib
import functools
import inspect
import os
import re
import socket
import subprocess
import tempfile
import threading
from typing import Any

import numpy as np

from npgen.grading import isolation, scratch
from npgen.grading.child import frames
from npgen.grading.stand_ins import StandIns, perform

FORKS = isolation.FORKS
LEVEL = "L1" if FORKS else "L0"  # on a student's own machine

SECONDS = 10.0  # for one function: loading the submission and all calls
LIMITS = {
    "AS": 2**30,  # bytes of address space above what the imports take
    "FSIZE": 16 * 2**20,  # bytes of any file, the output among them
    "NOFILE": 64,
    "CORE": 0,
}
PATIENCE = 60.0  # seconds that the zygote is given to import what is slow
MAX_ANSWERS = 64 * 2**20  # bytes of all answers of a job, which are kept to its end
MAX_OUTPUT = 10_000  # characters of what a submission prints that are kept

# Importing these takes 0.1 to 0.5 s: the zygote does it once for all functions of submissions that mention them, and
# what they take is not counted as a submission's memory.
SLOW_IMPORTS = ("scipy.special", "scipy.stats", "autograd.scipy", "matplotlib.pyplot", "numba")

# What the zygote says of a job that took too much, in the words of the error that it would have met elsewhere.
TOO_MUCH = {
    b"f": {"type": "OSError", "message": "Disk quota exceeded", "line": None},
    b"t": {"type": "RuntimeError", "message": "can't start new thread", "line": None},
}


class Stopped(Exception):
    """A child that gave no more answers. `status` is timeout, crashed, error or missing; `detail` says more."""

    def __init__(self, status: str, detail: Any = None):
        super().__init__(status, detail)
        self.status, self.detail = status, detail


class Lost(Exception):
    """The sandbox itself failed: nothing is known about the submission, which is to be marked again."""


class Sandbox:
    """A place to run jobs, one at a time. It is opened and closed in one thread, with which it ends.

    `level` is one of isolation.LEVELS; without it, that of a student's own machine.

    Raises
    ------
    InputError
        If that level cannot be had here.
    """

    def __init__(self, seconds: float = SECONDS, level: str | None = None):
        self.seconds = seconds
        self.level = level or (LEVEL if FORKS else "L0")
        if level is not None:
            isolation.require(level)
        self._confined = isolation.confined(self.level)
        self._forks = FORKS and self.level != "L0"
        self._stack = contextlib.ExitStack()
        self._scratch: str | None = None
        self._stand_ins: StandIns | None = None
        self._zygote: subprocess.Popen | None = None
        self._sessions: set[int] = set()  # what it has started, should it be gone before it is ended
        self._control: socket.socket | None = None

    def __enter__(self) -> "Sandbox":
        if self._confined:
            isolation.protect_grader()
            self._scratch = self._stack.enter_context(scratch.folder())
            self._stand_ins = self._stack.enter_context(StandIns())
        if self._forks:
            self._start()
        return self

    def __exit__(self, *exc_info) -> None:
        self._stop()
        self._stack.close()

    def _start(self) -> None:
        self._control, theirs = socket.socketpair()
        self._control.settimeout(PATIENCE)
        with theirs:
            arguments = ["zygote", str(theirs.fileno()), self.level, *isolation.FORBIDDEN]
            self._zygote = isolation.start(self.level, self._scratch, arguments, pass_fds=[theirs.fileno()])

    def _stop(self) -> None:
        if self._control is not None:
            self._control.close()
        if self._zygote is not None:
            isolation.end(self._zygote, self._sessions)
            self._sessions = set()

    @contextlib.contextmanager
    def job(
        self,
        source: bytes,
        filename: str,
        function: str,
        stand_ins: dict[str, str] | None = None,
        others: tuple[str, ...] = (),
    ):
        """A child that has loaded the submission and waits for calls of `function`.

        `stand_ins` are references ("topic.function") that take the place of the submission's own functions of a name;
        the child asks for their values and gradients. Those of `others` that the function calls are then in `calls` of
        the job.

        Raises
        ------
        Stopped
            If the submission cannot be loaded, or has no such function.
        Lost
            If the sandbox fails, through no fault of the submission's.
        """
        # A stand-in costs a round trip of 1 ms for each of its calls.
        seconds = 3 * self.seconds if stand_ins else self.seconds
        with contextlib.ExitStack() as stack:
            output = stack.enter_context(tempfile.TemporaryFile())
            folder = stack.enter_context(self._place())
            settings = {
                "imports": [name for name in SLOW_IMPORTS if _mentions(source, name)],
                # The processor's time is a second net under the wall clock, for which every core counts.
                "limits": {**LIMITS, "CPU": int(3 * seconds * (os.cpu_count() or 1)) + 1},
                "scratch": folder,
            }
            start = self._fork if self._forks else _spawn
            process = stack.enter_context(start(output, settings))
            job = Job(process, seconds, stand_ins or {}, self._stand_ins)
            try:
                job.begin(source, filename, function, others)
                yield job
            finally:
                job.end()
                job.printed = _printed(output)

    @contextlib.contextmanager
    def _place(self):
        """A folder for one job, None where submissions write where they like."""
        if self._scratch is None:
            yield None
            return
        folder = isolation.place(self.level, self._scratch)
        try:
            yield folder
        finally:
            scratch.remove(folder)

    @contextlib.contextmanager
    def _fork(self, output, settings):
        if self._zygote.poll() is not None:
            self._stop()
            self._start()
        jobs_read, jobs_write = os.pipe()
        answers_read, answers_write = os.pipe()
        jobs, answers = os.fdopen(jobs_write, "wb"), os.fdopen(answers_read, "rb")
        try:
            try:
                socket.send_fds(self._control, [b"j"], [jobs_read, answers_write, output.fileno()])
                with self._control.makefile("wb") as control:
                    frames.write(control, settings)
            except OSError:
                pass  # it says nothing, then
            finally:
                os.close(jobs_read)
                os.close(answers_write)
            if self._told() != b"s":
                raise Lost("the process that starts submissions does not start them")
            self._sessions = self._sessions or isolation.sessions(self._zygote)
            try:
                yield _Process(jobs, answers, self._kill, why := functools.cache(self._ended))
            finally:
                why()
        finally:
            with contextlib.suppress(OSError):  # what is left in the buffer of a pipe that nobody reads
                jobs.close()
            answers.close()

    def _kill(self) -> None:
        with contextlib.suppress(OSError):  # the zygote is gone, and the child with it
            self._control.sendall(b"k")

    def _ended(self) -> bytes:
        """Kill the child and wait for its end; what the zygote tells of it, or nothing if that is gone."""
        self._kill()
        return self._told()

    def _told(self) -> bytes:
        try:
            return self._control.recv(1)
        except OSError:  # it does not answer: what there is of it is of no use
            self._zygote.kill()
            return b""


@contextlib.contextmanager
def _spawn(output, settings):
    process = subprocess.Popen(
        [*isolation.interpreter("L0"), "once"],
        env=isolation.environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=output,
    )
    with process:
        with contextlib.suppress(OSError):  # ended at once
            frames.write(process.stdin, settings)
        yield _Process(process.stdin, process.stdout, process.kill, lambda: b".")


class _Process:
    def __init__(self, jobs, answers, kill, why):
        self.jobs, self.answers, self.kill, self.why = jobs, answers, kill, why


class Job:
    """A conversation with one child; `elsewhere` is the process for the stand-ins, where they have one."""

    def __init__(
        self,
        process: _Process,
        seconds: float,
        stand_ins: dict[str, str],
        elsewhere: StandIns | None,
    ):
        self._process, self._stand_ins, self._elsewhere = process, stand_ins, elsewhere
        self._budget, self._kept = frames.Budget(), frames.Budget(MAX_ANSWERS)
        self.printed = ""  # what the submission wrote to stdout and stderr, once the job has ended
        self.calls: tuple[str, ...] = ()  # other functions that the function calls
        self._late = threading.Event()
        self._timer = threading.Timer(seconds, self._timeout)
        self._timer.daemon = True
        self._timer.start()

    def _timeout(self) -> None:
        self._late.set()
        self._process.kill()
        if self._elsewhere is not None:
            self._elsewhere.kill()

    def begin(self, source: bytes, filename: str, function: str, others: tuple[str, ...] = ()) -> None:
        try:
            ready = frames.read(self._process.answers)  # written before the child has seen anything of the submission
        except (EOFError, OSError) as error:
            raise Lost("the process for a submission has ended before it had one") from error
        if ready["ready"] is not True:
            raise Lost(f"a process could not be shut in: {ready['reason']}")
        job = {
            "source": np.frombuffer(source, np.uint8),
            "filename": filename,
            "function": function,
            "stand_ins": {name: _parameters(reference) for name, reference in self._stand_ins.items()},
            "others": list(others),
        }
        answer = self._exchange(job)
        if "error" in answer:
            raise Stopped("error", answer["error"])
        if answer.get("found") is False:
            raise Stopped("missing")
        if answer.get("found") is not True:
            raise Stopped("error", {"type": "BadFrame", "message": "an answer to another question", "line": None})
        named = answer.get("calls")
        self.calls = tuple(name for name in others if isinstance(named, list) and name in named)

    def ask(self, call: dict[str, Any]) -> dict[str, Any]:
        """The answer to one call (npgen/grading/child/calls.py); Stopped if there is none."""
        return self._exchange(call)

    def _exchange(self, message: Any) -> dict[str, Any]:
        try:
            frames.write(self._process.jobs, message)
            while True:
                before = self._budget.left
                answer = frames.read(self._process.answers, self._budget)
                if not isinstance(answer, dict):
                    raise frames.BadFrame("an answer that is not a dict")
                if answer.keys() != {"ask", "call"}:
                    self._kept.spend(before - self._budget.left)
                    return answer
                frames.write(self._process.jobs, self._stand_in(answer["ask"], answer["call"]))
        except frames.BadFrame as error:
            raise Stopped("error", {"type": "BadFrame", "message": str(error), "line": None}) from error
        except (EOFError, OSError) as error:
            raise self._silence() from error

    def _silence(self) -> Exception:
        """Why there is no answer."""
        told = self._process.why()
        if told in TOO_MUCH:
            return Stopped("error", TOO_MUCH[told])
        if told == b"" and self._elsewhere is not None:  # it cannot have ended the zygote; somebody else has
            return Lost("the process that starts submissions has ended")
        return Stopped("timeout" if self._late.is_set() else "crashed")

    def _stand_in(self, name: Any, call: Any) -> dict[str, Any]:
        """What a stand-in answers to the child, which chose every part of the call."""
        match call:
            case {"kind": str(kind), "args": list(), "seed": int(seed), "argnum": int(), "weights": _}:
                known = isinstance(name, str) and name in self._stand_ins and kind in ("value", "gradient")
                if known and 0 <= seed < 2**32:
                    ask = perform if self._elsewhere is None else self._elsewhere.ask
                    return ask(self._stand_ins[name], call, self._budget)
        raise frames.BadFrame("a question that makes no sense")

    def end(self) -> None:
        self._timer.cancel()
        self._timer.join()  # or it might end the next job
        self._process.kill()


def _parameters(reference: str) -> list[str]:
    from npgen.grading import checks  # imports autograd: not before the zygote has been started

    return list(inspect.signature(checks.reference(reference)).parameters)


def _printed(output) -> str:
    """What a submission wrote to stdout and stderr, without control characters, cut off if long."""
    output.seek(0)
    text = output.read(MAX_OUTPUT).decode("utf-8", "replace")
    return "".join(c for c in text if c == "\n" or c.isprintable())


def _mentions(source: bytes, module: str) -> bool:
    """Whether the text may import the module or a part of it."""
    return all(re.search(rb"\b" + part.encode() + rb"\b", source) for part in module.split("."))

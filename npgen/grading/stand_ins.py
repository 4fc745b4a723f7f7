"""Right functions in place of a submission's own, for a child that asks for their values and gradients.

The child chooses with which arguments, and small ones can make large arrays: x (n, 1) and W (n, 1) have a product of
n^2 numbers. So where a class is marked the functions run in a process of their own, with the memory of a submission:

    with StandIns() as stand_ins:
        answer = stand_ins.ask("vae.compute_KL", {"kind": "value", "args": [q], "seed": 0}, frames.Budget())

On a student's own machine nobody has to be kept from anything, and `perform` is the same at once.
"""

import json
import os
import subprocess
import sys
from typing import Any

from npgen.grading import isolation
from npgen.grading.child import confine, frames

MEMORY = 2**30  # bytes above what the imports take
# npgen is found where this process has found it, wherever it was started.
PROGRAM = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from npgen.grading import stand_ins as s; s.serve()"


def perform(reference: str, call: dict[str, Any], budget: frames.Budget | None = None) -> dict[str, Any]:
    """The answer of a reference ("topic.function") to one call, in this process."""
    from npgen.grading import checks  # imports autograd: not before the zygote has been started
    from npgen.grading.child import calls

    return calls.perform(checks.reference(reference), call)


class StandIns:
    """The process, started when it is first asked, and again where it has been killed."""

    def __init__(self) -> None:
        self._process: subprocess.Popen | None = None

    def __enter__(self) -> "StandIns":
        return self

    def __exit__(self, *exc_info) -> None:
        if self._process is not None:
            self.kill()
            self._process.communicate()

    def ask(self, reference: str, call: dict[str, Any], budget: frames.Budget) -> dict[str, Any]:
        """The answer to one call; EOFError or OSError if the process is killed meanwhile."""
        if self._process is None or self._process.poll() is not None:
            self.__exit__()
            self._process = _start()
        frames.write(self._process.stdin, {"reference": reference, "call": call})
        return frames.read(self._process.stdout, budget)

    def kill(self) -> None:
        """End what it does; another thread may wait for it."""
        if self._process is not None:
            self._process.kill()


def _start() -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-I", "-B", "-c", PROGRAM, json.dumps(sys.path), str(os.getpid())],
        env=isolation.environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is for the parent
    )


def serve() -> None:
    """Answer until the parent is gone. What is too much for the memory is an answer, too: MemoryError."""
    from npgen.grading import checks

    confine.end_with(int(sys.argv[2]))
    known: set[str] = set()
    while True:
        try:
            question = frames.read(sys.stdin.buffer)
        except EOFError:
            return
        reference = question["reference"]
        if reference not in known:
            checks.reference(reference)  # imports its topic
            known.add(reference)
            confine.limit({"AS": MEMORY})
        try:
            frames.write(sys.stdout.buffer, perform(reference, question["call"]))
        except MemoryError:
            os._exit(1)  # half of the answer may have been written

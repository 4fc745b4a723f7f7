"""How well a submission is shut in: what each level takes, whether it can be had here, and how its processes are run.

    L0  a process of its own, ended after its time          anywhere
    L1  and limits for memory, processor time and files     Unix; what `npgen check` uses
    L2  and Landlock, seccomp and no privileges             Linux, no packages and no root: what `npgen grade` uses
    L3  and all of it inside bubblewrap                     Linux where bubblewrap works
    L4  L3, or L2 where that is all, by another user        where the grader is root, in a container for instance

What is promised at which level, and what is not, is in SECURITY.md. A level is had only where a process that was shut
in by it has tried the doors: kernels, containers and distributions switch parts of it off.
"""

import contextlib
import functools
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

try:
    import pwd
except ImportError:  # Windows
    pwd = None

from npgen.errors import InputError, unknown_name
from npgen.grading import scratch
from npgen.grading.child import confine, places, seccomp

LEVELS = ("L0", "L1", "L2", "L3", "L4")

FORKS = hasattr(os, "fork") and hasattr(socket, "recv_fds")
CHILD = Path(__file__).with_name("child")
PACKAGE = Path(__file__).resolve().parents[1]
# Not for submissions. In a checkout the solutions lie beside the package.
FORBIDDEN = [str(PACKAGE), str(PACKAGE.with_name("solutions")), str(PACKAGE.with_name("tests"))]

USERS = range(61184, 65520)  # where systemd, too, draws users that have no account

INSIDE = "/npgen-child"  # where bubblewrap shows the child's files: apart from the rest of npgen
PROBE_SECONDS = 60  # a fifth of a second, but for a cold disk


def offered() -> tuple[str, ...]:
    """The levels that work here; where bubblewrap does not, there may be an L4 and no L3."""
    return tuple(level for level in LEVELS if _missing(level) is None)


def best() -> str:
    """The highest level that works here."""
    return offered()[-1]


def require(level: str) -> None:
    """Do nothing if the level works here.

    Raises
    ------
    InputError
        If not; it says why.
    """
    if level not in LEVELS:
        raise unknown_name("level of isolation", level, LEVELS)
    reason = _missing(level)
    if reason is not None:
        raise InputError(f"isolation {level} is not possible here: {reason.rstrip('.')}. The best is {best()}.")


def confined(level: str) -> bool:
    """Whether the level keeps a submission from files and other processes."""
    return LEVELS.index(level) >= LEVELS.index("L2")


_started: set[int] = set()  # what `start` has started and `end` has not ended
_starting = threading.Lock()  # held until what is started is known


def start(level: str, folder: str, arguments: list[str], **options) -> subprocess.Popen:
    """Run `child` at a level; `folder` is what the level's user may pass through, and bubblewrap leaves writable."""
    env = environment()
    if level == "L4":
        os.chmod(folder, 0o711)
        home = place(level, folder, "home-")  # for matplotlib's list of fonts
        env |= {"HOME": home, "TMPDIR": home}
        options |= {"user": other_user(), "group": other_user(), "extra_groups": (), "cwd": home}
    command = [*interpreter(level, folder), *arguments]  # which may have to start another one, to see what works here
    with _starting:
        # In a session of its own: Ctrl-C is for the parent, and `end` ends whole sessions.
        process = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, start_new_session=True, **options)
        _started.add(process.pid)
    return process


def interpreter(level: str, folder: str | None = None) -> list[str]:
    """The command that runs `child`, without its arguments."""
    python = [sys.executable, "-I", "-B"]
    in_bubblewrap = level == "L3" or (level == "L4" and _missing("L3") is None)
    return [*_bubblewrap(folder), *python, INSIDE] if in_bubblewrap else [*python, str(CHILD)]


def place(level: str, folder: str, prefix: str = "") -> str:
    """A new folder in `folder`, which belongs to the user who runs submissions at this level."""
    path = tempfile.mkdtemp(dir=folder, prefix=prefix)
    if level == "L4":
        os.chown(path, other_user(), other_user())
    return path


@functools.cache
def other_user() -> int:
    """The number of a user, and of a group, of whom nothing is known here; other graders mostly have another one."""
    for offset in range(len(USERS)):
        number = USERS[(os.getpid() + offset) % len(USERS)]
        try:
            pwd.getpwuid(number)
        except KeyError:
            return number
    raise OSError(f"all users from {USERS[0]} to {USERS[-1]} have an account")


def environment() -> dict[str, str]:
    """No secrets, one BLAS thread, figures without a screen."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "SYSTEMROOT", "TEMP") if name in os.environ}
    threads = {f"{library}_NUM_THREADS": "1" for library in ("OPENBLAS", "OMP", "MKL", "NUMBA")}
    return {**kept, **threads, "MPLBACKEND": "Agg", "PYTHONIOENCODING": "utf-8"}


def _bubblewrap(folder: str) -> list[str]:
    """The command that shows a program the system's libraries, the interpreter and its packages, and little else."""
    command = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    command += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]
    shown = sorted({*places.paths(), *places.roots()})  # outer folders first
    for path in shown:
        command += ["--ro-bind", path, path]
    for path in FORBIDDEN:
        if os.path.isdir(path) and any(Path(path).is_relative_to(outer) for outer in shown):
            command += ["--tmpfs", path]
    return [*command, "--ro-bind", str(CHILD), INSIDE, "--bind", folder, folder, "--chdir", folder, "--"]


@functools.cache
def _missing(level: str) -> str | None:
    """Why a level cannot be had here; None where it can."""
    if level == "L0":
        return None
    if not FORKS:
        return "it needs Unix"
    if level == "L1":
        return None
    if sys.platform != "linux":
        return "it needs Linux"
    if os.uname().machine not in seccomp.ARCHITECTURES:
        return f"it needs a processor of the kinds {' or '.join(seccomp.ARCHITECTURES)}; this is {os.uname().machine}"
    if level == "L3" and shutil.which("bwrap") is None:
        return "bubblewrap is not installed (Debian and Ubuntu: apt-get install bubblewrap)"
    if level == "L4" and os.geteuid() != 0:
        return "it needs root, who alone can run programs as another user"
    return _probe(level)


def _probe(level: str) -> str | None:
    """What went wrong when a process shut itself in at this level and tried to get out."""
    pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    with scratch.folder() as folder:
        try:
            with start(level, folder, ["probe", place(level, folder), *FORBIDDEN], **pipes) as process:
                try:
                    _, errors = process.communicate(timeout=PROBE_SECONDS)
                finally:
                    end(process)
        except (OSError, subprocess.SubprocessError) as error:
            return str(error)
    lines = errors.decode("utf-8", "replace").split("\n")
    return None if process.returncode == 0 else next(filter(None, reversed(lines)), f"exit code {process.returncode}")


# --- the grader itself -----------------------------------------------------------------------------------------------


def protect_grader() -> None:
    """Make this process unreadable for others of the same user, and the parent of all that its children leave behind.

    Only where a class is marked. `npgen check` runs a student's own file as that student: there is nothing to hide from
    them, and a library must not change whether a program of theirs can be debugged and who inherits its processes.
    """
    PR_SET_DUMPABLE = 4
    confine.prctl(PR_SET_DUMPABLE, 0)
    confine.adopt_orphans()


def sessions(process: subprocess.Popen) -> set[int]:
    """The sessions of a process that leads one and of its descendants: bubblewrap starts another one.

    From L2 on a submission may start none: whoever is in one of these belongs to the process, and nobody else does.
    """
    found, family = {process.pid}, {process.pid}
    every = _processes()
    while family:
        family = {pid for pid, status in every.items() if status.parent in family}
        found |= {every[pid].session for pid in family}
    return found


def end(process: subprocess.Popen, its_sessions: Iterable[int] = ()) -> None:
    """Kill a process, and wait until nobody is left of its sessions, those that it had earlier among them."""
    ending = {*its_sessions, *sessions(process)}
    process.kill()
    if process.returncode is None:  # until it is waited for, its number is not given to another one
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    while left := _left(ending) - {process.pid}:
        for pid in left:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):  # it is not ours, or not yet
                os.waitpid(pid, os.WNOHANG)
        time.sleep(0.001)
    process.wait()
    _started.discard(process.pid)


def _left(its_sessions: set[int]) -> set[int]:
    """Who is left in these sessions, and of a bubblewrap that died as it started.

    The inner process of such a one has a session that nobody has seen, and has come to this process, as orphans do.
    """
    with _starting:
        every = _processes()
        orphans = {pid for pid, status in every.items() if (status.name, status.parent) == (b"bwrap", os.getpid())}
        return (orphans - _started) | {pid for pid, status in every.items() if status.session in its_sessions}


class _Status(NamedTuple):
    name: bytes
    parent: int
    session: int


def _processes() -> dict[int, _Status]:
    """All processes, except those that have ended and wait for a parent other than this one (Linux)."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            before, _, after = path.read_bytes().rpartition(b")")
            state, parent, _, session = after.split()[:4]
            if state != b"Z" or int(parent) == os.getpid():
                found[int(path.parent.name)] = _Status(before.partition(b"(")[2], int(parent), int(session))
    return found

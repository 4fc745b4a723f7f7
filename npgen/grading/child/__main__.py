"""Run one function of a submission, as the parent asks, and send back what it returns.

    python -I -B child zygote FD LEVEL [PATH ...]   forks one process for each job that arrives on the socket FD (Unix)
    python -I -B child once                         runs one job on stdin and stdout (elsewhere)
    python -I -B child probe SCRATCH [PATH ...]     shuts itself in and says whether that worked (Linux)

First come the settings {"imports", "limits", "scratch"}, then a job {"source", "filename", "function", "stand_ins"},
then calls one after another until the pipe is closed. From level L2 on, the process that reads the job can read nothing
of PATH..., write nowhere but into its scratch folder, and reach no other process. Nothing in here is secret: no
reference, no expected value, no seed but that of a call.
"""

import collections
import contextlib
import importlib
import inspect
import io
import os
import select
import signal
import socket
import sys
import time
import types

import autograd.builtins
import calls
import confine
import counting
import frames
import landlock
import places
import seccomp
from autograd.extend import defvjp_argnums, primitive

sys.path.pop(0)  # this folder: a submission that imports `calls` does not mean ours

CONFINED = ("L2", "L3", "L4")

# What one job may take, looked at every TICK seconds: more of it ends the job. The memory, and the size of a single
# file, the kernel bounds itself.
MAX_FILES, MAX_FILE_BYTES, MAX_THREADS = 1000, 64 * 2**20, 256
TICK = 0.05


def serve(control, level, forbidden):
    """Fork a process for each job, and tell when it and all that it has started have ended.

    The parent sends "j" with three descriptors and the settings, and is told "s" when the job starts. It sends "k" to
    end the job, and is told in one byte how it ended: "." or what it took too much of, "f" for files, "t" for threads.
    """
    confine.adopt_orphans()
    granted = places.grants(forbidden) if level in CONFINED else None
    woken, wake = socket.socketpair()
    wake.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
    zygote = os.getpid()
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 1, 3)
        if not message:
            return
        if message != b"j":  # the end of a job that has ended by itself
            continue
        settings = receive_settings(control)
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for mine in (control, woken, wake):
                mine.close()
            confine.end_with(zygote)
            os.setpgid(0, 0)
            job_fd, answer_fd, output_fd = descriptors
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(output_fd, 1)
            os.dup2(output_fd, 2)
            os.close(output_fd)
            try:
                work(settings, granted, os.fdopen(job_fd, "rb"), os.fdopen(answer_fd, "wb"))
            finally:
                os._exit(0)
        for descriptor in descriptors:
            os.close(descriptor)
        control.sendall(b"s")
        reason = wait(pid, control, woken, settings["scratch"])
        end_all(pid)
        control.sendall(reason)


def receive_settings(control):
    """The settings of a job; what it is likely to import is imported here, once for all jobs of its kind."""
    with control.makefile("rb", buffering=0) as stream:
        settings = frames.read(stream)
    for name in settings["imports"]:
        with contextlib.suppress(Exception):  # not installed, or broken: the submission will find out
            importlib.import_module(name)
            if name == "matplotlib.pyplot":  # there is no window here: whoever asks for one goes on without
                sys.modules[name].switch_backend("agg")
                sys.modules[name].switch_backend = lambda backend: None
    return settings


def wait(pid, control, woken, scratch):
    """Wait until the process has ended, is to be ended, or has taken too much; how that is told the parent."""
    while os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None:  # its number stays its own
        ready, _, _ = select.select([control, woken], [], [], TICK if scratch else None)
        if control in ready and control.recv(1) in (b"", b"k"):
            return b"."
        if woken in ready:
            woken.recv(4096)
        if scratch and not (few_files(scratch) and few_open_files(pid)):
            return b"f"
        if scratch and not few_threads(pid):
            return b"t"
    return b"."


def few_files(scratch):
    """Whether the files of a job are few and small, as far as can be seen: what cannot be looked at is too much."""
    number, size = 0, 0
    folders = [scratch]
    while folders:
        try:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    number += 1
                    with contextlib.suppress(FileNotFoundError):
                        size += entry.stat(follow_symlinks=False).st_blocks * 512
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
                    if number > MAX_FILES or size > MAX_FILE_BYTES:
                        return False
        except FileNotFoundError:  # gone in the meantime
            continue
        except OSError:  # a name that is too long, a folder without rights
            return False
    return True


def few_open_files(pid):
    """Whether the files that a job has deleted and keeps open are small."""
    size = 0
    with contextlib.suppress(OSError), os.scandir(f"/proc/{pid}/fd") as descriptors:
        for descriptor in descriptors:
            with contextlib.suppress(OSError):
                status = descriptor.stat()
                size += status.st_blocks * 512 if status.st_nlink == 0 else 0
    return size <= MAX_FILE_BYTES


def few_threads(pid):
    """Whether a job has few threads; the kernel has no limit for them that holds for root and for no other process."""
    with contextlib.suppress(OSError):
        return os.stat(f"/proc/{pid}/task").st_nlink - 2 <= MAX_THREADS
    return True


def end_all(pid):
    """Kill a job and whatever it has left behind, until nothing is left: this process has no other descendants."""
    for kill in (os.killpg, os.kill):
        with contextlib.suppress(OSError):  # ended, or has no group of its own yet
            kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    with contextlib.suppress(ChildProcessError):  # none is left
        while True:
            if os.waitpid(-1, os.WNOHANG) == (0, 0):
                for child in children():
                    with contextlib.suppress(OSError):
                        os.kill(child, signal.SIGKILL)
                time.sleep(0.001)


def children():
    """The processes whose parent this one is (Linux)."""
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError), open(f"/proc/{name}/stat", "rb") as file:
            if int(file.read().rpartition(b")")[2].split()[1]) == os.getpid():
                yield int(name)


def shut_in(settings, granted):
    """Take away from this process, for good, all that a submission must not have."""
    if granted is not None:
        readable, listable = granted
        confine.move_into(settings["scratch"])
        confine.drop_privileges()
        landlock.restrict([*readable, *places.MACHINE], listable, [settings["scratch"], *places.DEVICES])
    confine.limit(settings["limits"])
    if granted is not None:
        seccomp.install()


def work(settings, granted, jobs, answers):
    """Load the submission of a job, then answer its calls."""
    try:
        shut_in(settings, granted)
    except Exception as error:
        frames.write(answers, {"ready": False, "reason": f"{type(error).__name__}: {error}"})
        return
    frames.write(answers, {"ready": True})
    sys.stdout.reconfigure(errors="replace", line_buffering=True)  # what is printed before a crash is seen, too
    job = frames.read(jobs)
    if settings["scratch"]:  # for inspect, and for Numba, which can keep only what it finds in a file
        with contextlib.suppress(OSError), open(os.path.basename(job["filename"]), "xb") as file:
            file.write(bytes(job["source"]))
    try:
        module = load(bytes(job["source"]), job["filename"])
    except BaseException as error:
        frames.write(answers, {"error": calls.describe(error, job["filename"])})
        return

    seeds = Seeds()
    for name, parameters in job["stand_ins"].items():
        parameters = parameters_of(module.__dict__.get(name)) or parameters
        module.__dict__[name] = stand_in(name, parameters, jobs, answers, seeds)
    function = module.__dict__.get(job["function"])
    frames.write(answers, {"found": callable(function), "calls": called(function, module, job["others"])})
    while True:
        try:
            call = frames.read(jobs)
        except EOFError:
            return
        seeds.restart(call["seed"])
        answer = calls.perform(function, call, job["filename"], counting)
        answers_in_memory = io.BytesIO()  # a tree that cannot be written must not leave half of itself behind
        try:
            frames.write(answers_in_memory, answer)
        except (frames.BadFrame, MemoryError) as error:
            answers_in_memory = io.BytesIO()
            frames.write(answers_in_memory, {"error": calls.describe(error, job["filename"])})
        answers.write(answers_in_memory.getbuffer())
        answers.flush()


class Seeds:
    """Seeds for the stand-ins in one call: each begins with that of the call.

    So a stand-in that is used once draws the noise that it would draw in the parent: a known mistake can be recognised.
    """

    def restart(self, seed):
        self.seed, self.asked = seed, collections.Counter()

    def next(self, name):
        self.asked[name] += 1
        return self.seed + self.asked[name] - 1


def called(function, module, names):
    """Those of `names` that the function mentions, also by way of other functions of the file."""
    found, seen, todo = set(), {}, [function]
    while todo:
        value = todo.pop()
        if id(value) in seen:
            continue
        seen[id(value)] = value
        mentions = mentioned(getattr(value, "__code__", None))
        found |= mentions & set(names)
        todo += [module.__dict__.get(name) for name in mentions - set(names)]
        with contextlib.suppress(Exception):  # of an object with ideas of its own
            todo += within(value)
    return sorted(found)


def within(value):
    """What a decorated, bound or partial function is made of; of the file's own classes and their objects, all."""
    parts = [getattr(value, name, None) for name in ("__wrapped__", "__func__", "func")]
    parts += [cell.cell_contents for cell in getattr(value, "__closure__", None) or ()]
    if isinstance(value, type):
        parts += vars(value).values() if value.__module__ == "submission" else ()
    else:
        parts.append(type(value))
    return parts


def mentioned(code):
    """All names in a piece of code, with those of the functions inside it."""
    if not isinstance(code, types.CodeType):
        return set()
    return set(code.co_names).union(*map(mentioned, code.co_consts))


def parameters_of(function):
    """The names of its parameters, None if it is not a function: students may have renamed them."""
    try:
        return list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return None


def stand_in(name, parameters, jobs, answers, seeds):
    """A function of the parent's, which autograd can differentiate."""

    def ask(kind, args, seed, argnum=0, weights=None):
        call = {"kind": kind, "args": list(args), "seed": seed, "argnum": argnum, "weights": weights}
        frames.write(answers, {"ask": name, "call": call})
        answer = frames.read(jobs)
        if "error" in answer:
            raise TypeError(f"{name}: {answer['error']['message']}")
        return answer["result"]

    @primitive
    def function(*args, seed):
        return ask("value", args, seed)

    def gradient(argnums, ans, args, options):
        return lambda g: tuple(ask("gradient", args, options["seed"], argnum, g)[1] for argnum in argnums)

    defvjp_argnums(function, gradient)

    def by_position(*args, **named):
        args += tuple(named[parameter] for parameter in parameters[len(args) :] if parameter in named)
        args = map(whole, args)
        return function(*args, seed=seeds.next(name))  # a random function draws the same again for its gradient

    return by_position


def whole(arg):
    """A list or tuple as autograd's own where its parts are being differentiated: one value, not many."""
    kinds = {list: autograd.builtins.list, tuple: autograd.builtins.tuple}
    return kinds[type(arg)](map(whole, arg)) if type(arg) in kinds else arg


class Shell:
    """In place of IPython's, of which every method does nothing."""

    def __getattr__(self, name):
        return lambda *args, **options: None


def load(source, filename):
    """The module that the source makes. Its `if __name__ == "__main__"` does not run."""
    module = types.ModuleType("submission")
    module.__file__ = os.path.abspath(filename)
    module.get_ipython, module.display = Shell, lambda *things: None  # a notebook, saved as a script, calls them
    sys.modules["submission"] = module
    sys.argv = [filename]
    exec(compile(source, filename, "exec"), module.__dict__)
    return module


def probe(scratch, forbidden):
    """Why this process could not be shut in; None if it was."""
    try:
        shut_in({"limits": {}, "scratch": scratch}, places.grants(forbidden))
        with open("written", "w"), open(os.__file__):
            pass
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    for what, attempt in (
        ("files can be read", lambda: os.listdir("/")),
        ("the network can be reached", socket.socket),
        ("programs can be run", lambda: os.execv(sys.executable, [sys.executable, "-c", ""])),
    ):
        try:
            attempt()
        except PermissionError:
            continue
        return f"{what} in spite of all"
    return None


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["zygote", descriptor, level, *forbidden]:
            serve(socket.socket(fileno=int(descriptor)), level, forbidden)
        case ["probe", scratch, *forbidden]:
            sys.exit(probe(scratch, forbidden))
        case ["once"]:
            job_fd, answer_fd = os.dup(0), os.dup(1)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(2, 1)  # what the submission prints goes to stderr, which the parent keeps in a file
            jobs = os.fdopen(job_fd, "rb")
            work(frames.read(jobs), None, jobs, os.fdopen(answer_fd, "wb"))

"""Run one function of a submission, as the parent asks, and send back what it returns.

    python -I -B child zygote FD     forks one process for each job that arrives on the socket FD (Unix)
    python -I -B child once          runs one job on stdin and stdout (elsewhere)

A job is {"source", "filename", "function", "stand_ins", "imports", "limits"}, then calls one after another until the
pipe is closed. Nothing in here is secret: no reference, no expected value, no seed but that of a call.
"""

import collections
import importlib
import inspect
import io
import os
import socket
import struct
import sys
import types

import calls
import confine
import counting
import frames
from autograd.extend import defvjp_argnums, primitive

sys.path.pop(0)  # this folder: a submission that imports `calls` does not mean ours


def serve(control):
    """Fork a process for each pair of pipes that arrives; tell its number, wait for its end, and tell that too."""
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 1, 3)
        if not message:
            return
        pid = os.fork()
        if pid == 0:
            control.close()
            job_fd, answer_fd, output_fd = descriptors
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(output_fd, 1)
            os.dup2(output_fd, 2)
            os.close(output_fd)
            try:
                work(os.fdopen(job_fd, "rb"), os.fdopen(answer_fd, "wb"))
            finally:
                os._exit(0)
        for descriptor in descriptors:
            os.close(descriptor)
        control.sendall(struct.pack("<q", pid))
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)  # not yet reaped: nobody else can get its number
        control.sendall(b"e")
        if not control.recv(1):  # the parent will not kill it any more
            return
        _, status = os.waitpid(pid, 0)
        control.sendall(struct.pack("<q", status))


def work(jobs, answers):
    """Load the submission of a job, then answer its calls."""
    sys.stdout.reconfigure(errors="replace", line_buffering=True)  # what is printed before a crash is seen, too
    job = frames.read(jobs)
    for name in job["imports"]:  # before the limits, which a large library may meet while it is read
        importlib.import_module(name)
    confine.confine(job["limits"])
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
        asked = function if call["function"] is None else module.__dict__.get(call["function"])
        seeds.restart(call["seed"])
        answer = calls.perform(asked, call, job["filename"], counting)
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
    found, seen, todo = set(), set(), [function]
    while todo:
        for name in mentioned(getattr(todo.pop(), "__code__", None)) - seen:
            seen.add(name)
            if name in names:
                found.add(name)
            else:
                todo.append(module.__dict__.get(name))
    return sorted(found)


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
        return function(*args, seed=seeds.next(name))  # a random function draws the same again for its gradient

    return by_position


def load(source, filename):
    """The module that the source makes. Its `if __name__ == "__main__"` does not run."""
    module = types.ModuleType("submission")
    module.__file__ = filename
    sys.modules["submission"] = module
    exec(compile(source, filename, "exec"), module.__dict__)
    return module


if __name__ == "__main__":
    if sys.argv[1] == "zygote":
        serve(socket.socket(fileno=int(sys.argv[2])))
    else:
        job_fd, answer_fd = os.dup(0), os.dup(1)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(2, 1)  # what the submission prints goes to stderr, which the parent keeps in a file
        work(os.fdopen(job_fd, "rb"), os.fdopen(answer_fd, "wb"))

"""Submissions that mean harm, and innocent ones that look odd: what comes of them, seen from outside.

Each file of attacks/ is a submission, and ends in .py.txt so that nobody imports or runs it by mistake. Its header says
what is expected:

    verdict: compute_KL failed|error     the statuses that the function may get; "all" is every function of the topic
    must not: leave a process            what is tried; everything in `harm` is looked for after every file
    topic: nade                          if it is not vae
    seconds: 20                          for one function, if more is needed than SECONDS
    rounds: 2                            it is marked so many times, with the same inputs
    public: compute_KL passed            with the seed of `npgen check`: it looks right to its author
    known hole: ...                      why the verdict is another one, and will be for now

@HOME@, @CLASS@, @RESULTS@, @TMP@, @GRADER@ and others in it are replaced by what an attacker would have to guess.

Some of the files kill every process that they can reach. So each is marked by a grader of its own, which refuses to
work below L2, and only after harmless probes have found every door closed.
"""

import base64
import contextlib
import functools
import hashlib
import json
import os
import re
import resource
import secrets
import signal
import socket
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from npgen.errors import InputError
from npgen.grading import checks, isolation
from npgen.grading.handout import CHECKOUT

ATTACKS = Path(__file__).with_name("attacks")
SUFFIX = ".py.txt"
LEVELS = ("L2", "L3", "L4")
MARK = "npgen-attack"  # in the name of whatever an attack makes
SECRET = "npgen-" + "secret"  # in one piece only in the grader's memory
SECONDS = {False: 3.0, True: 10.0}  # for one function of a hostile, and of an innocent, submission
MAX_GROWTH = 2**29  # bytes of the grader's memory
PLACES = [
    Path(place)
    for place in ("/", "/tmp", "/var/tmp", "/run", "/dev/shm", "/dev/mqueue", Path.home(), Path(__file__).parent)
]

needs_l2 = pytest.mark.skipif(sys.platform != "linux", reason="L2 needs Linux")


# --- the corpus ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Attack:
    """A file of the corpus."""

    name: str
    text: bytes
    header: tuple[tuple[str, str], ...]

    def all(self, key: str) -> list[str]:
        return [value for name, value in self.header if name == key]

    def one(self, key: str, default: str = "") -> str:
        return next(iter(self.all(key)), default)

    @property
    def innocent(self) -> bool:
        return self.name.startswith("innocent_")

    @property
    def topic(self) -> str:
        return self.one("topic", "vae")

    @property
    def seconds(self) -> float:
        return float(self.one("seconds", str(SECONDS[self.innocent])))

    @property
    def expected(self) -> dict[str, set[str]]:
        """{function: statuses}"""
        found = {}
        for function, statuses in (value.split() for value in self.all("verdict")):
            names = [check.name for check in checks.load(self.topic)] if function == "all" else [function]
            found |= {name: set(statuses.split("|")) for name in names}
        return found

    def source(self, values: dict[str, str]) -> bytes:
        """The bytes that are handed in."""
        values = values | {"NUL": "\0", "BRACKETS": "(" * 100_000 + ")" * 100_000, "SUM": "1" + "+1" * 999_000}
        return functools.reduce(
            lambda text, item: text.replace(f"@{item[0]}@".encode(), item[1].encode()), values.items(), self.text
        )


HEADER = re.compile(r"^(verdict|must not|topic|seconds|rounds|public|known hole): (.+?)\s*$", flags=re.MULTILINE)


def read(path: Path) -> Attack:
    text = path.read_bytes()
    header = text.decode("utf-8-sig", "replace").split('"""')[1]
    return Attack(path.name.removesuffix(SUFFIX), text, tuple(HEADER.findall(header)))


CORPUS = [read(path) for path in sorted(ATTACKS.glob(f"*{SUFFIX}"))]


def test_the_corpus_is_what_was_promised():
    assert [path.name for path in ATTACKS.rglob("*.*") if path.is_file() and not path.name.endswith(SUFFIX)] == []
    assert sum(not attack.innocent for attack in CORPUS) >= 40 and sum(attack.innocent for attack in CORPUS) >= 8
    for attack in CORPUS:
        assert attack.expected, attack.name
        assert attack.innocent or attack.all("must not"), attack.name
        for statuses in attack.expected.values():
            assert statuses <= {"passed", "failed", "error", "timeout", "crashed", "missing"}, attack.name
            assert (statuses == {"passed"}) if attack.innocent else ("passed" not in statuses), attack.name


# --- the grader: a process of its own --------------------------------------------------------------------------------


def grade(request: dict) -> dict:
    """Mark the functions of a submission, then an innocent one; what became of it and of this process."""
    from npgen.grading.check import PUBLIC_SEED
    from npgen.grading.marking import mark
    from npgen.grading.sandbox import Sandbox
    from npgen.grading.screen import sentences
    from npgen.grading.submission import Submission

    if not isolation.confined(request["level"]):
        raise InputError(
            f"the corpus is not run at {request['level']}: some of it kills every process that it can reach"
        )
    in_memory = f"{SECRET}-in-memory".encode() * 1000
    known = {check.name: check for check in checks.load(request["topic"])}
    kl = next(check for check in checks.load("vae") if check.name == "compute_KL")
    source = base64.b64decode(request["source"]).replace(b"@GRADER@", str(os.getpid()).encode())
    submission, innocent = Submission("work.py", source), Submission("other.py", INNOCENT)
    verdicts, public = [], []
    with Sandbox(request["seconds"], request["level"]) as sandbox:
        assert mark(innocent, kl, sandbox, 1).status == "passed"  # all is imported now
        before, memory = state_of(os.getpid()), peak_memory(reset=True)
        for _ in range(request["rounds"]):
            for name in request["functions"]:
                verdict = mark(submission, known[name], sandbox, request["seed"])
                texts = [*sentences(verdict, "en"), *sentences(verdict, "es"), verdict.printed]
                verdicts.append((name, verdict.status, verdict.score, round(verdict.seconds, 1), texts))
        for name in request["public"]:
            public.append((name, mark(submission, known[name], sandbox, PUBLIC_SEED).status))
        growth = peak_memory() - memory
        after = state_of(os.getpid())
        next_one = mark(innocent, kl, sandbox, request["seed"]).status
    assert in_memory
    left = [pid for pid, parent in parents().items() if parent == os.getpid()]
    changed = [f"{key}: {before[key]} -> {after[key]}" for key in before if before[key] != after[key]]
    return {
        "verdicts": verdicts,
        "public": public,
        "next": next_one,
        "growth": growth,
        "changed": changed,
        "left": left,
    }


INNOCENT = b"""
import autograd.numpy as np
def compute_KL(q):
    mean, log_std = np.split(q, 2, axis=1)
    return 0.5 * np.sum(mean**2 + np.exp(2 * log_std) - 1 - 2 * log_std, axis=1)
"""


def peak_memory(reset=False) -> int:
    """The most that this process has had in memory, in bytes, since the last reset."""
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    return 1024 * int(re.search(r"VmHWM:\s*(\d+)", Path("/proc/self/status").read_text())[1])


def state_of(pid: int) -> dict:
    """What others may change of a process."""
    limits = {
        name: resource.prlimit(pid, getattr(resource, name)) for name in dir(resource) if name.startswith("RLIMIT_")
    }
    return {
        **limits,
        "nice": os.getpriority(os.PRIO_PROCESS, pid),
        "scheduler": os.sched_getscheduler(pid),
        "processors": sorted(os.sched_getaffinity(pid)),
        "oom": Path(f"/proc/{pid}/oom_score_adj").read_text(),
    }


def parents() -> dict[int, int]:
    """{process: its parent}"""
    found = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            found[int(name)] = int(Path(f"/proc/{name}/stat").read_text(errors="replace").rpartition(")")[2].split()[1])
    return found


def test_the_grader_refuses_to_run_the_corpus_below_L2():
    for level in ("L0", "L1"):
        with pytest.raises(InputError, match="not run at"):
            grade({"level": level})


# --- what is around it -----------------------------------------------------------------------------------------------


class Surroundings:
    """A class, results, a home folder, listeners and a bystander: what must be as before when a grader has ended."""

    def __init__(self, root: Path):
        self.root = root
        self.stack = contextlib.ExitStack()
        for folder in ("home", "class", "results/results", "tmp", "net"):
            (root / folder).mkdir(parents=True)
        for name, text in {
            "home/.bashrc": "# mine",
            "class/classmate.py": f"# {SECRET} of a classmate",
            "results/secret": f"{SECRET} of the batch",
            "results/gradebook.csv": "student,score\nclassmate,10\n",
            "results/results/classmate.json": '{"score": 10}',
        }.items():
            (root / name).write_text(text)
        for folder in ("home", "class", "results"):
            (root / folder / "empty").mkdir()
        # A submission is not to import what lies beside it, and neither is the grader.
        for name in (
            "numpy",
            "conftest",
            "sitecustomize",
            "usercustomize",
            "json",
            "calls",
            "frames",
            "antigravity_of_npgen",
        ):
            (root / "class" / f"{name}.py").write_text(
                f"open({str(root / 'home' / MARK)!r}, 'w'); print('GOT: {name}')"
            )

    def __enter__(self):
        self.listeners = {
            "TCP": self.listener(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
            "UDP": self.listener(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0)),
            "UNIX": self.listener(socket.AF_UNIX, socket.SOCK_STREAM, self.unix()),
            "UNIX.dgram": self.listener(socket.AF_UNIX, socket.SOCK_DGRAM, self.unix() + ".dgram"),
            "ABSTRACT": self.listener(socket.AF_UNIX, socket.SOCK_DGRAM, f"\0{self.abstract()}"),
        }
        self.bystander = subprocess.Popen(["sleep", "1000"], start_new_session=True)
        self.stack.callback(self.bystander.wait)
        self.stack.callback(self.bystander.kill)
        self.before = self.snapshot()
        return self

    def __exit__(self, *exc_info):
        self.stack.close()

    def unix(self) -> str:  # the path of a socket has 108 characters at most
        return f"/tmp/npgen-net-{self.abstract()[-12:]}"

    def abstract(self) -> str:
        return hashlib.sha256(str(self.root).encode()).hexdigest()

    def listener(self, family, kind, address):
        listener = self.stack.enter_context(socket.socket(family, kind))
        listener.bind(address)
        if kind == socket.SOCK_STREAM:
            listener.listen()
        if isinstance(address, str) and address.startswith("/"):
            self.stack.callback(os.unlink, address)
        listener.setblocking(False)
        return listener

    def values(self) -> dict[str, str]:
        folders = {name.upper(): str(self.root / name) for name in ("home", "class", "results", "tmp")}
        ports = {name: str(self.listeners[name].getsockname()[1]) for name in ("TCP", "UDP")}
        others = {
            "UNIX": self.unix(),
            "ABSTRACT": self.abstract(),
            "VICTIM": str(self.bystander.pid),
            "CHECKOUT": str(CHECKOUT),
        }
        return folders | ports | others

    def environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        ours = {
            "HOME": str(self.root / "home"),
            "TMPDIR": str(self.root / "tmp"),
            "GRADER_TOKEN": f"{SECRET} of the grader",
        }
        return kept | ours | {"OPENBLAS_NUM_THREADS": "1"}

    def snapshot(self) -> dict[str, tuple]:
        found = {}
        for path in sorted(self.root.rglob("*")):
            name = str(path.relative_to(self.root))
            if name.startswith(("home/.cache", "home/.config", "home/.matplotlib", "net")) or name == "home":
                continue  # matplotlib is imported before there is a submission, and remembers its fonts there
            with contextlib.suppress(FileNotFoundError):
                status = path.lstat()
                content = path.read_bytes() if stat.S_ISREG(status.st_mode) else b""
                times = () if name == "tmp" else (status.st_mtime_ns,)
                found[name] = (
                    status.st_mode,
                    status.st_uid,
                    status.st_gid,
                    content,
                    times,
                    os.listxattr(path, follow_symlinks=False),
                )
        for place in PLACES:
            with contextlib.suppress(OSError):
                found |= {str(place / name): () for name in os.listdir(place) if MARK in name}
        found["bystander"] = state_of(self.bystander.pid), self.bystander.poll()
        return found

    def harm(self):
        """What is not as it was."""
        with contextlib.suppress(OSError):
            if self.bystander.poll() is None and "T" in Path(f"/proc/{self.bystander.pid}/stat").read_text().split()[2]:
                yield "the bystander was stopped"
        if self.bystander.poll() is not None:
            yield "the bystander was ended"
            return
        after = self.snapshot()
        for name in sorted(self.before.keys() | after.keys()):
            if self.before.get(name) != after.get(name):
                how = "made" if name not in self.before else "changed" if name in after else "removed"
                yield f"{name} was {how}"
        for name, listener in self.listeners.items():
            with contextlib.suppress(BlockingIOError):
                listener.accept() if listener.type == socket.SOCK_STREAM else listener.recv(1)
                yield f"something arrived at {name}"

    def survivors(self) -> list[int]:
        """Processes whose environment names our folder: those that come of the grader."""
        found = []
        for name in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError):
                if str(self.root / "tmp").encode() in Path(f"/proc/{name}/environ").read_bytes():
                    found.append(int(name))
        return found


def run(attack: Attack, level: str, root: Path) -> list[str]:
    """Let a grader mark a file of the corpus; everything that is not as it should be."""
    seed = secrets.randbits(128)
    with Surroundings(root) as around:
        request = {
            "level": level,
            "topic": attack.topic,
            "seconds": attack.seconds,
            "rounds": int(attack.one("rounds", "1")),
            "functions": list(attack.expected),
            "public": [value.split()[0] for value in attack.all("public")],
            "seed": seed,
            "source": base64.b64encode(attack.source(around.values())).decode(),
        }
        command = [sys.executable, "-P", __file__] if sys.version_info >= (3, 11) else [sys.executable, __file__]
        grader = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=root / "class",
            env=around.environment(),
            start_new_session=True,
        )
        longest = 60 + 5 * attack.seconds * len(attack.expected) * request["rounds"]
        problems = []
        try:
            output, errors = grader.communicate(json.dumps(request).encode(), timeout=longest)
        except subprocess.TimeoutExpired:
            problems.append(f"the grader hung for {longest} s")
            grader.kill()
            output, errors = grader.communicate()
        time.sleep(0.3)  # for a daemon to do what it has come for
        for pid in around.survivors():
            problems.append(f"process {pid} survived")
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        problems += around.harm()
        if grader.returncode != 0:
            problems.append(f"the grader ended with {grader.returncode}")
        else:
            problems += _wrong(attack, json.loads(output.splitlines()[-1]))
        if errors:
            problems.append(f"it said: {errors.decode(errors='replace')[-2000:]}")
    return [*problems, f"the seed was {seed}"] if problems else []


def _wrong(attack: Attack, result: dict):
    """What the grader should not have said."""
    for name, status, score, seconds, texts in result["verdicts"]:
        if status not in attack.expected[name]:
            yield f"{name} {status} after {seconds} s, with {score} points: {texts}"
        for text in texts:
            if "GOT" in text or SECRET in text:
                yield f"{name} got out: {text[:500]}"
            if not all(line.isprintable() for line in text.split("\n")) or len(text) > 20_000:
                yield f"{name}: a text that cannot be shown: {text[:500]!r}"
    for name, status in result["public"]:
        if f"{name} {status}" not in attack.all("public"):
            yield f"{name} {status} with the public seed"
    if result["next"] != "passed":
        yield f"the next submission was marked {result['next']}"
    if result["growth"] > MAX_GROWTH:
        yield f"the grader's memory grew by {result['growth'] / 2**20:.0f} MB"
    if result["left"]:
        yield f"processes were left: {result['left']}"
    yield from result["changed"]


# --- the tests -------------------------------------------------------------------------------------------------------

# Harmless: each door is tried on what is there to be tried.
PROBE = Attack(
    "probe",
    b"""
import os, signal, socket, subprocess
import numpy as np
def compute_KL(q):
    for attempt in (
        lambda: os.kill(int("@VICTIM@"), 0),
        lambda: os.kill(-1, 0),
        lambda: os.kill(int("@VICTIM@"), signal.SIGTERM),
        lambda: os.kill(-int("@VICTIM@"), signal.SIGTERM),
        lambda: os.killpg(int("@VICTIM@"), signal.SIGTERM),
        lambda: os.setpriority(os.PRIO_PROCESS, int("@VICTIM@"), 5),
        lambda: os.fork() or os._exit(0),
        lambda: subprocess.run(["true"]),
        lambda: socket.socket(),
        lambda: open("@CLASS@/classmate.py").read(),
        lambda: open("@HOME@/npgen-attack", "w"),
        lambda: open("@CLASS@/classmate.py", "a"),
    ):
        try:
            print("GOT: a way out", attempt())
        except OSError:
            pass
    return np.zeros(len(q))
""",
    (("verdict", "compute_KL failed"),),
)


@pytest.fixture(scope="module")
def problems(request, tmp_path_factory, let_through):
    """`problems(level, attack)`; the files asked for are marked two at a time, once a level has been probed."""
    selected = [item.callspec.params for item in request.session.items if item.originalname == "test_attack"]
    started = {}

    @functools.cache
    def doors(level):
        """Why the corpus must not run at a level, as the way to say so and the reason."""
        try:
            isolation.require(level)
        except InputError as error:
            return pytest.skip, str(error)
        root = tmp_path_factory.mktemp(f"probe-{level}")
        let_through(root)
        open_doors = run(PROBE, level, root)
        return pytest.fail, f"nothing is run at {level}, which does not shut in: {open_doors}" if open_doors else ""

    def wait(level, attack):
        say, reason = doors(level)
        if reason:
            say(reason)
        for one in (params["attack"] for params in selected if params["level"] == level):
            if (level, one.name) not in started:
                root = tmp_path_factory.mktemp(one.name[:20])
                let_through(root)
                started[level, one.name] = pool.submit(run, one, level, root)
        return started[level, attack.name].result()

    with ThreadPoolExecutor(2) as pool:
        yield wait
        pool.shutdown(cancel_futures=True)


@needs_l2
@pytest.mark.parametrize("attack", CORPUS, ids=lambda attack: attack.name)
@pytest.mark.parametrize("level", LEVELS)
def test_attack(level, attack, problems, request):
    if attack.all("known hole"):
        request.applymarker(pytest.mark.xfail(reason=attack.one("known hole"), strict=True))
    found = problems(level, attack)
    assert not found, "\n".join(found)


if __name__ == "__main__":
    print("\n" + json.dumps(grade(json.loads(sys.stdin.read()))))

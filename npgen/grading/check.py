"""What `npgen check` does: a student's files -> verdicts."""

from __future__ import annotations

import ast
import contextlib
import dataclasses
import warnings
from dataclasses import dataclass
from pathlib import Path

from npgen.errors import InputError
from npgen.grading import checks, state, submission
from npgen.grading.handout import CHECKOUT
from npgen.grading.language import N_, Message
from npgen.grading.marking import Verdict, mark
from npgen.grading.sandbox import Sandbox

# The inputs of the public checks are the same each time, so the same file gets the same verdict. Marks are given with
# inputs drawn from a secret seed: a submission that fits these does not pass those.
PUBLIC_SEED = 2014
SUFFIXES = (".py", ".ipynb")


@dataclass(frozen=True)
class Task:
    """A file, and what to check in it: "vae" or "vae.compute_KL"."""

    path: Path
    target: str
    remembered: bool = False  # an exercise in its folder, of which `npgen list` tells

    @property
    def topic(self) -> str:
        return self.target.partition(".")[0]


@dataclass(frozen=True)
class Checked:
    """What came out of a task."""

    task: Task
    source: bytes
    verdicts: tuple[Verdict, ...]

    @property
    def score(self) -> int:
        return sum(verdict.score for verdict in self.verdicts)

    @property
    def max_score(self) -> int:
        return sum(verdict.check.points for verdict in self.verdicts)

    @property
    def n_passed(self) -> int:
        return sum(verdict.status == "passed" for verdict in self.verdicts)

    @property
    def resembles(self) -> str | None:
        """Another topic, where the file has functions of that, and none of its own topic."""
        if any(verdict.finding is None or verdict.finding.diagnosis != "missing" for verdict in self.verdicts):
            return None
        names = _functions(self.source)
        shared = {topic: sum(check.name in names for check in checks.load(topic)) for topic in checks.TOPICS}
        best = max(shared, key=lambda topic: shared[topic])
        return best if shared[best] and not shared[self.task.topic] else None


def _functions(source: bytes) -> set[str]:
    """The names of the functions that a text defines; none where Python cannot read it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def exercises(folder: Path | None = None) -> Path:
    """The folder with the student's files: the one that is named, else ./exercises, this one, or the checkout's."""
    if folder is not None:
        if not folder.is_dir():
            raise InputError(Message(N_("--dir: {folder} is not a folder."), folder=folder))
        return folder
    for folder in (Path("exercises"), Path(), CHECKOUT / "exercises"):
        if folder.is_dir() and (folder != Path() or _holds_exercises(folder)):
            return folder
    raise InputError(Message(N_("There is no folder exercises/ here. Go to where it is, or name it with --dir.")))


def _holds_exercises(folder: Path) -> bool:
    """Whether a file of the folder has the name of a topic, and a function of it."""
    return any(
        path.is_file() and not _functions(path.read_bytes()).isdisjoint(check.name for check in checks.load(topic))
        for topic in checks.TOPICS
        for path in (folder / f"{topic}.py",)
    )


def tasks(target: str | None, topic: str | None, folder: Path | None) -> list[Task]:
    """What the arguments of `npgen check` mean.

    Parameters
    ----------
    target
        "vae", "vae.compute_KL", the path of a file, or None for all topics.
    topic
        Of a file whose name does not say it.
    """
    if target is not None and (target.endswith(SUFFIXES) or Path(target).is_file()):
        return [_task_of_file(Path(target), topic)]
    if topic is not None:
        raise InputError(
            Message(N_("--topic says what a file is about. Name the file, too: {example}"), example=_EXAMPLE)
        )
    if target is not None and Path(target).is_dir():
        text = N_("{folder} is a folder. Check the exercises in it with: npgen check --dir {folder}")
        raise InputError(Message(text, folder=target))
    folder = exercises(folder)
    if target is not None:
        checks.find(target)
        return [_task_of_exercise(folder, target)]
    every = [_task_of_exercise(folder, topic) for topic in checks.TOPICS]
    found = [task for task in every if task.path.is_file()]
    if not found:
        text = N_("{folder} holds no exercise; expected {name} and others. `npgen handout` writes them.")
        raise InputError(Message(text, folder=folder, name=f"{checks.TOPICS[0]}.py"))
    return found


_EXAMPLE = "npgen check work.ipynb --topic vae"


def _task_of_exercise(folder: Path, target: str) -> Task:
    return Task(folder / f"{target.partition('.')[0]}.py", target, remembered=True)


def _task_of_file(path: Path, topic: str | None) -> Task:
    if topic is None and path.stem not in checks.TOPICS:
        text = N_("{path}: the name is none of a topic, so say which one it is about: --topic {topics}")
        raise InputError(Message(text, path=path, topics=" | ".join(checks.TOPICS)))
    target = topic or path.stem
    checks.find(target)
    return Task(path, target)


def run(task: Task, sandbox: Sandbox) -> Checked:
    """Check one file; InputError if it cannot be read."""
    submitted = submission.read(task.path)
    verdicts = tuple(submitted.told(mark(submitted, check, sandbox, PUBLIC_SEED)) for check in checks.find(task.target))
    return Checked(task, submitted.source, verdicts)


def remember(checked: Checked) -> None:
    """Keep the verdicts for `npgen list`."""
    if not checked.task.remembered:
        return
    before = state.load(checked.task.path.parent)
    source = state.sha256(checked.source)
    new = {verdict.check.id: (verdict.status, source) for verdict in checked.verdicts}
    with contextlib.suppress(
        InputError
    ):  # a folder that cannot be written: the verdicts are on the screen all the same
        dataclasses.replace(before, verdicts=before.verdicts | new).save()

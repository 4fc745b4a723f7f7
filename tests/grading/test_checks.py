"""What holds for every exercise (the invariants): right solutions pass, each known mistake fails and is named."""

import importlib.util
import re
from pathlib import Path

import pytest

from npgen.grading import judging
from npgen.grading.checks import TOPICS, load
from npgen.grading.marking import mark
from npgen.grading.sandbox import Sandbox
from npgen.grading.submission import Submission

ROOT = Path(__file__).parents[2]
CHECKS = [check for topic in TOPICS for check in load(topic)]
MISTAKES = [(check, mistake) for check in CHECKS for mistake in check.mistakes]
SEEDS = (0, 1, 2)


def right_solutions(topic):
    """{name of the function: differently written right solutions}, from tests/grading/right/<topic>.py."""
    spec = importlib.util.spec_from_file_location(topic, Path(__file__).parent / "right" / f"{topic}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.RIGHT


def judge(check, function, seed):
    """The name of what is found, or None where the function passes."""
    transcript = judging.run(check, judging.asker(function), seed)
    if transcript.finding is None:
        return None
    mistake = judging.diagnose(check, transcript)
    return mistake.name if mistake else transcript.finding.diagnosis


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_differently_written_right_solutions_pass(check):
    solutions = right_solutions(check.topic)[check.name]
    assert len(solutions) >= 6
    for function in (check.reference, *solutions):
        for seed in SEEDS:
            assert judge(check, function, seed) is None, function


@pytest.mark.parametrize("check, mistake", MISTAKES, ids=lambda value: getattr(value, "id", getattr(value, "name", "")))
def test_every_known_mistake_fails_and_is_named(check, mistake):
    for seed in SEEDS:
        assert judge(check, mistake.function, seed) == mistake.name


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_every_check_is_complete(check):
    assert check.points > 0
    assert len(check.hints) >= 2
    assert len({mistake.name for mistake in check.mistakes}) == len(check.mistakes)


@pytest.mark.parametrize("topic", TOPICS)
def test_no_function_can_be_had_from_one_that_builds_on_it(topic):
    """Right functions stand in for those that one builds on, so each has to come later in some order."""
    left = {check.name: set(check.builds_on) for check in load(topic)}
    assert set().union(*left.values()) <= left.keys()
    while left:
        free = {name for name, others in left.items() if not others & left.keys()}
        assert free, left
        left = {name: others for name, others in left.items() if name not in free}


@pytest.mark.parametrize("topic", TOPICS)
def test_the_solution_scores_everything_and_the_stub_nothing(topic):
    for folder, status in (("solutions", "passed"), ("exercises", "missing")):
        submission = Submission(f"{topic}.py", (ROOT / folder / f"{topic}.py").read_bytes())
        with Sandbox() as sandbox:
            for check in load(topic):
                verdict = mark(submission, check, sandbox, seed=0)
                assert verdict.status == status, (check.id, verdict)


@pytest.mark.parametrize("topic", TOPICS)
def test_checks_and_functions_of_the_exercise_are_one_to_one(topic):
    text = (ROOT / "solutions" / f"{topic}.py").read_text()
    regions = re.findall(r"^def (\w+)\((?:(?!^def ).)*?# BEGIN SOLUTION", text, flags=re.MULTILINE | re.DOTALL)
    assert regions == [check.name for check in load(topic)]


def test_solutions_exercises_and_checks_are_one_to_one():
    for folder in ("solutions", "exercises"):
        found = {path.stem for path in (ROOT / folder).glob("*.py") if path.stem != "conftest"}
        assert found == set(TOPICS)
    for folder in ("references", "mistakes", "checks"):
        found = {path.stem for path in (ROOT / "npgen" / "grading" / folder).glob("*.py") if path.stem != "__init__"}
        assert found == set(TOPICS), folder

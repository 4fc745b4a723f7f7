"""`pytest exercises`, run as a student runs it."""

import os
import subprocess
import sys

import pytest

from npgen.grading.checks import load
from npgen.grading.handout import CHECKOUT

N_PARAMETERS = "def fvsbn_n_parameters(n):\n    return {}\n"


@pytest.fixture
def run(exercises):
    def run(*arguments, cwd=exercises.parent):
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
        environment = {**os.environ, "LANG": "C.UTF-8", "LC_ALL": ""}
        done = subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=environment)
        assert "Traceback" not in done.stdout + done.stderr
        return done

    return run


def test_one_test_for_each_function(run, exercises):
    (exercises / "fvsbn.py").write_text(N_PARAMETERS.format("n * (n + 1) // 2"))
    done = run("exercises/fvsbn.py", "exercises/nade.py", "-v")
    assert done.returncode == 1
    assert "exercises/fvsbn.py::fvsbn_n_parameters PASSED" in done.stdout
    n_missing = len(load("fvsbn")) - 1
    assert f"{n_missing + len(load('nade'))} failed, 1 passed" in done.stdout
    assert done.stdout.count("\nNot written yet.\n") == len(load("nade"))


def test_the_verdict_in_words_and_what_was_printed(run, exercises):
    (exercises / "fvsbn.py").write_text(N_PARAMETERS.format("print('hello') or n"))
    done = run("exercises/fvsbn.py::fvsbn_n_parameters")
    assert done.returncode == 1 and "Captured stdout call" in done.stdout and "hello" in done.stdout
    assert "Case: D = " in done.stdout


def test_with_the_settings_of_the_repository(run, exercises):
    """Strict, with warnings as errors and doctests, which must not import an exercise."""
    (exercises / "fvsbn.py").write_text("x = (")
    done = run("-c", CHECKOUT / "setup.cfg", "--rootdir", ".", "exercises/fvsbn.py")
    assert done.returncode == 1 and "SyntaxError: '(' was never closed" in done.stdout
    assert f"{len(load('fvsbn'))} failed" in done.stdout and "error" not in done.stdout.splitlines()[-1]


def test_the_repository_does_not_collect_its_exercises():
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", "tests/test_files.py"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=CHECKOUT)
    assert done.returncode == 0 and "exercises/" not in done.stdout
    settings = (CHECKOUT / "setup.cfg").read_text()
    assert "testpaths = tests npgen\n" in settings

"""Fixtures of the tests of the exercises' commands."""

import os
import tempfile
from pathlib import Path

import pytest

from npgen.cli import main
from npgen.grading import isolation
from npgen.grading.handout import CHECKOUT

collect_ignore = ["attacks"]  # should a file there lack its .txt, --doctest-modules would import it, shut in by nothing
HOSTILE = ("test_attacks.py", "test_batch.py", "test_isolation.py")


def pytest_collection_modifyitems(items):
    """Tests that kill processes, or let others try, run only where somebody asked for them; batches, only at L2."""
    hostile = [item for item in items if item.path.name in HOSTILE]
    if "NPGEN_HOSTILE_TESTS" not in os.environ:
        for item in hostile:
            item.add_marker(pytest.mark.skip(reason="kills processes, takes minutes: set NPGEN_HOSTILE_TESTS=1"))
    elif hostile and (reason := isolation._missing("L2")) is not None:
        for item in hostile:
            if item.path.name == "test_batch.py":  # the others ask for the level that they need
                item.add_marker(pytest.mark.skip(reason=f"L2: {reason}"))


@pytest.fixture(scope="session")
def let_through():
    """`let_through(folder)` lets another user into a test's folder: at L4, one runs the submissions."""

    def walk(folder):
        temporary = Path(tempfile.gettempdir())
        for path in (folder, *folder.parents):
            if path.is_relative_to(temporary) and path != temporary:
                path.chmod(path.stat().st_mode | 0o011)

    return walk


@pytest.fixture(autouse=True)
def folder_that_lets_through(tmp_path, let_through):
    let_through(tmp_path)


@pytest.fixture
def npgen(tmp_path, monkeypatch, capsys):
    """`npgen("check", "vae")` in an empty folder; gives its exit code, its output and its errors."""
    monkeypatch.chdir(tmp_path)
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG", "LANGUAGE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")

    def run(*arguments):
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        output, errors = capsys.readouterr()
        assert "Traceback" not in output + errors
        return ended.value.code, output, errors

    return run


@pytest.fixture
def exercises(tmp_path):
    """tmp_path/exercises, as a student gets them."""
    folder = tmp_path / "exercises"
    folder.mkdir()
    for path in (CHECKOUT / "exercises").glob("*.py"):
        (folder / path.name).write_bytes(path.read_bytes())
    return folder


@pytest.fixture
def solution():
    """`solution("vae")` is the text of the solution."""
    return lambda topic: (CHECKOUT / "solutions" / f"{topic}.py").read_text()

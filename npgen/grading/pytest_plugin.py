"""`pytest exercises`: one test for each function of an exercise, with the verdict of `npgen check`.

exercises/conftest.py takes its hook from here. The files are run by the sandbox, as always: pytest itself never imports
them, not even for their doctests.
"""

import pytest

from npgen.grading import checks, submission
from npgen.grading.check import PUBLIC_SEED
from npgen.grading.language import preferred
from npgen.grading.marking import mark
from npgen.grading.sandbox import Sandbox
from npgen.grading.screen import sentences


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path, parent):
    """In place of what else would be collected from the file of a topic."""
    collected = yield
    if file_path.suffix == ".py" and file_path.stem in checks.TOPICS:
        return [Exercise.from_parent(parent, path=file_path)]
    return collected


class Exercise(pytest.File):
    """A file, with one child process server for all its functions."""

    def collect(self):
        for check in checks.load(self.path.stem):
            yield Function.from_parent(self, name=check.name, check=check)

    def setup(self):
        self.sandbox = Sandbox().__enter__()
        self.addfinalizer(lambda: self.sandbox.__exit__(None, None, None))

    def submission(self):
        return submission.read(self.path)


class Function(pytest.Item):
    """One function."""

    def __init__(self, *, check, **options):
        super().__init__(**options)
        self.check = check

    def runtest(self):
        verdict = mark(self.parent.submission(), self.check, self.parent.sandbox, PUBLIC_SEED)
        if verdict.printed:
            self.add_report_section("call", "stdout", verdict.printed)
        if verdict.status != "passed":
            raise NotRight("\n".join(sentences(verdict, preferred())))

    def repr_failure(self, excinfo):
        if isinstance(excinfo.value, NotRight):
            return str(excinfo.value)
        return super().repr_failure(excinfo)

    def reportinfo(self):
        return self.path, None, self.name


class NotRight(Exception):
    """A verdict in words."""

"""`pytest exercises` checks the exercises, as `npgen check` does."""

from npgen.grading.pytest_plugin import pytest_collect_file

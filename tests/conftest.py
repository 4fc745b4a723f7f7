"""Fixtures that several test files share."""

import hypothesis
import numpy as np
import pytest

# No test is timed: an example may take long on a machine that is busy.
hypothesis.settings.register_profile("npgen", deadline=None)
hypothesis.settings.load_profile("npgen")


@pytest.fixture
def rng():
    return np.random.default_rng(0)

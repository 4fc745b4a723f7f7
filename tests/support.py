"""What several test files share besides fixtures."""

import os
from pathlib import Path

import pytest

REAL_DATA = os.environ.get("NPGEN_DATA", "")


def needs(*names):
    """Skips a test unless NPGEN_DATA holds these folders or files."""
    missing = [name for name in names if not REAL_DATA or not (Path(REAL_DATA) / name).exists()]
    return pytest.mark.skipif(bool(missing), reason=f"NPGEN_DATA has no {', '.join(missing)}")

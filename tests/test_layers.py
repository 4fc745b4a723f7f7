"""Imports run downward only (CONTRIBUTING.md), and importing npgen is cheap."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import npgen

PACKAGE = Path(npgen.__file__).parent

# From the bottom up; a module imports only what stands before it. The map in npgen/__init__.py has the same order.
ORDER = [
    *(
        "errors",
        "nested",
        "files",
        "memory",
        "kernels",
        "autodiff",
        "distributions",
        "examples",
        "nn",
        "optim",
        "sources",
        "readers",
        "folds",
        "data",
        "figures",
    ),
    *("checkpoint", "train", "run"),
    "models",
    *(
        "experiments",
        "preparation",
        "published",
        "recipes",
        "results",
        "progress",
        "commands",
        "demo",
        "reproduce",
        "grading",
        "cli",
    ),
]


def units():
    """{unit: its files}: a module at the top, or a folder of modules."""
    found = {}
    for path in PACKAGE.rglob("*.py"):
        unit = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        if path != PACKAGE / "__init__.py":
            found.setdefault(unit, []).append(path)
    return found


def imported(path):
    """The names under npgen that a file imports, anywhere in it: ("models", "nade"), ("nn",), ..."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return {tuple(name.split(".")[1:]) for name in names if name.startswith("npgen.")}


def test_every_module_has_its_place():
    assert set(units()) == set(ORDER)


def test_the_map_of_the_package_has_this_order():
    lines = [line[4:].split() for line in npgen.__doc__.splitlines() if line[:2] in ("L0", "L1", "L2", "L3", "  ")]
    assert [words[0] for words in lines if words and words[0] in ORDER] == ORDER


@pytest.mark.parametrize("unit", ORDER)
def test_imports_run_downward(unit):
    for path in units()[unit]:
        for name in imported(path):
            if name[0] != unit:
                assert ORDER.index(name[0]) < ORDER.index(unit), f"{path.name} imports {'.'.join(name)}"


def test_a_kernel_imports_nothing_of_npgen_but_how_it_is_compiled():
    for path in units()["kernels"]:
        assert {name[:2] for name in imported(path)} <= {("kernels", "compiling")}, path


def test_a_model_imports_no_other_model():
    for path in units()["models"]:
        assert not any(name[0] == "models" for name in imported(path)), path


def test_training_knows_no_model():
    for unit in ("train", "optim", "data", "figures", "run", "checkpoint"):
        for path in units()[unit]:
            assert not any(name[0] == "models" for name in imported(path)), path


@pytest.mark.parametrize("module", ["npgen", "npgen.cli", "npgen.train", "npgen.figures", "npgen.models.vae"])
def test_importing_is_cheap(module):
    code = f"import sys, {module}; print(*(name for name in ('numba', 'matplotlib', 'sklearn') if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_import_npgen_imports_nothing_but_itself():
    code = "import sys; before = set(sys.modules); import npgen; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["npgen"]

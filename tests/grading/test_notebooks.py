"""Notebooks: their code cells, without what only IPython understands."""

import json

import nbformat
import pytest

from npgen.errors import InputError
from npgen.grading.submission import read

CELLS = [
    ("markdown", "# A title\ndef f(: not code"),
    ("code", "%matplotlib inline\n!pip install npgen\nimport autograd.numpy as np"),
    ("code", "%%bash\nls"),
    ("code", "%%time\nx = 1"),
    ("code", "np.dot?\nif x:\n    %timeit x\n    y = '%d' % (\n        x\n        % 3)\n"),
    ("code", "def fvsbn_n_parameters(n):\n    return n * (n + 1) // 2"),
    ("raw", "raw"),
]


def write(path, version=4, cells=CELLS):
    new = {
        "markdown": nbformat.v4.new_markdown_cell,
        "code": nbformat.v4.new_code_cell,
        "raw": nbformat.v4.new_raw_cell,
    }
    notebook = nbformat.v4.new_notebook(cells=[new[kind](text) for kind, text in cells])
    content = json.loads(nbformat.writes(nbformat.convert(notebook, version), version=version))
    path.write_text(json.dumps(content))
    return path


@pytest.mark.parametrize("version", [3, 4])
def test_the_code_runs_as_python(tmp_path, version):
    submitted = read(write(tmp_path / "work.ipynb", version))
    namespace = {}
    exec(submitted.source, namespace)
    assert (namespace["x"], namespace["y"], namespace["fvsbn_n_parameters"](3)) == (1, "1", 6)
    assert submitted.name == "work.ipynb"


def test_a_notebook_without_cell_ids_makes_no_warning(tmp_path):
    path = write(tmp_path / "work.ipynb")
    content = json.loads(path.read_text())
    for cell in content["cells"]:
        cell.pop("id", None)
    path.write_text("\ufeff" + json.dumps(content), "utf-8")
    assert b"fvsbn_n_parameters" in read(path).source


def test_check_a_notebook(npgen, tmp_path):
    write(tmp_path / "work.ipynb")
    code, output, _ = npgen("check", "work.ipynb", "--topic", "fvsbn.fvsbn_n_parameters")
    assert code == 0 and "Public checks passed" in output
    write(tmp_path / "fvsbn.ipynb")
    assert npgen("check", "fvsbn.ipynb")[0] == 1


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b"\xff", b'{"cells": 3, "nbformat": 4, "nbformat_minor": 5}'])
def test_a_file_that_is_no_notebook(tmp_path, content):
    path = tmp_path / "work.ipynb"
    path.write_bytes(content)
    with pytest.raises(InputError, match="not a notebook that can be read"):
        read(path)

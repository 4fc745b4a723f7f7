"""Notebooks: their code cells, without what only IPython understands."""

import json

import nbformat
import pytest

from npgen.errors import InputError
from npgen.grading import parsing, submissions
from npgen.grading.submission import read
from npgen.grading.submissions import HandedIn

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


def code(*cells):
    """The text of a notebook with these cells, and the cells that were left out."""
    content = {"cells": [{"cell_type": "code", "source": cell} for cell in cells]}
    source, left_out = parsing.notebook_code("work.ipynb", json.dumps(content).encode())
    return source.decode(), left_out


@pytest.mark.parametrize(
    ("cell", "x"),
    [
        ("%time x = 1 + 1", 2),
        ("if True:\n    %time x = 1", 1),
        ("x = %time 1 + 1", 2),
        ("x = !ls", []),
        ("x = %who_ls", []),
        ("x = 3\n%timeit x = 4", 3),
        ("# a remark\n%%time\nx = 1", 1),
        ("%%time\n%matplotlib inline\nx = 1", 1),
        ("%%capture output\nx = 1", 1),
        ("%%writefile vae.py\nx = 1", 1),
        ("%%writefile 'my work/vae.py'\nx = 1", 1),
        ("x = 1\n!pip install \\\n    npgen", 1),
        ("x = 1\n?x\nx?\nx??", 1),
        ("%who\na, b = 7, 4\nx = (a\n%b)", 3),
        ("a, b = 7, 4\n%who\nx = a \\\n% b", 3),
        ('%who\nx = """(\n%b)\n!ls\nx?"""', "(\n%b)\n!ls\nx?"),
        ("%who\nx = '(' # it's\n%who\n", "("),
        ("%who\nx = {'a': '%d'\n% 3}['a']", "3"),
    ],
)
def test_what_only_ipython_understands(cell, x):
    source, left_out = code(cell)
    namespace = {}
    exec(source, namespace)
    assert (namespace["x"], left_out) == (x, [])
    assert source.count("\n") >= cell.count("\n") - 1  # a line stays a line


@pytest.mark.parametrize("cell", ["%%bash\nx = 1", "%%writefile notes.md\nx = 1", "%%html\n<b>"])
def test_a_cell_of_another_language(cell):
    assert code(cell) == ("", [])


@pytest.mark.parametrize("broken", ["def f(:", "return 1", "x = '\ud800'", "\0", "x = " + "(" * 1000, "for x in y:"])
def test_a_cell_that_python_cannot_read_takes_no_other_with_it(broken):
    source, left_out = code("x = 1", broken, "y = x + 1")
    namespace = {}
    exec(source, namespace)
    assert (namespace["y"], left_out) == (2, [2])


LEFT_OUT = [*CELLS, ("code", "fvsbn_n_parameters(3"), ("code", "def fvsbn_logits(x, W, b)\n    return x")]


def test_a_student_is_told_which_cells_were_left_out(npgen, tmp_path):
    path = write(tmp_path / "fvsbn.ipynb", cells=LEFT_OUT)
    _, output, _ = npgen("check", path, "--json")
    functions = {function["name"]: function for function in json.loads(output)["topics"][0]["functions"]}
    note = "Python cannot read all cells of your notebook, and these were left out: 6, 7 "
    assert functions["fvsbn_n_parameters"]["status"] == "passed" and not functions["fvsbn_n_parameters"]["message"]
    assert functions["fvsbn_logits"]["status"] == "missing" and note in functions["fvsbn_logits"]["message"]
    parsed = submissions.parse(HandedIn(path.name, path.read_bytes()), "fvsbn")
    assert (parsed.source, parsed.left_out) == (read(path).source, read(path).left_out)  # in a batch, too


def test_many_cells_that_were_left_out_make_no_long_message(npgen, tmp_path):
    path = write(tmp_path / "fvsbn.ipynb", cells=[("code", "(")] * 100)
    _, output, _ = npgen("check", path, "--json")
    assert "9, 10, ... (" in output and len(output) < 5000


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

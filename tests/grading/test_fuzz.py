"""Bytes that nobody sends in good faith, to the two places where npgen reads what others wrote.

Only the documented exceptions may come out, and memory stays bounded. A normal run takes a few hundred examples of each
kind. One that takes 100 000 in all needs about half an hour on one core:

    NPGEN_FUZZ=15000 pytest tests/grading/test_fuzz.py
"""

import contextlib
import io
import json
import os
import re
import struct
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest

from npgen.errors import InputError
from npgen.grading import parsing, submission
from npgen.grading.child import frames

hypothesis = pytest.importorskip("hypothesis")
st = hypothesis.strategies

N = int(os.environ.get("NPGEN_FUZZ", "500"))
MAX_GROWTH = frames.MAX_BYTES + 50 * 2**20  # bytes of memory that the reader of one input may add

fuzz = hypothesis.settings(max_examples=N, database=None, suppress_health_check=list(hypothesis.HealthCheck))


@contextlib.contextmanager
def bounded_memory():
    """What is read inside adds less than MAX_GROWTH to this process, also for a moment (on Linux)."""
    if not Path("/proc/self/clear_refs").exists():
        yield
        return
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
    before = memory("VmRSS")
    yield
    assert memory("VmHWM") - before < MAX_GROWTH


def memory(kind):
    """Bytes, as the kernel counts them."""
    return 1024 * int(re.search(rf"{kind}:\s*(\d+)", Path("/proc/self/status").read_text())[1])


# --- frames ----------------------------------------------------------------------------------------------------------


def is_plain(tree, depth=0):
    """Whether a tree is made of what `frames.read` promises."""
    if isinstance(tree, dict):
        return all(type(key) is str for key in tree) and all(is_plain(value, depth + 1) for value in tree.values())
    if isinstance(tree, (list, tuple)):
        return depth <= frames.MAX_DEPTH and all(is_plain(value, depth + 1) for value in tree)
    if isinstance(tree, np.ndarray):
        return tree.dtype.kind in frames.KINDS and tree.dtype.isnative and tree.flags.writeable
    if type(tree) is int:
        return -(2**63) <= tree < 2**64
    if isinstance(tree, frames.Other):
        return is_plain(tree.type_name)
    if type(tree) is str:
        return len(tree) <= frames.MAX_TEXT and all(line.isprintable() for line in tree.split("\n"))
    return tree is None or type(tree) in (bool, float)


def read_all(content):
    """Read trees until something ends them, which has to be one of the two documented exceptions."""
    stream = io.BytesIO(content)
    with bounded_memory(), pytest.raises((EOFError, frames.BadFrame)):
        while True:
            assert is_plain(frames.read(stream))


def frame(header):
    return struct.pack("<I", len(header)) + header


sizes = st.one_of(st.integers(0, 5), st.sampled_from([-1, 2**31 - 1, 2**31, 2**63, 10**300, True, 1.5, "1", None]))
types = st.one_of(
    st.sampled_from([*frames.DTYPES, "f8", ">f8", "O", "V8", "a", "(1,2", "f8,,", "M8[s]", "U4", "", "f16"]), st.text()
)
json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text()),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(), inner, max_size=4)),
    max_leaves=10,
)
keys = st.lists(st.one_of(st.sampled_from(["result", "mutated", "error", "ask", "call"]), st.text()), max_size=4)
headers = st.one_of(
    st.fixed_dictionaries({"dtype": types, "shape": st.lists(sizes, max_size=10)}),
    st.fixed_dictionaries({"list": sizes}),
    st.fixed_dictionaries({"tuple": sizes}),
    st.fixed_dictionaries({"dict": keys}),
    st.fixed_dictionaries({"value": json_values}),
    st.fixed_dictionaries({"other": st.text()}),
    json_values,
)
pieces = st.one_of(
    headers.map(lambda header: frame(json.dumps(header).encode())),
    headers.map(lambda header: frame(json.dumps(header, ensure_ascii=False).encode("utf-8", "surrogatepass"))),
    st.binary(max_size=64),
    st.binary(max_size=64).map(frame),
    st.integers(0, 2**32 - 1).map(lambda length: struct.pack("<I", length)),
    st.integers(0, 4096).map(lambda depth: frame((b"[" * depth)[:4096])),
    st.integers(0, 600).map(lambda depth: frame(b'{"":' * depth)),
    st.integers(1, 4000).map(lambda digits: frame(b'{"value":' + b"9" * digits + b"}")),
)

arrays = st.builds(
    lambda dtype, shape: np.zeros(shape, dtype),
    st.sampled_from([np.dtype(c) for c in "?bhilBHILefd"]),
    st.lists(st.integers(0, 3), max_size=4),
)
trees = st.recursive(
    st.one_of(arrays, st.none(), st.booleans(), st.integers(), st.floats(), st.text()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(st.text(max_size=10), inner, max_size=4),
    ),
    max_leaves=8,
)


@st.composite
def mutated(draw, contents):
    """Some bytes of these changed, left out, or repeated."""
    content = bytearray(draw(contents))
    for _ in range(draw(st.integers(1, 5))):
        at = draw(st.integers(0, len(content)))
        match draw(st.integers(0, 3)):
            case 0:
                content[at : at + 1] = draw(st.binary(min_size=1, max_size=4))
            case 1:
                del content[at : at + draw(st.integers(1, 20))]
            case 2:
                content[at:at] = content[at : at + draw(st.integers(1, 40))]
            case 3:
                if at < len(content):
                    content[at] ^= 1 << draw(st.integers(0, 7))
    return bytes(content)


def written(tree):
    stream = io.BytesIO()
    frames.write(stream, tree)
    return stream.getvalue()


@fuzz
@hypothesis.given(st.binary())
def test_frames_of_any_bytes(content):
    read_all(content)


@fuzz
@hypothesis.given(st.lists(pieces, max_size=20).map(b"".join))
def test_frames_that_nearly_make_sense(content):
    read_all(content)


@fuzz
@hypothesis.given(mutated(trees.map(written)))
def test_frames_that_were_changed_on_their_way(content):
    read_all(content)


@fuzz
@hypothesis.given(trees)
def test_what_is_written_is_read(tree):
    content = written(tree)
    with bounded_memory():
        assert is_plain(frames.read(io.BytesIO(content)))


# --- submissions -----------------------------------------------------------------------------------------------------

source_texts = st.one_of(
    st.text(), st.sampled_from(["%%time\nx = 1", "!ls", "np.dot?", "%matplotlib inline", "%%", "x"])
)
cells = st.one_of(
    st.fixed_dictionaries(
        {
            "cell_type": st.sampled_from(["code", "markdown", 1]),
            "source": st.one_of(source_texts, st.lists(source_texts)),
        }
    ),
    st.fixed_dictionaries({"cell_type": st.just("code"), "input": json_values}),
    st.fixed_dictionaries({"cell_type": st.just("code"), "source": json_values}),
    json_values,
)
notebooks = st.one_of(
    st.fixed_dictionaries({"nbformat": st.just(4), "cells": st.lists(cells, max_size=5)}),
    st.fixed_dictionaries({"worksheets": st.lists(st.fixed_dictionaries({"cells": st.lists(cells, max_size=3)}))}),
    st.fixed_dictionaries({"worksheets": json_values, "cells": json_values}),
    json_values,
).map(lambda notebook: json.dumps(notebook).encode())
notebooks |= st.integers(0, 100_000).map(lambda depth: b"[" * depth)
file_names = st.one_of(
    st.sampled_from(
        ["vae.py", "vae.ipynb", "a/vae.py", "../vae.py", "/vae.py", "..\\vae.py", "__MACOSX/vae.py", "b.PY"]
    ),
    st.text(max_size=20),
)


@st.composite
def archives(draw):
    stream = io.BytesIO()
    kinds = st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
    with zipfile.ZipFile(stream, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # two entries of one name are on purpose
        for name in draw(st.lists(file_names, max_size=4, unique=True)):
            info = zipfile.ZipInfo(name.encode("utf-8", "replace").decode())
            info.compress_type = draw(kinds)
            info.external_attr = draw(
                st.sampled_from([0, 0o100644 << 16, 0o120777 << 16, 0o040755 << 16, 0o010644 << 16])
            )
            archive.writestr(info, draw(st.one_of(st.binary(max_size=50), notebooks)))
    return stream.getvalue()


def reads(name, content, tmp_path_factory):
    """The batch's reader gives bytes or Unreadable, and that of a student's own files bytes or InputError."""
    try:
        with bounded_memory():
            assert isinstance(parsing.source_of(name, content, "vae")[0], bytes)
    except parsing.Unreadable as error:
        assert error.problem and all(isinstance(name, str) for name in error.names)
        json.dumps(error.names)  # it is sent to the grader
    if name.endswith(".zip"):
        return
    path = tmp_path_factory.getbasetemp() / name
    path.write_bytes(content)
    try:
        with bounded_memory():
            assert isinstance(submission.read(path).source, bytes)
    except InputError as error:
        assert str(error)


@fuzz
@hypothesis.given(st.one_of(notebooks, mutated(notebooks), st.binary()))
def test_notebooks(tmp_path_factory, content):
    reads("vae.ipynb", content, tmp_path_factory)


@fuzz
@hypothesis.given(st.one_of(archives(), mutated(archives()), st.binary()))
def test_archives(tmp_path_factory, content):
    reads("vae.zip", content, tmp_path_factory)


@fuzz
@hypothesis.given(st.binary())
def test_python_files(tmp_path_factory, content):
    reads("vae.py", content, tmp_path_factory)


@fuzz
@hypothesis.given(st.lists(file_names, max_size=5), st.sampled_from(["vae", "nade"]))
def test_names_of_files(names, topic):
    try:
        assert parsing.choose(names, topic) in names
    except parsing.Unreadable as error:
        assert error.problem in ("several", "none")

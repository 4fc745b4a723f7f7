import io
import pickle
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from npgen import checkpoint
from npgen.errors import InputError
from npgen.nested import leaves

FACTS = {"recipe": {"model": "nade", "sizes": [1, 2]}, "state": 2**127 + 1}
TREE = {"params": {"W": np.eye(2, dtype=np.float32), "net": [(np.arange(3), np.zeros(()))]}, "none": [], "pair": ()}


def test_round_trip(tmp_path):
    checkpoint.save(tmp_path / "run.npz", TREE, FACTS)
    tree, facts = checkpoint.load(tmp_path / "run.npz")
    assert facts == FACTS  # 128-bit integers of the generators included
    assert type(tree["params"]["net"][0]) is tuple and type(tree["params"]["net"]) is list
    assert tree["none"] == [] and tree["pair"] == ()
    for found, expected in zip(leaves(tree), leaves(TREE), strict=True):
        np.testing.assert_array_equal(found, expected, strict=True)


leaf = arrays.arrays(st.sampled_from([np.float32, np.float64, np.int64]), arrays.array_shapes(min_dims=0, max_side=3))
keys = st.text("abcXYZ_01", min_size=1, max_size=4)


@given(st.recursive(leaf, lambda t: st.lists(t, max_size=3) | st.dictionaries(keys, t, max_size=3), max_leaves=6))
def test_any_nest_survives(tree):
    file = io.BytesIO()
    nesting = checkpoint._nesting({"tree": tree})
    np.savez(file, **dict(checkpoint.named_leaves({"tree": tree})))
    file.seek(0)
    with np.load(file) as arrays:
        found = checkpoint._restore(nesting, arrays)["tree"]
    assert checkpoint._nesting(found) == checkpoint._nesting(tree)
    for a, b in zip(leaves(found), leaves(tree), strict=True):
        np.testing.assert_array_equal(a, b, strict=True)


def test_same_content_same_bytes(tmp_path):
    for name in "ab":
        checkpoint.save(tmp_path / name, TREE, FACTS)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def refused(path, match):
    with pytest.raises(InputError, match=match) as caught:
        checkpoint.load(path)
    assert len(str(caught.value).splitlines()) <= 2


def test_missing(tmp_path):
    refused(tmp_path / "run.npz", "no such file")


@pytest.mark.parametrize("kept", [0, 1, 10, 100, 0.5, 0.99])
def test_truncated(tmp_path, kept):
    path = tmp_path / "run.npz"
    checkpoint.save(path, TREE, FACTS)
    content = path.read_bytes()
    path.write_bytes(content[: kept if kept >= 1 else int(kept * len(content))])
    refused(path, "truncated")


@given(st.data())
def test_damaged_anywhere_gives_the_same_arrays_or_a_clear_error(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("damaged") / "run.npz"
    checkpoint.save(path, {"W": np.arange(4.0)}, {})
    content = bytearray(path.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    try:
        tree, _ = checkpoint.load(path)
    except InputError:
        return
    np.testing.assert_array_equal(tree["W"], np.arange(4.0))


class Bomb:
    def __reduce__(self):
        return (pytest.fail, ("a pickle was executed",))


def test_a_pickle_is_not_executed(tmp_path):
    path = tmp_path / "run.npz"
    path.write_bytes(pickle.dumps(Bomb()))
    refused(path, "pickled objects, which are never read")


@pytest.mark.parametrize("key", ["about", "params.W"])
def test_a_pickle_inside_is_not_executed(tmp_path, key):
    path = tmp_path / "run.npz"
    checkpoint.save(path, {"params": {"W": np.ones(1)}}, {})
    entry = io.BytesIO()
    np.lib.format.write_array_header_1_0(entry, {"descr": "|O", "fortran_order": False, "shape": ()})
    entry.write(pickle.dumps(Bomb()))
    with zipfile.ZipFile(path) as old:
        content = {name: old.read(name) for name in old.namelist()}
    content[f"{key}.npy"] = entry.getvalue()
    with zipfile.ZipFile(path, "w") as new:
        for name, data in content.items():
            new.writestr(name, data)
    refused(path, "pickled objects, which are never read")


def test_another_npz_or_npy(tmp_path):
    np.savez(tmp_path / "other.npz", W=np.ones(3))
    refused(tmp_path / "other.npz", "not a checkpoint of npgen")
    np.save(tmp_path / "other.npy", np.ones(3))
    refused(tmp_path / "other.npy", "not a checkpoint of npgen")


def test_of_another_format(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoint, "FORMAT", "npgen checkpoint 99")
    checkpoint.save(tmp_path / "run.npz", TREE, FACTS)
    monkeypatch.undo()
    refused(tmp_path / "run.npz", "expected 'npgen checkpoint 1'; found 'npgen checkpoint 99'")

import pytest

from npgen.errors import InputError
from npgen.files import atomic_write, writable_folder


def test_whole_file_or_none(tmp_path):
    path = tmp_path / "file"
    with atomic_write(path) as file:
        file.write(b"new")
        assert not path.exists()
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with pytest.raises(RuntimeError), atomic_write(path) as file:
        file.write(b"half")
        raise RuntimeError
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("place", ["missing/file", "regular/file"])
def test_a_place_that_cannot_be_written(tmp_path, place):
    (tmp_path / "regular").write_text("not a folder")
    with pytest.raises(InputError, match=r"cannot write .*file: .*another place"), atomic_write(tmp_path / place):
        pytest.fail("the block must not run")


def test_writable_folder_makes_parents_and_leaves_no_probe(tmp_path):
    assert list(writable_folder(tmp_path / "a" / "b").iterdir()) == []


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "regular").write_text("not a folder")
    with pytest.raises(InputError, match=r"cannot write into .*Choose another folder"):
        writable_folder(tmp_path / "regular" / "b")

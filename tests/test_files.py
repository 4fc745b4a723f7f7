import os
import stat

import pytest

from npgen.errors import InputError
from npgen.files import atomic_write, umask, writable_folder


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


def test_missing_folders_are_made(tmp_path):
    with atomic_write(tmp_path / "a" / "b") as file:
        file.write(b"new")
    assert (tmp_path / "a" / "b").read_bytes() == b"new"


def test_a_link_is_followed_not_replaced(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "target")
    with atomic_write(tmp_path / "link") as file:
        file.write(b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_bytes() == b"new"


def test_two_writers_at_once_both_write_whole_files(tmp_path):
    with atomic_write(tmp_path / "file") as one, atomic_write(tmp_path / "file") as two:
        one.write(b"one")
        two.write(b"two")
    assert (tmp_path / "file").read_bytes() == b"one"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs here")
def test_what_is_not_a_file_is_not_replaced(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    for place in (tmp_path / "fifo", tmp_path):
        with pytest.raises(InputError, match="it is not a file"), atomic_write(place):
            pytest.fail("the block must not run")
    assert stat.S_ISFIFO((tmp_path / "fifo").stat().st_mode)


@pytest.mark.parametrize("place", ["regular/file", "x" * 300, "nul\0byte"])
def test_a_place_that_cannot_be_written(tmp_path, place):
    (tmp_path / "regular").write_text("not a folder")
    with pytest.raises(InputError, match="cannot write"), atomic_write(tmp_path / place):
        pytest.fail("the block must not run")


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
@pytest.mark.parametrize("mask", [0o022, 0o077])
def test_new_files_have_ordinary_permissions(tmp_path, mask):
    before = os.umask(mask)
    try:
        with atomic_write(tmp_path / "file"):
            pass
        assert umask() == mask
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o666 & ~mask


def test_writable_folder_makes_parents_and_leaves_nothing_in_them(tmp_path):
    assert list(writable_folder(tmp_path / "a" / "b").iterdir()) == []


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "regular").write_text("not a folder")
    with pytest.raises(InputError, match=r"cannot write into .*Choose another folder"):
        writable_folder(tmp_path / "regular" / "b")

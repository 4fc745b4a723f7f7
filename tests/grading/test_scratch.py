"""Folders for temporary files: what is left behind by the killed goes, and nothing else ever does."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from npgen.grading import scratch

pytestmark = pytest.mark.skipif(scratch.fcntl is None, reason="no locks here")


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    """A folder for temporary files that is empty."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_a_folder_goes_with_its_block(temporary):
    with scratch.folder() as path:
        assert os.listdir(temporary) == [os.path.basename(path)] and scratch.NAME.fullmatch(os.path.basename(path))
        assert os.stat(path).st_mode & 0o777 == 0o700
        scratch.sweep()  # it is in use
        assert os.path.isdir(path)
    assert os.listdir(temporary) == []


def test_what_the_killed_leave_goes_with_the_next(temporary):
    code = "from npgen.grading import scratch\nwith scratch.folder() as path:\n    print(path, flush=True)\n    input()"
    environment = {**os.environ, "TMPDIR": str(temporary)}
    process = subprocess.Popen(
        [sys.executable, "-c", code], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    path = process.stdout.readline().strip()
    os.makedirs(f"{path}/a/b")
    os.chmod(f"{path}/a", 0)
    with scratch.folder():
        assert os.path.isdir(path)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    with scratch.folder() as mine:
        assert os.listdir(temporary) == [os.path.basename(mine)]


def test_nothing_else_is_touched(temporary):
    name = f"{scratch.PREFIX}abcdefgh"
    (temporary / "precious").mkdir()
    (temporary / "precious" / "file").touch()
    (temporary / name).symlink_to("precious")
    for other in ("npgen-marks", f"{scratch.PREFIX}results", f"{scratch.PREFIX}of-a-class", f"my-{name}"):
        (temporary / other).mkdir()
    (temporary / f"{scratch.PREFIX}01234567").touch()
    (temporary / f"{scratch.PREFIX}homework").mkdir(mode=0o755)
    before = sorted(temporary.rglob("*"))
    scratch.sweep()
    assert sorted(temporary.rglob("*")) == before


def test_folders_of_others_are_not_touched(temporary, monkeypatch):
    (temporary / f"{scratch.PREFIX}abcdefgh").mkdir(mode=0o700)
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    scratch.sweep()
    assert os.listdir(temporary)
    monkeypatch.undo()


def test_many_at_once(temporary):
    """A folder that is found before it is locked is removed, and its maker makes another one."""
    failed = []

    def make():
        for _ in range(50):
            with scratch.folder() as path:
                if not os.path.isdir(path):
                    failed.append(path)

    threads = [threading.Thread(target=make) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed and os.listdir(temporary) == []


def test_a_folder_is_removed_while_somebody_writes_into_it(temporary):
    (temporary / "folder").mkdir()
    stop = threading.Event()

    def write():
        for n in range(10**6):
            if stop.is_set():
                return
            try:
                (temporary / "folder" / str(n)).touch()
            except OSError:
                return

    writer = threading.Thread(target=write)
    writer.start()
    threading.Timer(0.3, stop.set).start()
    scratch.remove(str(temporary / "folder"))
    writer.join()
    assert os.listdir(temporary) == []
    scratch.remove(str(temporary / "folder"))  # nor is it an error where there is none


def test_a_file_system_without_locks(temporary, monkeypatch):
    def refuse(*arguments):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(scratch.fcntl, "flock", refuse)
    (temporary / f"{scratch.PREFIX}abcdefgh").mkdir(mode=0o700)
    with scratch.folder() as path:
        assert os.path.isdir(path)
    assert os.listdir(temporary) == [f"{scratch.PREFIX}abcdefgh"]  # who knows


def test_a_folder_is_removed_whatever_is_in_it(tmp_path):
    folder = tmp_path / "scratch"
    folder.mkdir()
    (folder / "link").symlink_to(tmp_path)
    (folder / ".npgen-0").mkdir()
    (folder / "closed" / "inner").mkdir(parents=True)
    (folder / "closed").chmod(0)
    here = os.getcwd()
    os.chdir(folder)
    for _ in range(1500):
        os.mkdir("deep" * 10)
        os.chdir("deep" * 10)
        Path("file").touch()
    os.chdir(here)
    scratch.remove(str(folder))
    assert os.listdir(tmp_path) == []

"""npgen.sources: look-up, downloads, every error message; the real files (skipped without NPGEN_DATA).

The tests of look-up and download use a table of their own, an empty cache, and a server on this machine.
"""

import dataclasses
import gc
import hashlib
import http.server
import io
import logging
import os
import re
import stat
import threading
from pathlib import Path

import pooch
import pytest

from npgen import sources
from npgen.errors import InputError
from support import REAL_DATA, needs


def file_of(path, content, site=None):
    return sources.File(path, len(content), site, "sha256:" + hashlib.sha256(content).hexdigest())


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def brief(error):
    """The message of an InputError, which has at most two lines."""
    assert len(str(error.value).splitlines()) <= 2
    return str(error.value)


# Look-up


@pytest.fixture
def places(tmp_path, monkeypatch):
    """(NPGEN_DATA, the cache), both empty, and no network."""
    given, cache = tmp_path / "given", tmp_path / "cache"
    given.mkdir()
    monkeypatch.setenv("NPGEN_DATA", str(given))
    monkeypatch.setattr(pooch, "os_cache", lambda _: cache)
    monkeypatch.setattr(sources, "download", lambda file: pytest.fail(f"downloads {file.path}"))
    return given, cache


DOWNLOAD = sources.download
ONE, TWO, BOTH = b"one", b"two", b"one and two"
PAIR = (
    file_of("pair/one", ONE, "http://x"),
    file_of("pair/two", TWO, "http://x"),
    file_of("pair/both", BOTH),
)


@pytest.fixture
def pair(monkeypatch):
    """A set of two original files and one repacked file."""
    monkeypatch.setitem(sources.SOURCES, "pair", PAIR)


@pytest.fixture
def only_repacked(monkeypatch):
    """A set of one repacked file, with no originals."""
    monkeypatch.setitem(sources.SOURCES, "pair", (PAIR[2],))
    monkeypatch.setattr(sources, "download", DOWNLOAD)  # refuses it without looking at the network


@pytest.fixture
def served(tmp_path, monkeypatch, places, pair):
    """The folder that a server on this machine serves; `pair` is downloaded from it into an empty cache."""
    folder = tmp_path / "served"
    folder.mkdir()

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args):
            super().__init__(*args, directory=str(folder))

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
    thread = threading.Thread(target=server.serve_forever, args=[0.01])
    thread.start()
    site = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setitem(sources.SOURCES, "pair", (at(PAIR[0], site), at(PAIR[1], site), PAIR[2]))
    monkeypatch.setattr(sources, "download", DOWNLOAD)
    yield folder
    server.shutdown()
    thread.join()
    server.server_close()
    gc.collect()  # so that a socket left open is reported with the test that left it


def at(file, site):
    return dataclasses.replace(file, site=site)


def test_given_folder_then_cache(places, pair):
    given, cache = places
    in_cache = [write(cache / "pair/one", ONE), write(cache / "pair/two", TWO)]
    assert sources.fetch("pair") == sources.path("pair") == in_cache
    assert sources.place("pair") == str(cache / "pair")
    in_given = write(given / "pair/two", TWO)
    assert sources.fetch("pair") == sources.path("pair") == [in_cache[0], in_given]
    assert sources.place("pair") == f"{cache / 'pair'}, {given / 'pair'}"


@pytest.mark.parametrize("value", [None, ""])
def test_without_npgen_data_the_cache(places, pair, monkeypatch, value):
    given, cache = places
    write(given / "pair/one", ONE), write(given / "pair/two", TWO)
    if value is None:
        monkeypatch.delenv("NPGEN_DATA")
    else:
        monkeypatch.setenv("NPGEN_DATA", value)
    assert sources.place("pair") == "not here, would be downloaded"
    in_cache = [write(cache / "pair/one", ONE), write(cache / "pair/two", TWO)]
    assert sources.fetch("pair") == in_cache


def test_repacked_stands_for_incomplete_originals_only(places, pair):
    given, cache = places
    write(cache / "pair/one", ONE), write(cache / "pair/two", TWO)
    repacked = write(given / "pair/both", BOTH)
    assert sources.fetch("pair") == [repacked]  # what the user gives comes before the cache
    one = write(given / "pair/one", ONE)
    assert sources.fetch("pair") == [repacked]
    two = write(given / "pair/two", TWO)
    assert sources.fetch("pair") == [one, two]


def test_originals_partly_here_would_be_downloaded(places, pair):
    given, cache = places
    write(given / "pair/one", ONE)
    assert sources.place("pair") == "not here, would be downloaded"
    write(cache / "pair/both", BOTH)  # only the first folder can give the repacked file
    assert sources.place("pair") == "not here, would be downloaded"
    write(cache / "pair/two", TWO)
    assert sources.place("pair") == f"{given / 'pair'}, {cache / 'pair'}"


@pytest.mark.parametrize("place", [0, 1])
def test_a_set_with_only_a_repacked_file(places, only_repacked, place):
    path = write(places[place] / "pair/both", BOTH)
    assert sources.files_of("pair") == (PAIR[2],)
    assert sources.fetch("pair") == sources.path("pair") == [path]
    assert sources.place("pair") == str(places[place] / "pair")
    assert sources.verify("pair") == [("pair/both", "right", False)]


def test_a_missing_repacked_file_cannot_be_downloaded(places, only_repacked):
    given, cache = places
    put = "It cannot be downloaded; put the file at <NPGEN_DATA>/pair/both and name that folder: "
    for ask, first in [
        (sources.fetch, "pair/both is not here."),
        (sources.path, f"pair is not here: no pair/both in {given} or {cache}"),
    ]:
        with pytest.raises(InputError) as error:
            ask("pair")
        assert brief(error).startswith(f"{first}\n{put}")
    assert sources.place("pair") == "not here, cannot be downloaded"
    assert sources.verify("pair")[0][1].startswith(f"not here. {put}")


def test_a_wrong_repacked_file_is_not_to_be_deleted(places, only_repacked):
    write(places[0] / "pair/both", ONE)
    with pytest.raises(InputError) as error:
        sources.fetch("pair")
    assert brief(error).endswith("\nPut the right file there.")


@pytest.mark.parametrize("content", [b"", b"on", b"0ne", b"one and more"])
@pytest.mark.parametrize("place", [0, 1])
def test_wrong_checksum(places, pair, place, content):
    path = write(places[place] / "pair/one", content)
    write(places[place] / "pair/two", TWO)
    with pytest.raises(InputError) as error:
        sources.fetch("pair")
    digits = [hashlib.sha256(x).hexdigest()[:8] for x in (ONE, content)]
    expected = f"expected 3 bytes with sha256 {digits[0]}..., found {len(content)} bytes with {digits[1]}..."
    assert brief(error).startswith(f"{path}: {expected}\n")
    assert sources.verify("pair") == [("pair/one", str(error.value), True), ("pair/two", "right", False)]


def test_md5_is_checked_as_md5(places, pair, monkeypatch):
    md5 = sources.File("pair/one", 3, "http://x", "md5:" + hashlib.md5(ONE).hexdigest())
    monkeypatch.setitem(sources.SOURCES, "pair", (md5,))
    path = write(places[0] / "pair/one", ONE)
    assert sources.fetch("pair") == [path]
    path.write_bytes(TWO)
    digits = [hashlib.md5(x).hexdigest()[:8] for x in (ONE, TWO)]
    with pytest.raises(InputError, match=f"md5 {digits[0]}.* {digits[1]}"):
        sources.fetch("pair")


def test_unreadable_file(places, pair, monkeypatch):
    path = write(places[0] / "pair/one", ONE)

    def denied(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(pooch, "file_hash", denied)
    with pytest.raises(InputError, match=re.escape(f"{path} cannot be read: Permission denied")):
        sources.fetch("pair")


def test_path_of_a_missing_set(places, pair):
    given, cache = places
    write(given / "pair/one", ONE)
    with pytest.raises(InputError) as error:
        sources.path("pair")
    assert brief(error) == (
        f"pair is not here: no pair/two in {given} or {cache}\n"
        "Put the file at <NPGEN_DATA>/pair/two and name that folder: export NPGEN_DATA=/path/to/data"
    )


def test_verify_a_missing_set(places, pair):
    write(places[0] / "pair/two", TWO)
    (one, missing, _), two = sources.verify("pair")
    assert (one, two) == ("pair/one", ("pair/two", "right", False))
    assert missing.startswith("not here. Put the file at <NPGEN_DATA>/pair/one ")


@pytest.mark.parametrize("ask", [sources.fetch, sources.place, sources.path, sources.verify])
def test_unknown_name(ask):
    with pytest.raises(InputError, match=r"unknown data set 'mnits'\. Did you mean mnist"):
        ask("mnits")


def test_without_data_the_sets_of_images_would_be_downloaded(places):
    found = {name: sources.place(name) for name in sources.SOURCES}
    assert found.pop("digits") == "scikit-learn"
    downloads = {name for name, place in found.items() if place == "not here, would be downloaded"}
    assert downloads == {"mnist", "binarized_mnist", "fashion_mnist", "caltech101_silhouettes"}
    assert {place for name, place in found.items() if name not in downloads} == {"not here, cannot be downloaded"}


def test_digits_have_no_files(places):
    assert sources.verify("digits") == []
    with pytest.raises(InputError, match="digits has no files of its own: it is part of scikit-learn"):
        sources.path("digits")


# Download


def test_download_into_the_cache(served, places):
    write(served / "one", ONE), write(served / "two", TWO)
    assert sources.fetch("pair") == [places[1] / "pair/one", places[1] / "pair/two"]
    assert [path.read_bytes() for path in sources.path("pair")] == [ONE, TWO]
    (served / "one").unlink(), (served / "two").unlink()
    assert sources.verify("pair") == [("pair/one", "right", False), ("pair/two", "right", False)]
    assert sources.fetch("pair") == sources.path("pair")  # not downloaded again


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o002, 0o664), (0o077, 0o600)])
def test_a_download_has_the_permissions_of_any_new_file(served, mask, mode):
    write(served / "one", ONE), write(served / "two", TWO)
    before = os.umask(mask)
    try:
        modes = [stat.S_IMODE(path.stat().st_mode) for path in sources.fetch("pair")]
    finally:
        after = os.umask(before)
    assert (modes, after) == ([mode, mode], mask)


def test_pooch_does_not_log_the_download(served, monkeypatch):
    stream, logger = io.StringIO(), logging.Logger("pooch")  # a new one: pooch's remembers its level
    logger.addHandler(logging.StreamHandler(stream))
    monkeypatch.setattr(pooch.utils, "LOGGER", logger)
    write(served / "one", ONE), write(served / "two", TWO)
    sources.fetch("pair")
    assert stream.getvalue() == ""


def test_only_what_is_missing_is_downloaded(served, places):
    given, cache = places
    one = write(given / "pair/one", ONE)
    write(served / "two", TWO)
    assert sources.fetch("pair") == [one, cache / "pair/two"]
    assert sorted(given.rglob("*")) == [given / "pair", one]  # nothing is written to NPGEN_DATA


# requests and pooch do not close the response of a download that fails; the interpreter does, and warns.
leaves_a_socket = pytest.mark.filterwarnings(
    r"ignore:Exception ignored in. <socket\.socket:pytest.PytestUnraisableExceptionWarning"
)


def left_behind(cache):
    return [path for path in cache.rglob("*") if path.is_file()]


@leaves_a_socket
def test_server_without_the_file(served, places):
    with pytest.raises(InputError) as error:
        sources.fetch("pair")
    url = sources.SOURCES["pair"][0].site + "/one"
    first, second = brief(error).splitlines()
    assert first.startswith(f"could not download {url}: 404 Client Error")
    assert second.startswith("Put the file at <NPGEN_DATA>/pair/one and name that folder: export NPGEN_DATA=")
    assert left_behind(places[1]) == []


def test_server_sends_another_file(served, places):
    write(served / "one", b"something else")
    with pytest.raises(InputError) as error:
        sources.fetch("pair")
    digits = [hashlib.sha256(x).hexdigest()[:8] for x in (ONE, b"something else")]
    assert f"expected sha256:{digits[0]}... but got {digits[1]}..." in brief(error)
    assert "<NPGEN_DATA>/pair/one" in brief(error)
    assert left_behind(places[1]) == []


@leaves_a_socket
def test_connection_lost_half_way(served, places, monkeypatch):
    def half(self, source, target):
        target.write(source.read(2))
        self.close_connection = True

    write(served / "one", ONE)
    monkeypatch.setattr(http.server.SimpleHTTPRequestHandler, "copyfile", half)
    with pytest.raises(InputError, match=r"could not download .*IncompleteRead"):
        sources.fetch("pair")
    assert left_behind(places[1]) == []


def test_no_server(served, places, monkeypatch):
    nobody = "http://127.0.0.1:1"
    monkeypatch.setitem(sources.SOURCES, "pair", (at(PAIR[0], nobody),))
    with pytest.raises(InputError) as error:
        sources.fetch("pair")
    first, second = brief(error).splitlines()
    assert first.startswith(f"could not download {nobody}/one: HTTPConnectionPool(host='127.0.0.1', port=1)")
    assert len(first) < 250
    assert "<NPGEN_DATA>/pair/one" in second and "export NPGEN_DATA=" in second
    assert left_behind(places[1]) == []


def test_cache_that_cannot_be_written(served, places):
    places[1].write_text("a file where the folder should be")
    write(served / "one", ONE)
    with pytest.raises(InputError, match="could not download"):
        sources.fetch("pair")


@leaves_a_socket
def test_interrupted_download_leaves_nothing(served, places, monkeypatch):
    def interrupted(self, n_bytes):
        raise KeyboardInterrupt

    write(served / "one", ONE)
    monkeypatch.setattr(sources.PoochBar, "update", interrupted)
    with pytest.raises(KeyboardInterrupt):
        sources.fetch("pair")
    assert left_behind(places[1]) == []


def test_progress_is_shown_in_bytes(served, monkeypatch):
    from rich.progress import Progress

    seen = []

    def stop(self):
        seen.extend((task.description, task.completed, task.total) for task in self.tasks)

    monkeypatch.setattr(Progress, "stop", stop)
    write(served / "one", ONE), write(served / "two", TWO)
    sources.fetch("pair")
    assert seen == [("pair/one", 3, 3), ("pair/two", 3, 3)]


def test_place_path_and_verify_never_download(served, places):
    write(served / "one", ONE), write(served / "two", TWO)
    sources.place("pair")
    sources.verify("pair")
    with pytest.raises(InputError):
        sources.path("pair")
    assert not places[1].exists()


# Files without a known checksum


NOT_TO_BE_HAD = ("connect4", "rcv1", "web", "white_wine")


@pytest.mark.parametrize("name", NOT_TO_BE_HAD)
def test_a_file_without_a_known_checksum_is_used_as_it_is_and_verify_says_so(places, name):
    given, _ = places
    (file,) = sources.SOURCES[name]
    assert sources.place(name) == "not here, cannot be downloaded"
    assert sources.verify(name)[0].wrong
    path = write(given / file.path, b"whatever")
    assert sources.fetch(name) == [path]
    assert sources.verify(name) == [(file.path, "here, but no checksum is known to compare it with", False)]


def test_only_what_cannot_be_had_is_without_a_checksum():
    without = {name for name, files in sources.SOURCES.items() if any(file.checksum is None for file in files)}
    assert without == set(NOT_TO_BE_HAD)


# The real files


@needs("SHA256SUMS")
def test_the_table_agrees_with_the_published_sums():
    lines = (Path(REAL_DATA) / "SHA256SUMS").read_text().splitlines()
    sums = {path: f"sha256:{checksum}" for checksum, path in map(str.split, lines)}
    ours = [file for files in sources.SOURCES.values() for file in files if file.path in sums]
    assert len(ours) == 18
    for file in ours:
        assert file.checksum == sums[file.path]
        assert file.n_bytes == (Path(REAL_DATA) / file.path).stat().st_size


@needs("mnist", "binarized_mnist", "fashion_mnist", "caltech101_silhouettes")
def test_the_real_sets_verify():
    for name in sources.SOURCES:
        if name in NOT_TO_BE_HAD:
            continue
        assert not any(wrong for _, _, wrong in sources.verify(name))
    assert sources.place("mnist") == str(Path(REAL_DATA) / "mnist")
    assert len(sources.path("mnist")) == 4

"""The zip file for Gradescope: the same bytes each time, and results whatever a student hands in."""

import base64
import csv
import hashlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import zipfile

import pytest
from grading.test_exports import gradescope_results

import npgen
from npgen.errors import InputError
from npgen.files import atomic_write
from npgen.grading import autograder, isolation
from npgen.grading.handout import CHECKOUT

BASH = shutil.which("bash")
in_a_container = pytest.mark.skipif(
    BASH is None or not sys.platform.startswith("linux"), reason="Gradescope's containers are Linux with bash"
)


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    return autograder.write(tmp_path_factory.mktemp("zip") / "autograder.zip", "vae")


# --- the zip file ----------------------------------------------------------------------------------------------------


def test_what_is_in_it(archive):
    with zipfile.ZipFile(archive) as opened:
        wheel = f"npgen-{npgen.__version__}-py3-none-any.whl"
        assert opened.namelist() == [wheel, "run_autograder", "setup.sh"]
        modes = {info.filename: info.external_attr >> 16 for info in opened.infolist()}
        assert modes == {wheel: 0o100644, "run_autograder": 0o100755, "setup.sh": 0o100755}
        for name in ("run_autograder", "setup.sh"):
            content = opened.read(name)
            assert content.startswith(b"#!/usr/bin/env bash\n") and b"\r" not in content and content.isascii()
        assert opened.testzip() is None


def test_the_same_npgen_writes_the_same_bytes(archive, tmp_path):
    before = os.umask(0o077)
    try:
        again = autograder.write(tmp_path / "other.zip", "vae")
    finally:
        os.umask(before)
    assert again.read_bytes() == archive.read_bytes()
    assert autograder.write(tmp_path / "nade.zip", "nade").read_bytes() != archive.read_bytes()


def test_the_wheel_is_complete_and_holds_no_solutions(archive):
    _, content = autograder.wheel()
    with zipfile.ZipFile(io.BytesIO(content)) as wheel:
        files = {info.filename: wheel.read(info) for info in wheel.infolist()}
    here = [path.relative_to(CHECKOUT).as_posix() for path in (CHECKOUT / "npgen").rglob("*.py")]
    assert set(here) <= files.keys()
    assert "npgen/grading/templates/report.html.jinja" in files and "npgen/locale/es/LC_MESSAGES/npgen.mo" in files
    assert {file.partition("/")[0] for file in files} == {"npgen", f"npgen-{npgen.__version__}.dist-info"}
    assert not any("__pycache__" in file for file in files)

    info = f"npgen-{npgen.__version__}.dist-info"
    record = {row[0]: row[1:] for row in csv.reader(files[f"{info}/RECORD"].decode().splitlines())}
    assert record.keys() == files.keys()
    for file, (digest, size) in record.items():
        if file != f"{info}/RECORD":
            algorithm, _, encoded = digest.partition("=")
            assert algorithm == "sha256" and int(size) == len(files[file])
            assert base64.urlsafe_b64decode(encoded + "=") == hashlib.sha256(files[file]).digest()
    metadata = files[f"{info}/METADATA"].decode()
    assert "\nRequires-Dist: numpy" in metadata and "extra ==" not in metadata


def test_pip_installs_the_wheel(tmp_path):
    name, content = autograder.wheel()
    (tmp_path / name).write_bytes(content)
    options = ["--no-index", "--no-deps", "--no-compile", "--disable-pip-version-check", "--quiet"]
    command = [sys.executable, "-m", "pip", "install", *options, "--target", tmp_path / "site", tmp_path / name]
    subprocess.run(command, check=True, cwd=tmp_path)
    source = "grading/autograder.py"
    assert (tmp_path / "site/npgen" / source).read_bytes() == (CHECKOUT / "npgen" / source).read_bytes()
    assert (tmp_path / "site/bin/npgen").is_file() or os.name == "nt"


@pytest.mark.parametrize(("options", "language"), [((), "en"), (("--lang", "es"), "es")])
def test_the_command_and_the_language_of_its_messages(npgen, tmp_path, options, language):
    assert npgen("autograder", "a.zip", "--topic", "vae", *options) == (0, "a.zip\n", "")
    assert (tmp_path / "a.zip").read_bytes() == autograder.write(tmp_path / "b.zip", "vae", language).read_bytes()
    with zipfile.ZipFile(tmp_path / "a.zip") as opened:
        run_autograder = opened.read("run_autograder").decode("ascii")
    assert run_autograder.endswith(f" vae {language}\n")
    first = json.loads(run_autograder.partition("'END'\n")[2].partition("\nEND\n")[0])
    assert first == autograder.without_marks(language)


def test_the_name_of_the_zip_file_says_the_topic(npgen, tmp_path):
    for name in ("vae", "vae.zip"):
        assert npgen("autograder", name) == (0, "vae.zip\n", "")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["vae.zip"]
    assert npgen("autograder", "week1")[0] == npgen("autograder", ".")[0] == 2


def test_bad_input_is_named(tmp_path):
    with pytest.raises(InputError, match="vaee"):
        autograder.write(tmp_path / "a.zip", "vaee")
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match="not a file"):
        autograder.write(tmp_path / "folder", "vae")
    assert not (tmp_path / "a.zip").exists()


# --- setup.sh --------------------------------------------------------------------------------------------------------


@pytest.fixture
def setup(archive, tmp_path):
    """`setup(failing)` runs setup.sh with commands that only tell that they were called; gives (exit code, calls)."""
    root, bin = tmp_path / "autograder", tmp_path / "bin"
    bin.mkdir()
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(root / "source")

    def run(failing=""):
        tells = 'echo "$(basename "$0") $*" >> "$CALLS"; [ "$(basename "$0")" != "$FAILING" ]\n'
        makes = f'if [ "$2" = venv ]; then mkdir -p "$3/bin"; cp "{bin}/apt-get" "$3/bin/pip"; '
        makes += f'cp "{bin}/apt-get" "$3/bin/python"; fi\n'
        for name, does in (("apt-get", ""), ("python3", makes)):
            (bin / name).write_text(f"#!/bin/sh\n{does}{tells}")
            (bin / name).chmod(0o755)
        environment = {
            "PATH": f"{bin}:{os.defpath}",
            "CALLS": str(tmp_path / "calls"),
            "FAILING": failing,
            "AUTOGRADER_ROOT": str(root),
        }
        status = subprocess.run([BASH, root / "source/setup.sh"], env=environment).returncode
        return status, (tmp_path / "calls").read_text().replace(str(root), "ROOT").splitlines()

    return run


@in_a_container
def test_setup(setup):
    wheel = f"npgen-{npgen.__version__}-py3-none-any.whl"
    assert setup() == (
        0,
        [
            "apt-get update",
            "apt-get install -y --no-install-recommends python3 python3-venv",
            "python3 -m venv ROOT/npgen",
            f"pip install ROOT/source/{wheel}",
            "python -I -m npgen.grading.autograder setup ROOT",
        ],
    )


@in_a_container
@pytest.mark.parametrize("failing", ["apt-get", "python3", "pip", "python"])
def test_setup_stops_at_what_fails(setup, failing):
    status, calls = setup(failing)
    assert status != 0 and calls[-1].startswith(failing)


# --- run_autograder --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def container(archive, tmp_path_factory, let_through):
    """/autograder as Gradescope makes it, elsewhere; its npgen is this one."""
    root = tmp_path_factory.mktemp("container") / "autograder"
    let_through(root.parent)
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(root / "source")
    (root / "npgen/bin").mkdir(parents=True)
    python = root / "npgen/bin/python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    done = subprocess.run(
        [python, "-I", "-m", "npgen.grading.autograder", "setup", root], check=True, capture_output=True, text=True
    )
    assert f"npgen {npgen.__version__}: isolation L" in done.stdout
    assert (root / "source/secret").stat().st_mode & 0o077 == 0
    return root


@pytest.fixture
def run(container):
    """`run({"vae.py": text})` hands these files in, as Gradescope does; gives the exit code and the results."""

    def hand_in(files, metadata=b'{"users": [{"id": 7, "name": "Ana", "email": "a@b.c"}]}'):
        for name in ("submission", "results"):
            shutil.rmtree(container / name, ignore_errors=True)
        (container / "submission_metadata.json").write_bytes(metadata)
        if files is not None:
            (container / "submission").mkdir()
            for name, content in files.items():
                (container / "submission" / name).write_bytes(content)
        return start(container)

    return hand_in


def start(root):
    (root / "tmp").mkdir(exist_ok=True)
    environment = {"PATH": os.environ["PATH"], "TMPDIR": str(root / "tmp")}
    environment |= {"AUTOGRADER_ROOT": str(root), "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(
        [BASH, root / "source/run_autograder"], env=environment, cwd=root, capture_output=True, text=True
    )
    assert os.listdir(root / "tmp") == []
    results = root / "results"
    assert [path.name for path in results.iterdir()] == ["results.json"], "nothing half-written is left"
    return done, json.loads((results / "results.json").read_text("utf-8"))


HONEST = (CHECKOUT / "solutions" / "vae.py").read_bytes()
KL = b"def compute_KL(q_means_and_log_stds):"
WRONG = HONEST.replace(KL, KL + b"\n    return -1.0\n\n\ndef other(q_means_and_log_stds):")


@in_a_container
def test_an_honest_submission_gets_all_points(run):
    done, results = run({"vae.py": HONEST})
    assert done.returncode == 0, done.stderr
    gradescope_results(results)
    assert results["score"] == 10 and {test["status"] for test in results["tests"]} == {"passed"}
    level = results["extra_data"]["isolation"]
    assert level == isolation.best() and f"isolation {level}" in done.stdout


@in_a_container
def test_a_wrong_function_loses_its_points_only(run):
    done, results = run({"my work.py": WRONG})
    gradescope_results(results)
    assert results["score"] == 8 and done.returncode == 0
    (failed,) = (test for test in results["tests"] if test["status"] == "failed")
    assert failed["name"] == "vae.compute_KL" and failed["score"] == 0 and failed["output"]


@in_a_container
@pytest.mark.parametrize("files", [None, {}, {"a.py": b"", "b.py": b""}, {"vae.ipynb": b"{"}, {"vae.zip": b"PK"}])
def test_nothing_that_can_be_read_is_no_points_with_a_reason(run, files):
    _, results = run(files)
    gradescope_results(results)
    assert results["score"] == 0 and len(results["tests"]) == 5 and all(test["output"] for test in results["tests"])


@in_a_container
def test_a_link_is_not_followed(run, container):
    for target in (container / "source/secret", "/etc/passwd", "/dev/zero"):
        run(None)
        (container / "submission").mkdir()
        (container / "submission" / "vae.py").symlink_to(target)
        _, results = start(container)
        assert results["score"] == 0 and "regular file" in results["tests"][0]["output"]


# It aims at nothing but the files of the container above and the process that started it, so that it does no harm where
# nothing holds it back. What kills all it can reach is in attacks/, which is never run below L2.
HOSTILE = b"""
import contextlib, json, os, signal
full = {"score": 1000, "tests": []}
for folder in (ROOT + "/results", ROOT + "/source", ROOT + "/submission"):
    for name in ("results.json", "secret", "evil"):
        with contextlib.suppress(OSError), open(os.path.join(folder, name), "w") as file:
            json.dump(full, file)
with contextlib.suppress(OSError):
    print(open(ROOT + "/source/secret").read())
with contextlib.suppress(OSError):
    os.kill(os.getppid(), signal.SIGKILL)
os._exit(0)
"""


@in_a_container
def test_a_hostile_submission_gets_what_it_deserves(run, container):
    secret = (container / "source/secret").read_bytes()
    work = f"ROOT = {str(container)!r}".encode() + HOSTILE
    _, results = run({"vae.py": work, "numpy.py": b"1/0", "npgen.py": b"1/0"})
    gradescope_results(results)
    assert results["score"] == 0 and {test["status"] for test in results["tests"]} == {"failed"}
    assert (container / "source/secret").read_bytes() == secret and secret.strip().decode() not in json.dumps(results)
    assert not list(container.rglob("evil"))


@in_a_container
@pytest.mark.parametrize("kills", [True, False])
def test_where_the_grader_itself_stops_there_are_results_all_the_same(container, tmp_path, kills):
    shutil.copytree(container / "source", tmp_path / "source")
    python = tmp_path / "npgen/bin/python"
    python.parent.mkdir(parents=True)
    # Killed in its work; or without a secret that it can read.
    python.write_text("#!/bin/sh\nkill -9 $$\n" if kills else (container / "npgen/bin/python").read_text())
    python.chmod(0o755)
    (tmp_path / "source/secret").write_bytes(b"short")
    done, results = start(tmp_path)
    assert done.returncode == (-signal.SIGKILL if kills else 1)
    assert results == autograder.without_marks("en") and results["score"] == 0
    assert "not your fault" in results["output"] and "secret" not in results["output"]
    assert kills or "a secret of 5 bytes" in done.stderr


@in_a_container
def test_the_same_student_meets_the_same_inputs_again(run, container, monkeypatch):
    from npgen.grading import pools, secret

    seeds = []
    monkeypatch.setattr(secret.Secret, "seed", lambda self, *words: seeds.append(words) or 1)
    monkeypatch.setattr(pools, "in_this_process", lambda queue: (work for work in list(queue) if work is None))
    (container / "submission_metadata.json").write_text('{"users": [{"id": 9}, {"id": 8}]}')
    shutil.rmtree(container / "submission", ignore_errors=True)
    (container / "submission").mkdir()
    (container / "submission/vae.py").write_bytes(HONEST)
    with pytest.raises(ValueError, match="unpack"):  # the pool gave no result
        autograder._marked(container, "vae", "en")
    assert {(student, topic) for student, topic, _ in seeds} == {("gradescope-8-9", "vae")}


@pytest.mark.parametrize("metadata", [b"", b"{}", b"[]", b'{"users": [{"id": "\\ud800"}]}', b"[" * 100_000, None])
def test_metadata_that_say_nothing_are_no_reason_to_stop(tmp_path, metadata):
    path = tmp_path / "submission_metadata.json"
    if metadata is not None:
        with atomic_write(path) as file:
            file.write(metadata)
    assert autograder.submitter(path) == "gradescope"


def test_what_is_said_without_marks_is_valid():
    results = autograder.without_marks("en")
    assert results["tests"] == []
    no_data = dict.fromkeys(("npgen", "isolation", "submission_sha256", "diagnoses"))
    gradescope_results(results | {"execution_time": 0, "extra_data": no_data})

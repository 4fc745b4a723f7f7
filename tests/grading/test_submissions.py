"""Reading what a class hands in: every form it comes in, and whatever somebody puts into the folder."""

import io
import json
import os
import resource
import stat
import struct
import subprocess
import textwrap
import time
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from npgen.errors import InputError
from npgen.grading import gradescope, parsing, secret, submissions
from npgen.grading.handout import CHECKOUT
from npgen.grading.parsing import Unreadable
from npgen.grading.submissions import HandedIn

TEXT = b"x = 1\n"
NOTEBOOK = json.dumps({"cells": [{"cell_type": "code", "source": ["x = 1\n"]}], "nbformat": 4}).encode()


def zipped(files, **options):
    """The bytes of a zip file with these (name, content)."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, **options) as archive:
        for name, text in files:
            archive.writestr(name, text)
    return content.getvalue()


def problem(function, *arguments):
    with pytest.raises(Unreadable) as raised:
        function(*arguments)
    assert str(submissions.problem(raised.value, "vae"))
    return raised.value.problem


def put(folder, files):
    """Write {path: bytes} into a folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


# --- who is in the folder


@pytest.mark.parametrize(
    ("entry", "student"),
    [
        ("Ana Gil.py", "Ana Gil"),
        ("José Ñandú.ipynb", "José Ñandú"),
        ("zoe.ZIP", "zoe"),
        ("=1+1.py", "=1+1"),
        ("a\nb.py", "a\nb"),
        ("<script>.py", "<script>"),
        ("-rf.py", "-rf"),
        ("Delia.rar", "Delia"),
        ("Delia.7z", "Delia"),
        ("Delia.PDF", "Delia"),
        ("Delia.docx", "Delia"),
        ("Ana Gil/vae.py", "Ana Gil"),
        ("M. A. Gil/vae.py", "M. A. Gil"),
        ("Ana Gil_1234567_assignsubmission_file_/work.py", "Ana Gil_1234567"),
        ("Ana Gil_1234567_assignsubmission_file/work.py", "Ana Gil_1234567"),
        ("Ana Gil_1234567_assignsubmission_file_my work.ipynb", "Ana Gil_1234567"),
        ("Ana Gil_1234567_assignsubmission_file_report.pdf", "Ana Gil_1234567"),
        ("Ana Gil_1234567_assignsubmission_file_work", "Ana Gil_1234567"),
        ("submission_234567890/vae.py", "submission_234567890"),
    ],
)
def test_the_student_of_an_entry(tmp_path, entry, student):
    put(tmp_path, {entry: NOTEBOOK if entry.endswith("ipynb") else TEXT})
    students, ignored = submissions.find(tmp_path)
    assert list(students) == [student] and not ignored


def test_entries_that_are_no_submission(tmp_path):
    names = [
        "notes.txt",
        ".DS_Store",
        "submission_metadata.yml",
        "A_1_assignsubmission_onlinetext_/text.html",
        "__MACOSX/x.py",
    ]
    put(tmp_path, dict.fromkeys(["Ana.py", *names], TEXT))
    students, ignored = submissions.find(tmp_path)
    assert list(students) == ["Ana"]
    assert sorted(ignored) == sorted(name.partition("/")[0] for name in names)


def test_two_forms_of_an_accent_are_one_student(tmp_path):
    put(tmp_path, {"Jos\u00e9.py": TEXT, "Jose\u0301.ipynb": NOTEBOOK})
    students, _ = submissions.find(tmp_path)
    ((student, entries),) = students.items()
    assert student == "Jos\u00e9" and problem(submissions.read, entries, "vae") == "several"


@pytest.mark.skipif(os.name != "posix", reason="names are bytes on Unix")
def test_a_name_that_is_no_text(tmp_path):
    (tmp_path / os.fsdecode(b"\xff\xfe.py")).write_bytes(TEXT)
    students, _ = submissions.find(tmp_path)
    ((student, entries),) = students.items()
    assert student == "\\xff\\xfe" and submissions.read(entries, "vae").content == TEXT
    json.dumps(student).encode()


def test_a_folder_without_submissions(tmp_path):
    with pytest.raises(InputError, match="holds no submission"):
        submissions.find(tmp_path)
    with pytest.raises(InputError, match="cannot read"):
        submissions.find(tmp_path / "none")


def test_names_on_a_screen_have_no_control_characters():
    assert submissions.shown("\x1b[2Ja\u202eb\n") == "?[2Ja?b?"
    assert len(submissions.shown("x" * 10_000)) < 300


# --- the names in a download from Gradescope

# As it is written there, by Ruby's YAML.
METADATA = """---
submission_11:
  :submitters:
  - :name: Ana Gil
    :sid: '100'
    :email: ana@example.org
  :created_at: 2026-11-20 10:00:00.000000000 Z
  :score: 10.0
  :status: processed
  :results:
    output: |-
      submission_14:
        :submitters:
        - :name: Forged
    tests:
    - output: "long, and over
        several lines: \\"\\n
        :submitters:"
  :history:
  - :id: 10
    :submitters:
    - :name: Of Another Time
submission_12:
  :submitters:
  - :name: José Ñandú
    :sid:
    :email: j@example.org
  - :name: 'O''Hara: "the" #1'
    :sid: '102'
    :email: o@example.org
submission_13:
  :submitters:
  - :name: "../..\\e[2J\\u202Ex\\0\\U0001F600\\
      \\ \\"y\\" /z"
    :email: 'a

      b'
  :created_at: x
submission_14:
  :submitters:
  - :name: Ana Gil
    :email: |2-
        :name: Forged
submission_15:
  :submitters:
  - :name: &1 Anchored
submission_16:
  :submitters: []
submission_17:
  :submitters:
  - :name: A name that is so long that it has to be written over
      more than one line
../../submission_18:
  :submitters:
  - :name: Outside
"""


def test_the_names_in_a_download_from_gradescope(tmp_path):
    put(tmp_path, {f"submission_{i}/vae.py": TEXT for i in range(11, 20)})
    put(tmp_path, {"submission_metadata.yml": METADATA.encode()})
    students, ignored = submissions.find(tmp_path)
    assert {entries[0].name: student for student, entries in students.items()} == {
        "submission_11": "Ana Gil_11",
        "submission_12": 'José Ñandú, O\'Hara: "the" #1_12',
        "submission_13": '.._.. [2J_x 😀 "y" _z_13',
        "submission_14": "Ana Gil_14",  # of the same name, and another student
        "submission_15": "submission_15",
        "submission_16": "submission_16",
        "submission_17": "A name that is so long that it has to be written over more t_17",
        "submission_18": "submission_18",
        "submission_19": "submission_19",
    }
    assert ignored == []
    assert submissions.read(students["Ana Gil_14"], "vae").content == TEXT


@pytest.mark.parametrize("kind", ["link", "pipe", "noise", "one line", "names without end"])
def test_a_list_of_names_that_is_none(tmp_path, kind):
    path = tmp_path / gradescope.NAME
    put(tmp_path, {"submission_1/vae.py": TEXT})
    if kind == "link":
        (tmp_path / "other").write_text("submission_1:\n  :submitters:\n  - :name: Ana\n")
        path.symlink_to("other")
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "noise":
        path.write_bytes(os.urandom(10**6))
    elif kind == "one line":
        path.write_bytes(b"submission_1:\n  :submitters:\n  - :name: '" + b" a" * 10**7)
    else:
        path.write_bytes(b"submission_1:\n  :submitters:\n" + b"  - :name: '\n" * 10**6 + b"      a\n" * 10**6)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    beginning = time.monotonic()
    assert list(submissions.find(tmp_path)[0]) == ["submission_1"]
    assert time.monotonic() - beginning < 10
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 * 1024  # KB


TEXTS = st.text(max_size=200)


@settings(max_examples=300)
@given(st.lists(st.tuples(TEXTS, TEXTS), max_size=4), st.booleans())
def test_no_text_in_a_download_from_gradescope_makes_other_names(texts, unicode):
    yaml = pytest.importorskip("yaml", reason="PyYAML writes the file")
    content = {
        f"submission_{i}": {":submitters": [{":name": name, ":email": other}], ":results": {"output": other}}
        for i, (name, other) in enumerate(texts)
    }
    lines = yaml.safe_dump(content, allow_unicode=unicode, sort_keys=False).splitlines(keepends=True)
    for submission, text in gradescope._written(iter(lines)):
        assert submission in content
        name = gradescope._name(text)
        assert name is None or (name.isprintable() and not set(name) & set("/\\\0") and len(name) <= 60)
    assert len(list(gradescope._written(iter(lines)))) == len(texts)


# --- which file counts


@pytest.mark.parametrize("name", ["A_1_assignsubmission_file_work.pdf", "A_1_assignsubmission_file_work", "A/b/.zip"])
def test_what_is_no_submission_is_none(tmp_path, name):
    put(tmp_path, {name: TEXT})
    ((_, entries),) = submissions.find(tmp_path)[0].items()
    assert problem(submissions.read, entries, "vae") == "none"


def test_of_several_files_without_folders_one_may_count(tmp_path):
    put(tmp_path, {f"A_1_assignsubmission_file_{name}": TEXT for name in ("work.py", "report.pdf", "data")})
    ((_, entries),) = submissions.find(tmp_path)[0].items()
    assert len(entries) == 3 and submissions.read(entries, "vae").name.endswith("work.py")
    put(tmp_path, {"A_1_assignsubmission_file_other.py": TEXT})
    assert problem(submissions.read, submissions.find(tmp_path)[0]["A_1"], "vae") == "several"


def test_the_folder_of_the_results_is_nobody(tmp_path, monkeypatch):
    put(tmp_path, {"Ana/vae.py": TEXT, "marks/vae/results/Ana.json": b"{}"})
    monkeypatch.chdir(tmp_path)
    for out in ("marks/vae", tmp_path / "marks", "./Ana/../marks"):
        students, ignored = submissions.find(Path("."), Path(out))
        assert (list(students), ignored) == (["Ana"], [])
        assert students["Ana"] == [tmp_path / "Ana"]  # absolute


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        (["vae.py"], "vae.py"),
        (["vae.py", "nade.py", "conftest.py", "README.md"], "vae.py"),
        (["VAE.ipynb", "helper.py"], "VAE.ipynb"),
        (["my work.py", "figure.png", ".ipynb_checkpoints/my work.py", "__pycache__/a.py"], "my work.py"),
        (["exercises/vae.py", "__MACOSX/exercises/._vae.py"], "exercises/vae.py"),
        (["vae.py", "vae.ipynb"], "several"),
        (["vae.py", "old/vae.py"], "several"),
        (["a.py", "b.py"], "several"),
        (["a.txt"], "none"),
        ([], "none"),
    ],
)
@pytest.mark.parametrize("form", ["folder", "zip"])
def test_the_file_that_counts(tmp_path, names, chosen, form):
    if form == "folder":
        (tmp_path / "Ana").mkdir()
        put(tmp_path / "Ana", dict.fromkeys(names, TEXT))

        def read():
            return submissions.read([tmp_path / "Ana"], "vae").name

        expected = chosen.rpartition("/")[2]
    else:
        content = zipped([(name, name) for name in names])

        def read():
            return parsing._unzipped("Ana.zip", content, "vae")[1].decode()

        expected = chosen
    assert (problem(read) if chosen in ("several", "none") else read()) == expected


def test_a_zip_file_in_a_folder(tmp_path):
    put(tmp_path, {"Ana/work.zip": zipped([("vae.py", TEXT)]), "Ana/report.pdf": b"%PDF"})
    handed_in = submissions.read([tmp_path / "Ana"], "vae")
    assert submissions.parse(handed_in, "vae").source == TEXT
    put(tmp_path, {"Ana/other.zip": zipped([("vae.py", TEXT)])})
    assert problem(submissions.read, [tmp_path / "Ana"], "vae") == "several"


def told(entries):
    with pytest.raises(Unreadable) as raised:
        submissions.read(entries, "vae")
    return str(submissions.problem(raised.value, "vae"))


def test_what_is_said_of_files_that_do_not_count(tmp_path):
    names = ("Ana_1_assignsubmission_file_a.py", "Ana_1_assignsubmission_file_b.py", "Delia.rar", "Eva/work.docx")
    put(tmp_path, dict.fromkeys([*names, "Leo.py", "Leo.pdf"], TEXT))
    students, _ = submissions.find(tmp_path)
    said = told(students["Ana_1"])
    assert "which one counts: a.py, b.py." in said and said.endswith("Hand in one file, vae.py.")
    assert told(students["Delia"]).endswith("only Delia.rar.") and told(students["Eva"]).endswith("only work.docx.")
    assert submissions.read(students["Leo"], "vae").name == "Leo.py"


@pytest.mark.parametrize(
    ("names", "is_class"),
    [
        (["week/submission_metadata.yml", "week/submission_1/vae.py"], True),
        (["week/Ana.py", "week/Eva.py", ".DS_Store"], True),
        (["week/Ana_1_assignsubmission_file_/a.py", "week/Eva_2_assignsubmission_file_/b.ipynb"], True),
        (["Ana/vae.py", "Ana/nade.py", "Ana/data/x.csv"], False),
        (["Ana/work.py", "Ana/report.pdf", "Ana/figures/x.png"], False),
        (["Ana_1_assignsubmission_file_/a.py", "Ana_1_assignsubmission_file_/b.py"], False),
        (["a/Ana.py", "a/Eva.py", "b.py"], False),
        (["Ana.py"], False),
    ],
)
def test_a_class_in_a_folder_of_its_own(tmp_path, names, is_class):
    put(tmp_path, dict.fromkeys(names, TEXT))
    students, _ = submissions.find(tmp_path)
    if is_class:
        with pytest.raises(InputError, match="holds one folder, week: name that one"):
            submissions.refuse_a_class_in(students, "vae", tmp_path)
    else:
        submissions.refuse_a_class_in(students, "vae", tmp_path)


# --- what is no file


def irregular(path, kind):
    """Make something that is no regular file."""
    if kind == "link":
        path.symlink_to("/etc/passwd")
    elif kind == "dangling link":
        path.symlink_to(path.parent / "nowhere")
    elif kind == "link to a folder":
        path.symlink_to("/etc")
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        import socket

        socket.socket(socket.AF_UNIX).bind(str(path))


@pytest.mark.skipif(os.name != "posix", reason="Unix has these")
@pytest.mark.parametrize("kind", ["link", "dangling link", "link to a folder", "pipe", "socket"])
@pytest.mark.parametrize("where", [".", "Ana"])
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
def test_what_is_no_regular_file_is_not_read(tmp_path, kind, where, monkeypatch):
    monkeypatch.chdir(tmp_path)  # the path of a socket is short
    (tmp_path / where).mkdir(exist_ok=True)
    irregular((tmp_path / where / "vae.py").relative_to(tmp_path), kind) if kind == "socket" else irregular(
        tmp_path / where / "vae.py", kind
    )
    entry = tmp_path / "vae.py" if where == "." else tmp_path / "Ana"
    beginning = time.monotonic()
    assert problem(submissions.read, [entry], "vae") == "irregular"
    assert time.monotonic() - beginning < 1


@pytest.mark.skipif(os.name != "posix", reason="Unix has these")
def test_a_file_that_becomes_a_link_or_a_pipe_in_that_moment(tmp_path, monkeypatch):
    path = tmp_path / "vae.py"
    path.write_bytes(TEXT)
    seen = path.lstat()
    for make in (lambda: path.symlink_to("/etc/passwd"), lambda: os.mkfifo(path)):
        path.unlink()
        make()
        monkeypatch.setattr(type(path), "lstat", lambda self: seen)
        assert problem(submissions.read, [path], "vae") in ("irregular", "unreadable")
        monkeypatch.undo()


def test_a_folder_of_links_in_circles_and_of_far_too_much(tmp_path):
    ana = tmp_path / "Ana"
    put(ana, {"vae.py": TEXT})
    (ana / "again").symlink_to(ana)
    assert submissions.read([ana], "vae").content == TEXT
    deep = ana.joinpath(*["deep"] * 50)
    deep.mkdir(parents=True)
    (deep / "vae.py").write_bytes(TEXT)  # deeper than anybody looks
    assert submissions.read([ana], "vae").content == TEXT
    put(ana, {f"{i}.txt": b"" for i in range(parsing.MAX_FILES)})
    assert problem(submissions.read, [ana], "vae") == "many"


@pytest.mark.parametrize("name", ["vae.py", "vae.ipynb", "vae.zip"])
def test_a_file_that_is_too_large(tmp_path, name):
    path = tmp_path / name
    with path.open("wb") as file:
        file.truncate(2**40)  # it takes no place on the disk
    assert problem(submissions.read, [path], "vae") == "large"


def test_a_file_that_went_away(tmp_path):
    assert problem(submissions.read, [tmp_path / "vae.py"], "vae") == "unreadable"


# --- parsing, in a process with limits


def parse(name, content):
    return submissions.parse(HandedIn(name, content), "vae")


@pytest.mark.parametrize(
    ("name", "content"), [("a.py", TEXT), ("a.IPYNB", NOTEBOOK), ("a.zip", zipped([("b/vae.py", TEXT)]))]
)
def test_every_form_is_read(name, content):
    assert parse(name, content).source == TEXT


SLIPS = ["../vae.py", "/tmp/vae.py", "a/../../vae.py", "..\\vae.py"]


@pytest.mark.parametrize("name", SLIPS)
def test_a_zip_file_leads_nowhere_else(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = set(tmp_path.parent.iterdir())
    assert problem(parse, "a.zip", zipped([(name, TEXT)])) == "none"
    assert parse("a.zip", zipped([(name, b"wrong"), ("vae.py", TEXT)])).source == TEXT
    assert set(tmp_path.parent.iterdir()) == before and not list(tmp_path.iterdir())


def test_a_link_in_a_zip_file_is_no_file():
    info = zipfile.ZipInfo("vae.py")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    assert problem(parse, "a.zip", zipped([(info, "/etc/passwd")])) == "none"


@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
def test_two_files_of_one_name_in_a_zip_file():
    assert problem(parse, "a.zip", zipped([("vae.py", TEXT), ("vae.py", b"y")])) == "several"


def bomb(method):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as archive, archive.open("vae.py", "w", force_zip64=True) as file:
        for _ in range(300):
            file.write(bytes(2**20))
    return content.getvalue()


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_bomb(method):
    content = bomb(method)
    assert len(content) < 2**20
    assert problem(parse, "a.zip", content) == "large"
    # It says that it is small.
    header = content.rindex(b"PK\x01\x02")
    liar = content[: header + 24] + struct.pack("<I", 10) + content[header + 28 :]
    assert problem(parse, "a.zip", liar) in ("large", "zip")


def test_a_zip_file_with_a_password_or_too_many_entries():
    content = bytearray(zipped([("vae.py", TEXT)]))
    content[6] |= 1
    content[content.rindex(b"PK\x01\x02") + 8] |= 1
    assert problem(parse, "a.zip", bytes(content)) == "zip"
    assert problem(parse, "a.zip", zipped([(f"{i}.txt", b"") for i in range(parsing.MAX_FILES + 1)])) == "many"
    assert problem(parse, "a.zip", zipped([("vae.zip", zipped([("vae.py", TEXT)]))])) == "none"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.ipynb", b"[" * 2**20),
        ("a.ipynb", b'{"cells":' * 2**17),
        ("a.ipynb", b"[" + b"{}," * (6 * 2**20) + b"{}]"),
        ("a.ipynb", b"9" * 2**20),
        ("a.zip", b"PK\x05\x06" + b"\0" * 18),
        ("a.zip", b"PK\x01\x02" * 2**20),
        ("a.zip", b""),
    ],
)
def test_what_hurts_a_reader_hurts_only_the_process_that_reads(name, content):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    beginning = time.monotonic()
    assert problem(parse, name, content) in ("notebook", "zip", "none", "limits")
    assert time.monotonic() - beginning < 20
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 * 1024  # KB


@pytest.mark.parametrize(
    "text",
    [
        b"x = " + b"(" * 10**6,
        b"x = " + b"-" * 10**6 + b"1",
        b"x = " + b"+".join([b"1"] * 300_000),
        b"def f():\n" + b"".join(b" " * i + b"if x:\n" for i in range(1, 99)) + b" " * 99 + b"pass",
        b"def f():\n    x = " + b"[" * 90 + b"]" * 90 + b"\n" + b"    x.y.z = x[1:2] + f(x)\n" * 50_000,
        b"\0" * 100,
        b"\xff\xfe",
        b"# coding: rot13\nk = 1",
        b"# coding: no such\nk = 1",
    ],
)
def test_a_text_that_hurts_a_parser_is_still_marked(text):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    parsed = parse("a.py", text)
    assert parsed.source == text and not parsed.similarity
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 * 1024  # KB


@settings(max_examples=300)
@given(st.binary(max_size=200), st.sampled_from(["a.py", "a.ipynb", "a.zip"]), st.data())
def test_any_bytes_are_a_text_or_unreadable(content, name, data):
    if data.draw(st.booleans()):  # nearly right
        right = bytearray(NOTEBOOK if name == "a.ipynb" else zipped([("vae.py", TEXT), ("b/vae.ipynb", NOTEBOOK)][:1]))
        for _ in range(data.draw(st.integers(1, 4))):
            right[data.draw(st.integers(0, len(right) - 1))] = data.draw(st.integers(0, 255))
        content = bytes(right)
    try:
        assert isinstance(parsing.source_of(name, content, "vae")[0], bytes)
    except Unreadable as error:
        assert str(submissions.problem(error, "vae"))


def test_what_python_says_while_it_reads_is_not_kept(monkeypatch):
    run = subprocess.run

    def watched(*arguments, **options):
        done = run(*arguments, **options)
        assert done.stderr is None and options["stderr"] == subprocess.DEVNULL
        return done

    monkeypatch.setattr(subprocess, "run", watched)
    assert parse("a.py", b"x is 1\n" * 1000).source


# --- similarity to npgen


def flagged(text, topic="vae"):
    found = submissions.parse(HandedIn("a.py", text.encode()), topic).similarity
    return {flag["function"]: flag["npgen"] for flag in found}


def test_a_copy_is_flagged_whatever_its_variables_are_called(solution):
    assert flagged(solution("vae")).keys() >= {"compute_KL", "vae_lower_bound", "adam_update"}
    text = solution("vae").replace("log_std", "s").replace("mean", "mu").replace("# END SOLUTION", "# mine!")
    assert flagged(text)["compute_KL"] == "solutions.vae.compute_KL"
    reference = (CHECKOUT / "npgen" / "grading" / "references" / "vae.py").read_text()
    assert "npgen.grading.references.vae.adam_update" in flagged(reference).values()


@pytest.mark.parametrize("topic", ["vae", "nade", "fvsbn", "tables", "vae_images"])
def test_work_of_ones_own_is_not_flagged_nor_what_the_exercise_gives(topic):
    assert flagged((CHECKOUT / "tests" / "grading" / "right" / f"{topic}.py").read_text(), topic) == {}
    assert flagged((CHECKOUT / "exercises" / f"{topic}.py").read_text(), topic) == {}


@pytest.mark.parametrize("inside", ["class A:", "if True:", "def outer():", "async def outer():", "try:"])
def test_a_copy_is_flagged_wherever_it_stands(solution, inside):
    rest = "\nfinally: pass" if inside == "try:" else ""
    text = f"import autograd.numpy as np\n{inside}\n" + textwrap.indent(solution("vae"), "    ") + rest
    assert flagged(text).keys() >= {"compute_KL", "vae_lower_bound", "adam_update"}


def test_flags_are_few_and_short(solution):
    text = solution("vae")
    compute_KL = text[text.index("def compute_KL") :].split("\n\n\n")[0]
    copies = [compute_KL.replace("compute_KL", f"f{i}" + "x" * 1000) for i in range(300)]
    found = submissions.parse(HandedIn("a.py", "\n".join(copies).encode()), "vae").similarity
    assert len(found) == parsing.MAX_FLAGS and len(json.dumps(found)) < 10_000
    twice = submissions.parse(HandedIn("a.py", (compute_KL + "\n" + compute_KL).encode()), "vae").similarity
    assert [flag["function"] for flag in twice] == ["compute_KL"]


@pytest.mark.parametrize("text", ["def f(): pass\n" * 3000, "def f(x):\n    return " + "+".join("x" * 900)])
def test_what_is_too_much_to_compare_is_not_compared(text):
    assert parse("a.py", text.encode()).similarity is None


# --- the secret


def test_a_secret_is_made_once_and_is_its_owners_alone(tmp_path):
    made = secret.load(tmp_path / "out", None)
    path = tmp_path / "out" / secret.NAME
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 or os.name != "posix"
    assert secret.load(tmp_path / "out", None) == made == secret.load(tmp_path, path)
    assert secret.load(tmp_path / "other", None) != made
    assert made.key.decode() not in repr(made)
    assert [file.name for file in path.parent.iterdir()] == [secret.NAME]


@pytest.mark.parametrize(
    ("content", "mode", "says"), [(b"short\n", 0o600, "expected at least 16"), (b"x" * 32, 0o644, "chmod 600")]
)
@pytest.mark.skipif(os.name != "posix", reason="permissions")
def test_a_secret_that_is_none(tmp_path, content, mode, says):
    path = tmp_path / "key"
    path.write_bytes(content)
    path.chmod(mode)
    with pytest.raises(InputError, match=says):
        secret.load(tmp_path, path)
    with pytest.raises(InputError, match="cannot read the secret"):
        secret.load(tmp_path, tmp_path / "none")


def test_seeds_differ_by_everything_they_are_made_of():
    key = secret.Secret(b"k" * 32)
    words = [("a", "b", "c"), ("ab", "", "c"), ("a", "bc", ""), ("á", "b", "c"), ("b", "a", "c")]
    seeds = {key.seed(*each) for each in words} | {secret.Secret(b"l" * 32).seed("a", "b", "c")}
    assert len(seeds) == len(words) + 1 and max(seeds) < 2**128
    assert key.seed("a", "b", "c") == key.seed("a", "b", "c")
    assert key.fingerprint != secret.Secret(b"l" * 32).fingerprint and len(key.fingerprint) == 16

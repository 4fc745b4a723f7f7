"""`npgen grade`: what it writes, what it keeps, and what survives when something is killed."""

import asyncio
import contextlib
import csv
import dataclasses
import hashlib
import json
import os
import random
import re
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.console import Console

from npgen.errors import InputError
from npgen.grading import batch, checks, isolation, marking, pools, secret, submissions, worker
from npgen.grading import grade as command_line
from npgen.grading.batch import Batch
from npgen.grading.exports import read_results
from npgen.grading.handout import CHECKOUT
from npgen.grading.language import Message

ALL = (CHECKOUT / "solutions" / "fvsbn.py").read_bytes()
RIGHT = ALL.replace(b"def fvsbn_sample", b"def not_handed_in")  # to judge samples takes longer than all the rest
EMPTY = b""
SLOW = b"import time; time.sleep(0.2)\n"
MAX_SCORE = sum(check.points for check in checks.load("fvsbn"))
SCORE = MAX_SCORE - next(check.points for check in checks.load("fvsbn") if check.name == "fvsbn_sample")  # of RIGHT

pytestmark = pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="the tests look for processes in /proc")


@pytest.fixture
def class_(tmp_path):
    """`class_(Ana=b"...")` writes a folder of submissions of fvsbn."""

    def write(**files):
        folder = tmp_path / "class"
        folder.mkdir(exist_ok=True)
        for name, content in files.items():
            (folder / f"{name}.py").write_bytes(content)
        return folder

    return write


def grade(folder, out, *options, topic="fvsbn"):
    """Run the command to its end."""
    return subprocess.run(command(folder, out, *options, topic=topic), capture_output=True, text=True, timeout=120)


def command(folder, out, *options, topic="fvsbn"):
    return [
        sys.executable,
        "-c",
        "from npgen.cli import main; main()",
        "grade",
        folder,
        "--topic",
        topic,
        "--out",
        out,
        *options,
    ]


def result(out, student):
    return json.loads(batch.result_path(out, student).read_bytes())


def verdicts(out, student):
    """What has to be the same every time."""
    return [{**function, "seconds": 0} for function in result(out, student)["functions"]]


def statuses(out, student):
    return {function["status"] for function in result(out, student)["functions"]}


def written(out):
    """{name: when} of the results."""
    return {path.stem: path.stat().st_mtime_ns for path in (out / "results").glob("*.json")}


# --- what it writes


def test_a_class(class_, tmp_path):
    out = tmp_path / "out"
    folder = class_(
        **{
            "José Ñandú": ALL,
            "=1+1": b"def fvsbn_n_parameters(n):\n    return 3\n",
            "<b>\x1b[2J": EMPTY,
            "\t@x": b"def f(:",
            "x" * 252: RIGHT,
        }
    )
    (folder / "twice.py").write_bytes(RIGHT)
    (folder / "twice").mkdir()
    (folder / "notes.txt").write_bytes(b"")
    os.mkfifo(folder / "pipe.py")
    (folder / "Leo_1_assignsubmission_file_work.pdf").write_bytes(b"%PDF")
    done = grade(folder, out, "--jobs", "2")
    assert (done.returncode, done.stderr) == (0, "")
    level = isolation.best()
    assert f"8 students, fvsbn; isolation {level}, 2 processes" in done.stdout
    assert "not marked: notes.txt" in done.stdout and "got no points: Leo_1, pipe, twice" in done.stdout
    assert "5 marked, 3 could not be read, and are tried each time, in" in done.stdout
    assert json.loads((out / "ignored.json").read_bytes()) == ["notes.txt"]
    assert "\x1b" not in done.stdout

    right = result(out, "José Ñandú")
    assert (right["schema"], right["student"], right["topic"], right["isolation"]) == (1, "José Ñandú", "fvsbn", level)
    assert right["submission_sha256"] == hashlib.sha256(ALL).hexdigest()
    assert (right["score"], right["max_score"]) == (MAX_SCORE, MAX_SCORE)
    assert {"name", "status", "score", "max_score", "diagnosis", "message", "seconds"} == set(right["functions"][0])
    assert [flag["function"] for flag in right["similarity"]] == ["fvsbn_sample"]
    assert statuses(out, "=1+1") == {"failed", "missing"} and statuses(out, "\t@x") == {"error"}
    problems = {"twice": "More than one file", "pipe": "not a regular file", "Leo_1": "No file was found in it"}
    for name, says in problems.items():
        unreadable = result(out, name)
        assert (unreadable["submission_sha256"], unreadable["score"]) == (None, 0) and statuses(out, name) == {"error"}
        assert {function["diagnosis"] for function in unreadable["functions"]} == {"unread"}
        assert all(says in function["message"] for function in unreadable["functions"])

    with (out / "gradebook.csv").open(encoding="utf-8-sig") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    assert len(rows) == 8 and rows["José Ñandú"]["score"] == str(MAX_SCORE)
    assert not [name for name in rows if name[0] in "=+-@\t\r"]
    assert len(read_results(out)) == 8
    assert stat.S_IMODE((out / "secret").stat().st_mode) == 0o600
    key = (out / "secret").read_bytes().strip()
    for path in out.rglob("*.*"):
        assert path.is_dir() or key not in path.read_bytes(), path
    exported = [*command(folder, out)[:3], "export", out, "--format", "gradescope,otter,classroom"]
    printed = subprocess.run(exported, capture_output=True, text=True, timeout=60).stdout
    counts = (("gradescope", 8), ("otter", 9), ("classroom", 8))
    assert printed == "".join(f"{name}: {n} files in {out / 'export' / name}\n" for name, n in counts)


NAMES = [
    "ana",
    "Ana",
    "ANA",
    "straße",
    "strasse",
    "x" * 252,
    "x" * 251,
    "é" * 126,
    "é" * 125,
    "X" * 252,
    "50%",
    "50%25",
]
NAMES += ["a\x1b[2J", "a%1B[2J", "a\u202eb", "a\tb", "\\xff", ".npgen-x"]


@pytest.mark.parametrize("ignores_case", [False, True])
def test_every_name_has_a_result_of_its_own(tmp_path, monkeypatch, ignores_case):
    (tmp_path / "results").mkdir()
    if ignores_case:
        (tmp_path / "RESULTS").symlink_to("results")
    paths = [batch.result_path(tmp_path, name) for name in NAMES]
    cut = [path.stem for path in paths if path.stem not in NAMES]
    paths += [batch.result_path(tmp_path, name) for name in cut]
    names = {path.name.casefold() if ignores_case else path.name for path in paths}
    assert len(names) == len(NAMES) + len(cut)
    assert all(len(path.name.encode()) <= 255 and path.name.isprintable() for path in paths)
    assert batch.result_path(tmp_path, "José Ñandú").name.startswith("José Ñandú")


def test_what_is_half_written_goes_and_no_result_does(tmp_path):
    (tmp_path / "results").mkdir()
    kept = batch.result_path(tmp_path, ".npgen-x")
    for path in (kept, tmp_path / "results" / ".npgen-abc.part", tmp_path / ".npgen-abc.part"):
        path.write_bytes(b"{}")
    with batch.alone(tmp_path):
        assert [path.name for path in tmp_path.rglob("*.*") if path.name != batch.LOCK] == [kept.name]


MODULES = ("joblib", "multiprocessing", "numpy", "json", "yaml", "click", "jinja2", "statistics", "pickle", "npgen")


def test_hand_ins_with_the_names_of_modules_are_no_modules(tmp_path):
    """The class is marked in its own folder, where Python would find them first."""
    folder, marker = tmp_path / "class", tmp_path / "marker"
    folder.mkdir()
    for name in MODULES:
        (folder / f"{name}.py").write_text(f"open({str(marker)!r}, 'w').close()\n")  # which no submission can do
    program = tmp_path / "bin" / "npgen"  # as pip writes it; with `python -c` the grader itself would find them
    program.parent.mkdir()
    program.write_text("from npgen.cli import main\nif __name__ == '__main__':\n    main()\n")
    options = [".", "--topic", "fvsbn", "--out", "marks", "--jobs", "2"]
    done = subprocess.run(
        [sys.executable, program, "grade", *options], cwd=folder, capture_output=True, text=True, timeout=120
    )
    assert (done.returncode, done.stderr) == (0, "") and not marker.exists()
    assert sorted(r.student for r in read_results(folder / "marks")) == sorted(MODULES)
    assert "marks/gradebook.csv" in done.stdout


def test_the_results_have_a_folder_of_their_own(npgen, class_):
    class_(Ana=RIGHT)
    code, _, errors = npgen("grade", "class", "--topic", "fvsbn", "--out", "class/../class")
    assert code == 2 and "is the folder of the submissions" in errors


@pytest.mark.parametrize("what", ["read", "parse"])
def test_a_mistake_of_npgens_about_one_student_stays_with_that_student(class_, tmp_path, monkeypatch, what):
    right = getattr(submissions, what)

    def wrong(handed_in, topic):
        if "Ana.py" in str(handed_in):
            raise KeyError("\x1b")
        return right(handed_in, topic)

    monkeypatch.setattr(submissions, what, wrong)
    made = a_batch(class_(Ana=RIGHT, Eva=RIGHT), tmp_path / "out", "L1")
    outcomes = {outcome.student: outcome.result for outcome in batch.run(made, pools.in_this_process)}
    assert outcomes["Eva"]["score"] == SCORE and not batch.is_complete(outcomes["Ana"])
    for function in outcomes["Ana"]["functions"]:
        assert function["status"] == "error" and "a mistake of npgen's" in function["message"]


def test_half_a_character_can_be_written(tmp_path):
    made = a_batch(CHECKOUT / "solutions", tmp_path / "out", "L1")
    functions = [{"score": 0, "message": "\ud800 ñ"}]
    batch._write(made, "Ana", None, functions, None)
    assert result(tmp_path / "out", "Ana")["functions"] == functions


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--topic", "vaee"), "There is no topic vaee"),
        (("--require", "L9"), "unknown level of isolation 'L9'"),
        (("--regrade", "Ena"), "there is no student 'Ena' in class. Did you mean Ana?"),
        (("--secret", "nowhere"), "cannot read the secret nowhere"),
        (("--cluster", "tcp://127.0.0.1:1"), "--cluster"),
    ],
)
def test_bad_options(npgen, class_, tmp_path, options, says, monkeypatch):
    class_(Ana=RIGHT)
    monkeypatch.setattr(pools, "CONNECT_SECONDS", 1)
    code, _, errors = npgen("grade", "class", "--topic", "fvsbn", "--out", "out", *options)
    assert code == 2 and says in errors and len(errors.splitlines()) <= 2
    assert not list(tmp_path.glob("out/results/*"))


def test_a_level_that_cannot_be_had_is_refused(npgen, class_, tmp_path, monkeypatch):
    class_(Ana=RIGHT)
    monkeypatch.setattr(isolation, "offered", lambda: ("L0", "L1"))
    code, _, errors = npgen("grade", "class", "--topic", "fvsbn", "--out", "out", "--require", "L4")
    assert code == 2 and errors and not (tmp_path / "out").exists()
    assert "--require" not in errors


@pytest.mark.parametrize("reason", [None, "it needs Linux"])
def test_without_a_word_about_it_nothing_is_marked_below_l2(npgen, class_, tmp_path, monkeypatch, reason):
    class_(Ana=RIGHT)
    monkeypatch.setattr(isolation, "offered", lambda: ("L0", "L1"))
    monkeypatch.setattr(isolation, "_missing", lambda level: reason)  # None: it is the cluster that cannot
    code, _, errors = npgen("grade", "class", "--topic", "fvsbn", "--out", "out")
    assert code == 2 and errors.count("\n") == 1 and not (tmp_path / "out").exists()
    assert "isolation L2 is not possible here" in errors and "--require L1" in errors and (reason or "") in errors
    options = command_line.Options(tmp_path / "class", "fvsbn", tmp_path / "out", required="L1")
    assert command_line._workers(options)[0] == "L1"
    with pytest.raises(InputError):
        command_line._workers(dataclasses.replace(options, required="L3"))


# --- the same again


def test_the_same_secret_gives_the_same_verdict_and_another_one_other_inputs(class_, tmp_path):
    wrong = RIGHT.replace(b"def fvsbn_logits", b"def right_logits") + (
        b"\ndef fvsbn_logits(*args):\n    return 1.5 * right_logits(*args)\n"
    )
    folder, outs = class_(Ana=wrong, Eva=wrong), [tmp_path / name for name in "abc"]
    grade(folder, outs[0], "--jobs", "1")
    grade(folder, outs[1], "--jobs", "2", "--secret", outs[0] / "secret")
    grade(folder, outs[2], "--jobs", "2")
    assert verdicts(outs[0], "Ana") == verdicts(outs[1], "Ana")
    assert statuses(outs[0], "Ana") >= {"failed", "passed"}
    messages = {str(verdicts(out, name)) for out in outs for name in ("Ana", "Eva")}
    assert len(messages) == 4  # numbers in the messages come of the inputs
    assert result(outs[0], "Ana")["secret"] == result(outs[1], "Eva")["secret"] != result(outs[2], "Ana")["secret"]
    assert not (outs[1] / "secret").exists()


def test_resume_and_regrade(class_, tmp_path):
    folder, out = class_(Ana=RIGHT, Eva=RIGHT, Leo=RIGHT), tmp_path / "out"
    assert grade(folder, out).returncode == 0
    first = written(out)
    refused = grade(folder, out)
    assert refused.returncode == 2 and "--resume" in refused.stderr and written(out) == first
    other = grade(folder, out, "--resume", topic="vae")
    assert other.returncode == 2 and "results of fvsbn, not of vae" in other.stderr

    done = grade(folder, out, "--resume")
    assert "0 marked, 3 kept" in done.stdout and written(out) == first

    class_(Ana=EMPTY, Mia=RIGHT)  # one has handed in again, one is late, and one result is damaged
    (out / "results" / "Eva.json").write_bytes(b'{"schema": 1')
    done = grade(folder, out, "--resume")
    second = written(out)
    assert "3 marked, 1 kept" in done.stdout
    assert {name for name in second if first.get(name) != second[name]} == {"Ana", "Eva", "Mia"}
    assert second["Leo"] == first["Leo"] and statuses(out, "Ana") == {"missing"}

    class_(Leo=EMPTY)
    done = grade(folder, out, "--regrade", "Leo")
    third = written(out)
    assert [name for name in third if third[name] != second[name]] == ["Leo"]
    assert "1 marked" in done.stdout and len(read_results(out)) == 4
    assert "1 of 4 students" in done.stdout and f"Leo: {SCORE} -> 0 of {MAX_SCORE} points\n" in done.stdout

    (out / "secret").write_bytes(b"another secret of enough bytes")
    (folder / "Mia.py").unlink()
    output = grade(folder, out, "--resume").stdout
    assert "3 marked" in output and f"in {out} only, and kept: Mia\n" in output and len(read_results(out)) == 4


def test_what_was_marked_at_a_lower_level_is_marked_again(class_, tmp_path):
    out = tmp_path / "out"
    made = a_batch(class_(Ana=RIGHT), out, level="L1")
    assert [outcome.student for outcome in batch.run(made, pools.on_this_machine(2))] == ["Ana"]
    for level, is_done in (("L1", True), ("L2", False)):
        again = Batch(made.students, "fvsbn", out, made.secret, level, resume=True)
        assert (next(batch.Queue(again), None) is None) == is_done


def test_what_took_too_long_is_marked_again_under_another_limit_and_all_in_another_language(class_, tmp_path):
    slow = RIGHT + b"\ndef fvsbn_n_parameters(n):\n    import time\n    time.sleep(2)\n    return n * (n + 1) // 2\n"
    out = tmp_path / "out"
    made = dataclasses.replace(a_batch(class_(Ana=RIGHT, Eva=slow), out, "L1", seconds=1), resume=True)
    assert len(list(batch.run(made, pools.in_this_process))) == 2 and "timeout" in statuses(out, "Eva")
    for changed, again in (({}, []), ({"seconds": 9}, ["Eva"]), ({"language": "es"}, ["Ana", "Eva"])):
        queue = batch.Queue(dataclasses.replace(made, **changed))
        assert [work.student for work in queue] == again


def test_what_cannot_be_read_is_tried_each_time(class_, tmp_path):
    out, folder = tmp_path / "out", class_(Ana=EMPTY)
    (folder / "Eva.ipynb").write_bytes(b'{"cells": [')
    made = dataclasses.replace(a_batch(folder, out, "L1"), resume=True)
    for marked in (["Ana", "Eva"], ["Eva"]):
        outcomes = {o.student: o.result for o in batch.run(made, pools.in_this_process) if o.result}
        assert sorted(outcomes) == marked and batch.is_unread(outcomes["Eva"])
    assert {function["diagnosis"] for function in result(out, "Eva")["functions"]} == {"unread"}


def test_only_what_is_wrong_is_blamed():
    vae = checks.load("vae")

    def blamed(*failed):
        note = Message(marking.WITH_OTHERS, names="compute_KL, bernoulli_log_prob, neural_net_predict")
        given = [
            marking.Verdict(check, "failed" if check.name in failed else "passed", 0.0, None, note) for check in vae
        ]
        return {verdict.note.values["names"] for verdict in worker._blaming_the_wrong(given)}

    assert blamed("compute_KL") == {"compute_KL"}
    assert blamed("compute_KL", "bernoulli_log_prob", "adam_update") == {"compute_KL, bernoulli_log_prob"}
    assert blamed() == blamed("adam_update") == {"compute_KL, bernoulli_log_prob, neural_net_predict"}


def test_results_whose_secret_is_elsewhere_are_not_mixed_with_others(npgen, class_, tmp_path):
    class_(Ana=EMPTY)
    (tmp_path / "key").write_bytes(b"a secret of enough bytes")
    (tmp_path / "key").chmod(0o600)
    arguments = ["grade", "class", "--topic", "fvsbn", "--out", "out", "--jobs", "1"]
    assert npgen(*arguments, "--secret", "key")[0] == 0
    before = sorted((tmp_path / "out").rglob("*"))
    for options in (("--resume",), ("--regrade", "Ana")):
        code, _, errors = npgen(*arguments, *options)
        assert code == 2 and "--secret FILE" in errors and errors.count("\n") == 1
        assert sorted((tmp_path / "out").rglob("*")) == before
    code, output, _ = npgen(*arguments, "--resume", "--secret", "key")
    assert code == 0 and "0 marked, 1 kept" in output and "1 student, fvsbn" in output


@pytest.mark.parametrize("there", [False, True])
def test_a_refused_run_leaves_nothing(npgen, tmp_path, there):
    (tmp_path / "class").mkdir()
    if there:
        (tmp_path / "out").mkdir()
    for options in ((), ("--resume",), ("--secret", "nowhere")):
        assert npgen("grade", "class", "--topic", "fvsbn", "--out", "out", *options)[0] == 2
        assert sorted(tmp_path.rglob("*")) == [tmp_path / "class"] + [tmp_path / "out"] * there


def test_a_lock_that_a_refused_grader_has_removed_is_none(tmp_path, monkeypatch):
    fcntl = pytest.importorskip("fcntl")
    lock = fcntl.flock

    def removed(file, how):
        lock(file, how)
        (tmp_path / batch.LOCK).unlink()

    monkeypatch.setattr(batch.fcntl, "flock", removed)
    with pytest.raises(InputError, match="another"), batch.alone(tmp_path):
        pass


@pytest.mark.parametrize(
    ("asked", "near"),
    [
        ("ana", ["Ana Gil_1"]),
        ("ANA GIL", ["Ana Gil_1"]),
        ("alvaro", ["Álvaro Gómez_2"]),
        ("Alvaro Gomes_2", ["Álvaro Gómez_2"]),
    ],
)
def test_whom_somebody_may_mean(asked, near):
    assert batch._near(asked, ["Ana Gil_1", "Álvaro Gómez_2", "x"]) == near


def test_plain_lines_estimate_when_enough_are_done(monkeypatch, capsys):
    times = iter(range(0, 1000, 10))
    monkeypatch.setattr(command_line.time, "perf_counter", lambda: next(times))
    queue = SimpleNamespace(batch=SimpleNamespace(students=dict.fromkeys(range(8))))
    console = Console(file=sys.stdout, width=80)
    list(command_line._followed(console, queue, iter(range(8))))
    assert capsys.readouterr().out.splitlines() == [
        *[f"{n}/8" for n in range(1, 5)],
        *[f"{n}/8, about {10 * (8 - n)} s left" for n in range(5, 8)],
    ]


def test_the_bar_says_for_whom_it_waits(monkeypatch):
    now = 0.0
    monkeypatch.setattr(command_line.time, "monotonic", lambda: now)
    queue = SimpleNamespace(waits_for=lambda: "Eva\x1b")
    column, task = command_line._Student(queue), SimpleNamespace(finished=False)
    column.came("Ana")
    assert column.render(task).plain == "Ana"
    now = 23.2
    assert column.render(task).plain == "waiting for Eva?, 23 s"


# --- things that die


def a_batch(folder, out, level, seconds=10):
    out.mkdir(exist_ok=True)
    students, _ = submissions.find(folder)
    return Batch(students, "fvsbn", out, secret.load(out, None), level, seconds)


def processes():
    """{pid: (parent, command line)} of this machine."""
    found = {}
    for entry in Path("/proc").iterdir():
        try:
            pid = int(entry.name)
            status = dict(line.split(":\t") for line in (entry / "status").read_text().splitlines() if ":\t" in line)
            if not status["State"].startswith("Z"):
                found[pid] = int(status["PPid"]), (entry / "cmdline").read_text().replace("\0", " ")
        except (ValueError, OSError):
            continue
    return found


def descendants(pid):
    """{pid: command line}."""
    every, found = processes(), {}
    frontier = [pid]
    while frontier:
        frontier = [child for child, (parent, _) in every.items() if parent in frontier]
        found |= {child: every[child][1] for child in frontier}
    return found


def workers(grader):
    return [pid for pid, text in descendants(grader).items() if "loky" in text and "resource_tracker" not in text]


def zygotes(grader):
    """They, and bubblewrap around them; not their forks, which have the same command line."""
    found = {pid: text for pid, text in descendants(grader).items() if "zygote" in text}
    every = processes()
    above = {pid: found.get(every[pid][0], "bwrap") for pid in found if pid in every}
    return [pid for pid, text in above.items() if text.startswith("bwrap")]


def wait_until(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError("it did not come to pass")


@pytest.fixture
def slow_class(class_):
    return class_(**{f"student{i}": SLOW + RIGHT for i in range(6)})


LEVELS = [
    pytest.param(level, marks=pytest.mark.skipif(isolation._missing(level) is not None, reason=f"no {level} here"))
    for level in ("L2", "L3", "L4")
]


@pytest.fixture
def start(tmp_path):
    """`start(folder, *options)` runs the command in the background, with temporary files of its own in tmp_path/tmp."""
    (tmp_path / "tmp").mkdir()
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "bwrap").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "bin" / "bwrap").chmod(0o755)
    started = []

    def run(folder, *options, level=None):
        path = f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}" if level == "L2" else os.environ["PATH"]
        (tmp_path / "tmp").chmod(0o700 if level in ("L2", "L3") else 0o711)  # for L4
        process = subprocess.Popen(
            command(folder, tmp_path / "out", *options, *(() if "--cluster" in options else ("--jobs", "2"))),
            env={**os.environ, "TMPDIR": str(tmp_path / "tmp"), "PATH": path},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # What was started in the background does not know Ctrl-C, nor does what it starts.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


def of(tmp_path):
    """All processes whose temporary files are those of `start`, whoever their parent is."""
    mark, found = f"TMPDIR={tmp_path / 'tmp'}".encode(), []
    for entry in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if mark in entry.read_bytes():
                found.append(int(entry.parent.name))
    return found


def left_behind(tmp_path):
    """What there is of temporary files."""
    return [path.name for path in (tmp_path / "tmp").iterdir() if path.name.startswith("npgen-")]


@pytest.fixture
def grader(start, slow_class, tmp_path):
    """A grader that has written one result and goes on."""
    process = start(slow_class)
    wait_until(lambda: (tmp_path / "out" / "results").is_dir() and written(tmp_path / "out"))
    return process


def test_a_worker_that_is_killed_loses_nothing(grader, tmp_path):
    os.kill(workers(grader.pid)[0], signal.SIGKILL)
    output, errors = grader.communicate(timeout=120)
    assert grader.returncode == 0, errors
    assert "6 marked" in output
    assert [r.score for r in read_results(tmp_path / "out")] == [SCORE] * 6
    assert left_behind(tmp_path) == []


def test_zygotes_that_are_killed_lose_nothing(grader, tmp_path):
    wait_until(lambda: zygotes(grader.pid))
    for pid in zygotes(grader.pid):
        with contextlib.suppress(ProcessLookupError):  # bubblewrap has taken it along
            os.kill(pid, signal.SIGKILL)
    _, errors = grader.communicate(timeout=120)
    assert grader.returncode == 0, errors
    assert [r.score for r in read_results(tmp_path / "out")] == [SCORE] * 6
    assert left_behind(tmp_path) == []


def test_a_grader_that_is_killed_leaves_nobody_and_goes_on(grader, slow_class, tmp_path):
    left = set(descendants(grader.pid))
    assert left
    grader.kill()
    grader.wait()
    wait_until(lambda: not left & set(processes()), seconds=15)
    assert left_behind(tmp_path) == []
    out = tmp_path / "out"
    before = written(out)
    assert 1 <= len(read_results(out)) < 6
    done = grade(slow_class, out, "--resume")
    assert done.returncode == 0 and f"{6 - len(before)} marked, {len(before)} kept" in done.stdout
    assert before.items() <= written(out).items()
    assert [r.score for r in read_results(out)] == [SCORE] * 6


def test_ctrl_c(grader, slow_class, tmp_path):
    left = set(descendants(grader.pid))
    grader.send_signal(signal.SIGINT)
    output, errors = grader.communicate(timeout=60)
    assert grader.returncode == 130 and "Traceback" not in output + errors
    assert "Go on with --resume" in output
    wait_until(lambda: not left & set(processes()), seconds=15)
    assert left_behind(tmp_path) == []
    n = len(written(tmp_path / "out"))
    assert 1 <= n < 6 and (tmp_path / "out" / "gradebook.csv").read_text().count("\n") == n + 1
    assert grade(slow_class, tmp_path / "out", "--resume").returncode == 0


@pytest.fixture
def large_class(class_):
    """Half of them right, so that verdicts can be told apart."""
    wrong = b"\ndef fvsbn_n_parameters(n):\n    return 3\n"
    return class_(**{f"student{i}": b"import time; time.sleep(0.1)\n" + RIGHT + wrong * (i % 2) for i in range(LARGE)})


LARGE = 8


def all_right(out):
    """All are marked, as they deserve."""
    results = read_results(out)
    assert len(results) == LARGE
    for i, result_ in enumerate(results):
        given = {function.name: function.status for function in result_.functions}
        assert given.pop("fvsbn_n_parameters") == ("failed" if i % 2 else "passed"), result_.student
        assert given.pop("fvsbn_sample") == "missing" and set(given.values()) == {"passed"}, result_


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("who", [workers, zygotes])
def test_killed_at_any_moment(start, large_class, tmp_path, level, who):
    draw, out = random.Random(f"{level} {who.__name__}"), tmp_path / "out"
    for _ in range(2):
        process = start(large_class, "--resume", level=level)
        wait_until(lambda grader=process: grader.poll() is not None or who(grader.pid))
        time.sleep(draw.uniform(0, 1.5))
        found = who(process.pid)
        assert found, process.communicate()
        with contextlib.suppress(ProcessLookupError):  # it has ended in this moment
            os.kill(draw.choice(found), signal.SIGKILL)
        output, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
        assert f"{LARGE} marked" in output and f"isolation {level}" in output
        all_right(out)
        wait_until(lambda: not of(tmp_path), seconds=15)
        assert left_behind(tmp_path) == []
        for path in (out / "results").iterdir():
            path.unlink()


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("everybody", [False, True])
def test_a_grader_that_is_killed_at_any_moment(start, large_class, tmp_path, level, everybody):
    """Alone, or with all its processes, as where the machine runs out of memory: then nobody but the next tidies up."""
    draw, out = random.Random(f"{level} {everybody}"), tmp_path / "out"
    kept = {}
    for _ in range(3):
        process = start(large_class, "--resume", level=level)
        time.sleep(draw.uniform(0.2, 3))
        for pid in (process.pid, *(descendants(process.pid) if everybody else ())):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.communicate()
        wait_until(lambda: not of(tmp_path), seconds=15)
        now = written(out) if (out / "results").exists() else {}
        assert kept.items() <= now.items()  # nobody is marked twice
        kept = now
        if kept:
            assert len(read_results(out)) == len(kept)  # all of them are complete
    done = start(large_class, "--resume", level=level)
    output, errors = done.communicate(timeout=120)
    assert done.returncode == 0, errors
    assert f"{LARGE - len(kept)} marked" in output and kept.items() <= written(out).items()
    all_right(out)
    assert left_behind(tmp_path) == []
    assert not [path.name for path in out.rglob(".npgen-*")]


def test_two_graders_in_one_folder(grader, start, slow_class, tmp_path):
    grader.send_signal(signal.SIGSTOP)  # so that it works there until it is killed
    for options in ((), ("--resume",), ("--regrade", "student1")):
        second = start(slow_class, *options)
        output, errors = second.communicate(timeout=60)
        assert (second.returncode, output) == (2, "")
        assert (
            errors
            == f"npgen: another `npgen grade` works in {tmp_path / 'out'}. Wait for it, or choose another --out.\n"
        )
    grader.kill()
    grader.wait()
    third = start(slow_class, "--resume")
    output, errors = third.communicate(timeout=60)
    assert third.returncode == 0, errors
    assert [r.score for r in read_results(tmp_path / "out")] == [SCORE] * 6


KILLER = b"""
import os, signal
def parent(pid):
    return int(open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[1])
worker = parent(os.getppid())
def fvsbn_n_parameters(n):
    os.kill(worker, signal.SIGKILL)
    os.kill(os.getppid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("jobs", [1, 2])
def test_who_kills_the_worker_twice_has_crashed_and_harms_nobody_else(class_, tmp_path, jobs):
    # At L2 nobody can: this is a bare L1.
    folder = class_(**{f"student{i}": SLOW + RIGHT for i in range(4)}, mallory=KILLER)
    out = tmp_path / "out"
    outcomes = list(batch.run(a_batch(folder, out, "L1"), pools.on_this_machine(jobs)))
    assert sorted(outcome.student for outcome in outcomes) == sorted(["mallory", *(f"student{i}" for i in range(4))])
    again = Batch({"mallory": [folder / "mallory.py"]}, "fvsbn", out, secret.load(out, None), "L1", resume=True)
    assert next(batch.Queue(again), None) is not None  # it may have been somebody else
    scores = {r.student: r.score for r in read_results(out)}
    assert statuses(out, "mallory") == {"crashed"} and scores.pop("mallory") == 0
    assert set(scores.values()) == {SCORE}


def test_who_kills_the_zygote_has_crashed(class_, tmp_path):
    kill = b"import os, time\ndef fvsbn_n_parameters(n):\n    os.kill(os.getppid(), 9)\n    time.sleep(9)\n"
    folder = class_(ana=RIGHT, mallory=RIGHT + kill)
    out = tmp_path / "out"
    list(batch.run(a_batch(folder, out, "L1"), pools.on_this_machine(2)))
    found = {function["name"]: function["status"] for function in result(out, "mallory")["functions"]}
    assert (found.pop("fvsbn_n_parameters"), found.pop("fvsbn_sample")) == ("crashed", "missing")
    assert set(found.values()) == {"passed"} and result(out, "ana")["score"] == SCORE


def test_a_submission_that_takes_for_ever(class_, tmp_path):
    forever = b"def fvsbn_n_parameters(n):\n    while True: pass\n"
    folder, out = class_(Ana=forever, Eva=RIGHT), tmp_path / "out"
    done = grade(folder, out, "--seconds", "2")
    assert done.returncode == 0
    assert statuses(out, "Ana") == {"timeout", "missing"} and result(out, "Eva")["score"] == SCORE


# --- a cluster


@pytest.fixture
def cluster(start, tmp_path):
    """(address, process of the scheduler, processes of the two workers)"""
    pytest.importorskip("distributed", reason="the extra `cluster` is not installed")
    told = tmp_path / "scheduler.json"
    common = ["--scheduler-file", told, "--no-dashboard", "--host", "127.0.0.1"]
    commands = [
        ["distributed.cli.dask_scheduler", "--port", "0", *common],
        *[["distributed.cli.dask_worker", "--nthreads", "1", "--no-nanny", "--local-directory", tmp_path, *common]] * 2,
    ]
    environment = {**os.environ, "TMPDIR": str(tmp_path / "tmp")}
    started = []
    with (tmp_path / "log").open("wb") as log:
        for arguments in commands:
            started.append(
                subprocess.Popen([sys.executable, "-m", *arguments], env=environment, stdout=log, stderr=log)
            )
            wait_until(told.exists)
        wait_until(lambda: (tmp_path / "log").read_text().count("Registered to:") >= 2)
    yield json.loads(told.read_text())["address"], started[0], started[1:]
    for process in started:
        process.kill()
        process.wait()


@pytest.fixture
def grader_of_cluster(cluster, start, slow_class, tmp_path):
    """A grader whose workers are those of the cluster, that has written one result and goes on."""
    process = start(slow_class, "--cluster", cluster[0])
    wait_until(lambda: (tmp_path / "out" / "results").is_dir() and written(tmp_path / "out"))
    return process


def test_a_cluster_of_which_a_worker_is_killed(cluster, grader_of_cluster, tmp_path):
    address, _, (worker, _) = cluster
    worker.kill()
    output, errors = grader_of_cluster.communicate(timeout=120)
    assert (grader_of_cluster.returncode, errors) == (0, "") and f"cluster {address}, 2 workers" in output
    assert "6 marked" in output  # none of them twice
    assert [r.score for r in read_results(tmp_path / "out")] == [SCORE] * 6
    assert left_behind(tmp_path) == []  # though the other worker goes on
    assert not zygotes(cluster[2][1].pid)


def test_a_cluster_whose_scheduler_is_killed(cluster, grader_of_cluster, start, slow_class, tmp_path, monkeypatch):
    address, scheduler, _ = cluster
    scheduler.kill()
    _, errors = grader_of_cluster.communicate(timeout=120)
    gone = f"npgen: the Dask scheduler at {address} is gone. Go on with --resume when it is back.\n"
    assert (errors, grader_of_cluster.returncode) == (gone, 2)
    before = written(tmp_path / "out")
    monkeypatch.setattr(pools, "CONNECT_SECONDS", 1)
    with pytest.raises(InputError, match=f"--cluster: no Dask scheduler answers at {re.escape(address)}"):
        pools.offered_on_cluster(address)
    done = start(slow_class, "--resume")
    output, errors = done.communicate(timeout=120)
    assert done.returncode == 0, errors
    assert f"{6 - len(before)} marked, {len(before)} kept" in output
    assert before.items() <= written(tmp_path / "out").items()
    assert [r.score for r in read_results(tmp_path / "out")] == [SCORE] * 6


def test_a_scheduler_of_which_the_client_does_not_know_yet_that_it_is_gone(cluster):
    """The connection may break in the middle of a question, before the client takes notice of it."""
    distributed = pytest.importorskip("distributed")
    for error, expected in (
        (distributed.core.CommClosedError("reset"), InputError),
        (asyncio.CancelledError(), InputError),
        (FileNotFoundError("a file of the class"), FileNotFoundError),
    ):
        with pytest.raises(expected), pools._connected(cluster[0]) as client:
            assert client.status == "running"
            raise error


def test_a_grader_of_a_cluster_that_is_killed(cluster, grader_of_cluster, start, slow_class, tmp_path):
    grader_of_cluster.kill()
    grader_of_cluster.wait()
    before = written(tmp_path / "out")
    done = start(slow_class, "--cluster", cluster[0], "--resume")
    output, errors = done.communicate(timeout=120)
    assert (done.returncode, errors) == (0, "")
    assert f"{6 - len(before)} marked, {len(before)} kept" in output
    assert before.items() <= written(tmp_path / "out").items()
    assert [r.score for r in read_results(tmp_path / "out")] == [SCORE] * 6

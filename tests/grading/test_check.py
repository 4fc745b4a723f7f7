"""`npgen check`, `list`, `hint` and `watch` as a student meets them."""

import functools
import io
import itertools
import json
import os
import signal
import subprocess
import sys
import time

import pytest
from rich.console import Console

import npgen as package
from npgen.grading import check, state, watch
from npgen.grading.checks import TOPICS, load
from npgen.grading.sandbox import LEVEL, Sandbox
from npgen.grading.screen import Screen

N_PARAMETERS = "def fvsbn_n_parameters(n_visible):\n"
RIGHT = N_PARAMETERS + "    return n_visible * (n_visible + 1) // 2\n"
FULL = N_PARAMETERS + "    return n_visible * (n_visible + 3) // 2\n"
FUNCTION = "fvsbn.fvsbn_n_parameters"


def test_an_untouched_checkout(npgen, exercises):
    code, output, errors = npgen("check")
    assert (code, errors) == (1, "")
    n = sum(len(load(topic)) for topic in TOPICS)
    assert output.count("not written yet") == n
    assert f"0 of {n} functions pass the public checks" in output
    assert "passed" not in output
    code, output, _ = npgen("check", "--lang", "es")
    assert code == 1 and output.count("sin escribir") == n


def test_a_right_function(npgen, exercises):
    (exercises / "fvsbn.py").write_text(RIGHT)
    code, output, _ = npgen("check", FUNCTION)
    assert code == 0
    assert "Public checks passed: 1 of 1 functions" in output and f"seed {check.PUBLIC_SEED}" in output
    assert f"isolation {LEVEL}" in output
    assert "all" not in output.lower().split()


def test_all_solutions_pass(npgen, tmp_path, solution):
    for topic in TOPICS:
        (tmp_path / f"{topic}.py").write_text(solution(topic))
    assert npgen("check", "--dir", ".")[0] == 0


def test_the_folder_of_the_exercises_may_be_the_one_in_which_one_is(npgen, exercises, monkeypatch):
    (exercises / "fvsbn.py").write_text(RIGHT)
    monkeypatch.chdir(exercises)
    code, output, _ = npgen("check", FUNCTION)
    assert code == 0 and "fvsbn  (fvsbn.py)" in output
    assert (exercises / ".npgen.json").exists()


def test_files_with_the_names_of_topics_are_not_yet_exercises(npgen, exercises, tmp_path, monkeypatch):
    models = tmp_path / "models"
    models.mkdir()
    (models / "vae.py").write_text("def elbo(params, x):\n    return 0\n")
    monkeypatch.chdir(models)
    monkeypatch.setattr(check, "CHECKOUT", tmp_path)
    assert str(exercises / "vae.py") in npgen("check", "vae")[1]
    assert not (models / ".npgen.json").exists()


def test_a_known_mistake_is_named_with_its_case_and_the_way_to_a_hint(npgen, exercises, solution):
    text = solution("vae")
    right = "mean**2 + np.exp(2 * log_std) - 1 - 2 * log_std"
    assert text.count(right) == 1
    (exercises / "vae.py").write_text(text.replace(right, "mean**2 + np.exp(log_std) - 1 - log_std"))
    code, output, _ = npgen("check", "vae")
    assert code == 1
    lines = output.splitlines()
    start = lines.index("compute_KL")
    case, number, diagnosis, hint = lines[start + 1 : start + 5]
    assert case.startswith("  Case: ") and number.startswith("  result[0]: ") and "expected about" in number
    assert "log" in diagnosis and hint == "  For a hint: npgen hint vae.compute_KL"
    assert "It will work once these functions of yours are right, too: compute_KL." in output  # and no right ones
    assert "4 of 5 functions" in output


def test_a_function_whose_helper_is_not_written_yet_is_judged_alone(npgen, exercises, solution):
    stub, text = (exercises / "vae.py").read_text(), solution("vae")
    own = text[text.index("def vae_lower_bound") : text.index("def adam_update")]
    start, end = stub.index("def vae_lower_bound"), stub.index("def adam_update")
    (exercises / "vae.py").write_text(stub[:start] + own + stub[end:])
    code, output, _ = npgen("check", "vae.vae_lower_bound")
    assert code == 0, output
    assert "It will work once these functions of yours are right, too" in output


def test_what_a_function_prints_is_shown_as_it_is_and_cut_off(npgen, exercises):
    (exercises / "fvsbn.py").write_text(
        FULL.replace("    return", "    print('[red]n[/] =\\x1b[31m', n_visible)\n    return")
    )
    _, output, _ = npgen("check", FUNCTION)
    assert "It printed:\n  | [red]n[/] =[31m 1\n" in output and "more lines" in output and "\x1b" not in output


def test_json(npgen, exercises):
    (exercises / "fvsbn.py").write_text(FULL)
    code, output, _ = npgen("check", "fvsbn", "--json", "--lang", "es")
    found = json.loads(output)
    assert code == 1
    assert (found["schema"], found["npgen"], found["isolation"]) == (1, package.__version__, LEVEL)
    assert found["seed"] == check.PUBLIC_SEED
    (topic,) = found["topics"]
    assert topic["topic"] == "fvsbn" and topic["max_score"] == sum(c.points for c in load("fvsbn"))
    keys = {"name", "status", "score", "max_score", "diagnosis", "message", "seconds"}
    assert all(set(function) == keys for function in topic["functions"])
    by_name = {function["name"]: function for function in topic["functions"]}
    assert by_name["fvsbn_n_parameters"]["status"] == "failed"
    assert by_name["fvsbn_logits"]["status"] == "missing"
    assert by_name["fvsbn_logits"]["message"] == "El archivo no tiene ninguna función con este nombre."
    (exercises / "fvsbn.py").write_text(RIGHT)
    code, output, _ = npgen("check", FUNCTION, "--json")
    assert code == 0 and json.loads(output)["score"] == json.loads(output)["max_score"] == 1


def test_the_same_file_gets_the_same_verdict(npgen, exercises, solution):
    (exercises / "vae.py").write_text(solution("vae").replace("np.exp(log_std) *", "1.05 * np.exp(log_std) *"))

    def verdicts():
        topics = json.loads(npgen("check", "vae", "--json")[1])["topics"]
        return [{**function, "seconds": 0} for function in topics[0]["functions"]]

    assert verdicts() == verdicts()


def test_a_file_by_its_path(npgen, tmp_path):
    (tmp_path / "fvsbn.py").write_text(RIGHT)
    (tmp_path / "mine.py").write_text(RIGHT)
    assert npgen("check", "fvsbn.py", "--topic", FUNCTION)[0] == 0
    assert npgen("check", "mine.py", "--topic", FUNCTION)[0] == 0
    assert npgen("check", tmp_path / "fvsbn.py")[0] == 1  # the other functions are not there
    assert not (tmp_path / state.NAME).exists()


def test_a_file_of_another_topic(npgen, tmp_path):
    (tmp_path / "fvsbn.py").write_text(RIGHT)
    (tmp_path / "mine.py").write_text(RIGHT)
    _, output, _ = npgen("check", "fvsbn.py", "--topic", "vae_images")
    assert output.count("It looks like fvsbn: npgen check fvsbn.py\n") == 1
    assert "It looks like fvsbn: npgen check mine.py --topic fvsbn\n" in npgen("check", "mine.py", "--topic", "nade")[1]
    assert "It looks like" not in npgen("check", "fvsbn.py")[1]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["va"], "There is no topic va. There are: tables, "),
        (["vae.KL"], "vae has no function KL. It has: "),
        (["mine.py"], "mine.py: the name is none of a topic, so say which one it is about: --topic tables | "),
        (["mine.py", "--topic", "x"], "There is no topic x"),
        (["none.py", "--topic", "vae"], "none.py: no such file"),
        (["exercises"], "npgen check --dir exercises"),
        (["--topic", "vae"], "npgen check work.ipynb --topic vae"),
        (["vae", "--topic", "vae"], "npgen check work.ipynb --topic vae"),
        (["--dir", "none"], "--dir: none is not a folder"),
        (["--dir", "empty"], "empty holds no exercise; expected tables.py"),
        (["--dir", "empty", "vae"], "empty/vae.py: no such file"),
        (["--lang", "fr"], "--lang"),
        (["large.py", "--topic", "vae"], "larger than 2 MB"),
    ],
)
def test_bad_input(npgen, exercises, tmp_path, arguments, says):
    (tmp_path / "mine.py").write_text(RIGHT)
    (tmp_path / "large.py").write_bytes(b"#" * 3_000_000)
    (tmp_path / "empty").mkdir()
    code, output, errors = npgen("check", *arguments)
    assert (code, output) == (2, "") and says in errors
    assert errors.startswith("npgen: ") and len(errors.splitlines()) <= 2


def test_bad_input_in_spanish(npgen, exercises):
    assert "No hay ningún tema va. Hay: tables," in npgen("check", "va", "--lang", "es")[2]


def test_the_language_of_the_locale(npgen, exercises, monkeypatch):
    monkeypatch.setenv("LANG", "es_ES.UTF-8")
    assert "sin escribir" in npgen("check", FUNCTION)[1]
    assert "not written yet" in npgen("check", FUNCTION, "--lang", "en")[1]


def test_a_terminal_gets_the_same_words(exercises, monkeypatch):
    (exercises / "fvsbn.py").write_text(FULL)
    for width in (60, 100):
        console = Console(force_terminal=True, width=width, record=True, file=io.StringIO())
        with Sandbox() as sandbox:
            checked = check.run(check.Task(exercises / "fvsbn.py", FUNCTION), sandbox)
        Screen(console, "en").checked(checked)
        text = console.export_text()
        assert "not right yet" in text and f"npgen hint {FUNCTION}" in text
        assert max(map(len, text.splitlines())) <= width


# --- what is remembered


def test_list(npgen, exercises):
    code, output, _ = npgen("list")
    total = sum(check.points for topic in TOPICS for check in load(topic))
    assert code == 0 and all(check.name in output for topic in TOPICS for check in load(topic))
    assert f"0 of {total} points" in output
    (exercises / "fvsbn.py").write_text(RIGHT)
    npgen("check", "fvsbn")
    line = next(line for line in npgen("list")[1].splitlines() if "fvsbn_n_parameters" in line)
    assert line.split() == ["fvsbn_n_parameters", "1/1", "passed"]
    (exercises / "fvsbn.py").write_text(FULL)
    assert "passed, changed since" in npgen("list")[1]
    assert "superada; cambiada desde entonces" in npgen("list", "--lang", "es")[1]
    (exercises / "nade.py").unlink()
    assert "no file nade.py" in npgen("list")[1]


@pytest.mark.parametrize(
    "content", ["", "[]", "{", '{"verdicts": [], "hints": {}}', '{"verdicts": {"a": 1}, "hints": {}}']
)
def test_a_damaged_memory_is_an_empty_one(npgen, exercises, content):
    (exercises / state.NAME).write_text(content)
    assert npgen("list")[0] == 0
    assert npgen("hint", FUNCTION)[1].startswith("Hint 1 of ")
    assert state.load(exercises).hints == {FUNCTION: 1}


def test_a_folder_that_cannot_be_written(npgen, exercises, monkeypatch):
    def refuse(self):
        raise package.errors.InputError("read only")

    monkeypatch.setattr(state.State, "save", refuse)
    assert npgen("check", FUNCTION)[:1] == (1,)
    code, output, errors = npgen("hint", FUNCTION)
    assert code == 2 and output.startswith("Hint 1") and errors == "npgen: read only\n"


def test_hints_from_vague_to_specific(npgen, exercises):
    (check,) = (check for check in load("fvsbn") if check.id == FUNCTION)
    for number, text in enumerate(check.hints, start=1):
        code, output, _ = npgen("hint", FUNCTION)
        assert code == 0 and output.startswith(f"Hint {number} of {len(check.hints)}: {text}")
    for _ in range(2):
        _, output, _ = npgen("hint", FUNCTION)
        assert output.startswith("That was the last hint") and check.hints[-1] in output
    npgen("check", "fvsbn")  # does not forget it
    assert "That was the last hint" in npgen("hint", FUNCTION)[1]


def test_hint_of_what(npgen, exercises):
    assert f"npgen hint {load('vae')[0].id}" in npgen("hint", "vae")[2]
    assert npgen("hint", "nothing")[0] == 2


# --- watch


def test_a_saved_file_is_seen(tmp_path, monkeypatch):
    path = tmp_path / "vae.py"
    task = check.Task(path, "vae")
    looks = itertools.count()

    def edit(seconds):
        look = next(looks)
        if look == 3:
            path.write_text("x")
        elif look == 8:
            path.unlink()
        elif look == 11:
            path.write_text("y")
        elif look == 20:
            raise KeyboardInterrupt

    monkeypatch.setattr(watch.time, "sleep", edit)
    path.write_text("0")
    os.utime(path, (0, 0))
    seen = []
    with pytest.raises(KeyboardInterrupt):
        for found in watch.saved([task]):
            assert found == task
            seen.append(path.read_text())
    assert seen == ["0", "x", "y"]


def test_watch_a_file_that_is_not_there(npgen, exercises):
    (exercises / "vae.py").unlink()
    code, output, errors = npgen("watch", "vae")
    assert (code, output) == (2, "") and "exercises/vae.py: no such file" in errors


@pytest.mark.skipif(os.name == "nt", reason="sends the signal of Ctrl-C")
def test_watch_ends_with_ctrl_c(exercises, tmp_path):
    code = "from npgen.cli import main; main()"
    command = [sys.executable, "-c", code, "watch", "fvsbn.fvsbn_n_parameters", "--lang", "en"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    # A shell lets what it runs in the background ignore Ctrl-C, the tests and their children among it.
    heed = functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    with subprocess.Popen(command, cwd=tmp_path, preexec_fn=heed, **pipes) as process:

        def until(text):
            for line in process.stdout:
                if text in line:
                    return
            pytest.fail(process.stderr.read())

        until("not written yet")
        until("Waiting")
        (exercises / "fvsbn.py").write_text("x = (")
        until("SyntaxError")
        (exercises / "fvsbn.py").write_text(RIGHT)
        until("passed")
        until("Waiting")
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=10)
    assert process.returncode == 0 and errors.strip() == "" and output == ""

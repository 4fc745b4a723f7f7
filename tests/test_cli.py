"""The command line as its user meets it: what it prints, what it writes, and what bad input gets."""

import math
import os
import pickle
import subprocess
import sys

import numpy as np
import pytest
from matplotlib.image import imread

from npgen import checkpoint, data, folds, preparation, sources
from npgen.cli import main
from npgen.experiments import EXPERIMENTS
from npgen.models import orderless_nade, vae
from npgen.nested import map_leaves

SMALL = ["--data", "digits", "--steps", "30", "--validate-every", "10"]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """Every test in an empty folder, with an empty cache and no network."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("pooch.os_cache", lambda name: tmp_path / "cache")
    monkeypatch.setattr("pooch.retrieve", refuse)


def refuse(*args, **kwargs):
    raise OSError("no network in tests")


@pytest.fixture
def npgen(capsys):
    """`npgen("train", ...)` runs the command; gives its exit code, its output and its errors."""

    def run(*arguments):
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        output, errors = capsys.readouterr()
        return ended.value.code, output, errors

    return run


@pytest.fixture
def refused(npgen, tmp_path):
    """`refused("train", ..., says="...")`: exit code 2, one or two lines on stderr, no traceback, no new file."""

    def run(*arguments, says):
        before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
        code, output, errors = npgen(*arguments)
        assert code == 2, errors
        assert says in errors
        assert errors.startswith("npgen: ") and 1 <= len(errors.splitlines()) <= 2, errors
        assert "Traceback" not in errors + output
        after = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.name != "cache"}
        assert after == {path: time for path, time in before.items() if path.name != "cache"}

    return run


# --- what works


def test_help_and_version(npgen):
    code, output, _ = npgen("--help")
    commands = ("demo", "data", "train", "evaluate", "sample", "conditionals", "complete", "densities")
    assert code == 0 and all(command in output for command in commands)
    assert npgen("--version")[:2] == (0, "npgen, version 0.1.0\n")


@pytest.mark.parametrize("model", ["fvsbn", "nade", "vae"])
def test_train_evaluate_sample(npgen, model):
    code, output, errors = npgen("train", model, *SMALL)
    assert code == 0, errors
    assert "best validation" in output and "npgen evaluate run.npz" in output
    code, output, errors = (
        npgen("evaluate", "run.npz", "--importance", "5") if model == "vae" else npgen("evaluate", "run.npz")
    )
    assert code == 0 and f"{model}-digits, test: " in output and "nats per image" in output
    code, output, _ = npgen("sample", "run.npz", "-n", "6", "--out", "figure.png")
    assert code == 0 and "figure.png: 6 samples" in output
    assert imread("figure.png").shape[2] == 4


def test_every_drawing_command_writes_its_figure(npgen):
    npgen("train", "nade", *SMALL)
    for command in ("sample", "conditionals", "complete"):
        code, output, errors = npgen(command, "run.npz", "--out", f"{command}/figure.png")
        assert code == 0, errors
        assert output.startswith(f"{command}/figure.png: ")
        assert imread(f"{command}/figure.png").shape[2] == 4


def real_numbers(monkeypatch, rng):
    x = rng.standard_normal((200, 3))
    monkeypatch.setitem(data.LOADERS, "red_wine", lambda: folds.cross_validation("red_wine", x, "abc", 1))


def test_real_numbers_are_drawn_and_have_no_images(npgen, monkeypatch, rng):
    real_numbers(monkeypatch, rng)
    npgen("train", "rnade", "--data", "red_wine", *SMALL[2:])
    for command in ("sample", "conditionals", "densities"):
        code, output, errors = npgen(command, "run.npz", "--out", f"{command}.png")
        assert code == 0, errors
        assert output.startswith(f"{command}.png: ") and imread(f"{command}.png").shape[2] == 4
    _, output, _ = npgen("evaluate", "run.npz")
    assert "nats per example, " in output


def test_evaluate_prints_the_nats_of_the_best_parameters_on_the_part_asked_for(npgen):
    npgen("train", "vae", *SMALL, "--hidden", "8", "--latent", "2")
    arrays, facts = checkpoint.load("run.npz")
    last = map_leaves(np.zeros_like, arrays["params"])  # surely not the best
    checkpoint.save("run.npz", {**arrays, "params": last}, facts)
    digits = data.digits().thresholded()
    for part, k in (("test", 7), ("valid", 7), ("test", 70)):
        nats = preparation.estimate_nll(vae, arrays["best"], getattr(digits, part), k)
        _, output, _ = npgen("evaluate", "run.npz", "--part", part, "--importance", k)
        assert f"{part}: {nats.mean:.2f} ± {nats.standard_error:.2f} nats per image (IWAE bound, k = {k})" in output
        assert f"{nats.mean / (64 * math.log(2)):.4f} bits per dimension" in output


def test_evaluate_averages_as_many_orderings_as_are_asked_for(npgen):
    npgen("train", "orderless_nade", *SMALL, "--hidden", "8")
    arrays, _ = checkpoint.load("run.npz")
    valid = data.digits().thresholded().valid
    for asked, n_orderings in (([], 1), (["--orderings", "1"], 1), (["--orderings", "3"], 3)):
        expected = -orderless_nade.log_prob(arrays["best"], valid, n_orderings=n_orderings).mean(dtype=np.float64)
        code, output, errors = npgen("evaluate", "run.npz", "--part", "valid", *asked)
        assert code == 0, errors
        assert f"valid: {expected:.2f} ± " in output


def test_an_experiment_of_the_table_can_be_changed(npgen):
    assert npgen("train", "nade-digits", "--steps", "3", "--hidden", "7", "--seed", "5", "--out", "a/b.npz")[0] == 0
    arrays, facts = checkpoint.load("a/b.npz")
    assert arrays["params"]["W"].shape == (64, 7)
    assert (facts["recipe"]["seed"], facts["recipe"]["n_steps"], facts["recipe"]["name"]) == (
        5,
        3,
        "nade-digits (changed)",
    )


@pytest.mark.parametrize("how", [["--digit", "3"], ["--binarize", "static"], ["--threshold", "0.25"]])
def test_options_of_the_data(npgen, how):
    assert npgen("train", "fvsbn", *SMALL, *how)[0] == 0
    assert npgen("evaluate", "run.npz", "--part", "valid")[0] == 0


def test_several_hidden_layers(npgen):
    assert npgen("train", "vae", *SMALL, "--hidden", "9,8", "--latent", "2")[0] == 0
    arrays, _ = checkpoint.load("run.npz")
    assert [W.shape for W, _ in arrays["params"]["encoder"]] == [(64, 9), (9, 8), (8, 4)]


def test_resume_of_a_finished_run_says_so_and_changes_nothing(npgen, tmp_path):
    npgen("train", "fvsbn", *SMALL)
    before = (tmp_path / "run.npz").read_bytes()
    code, output, _ = npgen("train", "fvsbn", *SMALL, "--resume")
    assert code == 0 and "30 steps" in output
    assert (tmp_path / "run.npz").read_bytes() == before


def test_resume_without_a_checkpoint_starts(npgen):
    assert npgen("train", "fvsbn", *SMALL, "--resume")[0] == 0


def test_the_table_of_experiments_has_a_line_for_each_in_80_columns(npgen):
    code, output, _ = npgen("experiments")
    heading, *rows = output.splitlines()
    assert code == 0 and heading.split() == ["name", "hidden", "latent", "steps", "test", "nats", "seconds", "paper"]
    assert [row.split()[0] for row in rows] == list(EXPERIMENTS) and max(map(len, rows)) <= 80
    assert next(row for row in rows if "vae-binarized-mnist" in row).split()[1:4] == ["200,200", "50", "180000"]


def test_data_list_and_verify(npgen, tmp_path, monkeypatch):
    code, output, _ = npgen("data", "list")
    assert code == 0 and "digits" in output and "scikit-learn" in output
    assert npgen("data", "verify", "digits")[0] == 0


# --- what bad input gets


def test_missing_data_set(refused, tmp_path, monkeypatch):
    monkeypatch.setenv("NPGEN_DATA", str(tmp_path))
    refused("train", "nade", "--data", "mnist", says="<NPGEN_DATA>/mnist/train-images-idx3-ubyte.gz")
    refused("train", "nade", "--data", "mnist", says="export NPGEN_DATA=")
    refused("data", "path", "mnist", says="mnist/train-images-idx3-ubyte.gz")


def one_file_set(tmp_path, monkeypatch, content, right=None):
    """NPGEN_DATA with the four files of mnist, all of them `content`; the table holds the checksum of `right`."""
    from hashlib import sha256

    monkeypatch.setenv("NPGEN_DATA", str(tmp_path / "data"))
    right = content if right is None else right
    files = []
    for file in sources.SOURCES["mnist"]:
        path = tmp_path / "data" / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        files.append(sources.File(file.path, len(right), file.site, f"sha256:{sha256(right).hexdigest()}"))
    monkeypatch.setitem(sources.SOURCES, "mnist", tuple(files))


def gzipped(content):
    import gzip

    return gzip.compress(content, mtime=0)


HEADER = b"\0\0\x08\x03" + b"\0\0\0\x02" + b"\0\0\0\x1c" * 2


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (gzipped(b"\0\0\x0d\x03" + HEADER[4:] + bytes(2 * 784)), "expected an IDX header"),
        (gzipped(HEADER + bytes(2 * 784 - 1)), "expected 1568 bytes of data for shape (2, 28, 28), found 1567"),
        (gzipped(HEADER + bytes(2 * 784))[:-20], "expected a gzipped IDX file"),
        (b"not gzip", "expected a gzipped IDX file"),
    ],
    ids=["magic", "short", "truncated", "not gzip"],
)
def test_damaged_idx(refused, tmp_path, monkeypatch, content, says):
    one_file_set(tmp_path, monkeypatch, content)
    refused("train", "nade", "--data", "mnist", says=says)


def test_wrong_checksum(refused, tmp_path, monkeypatch, npgen):
    one_file_set(tmp_path, monkeypatch, b"found", right=b"expected")
    refused("train", "nade", "--data", "mnist", says="expected 8 bytes with sha256")
    code, _, errors = npgen("data", "verify", "mnist")
    assert code == 2 and "found 5 bytes" in errors


def test_unknown_names_suggest_the_nearest(refused):
    refused("train", "nad", "--data", "digits", says="Did you mean nade")
    refused("train", "nade-digit", says="Did you mean nade-digits")
    refused("train", "nade", "--data", "mnits", says="Did you mean mnist")
    refused("data", "verify", "mnits", says="Did you mean mnist")


def test_a_model_without_data(refused):
    refused("train", "nade", says="say on which data")


@pytest.mark.parametrize(
    "options",
    [
        ["-n", "0"],
        ["-n", "-3"],
        ["-n", "many"],
        ["--seed", "-1"],
        ["--out", "run.npz/figure.png"],
    ],
)
def test_sample_refuses(npgen, refused, options):
    npgen("train", "fvsbn", *SMALL)
    refused("sample", "run.npz", *options, says="")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["fvsbn", "--hidden", "3"], "--hidden: fvsbn has no hidden layer"),
        (["nade", "--hidden", "3,4"], "--hidden: nade has one hidden layer"),
        (["nade", "--hidden", "0"], "expected sizes from 1 to a million"),
        (["nade", "--hidden", "3;4"], "expected sizes from 1 to a million"),
        (["nade", "--latent", "3"], "--latent: nade has no latent variables"),
        (["nade", "--steps", "0"], "--steps"),
        (["nade", "--batch-size", "0"], "--batch-size"),
        (["nade", "--batch-size", "5000"], "batch_size: expected at most the 1297 examples"),
        (["nade", "--step-size", "0"], "--step-size"),
        (["nade", "--digit", "11"], "has no class 11"),
        (["nade", "--invert"], "has no option 'invert'"),
        (["nade", "--binarize", "maybe"], "maybe"),
        (["nade", "--nonsense"], "--nonsense"),
        (["nade", "--binarize", "static", "--threshold", "0.3"], "--threshold: has no meaning with --binarize static"),
    ],
)
def test_train_refuses(refused, arguments, says):
    refused("train", *arguments, *SMALL[:2], says=says)


def test_out_that_cannot_be_written(refused, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    refused("train", "fvsbn", *SMALL, "--out", "file/run.npz", says="cannot write file/run.npz: Not a directory")
    refused("demo", "--out", "file/demo", says="cannot write into file/demo")


def test_an_existing_run_is_not_overwritten(npgen, refused):
    npgen("train", "fvsbn", *SMALL)
    refused("train", "fvsbn", *SMALL, says="run.npz exists already. Continue it with --resume")


def test_resume_of_another_run(npgen, refused):
    npgen("train", "fvsbn", *SMALL)
    refused("train", "nade", *SMALL, "--resume", says="is of another run")


def test_what_a_model_cannot_be_drawn_as(npgen, refused, monkeypatch, rng):
    npgen("train", "fvsbn", *SMALL)
    refused("complete", "run.npz", says="fvsbn cannot complete what is half given; nade, made, orderless_nade can")
    refused("densities", "run.npz", says="digits is not real-valued, it has no densities")
    npgen("train", "vae", *SMALL, "--out", "vae.npz")
    refused("conditionals", "vae.npz", says="vae has no conditionals")
    real_numbers(monkeypatch, rng)
    npgen("train", "rnade", "--data", "red_wine", *SMALL[2:], "--out", "rnade.npz")
    refused("complete", "rnade.npz", says="rnade cannot complete")


@pytest.mark.parametrize("command", ["sample", "conditionals", "complete"])
@pytest.mark.parametrize("model", ["nade", "orderless_nade"])
def test_binary_data_that_are_no_images(npgen, refused, monkeypatch, command, model):
    digits = data.dataclasses.replace(data.digits().thresholded(), image_shape=None)
    monkeypatch.setitem(data.LOADERS, "digits", lambda: digits)
    npgen("train", model, *SMALL, "--hidden", "8")
    refused(command, "run.npz", says="digits has no images to draw: its 64 variables are no pixels")


@pytest.mark.parametrize("command", ["sample", "conditionals", "complete"])
def test_a_figure_that_cannot_be_written(npgen, refused, command):
    npgen("train", "nade", *SMALL, "--hidden", "8")
    refused(command, "run.npz", "--out", "run.npz/figure.png", says="cannot write run.npz/figure.png")


@pytest.mark.parametrize("command", ["evaluate", "sample", "conditionals", "complete", "densities"])
def test_a_file_that_is_no_checkpoint(npgen, refused, tmp_path, command):
    refused(command, "run.npz", says="no such file")
    npgen("train", "fvsbn", *SMALL)
    content = (tmp_path / "run.npz").read_bytes()
    for name, damaged, says in [
        ("truncated.npz", content[: len(content) // 2], "truncated or not a .npz file"),
        ("pickle.npz", pickle.dumps([1, 2, 3]), "pickled objects, which are never read"),
        ("text.npz", b"hello", "not a checkpoint of npgen"),
    ]:
        (tmp_path / name).write_bytes(damaged)
        refused(command, name, says=says)


def test_a_checkpoint_with_the_parameters_of_another_model(npgen, refused):
    npgen("train", "fvsbn", *SMALL)
    npgen("train", "nade", *SMALL, "--out", "nade.npz")
    arrays, _ = checkpoint.load("run.npz")
    _, facts = checkpoint.load("nade.npz")
    checkpoint.save("mixed.npz", arrays, facts)
    refused("evaluate", "mixed.npz", says="is a checkpoint of another model: expected W of shape (64, 500)")


def test_importance_samples_of_a_model_that_needs_none(npgen, refused):
    npgen("train", "fvsbn", *SMALL)
    refused("evaluate", "run.npz", "--importance", "5", says="--importance: fvsbn computes its likelihood")


def test_orderings_of_a_model_that_has_one(npgen, refused):
    npgen("train", "fvsbn", *SMALL)
    refused("evaluate", "run.npz", "--orderings", "5", says="as are asked for, not fvsbn")
    refused("evaluate", "run.npz", "--orderings", "0", says="'--orderings': 0 is not in the range 1<=x<=128")


def test_a_recipe_of_another_version(npgen, refused):
    npgen("train", "fvsbn", *SMALL)
    arrays, facts = checkpoint.load("run.npz")
    facts["recipe"]["new_option"] = 1
    checkpoint.save("newer.npz", arrays, facts)
    refused("evaluate", "newer.npz", says="its recipe is not one of this version of npgen")


def test_a_loss_that_becomes_nan(npgen, tmp_path):
    code, _, errors = npgen("train", "nade", *SMALL, "--step-size", "1e38", "--schedule", "constant")
    assert code == 2
    assert errors.startswith("npgen: training diverged at step 2: the loss is ") and "Norms: W " in errors
    assert len(errors.splitlines()) == 2


def test_data_that_are_not_binary(refused, monkeypatch):
    grey = data.digits()
    monkeypatch.setitem(data.LOADERS, "digits", lambda: data.dataclasses.replace(grey, maximum=1))
    refused("train", "nade", *SMALL, says="expected binary")


@pytest.mark.parametrize(
    "change", [{"model": "vea"}, {"model": 3}, {"binarize": "x"}, {"n_steps": "1"}, {"step_size": -1}]
)
def test_a_recipe_that_was_tampered_with(npgen, refused, change):
    npgen("train", "fvsbn", *SMALL)
    arrays, facts = checkpoint.load("run.npz")
    facts["recipe"].update(change)
    checkpoint.save("run.npz", arrays, facts)
    refused("evaluate", "run.npz", says="run.npz: its recipe is not one of this version")


def test_names_that_look_like_markup_are_names(npgen, tmp_path):
    code, output, _ = npgen("train", "fvsbn", *SMALL, "--out", "[bold]x[red].npz")
    assert code == 0 and "[bold]x[red].npz: best validation" in output


def test_bare_npgen_is_help(npgen):
    assert npgen()[:2] == npgen("--help")[:2]


def test_a_terminal_without_our_characters(tmp_path):
    code = "from npgen.cli import main; main()"
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    for arguments in (["train", "fvsbn", *SMALL], ["evaluate", "run.npz"], ["data", "list"], ["experiments"]):
        command = [sys.executable, "-c", code, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path)
        assert done.returncode == 0, done.stderr


def test_not_enough_memory(refused, monkeypatch):
    def hungry(*arguments):
        raise MemoryError

    monkeypatch.setattr("npgen.commands.evaluate", hungry)
    refused("evaluate", "run.npz", says="not enough memory")


def test_ctrl_c_outside_a_run_has_no_traceback(npgen, monkeypatch):
    def interrupted(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("npgen.demo.main", interrupted)
    code, _, errors = npgen("demo")
    assert code == 130 and errors.strip() == "npgen: interrupted"

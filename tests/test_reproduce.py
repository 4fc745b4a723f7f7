import contextlib
import dataclasses
import json

import numpy as np
import pytest

from npgen import checkpoint, data, preparation, published, recipes, reproduce, results
from npgen import run as run_module
from npgen.cli import main
from npgen.errors import Diverged, InputError
from npgen.experiments import MODELS, Experiment
from npgen.folds import Fold


@pytest.fixture
def tiny(monkeypatch):
    """A table of two models on the 8x8 digits, trained for a few steps."""
    table = recipes.Table("Tiny", {("digits", "fvsbn"): 1000.0, ("digits", "orderless_nade"): 0.5})
    monkeypatch.setitem(recipes.TABLES, "tiny", table)
    sizes = {"fvsbn": {}, "orderless_nade": {"init": {"hidden_sizes": (50,)}}}
    for model, fixed in sizes.items():
        full = recipes.BINARY[model]
        choices = ({"l2": 1e-5}, {"l2": 1e-4})
        short = dataclasses.replace(full, choices=choices, n_steps=4, longer=8, fixed=fixed)
        monkeypatch.setitem(recipes.BINARY, model, short)

    def candidates(*args, full=recipes.candidates, **others):
        return [[dataclasses.replace(row, validate_every=2) for row in rows] for rows in full(*args, **others)]

    monkeypatch.setattr(recipes, "candidates", candidates)


def run(*arguments):
    with pytest.raises(SystemExit) as ended:
        main(["reproduce", *map(str, arguments)])
    return ended.value.code


@pytest.fixture
def trained(monkeypatch):
    """The names of the cells that are trained, as they are begun."""
    names = []
    train_cell = reproduce.train_cell
    monkeypatch.setattr(
        reproduce, "train_cell", lambda cell, *others: names.append(cell.name) or train_cell(cell, *others)
    )
    return names


def test_a_table_is_trained_written_and_gone_on_with(tiny, trained, tmp_path):
    assert run("tiny", "--only", "digits/fvsbn", "--out", tmp_path) == 0
    rows = json.loads((tmp_path / "tiny.json").read_text())
    assert [row["model"] for row in rows] == ["fvsbn"]
    row = rows[0]
    keys = "table dataset model nats standard_error published seconds seed recipe n_parameters"
    assert row.keys() == set(keys.split())
    assert (row["table"], row["dataset"], row["seed"], row["published"]) == ("tiny", "digits", 0, 1000.0)
    assert row["n_parameters"] == 64 * 65 // 2 and 15 < row["nats"] < 40
    trained.clear()
    assert run("tiny", "--out", tmp_path) == 0
    assert trained == ["digits/orderless_nade"]  # the other one is kept
    assert run("tiny", "--out", tmp_path, "--seed", "1") == 0
    rows = json.loads((tmp_path / "tiny.json").read_text())
    assert [(row["model"], row["seed"]) for row in rows] == [
        ("fvsbn", 0),
        ("fvsbn", 1),
        ("orderless_nade", 0),
        ("orderless_nade", 1),
    ]
    first, second = (row["nats"] for row in rows[:2])
    text = (tmp_path / "tiny.md").read_text()
    assert f"| digits | **{first:.2f}**, **{second:.2f}** ± " in text and "| 1000.00 |" in text
    assert f"| {rows[2]['nats']:.2f}, {rows[3]['nats']:.2f} ± " in text  # not better than published: not bold


def test_how_much_is_done_is_told(tiny, tmp_path, monkeypatch):
    """Of the cells together, from 0 to 1, never less than before."""
    heard = []

    @contextlib.contextmanager
    def advancing(console, label, fraction):
        monkeypatch.setattr(run_module, "advance", hearing(run_module.advance, fraction))
        yield
        heard.append(fraction())

    def hearing(advance, fraction):
        def advance_and_hear(*args):
            for run in advance(*args):
                heard.append(fraction())
                yield run

        return advance_and_hear

    monkeypatch.setattr(reproduce, "advancing", advancing)
    assert run("tiny", "--out", tmp_path) == 0
    assert heard == sorted(heard) and heard[0] == 0 and heard[-1] == 1.0 and len(set(heard)) > 10


def test_what_another_process_wrote_in_the_meantime_stays(tiny, tmp_path, monkeypatch):
    path = tmp_path / "tiny.json"
    train_cell = reproduce.train_cell

    def beside_another(cell, *others):
        row = train_cell(cell, *others)
        results.write(path, [*results.read(path), row | {"seed": 1}])
        return row

    monkeypatch.setattr(reproduce, "train_cell", beside_another)
    assert run("tiny", "--only", "digits/fvsbn", "--out", tmp_path) == 0
    assert [row["seed"] for row in results.read(path)] == [0, 1]


def test_the_longest_cell_comes_first(tiny, trained, tmp_path):
    """Of two processes neither waits long for the other at the end."""
    assert run("tiny", "--out", tmp_path) == 0
    assert trained == ["digits/orderless_nade", "digits/fvsbn"]


def test_tables_in_a_page(tmp_path):
    row = {"dataset": "dna", "model": "nade", "seed": 0, "nats": 83.0, "standard_error": 0.25, "seconds": 60.0}
    results.write(tmp_path / "uci-binary.json", [row])
    page = "before\n<!-- results/uci-binary.json -->\nold\n<!-- end -->\nafter"
    written = results.with_tables(page, tmp_path)
    assert "| **83.00** ± 0.25 (60 s) | 84.81 |" in written and "old" not in written
    assert written.startswith("before\n<!-- ") and written.endswith("<!-- end -->\nafter")
    assert results.with_tables(written, tmp_path) == written
    with pytest.raises(InputError, match="uci-binary"):
        results.with_tables("<!-- results/uci-binry.json -->\n<!-- end -->", tmp_path)


def test_the_choice_is_made_on_validation(tiny):
    """Among the candidates, and then between the best of them and the same for longer."""
    cell = reproduce.Cell("tiny", "digits", "fvsbn", 0)
    row = reproduce.train_cell(cell, 1)
    found = [reproduce._trained(c) for c in recipes.candidates("tiny", "digits", "fvsbn", 0)[0]]
    best = min(found, key=lambda one: one.validation)
    assert best.step == 4  # its last one
    longer = reproduce._trained(dataclasses.replace(best.experiment, n_steps=8))
    assert longer.validation < best.validation
    assert row["recipe"]["validation"] == round(longer.validation, 4) and row["recipe"]["n_steps"] == 8


def test_progress_counts_steps_not_runs_and_the_test_part(tiny):
    """Two candidates of four steps, then the best of them for eight, then the evaluation, in batches of 200."""
    told = []
    cell = reproduce.Cell("tiny", "digits", "fvsbn", 0)
    reproduce.train_cell(cell, 1, told.append)
    n_test = len(data.digits().test)
    of_test = n_test / (3 * 100)  # a step is three passes over 100 examples
    steps = [step / (16 + of_test) for step in range(1, 17)]
    batches = [1 - of_test / (16 + of_test) * (1 - min(1, done / n_test)) for done in range(200, n_test + 200, 200)]
    assert told == pytest.approx([*steps, *batches]) and told[-1] == 1.0


def test_what_an_evaluation_costs():
    """Of one hidden layer as much as a pass for each ordering; of more, a pass through the others for each variable."""
    one, two = (
        Experiment("", "orderless_nade", "digits", {"hidden_sizes": sizes}, 10, test_options={"n_orderings": 8})
        for sizes in ((20,), (20, 30))
    )
    steps_of_a_pass = len(data.digits().test) / (3 * one.batch_size)
    assert recipes.steps_of_test(one) == pytest.approx(8 * steps_of_a_pass)
    both = 64 * (20 + 20 * 30 + 30) / (64 * 20 + 20 * 30 + 30 * 64)
    assert recipes.steps_of_test(two) == pytest.approx(8 * steps_of_a_pass * both)
    assert recipes.steps_of_test(dataclasses.replace(one, model="made")) == pytest.approx(steps_of_a_pass)


def test_with_checkpoints_a_cell_goes_on_where_it_was_stopped(tiny, tmp_path, monkeypatch):
    """To the same figure; and each run is a checkpoint like any other."""
    command = ["tiny", "--only", "digits/orderless_nade", "--checkpoints", tmp_path / "runs", "--out"]
    assert run("tiny", "--only", "digits/orderless_nade", "--out", tmp_path / "whole") == 0

    def dies(*args, advance=run_module.advance):
        for run in advance(*args):
            yield run
            if run.step == 6:  # of the longer run
                raise InputError("pulled the plug")

    with monkeypatch.context() as context:
        context.setattr(run_module, "advance", dies)
        assert run(*command, tmp_path / "parts") == 2
    folder = tmp_path / "runs" / "tiny-0"
    assert sorted(path.name for path in folder.iterdir()) == [f"digits-orderless_nade-{i}.npz" for i in (1, 2, 3)]
    arrays, facts = checkpoint.load(folder / "digits-orderless_nade-1.npz")
    facts["progress"]["seconds"] = 1000.0
    checkpoint.save(folder / "digits-orderless_nade-1.npz", arrays, facts)
    steps = []
    monkeypatch.setattr(
        run_module, "advance", lambda *args, advance=run_module.advance: map(note(steps), advance(*args))
    )
    assert run(*command, tmp_path / "parts") == 0
    assert steps == [7, 8]  # the two candidates were finished
    whole, parts = (json.loads((tmp_path / name / "tiny.json").read_text())[0] for name in ("whole", "parts"))
    assert whole["nats"] == parts["nats"] and whole["recipe"] == parts["recipe"]
    assert whole["seconds"] < 1000 < parts["seconds"]  # the time before it was stopped counts, too
    with pytest.raises(SystemExit) as ended:
        main(["evaluate", str(folder / "digits-orderless_nade-3.npz")])
    assert ended.value.code == 0


def note(steps):
    return lambda run: steps.append(run.step) or run


def test_only_what_was_best_at_its_end_is_trained_for_longer(tiny):
    chosen = recipes.candidates("tiny", "digits", "fvsbn", 0)[0][0]
    assert recipes.longer("tiny", chosen, best_step=2) is None
    assert recipes.longer("tiny", chosen, best_step=4) == dataclasses.replace(chosen, n_steps=8)
    assert recipes.longer("uci-real", chosen, best_step=4) is None


def test_it_is_said_if_nothing_is_left_to_train(tiny, tmp_path, capsys):
    arguments = ("tiny", "--only", "digits/fvsbn", "--out", tmp_path)
    assert run(*arguments) == 0 and "nothing is left" not in capsys.readouterr().out
    assert run(*arguments) == 0
    assert f"nothing is left to train: {tmp_path / 'tiny.json'} has all" in capsys.readouterr().out


def test_a_candidate_that_diverges_is_not_chosen(tiny, monkeypatch):
    trained, attempts = reproduce._trained, []

    def diverging(experiment, *others):
        attempts.append(experiment.l2)
        if experiment.l2 == 1e-5:
            raise Diverged("training diverged at step 1")
        return trained(experiment, *others)

    monkeypatch.setattr(reproduce, "_trained", diverging)
    (cell,) = reproduce.cells("tiny", "digits/fvsbn", 0)
    assert reproduce.train_cell(cell, 1)["recipe"]["l2"] == 1e-4
    assert attempts[0] == 1e-5
    monkeypatch.setattr(
        reproduce, "_trained", lambda experiment, *others: diverging(dataclasses.replace(experiment, l2=1e-5))
    )
    with pytest.raises(Diverged, match="digits/fvsbn: training diverged with each of its candidates"):
        reproduce.train_cell(cell, 1)


def test_few_examples_are_not_trained_on_for_more_than_so_many_epochs(tiny, monkeypatch):
    chosen = recipes.candidates("tiny", "digits", "orderless_nade", 0)[0][0]
    of_an_epoch = len(data.digits().train) // chosen.batch_size
    monkeypatch.setitem(
        recipes.BINARY, "orderless_nade", dataclasses.replace(recipes.BINARY["orderless_nade"], longer=99)
    )
    monkeypatch.setattr(recipes, "MAX_EPOCHS", 3)
    assert recipes.longer("tiny", chosen, best_step=4).n_steps == 3 * of_an_epoch < 99
    monkeypatch.setattr(recipes, "MAX_EPOCHS", 0)
    assert recipes.longer("tiny", chosen, best_step=4) is None


def test_the_same_seed_gives_the_same_figure(tiny):
    cells = reproduce.cells("tiny", None, 3)
    for cell in cells:
        first, second = (reproduce.train_cell(cell, 1) for _ in range(2))
        assert first["nats"] == second["nats"]


@pytest.mark.parametrize("jobs", [1, 2])
def test_data_that_are_not_here_are_left_out_and_said_so(jobs, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("NPGEN_DATA", str(tmp_path / "empty"))
    (tmp_path / "empty").mkdir()
    monkeypatch.setitem(recipes.TABLES, "absent", recipes.Table("Absent", {("connect4", "fvsbn"): 12.39}))
    assert run("absent", "--jobs", jobs, "--out", tmp_path / "out") == 0
    assert "connect4: left out, its file is not here" in capsys.readouterr().out
    assert json.loads((tmp_path / "out" / "absent.json").read_text()) == []


def test_a_cell_that_is_asked_for_and_whose_data_are_not_here_is_an_error(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("NPGEN_DATA", str(tmp_path / "empty"))
    (tmp_path / "empty").mkdir()
    assert run("uci-binary", "--only", "connect4/fvsbn", "--out", tmp_path / "out") == 2
    assert "the file of connect4 is not here (see: npgen data path connect4)" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["uci-binari"], "Did you mean uci-binary"),
        (["uci-binary", "--only", "adlt"], "Did you mean adult"),
        (["uci-binary", "--only", "adult/nad"], "Did you mean nade"),
    ],
)
def test_names_that_are_none(arguments, says, tmp_path, capsys):
    assert run(*arguments, "--out", tmp_path / "out") == 2
    assert says in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


CELL = '[{"dataset": "%s", "model": "nade", "seed": 0, "nats": %s, "standard_error": 0.1, "seconds": 1}]'


@pytest.mark.parametrize(
    "content",
    ["{", "[1]", '[{"dataset": "adult"}]', "{}", CELL % ("red_wine", 9.0), CELL % ("adult", '"9"'), CELL % ([1], 9.0)],
)
def test_a_damaged_file_is_not_overwritten(content, tmp_path):
    path = tmp_path / "uci-binary.json"
    path.write_text(content)
    with pytest.raises(InputError, match="Move it away"):
        results.read(path)
    assert run("uci-binary", "--out", tmp_path) == 2
    assert path.read_text() == content


def test_published_figures_are_of_sets_and_models_that_there_are():
    for table in recipes.TABLES.values():
        assert set(table.datasets) <= set(data.LOADERS)
        assert set(table.models) <= {*MODELS, "gaussian"}
        assert all(0.5 < nats < 300 for nats in table.published.values())
    assert published.UCI_BINARY["dna", "made"] == 83.63
    assert published.UCI_REAL["red_wine", "rnade"] == 9.36


@pytest.fixture
def folds(monkeypatch):
    """Ten made-up folds in the place of red wine's."""
    rng = np.random.default_rng(0)

    def fold(number):
        x = rng.standard_normal((160, 3))
        return Fold("red_wine", number, x[:120], x[120:140], x[140:], ("a", "b", "c"), np.zeros(3), np.ones(3))

    ten = {number: fold(number) for number in range(1, 11)}
    monkeypatch.setattr(data, "load", lambda name, fold: ten[fold])
    return ten


def test_folds_are_the_mean_over_ten(folds):
    row = reproduce.train_cell(reproduce.Cell("uci-real", "red_wine", "gaussian", 0), 1)
    assert [fold["data_options"] for fold in row["recipe"]["folds"]] == [{"fold": number} for number in folds]
    nats = [fold["nats"] for fold in row["recipe"]["folds"]]
    assert row["nats"] == pytest.approx(np.mean(nats), abs=1e-4)
    assert row["standard_error"] == pytest.approx(np.std(nats, ddof=1) / np.sqrt(10), abs=1e-4)
    one = np.concatenate([folds[1].train, folds[1].valid])
    centred = folds[1].test - one.mean(axis=0)
    covariance = np.cov(one.T, bias=True)
    quadratic = np.sum(centred @ np.linalg.inv(covariance) * centred, axis=1)
    expected = 0.5 * np.mean(quadratic + np.linalg.slogdet(2 * np.pi * covariance)[1])
    assert nats[0] == pytest.approx(expected, abs=1e-4)


def test_what_was_chosen_is_trained_again_on_the_whole_training_fold(folds):
    """From the same start, for as many steps as were best."""
    (row, *_), *_ = recipes.candidates("uci-real", "red_wine", "rnade", 0)
    best = reproduce._trained(dataclasses.replace(row, n_steps=20, validate_every=10))
    again = reproduce._trained_again(dataclasses.replace(best, step=10))
    folds[1] = dataclasses.replace(folds[1], train=np.concatenate([folds[1].train, folds[1].valid]))
    prepared = preparation.prepare(best.experiment)
    steps = run_module.advance(prepared.plan, run_module.start(prepared.plan, prepared.params))
    expected = next(run.params for run in steps if run.step == 10)
    for name, leaf in again.params.items():
        np.testing.assert_array_equal(leaf, expected[name])


def test_each_fold_chooses_for_itself(folds, monkeypatch, tmp_path):
    """By its own validation part: what one fold chooses says nothing of another."""
    full = recipes.candidates

    def short(*args):
        return [[dataclasses.replace(row, n_steps=20, validate_every=10) for row in rows] for rows in full(*args)]

    monkeypatch.setattr(recipes, "candidates", short)
    monkeypatch.setattr(recipes, "WEIGHT_DECAYS", (0.0, 40.0))
    for number in (2, 5):  # another density: there it pays to learn it
        folds[number] = dataclasses.replace(
            folds[number], **{name: 0.01 * getattr(folds[number], name) for name in ("train", "valid", "test")}
        )
    told = []
    cell = reproduce.Cell("uci-real", "red_wine", "rnade", 0)
    row = reproduce.train_cell(cell, 1, told.append, tmp_path)
    assert told == sorted(told) and told[-1] == 1.0
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {f"red_wine-rnade-fold{fold}-{run}.npz" for fold in folds for run in (1, 2)}
    for number, rows in enumerate(short("uci-real", "red_wine", "rnade", 0), start=1):
        best = min(map(reproduce._trained, rows), key=lambda one: one.validation)
        found = row["recipe"]["folds"][number - 1]
        assert (found["l2"], found["validation"]) == (best.experiment.l2, round(best.validation, 4))
        assert found["nats"] == round(reproduce._tested(reproduce._trained_again(best)).mean, 4)
    assert len({fold["l2"] for fold in row["recipe"]["folds"]}) == 2
    assert "l2" not in row["recipe"] and row["recipe"]["n_steps"] == 20

"""`npgen show`: the student's own functions learn, and what npgen's learn stands beside it."""

import functools

import numpy as np
import pytest
from matplotlib.image import imread
from rich.console import Console

from npgen.grading import show, show_models
from npgen.grading.screen import Screen
from npgen.grading.show_models import references

# Nats where the variables are independent, which is where training starts (of rnade, two Gaussians).
INDEPENDENT = {"vae": 27.3, "fvsbn": 27.3, "nade": 27.3, "made": 25.2, "categorical_nade": 107.9, "rnade": 2.85}


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(show, "_affordable_steps", lambda comparison: 60)


@pytest.mark.parametrize("topic", sorted(INDEPENDENT))
def test_a_figure(npgen, exercises, solution, topic, capsys):
    (exercises / f"{topic}.py").write_text(solution(topic))
    code, output, errors = npgen("show", topic)
    assert code == 0, errors
    figure = exercises / f"show-{topic}.png"
    assert imread(figure).shape[2] == 4
    line = output.splitlines()[-1]
    assert line.startswith("exercises/show-")
    own, ours = (float(line.split(f"{whose} ")[1].split()[0].rstrip(";")) for whose in ("yours", "npgen's"))
    assert own < INDEPENDENT[topic] and ours < INDEPENDENT[topic]
    assert abs(own - ours) < (1.5 if topic == "vae" else 0.1)  # the same batches; of the VAE other noise and units
    assert npgen("show", topic, "--out", "other.png", "--lang", "es")[0] == 0


def test_not_before_all_functions_pass(npgen, exercises, solution):
    (exercises / "fvsbn.py").write_text(solution("fvsbn").replace("np.tril(W, -1)", "np.tril(W)"))
    code, output, _ = npgen("show", "fvsbn")
    assert code == 1 and "The figure needs all functions of fvsbn" in output and "fvsbn_logits" in output
    assert not (exercises / "show-fvsbn.png").exists()


def test_what_cannot_be_shown(npgen, exercises, tmp_path, solution):
    assert "Topics with a figure: fvsbn, nade, categorical_nade, rnade, made, vae" in npgen("show", "tables")[2]
    assert npgen("show", "nothing")[0] == 2
    (tmp_path / "file").write_text("")
    code, _, errors = npgen("show", "fvsbn", "--out", "file/x.png")
    assert code == 2 and "cannot write" in errors


def test_an_error_that_only_the_digits_bring_out_is_told_with_its_line(npgen, exercises, solution):
    text = solution("fvsbn")
    body = "    return b + np.dot(x, np.tril(W, -1).T)\n"
    assert body in text
    text = text.replace(body, "    if len(b) == 64: raise ValueError('so many')\n" + body)
    (exercises / "fvsbn.py").write_text(text)
    line = 1 + text[: text.index("if len(b) == 64")].count("\n")
    code, _, errors = npgen("show", "fvsbn")
    assert code == 2 and f"exercises/fvsbn.py, line {line}: in training it stops with ValueError: so many" in errors


def test_the_students_adam_is_what_trains():
    calls = []

    def adam_update(params, grad, m, v, t, alpha):
        calls.append((t, alpha))
        return params + alpha * grad, m, v

    optimiser = show_models._own_adam(adam_update, lambda step: 0.5)
    params = {"a": [np.array([1.0, 2.0])], "b": (np.array(3.0),)}
    state = optimiser.init(params)
    for _ in range(2):
        params, state = optimiser.update(params, {"a": [np.array([1.0, 0.0])], "b": (np.array(-2.0),)}, state)
    assert calls == [(1, 0.5), (2, 0.5)]
    np.testing.assert_allclose(params["a"][0], [0, 2])  # downhill
    np.testing.assert_allclose(params["b"][0], 5)


def test_the_steps_are_those_that_the_time_allows(monkeypatch):
    monkeypatch.undo()
    comparison = show_models.TOPICS["rnade"](references("rnade"))
    assert 1 <= show._affordable_steps(comparison) <= comparison.experiment.n_steps
    monkeypatch.setattr(show, "SECONDS", 1e-9)
    assert show._affordable_steps(comparison) == 1


def test_a_slow_machine_stops_both_after_the_same_step(monkeypatch):
    comparison = show_models.TOPICS["fvsbn"](references("fvsbn"))
    train = functools.partial(show._train, Screen(Console(quiet=True), "en"), "", comparison, comparison.own, 10_000)
    monkeypatch.setattr(show, "SECONDS", 0.5)
    first = train()
    assert 1 <= first.n_steps < 10_000
    monkeypatch.setattr(show, "SECONDS", 0.0)  # slower still, which must not matter
    again = train(stop_after=first.n_steps)
    assert (again.n_steps, again.nats) == (first.n_steps, first.nats)

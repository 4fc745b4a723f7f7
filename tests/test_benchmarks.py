"""The benchmarks compare like with like: the peers compute what npgen computes. Nothing here is timed."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from benchmarks import __main__ as benchmarks
from benchmarks import made as made_benchmark
from benchmarks.cases import CASES, binary_images, nade_params, step_of
from benchmarks.worker import measure
from npgen.autodiff import mean, value_and_grad
from npgen.models import nade
from npgen.nested import leaves

SMALL = 9, 30, 20  # batch, D, H


def ours():
    batch, D, H = SMALL
    x, (W, c, V, b) = binary_images(batch, D), nade_params(D, H)
    params = {"W": W, "c": c, "V": V, "b": b}
    value, gradient = value_and_grad(lambda p: -mean(nade.log_prob(p, x)))(params)
    return x, params, value, gradient


def test_pytorch_computes_the_same():
    torch = pytest.importorskip("torch")
    from benchmarks import torch_peers

    x, params, value, gradient = ours()
    tensors = torch_peers.tensors(*params.values(), requires_grad=True)
    logits = torch_peers.nade_logits(torch.tensor(x), *tensors)
    loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, torch.tensor(x), reduction="sum") / len(x)
    loss.backward()
    assert loss.item() == pytest.approx(float(value), rel=1e-5)  # float32
    for tensor, name in zip(tensors, params, strict=True):
        np.testing.assert_allclose(tensor.grad.numpy(), gradient[name], rtol=1e-3, atol=1e-5)


def test_jax_computes_the_same():
    pytest.importorskip("jax")
    from benchmarks import jax_peers

    x, params, value, gradient = ours()
    found, gradients = jax_peers.nade_gradient(x, *params.values())()
    assert float(found) == pytest.approx(float(value), rel=1e-5)
    for theirs, name in zip(gradients, params, strict=True):
        np.testing.assert_allclose(theirs, gradient[name], rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("case", CASES)
def test_npgens_step_runs(case):
    step_of(case, "npgen")()


def test_measure_is_a_median_of_seconds(monkeypatch):
    clock = iter(np.cumsum([0.0] * 6 + [0, 1, 0, 5, 0, 2, 0, 9]))
    monkeypatch.setattr("time.perf_counter", lambda: next(clock))
    monkeypatch.setattr("benchmarks.worker.SECONDS", 10.0)
    assert measure(lambda: None) == 3.5  # of 1, 5 and 2 seconds, which are fewer than 10, and 9 more


def test_rows_hold_the_ratio_of_each_round(monkeypatch, tmp_path):
    seconds = iter([1.0, 4.0, 2.0, 2.0, 4.0, 6.0])  # npgen, PyTorch, JAX; two rounds
    monkeypatch.setattr(benchmarks, "run", lambda *arguments: [next(seconds)])
    done = CliRunner().invoke(
        benchmarks.main, ["vae-step", "--rounds", "2", "--json", str(tmp_path / "rows.json")], catch_exceptions=False
    )
    assert done.exit_code == 0
    torch, jax = json.loads((tmp_path / "rows.json").read_text())
    assert (torch["npgen_s"], torch["peer_s"], torch["ratio"], torch["spread"]) == (1.5, 4.0, 3.0, [2.0, 4.0])
    assert (jax["ratio"], jax["spread"]) == (2.5, [2.0, 3.0])


def test_slope_of_a_power():
    rows = [{"varies": "D", "D": d, "seconds": 3 * d**1.2} for d in (128, 256, 512)]
    assert benchmarks.slope(rows, "D") == pytest.approx(1.2)


def test_both_steps_of_made_compute_the_same():
    in_blocks, plain = (step() for step in made_benchmark.steps_of(200, 300, np.float64, 1))
    assert in_blocks[0] == pytest.approx(plain[0], rel=1e-12)
    for ours, theirs in zip(leaves(in_blocks[1]), leaves(plain[1]), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-14)  # sums of 100 to 300 terms in another order


def test_the_ratios_of_made_are_plain_by_blocks(monkeypatch):
    times = iter([2.0, 6.0, 1.0, 4.0, 3.0, 6.0])
    monkeypatch.setattr(made_benchmark, "seconds", lambda step: next(times))
    assert made_benchmark.compare(lambda: None, lambda: None, 3) == (2.0, 6.0, [3.0, 4.0, 2.0])

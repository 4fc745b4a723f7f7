"""The table of cases: the inputs of each, and who runs it."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


def nade_params(D=784, H=500):
    rng = np.random.default_rng(0)
    W, V = (0.01 * rng.standard_normal((D, H), dtype=np.float32) for _ in range(2))
    return W, np.zeros(H, np.float32), V, np.full(D, -1.9, np.float32)  # 13 % ones, as in binarized MNIST


def binary_images(n, D=784):
    return (np.random.default_rng(1).random((n, D)) < 0.13).astype(np.float32)


def vae_params():
    from npgen.models import vae

    params = vae.init_params(np.random.default_rng(0), 784, (200, 200), 50)
    return params["encoder"], params["decoder"]


@dataclass(frozen=True)
class Case:
    """What is measured, on which inputs, and by which function of which module."""

    title: str
    inputs: Callable[[], tuple[Any, ...]]
    npgen: str  # a function of npgen_cases
    peers: dict[str, str]  # {name: "module.function"}
    factor: dict[str, int]  # how often a peer's step has to be done for the same work; 1 where it is not named


CASES = {
    "nade-gradient": Case(
        "NADE, value and gradient, batch 100, D 784, H 500, 13 % ones",
        lambda: (binary_images(100), *nade_params()),
        "nade_gradient",
        {
            "PyTorch loop": "torch_peers.nade_gradient",
            "JAX scan, jitted": "jax_peers.nade_gradient",
            "roofline": "npgen_cases.roofline",
        },
        {},
    ),
    "nade-sampling": Case(
        "NADE, 64 samples, D 784, H 500",
        lambda: (64, *nade_params()),
        "nade_sampling",
        {
            "PyTorch, ancestral": "torch_peers.nade_sampling",
            "PyTorch, 784 full passes an image": "torch_peers.nade_sampling_full_passes",
            "npgen, log_prob of 64": "npgen_cases.one_pass",
        },
        {"PyTorch, 784 full passes an image": 64},  # it draws one image at a time; measured on one
    ),
    "vae-step": Case(
        "VAE 784-200-200-50, one step of Adam, batch 200",
        lambda: (binary_images(200), *vae_params()),
        "vae_step",
        {"PyTorch, eager": "torch_peers.vae_step", "JAX, jitted": "jax_peers.vae_step"},
        {},
    ),
}


def step_of(case: str, who: str) -> Callable[[], Any]:
    """The step to be timed: of npgen, or of a peer by its name."""
    row = CASES[case]
    module, function = ("npgen_cases", row.npgen) if who == "npgen" else row.peers[who].split(".")
    return getattr(importlib.import_module(f"benchmarks.{module}"), function)(*row.inputs())

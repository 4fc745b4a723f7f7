"""npgen's side of each case. A function takes the inputs of the case and returns the step to be timed."""

import numba
import numpy as np

from npgen.autodiff import mean, value_and_grad
from npgen.kernels import nade as kernel
from npgen.memory import keep_freed_memory
from npgen.models import nade, vae
from npgen.optim import adam

keep_freed_memory()  # as `npgen.train.fit` does


def nade_gradient(x, W, c, V, b):
    gradient_of = value_and_grad(lambda params: -mean(nade.log_prob(params, x)))
    params = {"W": W, "c": c, "V": V, "b": b}
    return lambda: gradient_of(params)


def nade_sampling(n_samples, W, c, V, b):
    rng = np.random.default_rng(0)
    params = {"W": W, "c": c, "V": V, "b": b}
    return lambda: nade.sample(params, rng, n_samples)


def vae_step(x, encoder, decoder):
    rng, optimiser = np.random.default_rng(0), adam(1e-3)
    params = {"encoder": encoder, "decoder": decoder}
    state = {"params": params, "optimiser": optimiser.init(params)}
    gradient_of = value_and_grad(lambda params: -mean(vae.elbo(params, rng, x)))

    def step():
        _, gradient = gradient_of(state["params"])
        state["params"], state["optimiser"] = optimiser.update(state["params"], gradient, state["optimiser"])

    return step


def one_pass(n_samples, W, c, V, b):
    """`log_prob` of as many images as `nade_sampling` draws."""
    params = {"W": W, "c": c, "V": V, "b": b}
    x = nade.sample(params, np.random.default_rng(0), n_samples)
    return lambda: nade.log_prob(params, x)


@kernel._jit
def _sigmoids(rows, a):
    """a <- sigmoid(a), `rows` times: the loop of the kernel and nothing else."""
    for _ in range(rows):
        for j in range(a.shape[0]):
            a[j] = kernel._sigmoid(a[j])


def roofline(x, W, c, V, b):
    """The floor of NADE's gradient: its multiply-adds by sgemm, and its sigmoids by the kernel's own loop, and no more.

    Three multiply-adds for each (example, pixel, hidden unit): V . h, the gradient of V and that of h. A hidden layer
    has to be computed for each pixel that is one, and once more in the backward pass.
    """
    n, (D, H) = len(x), W.shape
    h, logits = np.zeros((n, H), np.float32), np.zeros((n, D), np.float32)
    n_layers = 2 * int(x.sum())
    n_threads = numba.get_num_threads()
    a = np.zeros((n_threads, H), np.float32)

    def step():
        kernel._parallel(lambda t, lo, hi: _sigmoids(hi - lo, a[t]), n_layers, n_threads)
        np.dot(h, V.T)
        np.dot(logits.T, h)
        np.dot(logits, V)

    return step

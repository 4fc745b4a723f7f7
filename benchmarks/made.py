"""MADE beside itself: masked products in blocks that leave out what is zero, and the plain formula.

    python -m benchmarks.made [--rounds N]

Value and gradient of the loss, batch 100, one hidden layer, the natural order of the pixels, and then a random one. CPU
time of one thread; both are measured in turn, in every round, and what counts is the ratio within a round: above 1 the
blocks are faster. `npgen.kernels.made` says what came out, and does accordingly.
"""

import os
import statistics
import time

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # read when NumPy is imported

import click
import numpy as np

from npgen.autodiff import mean, value_and_grad
from npgen.kernels import made as kernel
from npgen.memory import keep_freed_memory
from npgen.models import made

SIZES = ((784, 2000), (784, 500), (500, 500), (180, 500), (123, 500), (64, 200))
BATCH = 100
STEPS = 3  # in each round


def step_of(product, masks, params, x):
    """Value and gradient of the loss of MADE with one hidden layer and this masked product."""
    mask_W, mask_V, mask_A = masks

    def loss(params):
        ((W, b),) = params["hidden"]
        h = made.relu(product(x, W, mask_W) + b)
        logits = product(h, params["V"], mask_V) + product(x, params["A"], mask_A) + params["c"]
        return -mean(made.bernoulli_log_prob(x, logits))

    gradient_of = value_and_grad(loss)
    return lambda: gradient_of(params)


def steps_of(D, H, dtype, n_masks):
    """The step in blocks and the plain one, on the same inputs."""
    rng = np.random.default_rng(0)
    params = made.init_params(rng, D, (H,), dtype)
    x = (rng.random((BATCH, D)) < 0.13).astype(dtype)
    chosen = made.layer_sizes(params), 0, n_masks
    in_blocks = step_of(kernel.masked_product, made.blocks(*chosen), params, x)
    plain = step_of(made.masked_product, made.connectivity(*chosen)[1], params, x)
    return in_blocks, plain


def seconds(step):
    """CPU seconds of a step."""
    began = time.process_time()
    for _ in range(STEPS):
        step()
    return (time.process_time() - began) / STEPS


def compare(in_blocks, plain, rounds):
    """The median CPU seconds of both, and the ratios plain / blocks of all rounds."""
    in_blocks(), plain()  # the first touch of memory
    both = [(seconds(in_blocks), seconds(plain)) for _ in range(rounds)]
    ours, theirs = (statistics.median(column) for column in zip(*both, strict=True))
    return ours, theirs, [slow / fast for fast, slow in both]


@click.command()
@click.option("--rounds", type=click.IntRange(1), default=15, show_default=True)
def main(rounds):
    """Ratios of the time of the plain masked product to that in blocks."""
    keep_freed_memory()
    for order, n_masks in (("natural", 1), ("random", 2)):
        for dtype in (np.float32, np.float64):
            for D, H in SIZES:
                ours, theirs, ratios = compare(*steps_of(D, H, dtype, n_masks), rounds)
                print(
                    f"{order:8}{dtype.__name__:8} D {D:4} H {H:5}  blocks {1e3 * ours:6.2f} ms  "
                    f"plain {1e3 * theirs:6.2f} ms  ratio {statistics.median(ratios):.2f} "
                    f"({min(ratios):.2f} to {max(ratios):.2f})"
                )


if __name__ == "__main__":
    main()

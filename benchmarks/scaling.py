"""How NADE's step grows: its time with D and H, its memory with the batch. `python -m benchmarks.scaling D H BATCH`.

Prints the median seconds of value and gradient, and the peak of the process's memory above what it had before, in
bytes.
"""

import resource
import sys

from benchmarks.cases import binary_images, nade_params
from benchmarks.npgen_cases import nade_gradient
from benchmarks.worker import measure


def peak_bytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024  # Linux counts in kilobytes


if __name__ == "__main__":
    D, H, batch = map(int, sys.argv[1:])
    nade_gradient(binary_images(1, 2), *nade_params(2, 2))()  # loads the compiled code
    inputs = (binary_images(batch, D), *nade_params(D, H))
    before = peak_bytes()
    seconds = measure(nade_gradient(*inputs))
    print(seconds, peak_bytes() - before)

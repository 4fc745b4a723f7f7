"""Times one step of one case by one of its runners, in a process of its own: `python -m benchmarks.worker CASE WHO`.

Prints the median of the seconds of a step.
"""

import statistics
import sys
import time

from benchmarks.cases import step_of

WARM_UP = 3  # steps: compilation, caches, the first touch of memory
SECONDS = 2.0  # of measurement
AT_LEAST = 1  # steps, however long one takes


def measure(step):
    """The median of the seconds of a step; a step that takes long is its own warm-up."""
    for _ in range(WARM_UP):
        began = time.perf_counter()
        step()
        if time.perf_counter() - began > SECONDS:
            break
    times = []
    while len(times) < AT_LEAST or sum(times) < SECONDS:
        began = time.perf_counter()
        step()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


if __name__ == "__main__":
    print(measure(step_of(*sys.argv[1:])))

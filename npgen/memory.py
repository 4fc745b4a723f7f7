"""Memory that is not given back to the system between two training steps."""

import numpy as np

LARGEST_THRESHOLD = 32 << 20  # bytes; the C library's on a 64-bit machine


def keep_freed_memory() -> None:
    """Let the C library keep the arrays that a training step frees, for the next step to use.

    glibc gives freed blocks back to the system above a threshold, and the next step pays for fresh pages, zeroed one
    by one: a third of a VAE's step. The threshold rises to the size of the largest block that was ever freed, up to
    32 MB; so one such block, never touched, is allocated and freed. Elsewhere this does nothing.
    """
    np.empty(LARGEST_THRESHOLD - (1 << 20), np.uint8)

"""How the kernels are compiled."""

import numba


def jit(**options):
    """`numba.njit` for code that runs without the GIL and is kept on disk for the next process.

    error_model "numpy": 1 / 0 is inf, as in NumPy, and not an exception, which would keep a loop from being vectorised.
    """
    options = {"nogil": True, "error_model": "numpy", **options}

    def compiled(function):
        try:
            return numba.njit(function, cache=True, **options)
        except RuntimeError:  # neither this folder nor the user's can be written: every process compiles anew
            return numba.njit(function, **options)

    return compiled

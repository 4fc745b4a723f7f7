import numba

from npgen.kernels.compiling import jit


def test_without_a_place_for_the_cache(monkeypatch):
    """Numba refuses to decorate where it can write neither beside the source nor for the user."""
    njit = numba.njit

    def read_only(function, cache=False, **options):
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return njit(function, **options)

    monkeypatch.setattr(numba, "njit", read_only)
    double = jit()(lambda a: 2 * a)
    assert double(3.0) == 6.0

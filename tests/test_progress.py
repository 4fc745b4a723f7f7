"""What is shown while work goes on that other processes do."""

import io
import threading

import pytest
from rich.console import Console

from npgen import progress


@pytest.mark.parametrize("terminal", [False, True])
def test_what_is_done_and_how_long_the_rest_takes(terminal, monkeypatch):
    monkeypatch.setattr(progress, "FRACTION_EVERY", 0.01)
    screen, asked = io.StringIO(), threading.Semaphore(0)

    def fraction():
        asked.release()
        return 0.25

    console = Console(file=screen, force_terminal=terminal, width=100)
    with progress.advancing(console, "uci-binary", fraction):
        for _ in range(2):
            assert asked.acquire(timeout=30)
    text = screen.getvalue()
    assert "uci-binary" in text and "25%" in text and "left" in text


def test_nothing_is_said_of_the_time_left_before_anything_is_done(monkeypatch):
    monkeypatch.setattr(progress, "FRACTION_EVERY", 0.01)
    screen, asked = io.StringIO(), threading.Semaphore(0)
    with progress.advancing(Console(file=screen), "uci-binary", lambda: asked.release() or 0.0):
        for _ in range(2):
            assert asked.acquire(timeout=30)
    assert "0% after" in screen.getvalue() and "left" not in screen.getvalue()


def test_the_thread_ends_with_an_error():
    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt), progress.advancing(Console(file=io.StringIO()), "", lambda: 0.0):
        raise KeyboardInterrupt
    assert threading.active_count() == before

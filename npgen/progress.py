"""Showing a run while it trains: a line with a bar in a terminal, a plain line now and then where output is piped."""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from npgen.run import Run

REFRESH = 0.1  # seconds between two updates of the bar
LINE_EVERY = 5.0  # seconds, at least, between two plain lines
FRACTION_EVERY = 60.0  # the same, of work that takes hours


def follow(console: Console, label: str, runs: Iterator[Run], n_steps: int, batch_size: int) -> Run | None:
    """Show the run as it advances and return where it ended; None if it did not advance."""
    show = _bar if console.is_terminal else _lines
    return show(console, label, runs, n_steps, batch_size)


def _bar(console, label, runs, n_steps, batch_size):
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}  [bold]{task.fields[nats]}"),
        TimeRemainingColumn(),
        TextColumn("left"),
    )
    run = None
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(label, total=n_steps, rate="", nats="")
        rate, shown_at = _Rate(), 0.0
        for run in runs:
            now = time.perf_counter()
            if now - shown_at >= REFRESH or run.finished:
                shown_at = now
                progress.update(task, completed=run.step, rate=rate(run, batch_size), nats=_nats(run))
        if run is not None:
            progress.update(task, completed=run.step, total=run.step if run.finished else n_steps)
    return run


def _lines(console, label, runs, n_steps, batch_size):
    run, validations, rate, printed_at = None, 0, _Rate(), -LINE_EVERY
    for run in runs:
        validated, now = len(run.curve) > validations, time.perf_counter()
        if run.finished or (validated and now - printed_at >= LINE_EVERY):
            validations, printed_at = len(run.curve), now
            console.print(f"{label}  step {run.step}/{n_steps}  {_nats(run)}  {rate(run, batch_size)}", soft_wrap=True)
    return run


class _Rate:
    """Examples per second, since the first step that it saw (the step before which kernels may have been compiled)."""

    def __init__(self):
        self.first = None

    def __call__(self, run, batch_size):
        self.first = self.first or (run.step, run.seconds)
        step, seconds = self.first
        if run.step == step:
            return ""
        return f"{(run.step - step) * batch_size / (run.seconds - seconds):,.0f} examples/s"


def _nats(run):
    return f"validation {run.curve[-1, 2]:.2f} nats" if len(run.curve) else f"training {run.mean_loss:.2f} nats"


@contextmanager
def advancing(console: Console, label: str, fraction: Callable[[], float]) -> Iterator[None]:
    """Show, while the block runs, how much of it is done, a fraction from 0 to 1, and the time left."""
    ended = threading.Event()
    show = _fraction_bar if console.is_terminal else _fraction_lines
    thread = threading.Thread(target=show, args=(console, label, fraction, ended), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _fraction_bar(console, label, fraction, ended):
    columns = (TextColumn("{task.description}"), BarColumn(bar_width=24), TaskProgressColumn(), TimeElapsedColumn())
    columns += (TextColumn("so far,"), TimeRemainingColumn(), TextColumn("left"))
    with Progress(*columns, console=console, speed_estimate_period=600, transient=True) as progress:
        task = progress.add_task(label, total=1.0)
        while not ended.wait(5 * REFRESH):
            progress.update(task, completed=fraction())
        progress.update(task, completed=fraction())


def _fraction_lines(console, label, fraction, ended):
    beginning = time.perf_counter()
    while not ended.wait(FRACTION_EVERY):
        done, seconds = fraction(), time.perf_counter() - beginning
        left = f", about {seconds * (1 / done - 1) / 60:.0f} minutes left" if done > 0 else ""
        console.print(f"{label}: {done:.0%} after {seconds / 60:.0f} minutes{left}", soft_wrap=True)


@contextmanager
def deferred_interrupt() -> Iterator[Callable[[], bool]]:
    """Within the block the first Ctrl-C or SIGTERM only makes the function it gives return True; a second one acts.

    So a run can end between two steps, where a checkpoint of it is complete.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False  # signals belong to the main thread
        return
    asked = threading.Event()

    def restore():
        for signal_number, handler in before.items():
            signal.signal(signal_number, handler)

    def ask(signal_number, frame):
        asked.set()
        restore()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked.is_set
    finally:
        restore()

"""Who marks the submissions of a batch: processes of this machine (joblib), or of a cluster (Dask).

A pool takes works from the queue and gives what came of each: once, whatever is killed meanwhile.

    a worker        that dies takes the other workers with it (joblib): what they had in hand is marked again, each
                    submission alone; one whose worker then dies again and again has crashed
    a worker        of a cluster that dies: the scheduler gives its submission to another one
    the scheduler   ends the batch with an error; `npgen grade --resume` goes on
    the grader      likewise; workers of this machine end themselves
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import functools
import itertools
import json
import logging
import os
import signal
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures.process import BrokenProcessPool

from npgen.errors import InputError
from npgen.grading import isolation, scratch, worker
from npgen.grading.batch import Pool, Queue
from npgen.grading.language import N_, Message
from npgen.grading.worker import Work

TRIES = 3  # alone: at L2 no submission can end its worker, so that it was somebody else, who may do so once more
CONNECT_SECONDS = 10  # that a scheduler has to answer


def in_this_process(queue: Queue):
    """A pool of no workers."""
    try:
        for work in queue:
            yield _answered(work.student, worker.marked(work))
    finally:
        worker.end_idle_sandboxes()


def _answered(student: str, answer: bytes) -> tuple[str, list, dict | None]:
    return student, *json.loads(answer)


def _crashed(work: Work) -> tuple[str, list, None]:
    message = Message(N_("Each time it was marked, the process that marks ended. Tell your instructor."))
    functions = worker.stopped_functions(work.topic, "crashed", message, work.language, worker.NOT_MARKED)
    return work.student, functions, None


# --- on this machine -------------------------------------------------------------------------------------------------


def on_this_machine(jobs: int) -> Pool:
    """A pool of `jobs` processes."""

    def pool(queue: Queue):
        with _in_an_empty_folder(), _ended_workers():
            while True:
                with contextlib.suppress(BrokenProcessPool):
                    yield from _together(queue, jobs)
                if not queue.handed_out:
                    return
                # Nobody knows whose worker it was that died, so each of those in hand is tried alone.
                for work in list(queue.handed_out.values()):
                    yield from _alone(work, jobs)

    return pool


def _together(works: Iterable[Work], jobs: int):
    """Results as they come. One process alone is one of two: joblib would run it inside the grader."""
    from joblib import Parallel, delayed

    grader = os.getpid()
    at_once = {"initializer": _be_a_worker, "initargs": (grader,)}  # not with the first task: it may never come
    how = {"return_as": "generator_unordered", "pre_dispatch": jobs, "batch_size": 1, "max_nbytes": None}
    parallel = Parallel(max(jobs, 2), "loky", **how, **at_once)
    for student, answer in parallel(delayed(_marked_here)(work, grader) for work in works):
        yield _answered(student, answer)


def _alone(work: Work, jobs: int):
    for _ in range(TRIES):
        with contextlib.suppress(BrokenProcessPool):
            return (yield from _together([work], jobs))
    yield _crashed(work)


@contextlib.contextmanager
def _in_an_empty_folder() -> Iterator[None]:
    """Start workers where nothing lies.

    joblib starts them, and what tidies up after them, as `python -m` and `python -c`: the first modules of these come
    from the working directory, which may be that of the submissions, where somebody may have handed in a joblib.py.
    """
    before = os.getcwd()
    with scratch.folder() as folder:
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(before)


@contextlib.contextmanager
def _ended_workers() -> Iterator[None]:
    """Let no worker outlive the block, for joblib would keep them for later; nor what those leave that are killed."""
    from joblib.externals.loky import get_reusable_executor

    try:
        yield
    finally:
        get_reusable_executor().shutdown(wait=True, kill_workers=True)
        scratch.sweep()


def _marked_here(work: Work, grader: int) -> tuple[str, bytes]:
    _be_a_worker(grader)
    return work.student, worker.marked(work)


@functools.cache
def _be_a_worker(grader: int) -> None:
    """Leave Ctrl-C to the grader, and do not outlive it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch():
        while os.getppid() == grader:
            time.sleep(0.5)
        worker.end_this_process()

    threading.Thread(target=watch, daemon=True).start()


# --- on a cluster ----------------------------------------------------------------------------------------------------


def on_cluster(address: str) -> Pool:
    """A pool of the workers of a running Dask scheduler. It marks again what a worker had that died."""
    distributed = _distributed()

    def pool(queue: Queue):
        with _connected(address) as client:
            in_hand = 2 * sum(client.nthreads().values())  # so that no worker waits for the grader
            running, works = distributed.as_completed(loop=client.loop), {}
            while True:
                for work in itertools.islice(queue, in_hand - len(works)):
                    future = client.submit(worker.marked, work, pure=False)
                    works[future.key] = work
                    running.add(future)
                if not works:
                    break
                future = next(running)
                work = works.pop(future.key)
                try:
                    yield _answered(work.student, future.result())
                except distributed.KilledWorker:  # by this submission, again and again
                    yield _crashed(work)
            client.run(worker.end_idle_sandboxes, on_error="ignore")

    return pool


def offered_on_cluster(address: str) -> tuple[list[str], int]:
    """The levels that every worker of the cluster can have, and how many workers there are."""
    with _connected(address) as client:
        try:
            offered = client.run(isolation.offered).values()
        except ImportError as error:
            raise InputError(
                f"--cluster: a worker at {address} cannot import npgen ({error}). Install it there."
            ) from error
        return [level for level in isolation.LEVELS if all(level in levels for levels in offered)], len(offered)


@contextlib.contextmanager
def _connected(address: str):
    """A client of the scheduler; InputError if there is none, or no longer."""
    distributed = _distributed()
    for name in ("distributed", "distributed.client"):  # what is wrong is said below, in one line
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        client = distributed.Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise InputError(f"--cluster: no Dask scheduler answers at {address}.") from error
    lost = (concurrent.futures.CancelledError, asyncio.CancelledError, distributed.core.CommClosedError)
    with client:
        try:
            if not client.nthreads():
                none = f"--cluster: the scheduler at {address} has no workers. Start one: dask worker {address}"
                raise InputError(none)
            yield client
        except (*lost, OSError) as error:
            if client.status == "running" and not isinstance(error, lost):  # a file that cannot be read, for instance
                raise
            raise InputError(
                f"the Dask scheduler at {address} is gone. Go on with --resume when it is back."
            ) from error


def _distributed():
    try:
        import distributed
    except ImportError as error:
        raise InputError('--cluster needs one more package: pip install "npgen[cluster]"') from error
    return distributed

"""How fast a class is marked, and whether the grader's memory grows with it.

    python -m benchmarks.grading               60 honest submissions of vae, 2 processes: seconds
    python -m benchmarks.grading --memory      1000 submissions: the grader's memory after every tenth of them

Memory is measured with work that takes no time, for it is the grader's that counts and not the workers'.
"""

import re
import tempfile
import time
from pathlib import Path

import click

from npgen.grading import batch, isolation, secret, submissions
from npgen.grading.handout import CHECKOUT

TOPIC = "vae"


def write_class(folder, n):
    """Submissions that differ, so that nothing could remember one for another."""
    text = (CHECKOUT / "solutions" / f"{TOPIC}.py").read_text()
    for i in range(n):
        (folder / f"Student {i:04}.py").write_text(f"{text}\n# {i}\n")


def resident_bytes():
    """Memory of this process in use."""
    return 1024 * int(re.search(r"VmRSS:\s+(\d+) kB", Path("/proc/self/status").read_text())[1])


def without_work(queue):
    """A pool that says of every submission that it has crashed."""
    for work in queue:
        functions = batch.stopped_functions(work.topic, "crashed", batch.Message("not run"), work.language)
        yield work.student, functions, []


@click.command()
@click.option("-n", "n", type=click.IntRange(10), help="Submissions; by default 60, for memory 1000.")
@click.option("--jobs", type=click.IntRange(1), default=2, show_default=True)
@click.option("--memory", is_flag=True)
def main(n, jobs, memory):
    """Mark a made-up class."""
    n = n or (1000 if memory else 60)
    with tempfile.TemporaryDirectory() as folder:
        class_, out = Path(folder) / "class", Path(folder) / "out"
        class_.mkdir()
        write_class(class_, n)
        beginning = time.perf_counter()
        level = isolation.best()
        students, _ = submissions.find(class_)
        marked = batch.Batch(students, TOPIC, out, secret.load(out, None), level)
        pool = without_work if memory else batch.on_this_machine(jobs)
        (out / "results").mkdir(parents=True, exist_ok=True)
        for i, outcome in enumerate(batch.run(marked, pool), start=1):
            if not memory and outcome.result["score"] != outcome.result["max_score"]:
                raise click.ClickException(f"{outcome.student} was marked down")
            if i % (n // 10) == 0:
                print(f"{i:5} {time.perf_counter() - beginning:7.1f} s {resident_bytes() / 2**20:7.1f} MB")
        batch.write_gradebook(out)
    print(f"{n} submissions of {TOPIC}, {jobs} processes, {level}: {time.perf_counter() - beginning:.1f} s")


if __name__ == "__main__":
    main()

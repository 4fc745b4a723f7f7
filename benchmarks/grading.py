"""How fast a class is marked, and whether the grader's memory grows with it.

    python -m benchmarks.grading               60 honest submissions of vae, 2 processes: seconds
    python -m benchmarks.grading --memory      1000 submissions without a function, which are marked faster

After every tenth of them a line says how long these took, each, and how much memory the grader has in use: neither may
grow. Only this process counts, for the workers hold one submission at a time.
"""

import re
import tempfile
import time
from pathlib import Path

import click

from npgen.grading import batch, isolation, pools
from npgen.grading.handout import CHECKOUT
from npgen.grading.sandbox import SECONDS

TOPIC = "vae"


def write_class(folder, text, n):
    """Submissions that differ, so that nothing could remember one for another."""
    for i in range(n):
        (folder / f"Student {i:04}.py").write_text(f"{text}\n# {i}\n")


def resident_bytes():
    """Memory of this process in use."""
    return 1024 * int(re.search(r"VmRSS:\s+(\d+) kB", Path("/proc/self/status").read_text())[1])


@click.command()
@click.option("-n", "n", type=click.IntRange(10), help="Submissions; by default 60, for memory 1000.")
@click.option("--jobs", type=click.IntRange(1), default=2, show_default=True)
@click.option("--memory", is_flag=True)
def main(n, jobs, memory):
    """Mark a made-up class."""
    n = n or (1000 if memory else 60)
    text = "" if memory else (CHECKOUT / "solutions" / f"{TOPIC}.py").read_text()
    with tempfile.TemporaryDirectory() as folder:
        class_, out = Path(folder) / "class", Path(folder) / "out"
        class_.mkdir()
        write_class(class_, text, n)
        beginning = before = time.perf_counter()
        level = isolation.best()
        with batch.alone(out):
            made, _, _ = batch.prepare(class_, TOPIC, out, None, level, SECONDS, "en", False, ())
            for i, outcome in enumerate(batch.run(made, pools.on_this_machine(jobs)), start=1):
                if not memory and outcome.result["score"] != outcome.result["max_score"]:
                    raise click.ClickException(f"{outcome.student} was marked down")
                if i % (n // 10) == 0:
                    now = time.perf_counter()
                    each, before = (now - before) / (n // 10), now
                    print(f"{i:5} {1000 * each:7.0f} ms each {resident_bytes() / 2**20:7.1f} MB")
            batch.write_gradebook(out)
    print(f"{n} submissions of {TOPIC}, {jobs} processes, {level}: {time.perf_counter() - beginning:.1f} s")


if __name__ == "__main__":
    main()

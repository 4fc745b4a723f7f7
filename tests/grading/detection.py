"""How often do right solutions of random functions fail, and how often is wrong noise found?

    python tests/grading/detection.py                             all topics, writes tests/grading/DETECTION.md
    python tests/grading/detection.py --topic vae --runs 100      one topic, prints

Each right solution of each random function talks to its check, in this process, once for each of the seeds 0, 1, 2,
...: the solution itself 3000 times, our reference and those of tests/grading/right 100 times each. The report holds
counts and rates and no times, so that it does not depend on the machine. Exit status 1 if a right solution failed.

It takes about forty minutes of one core; --processes shares the work out.
"""

import argparse
import importlib
import importlib.util
import math
import multiprocessing
import sys
from pathlib import Path

import numpy as np

from npgen.grading import judging
from npgen.grading.checks import TOPICS, load
from npgen.grading.statistics import normal_problem

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
RUNS = 3000
SHARE = 30  # the solutions that are only written differently run this many times less
AT_ONCE = 100  # seeds of one task

N, K = 4000, 3  # draws of one call

# {name: draws (n, k) of a wrong noise}
WRONG_NOISE = {
    "std x 1.05": lambda rng, n, k: 1.05 * rng.normal(size=(n, k)),
    "std x 0.95": lambda rng, n, k: 0.95 * rng.normal(size=(n, k)),
    "mean + 0.05": lambda rng, n, k: 0.05 + rng.normal(size=(n, k)),
    "uniform, same variance": lambda rng, n, k: rng.uniform(-math.sqrt(3), math.sqrt(3), (n, k)),
    "Laplace, same variance": lambda rng, n, k: rng.laplace(0, math.sqrt(0.5), (n, k)),
    "same rows": lambda rng, n, k: np.tile(rng.normal(size=(1, k)), (n, 1)),
    "same columns": lambda rng, n, k: np.tile(rng.normal(size=(n, 1)), (1, k)),
    "rows in pairs": lambda rng, n, k: rng.normal(size=((n + 1) // 2, k)).repeat(2, axis=0)[:n],
    "none": lambda rng, n, k: np.zeros((n, k)),
}


def module_of(path):
    """A Python file as a module."""
    spec = importlib.util.spec_from_file_location(f"{path.parent.name}_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def random_checks(topics):
    return [check for topic in topics for check in load(topic) if check.random]


def right_solutions(check):
    """[(name, function)] of the right solutions of one function."""
    solution = getattr(module_of(ROOT / "solutions" / f"{check.topic}.py"), check.name)
    right = module_of(HERE / "right" / f"{check.topic}.py").RIGHT[check.name]
    differently = [(function.__name__, function) for function in right]
    return [("the reference", check.reference), ("the solution", solution), *differently]


def failed_seeds(task):
    """The seeds for which one right solution fails: `task` is (topic, function, number of the solution, seeds)."""
    topic, name, number, seeds = task
    (check,) = (check for check in load(topic) if check.name == name)
    _, function = right_solutions(check)[number]
    ask = judging.asker(function)
    return task, [seed for seed in seeds if judging.run(check, ask, seed).finding is not None]


def runs_of(solution, runs):
    return runs if solution == "the solution" else -(-runs // SHARE)


def count_failures(topics, runs, processes):
    """{(topic, function, number of the solution): [seeds that failed]}."""
    tasks = [
        (check.topic, check.name, number, range(start, min(start + AT_ONCE, n)))
        for check in random_checks(topics)
        for number, (solution, _) in enumerate(right_solutions(check))
        for n in [runs_of(solution, runs)]
        for start in range(0, n, AT_ONCE)
    ]
    failed = {task[:3]: [] for task in tasks}
    with multiprocessing.Pool(processes) as pool:
        for done, (task, seeds) in enumerate(pool.imap_unordered(failed_seeds, tasks), start=1):
            failed[task[:3]] += seeds
            if seeds:
                print(f"\r{task[:3]} failed with seeds {seeds}", file=sys.stderr)
            print(f"\r{done} of {len(tasks)}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return failed


def false_alarms(topics, runs, processes):
    """The table of right solutions, and the lines about those that failed."""
    failed = count_failures(topics, runs, processes)
    lines = [
        "| function | runs of the solution | others | runs of each | failures | upper 95 % bound of the rate |",
        "|---|---|---|---|---|---|",
    ]
    complaints = []
    for check in random_checks(topics):
        names = [name for name, _ in right_solutions(check)]
        seeds = {name: sorted(failed[check.topic, check.name, i]) for i, name in enumerate(names)}
        n_failed, n = sum(map(len, seeds.values())), sum(runs_of(name, runs) for name in names)
        bound = f"3 / {n} = {3 / n:.1e}" if n_failed == 0 else "see below"
        lines.append(f"| `{check.id}` | {runs} | {len(names) - 1} | {runs_of('', runs)} | {n_failed} | {bound} |")
        complaints += [f"- `{check.id}`, {name}: failed with seeds {found}" for name, found in seeds.items() if found]
    return lines, complaints


def noise_sampler(draw, rng):
    """`vae.sample_latent_variables_from_posterior` with this noise."""
    from npgen.grading.references import vae

    def sample(encoder_output):
        mean, log_std = vae.halves(encoder_output)
        return mean + vae.np.exp(log_std) * draw(rng, *mean.shape)

    return sample


def power(runs):
    """The table of wrong noise: the share of runs in which it is found."""
    check = next(check for check in load("vae") if check.name == "sample_latent_variables_from_posterior")
    lines = [
        f"| noise | found in {N} x {K} draws | found by the check, which draws three times as many |",
        "|---|---|---|",
    ]
    for name, draw in WRONG_NOISE.items():
        once = sum(normal_problem(draw(np.random.default_rng(seed), N, K)) is not None for seed in range(runs))
        in_the_check = 0
        for seed in range(runs):
            sampler = noise_sampler(draw, np.random.default_rng(seed))
            in_the_check += judging.run(check, judging.asker(sampler), seed).finding is not None
        lines.append(f"| {name} | {once / runs:.1%} | {in_the_check / runs:.1%} |")
    return lines


def report(topics, runs, processes):
    """The Markdown text, and whether all right solutions passed."""
    lines, complaints = false_alarms(topics, runs, processes)
    text = [
        "# How well random functions are judged",
        "",
        "Written by `python tests/grading/detection.py`.",
        "",
        "## Right solutions",
        "",
        "Each with other seeds in each run. Where none of n runs failed, the rate is below 3 / n with 95 % confidence.",
        "",
        *lines,
        "",
        *([*complaints, ""] if complaints else []),
    ]
    if "vae" in topics:
        n = max(1, runs // 10)
        text += [
            "## Wrong noise in the VAE's sampler",
            "",
            f"Share of {n} runs in which it is found.",
            "",
            *power(n),
            "",
        ]
    return "\n".join(text), not complaints


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--topic", choices=TOPICS, help="only this one: print the report instead of writing it")
    parser.add_argument("--runs", type=int, default=RUNS, help="of each right solution (default: %(default)s)")
    parser.add_argument("--processes", type=int, default=1)
    args = parser.parse_args()
    text, passed = report([args.topic] if args.topic else TOPICS, args.runs, args.processes)
    if args.topic:
        print(text)
    else:
        (HERE / "DETECTION.md").write_text(text, "utf-8")
    sys.exit(0 if passed else 1)


if __name__ == "__main__":
    main()

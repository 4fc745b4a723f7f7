"""`python -m benchmarks [CASE ...] [--json FILE] [--figure FILE] [--scaling FILE]`: see `benchmarks/__init__.py`."""

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

import click
import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.cases import CASES
from npgen.files import atomic_write

THREADS = {f"{name}_NUM_THREADS": "2" for name in ("OMP", "OPENBLAS", "MKL", "NUMBA")}
SIZES = (128, 256, 512, 1024, 2048, 4096)
BATCHES = (25, 100, 400)


def run(module, *arguments):
    """The numbers that a benchmark process prints."""
    command = [sys.executable, "-m", f"benchmarks.{module}", *map(str, arguments)]
    done = subprocess.run(command, env={**os.environ, **THREADS}, capture_output=True, text=True)
    if done.returncode:
        raise click.ClickException(f"{' '.join(command[2:])} failed:\n{done.stderr.strip().splitlines()[-1]}")
    return [float(number) for number in done.stdout.split()]


def compare(case, rounds, console):
    """The rows of one case: npgen and every peer in turn, round after round."""
    row = CASES[case]
    seconds = {who: [] for who in ("npgen", *row.peers)}
    with console.status("") as status:
        for i in range(rounds):
            for who, times in seconds.items():
                status.update(f"{case}: round {i + 1} of {rounds}, {who}")
                times.append(run("worker", case, who)[0] * row.factor.get(who, 1))
    rows = []
    for peer in row.peers:
        ratios = [theirs / ours for theirs, ours in zip(seconds[peer], seconds["npgen"], strict=True)]
        rows.append(
            {
                "case": case,
                "peer": peer,
                "npgen_s": statistics.median(seconds["npgen"]),
                "peer_s": statistics.median(seconds[peer]),
                "ratio": statistics.median(ratios),
                "spread": [min(ratios), max(ratios)],
            }
        )
    return rows


def scaling(console):
    """Rows (what varies, D, H, batch, seconds, bytes) of NADE's value and gradient."""
    grid = [("D", size, 512, 100) for size in SIZES]
    grid += [("H", 512, size, 100) for size in SIZES]
    grid += [("batch", 784, 500, batch) for batch in BATCHES]
    rows = []
    with console.status("") as status:
        for varies, D, H, batch in grid:
            status.update(f"scaling: D {D}, H {H}, batch {batch}")
            seconds, n_bytes = run("scaling", D, H, batch)
            rows.append({"varies": varies, "D": D, "H": H, "batch": batch, "seconds": seconds, "bytes": n_bytes})
    return rows


def slope(rows, varies):
    """The exponent of the time: the slope of the line through log seconds against log size."""
    sizes, seconds = zip(*((row[varies], row["seconds"]) for row in rows if row["varies"] == varies), strict=True)
    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])


def write(path, content):
    with atomic_write(path) as file:
        file.write(json.dumps(content, indent=2).encode() + b"\n")


@click.command()
@click.argument("cases", nargs=-1, type=click.Choice(list(CASES)))
@click.option("--rounds", type=click.IntRange(1), default=5, show_default=True)
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write the ratios there.")
@click.option(
    "--scaling", "scaling_file", type=click.Path(path_type=Path), help="Measure the scaling, and write it there."
)
@click.option("--figure", type=click.Path(path_type=Path), help="Draw what was measured.")
def main(cases, rounds, json_file, scaling_file, figure):
    """Ratios of the time of the peers to that of npgen; above 1 npgen is faster."""
    console = Console()
    rows = [row for case in cases or CASES for row in compare(case, rounds, console)]
    table = Table("case", "peer", "npgen", "peer", "ratio", "spread", box=None)
    for row in rows:
        low, high = row["spread"]
        npgen_ms, peer_ms = (f"{1e3 * row[who]:.2f} ms" for who in ("npgen_s", "peer_s"))
        table.add_row(row["case"], row["peer"], npgen_ms, peer_ms, f"{row['ratio']:.2f}", f"{low:.2f} to {high:.2f}")
    console.print(table)
    grown = scaling(console) if scaling_file else []
    if grown:
        console.print(f"slope of the time in D {slope(grown, 'D'):.2f}, in H {slope(grown, 'H'):.2f}")
        for row in grown:
            if row["varies"] == "batch":
                console.print(f"batch {row['batch']}: {row['seconds'] * 1e3:.2f} ms, {row['bytes'] / 2**20:.1f} MB")
        write(scaling_file, grown)
    if json_file:
        write(json_file, rows)
    if figure:
        from benchmarks.figure import draw

        draw(rows, grown, figure)


if __name__ == "__main__":
    main()

"""The figures that `npgen reproduce` has measured: results/TABLE.json, and the tables made of it.

    results/TABLE.json   a list of cells {"table", "dataset", "model", "nats", "standard_error", "published", "seconds",
                         "seed", "recipe", "n_parameters"}; `nats` is a negative log-likelihood, the lower the better
    results/TABLE.md     the same beside the published figures

`python -m npgen.results README.md results` puts the tables of the files into a page, between the marks

    <!-- results/TABLE.json -->  ...  <!-- end -->
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

from npgen.errors import InputError, unknown_name
from npgen.files import atomic_write
from npgen.recipes import TABLES, Table


def summary(row: dict[str, Any]) -> str:
    """One cell in a line."""
    published = "" if row["published"] is None else f", published {row['published']:.2f}"
    nats = f"{row['nats']:.2f} ± {row['standard_error']:.2f} nats"
    return f"{row['dataset']}/{row['model']}: {nats}{published}, {row['seconds']:.0f} s"


def read(path: Path) -> list[dict[str, Any]]:
    """The cells in a file; none if there is no file."""
    if not path.exists():
        return []
    try:
        rows = json.loads(path.read_bytes())
        if not isinstance(rows, list) or not all(_is_cell(row, TABLES[path.stem]) for row in rows):
            raise ValueError("a cell without its figures, or of another table")
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise InputError(f"{path}: not a table that npgen wrote ({error}). Move it away to begin anew.") from error
    return rows


def _is_cell(row: dict[str, Any], table: Table) -> bool:
    """Whether it is of this table, and has all that is written of it."""
    figures = (row.get(name) for name in ("nats", "standard_error", "seconds", "seed"))
    is_number = all(isinstance(figure, int | float) for figure in figures)
    return is_number and row.get("dataset") in table.datasets and row.get("model") in table.models


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    """The cells, in the order of the table, and the table itself."""
    table = TABLES[path.stem]
    order = {name: place for place, name in enumerate((*table.datasets, *table.models))}
    rows.sort(key=lambda row: (order[row["dataset"]], order[row["model"]], row["seed"]))
    with atomic_write(path) as file:
        file.write(json.dumps(rows, indent=1).encode() + b"\n")
    with atomic_write(path.with_suffix(".md")) as file:
        file.write(markdown(table, rows).encode())


def markdown(table: Table, rows: list[dict[str, Any]]) -> str:
    """Each data set a line, each model two columns: ours (all seeds) and the published figure."""
    models = table.models
    lines = [
        "| test nats | " + " | ".join(f"{model} | paper" for model in models) + " |",
        "|---|" + "---|---|" * len(models),
    ]
    for dataset in table.datasets:
        entries = []
        for model in models:
            found = [row for row in rows if (row["dataset"], row["model"]) == (dataset, model)]
            published = table.published.get((dataset, model))
            entries += [_figures(found, published), "" if published is None else f"{published:.2f}"]
        if any(entries[::2]):
            lines.append(f"| {dataset} | " + " | ".join(entries) + " |")
    return "\n".join([*lines, ""])


def _figures(found: list[dict[str, Any]], published: float | None) -> str:
    """The figures of all seeds, with error and seconds of the first.

    Bold where the figure, as printed, is no worse than the published one.
    """

    def figure(row):
        nats = f"{row['nats']:.2f}"
        return f"**{nats}**" if published is not None and round(row["nats"], 2) <= published else nats

    if not found:
        return ""
    first = found[0]
    return f"{', '.join(map(figure, found))} ± {first['standard_error']:.2f} ({first['seconds']:.0f} s)"


# --- in a page -------------------------------------------------------------------------------------------------------

MARKED = re.compile(r"(<!-- results/(\S+)\.json -->\n).*?(<!-- end -->)", re.DOTALL)


def with_tables(page: str, out: Path) -> str:
    """The page, with the tables of the files in `out` between its marks."""

    def table(found):
        start, name, end = found.groups()
        if name not in TABLES:
            raise unknown_name("table", name, TABLES)
        return f"{start}\n{markdown(TABLES[name], read(out / f'{name}.json'))}\n{end}"

    return MARKED.sub(table, page)


def main(page: Path, out: Path) -> None:
    """Bring the tables of a page up to date."""
    text = with_tables(page.read_text("utf-8"), out)
    with atomic_write(page) as file:
        file.write(text.encode())


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: python -m npgen.results PAGE FOLDER")
    main(*map(Path, sys.argv[1:]))

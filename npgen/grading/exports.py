"""What `npgen export` does: the results of a marked class -> the formats of other tools.

    gradescope   gradescope/NAME/results.json
    otter        otter/NAME.json, the same JSON, and otter/final_grades.csv
    nbgrader     nbgrader/grades.csv, as `nbgrader export` writes it
    classroom    classroom/NAME.txt: base64 of JSON, for GitHub Classroom's autograding reporter

Only DIR/results/*.json is read, never a submission. What is in there is the batch's, but the names and the messages are
students': no name becomes a path, and no cell a formula.
"""

from __future__ import annotations

import base64
import csv
import io
import json
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from npgen.errors import InputError, unknown_name
from npgen.files import atomic_write
from npgen.grading.marking import STATUSES
from npgen.grading.submissions import in_an_index, plain

SCHEMA = 1


# --- the results of a class ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Function:
    """One function of one student."""

    name: str
    status: str  # one of marking.STATUSES
    score: float
    max_score: float
    diagnosis: str | None
    message: str
    seconds: float


@dataclass(frozen=True)
class Similar:
    """A function whose text is close to one of npgen's own."""

    function: str
    npgen: str
    ratio: float


@dataclass(frozen=True)
class Result:
    """One student; `name` is that of the file, which is fit to name other files, `student` may be anything."""

    name: str
    student: str
    topic: str
    submission_sha256: str | None
    npgen: str
    isolation: str
    score: float
    max_score: float
    functions: tuple[Function, ...]
    similarity: tuple[Similar, ...] | None = None  # None where it was not compared
    forms: dict[str, str] = field(default_factory=dict)  # {function: hash}, by which classmates are compared

    @property
    def seconds(self) -> float:
        return sum(function.seconds for function in self.functions)


def read_results(out_dir: Path) -> list[Result]:
    """The students of a marked class, in the order of their names.

    Raises
    ------
    InputError
        If there are none, one cannot be read, or they are about several topics.
    """
    folder = Path(out_dir) / "results"
    paths = list(folder.glob("*.json"))
    if not paths:
        raise InputError(f"{folder} holds no results. Name the folder that was --out of `npgen grade`.")
    results = sorted((read_result(path) for path in paths), key=lambda r: (in_an_index(r.student), r.name))
    topics = sorted({result.topic for result in results})
    if len(topics) > 1:
        raise InputError(
            f"{folder} holds results of several topics: {', '.join(topics)}. Mark each into its own folder."
        )
    return results


def read_result(path: Path) -> Result:
    """One file of results; InputError if it is none."""
    try:
        content = json.loads(path.read_bytes())
        if content["schema"] != SCHEMA:
            raise ValueError(f"schema {content['schema']!r}; this npgen reads {SCHEMA}")
        return from_json(path.stem, content)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        reason = f"no {error}" if isinstance(error, KeyError) else getattr(error, "strerror", None) or error
        raise InputError(
            f"{plain(str(path))}: not a result of `npgen grade` ({reason}). Mark that student again."
        ) from error


def from_json(name: str, content: dict[str, Any]) -> Result:
    """A result of schema 1; KeyError, TypeError or ValueError if it is none."""
    if name in ("", ".", "..") or not name.isprintable():
        raise ValueError(f"{name!r} is no name")
    sha256, similarity = content["submission_sha256"], content.get("similarity")
    return Result(
        name=name,
        student=_text(content["student"]),
        topic=_text(content["topic"]),
        submission_sha256=None if sha256 is None else _text(sha256),
        npgen=_text(content["npgen"]),
        isolation=_text(content["isolation"]),
        score=_number(content["score"]),
        max_score=_number(content["max_score"]),
        functions=tuple(_function(function) for function in content["functions"]),
        similarity=None if similarity is None else tuple(map(_similar, similarity)),
        forms={_text(name): _text(form) for name, form in content.get("forms", {}).items()},
    )


def _similar(flag: dict[str, Any]) -> Similar:
    return Similar(_text(flag["function"]), _text(flag["npgen"]), _number(flag["ratio"]))


def _function(content: dict[str, Any]) -> Function:
    if content["status"] not in STATUSES:
        raise ValueError(f"status {content['status']!r}")
    return Function(
        name=_text(content["name"]),
        status=content["status"],
        score=_number(content["score"]),
        max_score=_number(content["max_score"]),
        diagnosis=None if content["diagnosis"] is None else _text(content["diagnosis"]),
        message=_text(content["message"]),
        seconds=_number(content["seconds"]),
    )


# Control characters, which no format shows, and halves of characters, which none can write: a file name that is no
# UTF-8 has them.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r:.40} where a text is expected")
    return _UNPRINTABLE.sub("\ufffd", value.replace("\r\n", "\n").replace("\r", "\n"))


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value) or value < 0:
        raise TypeError(f"{value!r:.40} where a number is expected")
    return value


def questions(results: Iterable[Result]) -> dict[str, float]:
    """{function: points}, in the order of the exercise; a student whose file could not be read may have none."""
    return {function.name: function.max_score for result in results for function in result.functions}


# --- formats ---------------------------------------------------------------------------------------------------------


def write(out_dir: Path, target: Path, formats: Sequence[str]) -> list[Path]:
    """Write the results of a class into folders of `target`, one for each format; the files that were written."""
    for name in formats:
        if name not in FORMATS:
            raise unknown_name("format", name, FORMATS)
    results = read_results(out_dir)
    files = {
        Path(target) / name / relative: content
        for name in dict.fromkeys(formats)
        for relative, content in FORMATS[name](results).items()
    }
    for path, content in files.items():
        with atomic_write(path) as file:
            file.write(content)
    return list(files)


def gradescope_json(result: Result) -> dict[str, Any]:
    """What Gradescope reads for one student.

    Every test is visible: Gradescope withholds the total as soon as one test is hidden, and none has to be, because a
    message tells what is wrong and never the inputs, which are drawn anew for each student. What the grader prints is
    for the instructor alone. There is no leaderboard: nobody's marks are anybody else's business.
    """
    return {
        "score": result.score,
        "execution_time": round(result.seconds, 3),
        "output": f"npgen {result.npgen}, topic {result.topic}, isolation {result.isolation}.",
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": [
            {
                "score": function.score,
                "max_score": function.max_score,
                "status": "passed" if function.status == "passed" else "failed",
                "name": f"{result.topic}.{function.name}",
                "number": str(number),
                "output": function.message,
                "output_format": "text",  # a message quotes the student's own words: no HTML
                "tags": [function.status],
                "visibility": "visible",
            }
            for number, function in enumerate(result.functions, start=1)
        ],
        "extra_data": {
            "npgen": result.npgen,
            "isolation": result.isolation,
            "submission_sha256": result.submission_sha256,
            "diagnoses": {function.name: function.diagnosis for function in result.functions},
        },
    }


def json_bytes(content: Any) -> bytes:
    """JSON as all files of npgen have it."""
    return json.dumps(content, indent=1, ensure_ascii=False).encode()


def _gradescope(results: list[Result]) -> dict[str, bytes]:
    return {f"{result.name}/results.json": json_bytes(gradescope_json(result)) for result in results}


def _otter(results: list[Result]) -> dict[str, bytes]:
    """Otter's `file` is the student here: a result does not say what the file was called."""
    points = questions(results)
    total = sum(points.values())
    rows: list[list[Any]] = [
        ["file", *map(defused, points), "total_points_earned", "percent_correct", "grading_status"],
        ["points-per-question", *points.values(), total, "", ""],
    ]
    for result in results:
        scores = {function.name: function.score for function in result.functions}
        share = result.score / result.max_score if result.max_score else 0.0
        reached = [scores.get(name, 0) for name in points]
        rows.append([defused(result.student), *reached, result.score, round(share, 4), "Completed"])
    files = {f"{result.name}.json": json_bytes(gradescope_json(result)) for result in results}
    return {"final_grades.csv": csv_bytes(rows), **files}


_NBGRADER = ["assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email"]
_NBGRADER += ["raw_score", "late_submission_penalty", "score", "max_score"]


def _nbgrader(results: list[Result]) -> dict[str, bytes]:
    """nbgrader knows dates, names and addresses that npgen does not: those cells are empty, as in its own files."""
    rows: list[list[Any]] = [_NBGRADER]
    for result in results:
        known = [defused(result.topic), "", "", defused(result.student), "", "", ""]
        rows.append([*known, result.score, 0.0, result.score, result.max_score])
    return {"grades.csv": csv_bytes(rows)}


_CLASSROOM = {"passed": "pass", "failed": "fail", "missing": "fail"}  # anything else is an error


def _classroom(results: list[Result]) -> dict[str, bytes]:
    return {f"{result.name}.txt": base64.b64encode(json_bytes(_classroom_json(result))) for result in results}


def _classroom_json(result: Result) -> dict[str, Any]:
    """Version 3, of which GitHub adds up the scores of the tests and shows the messages of those that did not pass."""
    tests = [
        {
            "name": f"{result.topic}.{function.name}",
            "status": _CLASSROOM.get(function.status, "error"),
            "message": function.message,
            "test_code": f"npgen check {result.topic}.{function.name}",
            "filename": f"{result.topic}.py",
            "line_no": 0,
            "score": function.score,
            "execution_time": function.seconds,
        }
        for function in result.functions
    ]
    statuses = {test["status"] for test in tests}
    status = "pass" if statuses == {"pass"} else "error" if statuses <= {"error"} else "fail"
    return {"version": 3, "status": status, "max_score": result.max_score, "tests": tests}


FORMATS = {"gradescope": _gradescope, "otter": _otter, "nbgrader": _nbgrader, "classroom": _classroom}


# --- CSV -------------------------------------------------------------------------------------------------------------


# Where a formula may begin: in a cell, and after the semicolon that separates cells in half of the world's languages. A
# spreadsheet there does not see that it stands between quotes, for the line has other cells before.
FORMULA = re.compile(r"(?:^(?=\s*[=+\-@＝＋－＠])|(?<=;)(?=[\s\"']*[=+\-@＝＋－＠]))")


def defused(text: str) -> str:
    """A cell that a spreadsheet shows and does not compute: what begins like a formula gets an apostrophe before it.

    Spreadsheets skip spaces and line ends before they look for a formula, and know full-width signs, too.
    """
    return FORMULA.sub("'", re.sub(r"\s", " ", text))


def csv_bytes(rows: Iterable[Sequence[Any]]) -> bytes:
    """Rows as a CSV file, with quotes around every text."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC).writerows(rows)
    return text.getvalue().encode()

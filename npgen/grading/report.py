"""What `npgen grade` shows an instructor: DIR/results/*.json -> DIR/report.html.

One file that needs nothing else: no script, no font, no picture from elsewhere, and a policy in it that forbids the
browser all of these. Names and messages are students' words: the template escapes every one of them.
"""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import jinja2

from npgen.errors import InputError
from npgen.files import atomic_write
from npgen.grading import checks
from npgen.grading.exports import Function, Result, questions, read_results
from npgen.grading.language import Message

NAME = "report.html"
MOST_FREQUENT = 4  # diagnoses of a function
MAX_MESSAGE = 2000  # characters of a message; the results have all of it
MAX_BARS = 12  # with a number under each
MAX_RANGES = 8  # where there is "80–89" under each

# status: a sign that is read without its colour, and the word
SIGNS = {
    "passed": ("✓", "passed"),
    "failed": ("✗", "not right"),
    "error": ("!", "stops"),
    "timeout": ("◷", "takes too long"),
    "crashed": ("↯", "crashes"),
    "missing": ("–", "not written"),
    "unread": ("?", "not read"),
}

# A diagnosis that is no known mistake of the exercise, in words.
GENERAL = {
    "error": "It stops with an exception.",
    "timeout": "It takes too long.",
    "crashed": "The process that ran it ended without an answer.",
    "missing": "The file has no function of this name.",
    "unread": "Nothing was run: what was handed in could not be read.",
    "not_written": "Not written yet.",
    "mutates": "It changes an argument in place.",
    "gradient_blocked": "autograd cannot differentiate through it.",
    "wrong_gradient": "The value is right, but its gradient is not.",
    "wrong_type": "It returns something of another type.",
    "wrong_shape": "The result has another shape.",
    "wrong_dtype": "The result is of another type of number.",
    "wrong_value": "The values are not right, and no known mistake explains them.",
    "not_finite": "The result is not finite where it should be.",
    "too_slow": "It is right, but takes too long where there is much to do.",
    "wrong_at_scale": "It is right with few pixels, and not with many.",
    "protocol": "The answer could not be read.",
    "unreadable": "It returns something that cannot be read.",
    "not_marked": "The marking failed, not the student; --resume tries again.",
}


@dataclass(frozen=True)
class Bar:
    """A bar of the histogram, in units of the drawing."""

    label: str  # of the marks
    count: int
    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> float:
        return self.x + self.width / 2


@dataclass(frozen=True)
class Histogram:
    """How often each mark was given, as a drawing of WIDTH x HEIGHT."""

    bars: tuple[Bar, ...]
    lines: tuple[tuple[float, int], ...]  # (y, number of students)
    of_ranges: bool  # not of single numbers of points

    WIDTH, HEIGHT = 360, 200  # as wide as a phone's screen, so that its letters are not shrunk there
    LEFT, RIGHT, TOP, BOTTOM = 34, 4, 30, 38


@dataclass(frozen=True)
class Diagnosis:
    """What is wrong with a function of several students."""

    name: str
    text: str
    count: int


@dataclass(frozen=True)
class Summary:
    """One function over the class."""

    name: str
    max_score: float
    n: int
    n_passed: int
    diagnoses: tuple[Diagnosis, ...]
    n_others: int  # students with one that is not among `diagnoses`

    @property
    def share(self) -> float:
        return self.n_passed / self.n


def write(out_dir: Path) -> Path:
    """Write DIR/report.html from DIR/results/*.json; InputError if there are none, or one cannot be read."""
    path = Path(out_dir) / NAME
    content = render(read_results(out_dir), _last_marked(out_dir))
    with atomic_write(path) as file:
        file.write(content.encode())
    return path


def _last_marked(out_dir: Path) -> datetime:
    """When the last result was written, in the time of this machine."""
    paths = (Path(out_dir) / "results").glob("*.json")
    return datetime.fromtimestamp(max(path.stat().st_mtime for path in paths)).astimezone()


def render(results: list[Result], marked: datetime | None = None) -> str:
    """The page, with the students in their order; `marked` is when the marking ended."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.tests["unread"] = _is_unread
    environment.filters |= {"points": points, "percent": percent, "shortened": shortened}
    numbered = list(enumerate(results, start=1))  # the numbers are those of the links
    scores = [result.score for result in results]
    return environment.get_template("report.html.jinja").render(
        topic=results[0].topic,
        results=results,
        max_score=max(result.max_score for result in results),
        mean=statistics.fmean(scores),
        median=statistics.median(scores),
        histogram=histogram(scores, max(result.max_score for result in results)),
        summaries=summaries(results),
        levels=_counted(result.isolation for result in results),
        versions=_counted(result.npgen for result in results),
        marked=marked,
        unread=[(number, result) for number, result in numbered if _is_unread(result)],
        similar=sorted(
            ((number, result) for number, result in numbered if result.similarity),
            key=lambda item: -len(item[1].similarity),
        ),
        not_compared=[
            (number, result) for number, result in numbered if result.similarity is None and not _is_unread(result)
        ],
        signs=SIGNS,
    )


def histogram(scores: list[float], max_score: float) -> Histogram:
    """The marks, one bar for each number of points or, where these are many, for a range of them."""
    n_marks = math.floor(max_score) + 1
    step = 1 if n_marks <= MAX_BARS else math.ceil(n_marks / MAX_RANGES)
    counts = Counter(min(math.floor(score), n_marks - 1) // step for score in scores)
    n_bars = math.ceil(n_marks / step)
    top, spacing = _scale(max(counts.values()))

    pitch = (Histogram.WIDTH - Histogram.LEFT - Histogram.RIGHT) / n_bars
    floor = Histogram.HEIGHT - Histogram.BOTTOM
    unit = (floor - Histogram.TOP) / top
    bars = []
    for i in range(n_bars):
        first, last = i * step, min((i + 1) * step, n_marks) - 1
        bars.append(
            Bar(
                label=str(first) if first == last else f"{first}–{last}",
                count=counts[i],
                x=Histogram.LEFT + pitch * (i + 0.1),
                y=floor - unit * counts[i],
                width=0.8 * pitch,
                height=unit * counts[i],
            )
        )
    return Histogram(tuple(bars), tuple((floor - unit * n, n) for n in range(0, top + 1, spacing)), step > 1)


def _scale(largest: int) -> tuple[int, int]:
    """(the end of an axis of counts, the spacing of its lines: 1, 2 or 5 times a power of ten)."""
    spacing = next(m * 10**e for e in range(10) for m in (1, 2, 5) if 4 * m * 10**e >= largest)
    return spacing * math.ceil(largest / spacing), spacing


def summaries(results: list[Result]) -> list[Summary]:
    """Each function over the class, with what is most often wrong with it."""
    explained = {name: GENERAL | _known_mistakes(results[0].topic, name) for name in questions(results)}
    found = []
    for name, max_score in questions(results).items():
        of_class = [(result, function) for result in results for function in result.functions if function.name == name]
        wrong = Counter(
            _what_is_wrong(result, function) for result, function in of_class if function.status != "passed"
        )
        frequent = sorted(wrong.items(), key=lambda item: (-item[1], item[0]))[:MOST_FREQUENT]
        diagnoses = tuple(Diagnosis(key, explained[name].get(key, ""), count) for key, count in frequent)
        n_passed = sum(function.status == "passed" for _, function in of_class)
        n_others = wrong.total() - sum(diagnosis.count for diagnosis in diagnoses)
        found.append(Summary(name, max_score, len(of_class), n_passed, diagnoses, n_others))
    return found


def _what_is_wrong(result: Result, function: Function) -> str:
    return "unread" if _is_unread(result) else function.diagnosis or function.status


def _is_unread(result: Result) -> bool:
    """Whether there was nothing to run: two files, a damaged archive."""
    return result.submission_sha256 is None


def _known_mistakes(topic: str, function: str) -> dict[str, str]:
    """{diagnosis: the sentence for the student}; empty for what this npgen does not know."""
    try:
        (check,) = checks.find(f"{topic}.{function}")
    except InputError:
        return {}
    return {mistake.name: Message(mistake.message).into("en") for mistake in check.mistakes}


def _counted(values: Iterable[str]) -> str:
    """What all students have, "L2"; where they differ, "L2 (28), L3 (2)"."""
    counts = sorted(Counter(values).items())
    return counts[0][0] if len(counts) == 1 else ", ".join(f"{value} ({count})" for value, count in counts)


def points(value: float) -> str:
    """A number of points without a needless fraction."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def percent(share: float) -> str:
    """A share, never rounded to all or to nothing, and never broken between two lines."""
    rounded = round(100 * share)
    if rounded in (0, 100) and share not in (0, 1):
        return "<\u00a01\u00a0%" if rounded == 0 else ">\u00a099\u00a0%"
    return f"{rounded}\u00a0%"


def shortened(function: Function) -> str:
    """A message of a length that can be read."""
    message = function.message.strip()
    return message if len(message) <= MAX_MESSAGE else f"{message[:MAX_MESSAGE]} …"

"""What `npgen grade` shows an instructor: DIR/results/*.json -> DIR/report.html.

One file that needs nothing else: no script, no font, no picture from elsewhere, and a policy in it that forbids the
browser all of these. Names and messages are students' words: the template escapes every one of them.
"""

from __future__ import annotations

import itertools
import json
import math
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import jinja2

from npgen.errors import InputError
from npgen.files import atomic_write
from npgen.grading import checks
from npgen.grading.exports import Function, Result, questions, read_results
from npgen.grading.language import Message

NAME = "report.html"
IGNORED = "ignored.json"  # names, written by `batch`
MOST_FREQUENT = 8  # diagnoses of a function
MAX_NAMES = 50  # of entries that are no submission
MAX_IN_NEED = 10  # students with few points
MAX_REASON = 100  # characters of a message or name in a line
MANY = 4  # students, so many that what they have in common says nothing of them
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


Numbered = tuple[int, Result]  # a student, by the number in the links


@dataclass(frozen=True)
class WholeFile:
    """Students of whom no function could be judged, for one reason that is about their whole file."""

    text: str
    students: tuple[Numbered, ...]


@dataclass(frozen=True)
class InNeed:
    """A student with few points, and why."""

    number: int
    result: Result
    why: str


@dataclass(frozen=True)
class Alike:
    """Classmates who have the same: the file, or `functions` of one form each."""

    students: tuple[Numbered, ...]
    functions: tuple[str, ...] = ()


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
    content = render(read_results(out_dir), _last_marked(out_dir), _ignored(out_dir))
    with atomic_write(path) as file:
        file.write(content.encode())
    return path


def _last_marked(out_dir: Path) -> datetime:
    """When the last result was written, in the time of this machine."""
    paths = (Path(out_dir) / "results").glob("*.json")
    return datetime.fromtimestamp(max(path.stat().st_mtime for path in paths)).astimezone()


def _ignored(out_dir: Path) -> list[str]:
    """What was no submission; nothing in a folder of before this was kept."""
    path = Path(out_dir) / IGNORED
    try:
        names = json.loads(path.read_bytes())
    except FileNotFoundError:
        return []
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: cannot be read. Remove it, and run `npgen grade --resume`.") from error
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise InputError(f"{path}: expected a list of names. Remove it, and run `npgen grade --resume`.")
    return names


def render(results: list[Result], marked: datetime | None = None, ignored: Iterable[str] = ()) -> str:
    """The page, with the students in their order; `marked` is when the marking ended, `ignored` was no submission."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.tests["unread"] = _is_unread
    environment.filters |= {"points": points, "percent": percent, "cut": cut, "shortened": shortened}
    common = common_forms(results)
    results = [_without(common, result) for result in results]
    numbered = list(enumerate(results, start=1))  # the numbers are those of the links
    scores = [result.score for result in results]
    return environment.get_template("report.html.jinja").render(
        topic=results[0].topic,
        results=results,
        max_score=max(result.max_score for result in results),
        mean=statistics.fmean(scores),
        median=statistics.median(scores),
        histogram=histogram(scores, max(result.max_score for result in results)),
        in_need=in_need(numbered),
        whole_files=whole_files(numbered),
        summaries=summaries(results),
        levels=_counted(result.isolation for result in results),
        versions=_counted(result.npgen for result in results),
        marked=marked,
        ignored=sorted(ignored),
        max_names=MAX_NAMES,
        max_in_need=MAX_IN_NEED,
        common=common,
        same_files=same_files(numbered),
        same_functions=same_functions(numbered, common),
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
    """Each function over the class, with what is most often wrong with it: known mistakes first.

    Those whose whole file failed are of the class, but nothing is wrong with a single function of theirs.
    """
    found = []
    for name, max_score in questions(results).items():
        of_class = [(result, function) for result in results for function in result.functions if function.name == name]
        wrong = Counter(
            function.diagnosis or function.status
            for result, function in of_class
            if function.status != "passed" and _whole_file(result) is None
        )
        known = _known_mistakes(results[0].topic, name)
        frequent = sorted(wrong, key=lambda key: (key not in known, -wrong[key], key))[:MOST_FREQUENT]
        diagnoses = tuple(Diagnosis(key, (GENERAL | known).get(key, ""), wrong[key]) for key in frequent)
        n_passed = sum(function.status == "passed" for _, function in of_class)
        n_others = wrong.total() - sum(diagnosis.count for diagnosis in diagnoses)
        found.append(Summary(name, max_score, len(of_class), n_passed, diagnoses, n_others))
    return found


def _is_unread(result: Result) -> bool:
    """Whether there was nothing to run: two files, a damaged archive or notebook."""
    return bool(result.functions) and all(function.diagnosis == "unread" for function in result.functions)


def _is_unwritten(result: Result) -> bool:
    """Whether there is nothing of the student's own in it."""
    return bool(result.functions) and all(function.status == "missing" for function in result.functions)


# --- students --------------------------------------------------------------------------------------------------------


def _whole_file(result: Result) -> str | None:
    """What was wrong with the whole file, in words; None if its functions are worth a look of their own."""
    if _is_unread(result):
        return "It could not be read."
    if _is_unwritten(result):
        return "Nothing is written yet."
    if len(result.functions) > 1 and len({(f.status, f.message) for f in result.functions}) == 1:
        (status,) = {function.status for function in result.functions}
        if result.functions[0].diagnosis == "not_marked":
            return GENERAL["not_marked"]
        return WHOLE.get(status)  # in each function the same one, so it happens before any of them is called
    return None


WHOLE = {
    "error": "It stops with an exception while it is loaded.",
    "timeout": "It takes too long while it is loaded.",
    "crashed": "The process that ran it ended while it was loaded.",
}


def whole_files(numbered: list[Numbered]) -> list[WholeFile]:
    """Those whose whole file failed, by the reason, the most frequent one first."""
    found = defaultdict(list)
    for number, result in numbered:
        text = _whole_file(result)
        if text is not None:
            found[text].append((number, result))
    return [WholeFile(text, tuple(found[text])) for text in sorted(found, key=lambda text: -len(found[text]))]


def in_need(numbered: list[Numbered]) -> list[InNeed]:
    """Those with the fewest points, less than half of them, and why."""
    few = [(number, result) for number, result in numbered if 2 * result.score < result.max_score]
    few.sort(key=lambda item: item[1].score)
    return [InNeed(number, result, _why(result)) for number, result in few]


def _why(result: Result) -> str:
    """Why a student has few points, in a few words."""
    if _is_unwritten(result):
        return "nothing written"
    if _whole_file(result) is not None:
        first = result.functions[0].message.strip().partition("\n")[0].removesuffix(".")
        return cut(first)
    wrong = Counter(function.status for function in result.functions if function.status != "passed")
    return ", ".join(f"{count} {SIGNS[status][1]}" for status, count in wrong.most_common())


# --- who has the same as others --------------------------------------------------------------------------------------


def common_forms(results: list[Result]) -> dict[str, int]:
    """{function: number of students} where so many are near npgen's own that it is the function, not the student."""
    counts = Counter(name for result in results for name in {flag.function for flag in result.similarity or ()})
    return {name: n for name, n in sorted(counts.items()) if n >= MANY and n > len(results) / 4}


def _without(common: dict[str, int], result: Result) -> Result:
    """A student without the flags of functions that are alike in much of the class."""
    if result.similarity is None:
        return result
    return replace(result, similarity=tuple(flag for flag in result.similarity if flag.function not in common))


def same_files(numbered: list[Numbered]) -> list[Alike]:
    """Students who handed in one file, unless there is nothing of their own in it."""
    found = defaultdict(list)
    for number, result in numbered:
        if result.submission_sha256 is not None and not _is_unwritten(result):
            found[result.submission_sha256].append((number, result))
    return [Alike(tuple(students)) for students in found.values() if len(students) > 1]


def same_functions(numbered: list[Numbered], common: Iterable[str]) -> list[Alike]:
    """Few students with the same form of two functions or more, in files that are not the same as a whole."""
    sharing = defaultdict(list)
    for number, result in numbered:
        unwritten = {function.name for function in result.functions if function.status == "missing"}  # as they came
        for name, form in result.forms.items():
            if name not in common and name not in unwritten:
                sharing[name, form].append(number)
    functions: dict[tuple[int, ...], set[str]] = defaultdict(set)
    for (name, _), numbers in sharing.items():
        if len(numbers) < MANY:
            for n in range(2, len(numbers) + 1):
                for together in itertools.combinations(numbers, n):
                    functions[together].add(name)
    of = dict(numbered)
    told = {  # of three students, who need not be told of two by two
        pair
        for three, names in functions.items()
        for pair in itertools.combinations(three, 2)
        if len(three) == 3 and functions[pair] == names
    }
    found = []
    for together, names in functions.items():
        files = {of[number].submission_sha256 for number in together}
        if len(names) > 1 and len(files) > 1 and together not in told:
            found.append(Alike(tuple((number, of[number]) for number in together), tuple(sorted(names))))
    return sorted(found, key=lambda alike: -len(alike.functions))


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


def cut(text: str) -> str:
    """A text of a length that fits into a line."""
    return text if len(text) <= MAX_REASON else f"{text[:MAX_REASON]} …"


def shortened(function: Function) -> str:
    """A message of a length that can be read."""
    message = function.message.strip()
    return message if len(message) <= MAX_MESSAGE else f"{message[:MAX_MESSAGE]} …"

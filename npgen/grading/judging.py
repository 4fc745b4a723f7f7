"""Is what a function answers right? If not, what is wrong with it?

A check is a conversation: a generator that yields calls, is sent the answers, and returns a Finding, or None where all
is right. It runs in the parent; the function it talks to is a submission's, in a child, or one of ours, in tests.

    def conversation(rng):
        answer = yield value_call(rng, args)
        return compare(answer, expected)

A wrong function is diagnosed by its outputs: each known mistake, a function too, answers the same calls; the one whose
answers are all the same is what the student did.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from npgen.grading.child import calls
from npgen.grading.language import N_, Message

RTOL, ATOL = 1e-4, 1e-5  # of an answer to a float64 question that was computed in float32
ANY_VALUE = 1e300  # as atol: type, shape and finiteness are compared, but no values


@dataclass(frozen=True)
class Finding:
    """What is wrong: a short name for machines, and words for the student."""

    diagnosis: str
    message: Message
    case: Message | None = None  # the inputs with which it shows
    details: tuple[Message, ...] = ()  # shapes and a few numbers


Conversation = Generator[dict[str, Any], dict[str, Any], "Finding | None"]


@dataclass(frozen=True)
class Mistake:
    """A known wrong solution: its name, one sentence for the student, and the function itself."""

    name: str
    message: str  # marked with N_
    function: Callable[..., Any]


@dataclass(frozen=True)
class Check:
    """How one function of an exercise is marked."""

    topic: str
    name: str
    signature: str  # "(targets, logits) -> (B,)", for the list of exercises
    points: int
    reference: Callable[..., Any]  # our own, not the text of the solution
    conversation: Callable[[np.random.Generator], Conversation]
    mistakes: tuple[Mistake, ...] = ()
    hints: tuple[str, ...] = ()  # from vague to specific, marked with N_
    # Other functions that it may call: where one is wrong, a right one stands in. No circle, or each of two could be
    # had from the right version of the other.
    builds_on: tuple[str, ...] = ()
    at_scale: Callable[[np.random.Generator], Conversation] | None = None  # see `scaling`
    random: bool = False  # judged by statistics: tests/grading/detection.py measures how often a right one fails

    @property
    def id(self) -> str:
        return f"{self.topic}.{self.name}"


# --- questions -------------------------------------------------------------------------------------------------------


def new_seed(rng: np.random.Generator) -> int:
    """A seed for a call."""
    return int(rng.integers(2**31))


def value_call(rng: np.random.Generator, args: list[Any]) -> dict[str, Any]:
    """Ask for f(*args)."""
    return {"kind": "value", "args": list(args), "seed": new_seed(rng)}


def gradient_call(rng: np.random.Generator, args: list[Any], argnum: int, weights: Any) -> dict[str, Any]:
    """Ask for f(*args) and the gradient of sum(weights * f(*args)) with respect to args[argnum]."""
    weights = np.asarray(weights, float)
    return {
        "kind": "gradient",
        "args": list(args),
        "seed": new_seed(rng),
        "argnum": argnum,
        "weights": weights,
    }


def count_call(rng: np.random.Generator, args: list[Any]) -> dict[str, Any]:
    """Ask for f(*args) and the number of operations that it took."""
    return {"kind": "count", "args": list(args), "seed": new_seed(rng)}


@dataclass(frozen=True)
class Case:
    """One question to a deterministic function: the arguments, and what to call them before the student."""

    args: list[Any]
    label: Message
    gradients: tuple[int, ...] = ()  # the arguments whose gradient is checked


def deterministic(
    reference: Callable[..., Any],
    cases: Callable[[np.random.Generator], list[Case]],
    rtol: float = RTOL,
    atol: float = ATOL,
) -> Callable[[np.random.Generator], Conversation]:
    """The conversation with a function that has one right answer, twice for each case, from the smallest case on."""

    def conversation(rng):
        found = None
        for case in cases(rng):
            call = value_call(rng, case.args)
            expected = reference(*copy.deepcopy(case.args))
            for _ in range(2):
                answer = yield call
                found = (
                    found
                    or answer_problem(answer, case.label)
                    or compare(answer["result"], expected, case.label, rtol, atol)
                )
            for argnum in case.gradients:
                weights = rng.uniform(0.5, 1.5, np.shape(expected))
                call = gradient_call(rng, case.args, argnum, weights)
                answer = yield call
                found = found or gradient_problem(answer, reference, call, case.label, rtol, atol)
        return found

    return conversation


# --- answers ---------------------------------------------------------------------------------------------------------


def answer_problem(answer: dict[str, Any], label: Message | None = None) -> Finding | None:
    """The finding about an answer that is an error, or whose call changed its arguments."""
    if "error" in answer:
        return error_finding(answer["error"], label)
    if answer["mutated"]:
        text = N_("It changes its argument number {number} in place. Work on a copy: the caller still needs it.")
        return Finding("mutates", Message(text, number=int(answer["mutated"][0]) + 1), label)
    return None


NO_GRADIENT = "VJP of "  # how autograd says, by a NotImplementedError, that a function has no gradient


def error_finding(error: dict[str, Any], label: Message | None = None) -> Finding:
    """An exception, in words."""
    kind, message, line = (str(error[key]) for key in ("type", "message", "line"))
    if kind == "NotImplementedError" and not message.startswith(NO_GRADIENT):
        return Finding("not_written", Message(N_("Not written yet.")))
    at = Message(N_("line {line}"), line=line) if line != "None" else Message("")
    text = Message(N_("It stops with {kind}: {message}"), kind=kind, message=shortened(message))
    return Finding("error", text, label, (at,) if at.text else ())


MAX_WIDTH = 120  # of what an exception says: NumPy's may hold whole arrays


def shortened(message: str) -> str:
    """A message of any length, as one line."""
    line = " ".join(message.split())
    return line if len(line) <= MAX_WIDTH else f"{line[: MAX_WIDTH - 3].rstrip()}..."


def gradient_problem(answer, reference, call, label, rtol=RTOL, atol=ATOL) -> Finding | None:
    """The finding about an answer to a `gradient_call`, whose value has been checked before."""
    expected = calls.perform(reference, call)["result"][1]
    return compare_gradient(answer, lambda value: expected, call["argnum"], label, rtol, atol)


def compare_gradient(answer, expected, argnum, label, rtol=RTOL, atol=ATOL) -> Finding | None:
    """As `gradient_problem`; `expected` maps the value, which may be random, to the gradient that belongs to it."""
    if "error" in answer:
        stopped = error_finding(answer["error"])
        return gradient_blocked(label, (stopped.message, *stopped.details))
    result = answer.get("result")
    if not isinstance(result, list) or len(result) != 2:
        return Finding("protocol", Message(N_("The answer could not be read.")), label)
    gradient = expected(result[0])
    found = compare(result[1], gradient, label, rtol, atol)
    if found is None:
        return None
    if np.any(gradient) and not np.any(as_array(result[1])):
        return gradient_blocked(label)
    return wrong_gradient(argnum, label, found.details)


def gradient_blocked(label, details=()) -> Finding:
    """Where there is no gradient, or none gets through."""
    text = N_(
        "autograd cannot differentiate through it: plain numpy, scipy, float(), a function without a gradient or an "
        "assignment into an array blocks the gradient. a += b is an assignment into an array, too: write a = a + b. "
        "Use autograd.numpy throughout."
    )
    return Finding("gradient_blocked", Message(text), label, details)


def wrong_gradient(argnum, label, details=()) -> Finding:
    """Where there is a gradient, of another function than the right one."""
    text = N_("The value is right, but its gradient with respect to argument number {number} is not.")
    return Finding("wrong_gradient", Message(text, number=argnum + 1), label, details)


def as_array(value: Any) -> np.ndarray | None:
    """A number, an array, or nested lists that are an array exactly; None for anything else."""
    if isinstance(value, np.ndarray):
        return value
    if isinstance(value, (bool, int, float, np.bool_, np.number)):
        array = np.asarray(value)
        return array if array.dtype.kind in "biuf" else None  # an int of 400 digits is an object
    if isinstance(value, (list, tuple)):
        try:
            array = np.array(value)
        except ValueError:  # not all of its parts have one shape
            return None
        return array if array.dtype.kind in "biuf" and array.size else None
    return None


def compare(got: Any, expected: Any, label: Message | None = None, rtol=RTOL, atol=ATOL) -> Finding | None:
    """The finding about a result: type, shape, kind of dtype, finiteness, and only then the values."""
    if isinstance(expected, tuple):
        if not isinstance(got, (list, tuple)) or len(got) != len(expected):
            text = N_("It should return {n} values, as a tuple.")
            return Finding("wrong_type", Message(text, n=len(expected)), label, (_returned(got),))
        found = (compare(g, e, label, rtol, atol) for g, e in zip(got, expected, strict=True))
        for number, finding in enumerate(found, start=1):
            if finding is not None:
                which = Message(N_("This is about returned value number {number}."), number=number)
                return Finding(finding.diagnosis, finding.message, label, (which, *finding.details))
        return None
    expected, array = np.asarray(expected), as_array(got)
    if array is None:
        text = Message(N_("It should return an array of shape {shape}."), shape=shape_text(expected))
        return Finding("wrong_type", text, label, (_returned(got),))
    if array.shape != expected.shape:
        text = N_("The result has shape {found}; expected {expected}.")
        values = {"found": shape_text(array), "expected": shape_text(expected)}
        return Finding("wrong_shape", Message(text, **values), label)
    kinds = {"b": "biu", "i": "biuf", "u": "biuf", "f": "f"}[expected.dtype.kind]  # binary x may be floats, or booleans
    if array.dtype.kind not in kinds:
        text = N_("The result is of type {found}; expected {expected}.")
        return Finding("wrong_dtype", Message(text, found=str(array.dtype), expected=str(expected.dtype)), label)
    array, expected = array.astype(float), expected.astype(float)
    strange = np.isfinite(expected) & ~np.isfinite(array)
    if strange.any():
        at = tuple(int(i) for i in np.argwhere(strange)[0])
        text = N_("The result is {found} where it should be finite.")
        return Finding("not_finite", Message(text, found=str(array[at])), label, (_number(array, expected, at),))
    if not same(array, expected, rtol, atol):
        off = np.abs(np.nan_to_num(array - expected)) / (atol + rtol * np.abs(np.nan_to_num(expected)))
        at = tuple(int(i) for i in np.unravel_index(np.argmax(off), off.shape))
        return Finding("wrong_value", Message(N_("The values are not right.")), label, (_number(array, expected, at),))
    return None


def same(a: Any, b: Any, rtol=RTOL, atol=ATOL) -> bool:
    """Whether two answers are the same: trees of one form, with arrays equal in shape, NaNs, infinities and values."""
    if isinstance(a, dict) or isinstance(b, dict):
        both = isinstance(a, dict) and isinstance(b, dict) and a.keys() == b.keys()
        return both and all(same(a[key], b[key], rtol, atol) for key in a)
    a_array, b_array = as_array(a), as_array(b)
    if a_array is None or b_array is None:
        if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
            return len(a) == len(b) and all(same(x, y, rtol, atol) for x, y in zip(a, b, strict=True))
        return type(a) is type(b) and (not isinstance(a, str) or a == b)
    if a_array.shape != b_array.shape:
        return False
    a_array, b_array = a_array.astype(float), b_array.astype(float)
    return bool(np.all(np.isclose(a_array, b_array, rtol=rtol, atol=atol, equal_nan=True)))


SLOW = 1.0  # seconds: faster answers, whatever they cost, are no nuisance


def scaling(ask, sizes: tuple[int, ...], order: int) -> Callable[[np.random.Generator], Conversation]:
    """The conversation with a function whose time may grow with the size to the power `order`, and not of `order` + 1.

    `ask(rng, size)` gives the arguments and what judges the answer. Operations are counted where the submission runs,
    and it may lie; the clock is ours. It is read only where a class is marked, once all else is right: the sizes are so
    large that work of the next order takes many seconds. An honest function that is slow, a loop over single numbers,
    is not asked for the largest: it has shown before how it grows.
    """

    def conversation(rng):
        before = None
        for size in sizes:
            args, judge = ask(rng, size)
            call = value_call(rng, args)
            seconds, growth = math.inf, None  # growth: the power of the size that the time grows with
            for _ in range(2):  # a second time where the first is suspicious: something else may have run then
                beginning = time.perf_counter()
                answer = yield call
                seconds = min(seconds, time.perf_counter() - beginning)
                found = judge(answer)
                if found:
                    return found
                growth = before and math.log(seconds / before[1]) / math.log(size / before[0])
                if growth is None or seconds <= SLOW or growth <= order + 0.6:
                    break
            else:
                text = N_("It is right, but {times:.0f} times the variables take {longer:.0f} times as long. {why}")
                values = {"times": size / before[0], "longer": seconds / before[1], "why": Message(TOO_SLOW)}
                return Finding("too_slow", Message(text, **values))
            if growth is not None and seconds > SLOW and growth <= order + 0.25:
                return None
            before = size, seconds
        return None

    return conversation


TOO_SLOW = N_("What is the same for all variables, or was known one variable before, need not be computed anew.")
SURE = 40.0  # a logit: with it, one draw in 10^17 is the other one


def compare_sure_draws(answer, x, label) -> Finding | None:
    """The finding about draws of a model whose logits are SURE for the ones of x and -SURE for its zeros.

    One in a hundred may differ: some keep their probabilities away from 0 and 1.
    """
    found = answer_problem(answer, label) or compare(answer["result"], x.astype(int), label, atol=ANY_VALUE)
    if found is None and np.mean(as_array(answer["result"]) != x) > 0.01:
        text = N_("The samples are not those of the model, though they are with fewer pixels.")
        return Finding("wrong_at_scale", Message(text), label)
    return found


def shape_text(array: Any) -> str:
    """The shape as the student would print it."""
    return str(np.shape(array))


def _returned(got: Any) -> Message:
    if isinstance(got, (list, tuple)):
        return Message(N_("It returns a {type} of {n}."), type=type(got).__name__, n=len(got))
    if isinstance(got, np.ndarray):
        return Message(N_("It returns an array of shape {shape}."), shape=shape_text(got))
    if got is None:
        return Message(N_("It returns nothing: is there a return?"))
    name = getattr(got, "type_name", type(got).__name__)
    return Message(N_("It returns a {type}."), type=name)


def _number(got: np.ndarray, expected: np.ndarray, at: tuple[int, ...]) -> Message:
    where = f"[{', '.join(map(str, at))}]" if at else ""
    texts = ((f"{got[at]:.{digits}g}", f"{expected[at]:.{digits}g}") for digits in range(3, 17))
    found, wanted = next((pair for pair in texts if pair[0] != pair[1]), (str(got[at]), str(expected[at])))
    return Message(N_("result{where}: {found}, expected about {expected}"), where=where, found=found, expected=wanted)


# --- running a conversation ------------------------------------------------------------------------------------------

Ask = Callable[[dict[str, Any]], dict[str, Any]]


@dataclass
class Transcript:
    """What was asked and answered, and what it led to."""

    exchanges: list[tuple[dict[str, Any], dict[str, Any]]] = field(default_factory=list)
    finding: Finding | None = None


def run(check: Check, ask: Ask, seed: int) -> Transcript:
    """Let the check talk to `ask` until it ends; exceptions of `ask` pass through."""
    transcript = Transcript()
    conversation = check.conversation(np.random.default_rng(seed))
    try:
        call = next(conversation)
        while True:
            answer = well_formed(ask(call))
            transcript.exchanges.append((call, answer))
            call = conversation.send(answer)
    except StopIteration as end:
        transcript.finding = end.value
    return transcript


def well_formed(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer, or one that says that it was none: a hostile child sends what it likes."""
    match answer:
        case {"error": {"type": str(), "message": str(), "line": int() | None}}:
            return answer
        case {"result": _, "mutated": list(mutated)} if all(type(i) is int and 0 <= i < 100 for i in mutated):
            return answer
    return {"error": {"type": "BadFrame", "message": "the answer could not be read", "line": None}}


def diagnose(check: Check, transcript: Transcript) -> Mistake | None:
    """The known mistake that answers every call of the transcript as the submission did."""
    for mistake in check.mistakes:
        ask = asker(mistake.function)
        if all(_same_answer(answer, ask(call)) for call, answer in transcript.exchanges):
            return mistake
    return None


def _same_answer(a: dict[str, Any], b: dict[str, Any]) -> bool:
    if "error" in a or "error" in b:
        return (
            "error" in a and "error" in b and all(a["error"].get(k) == b["error"].get(k) for k in ("type", "message"))
        )
    return same(a.get("result"), b.get("result")) and same(a.get("mutated"), b.get("mutated"))


def asker(function: Callable[..., Any]) -> Ask:
    """What answers calls with a function of this process: for known mistakes and for tests, never for submissions."""
    from npgen.grading.child import counting

    return lambda call: calls.perform(function, call, counting=counting)

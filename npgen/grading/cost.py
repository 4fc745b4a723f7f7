"""Does the work of a function grow faster than the number of variables?

NADE's recursion is linear in it. Whoever computes the sum over the variables before anew for each of them gets the
same values for work that grows with the square. Operations are counted first, in small examples; where a class is
marked, the clock decides (`judging.scaling`).
"""

from npgen.grading.judging import Finding, answer_problem, compare, count_call, deterministic, scaling
from npgen.grading.language import N_, Message

MAX_GROWTH = 6  # of the work with 4 times the variables; 4 if it is linear in D, and 8 to 16 if it is quadratic
COUNTED, COUNTED_HIDDEN = 2, 32  # examples and hidden units
QUADRATIC = N_(
    "The values are right, but the cost grows with the square of D: 4 times the pixels take {growth:.0f} times the "
    "work. The sum over the pixels before is computed anew for each pixel; keep it and add one term at a time."
)


def counted(rng, inputs, sizes, reference=None, label=None, text=QUADRATIC):
    """The finding about a function of `inputs(size)` whose work grows faster than D, from the first size to the second.

    Constants do not matter, only the growth. Where less is counted than D hidden layers take, most of the work is out
    of sight, in Numba's code or in a stand-in: nothing is said of the cost here, and where a class is marked the clock
    decides. A clock would not do at these sizes: caches make a cumulative sum look quadratic, and the overhead of a
    call a short product linear.
    """
    counts = []
    for size in sizes:
        args = inputs(size)
        answer = yield count_call(rng, args)
        result = answer.get("result")
        if not isinstance(result, list) or len(result) != 2 or not isinstance(result[1], int):
            return None  # it works, but not with arrays that count
        if reference:
            found = compare(result[0], reference(*args), label(size))
            if found:
                return found
        if result[1] < COUNTED * size * COUNTED_HIDDEN:
            return None
        counts.append(result[1])
    growth = counts[1] / counts[0]
    return Finding("quadratic", Message(text, growth=growth)) if growth > MAX_GROWTH else None


def values_then_cost(reference, cases, cost):
    """The conversation about right values, and then about `cost(rng, reference)`."""
    values = deterministic(reference, cases)

    def conversation(rng):
        found = yield from values(rng)
        return found or (yield from cost(rng, reference))

    return conversation


def values_at_scale(reference, inputs, label, sizes):
    """The conversation about the time that a function of `inputs(rng, size)` takes; the values are compared, too."""

    def ask(rng, size):
        args = inputs(rng, size)
        expected = reference(*args)

        def judge(answer):
            found = answer_problem(answer, label(size))
            return found or compare(answer["result"], expected, label(size), rtol=1e-3, atol=1e-2)

        return args, judge

    return scaling(ask, sizes, order=1)

"""Tests of what a random function returns, with false alarms below one in a million runs.

A right function fails `normal_problem` only where a normal variable is further than SIGMAS = 6.5 standard deviations
from its mean, 8e-11 of the time for each statistic, or where the p-value of a chi-squared variable, or Kolmogorov and
Smirnov's, is below P_VALUE; and `categorical_problem` where a binomial count is that improbable in one of its cells.
With 1000 statistics to a run that is 1e-7. How often right functions failed, and wrong ones were found, has been
counted: tests/grading/DETECTION.md.
"""

import numpy as np
from scipy import special  # and not scipy.stats, whose import takes longer than all checks together

from npgen.grading.language import N_, Message

SIGMAS = 6.5
P_VALUE = 1e-10


def normal_problem(e):
    """Why the rows of e (n, k) are not independent draws of N(0, I), as (name, Message); None where they may be.

    The name is that of the first property that fails: finite, none, columns, rows, mean, std, reused, shape. For n k
    from 1000 to 40 000.
    """
    n, k = e.shape
    if not np.isfinite(e).all():
        return "finite", Message(N_("There are infinite or undefined values among the draws."))
    if np.abs(e).max() < 1e-3:
        return "none", Message(N_("There is no noise: the result is always the mean."))
    columns = np.ascontiguousarray(e.T)  # NumPy is slow at sums over three numbers at a time
    if k > 1 and _all_constant(e):
        return "columns", Message(N_("All dimensions of an example get the same noise; they need one draw each."))
    if n > 1 and _all_constant(columns):
        return "rows", Message(N_("All examples get the same noise; they need one draw each."))
    mean, std = float(columns.mean()), float(columns.std())
    if np.abs(columns.mean(axis=1)).max() > SIGMAS / np.sqrt(n) or abs(mean) > SIGMAS / np.sqrt(e.size):
        return "mean", Message(N_("The noise has mean {mean:.3f}; expected 0."), mean=mean)
    squares = np.sum(columns**2, axis=1)
    if _chi2_p_values(squares, n).min() < P_VALUE or _chi2_p_values(squares.sum(), e.size) < P_VALUE:
        return "std", Message(N_("The noise has standard deviation {std:.3f}; expected 1."), std=std)
    for a, b, name in ((e[:, :-1], e[:, 1:], "columns"), (e[:-1], e[1:], "rows")):
        if a.size and abs((a * b).mean()) > SIGMAS / np.sqrt(a.size):
            text = {
                "columns": N_("The noise of neighbouring dimensions is correlated; it should be independent."),
                "rows": N_("The noise of neighbouring examples is correlated; it should be independent."),
            }
            return name, Message(text[name])
    problem = reused_problem(e.ravel())
    if problem:
        return problem
    if _normal_p_value(e.ravel()) < P_VALUE:
        return "shape", Message(N_("The noise has the right mean and standard deviation, but is not normal."))
    return None


def reused_problem(e):
    """Why the numbers e (n,) are not n different draws of N(0, 1), as `normal_problem`; n from 1000 to 60 000.

    Draws are the same if they are equal up to the sign and the rounding of float32. About 0.6e-6 n of n independent
    draws are as near to their next by chance: that is 3 % of 50 000.
    """
    share = np.mean(np.diff(np.sort(np.abs(e))) < 1e-6)
    if share < 0.01 + 1.5 * 0.6e-6 * len(e):
        return None
    return "reused", Message(N_("The same draws are used more than once; each element needs a draw of its own."))


def _all_constant(rows):
    """Whether the numbers of each row are the same up to rounding in float32."""

    def constant(rows):
        return (np.ptp(rows, axis=1) < 1e-6 * (1 + np.abs(rows).max(axis=1))).all()

    return constant(rows[:1]) and constant(rows)


def _chi2_p_values(sums, n):
    """Two-sided p-values of sums of n squares of N(0, 1)."""
    return 2 * np.minimum(special.chdtr(n, sums), special.chdtrc(n, sums))


def _normal_p_value(e):
    """That of Kolmogorov and Smirnov's test of N(0, 1), for many draws."""
    n = len(e)
    cdf = special.ndtr(np.sort(e))
    distance = np.max(np.maximum(cdf - np.arange(n) / n, np.arange(1, n + 1) / n - cdf))
    return special.kolmogorov(np.sqrt(n) * distance)


def categorical_problem(counts, probs):
    """The first cell whose count is too improbable, as (cell, frequency, probability); None if there is none.

    counts (K,) of n independent draws; probs (K,) sums to 1. Exact binomial tests, one a cell.
    """
    n = int(np.sum(counts))
    cell = int(np.argmax(np.abs(counts - n * probs) / np.sqrt(n * probs * (1 - probs) + 1)))
    for k in (cell, *range(len(probs))):
        p = float(np.clip(probs[k], 0, 1))
        count = int(counts[k])
        if 2 * min(special.bdtr(count, n, p), special.bdtrc(count - 1, n, p)) < P_VALUE:
            return k, counts[k] / n, p
    return None

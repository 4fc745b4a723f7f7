"""Real-valued examples, parted in ten ways for cross-validation, as the RNADE paper does."""

import numbers
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from npgen.errors import InputError
from npgen.readers import require_finite

N_FOLDS = 10
TOO_ALIKE = 0.98  # |correlation| above which RNADE's authors keep one column of the two


@dataclass(frozen=True, eq=False)
class Fold:
    """Real-valued examples, one of ten ways of parting them for cross-validation, standardised.

    The test part is a tenth of the rows. Of the others, the training fold, a random tenth is the validation part.
    All three are in units in which each column of the training fold (`train` and `valid` together) has mean 0 and
    standard deviation 1 (divisor n): x = (x_as_measured - mean) / std.

    Attributes
    ----------
    name : the name that `load` knows the set by.
    fold : 1..10.
    train, valid, test : (n, D) float64.
    columns : the names of the D columns.
    mean, std : (D,) of the training fold, as measured.
    """

    name: str
    fold: int
    train: np.ndarray
    valid: np.ndarray
    test: np.ndarray
    columns: tuple[str, ...]
    mean: np.ndarray
    std: np.ndarray

    @property
    def n_visible(self) -> int:
        """The number of variables D."""
        return self.train.shape[1]

    def require_images(self) -> tuple[int, int]:
        """InputError: these examples are no images."""
        raise InputError(f"{self.name} has no images to draw: its {self.n_visible} variables are no pixels")


def not_too_alike(x: np.ndarray) -> list[int]:
    """The columns that stay when of each two with |correlation| > 0.98 the *earlier* is dropped.

    RNADE (Uria, Murray and Larochelle 2013; not checked here) keeps "one of each pair", without saying which. From the
    last column to the first, a column stays unless it is too much like one that stays. In this order `parkinsons` has
    the paper's 15 columns, and the mean test log-likelihood of a Gaussian is -10.80 nats; over 50 random assignments to
    folds it is -10.83 on average, with a standard deviation of 0.04 (the paper: -10.85). In the other order there are
    14 columns, and it is -10.63 on average.
    """
    correlations = np.abs(np.corrcoef(x.T))
    kept: list[int] = []
    for d in reversed(range(x.shape[1])):
        if all(correlations[d, other] <= TOO_ALIKE for other in kept):
            kept.insert(0, d)
    return kept


def cross_validation(
    name: str, x: np.ndarray, columns: Sequence[str], fold: int, test_fold_of: np.ndarray | None = None
) -> Fold:
    """Fold 1..10 of the examples x (n, D): a tenth of them for testing, a tenth of the others for validation.

    Parameters
    ----------
    name : str
    x : array (n, D)
    columns : the names of the D columns
    fold : int
        1..10.
    test_fold_of : array (n,), optional
        The fold in which each row is tested. By default the rows in a fixed random order (NumPy's RandomState(0)) are
        cut into ten pieces. The validation part is drawn by RandomState(fold); the authors of RNADE took a ninth of
        each training fold.

    Raises
    ------
    InputError
        If there is no such fold, a value is not finite, or a column of the training fold is constant.
    """
    if not isinstance(fold, numbers.Integral) or not 1 <= fold <= N_FOLDS:
        raise InputError(f"{name}: expected a fold from 1 to {N_FOLDS}; found {fold!r}")
    require_finite(x, columns, name)
    if test_fold_of is None:
        test_fold_of = np.empty(len(x), int)
        for number, rows in enumerate(np.array_split(np.random.RandomState(0).permutation(len(x)), N_FOLDS), start=1):
            test_fold_of[rows] = number
    training_fold, test = x[test_fold_of != fold], x[test_fold_of == fold]
    require_varying(training_fold, columns, f"{name}, training fold {fold}")
    mean, std = training_fold.mean(axis=0), training_fold.std(axis=0)
    order = np.random.RandomState(fold).permutation(len(training_fold))
    valid, train = np.split(order, [round(len(order) / N_FOLDS)])
    parts = ((part - mean) / std for part in (training_fold[np.sort(train)], training_fold[np.sort(valid)], test))
    return Fold(name, int(fold), *parts, tuple(columns), mean, std)


def require_varying(x: np.ndarray, columns: Sequence[str], where: str) -> None:
    """Raise InputError if a column of x (n, D) is constant: it has no standard deviation to divide by."""
    constant = [column for column, varies in zip(columns, np.ptp(x, axis=0) > 0, strict=True) if not varies]
    if constant:
        raise InputError(f"{where}: {', '.join(constant)} is constant; a density needs columns that vary. Leave it out")

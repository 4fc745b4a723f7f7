"""Data sets as arrays, one example per row: uint8 where they are discrete, float64 where they are continuous.

    mnist = data.load("mnist")                           # or data.mnist(); grey, 0..255
    fixed = mnist.sampled(rng)                           # binarized once, P(pixel = 1) = x / 255
    batch = data.binarize(rng, mnist.train[rows] / 255)  # binarized anew for each batch
    wine = data.load("red_wine", fold=3)                 # real numbers, standardised by the training fold
    tennis, iris = data.tennis(), data.iris()            # the two small tables of the lecture

The files come from the folder NPGEN_DATA, the user's cache, or a download, as `npgen.sources` says; their
checksums are compared before they are read. Nothing is downloaded on import, and nothing is ever unpickled.
"""

import dataclasses
import inspect
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from npgen.errors import InputError, unknown_name
from npgen.examples import as_order
from npgen.folds import Fold, cross_validation, not_too_alike, require_varying
from npgen.readers import read_amat, read_csv, read_idx, read_npz, read_numbers
from npgen.sources import fetch, place


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images or other discrete examples in training, validation and test sets, with labels where there are any.

    Attributes
    ----------
    name : the name that `load` knows the set by.
    train, valid, test : (n, D) uint8 in 0..maximum. Of images D = height * width, row-major and upright.
    image_shape : (height, width), or None where the examples are no images.
    maximum : the value of full scale: 1 binary, 16 `digits`, 255 grey.
    train_labels, valid_labels, test_labels : (n,) uint8, or None.
    """

    name: str
    train: np.ndarray
    valid: np.ndarray
    test: np.ndarray
    image_shape: tuple[int, int] | None
    maximum: int
    train_labels: np.ndarray | None = None
    valid_labels: np.ndarray | None = None
    test_labels: np.ndarray | None = None

    @property
    def n_visible(self) -> int:
        """The number of variables D."""
        return self.train.shape[1]

    def require_images(self) -> tuple[int, int]:
        """`image_shape`; InputError where the examples are no images, and cannot be drawn as such."""
        if self.image_shape is None:
            raise InputError(f"{self.name} has no images to draw: its {self.n_visible} variables are no pixels")
        return self.image_shape

    def thresholded(self, at: float = 0.5) -> "Dataset":
        """Binary images 1[x >= at * maximum], 0 < at <= 1; a pixel exactly at the threshold becomes 1."""
        if not 0 < at <= 1:
            raise InputError(f"thresholded: expected a fraction of full scale, 0 < at <= 1, found {at}")
        return self._binary(lambda x: (x >= at * self.maximum).astype(np.uint8))

    def sampled(self, rng: np.random.Generator) -> "Dataset":
        """Binary images, each pixel drawn once for all with P(1) = x / maximum ("static" binarization)."""
        return self._binary(lambda x: binarize(rng, x.astype(np.float32) / self.maximum))

    def halved(self) -> "Dataset":
        """Images of half the height and width: of each 2x2 pixels the mean, rounded to a whole number (a half up)."""
        height, width = self.require_images()
        if height % 2 or width % 2:
            raise InputError(f"{self.name}: expected even sides, to be halved; found {height}x{width} pixels")
        image_shape = (height // 2, width // 2)

        def halve(x: np.ndarray) -> np.ndarray:
            sums = x.reshape(len(x), height // 2, 2, width // 2, 2).sum(axis=(2, 4), dtype=np.uint16)  # of four pixels
            return ((sums + 2) // 4).astype(np.uint8).reshape(len(x), math.prod(image_shape))

        parts = {part: halve(getattr(self, part)) for part in ("train", "valid", "test")}
        return dataclasses.replace(self, **parts, image_shape=image_shape)

    def only(self, digit: int) -> "Dataset":
        """The examples of one class, in their order; the labels stay."""
        if self.train_labels is None:
            raise InputError(f"{self.name} has no labels, so no single class can be kept")
        known = np.unique(np.concatenate([self.train_labels, self.valid_labels, self.test_labels])).tolist()
        if digit not in known:
            raise InputError(f"{self.name} has no class {digit!r}; its classes are {known[0]} to {known[-1]}")
        kept = {}
        for split in ("train", "valid", "test"):
            labels = getattr(self, f"{split}_labels")
            kept[split] = getattr(self, split)[labels == digit]
            kept[f"{split}_labels"] = labels[labels == digit]
        return dataclasses.replace(self, **kept)

    def reordered(self, order: np.ndarray) -> "Dataset":
        """The same examples with their variables in another order; they are no images any more.

        InputError unless `order` is a permutation of 0..D-1.
        """
        order = as_order(order, self.n_visible)
        parts = {part: getattr(self, part)[:, order] for part in ("train", "valid", "test")}
        return dataclasses.replace(self, **parts, image_shape=None)

    def _binary(self, of: Callable[[np.ndarray], np.ndarray]) -> "Dataset":
        train, valid, test = of(self.train), of(self.valid), of(self.test)
        return dataclasses.replace(self, train=train, valid=valid, test=test, maximum=1)


@dataclass(frozen=True, eq=False)
class Table:
    """Examples of discrete variables, each with its own categories.

    Attributes
    ----------
    columns : the names of the D columns.
    categories : for each column the names of its values; category k of column d is `categories[d][k]`.
    x : (n, D) int64, column d in 0..len(categories[d]) - 1.
    """

    columns: tuple[str, ...]
    categories: tuple[tuple[str, ...], ...]
    x: np.ndarray

    @property
    def n_categories(self) -> tuple[int, ...]:
        """The number of categories of each column, (D,)."""
        return tuple(map(len, self.categories))

    def only(self, *columns: str) -> "Table":
        """Some of the columns, in the order in which they are named."""
        for column in columns:
            if column not in self.columns:
                raise unknown_name("column", column, self.columns)
        chosen = [self.columns.index(column) for column in columns]
        return Table(columns, tuple(self.categories[d] for d in chosen), self.x[:, chosen])


@dataclass(frozen=True, eq=False)
class Labelled:
    """Real-valued examples as measured, each of one class.

    Attributes
    ----------
    x : (n, D) float64.
    labels : (n,) int64 in 0..len(classes) - 1.
    columns : the names of the D columns.
    classes : the names of the classes.
    """

    x: np.ndarray
    labels: np.ndarray
    columns: tuple[str, ...]
    classes: tuple[str, ...]


def binarize(rng: np.random.Generator, probs: np.ndarray) -> np.ndarray:
    """Bernoulli draws with P(1) = `probs`, uint8 of the shape of `probs`, whose values are in [0, 1].

    Raises
    ------
    InputError
        If a probability is outside [0, 1] or NaN, as happens when grey values were not divided by full scale.
    """
    if not np.all((probs >= 0) & (probs <= 1)):
        found = f"{np.min(probs)} to {np.max(probs)}"
        raise InputError(f"binarize: expected probabilities in [0, 1], found {found}")
    # The draw is in [0, 1): probability 0 never gives a 1, and probability 1 always does.
    uniform = rng.random(probs.shape, dtype=np.result_type(probs, np.float32))
    return (uniform < probs).astype(np.uint8)


def marginals(x: np.ndarray) -> np.ndarray:
    """P(x_d = 1) by Laplace's rule, (number of ones + 1) / (n + 2), (D,) float64; x (n, D) binary.

    Strictly inside (0, 1), so that the logit is finite even for a pixel that never changes.
    """
    if np.any((x != 0) & (x != 1)):
        raise InputError(f"marginals: expected binary x, found values up to {np.max(x)}; binarize it first")
    return (x.sum(axis=0, dtype=np.float64) + 1) / (len(x) + 2)


def read_categories(path: str | Path, without: Sequence[str] = ()) -> Table:
    """A table whose cells are names of categories, but the columns named in `without`.

    The categories of a column are in the order in which they occur.
    """
    header, rows = read_csv(path)
    kept = [d for d, column in enumerate(header) if column not in without]
    for number, row in enumerate(rows, start=2):
        if empty := [header[d] for d in kept if not row[d].strip()]:
            raise InputError(f"{path}, line {number}: the cell of {', '.join(empty)} is empty")
    categories = tuple(tuple(dict.fromkeys(row[d] for row in rows)) for d in kept)
    x = np.array([[names.index(row[d]) for d, names in zip(kept, categories, strict=True)] for row in rows])
    return Table(tuple(header[d] for d in kept), categories, x)


def of_class(dataset: Dataset, digit: int | None) -> Dataset:
    """The whole set, or one class of it."""
    return dataset if digit is None else dataset.only(digit)


# The data sets.


def digits(digit: int | None = None) -> Dataset:
    """8x8 handwritten digits of scikit-learn, 0..16, in a fixed split 1297 / 200 / 300 of npgen's own."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    # NumPy has frozen RandomState's stream for ever; that of default_rng may change, and the split with it.
    order = np.random.RandomState(0).permutation(len(bunch.data))
    x = np.split(bunch.data.astype(np.uint8)[order], [1297, 1497])
    labels = np.split(bunch.target.astype(np.uint8)[order], [1297, 1497])
    return of_class(Dataset("digits", *x, (8, 8), 16, *labels), digit)


def mnist(digit: int | None = None, halved: bool = False) -> Dataset:
    """28x28 handwritten digits (LeCun, Cortes, Burges), 0..255; 50000 / 10000 / 10000.

    The last 10000 images of the training file are for validation. Ink is high. `halved`: 14x14, `Dataset.halved`.
    """
    dataset = of_class(from_idx("mnist", fetch("mnist")), digit)
    return dataset.halved() if halved else dataset


def fashion_mnist(digit: int | None = None) -> Dataset:
    """28x28 pictures of clothes (Xiao, Rasul, Vollgraf 2017), 0..255; 50000 / 10000 / 10000.

    Split as MNIST; `digit` is the number of a class, 0..9. Where NPGEN_DATA holds only the 900 images of the
    set's sprite, they are all in `test`, and `train` and `valid` have 0 rows: which split each is from is not
    known, so they serve as out-of-distribution data only.
    """
    paths = fetch("fashion_mnist")
    if paths[0].suffix != ".npz":
        return of_class(from_idx("fashion_mnist", paths), digit)
    images, labels = read_npz(paths[0], "images", "labels")
    x, no_x, no_labels = images.reshape(-1, 784), images[:0].reshape(-1, 784), labels[:0]
    dataset = Dataset("fashion_mnist", no_x, no_x, x, (28, 28), 255, no_labels, no_labels, labels)
    return of_class(dataset, digit)


def from_idx(name: str, paths: list[Path]) -> Dataset:
    """The set in four IDX files in the order and the sizes of MNIST's."""
    x, labels, test, test_labels = map(read_idx, paths)
    train, valid = np.split(x.reshape(-1, 784), [50000])
    labels = (*np.split(labels, [50000]), test_labels)
    return Dataset(name, train, valid, test.reshape(-1, 784), (28, 28), 255, *labels)


def binarized_mnist() -> Dataset:
    """MNIST binarized once by sampling, Larochelle's files, no labels; 50000 / 10000 / 10000.

    The binarization of Salakhutdinov and Murray (2008). The rows are not in MNIST's order.
    """
    paths = fetch("binarized_mnist")
    if paths[0].suffix == ".npz":
        splits = read_npz(paths[0], "train", "valid", "test")
    else:
        splits = [read_amat(path) for path in paths]
    return Dataset("binarized_mnist", *splits, (28, 28), 1)


def caltech101_silhouettes(invert: bool = False) -> Dataset:
    """28x28 silhouettes (Marlin et al. 2010), binary, 101 classes, split 1; 4100 / 2264 / 2307.

    0 is the object and 1 the background, as in the original; `invert` gives 1 - x, as some papers do. The
    labels are 1..101.
    """
    from scipy.io import loadmat

    arrays = loadmat(fetch("caltech101_silhouettes")[0])
    splits = []
    for key in ("train_data", "val_data", "test_data"):
        columns_first = arrays[key].reshape(-1, 28, 28)  # MATLAB writes an image column by column
        x = columns_first.transpose(0, 2, 1).reshape(-1, 784)
        splits.append(1 - x if invert else x)
    labels = [arrays[key].ravel() for key in ("train_labels", "val_labels", "test_labels")]
    return Dataset("caltech101_silhouettes", *splits, (28, 28), 1, *labels)


def binary_density(name: str, image_shape: tuple[int, int] | None = None) -> Dataset:
    """One of the binary sets of the NADE and MADE papers, or of the same format: an npz of train, valid and test."""
    (path,) = fetch(name)
    splits = dict(zip(("train", "valid", "test"), read_npz(path, "train", "valid", "test"), strict=True))
    n_visible = splits["train"].shape[-1] if splits["train"].ndim else 0
    for part, x in splits.items():
        if x.ndim != 2 or x.shape[1] != n_visible or x.shape[1] == 0:
            raise InputError(f"{path}: expected {part} of shape (n, {n_visible or 'D'}), found {x.shape}")
        bad = np.argwhere((x != 0) & (x != 1))  # NaN is neither
        if len(bad):
            row, column = bad[0]
            found = f"{x[row, column]} in row {row}, column {column}, and {len(bad) - 1} more"
            raise InputError(f"{path}: expected 0 and 1 only, found in {part} {found}")
    return Dataset(name, *(x.astype(np.uint8) for x in splits.values()), image_shape, 1)


# Real-valued sets.


def red_wine(fold: int = 1) -> Fold:
    """11 measurements of 1599 red wines (UCI), real-valued; in the ten folds of the NADE authors' file."""
    (path,) = fetch("red_wine")
    columns, x = read_numbers(path)
    if columns[0] != "fold":
        raise InputError(f"{path}: expected the column 'fold' first; found {columns[0]!r}")
    return cross_validation("red_wine", x[:, 1:], columns[1:], fold, test_fold_of=x[:, 0])


def white_wine(fold: int = 1) -> Fold:
    """11 measurements of 4898 white wines (UCI's winequality-white.csv), real-valued; ten folds of our own."""
    (path,) = fetch("white_wine")
    return real_valued("white_wine", path, ("quality",), fold)


def parkinsons(fold: int = 1) -> Fold:
    """15 measurements of 5875 voices (UCI, Parkinsons telemonitoring), real-valued; ten folds of our own.

    Without the discrete subject#, age and sex, and without Jitter(%), Jitter:RAP, Shimmer and Shimmer:APQ3, which
    `not_too_alike` drops.
    """
    (path,) = fetch("parkinsons")
    return real_valued("parkinsons", path, ("subject#", "age", "sex"), fold)


def ionosphere(fold: int = 1) -> Fold:
    """32 measurements of 351 radar returns (UCI), real-valued; ten folds of our own."""
    (path,) = fetch("ionosphere")
    return real_valued("ionosphere", path, ("a01", "a02", "class"), fold)  # a01 is binary, a02 always 0


def real_valued(name: str, path: Path, discrete: Sequence[str], fold: int) -> Fold:
    """A fold of the table at `path`, without its discrete columns and without those too much like another."""
    columns, x = read_numbers(path, without=discrete)
    require_varying(x, columns, name)
    kept = not_too_alike(x)
    return cross_validation(name, x[:, kept], [columns[d] for d in kept], fold)


# The small tables of the lecture.


def tennis() -> Table:
    """The 14 days of PlayTennis (Quinlan 1986), shipped with npgen: Outlook, Temp, Humidity, Wind, Tennis."""
    return read_categories(Path(__file__).with_name("tennis.csv"), without=("Day",))


def iris() -> Labelled:
    """150 irises of three species, 4 measurements in cm (Fisher 1936), as in scikit-learn."""
    from sklearn.datasets import load_iris

    bunch = load_iris()
    columns = tuple(name.removesuffix(" (cm)") for name in bunch.feature_names)
    return Labelled(bunch.data, bunch.target.astype(np.int64), columns, tuple(map(str, bunch.target_names)))


# fmt: off
BINARY_DENSITY = {
    "adult": "123 binary attributes of people in a census (UCI), in LIBSVM's encoding; 5000 / 1414 / 26147.",
    "connect4": "126 binary variables for positions of Connect Four (UCI).",
    "dna": "180 binary variables for splice junctions of genes (UCI); 1400 / 600 / 1186.",
    "mushrooms": "112 binary attributes of mushrooms (UCI); 2000 / 500 / 5624.",
    "nips": "500 words, in or not in a paper of NIPS 0 to 12; 400 / 100 / 1240.",
    "ocr_letters": "16x8 handwritten letters (Kassel, Taskar), binary; 32152 / 10000 / 10000.",
    "rcv1": "150 words, in or not in a story of Reuters.",
    "web": "300 binary attributes of web pages, in LIBSVM's encoding.",
    "nltcs": "16 binary answers about the daily life of the old (Lowd and Davis 2010); 16181 / 2157 / 3236.",
    "plants": "69 places where plants grow or do not (Lowd and Davis 2010); 17412 / 2321 / 3482.",
    "accidents": "111 binary attributes of road accidents (Van Haaren and Davis 2012); 12758 / 1700 / 2551.",
}
# fmt: on


def _binary_loader(name: str, description: str) -> Callable[[], Dataset]:
    """`binary_density` for one name; its docstring is the line that `describe` shows."""

    def loader() -> Dataset:
        return binary_density(name, (16, 8) if name == "ocr_letters" else None)

    loader.__doc__ = description
    return loader


LOADERS: dict[str, Callable[..., Dataset | Fold]] = {
    "digits": digits,
    "mnist": mnist,
    "binarized_mnist": binarized_mnist,
    "fashion_mnist": fashion_mnist,
    "caltech101_silhouettes": caltech101_silhouettes,
    **{name: _binary_loader(name, description) for name, description in BINARY_DENSITY.items()},
    "red_wine": red_wine,
    "white_wine": white_wine,
    "parkinsons": parkinsons,
    "ionosphere": ionosphere,
}


def load(name: str, **options) -> Dataset | Fold:
    """The data set `name` of `LOADERS`; `options` are the arguments of its loader.

    Raises
    ------
    InputError
        If the name or an option is not known, or a file is missing and cannot be downloaded, or is damaged.
    """
    if name not in LOADERS:
        raise unknown_name("data set", name, LOADERS)
    accepted = inspect.signature(LOADERS[name]).parameters
    for option in options:
        if option not in accepted:
            raise InputError(f"{name} has no option {option!r}; it takes {', '.join(accepted) or 'none'}")
    return LOADERS[name](**options)


def describe() -> list[tuple[str, str, str]]:
    """(name, the first line of its loader's docstring, where it is found) of each set; downloads nothing."""
    return [(name, inspect.getdoc(loader).splitlines()[0], place(name)) for name, loader in LOADERS.items()]

"""Data sets as uint8 arrays, one example per row.

    mnist = data.load("mnist")                           # or data.mnist(); grey, 0..255
    fixed = mnist.sampled(rng)                           # binarized once, P(pixel = 1) = x / 255
    batch = data.binarize(rng, mnist.train[rows] / 255)  # binarized anew for each batch

The files come from the folder NPGEN_DATA, the user's cache, or a download, as `npgen.sources` says; their
checksums are compared before they are read. Nothing is downloaded on import, and nothing is ever unpickled.
"""

import dataclasses
import gzip
import inspect
import math
import textwrap
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from npgen.errors import InputError, unknown_name
from npgen.sources import fetch, place


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images split into training, validation and test sets, with labels where the set has any.

    Attributes
    ----------
    name : the name that `load` knows the set by.
    train, valid, test : (n, D) uint8 in 0..maximum, D = height * width, row-major and upright.
    image_shape : (height, width).
    maximum : the value of full scale: 1 binary, 16 `digits`, 255 grey.
    train_labels, valid_labels, test_labels : (n,) uint8, or None.
    """

    name: str
    train: np.ndarray
    valid: np.ndarray
    test: np.ndarray
    image_shape: tuple[int, int]
    maximum: int
    train_labels: np.ndarray | None = None
    valid_labels: np.ndarray | None = None
    test_labels: np.ndarray | None = None

    @property
    def n_visible(self) -> int:
        """The number of pixels D."""
        return self.train.shape[1]

    def thresholded(self, at: float = 0.5) -> "Dataset":
        """Binary images 1[x >= at * maximum], 0 < at <= 1; a pixel exactly at the threshold becomes 1."""
        if not 0 < at <= 1:
            raise InputError(f"thresholded: expected a fraction of full scale, 0 < at <= 1, found {at}")
        return self._binary(lambda x: (x >= at * self.maximum).astype(np.uint8))

    def sampled(self, rng: np.random.Generator) -> "Dataset":
        """Binary images, each pixel drawn once for all with P(1) = x / maximum ("static" binarization)."""
        return self._binary(lambda x: binarize(rng, x.astype(np.float32) / self.maximum))

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

    def _binary(self, of: Callable[[np.ndarray], np.ndarray]) -> "Dataset":
        train, valid, test = of(self.train), of(self.valid), of(self.test)
        return dataclasses.replace(self, train=train, valid=valid, test=test, maximum=1)


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


# Reading files.


def read_idx(path: str | Path) -> np.ndarray:
    """The uint8 array in a gzipped IDX file, of the shape its header gives.

    Header: two zero bytes, the type (8 is uint8), the number of axes, then their lengths, big-endian 4 bytes.

    Raises
    ------
    InputError
        If the file is not gzip, cut short, not IDX of uint8, or not of the size that its header says.
    """
    try:
        with gzip.open(path) as stream:
            content = stream.read()
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path}: expected a gzipped IDX file: {error}") from error
    start = 4 + 4 * int.from_bytes(content[3:4], "big")
    if content[:3] != b"\0\0\x08" or len(content) < start:
        expected = "an IDX header of uint8, 00 00 08 n and n sizes"
        raise InputError(f"{path}: expected {expected}, found {content[:16].hex(' ')}")
    shape = np.frombuffer(content, ">u4", content[3], offset=4).tolist()
    if len(content) - start != math.prod(shape):
        expected = f"{math.prod(shape)} bytes of data for shape {tuple(shape)}"
        raise InputError(f"{path}: expected {expected}, found {len(content) - start}; the file is damaged")
    data = np.frombuffer(content, np.uint8, offset=start)
    return data.reshape(shape).copy()  # what is in `content` is read-only, which compiled kernels mind


def read_npz(path: str | Path, *keys: str) -> list[np.ndarray]:
    """The arrays named `keys` in an npz file; pickled ones are refused."""
    try:
        # Not np.load, which takes a file that is not npz for a pickle, and leaves a damaged one open.
        with open(path, "rb") as stream, np.lib.npyio.NpzFile(stream, allow_pickle=False) as arrays:
            return [arrays[key] for key in keys]
    except Exception as error:  # zipfile, zlib, ast and NumPy have an error each for a damaged file
        reason = textwrap.shorten(str(error), 160, placeholder=" ...")
        expected = f"an npz file with {', '.join(keys)} and no pickles"
        raise InputError(f"{path}: expected {expected}: {reason}") from error


def read_amat(path: str | Path) -> np.ndarray:
    """The (n, 784) binary array in one of Larochelle's text files, whose lines are "0 1 ... 0"."""
    characters = np.fromfile(path, np.uint8).reshape(-1, 2 * 784)  # after each digit a space or a line feed
    return characters[:, ::2] - ord("0")


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


def mnist(digit: int | None = None) -> Dataset:
    """28x28 handwritten digits (LeCun, Cortes, Burges), 0..255; 50000 / 10000 / 10000.

    The last 10000 images of the training file are for validation. Ink is high.
    """
    return of_class(from_idx("mnist", fetch("mnist")), digit)


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


LOADERS: dict[str, Callable[..., Dataset]] = {
    "digits": digits,
    "mnist": mnist,
    "binarized_mnist": binarized_mnist,
    "fashion_mnist": fashion_mnist,
    "caltech101_silhouettes": caltech101_silhouettes,
}


def load(name: str, **options) -> Dataset:
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

"""What the data sets consist of, where their files come from, and where they are on this machine.

A file is looked for in the folder that the environment variable NPGEN_DATA names, laid out as <set>/<file>,
then in the user's cache, and otherwise downloaded into the cache. Wherever it comes from, its checksum is
compared with the one in `SOURCES`, where there is one. Nothing is downloaded on import.
"""

import os
import re
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from npgen.errors import InputError, unknown_name
from npgen.files import umask


@dataclass(frozen=True)
class File:
    """One file of a data set: where it is kept and found, and by what it is recognised."""

    path: str  # <set>/<file>, below NPGEN_DATA or the cache
    n_bytes: int | None
    site: str | None  # address of the folder that has it; None: a repacked file, not to be downloaded
    checksum: str | None  # "algorithm:hex digits", as pooch writes it; None, and no size: not known, so not compared


MNIST = "https://ossci-datasets.s3.amazonaws.com/mnist"
LAROCHELLE = "http://www.cs.toronto.edu/~larocheh/public/datasets/binarized_mnist"
ZALANDO = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com"
MARLIN = "https://people.cs.umass.edu/~marlin/data"

# The original files of each set, in the order its loader reads them (none: the set is part of scikit-learn),
# then, where there is one, the repacked file that may stand for all of them. A set may have only the latter.
# fmt: off
SOURCES: dict[str, tuple[File, ...]] = {
    "digits": (),
    "mnist": (
        File("mnist/train-images-idx3-ubyte.gz", 9912422, MNIST,
             "sha256:440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
        File("mnist/train-labels-idx1-ubyte.gz", 28881, MNIST,
             "sha256:3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
        File("mnist/t10k-images-idx3-ubyte.gz", 1648877, MNIST,
             "sha256:8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
        File("mnist/t10k-labels-idx1-ubyte.gz", 4542, MNIST,
             "sha256:f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
    ),
    "binarized_mnist": (
        File("binarized_mnist/binarized_mnist_train.amat", 78400000, LAROCHELLE,
             "sha256:ad693b29f94c14277b095f5238ddefbbdaaae0939789dd2f4f0205278cee3e4d"),
        File("binarized_mnist/binarized_mnist_valid.amat", 15680000, LAROCHELLE,
             "sha256:1de3d397c40fe8eeb33dafd4099a1f665ec01e96d9be234aaeeac8a34930e2e2"),
        File("binarized_mnist/binarized_mnist_test.amat", 15680000, LAROCHELLE,
             "sha256:e6687bfea3f820c174f33b7865140b2a2dd2930ef786f35d45795fc193b5ab2c"),
        File("binarized_mnist/binarized_mnist.npz", 2563365, None,
             "sha256:b0e08c263ec7d444003d3a163572c33461d0d974b647fc1fefb64c50505e4a9a"),
    ),
    "fashion_mnist": (
        File("fashion_mnist/train-images-idx3-ubyte.gz", 26421880, ZALANDO,
             "md5:8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
        File("fashion_mnist/train-labels-idx1-ubyte.gz", 29515, ZALANDO,
             "md5:25c81989df183df01b3e8a0aad5dffbe"),
        File("fashion_mnist/t10k-images-idx3-ubyte.gz", 4422102, ZALANDO,
             "md5:bef4ecab320f06d8554ea6380940ec79"),
        File("fashion_mnist/t10k-labels-idx1-ubyte.gz", 5148, ZALANDO,
             "md5:bb300cfdad3c16e7a12a480ee83cd310"),
        File("fashion_mnist/fashion_mnist_sprite900.npz", 379124, None,
             "sha256:79d2a88d8fe5587dfa577c8b5d93be586fe1bd4fb3b70b61171386b1d19f156b"),
    ),
    "caltech101_silhouettes": (
        File("caltech101_silhouettes/caltech101_silhouettes_28_split1.mat", 872124, MARLIN,
             "sha256:eb6735e8d84b1850fabc5590124aab1755e90c9fd28123585324398405e1e42a"),
    ),
    "adult": (
        File("binary_density/adult.npz", 225016, None,
             "sha256:74da2cfa08f399e00f3cac9ebd9d332d52c630c457b76c0db912e861e0c8e6d7"),
    ),
    "connect4": (File("binary_density/connect4.npz", None, None, None),),
    "dna": (
        File("binary_density/dna.npz", 65008, None,
             "sha256:2bb638876a4095dd1dadcc15ed800ddfb2fac43119e4ede131c1b142253a84b6"),
    ),
    "mushrooms": (
        File("binary_density/mushrooms.npz", 50496, None,
             "sha256:6777f948584164c2e132f877af2c23761be06f48e101085aca1552a0e6f2899b"),
    ),
    "nips": (
        File("binary_density/nips.npz", 127618, None,
             "sha256:4603f040cd4a136dc283babdcdec03daf40acd700ff2c2ed9a8bbaec244efe99"),
    ),
    "ocr_letters": (
        File("binary_density/ocr_letters.npz", 523950, None,
             "sha256:778306310ba31e56cb444120f5cb3c0c654e5aeb3c0aaf2bac3c70983fdcb7a5"),
    ),
    "rcv1": (File("binary_density/rcv1.npz", None, None, None),),
    "web": (File("binary_density/web.npz", None, None, None),),
    "nltcs": (
        File("binary_density/nltcs.npz", 40307, None,
             "sha256:68ca9870ee995bfecf5e6fc34800f9750f4cf5111ca69098cd1b78ec4e464bf7"),
    ),
    "plants": (
        File("binary_density/plants.npz", 136772, None,
             "sha256:ca5dd297131d9671641ae56eeb7841ec4780ee426a0f1f029646cd038e60efc1"),
    ),
    "accidents": (
        File("binary_density/accidents.npz", 214475, None,
             "sha256:47e92f88cf3be78c1b7c385f590eee00f320f14eb72281537556b70eefca5a47"),
    ),
    "red_wine": (
        File("continuous/red_wine_nade_folds.csv", 84294, None,
             "sha256:00253387ec9e494ed0e48c5aca4ba55bd3009c8640970907d2ede4aa467f9566"),
    ),
    "white_wine": (File("continuous/winequality-white.csv", None, None, None),),
    "parkinsons": (
        File("continuous/parkinsons_telemonitoring.csv", 911262, None,
             "sha256:cacdc7007846c68ca852cb3dbb43b1f68b7a9edefa2336f965f6610551cd30e6"),
    ),
    "ionosphere": (
        File("continuous/ionosphere.csv", 76609, None,
             "sha256:c3c36b692d178f83a1dc212112fa2c703a8b236a60b7146bf969e43b19efd3e1"),
    ),
}
# fmt: on


# Looking files up.


def folders() -> list[Path]:
    """Where files are looked for, in this order; the last is the cache, which downloads go to."""
    import pooch

    cache = Path(pooch.os_cache("npgen"))
    given = os.environ.get("NPGEN_DATA")
    return [Path(given), cache] if given else [cache]


def find(file: File) -> Path | None:
    """Where `file` is, if it is anywhere. Its checksum is not looked at."""
    return next((folder / file.path for folder in folders() if (folder / file.path).is_file()), None)


def files_of(name: str) -> tuple[File, ...]:
    """The files to read for `name`: its originals, or the repacked one.

    That is the repacked one of a set that has no originals, or where the first of `folders` holds it and not
    all of the originals.
    """
    if name not in SOURCES:
        raise unknown_name("data set", name, SOURCES)
    originals = tuple(file for file in SOURCES[name] if file.site)
    repacked = tuple(file for file in SOURCES[name] if not file.site)
    held = {file for file in SOURCES[name] if (folders()[0] / file.path).is_file()}
    if not originals or (repacked and held.issuperset(repacked) and not held.issuperset(originals)):
        return repacked
    return originals


def problem(path: Path, file: File) -> str | None:
    """What is wrong with the file at `path`, which should be `file`; None if the checksum is right or not known."""
    if file.checksum is None:
        return None
    import pooch

    algorithm, expected = file.checksum.split(":")
    try:
        found = pooch.file_hash(path, alg=algorithm)
    except OSError as error:
        return f"{path} cannot be read: {error.strerror}"
    if found == expected:
        return None
    or_else = ", or delete this one to have it downloaded again" if file.site else ""
    return (
        f"{path}: expected {file.n_bytes} bytes with {algorithm} {expected[:8]}..., "
        f"found {path.stat().st_size} bytes with {found[:8]}...\nPut the right file there{or_else}."
    )


def by_hand(file: File) -> str:
    """The line of an error that says how to do without the download."""
    start = "Put" if file.site else "It cannot be downloaded; put"
    folder = "name that folder: export NPGEN_DATA=/path/to/data"
    return f"{start} the file at <NPGEN_DATA>/{file.path} and {folder}"


class PoochBar:
    """The progress bar that pooch asks for, drawn by rich: pooch sets `total` and calls the three methods."""

    def __init__(self, progress, label: str):
        self.total = 0
        self._progress, self._task = progress, progress.add_task(label, total=None)

    def update(self, n_bytes: int) -> None:
        """`n_bytes` more have come."""
        self._progress.update(self._task, total=self.total, advance=n_bytes)

    def reset(self) -> None:
        """Back to 0: pooch does so at the end, then adds the whole size at once."""
        self._progress.reset(self._task)

    def close(self) -> None:
        """Nothing to do: the `with` around the download closes the display, also when the download fails."""


def download(file: File) -> Path:
    """Download `file` into the cache and return where it is; its checksum is right, or it is not kept.

    Raises
    ------
    InputError
        If it is a repacked file, cannot be had or written, or has another checksum.
    """
    if not file.site:
        raise InputError(f"{file.path} is not here.\n{by_hand(file)}")
    import pooch
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress

    place = folders()[-1] / file.path
    url = f"{file.site}/{place.name}"
    pooch.get_logger().setLevel("WARNING")  # below that it says what the progress bar says
    columns, console = ("{task.description}", BarColumn(), DownloadColumn()), Console(stderr=True)
    console.quiet = not console.is_terminal
    try:
        with Progress(*columns, console=console, transient=True) as progress:
            downloader = pooch.HTTPDownloader(progressbar=PoochBar(progress, file.path))
            pooch.retrieve(url, file.checksum, place.name, place.parent, downloader=downloader)
        place.chmod(0o666 & ~umask())  # pooch leaves it to its owner only; a cache may be shared
    except (OSError, ValueError) as error:  # the network, the disk or the server; or the checksum
        brief = re.sub(r"([0-9a-f]{8})[0-9a-f]{24,}", r"\1...", str(error))
        reason = textwrap.shorten(brief, 160, placeholder=" ...")
        raise InputError(f"could not download {url}: {reason}\n{by_hand(file)}") from error
    return place


def fetch(name: str) -> list[Path]:
    """The files of set `name`, each with the right checksum; downloads those that are missing.

    Raises
    ------
    InputError
        If the name is not known, a checksum is wrong, or a file is missing and cannot be downloaded.
    """
    paths = []
    for file in files_of(name):
        path = find(file)
        if path and (wrong := problem(path, file)):
            raise InputError(wrong)
        paths.append(path or download(file))
    return paths


# What `npgen data` shows. None of these downloads.


def place(name: str) -> str:
    """The folder or folders that hold set `name`, or words to say where it would come from."""
    files = files_of(name)
    if any(find(file) is None for file in files):
        return f"not here, {'would' if obtainable(name) else 'cannot'} be downloaded"
    return ", ".join(dict.fromkeys(str(find(file).parent) for file in files)) or "scikit-learn"


def obtainable(name: str) -> bool:
    """Whether each file of set `name` is here, or would be downloaded."""
    return all(find(file) or file.site for file in files_of(name))


def path(name: str) -> list[Path]:
    """Where the files of set `name` are; InputError if one is not here."""
    files = files_of(name)
    if not files:
        raise InputError(f"{name} has no files of its own: it is part of scikit-learn")
    missing = [file for file in files if find(file) is None]
    if missing:
        names = ", ".join(file.path for file in missing)
        looked_in = " or ".join(map(str, folders()))
        raise InputError(f"{name} is not here: no {names} in {looked_in}\n{by_hand(missing[0])}")
    return [find(file) for file in files]


class Verdict(NamedTuple):
    """What `verify` says about one file."""

    file: str
    verdict: str
    wrong: bool


def verify(name: str) -> list[Verdict]:
    """The verdict on each file of set `name`; recomputes the checksums. One that is not known cannot be wrong."""
    verdicts = []
    for file in files_of(name):
        path = find(file)
        wrong = problem(path, file) if path else f"not here. {by_hand(file)}"
        right = "right" if file.checksum else "here, but no checksum is known to compare it with"
        verdicts.append(Verdict(file.path, wrong or right, wrong is not None))
    return verdicts

"""Checkpoints: one .npz file of plain arrays, written atomically and read without pickle.

The file holds every leaf of a nested tree of arrays under its name (`params.W`, `optimiser.m.W`, ...), and one text
array, `about`, with JSON: the nesting, and whatever facts the caller adds (the recipe, the states of the random
generators).
"""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from npgen.errors import InputError
from npgen.files import atomic_write
from npgen.nested import named_leaves

FORMAT = "npgen checkpoint 1"
PICKLE = b"\x80"  # the first byte of a pickle


def save(path: str | Path, arrays: Any, facts: dict[str, Any]) -> None:
    """Write the nested tree `arrays` and the JSON-able `facts` to `path`, replacing an older file in one step."""
    about = json.dumps({"format": FORMAT, "nesting": _nesting(arrays), "facts": facts})
    with atomic_write(path) as file:
        np.savez(file, about=np.array(about), **dict(named_leaves(arrays)))


def load(path: str | Path) -> tuple[Any, dict[str, Any]]:
    """The nested tree of arrays and the facts that `save` wrote.

    Raises
    ------
    InputError
        If the file is missing, truncated, holds pickled objects, or was not written by `save`.
    """
    path = Path(path)
    if not os.path.isfile(path):  # unlike Path.is_file, not upset by a name that is too long
        raise InputError(f"{path}: no such file. A checkpoint is what `npgen train --out {path.name}` writes.")
    try:
        with open(path, "rb") as stream:  # np.load would leave a damaged file open
            file = np.load(stream, allow_pickle=False)
            if not isinstance(file, np.lib.npyio.NpzFile) or "about" not in file:
                raise InputError(f"{path}: not a checkpoint of npgen (it has no description of itself).")
            about = json.loads(str(file["about"]))
            if about.get("format") != FORMAT:
                raise InputError(f"{path}: expected {FORMAT!r}; found {about.get('format')!r}. Train it again.")
            arrays, facts = _restore(about["nesting"], file), about["facts"]
            if not (isinstance(arrays, dict) and isinstance(facts, dict)):
                raise InputError(f"{path}: not a checkpoint of a run of npgen.")
            return arrays, facts
    except InputError:
        raise
    except Exception as error:  # zipfile, zlib, json and NumPy have errors of their own for damaged bytes
        pickled = "Object arrays" in str(error) or path.read_bytes()[:1] == PICKLE
        why = "pickled objects, which are never read" if pickled else "truncated or not a .npz file"
        raise InputError(f"{path}: not a checkpoint of npgen ({why}). Train it again, or use another copy.") from error


def require_like(path: Path, found: Any, expected: Any) -> None:
    """Raise InputError unless the nest `found` has the names, shapes and dtypes of `expected`, and is finite."""
    shapes, right = (
        {name: (np.shape(leaf), str(np.asarray(leaf).dtype)) for name, leaf in named_leaves(nest)}
        for nest in (found, expected)
    )
    for name in {**right, **shapes}:
        if shapes.get(name) != right.get(name):
            raise InputError(
                f"{path} is a checkpoint of another model: expected {name} of {_words(right.get(name))}; "
                f"found {_words(shapes.get(name))}. Train it again."
            )
    for name, leaf in named_leaves(found):
        if not np.isfinite(leaf).all():
            raise InputError(f"{path}: {name} is not finite. Train it again.")


def _words(shape_and_dtype):
    return "shape {} and dtype {}".format(*shape_and_dtype) if shape_and_dtype else "none"


def _nesting(tree: Any, name: str = "") -> Any:
    """The shape of the nest as JSON: a leaf is its name; a tuple is told from a list, for the two differ in Python."""
    prefix = f"{name}." if name else ""
    if isinstance(tree, dict):
        return {"dict": {key: _nesting(branch, f"{prefix}{key}") for key, branch in tree.items()}}
    if isinstance(tree, (list, tuple)):
        kind = "tuple" if isinstance(tree, tuple) else "list"
        return {kind: [_nesting(branch, f"{prefix}{i}") for i, branch in enumerate(tree)]}
    return name


def _restore(nesting: Any, arrays: Any) -> Any:
    """The tree whose shape `_nesting` wrote, with its leaves taken from `arrays`."""
    if isinstance(nesting, str):
        return arrays[nesting]
    ((kind, branches),) = nesting.items()
    if kind == "dict":
        return {key: _restore(branch, arrays) for key, branch in branches.items()}
    return {"list": list, "tuple": tuple}[kind](_restore(branch, arrays) for branch in branches)

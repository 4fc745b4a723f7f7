"""The errors that a user can fix.

Everything that comes from outside (files, the command line, the arguments of `init_params`) is checked where it enters.
What is wrong is said in one or two lines: what was expected, what was found, what to do. The command line prints the
message of an `InputError` without a traceback and ends with exit code 2.
"""

import difflib
import numbers
from collections.abc import Iterable, Sequence


class InputError(ValueError):
    """Something given to npgen from outside is not usable; the message says what was expected and what to do."""


class Diverged(InputError):
    """The training loss became NaN or infinite."""


def unknown_name(kind: str, name: str, known: Iterable[str]) -> InputError:
    """The error for a name that is in no table, with the nearest known names."""
    known = sorted(known)
    near = difflib.get_close_matches(str(name).lower(), known, n=2)
    hint = f"Did you mean {' or '.join(near)}?" if near else f"Known: {', '.join(known)}."
    return InputError(f"unknown {kind} {name!r}. {hint}")


def require_layers(n_visible: int, hidden_sizes: Sequence[int]) -> None:
    """Raise InputError unless there is at least one hidden layer, and every layer has at least one unit."""
    if len(hidden_sizes) == 0:
        raise InputError("hidden_sizes: expected at least one hidden layer; found none")
    require_positive(n_visible=n_visible, **{f"hidden_sizes[{i}]": size for i, size in enumerate(hidden_sizes)})


def require_positive(**sizes: int) -> None:
    """Raise InputError unless every named size is an integer of at least 1."""
    for name, size in sizes.items():
        if not isinstance(size, numbers.Integral) or isinstance(size, bool) or size < 1:
            raise InputError(f"{name}: expected an integer of at least 1; found {size!r}")

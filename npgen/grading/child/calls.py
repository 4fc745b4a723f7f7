"""How a function of a submission is called. Runs in the child; the tests also run it on functions of their own.

A call is {"kind", "args", "seed", ...}; the answer {"result", "mutated"}, or {"error": {"type", "message", "line"}}.

| kind       | result                                                                                 |
|------------|----------------------------------------------------------------------------------------|
| "value"    | f(*args)                                                                               |
| "gradient" | [f(*args), the gradient of sum(weights * f(*args)) with respect to args[argnum]]       |
| "count"    | [f(*args), the number of multiplications and elementwise operations it took]           |
"""

import copy
import traceback
import warnings

import numpy as np
from autograd import make_vjp

MAX_TEXT = 500


def perform(function, call, filename="<submission>", counting=None):
    """The answer to one call. What the function raises becomes an answer too."""
    args = copy.deepcopy(call["args"])
    np.random.seed(call["seed"])  # noqa: NPY002 - the global state, from which submissions draw
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            result = _KINDS[call["kind"]](function, args, call, counting)
    except BaseException as error:  # also sys.exit()
        return {"error": describe(error, filename)}
    return {"result": result, "mutated": [i for i, arg in enumerate(args) if not _same(arg, call["args"][i])]}


def _value(function, args, call, counting):
    return function(*args)


def _gradient(function, args, call, counting):
    vjp, value = make_vjp(function, call["argnum"])(*args)
    return [value, vjp(call["weights"])]


def _count(function, args, call, counting):
    with counting.operations(function) as counted:
        value = function(*(counting.counted(arg) if isinstance(arg, np.ndarray) else arg for arg in args))
    return [value, counted.total]


_KINDS = {"value": _value, "gradient": _gradient, "count": _count}


def _same(a, b):
    """Whether two trees of arguments are equal bit for bit."""
    if isinstance(a, (list, tuple)):
        return type(a) is type(b) and len(a) == len(b) and all(map(_same, a, b))
    if isinstance(a, dict):
        return type(a) is type(b) and list(a) == list(b) and all(_same(a[key], b[key]) for key in a)
    if isinstance(a, np.ndarray):
        same_kind = isinstance(b, np.ndarray) and (a.dtype, a.shape) == (b.dtype, b.shape)
        return same_kind and a.tobytes() == b.tobytes()
    return type(a) is type(b) and a == b


def describe(error, filename):
    """Type, text and line of an exception, short and as plain text whatever its __str__ does."""
    try:
        message = str(error)[:MAX_TEXT]
    except Exception:  # its __str__ is the submission's own
        message = "(no text)"
    line = getattr(error, "lineno", None) if isinstance(error, SyntaxError) else None
    for frame, number in traceback.walk_tb(error.__traceback__):
        if frame.f_code.co_filename == filename:
            line = number
    return {"type": type(error).__name__[:MAX_TEXT], "message": message, "line": line}

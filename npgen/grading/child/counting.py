"""Counting what NumPy is asked to do: multiply-adds of products, and elements of everything else.

`counted(x)` is an array that counts, and so is whatever is computed from it. Inside `operations()` the sum is kept, and
arrays that are made by NumPy's functions (np.zeros, np.asarray, npr.rand, ...) count too:

    with operations(function) as work:
        function(counted(x), W)
    work.total

So the cost of an algorithm is known exactly, with no clock. Indexing, reshaping and plain copies are free. Each line
that runs of the file of `function` counts as one operation: that is how arithmetic on single Python numbers is seen.
What is done in compiled code (Numba) is not; who uses the number has to know how small it cannot be.
"""

import contextlib
import inspect
import math
import sys
import threading

import numpy as np


class Work:
    """A number of operations."""

    total = 0


_work = Work()  # of the block that runs now
_one_at_a_time = threading.RLock()  # NumPy's functions are replaced for the whole process


@contextlib.contextmanager
def operations(function=None):
    """A Work whose `total` grows with every operation on counted arrays inside the block.

    If a Python function is given, also with every line that runs of the file that it is written in.
    """
    global _work
    with _one_at_a_time:
        before, _work = _work, Work()
        tracer = sys.gettrace()
        code, names = _written(function)
        replaced = _replace_makers(names)
        if code is not None:
            sys.settrace(_line_counter(code.co_filename, _work))
        try:
            yield _work
        finally:
            sys.settrace(tracer)
            for namespace, name, original in replaced:
                namespace[name] = original
            _work = before


def counted(array):
    """The same array, whose operations are counted."""
    return np.ndarray.view(_asarray(array), Counted)


_asarray = np.asarray  # not the one that takes its place


def _written(function):
    """The code of a Python function and the names that it sees; None and nothing for any other callable."""
    with contextlib.suppress(Exception):  # a submission may define strange ones
        function = inspect.unwrap(function)
        return function.__code__, function.__globals__
    return None, {}


def _line_counter(filename, work):
    def line(frame, event, argument):
        if event == "line":
            work.total += 1
        return line

    return lambda frame, event, argument: line if frame.f_code.co_filename == filename else None


# --- arrays that the function makes ----------------------------------------------------------------------------------

# Functions that do not dispatch on the type of their arguments, or have no arrays among them: their results would be
# plain arrays, and np.asarray(W) would hide all that is done with W.
_MAKERS = {
    "numpy": "array asarray asanyarray ascontiguousarray asfortranarray zeros ones empty full arange linspace eye "
    "identity tri fromiter fromfunction concatenate_args",
    "numpy.random": "rand randn random random_sample uniform binomial randint normal standard_normal logistic",
}
_MODULES = {
    "numpy": ("numpy", "autograd.numpy", "autograd.numpy.numpy_wrapper"),
    "numpy.random": ("numpy.random", "autograd.numpy.random"),
}
_replacements = {}  # id of a maker -> (the maker, what takes its place); filled once


def _replace_makers(names):
    """Put counting makers in place of the others in NumPy's modules and in `names`; [(namespace, name, maker)]."""
    modules = [vars(sys.modules[m]) for several in _MODULES.values() for m in several if m in sys.modules]
    if not _replacements:
        for kind, makers in _MAKERS.items():
            for module in filter(None, map(sys.modules.get, _MODULES[kind])):
                for maker in (getattr(module, name, None) for name in makers.split()):
                    _replacements[id(maker)] = maker, _counting(maker)
        _replacements.pop(id(None), None)  # of names that a module does not have
    replaced = [
        (namespace, name, value)
        for namespace in (*modules, names)
        for name, value in namespace.items()
        if id(value) in _replacements
    ]
    for namespace, name, maker in replaced:
        namespace[name] = _replacements[id(maker)][1]
    return replaced


def _counting(maker):
    def make(*args, **options):
        return _counted(maker(*args, **options))

    return make


def _counted(result):
    """Counted arrays in place of plain ones of numbers, in what a NumPy function returns."""
    if isinstance(result, np.ndarray) and result.dtype.kind in "biuf":
        return np.ndarray.view(result, Counted)
    if type(result) in (list, tuple):
        return type(result)(map(_counted, result))
    return result


def _plain(tree):
    """The arguments of a NumPy function with plain arrays in place of counted ones."""
    if isinstance(tree, Counted):
        return np.ndarray.view(tree, np.ndarray)
    if type(tree) in (list, tuple):
        return type(tree)(map(_plain, tree))
    if type(tree) is dict:
        return {key: _plain(value) for key, value in tree.items()}
    return tree


# --- operations ------------------------------------------------------------------------------------------------------


class Counted(np.ndarray):
    """An array whose every operation is counted."""

    def __array_ufunc__(self, ufunc, method, *inputs, out=None, **options):
        if out is not None:
            options["out"] = _plain(out)
        plain = _plain(inputs)
        with _cost() as cost:
            result = getattr(ufunc, method)(*plain, **options)
            if ufunc.__name__ in _PRODUCTS:
                cost.total = _product(plain[0], result)
            elif method == "at":  # only some elements of the first argument
                cost.total = _largest(plain[1:])
            else:
                cost.total = _largest((*plain, result))
        return (out[0] if len(out) == 1 else out) if out is not None else _counted(result)

    def __array_function__(self, function, types, args, options):
        plain, plain_options = _plain(args), _plain(options)
        with _cost() as cost:
            result = function(*plain, **plain_options)
            if function in (np.dot, np.inner, np.vdot):
                cost.total = _product(plain[0], result)
            elif function is np.tensordot:
                # (n, k) (k, m) -> (n, m): sqrt(nk km nm) = n k m
                cost.total = round(math.sqrt(np.size(plain[0]) * np.size(plain[1]) * np.size(result)))
            elif function is np.einsum and isinstance(plain[0], str):
                cost.total = _einsum(plain[0], plain[1:])
            elif function not in _FREE:
                cost.total = _largest((plain, list(plain_options.values()), result))
        return options["out"] if options.get("out") is not None else _counted(result)

    def dot(self, other, out=None):  # the method is not dispatched
        return np.dot(self, other, out=out)

    def view(self, *args, **options):  # as a plain array it would not count
        return _counted(super().view(*args, **options))


_PRODUCTS = ("matmul", "vecdot", "matvec", "vecmat")

_VIEWS = (
    "shape ndim size reshape ravel transpose swapaxes moveaxis rollaxis expand_dims squeeze atleast_1d atleast_2d "
    "atleast_3d broadcast_to broadcast_arrays split array_split hsplit vsplit dsplit result_type zeros_like empty_like "
    "ones_like full_like copy copyto diagonal matrix_transpose may_share_memory shares_memory iscomplexobj isrealobj"
)
_FREE = {getattr(np, name) for name in _VIEWS.split() if hasattr(np, name)}


@contextlib.contextmanager
def _cost():
    """Count one operation with its cost and not with what happens inside NumPy, unless that is more (a callback)."""
    before, cost = _work.total, Work()
    yield cost
    _work.total = max(_work.total, before + cost.total)


def _product(a, result):
    """Multiply-adds of a product that sums over the last axis of a."""
    return np.size(result) * (np.shape(a)[-1] if np.ndim(a) else 1)


def _largest(tree):
    if type(tree) in (list, tuple):
        return max(map(_largest, tree), default=0)
    return tree.size if isinstance(tree, np.ndarray) else 1


def _einsum(subscripts, operands):
    """The size of the loop over all indices."""
    sizes = {}
    for names, operand in zip(subscripts.replace(" ", "").split("->")[0].split(","), operands, strict=True):
        shape = np.shape(operand)
        first, dots, last = names.partition("...")
        sizes.update(zip(first, shape, strict=False))
        sizes.update(zip(reversed(last), reversed(shape), strict=False))
        if dots:
            others = math.prod(shape[len(first) : len(shape) - len(last)])
            sizes["..."] = max(others, sizes.get("...", 1))
    return math.prod(sizes.values())

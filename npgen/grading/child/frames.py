"""What parent and child say to each other: trees of arrays, numbers and text, as frames on a pipe.

A frame is a length (4 bytes, little-endian, at most 4096), that many bytes of JSON, and for an array its raw
little-endian bytes. Trees are written from the root: {"list": 2} is followed by the frames of two trees. Type, shape
and size are checked before anything is read that depends on them; nothing is ever unpickled.
"""

import json
import math
import struct

import numpy as np

MAX_HEADER = 4096
MAX_BYTES = 256 * 2**20  # of all that is read with one budget
MAX_NODES = 10_000
MAX_DEPTH = 10
LONG = 20  # a list of more is sent as an array, if it is one: a frame for each of 10 000 numbers would be too many
MAX_TEXT = 1000  # characters of a text; the rest is cut off
KINDS = "biuf"  # booleans, integers and floats
DTYPES = {dtype.str: dtype for dtype in (np.dtype(c).newbyteorder("<") for c in "?bBhHiIlLqQefd")}  # no other is read


class BadFrame(Exception):
    """Bytes that are no tree. Nothing after them can be trusted."""


def write(stream, tree):
    """Write a tree of dicts (with str keys), lists, tuples, arrays, numbers, text, booleans and None, and flush.

    Any other object is sent as a frame that says its type and no more.
    """
    _write(stream, tree)
    stream.flush()


def _write(stream, tree, depth=0):
    if isinstance(tree, (np.ndarray, np.generic)) and tree.dtype.kind in KINDS and tree.dtype.itemsize <= 8:
        array = np.asarray(tree, dtype=tree.dtype.newbyteorder("<"), order="C")  # no subclass; a copy only if need be
        _header(stream, {"dtype": array.dtype.str, "shape": array.shape})
        stream.write(array.reshape(-1).view(np.uint8))
    elif isinstance(tree, (list, tuple)) and len(tree) > LONG and (array := _rectangular(tree)) is not None:
        _write(stream, array)
    elif isinstance(tree, (list, tuple)) and depth < MAX_DEPTH:  # also named tuples
        _header(stream, {"list" if isinstance(tree, list) else "tuple": len(tree)})
        for child in tree:
            _write(stream, child, depth + 1)
    elif type(tree) is dict and depth < MAX_DEPTH:
        _header(stream, {"dict": list(tree)})
        for child in tree.values():
            _write(stream, child, depth + 1)
    elif tree is None or type(tree) in (bool, int, float, str):
        _header(stream, {"value": tree})
    else:
        _header(stream, {"other": type(tree).__name__[:80]})


def _rectangular(tree):
    """The array of numbers that nested lists are, None if they are none."""
    try:
        array = np.array(tree)
    except Exception:  # ragged, or objects with ideas of their own
        return None
    return array if array.dtype.kind in KINDS and array.dtype.itemsize <= 8 else None


def _header(stream, header):
    text = json.dumps(header, ensure_ascii=False).encode("utf-8", "replace")
    if len(text) > MAX_HEADER:
        raise BadFrame(f"a frame of {len(text)} bytes of JSON; at most {MAX_HEADER} are allowed")
    stream.write(struct.pack("<I", len(text)) + text)


class Other:
    """In place of an object that cannot be sent: all that is known is the name of its type."""

    def __init__(self, type_name):
        self.type_name = type_name


class Budget:
    """How many bytes may still be read: of one tree, or of all that come from a child, which its parent may keep."""

    def __init__(self, n_bytes=MAX_BYTES):
        self.left = n_bytes

    def spend(self, n_bytes):
        """BadFrame where there is not so much left."""
        if n_bytes > self.left:
            raise BadFrame("more bytes of answers than are kept")
        self.left -= n_bytes


def read(stream, budget=None):
    """The next tree; arrays are new and writeable. EOFError where the stream ends, BadFrame where it makes no sense."""
    return _Reader(stream, budget or Budget()).tree(0)


class _Reader:
    def __init__(self, stream, budget):
        self.stream, self.budget, self.nodes_left = stream, budget, MAX_NODES

    def exactly(self, n):
        self.budget.spend(n)
        content = bytearray(n)
        filled = 0
        while filled < n:
            count = self.stream.readinto(memoryview(content)[filled : filled + 2**20])
            if not count:
                raise EOFError
            filled += count
        return content

    def header(self):
        (length,) = struct.unpack("<I", self.exactly(4))
        if length > MAX_HEADER:
            raise BadFrame(f"a header of {length} bytes")
        text = self.exactly(length)
        try:
            header = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise BadFrame("a header that is not JSON") from error
        if not isinstance(header, dict):
            raise BadFrame("a header that is not an object")
        return header

    def tree(self, depth):
        self.nodes_left -= 1
        if depth > MAX_DEPTH or self.nodes_left < 0:
            raise BadFrame("too many nested values")
        header = self.header()
        match header:
            case {"dtype": str(dtype), "shape": list(shape)}:
                return self.array(dtype, shape)
            case {"list": int(n)}:
                return [self.tree(depth + 1) for _ in range(self.count(n))]
            case {"tuple": int(n)}:
                return tuple(self.tree(depth + 1) for _ in range(self.count(n)))
            case {"dict": list(keys)} if all(isinstance(key, str) for key in keys):
                return {key: self.tree(depth + 1) for key in keys}
            case {"value": int(value)} if not -(2**63) <= value < 2**64:
                return Other("int")  # no array can hold it
            case {"value": str(text)}:
                return plain(text)
            case {"value": None | bool() | int() | float() as value}:
                return value
            case {"other": str(name)}:
                return Other(plain(name))
        raise BadFrame("a header of no known kind")

    def count(self, n):
        if not 0 <= n <= self.nodes_left:
            raise BadFrame(f"{n} values in one list")
        return n

    def array(self, name, shape):
        if name not in DTYPES:  # and NumPy is not asked: it would run text of this kind through Python's parser
            raise BadFrame("a type of array that is not a number")
        if len(shape) > 8 or not all(type(n) is int and 0 <= n < 2**31 for n in shape):
            raise BadFrame("a shape that is not a list of sizes")
        dtype = DTYPES[name]
        if math.prod(max(n, 1) for n in shape) * dtype.itemsize > MAX_BYTES:  # NumPy refuses some empty ones, too
            raise BadFrame(f"an array of shape {shape}")
        array = np.frombuffer(self.exactly(math.prod(shape) * dtype.itemsize), dtype).reshape(shape)
        return array.astype(dtype.newbyteorder("="), copy=False)


def plain(text):
    """The text without control characters and lone surrogates, cut off if long: it may go to a terminal or a file."""
    return "".join(c for c in text[:MAX_TEXT] if c == "\n" or c.isprintable())

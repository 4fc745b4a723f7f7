"""What a student hands in -> the text to run: zip files and notebooks are read here, and nothing is run.

A batch does this in a process of its own with limits of memory and time, for a few kilobytes can unpack to gigabytes
and a few hundred brackets can end a parser:

    python -I -S -B parsing.py < request

A request is a line of JSON, {"name", "topic", "own", "given"}, then the bytes of the file. The answer is two lines:
{"source": base64} or {"problem", "names"}, and {"similarity": [...]}. Only the standard library is needed.
"""

import ast
import base64
import collections
import io
import json
import re
import sys
import zipfile
from pathlib import PurePosixPath

try:
    import resource
except ImportError:  # Windows
    resource = None

SUFFIXES = (".py", ".ipynb")
MAX_BYTES = {".py": 2 * 2**20, ".ipynb": 20 * 2**20, ".zip": 20 * 2**20}  # notebooks hold their figures
MAX_FILES = 1000  # in a folder or a zip file
MAX_MEMORY, MAX_SECONDS = 2**30, 10  # of the process

MIN_PARTS = 12  # of a function, to be compared: shorter ones are alike by nature
SIMILAR = 0.8


class Unreadable(Exception):
    """`problem` is a key of npgen.grading.submissions.PROBLEMS; `names` are the files that it is about."""

    def __init__(self, problem, *names):
        super().__init__(problem, *names)
        self.problem, self.names = problem, names


def choose(names, topic):
    """The one file that counts among those of a student.

    That is the one with the name of the topic; if there is none, the only Python file or notebook, whatever its name.
    """
    visible = [name for name in names if not _hidden(name)]
    paths = {name: PurePosixPath(name) for name in visible}
    candidates = [name for name in visible if paths[name].suffix.lower() in SUFFIXES]
    named = [name for name in candidates if paths[name].stem.lower() == topic]
    for found in (named, candidates):
        if len(found) > 1:
            raise Unreadable("several", *sorted(found))
        if found:
            return found[0]
    raise Unreadable("none")


def _hidden(name):
    """What editors, macOS and pytest leave behind."""
    path = PurePosixPath(name)
    return path.name == "conftest.py" or any(part.startswith((".", "__")) for part in path.parts)


def source_of(name, content, topic):
    """The Python text of a .py file, a notebook, or a zip file with one of them."""
    suffix = PurePosixPath(name).suffix.lower()
    if suffix == ".zip":
        name, content = _unzipped(name, content, topic)
        suffix = PurePosixPath(name).suffix.lower()
    return notebook_code(name, content) if suffix == ".ipynb" else content


# --- zip files -------------------------------------------------------------------------------------------------------


def _unzipped(archive, content, topic):
    """(name, content) of the file that counts. Nothing is ever written, so no name in the archive leads anywhere."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as opened:
            infos = [info for info in opened.infolist() if _is_file(info)]
            if len(infos) > MAX_FILES:
                raise Unreadable("many", archive)
            # Two entries of one name are two files: which one counts depends on the program that unpacks them.
            names = [info.filename.replace("\\", "/") for info in infos]
            name = choose(names, topic)
            cap = MAX_BYTES[PurePosixPath(name).suffix.lower()]
            with opened.open(infos[names.index(name)]) as file:
                unpacked = file.read(cap + 1)  # whatever size the archive says it has
    except Unreadable:
        raise
    except Exception as error:  # zipfile, zlib, lzma and bz2 have errors of their own; RuntimeError is a password
        raise Unreadable("zip", archive) from error
    if len(unpacked) > cap:
        raise Unreadable("large", name)
    return name, unpacked


def _is_file(info):
    kind = info.external_attr >> 28  # of Unix, or 0: 0o10 is a regular file, 0o12 a symbolic link
    parts = PurePosixPath(info.filename.replace("\\", "/"))
    inside = not parts.is_absolute() and ".." not in parts.parts
    return inside and not info.is_dir() and kind in (0, 0o10)


# --- notebooks -------------------------------------------------------------------------------------------------------


def notebook_code(name, content):
    """The code cells of a notebook one after another, without magics and shell lines; a line stays a line."""
    try:
        notebook = json.loads(content.decode("utf-8-sig"))
        sheets = notebook.get("worksheets", [notebook])  # the form of before 2014
        cells = [cell for sheet in sheets for cell in sheet["cells"] if cell["cell_type"] == "code"]
        sources = [_joined(cell["source"] if "source" in cell else cell["input"]) for cell in cells]
        return "\n\n".join(_without_magics(source) for source in sources).encode()
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, MemoryError) as error:
        raise Unreadable("notebook", name) from error


def _joined(lines):
    return lines if isinstance(lines, str) else "".join(lines)


# A line of its own that IPython understands and Python does not: %matplotlib inline, !pip install, np.dot?
# A line that begins with an operator, as in `% (a, b)` or `%(a, b)`, is the rest of an expression.
MAGIC = re.compile(r"^([ \t]*)(%[A-Za-z].*|[!?].*|[\w.]+\?{1,2}[ \t]*)$", flags=re.MULTILINE)


def _without_magics(source):
    if source.lstrip().startswith("%%"):  # the whole cell is another language, or is timed
        first, _, rest = source.lstrip().partition("\n")
        return rest if first.split()[0] in ("%%time", "%%timeit", "%%capture") else ""
    return MAGIC.sub(r"\1pass  # \2", source)


# --- how alike two functions are -------------------------------------------------------------------------------------


def similarity(source, own, given):
    """[{"function", "npgen", "ratio"}]: functions that are nearly one of `own`, whatever their variables are called.

    Parameters
    ----------
    own
        {name: text} of npgen's own functions.
    given
        Names of functions that the exercise ships, which everybody has.
    """
    ours = {name: parts(_functions(ast.parse(text))[0]) for name, text in own.items()}
    flags = []
    for function in _functions(ast.parse(source)):
        theirs = parts(function)
        if function.name in given or theirs.total() < MIN_PARTS:
            continue
        ratios = {name: 2 * (theirs & known).total() / (theirs.total() + known.total()) for name, known in ours.items()}
        nearest = max(ratios, key=ratios.get, default=None)
        if nearest is not None and ratios[nearest] >= SIMILAR:
            flags.append({"function": function.name, "npgen": nearest, "ratio": round(ratios[nearest], 3)})
    return flags


def _functions(tree):
    return [node for node in tree.body if isinstance(node, ast.FunctionDef)]


def parts(function):
    """The parts of a function, each as what it consists of, counted; comments, names and annotations do not matter."""
    local = {node.arg for node in ast.walk(function) if isinstance(node, ast.arg)}
    local |= {node.id for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    counted = collections.Counter()

    def visit(node):
        if isinstance(node, ast.Name):
            return "_" if node.id in local else node.id
        if not isinstance(node, ast.AST):
            return repr(node)
        inside = [(name, value) for name, value in ast.iter_fields(node) if name not in _UNIMPORTANT]
        described = (
            (name, tuple(map(visit, value)) if isinstance(value, list) else visit(value)) for name, value in inside
        )
        # Only the hash of a part goes into the one around it, so the work grows with the length of the text.
        whole = hash((type(node).__name__, *described))
        if not isinstance(node, _LEAVES):
            counted[whole] += 1
        return whole

    for statement in function.body:
        if not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)):  # a docstring
            visit(statement)
    return counted


_UNIMPORTANT = ("ctx", "annotation", "returns", "type_comment", "kind")
_LEAVES = (ast.Constant, ast.operator, ast.unaryop, ast.cmpop, ast.boolop, ast.expr_context, ast.arg, ast.arguments)


# --- the process -----------------------------------------------------------------------------------------------------


def main():
    """Answer one request on stdin."""
    if resource is not None:
        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (MAX_SECONDS, MAX_SECONDS))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    request = json.loads(sys.stdin.buffer.readline())
    content = sys.stdin.buffer.read()
    try:
        source = source_of(request["name"], content, request["topic"])
    except Unreadable as error:
        _answer({"problem": error.problem, "names": error.names})
        return
    _answer({"source": base64.b64encode(source).decode()})
    try:
        flags = similarity(source, request["own"], request["given"])
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # that is for the marking to say
        flags = []
    _answer({"similarity": flags})


def _answer(answer):
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()

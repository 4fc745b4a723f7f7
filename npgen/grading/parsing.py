"""What a student hands in -> the text to run: zip files and notebooks are read here, and nothing is run.

A batch does this in a process of its own with limits of memory and time, for a few kilobytes can unpack to gigabytes
and a few hundred brackets can end a parser:

    python -I -S -B parsing.py < request

A request is a line of JSON, {"name", "topic", "own", "given"}, then the bytes of the file. The answer is two lines:
{"source": base64, "left_out": [...]} or {"problem", "names"}, and {"similarity": [...], "forms": {...}} or, where there
was too much to compare, {"similarity": null, "forms": {}}. Only the standard library is needed.
"""

import ast
import base64
import collections
import hashlib
import io
import json
import re
import sys
import warnings
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
MAX_FLAGS, MAX_NAME = 20, 80  # of a student; characters of the name of a function
MAX_FUNCTIONS = 1000  # that are compared
MIN_NODES = 30  # of a function whose form is kept: shorter ones are alike by nature
MAX_FORMS = 100  # of a student


class Unreadable(Exception):
    """`problem` is a key of npgen.grading.submissions.PROBLEMS; `names` are the files that it is about."""

    def __init__(self, problem, *names):
        super().__init__(problem, *names)
        self.problem, self.names = problem, names


def choose(names, topic):
    """The one file that counts among those of a student.

    That is the one with the name of the topic; if there is none, the only Python file or notebook, whatever its name.
    """
    visible = [name for name in names if not hidden(name)]
    paths = {name: PurePosixPath(name) for name in visible}
    candidates = [name for name in visible if paths[name].suffix.lower() in SUFFIXES]
    named = [name for name in candidates if paths[name].stem.lower() == topic]
    for found in (named, candidates):
        if len(found) > 1:
            raise Unreadable("several", *sorted(found))
        if found:
            return found[0]
    raise Unreadable("none", *sorted(visible))


def hidden(name):
    """What editors, macOS and pytest leave behind."""
    path = PurePosixPath(name)
    return path.name == "conftest.py" or any(part.startswith((".", "__")) for part in path.parts)


def source_of(name, content, topic):
    """The Python text of a .py file, a notebook, or a zip file with one of them, and the cells that were left out."""
    suffix = PurePosixPath(name).suffix.lower()
    if suffix == ".zip":
        name, content = _unzipped(name, content, topic)
        suffix = PurePosixPath(name).suffix.lower()
    return notebook_code(name, content) if suffix == ".ipynb" else (content, [])


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
    """The code cells of a notebook one after another, as one module, and the numbers of those that were left out.

    A cell that Python cannot read never ran, and takes no other cell with it. One that raises an exception when it is
    run ends the module, as it ends "Run all" and as it would in a .py file. Magics and shell lines become comments; a
    line stays a line.
    """
    try:
        notebook = json.loads(content.decode("utf-8-sig"))
        sheets = notebook.get("worksheets", [notebook])  # the form of before 2014
        cells = [cell for sheet in sheets for cell in sheet["cells"] if cell["cell_type"] == "code"]
        sources = [_joined(cell["source"] if "source" in cell else cell["input"]) for cell in cells]
        texts = [source if _is_python(source) else _without_magics(source) for source in sources]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, MemoryError) as error:
        raise Unreadable("notebook", name) from error
    left_out = [number for number, text in enumerate(texts, start=1) if not _is_python(text)]
    return "\n\n".join(text for number, text in enumerate(texts, start=1) if number not in left_out).encode(), left_out


def _joined(lines):
    return lines if isinstance(lines, str) else "".join(lines)


def _is_python(text):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(text, "cell", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError):
        return False
    return True


# What IPython understands and Python does not, where a statement may begin: %matplotlib inline, !pip install, np.dot?,
# files = !ls. What it gives is needed only of %time, and an assignment has to assign something.
_REST = r"(?:\\\n|[^\n])*"
MAGIC = re.compile(rf"([ \t]*)([%!?]{_REST}|[\w.]+\?{{1,2}}[ \t]*(?=\n|\Z))")
ASSIGNED = re.compile(rf"([^\n#'\"=]+=[ \t]*)([%!]{_REST})")
TIMED = re.compile(r"%time[ \t]+(?=\S)")
# The rest of a statement, up to its end or to a bracket: lines within brackets and strings begin no statement.
PIECE = re.compile(
    r"""#[^\n]*|\"{3}(?:\\.|[^\\])*?\"{3}|'{3}(?:\\.|[^\\])*?'{3}|"(?:\\.|[^\\\n"])*"|'(?:\\.|[^\\\n'])*'"""
    r"""|(?P<open>[(\[{])|(?P<close>[)\]}])|(?P<end>\n)|\\\n|[^#"'()\[\]{}\n\\]+|.""",
    flags=re.DOTALL,
)
CELL_MAGICS = ("%%time", "%%timeit", "%%capture", "%%prun")  # of Python; the whole cell of another one is none
WRITTEN = re.compile(r"%%(?:writefile|file)[ \t].*\.py[\"']?[ \t]*")


def _without_magics(source):
    if source.lstrip().startswith("%%"):
        first, _, rest = source.lstrip().partition("\n")
        is_python = first.split()[0] in CELL_MAGICS or WRITTEN.fullmatch(first)
        source = rest if is_python else ""
    kept, position = [], 0
    while position < len(source):
        magic, nothing = MAGIC.match(source, position), "pass"
        if magic is None:
            magic, nothing = ASSIGNED.match(source, position), "[]"
        if magic is not None:
            before, line = magic.groups()
            timed = TIMED.match(line)
            kept.append(before + (line[timed.end() :] if timed else f"{nothing}  # " + line.replace("\n", "\n# ")))
            position = magic.end()
        end = _end_of_statement(source, position)
        kept.append(source[position:end])
        position = end
    return "".join(kept)


def _end_of_statement(source, position):
    """Where the next one begins."""
    depth = 0
    for piece in PIECE.finditer(source, position):
        depth += (piece["open"] is not None) - (piece["close"] is not None)
        if piece["end"] and depth <= 0:
            return piece.end()
    return len(source)


# --- how alike two functions are -------------------------------------------------------------------------------------


def similarity(source, own, given):
    """[{"function", "npgen", "ratio"}]: functions that are nearly one of `own`, whatever their variables are called.

    No more than MAX_FLAGS of them, the nearest; None if there are too many functions to compare.

    Parameters
    ----------
    own
        {name: text} of npgen's own functions.
    given
        Names of functions that the exercise ships, which everybody has.
    """
    ours = {name: parts(_functions(ast.parse(text))[0]) for name, text in own.items()}
    functions = _functions(ast.parse(source))
    if len(functions) > MAX_FUNCTIONS:
        return None
    nearest = {}  # of each name: a function may be defined several times
    for function in functions:
        theirs = parts(function)
        if function.name in given or theirs.total() < MIN_PARTS:
            continue
        for name, known in ours.items():
            ratio = 2 * (theirs & known).total() / (theirs.total() + known.total())
            if ratio >= max(SIMILAR, nearest.get(function.name, (0,))[0]):
                nearest[function.name] = ratio, name
    flags = [
        {"function": function[:MAX_NAME], "npgen": name, "ratio": round(ratio, 3)}
        for function, (ratio, name) in nearest.items()
    ]
    return sorted(flags, key=lambda flag: -flag["ratio"])[:MAX_FLAGS]


def _functions(tree):
    """All of them: methods, too, and those in a function or under a condition."""
    return [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]


def parts(function):
    """The parts of a function, each as what it consists of, counted; comments, names and annotations do not matter."""
    local = _local(function)
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

    for statement in _without_docstring(function):
        visit(statement)
    return counted


_UNIMPORTANT = ("ctx", "annotation", "returns", "type_comment", "kind")
_LEAVES = (ast.Constant, ast.operator, ast.unaryop, ast.cmpop, ast.boolop, ast.expr_context, ast.arg, ast.arguments)


def forms(source, given):
    """{function: hash}, the same for two functions that differ in comments, annotations and local names only.

    Those of the module itself that are long enough, without `given`: what two students wrote alike, and nobody gave
    them. No more than MAX_FORMS.
    """
    found = {}
    for node in ast.parse(source).body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name not in given:
            found.pop(node.name, None)  # the last of a name counts
            form, n_nodes = form_of(node)
            if n_nodes >= MIN_NODES:
                found[node.name[:MAX_NAME]] = form
    return dict(list(found.items())[:MAX_FORMS])


def form_of(function):
    """(the hash of a function's form, the number of nodes in it); local names are numbered as they appear."""
    local, numbers = _local(function), {}
    digest, n_nodes = hashlib.blake2b(digest_size=8), 0
    waiting = [function.args, *_without_docstring(function)][::-1]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.AST):
            n_nodes += 1
            digest.update(f"({type(node).__name__}".encode())
            name = {ast.Name: "id", ast.arg: "arg"}.get(type(node))
            if name and getattr(node, name) in local:
                number = numbers.setdefault(getattr(node, name), len(numbers))
                digest.update(f"_{number}".encode())
                continue
            waiting += [value for name, value in ast.iter_fields(node) if name not in _UNIMPORTANT][::-1]
        elif isinstance(node, list):
            digest.update(f"[{len(node)}".encode())
            waiting += node[::-1]
        else:
            digest.update(f"={node!r}".encode())
    return digest.hexdigest(), n_nodes


def _local(function):
    """The names of arguments and of what is assigned to."""
    nodes = list(ast.walk(function))
    names = {node.arg for node in nodes if isinstance(node, ast.arg)}
    return names | {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}


def _without_docstring(function):
    """The statements of a function but those that are a constant alone."""
    return [node for node in function.body if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))]


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
        source, left_out = source_of(request["name"], content, request["topic"])
    except Unreadable as error:
        _answer({"problem": error.problem, "names": error.names})
        return
    _answer({"source": base64.b64encode(source).decode(), "left_out": left_out})
    try:
        flags = similarity(source, request["own"], request["given"])
        compared = {"similarity": flags, "forms": {} if flags is None else forms(source, request["given"])}
    except (SyntaxError, ValueError):  # that is for the marking to say
        compared = {"similarity": [], "forms": {}}
    except (RecursionError, MemoryError):
        compared = {"similarity": None, "forms": {}}
    _answer(compared)


def _answer(answer):
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()

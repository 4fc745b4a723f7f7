"""What a submission may do to the process that runs it, and what comes of that: one failed function, with a reason."""

import os
import textwrap
import time

import autograd.numpy as np
import pytest
from numpy.testing import assert_allclose

from npgen.grading import isolation
from npgen.grading import sandbox as sandboxes
from npgen.grading.judging import Case, Check, deterministic
from npgen.grading.language import Message
from npgen.grading.marking import mark
from npgen.grading.sandbox import FORKS, Sandbox
from npgen.grading.submission import Submission, read


def double(x):
    return 2 * x


def quadruple(x):
    return 2 * double(x)


def cases(rng):
    return [Case([rng.standard_normal(3)], Message("n = 3"), gradients=(0,))]


DOUBLE = Check("vae", "double", "(x) -> (n,)", 1, double, deterministic(double, cases))
QUADRUPLE = Check(
    "vae", "quadruple", "(x) -> (n,)", 1, quadruple, deterministic(quadruple, cases), builds_on=("double",)
)
RIGHT = b"def double(x):\n    return 2 * x\n"


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(seconds=5) as sandbox:
        yield sandbox


@pytest.fixture(params=["fork", "spawn"])
def either(request, monkeypatch):
    """A sandbox as on Unix, and as on Windows."""
    if request.param == "fork" and not FORKS:
        pytest.skip("no fork here")
    monkeypatch.setattr(sandboxes, "FORKS", request.param == "fork")
    with Sandbox(seconds=5) as sandbox:
        yield sandbox


def verdict(sandbox, text, check=DOUBLE):
    source = text if isinstance(text, bytes) else textwrap.dedent(text).encode()
    return mark(Submission("work.py", source), check, sandbox, seed=0)


def words(found):
    return found.finding.message.into("en")


def test_a_right_function_passes(either):
    found = verdict(either, RIGHT)
    assert (found.status, found.score, found.finding) == ("passed", 1, None)


def test_what_it_prints_is_kept_and_harms_nothing(either):
    found = verdict(
        either, "import sys\ndef double(x):\n    print('á', x.shape)\n    print('e', file=sys.stderr)\n    return 2 * x"
    )
    assert found.status == "passed" and found.printed.startswith("á (3,)\ne\n")


def test_what_it_writes_to_the_descriptor_of_stdout_is_no_answer(either):
    found = verdict(either, "import os\ndef double(x):\n    os.write(1, b'\\0' * 9)\n    return 2 * x")
    assert found.status == "passed"


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        ("while True: pass", "timeout", "longer than 1 s"),
        ("import time; time.sleep(60)", "timeout", "longer than 1 s"),
        ("import os; os._exit(0)", "crashed", "ended without an answer"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "crashed", "ended without an answer"),
        ("import sys; sys.exit(0)", "error", "SystemExit"),
        ("raise KeyboardInterrupt", "error", "KeyboardInterrupt"),
        ("1 / 0", "error", "ZeroDivisionError"),
        ("return double(x)", "error", "RecursionError"),
        ("return bytearray(2**40)", "error", "MemoryError"),
        ("return np.zeros(2**40)", "error", "MemoryError"),
        ("return np.broadcast_to(x[0], 2**33)", "error", "MemoryError"),
        ("return lambda: 0", "failed", "It should return an array of shape (3,)"),
        ("return np.array([None] * 3)", "failed", "It should return an array"),
        ("return x.astype(complex)", "failed", "It should return an array"),
        ("return None", "failed", "It should return an array"),
        ("return {'result': 2 * x}", "failed", "It should return an array"),
        ("x *= 2; return x", "failed", "changes its argument number 1"),
        ("return (2 * x)[:, None]", "failed", "shape (3, 1); expected (3,)"),
        ("return x * np.nan", "failed", "nan where it should be finite"),
        ("raise NotImplementedError", "missing", "Not written yet"),
    ],
)
def test_a_function_that_does_not_answer_right(body, status, says):
    with Sandbox(seconds=1) as sandbox:
        found = verdict(sandbox, f"import numpy as np\ndef double(x):\n    {body}\n")
        assert (found.status, found.score) == (status, 0), found
        assert says in words(found)
        assert verdict(sandbox, RIGHT).status == "passed"  # the next one is none the worse


def test_an_exception_that_is_hostile_itself(sandbox):
    text = """
    class E(Exception):
        def __str__(self):
            {}
    def double(x):
        raise E
    """
    assert verdict(sandbox, text.format("raise SystemExit")).status in ("error", "crashed")
    found = verdict(sandbox, text.format("return 'x' * 10**8"))
    assert found.status == "error" and len(words(found)) < 1000


def test_a_flood_of_output_is_cut_off(sandbox):
    found = verdict(sandbox, "def double(x):\n    print('x' * 10**6)\n    return 2 * x")
    assert found.status == "passed" and len(found.printed) <= sandboxes.MAX_OUTPUT
    beginning = time.perf_counter()
    found = verdict(sandbox, "def double(x):\n    while True:\n        print('x' * 10**6)")
    assert found.status in ("error", "crashed", "timeout") and time.perf_counter() - beginning < 15


@pytest.mark.parametrize(
    ("text", "status", "says"),
    [
        ("def double(x:\n    return 2 * x", "error", "SyntaxError"),
        ("def double(x):\nreturn 2 * x", "error", "IndentationError"),
        ("import no_such_module", "error", "ModuleNotFoundError"),
        ("import sys; sys.exit(3)", "error", "SystemExit"),
        ("x = 1", "missing", "no function of this name"),
        ("double = 2", "missing", "no function of this name"),
        ("", "missing", "no function of this name"),
        (b"\0\xff\xfe", "error", ""),
        ("while True: pass", "timeout", "longer than"),
    ],
)
def test_a_file_that_cannot_be_loaded(text, status, says):
    with Sandbox(seconds=1) as sandbox:
        found = verdict(sandbox, text)
        assert found.status == status and says in words(found)


def test_an_error_says_its_line(sandbox):
    found = verdict(sandbox, "import numpy\n\ndef double(x):\n    y = 1\n    return y + z\n")
    assert [detail.into("en") for detail in found.finding.details] == ["line 5"]


@pytest.mark.parametrize(
    "text", [b"\xef\xbb\xbf" + RIGHT, RIGHT.replace(b"\n", b"\r\n"), b"# -*- coding: latin-1 -*-\n# \xe1\n" + RIGHT]
)
def test_files_from_other_editors(sandbox, text):
    assert verdict(sandbox, text).status == "passed"


def test_what_lies_beside_a_submission_does_nothing(either, tmp_path, monkeypatch):
    (tmp_path / "vae.py").write_bytes(b"import numpy, conftest_of_mine\n" + RIGHT)
    for name in ("numpy.py", "sitecustomize.py", "usercustomize.py", "conftest.py", "calls.py", "json.py"):
        (tmp_path / name).write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    submitted = read(tmp_path / "vae.py")
    with Sandbox() as sandbox:
        assert mark(submitted, DOUBLE, sandbox, seed=0).finding.message.into("en").startswith("It stops with ModuleNot")
        assert verdict(sandbox, b"import numpy, json\n" + RIGHT).status == "passed"
    assert not (tmp_path / "ran").exists()


def test_the_environment_is_not_passed_on(either, monkeypatch):
    monkeypatch.setenv("SECRET_OF_THE_GRADER", "1")
    found = verdict(
        either, "import os\ndef double(x):\n    return 2 * x if 'SECRET_OF_THE_GRADER' not in os.environ else x"
    )
    assert found.status == "passed"


def test_nothing_is_left_behind(tmp_path):
    with Sandbox(seconds=1) as sandbox:
        zygote = sandbox._zygote
        verdict(sandbox, RIGHT)
        verdict(sandbox, "def double(x):\n    while True: pass")
        descriptors = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
        for _ in range(5):
            verdict(sandbox, RIGHT)
        if descriptors:
            assert len(os.listdir("/proc/self/fd")) == descriptors
    assert zygote is None or zygote.returncode is not None


@pytest.mark.skipif(not FORKS, reason="no fork here")
def test_what_is_slow_to_import_is_imported_once(sandbox):
    assert verdict(sandbox, b"import scipy.special\n" + RIGHT).status == "passed"
    text = "import sys\nassert 'scipy.' + 'special' in sys.modules\n" + RIGHT.decode()
    assert verdict(sandbox, text.replace("special", "spe' + 'cial")).status == "passed"


@pytest.mark.skipif(not FORKS, reason="no fork here")
def test_the_end_of_the_zygote_is_not_that_of_the_sandbox():
    with Sandbox(seconds=5) as sandbox:
        found = verdict(sandbox, "import os, time\nos.kill(os.getppid(), 9)\ntime.sleep(9)")
        assert (found.status, found.score) == ("crashed", 0)
        assert verdict(sandbox, RIGHT).status == "passed"
        sandbox._zygote.kill()
        sandbox._zygote.wait()
        assert verdict(sandbox, RIGHT).status == "passed"


# --- other functions of the same file


@pytest.mark.parametrize(
    "own", ["raise NotImplementedError", "return 3 * x", "return float(x)", "1 / 0", "return None", "x *= 2; return x"]
)
def test_a_function_is_not_marked_down_for_another_one(sandbox, own):
    text = f"def double(x):\n    {own}\ndef quadruple(x):\n    return 2 * double(x)\n"
    assert verdict(sandbox, text, DOUBLE).status != "passed"
    found = verdict(sandbox, text, QUADRUPLE)
    assert found.status == "passed"
    assert found.note.into("en").endswith("once these functions of yours are right, too: double.")


def test_a_wrong_function_stays_wrong_with_right_ones_in_place_of_its_own(sandbox):
    text = "def double(x):\n    return 3 * x\ndef quadruple(x):\n    return 3 * double(x)\n"
    found = verdict(sandbox, text, QUADRUPLE)
    assert (found.status, found.finding.diagnosis, found.note) == ("failed", "wrong_value", None)
    text = "def double(x):\n    return 3 * x\ndef quadruple(x):\n    return double(None)\n"
    assert verdict(sandbox, text, QUADRUPLE).status == "error"
    text = "def double(x):\n    return 3 * x\ndef quadruple(x):\n    raise NotImplementedError\n"
    assert verdict(sandbox, text, QUADRUPLE).status == "missing"


@pytest.fixture(autouse=True)
def references(monkeypatch):
    """The stand-ins of these checks."""
    monkeypatch.setattr("npgen.grading.checks.load", lambda topic: (DOUBLE, QUADRUPLE))


@pytest.mark.parametrize("level", ["L1", "L2"])
def test_the_gradient_of_a_random_stand_in_belongs_to_its_value(level, monkeypatch):
    monkeypatch.undo()
    if isolation.LEVELS.index(isolation.best()) < isolation.LEVELS.index(level):
        pytest.skip(f"no {level} here")
    source = b"def f(x):\n    return g(x)\ndef g(x):\n    return x\n"
    x = np.array([[1.0, 2.0, 3.0, 0.1, 0.2, 0.3]])
    reference = "vae.sample_latent_variables_from_posterior"
    with Sandbox(level=level) as sandbox, sandbox.job(source, "work.py", "f", {"g": reference}) as job:
        call = {"kind": "gradient", "args": [x], "seed": 3, "argnum": 0, "weights": np.ones((1, 3))}
        value, gradient = job.ask(call)["result"]
        assert_allclose(gradient, np.hstack([np.ones((1, 3)), value - x[:, :3]]))
        assert np.all(value != x[:, :3])


@pytest.mark.parametrize(
    "question",
    [
        "{'ask': 'none', 'call': {}}",
        "{'ask': 'double', 'call': 3}",
        "{'ask': [], 'call': {'kind': 'count', 'args': []}}",
    ],
)
def test_a_question_to_a_stand_in_that_makes_no_sense_fails_the_function(sandbox, question):
    text = f"""
    def double(x):
        return 3 * x
    def quadruple(x):
        import sys
        frame = sys._getframe()
        while "answers" not in frame.f_locals:
            frame = frame.f_back
        sys.modules["frames"].write(frame.f_locals["answers"], {question})
        return 4 * x
    """
    assert verdict(sandbox, text, QUADRUPLE).status in ("error", "failed")

"""A child that sends what it likes fails its function, and nothing else."""

import io

import pytest

from npgen.grading.checks import vae
from npgen.grading.child import frames
from npgen.grading.marking import mark
from npgen.grading.sandbox import Sandbox
from npgen.grading.submission import Submission

FORGERIES = {
    "a huge integer": "return 10**400",
    "huge integers": "return [10**400] * 3",
    "a shape that NumPy refuses": 'forge({"dtype": "<f8", "shape": [0, 2**31 - 1, 2**31 - 1, 2**31 - 1]})',
    "a type that is code": 'forge({"dtype": "(1,2", "shape": [1]})',
    "mutated is no list of numbers": (
        'forge({"dict": ["result", "mutated"]}, {"value": 1}, {"list": 1}, {"value": "x"})'
    ),
    "an error that is a number": 'forge({"dict": ["error"]}, {"value": 3})',
    "an error without a type": 'forge({"dict": ["error"]}, {"dict": ["type"]}, {"value": 3})',
    "an answer of another kind": 'forge({"value": None})',
}

FORGE = """
import json, os, struct

def forge(*frames):
    for fd in range(3, 64):
        for frame in frames:
            text = json.dumps(frame).encode()
            try:
                os.write(fd, struct.pack("<I", len(text)) + text)
            except OSError:
                break
    os._exit(0)

def compute_KL(q):
    %s
"""


@pytest.mark.parametrize("body", FORGERIES.values(), ids=FORGERIES.keys())
def test_a_forged_answer_fails_the_function_and_nothing_else(body):
    (check,) = (check for check in vae.CHECKS if check.name == "compute_KL")
    with Sandbox() as sandbox:
        verdict = mark(Submission("vae.py", (FORGE % body).encode()), check, sandbox, seed=0)
        assert verdict.status in ("failed", "error", "crashed")
        assert verdict.score == 0


def test_what_a_child_says_is_plain_text():
    stream = io.BytesIO()
    frames.write(
        stream, {"error": {"type": "E\x1b[31m", "message": "red\x1b[2J \ud800 \u4e2d" + "\U0001f600" * 600, "line": 1}}
    )
    stream.seek(0)
    error = frames.read(stream)["error"]
    assert error["type"] == "E[31m"
    assert error["message"].startswith("red[2J ? \u4e2d\U0001f600")
    error["message"].encode()

"""Solutions -> exercises: nothing of a solution is left, nothing of a student is lost."""

import ast
import io
import re
import tokenize

import pytest

from npgen.errors import InputError
from npgen.grading import handout
from npgen.grading.checks import TOPICS

SOLUTION = '''"""A topic."""


def f(x):
    """f."""
    # BEGIN SOLUTION
    # a remark
    return secret(x)
    # END SOLUTION


class C:
    def g(self):
        return 1


def h(x):
    if x:
        # BEGIN SOLUTION
        return secret
        # END SOLUTION
'''

EXERCISE = '''"""A topic."""


def f(x):
    """f."""
    raise NotImplementedError("topic: f")


class C:
    def g(self):
        return 1


def h(x):
    if x:
        raise NotImplementedError("topic: h")
'''


def test_a_region_becomes_one_line():
    assert handout.without_solution("topic", SOLUTION) == EXERCISE


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("def f():\n    # BEGIN SOLUTION\n", "line 2: # BEGIN SOLUTION without # END SOLUTION"),
        ("def f():\n    # END SOLUTION\n", "line 2: # END SOLUTION without # BEGIN SOLUTION"),
        ("# BEGIN SOLUTION\n# END SOLUTION\n", "line 1: # BEGIN SOLUTION inside another region or no function"),
        ("def f():\n    # BEGIN SOLUTION\n    # BEGIN SOLUTION\n", "line 3: # BEGIN SOLUTION inside"),
        (SOLUTION + "    # BEGIN SOLUTION\n    # END SOLUTION\n", "line 22: # BEGIN SOLUTION inside"),
    ],
)
def test_regions_that_are_not_in_order(text, says):
    with pytest.raises(InputError, match=re.escape(f"solutions/topic.py, {says}")):
        handout.without_solution("topic", text)


def test_the_exercises_of_the_repository_are_what_the_command_writes():
    for name, content in handout.bundle().items():
        assert (handout.CHECKOUT / "exercises" / name).read_bytes() == content, (
            f"{name}: npgen handout exercises --force --lang en"
        )


def code_without_texts(text):
    """The syntax tree without docstrings, and the number of comments."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.FunctionDef)) and ast.get_docstring(node):
            node.body[0] = ast.Pass()
    comments = [
        token for token in tokenize.generate_tokens(io.StringIO(text).readline) if token.type == tokenize.COMMENT
    ]
    return ast.dump(tree), len(comments)


@pytest.mark.parametrize("topic", TOPICS)
def test_the_spanish_texts_are_of_the_same_functions(topic):
    english, spanish = ((handout.CHECKOUT / "solutions" / folder / f"{topic}.py").read_text() for folder in ("", "es"))
    assert code_without_texts(spanish) == code_without_texts(english)
    texts = [
        [
            ast.get_docstring(node)
            for node in ast.walk(ast.parse(text))
            if isinstance(node, (ast.Module, ast.FunctionDef))
        ]
        for text in (english, spanish)
    ]
    assert not set(texts[0]) & set(texts[1]) - {None}, "not translated"


def test_the_bundle_in_spanish(npgen, tmp_path):
    code, _, errors = npgen("handout", "curso", "--lang", "es")
    assert code == 0, errors
    for topic in TOPICS:
        spanish = (handout.CHECKOUT / "solutions" / "es" / f"{topic}.py").read_text()
        assert (tmp_path / "curso" / f"{topic}.py").read_text() == handout.without_solution(topic, spanish)


def test_the_bundle(npgen, tmp_path):
    code, output, errors = npgen("handout", "course/week1")
    assert code == 0, errors
    written = {path.name: path.read_text() for path in (tmp_path / "course" / "week1").iterdir()}
    assert {f"{topic}.py" for topic in TOPICS} | {"conftest.py"} <= set(written)
    for name, text in written.items():
        assert name in output
        assert "SOLUTION" not in text and text.endswith("\n")
    code, output, _ = npgen("handout", "course/week1")
    assert code == 0 and "written" not in output and output.count("unchanged") == len(written)


def test_work_is_not_overwritten(npgen, tmp_path):
    npgen("handout", "out")
    mine, other = tmp_path / "out" / "vae.py", tmp_path / "out" / "nade.py"
    mine.write_text("my work")
    other.unlink()
    code, _, errors = npgen("handout", "out")
    assert code == 2 and "vae.py" in errors and "Nothing was written" in errors
    assert mine.read_text() == "my work" and not other.exists()


def test_force_keeps_what_it_replaces(npgen, tmp_path):
    npgen("handout", "out")
    mine = tmp_path / "out" / "vae.py"
    right = mine.read_text()
    for number, old in enumerate(("vae.py.old", "vae.py.old2", "vae.py.old3")):
        mine.write_text(f"my work {number}")
        code, output, _ = npgen("handout", "out", "--force")
        assert code == 0 and f"replaced; the old one is out/{old}" in output
        assert mine.read_text() == right
    assert [(tmp_path / "out" / f"vae.py.old{n}").read_text() for n in ("", "2", "3")] == [
        "my work 0",
        "my work 1",
        "my work 2",
    ]


def test_something_else_in_the_way(npgen, tmp_path):
    (tmp_path / "out" / "vae.py").mkdir(parents=True)
    code, _, errors = npgen("handout", "out")
    assert code == 2 and "out/vae.py is in the way: it is not a file" in errors
    (tmp_path / "file").write_text("")
    code, _, errors = npgen("handout", "file")
    assert code == 2 and errors.startswith("npgen: ")


def test_an_installation_without_solutions(tmp_path):
    with pytest.raises(InputError, match="not part of this installation"):
        handout.bundle(checkout=tmp_path)

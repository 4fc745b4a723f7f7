"""The formats of other tools, against what GRADING.md, section 4, says of them."""

import base64
import csv
import io
import json
import re

import pytest

from npgen.errors import InputError
from npgen.grading import exports

STATUSES = ("passed", "failed", "error", "timeout", "crashed", "missing")
FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\r\n=1", "＝1", "=cmd|' /C calc'!A0")


def function(name, status, message=""):
    return {
        "name": name,
        "status": status,
        "score": 2 if status == "passed" else 0,
        "max_score": 2,
        "diagnosis": None if status == "passed" else f"d_{status}",
        "message": message,
        "seconds": 0.5,
    }


def result(student, statuses, **others):
    functions = [function(f"f{i}", status, f"<b>{status}</b> ñ") for i, status in enumerate(statuses)]
    return {
        "schema": 1,
        "student": student,
        "topic": "vae",
        "submission_sha256": "ab" * 32,
        "npgen": "0.1.0",
        "isolation": "L2",
        "score": sum(f["score"] for f in functions),
        "max_score": 2 * len(STATUSES),
        "functions": functions,
        **others,
    }


CLASS = {
    "ana": result("ana", ["passed"] * 6),
    "Núñez, Bo": result("Núñez, Bo", STATUSES),
    "caro": result("caro", ["error"] * 6, submission_sha256=None),
    "two files": result("two files", []),
    "comma": result('a "quoted", name\nof two lines', ["missing"] * 6),
    **{f"f{i}": result(name, ["passed"] * 6) for i, name in enumerate(FORMULAS)},
}


@pytest.fixture
def marked(tmp_path):
    """A folder with the results of a class."""
    folder = tmp_path / "out"
    (folder / "results").mkdir(parents=True)
    for name, content in CLASS.items():
        (folder / "results" / f"{name}.json").write_text(json.dumps(content))
    return folder


@pytest.fixture
def exported(marked, tmp_path):
    """All formats of it."""
    exports.write(marked, tmp_path / "to", list(exports.FORMATS))
    return tmp_path / "to"


# --- schemas: {key: what its value has to be}, all keys required but those of `optional` ------------------------------


def number(value):
    assert isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0, value


def text(value):
    assert isinstance(value, str), value


def one_of(*values):
    def check(value):
        assert value in values, value

    return check


def list_of(check_item):
    def check(value):
        assert isinstance(value, list), value
        for item in value:
            check_item(item)

    return check


def object_of(keys, optional=()):
    def check(value):
        assert isinstance(value, dict) and set(keys) - set(optional) <= value.keys() <= set(keys), value
        for key, content in value.items():
            keys[key](content)

    return check


def anything(value):
    pass


VISIBILITIES = one_of("hidden", "after_due_date", "after_published", "visible")
OUTPUT_FORMATS = one_of("text", "html", "simple_format", "md", "ansi")

gradescope_test = object_of(
    {
        "score": number,
        "max_score": number,
        "status": one_of("passed", "failed"),
        "name": text,
        "number": text,
        "output": text,
        "output_format": OUTPUT_FORMATS,
        "tags": list_of(text),
        "visibility": VISIBILITIES,
    }
)
gradescope_results = object_of(
    {
        "score": number,
        "execution_time": number,
        "output": text,
        "output_format": OUTPUT_FORMATS,
        "visibility": VISIBILITIES,
        "stdout_visibility": VISIBILITIES,
        "tests": list_of(gradescope_test),
        "leaderboard": list_of(object_of({"name": text, "value": anything, "order": text}, ["order"])),
        "extra_data": object_of({key: anything for key in ("npgen", "isolation", "submission_sha256", "diagnoses")}),
    },
    optional=["leaderboard"],
)
classroom_results = object_of(
    {
        "version": one_of(3),
        "status": one_of("pass", "fail", "error"),
        "max_score": number,
        "tests": list_of(
            object_of(
                {
                    "name": text,
                    "status": one_of("pass", "fail", "error"),
                    "message": text,
                    "test_code": text,
                    "filename": text,
                    "line_no": number,
                    "score": number,
                    "execution_time": number,
                }
            )
        ),
    }
)


def rows_of(path):
    return list(csv.reader(io.StringIO(path.read_text("utf-8"), newline="")))


# --- Gradescope ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CLASS)
def test_gradescope(exported, name):
    content = json.loads((exported / "gradescope" / name / "results.json").read_text("utf-8"))
    gradescope_results(content)
    assert content["score"] == CLASS[name]["score"] == sum(test["score"] for test in content["tests"])
    assert [test["number"] for test in content["tests"]] == [str(i + 1) for i in range(len(content["tests"]))]


def test_gradescope_hides_no_test_and_so_not_the_total_either(exported):
    for path in (exported / "gradescope").glob("*/results.json"):
        content = json.loads(path.read_text("utf-8"))
        assert {content["visibility"], *(test["visibility"] for test in content["tests"])} == {"visible"}
        assert content["stdout_visibility"] == "hidden"


def test_gradescope_shows_messages_as_text(exported):
    content = json.loads((exported / "gradescope" / "Núñez, Bo" / "results.json").read_text("utf-8"))
    assert [test["status"] for test in content["tests"]] == ["passed"] + ["failed"] * 5
    assert [test["tags"] for test in content["tests"]] == [[status] for status in STATUSES]
    assert content["tests"][1]["output"] == "<b>failed</b> ñ"
    assert {test["output_format"] for test in content["tests"]} == {"text"}


def test_gradescope_tells_the_level(exported):
    content = json.loads((exported / "gradescope" / "ana" / "results.json").read_text("utf-8"))
    assert "isolation L2" in content["output"] and content["extra_data"]["isolation"] == "L2"


# --- otter -----------------------------------------------------------------------------------------------------------


def test_otter_has_the_same_json(exported):
    for name in CLASS:
        same = (exported / "gradescope" / name / "results.json").read_bytes()
        assert (exported / "otter" / f"{name}.json").read_bytes() == same


def test_otter_grades(exported):
    heading, points, *students = rows_of(exported / "otter" / "final_grades.csv")
    questions = [f"f{i}" for i in range(6)]
    assert heading == ["file", *questions, "total_points_earned", "percent_correct", "grading_status"]
    assert points == ["points-per-question", *["2"] * 6, "12", "", ""]
    by_name = {row[0]: row[1:] for row in students}
    assert len(students) == len(CLASS)
    assert by_name["Núñez, Bo"] == ["2", *["0"] * 5, "2", "0.1667", "Completed"]
    assert by_name["two files"] == [*["0"] * 6, "0", "0.0", "Completed"]
    assert by_name["ana"] == [*["2"] * 6, "12", "1.0", "Completed"]


# --- nbgrader --------------------------------------------------------------------------------------------------------


def test_nbgrader(exported):
    path = exported / "nbgrader" / "grades.csv"
    heading = "assignment,duedate,timestamp,student_id,last_name,first_name,email,raw_score,late_submission_penalty"
    assert path.read_text("utf-8").splitlines()[0].replace('"', "") == f"{heading},score,max_score"
    rows = list(csv.DictReader(io.StringIO(path.read_text("utf-8"), newline="")))
    assert len(rows) == len(CLASS) and all(None not in row and None not in row.values() for row in rows)
    (row,) = (row for row in rows if row["student_id"] == "Núñez, Bo")
    assert row["assignment"] == "vae" and row["raw_score"] == row["score"] == "2" and row["max_score"] == "12"
    assert float(row["late_submission_penalty"]) == 0
    assert not any(row[key] for key in ("duedate", "timestamp", "last_name", "first_name", "email"))


# --- GitHub Classroom ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CLASS)
def test_classroom(exported, name):
    encoded = (exported / "classroom" / f"{name}.txt").read_bytes()
    assert re.fullmatch(rb"[A-Za-z0-9+/]+=*", encoded)  # one line, as it goes into a variable of a workflow
    content = json.loads(base64.b64decode(encoded, validate=True))
    classroom_results(content)
    assert sum(test["score"] for test in content["tests"]) == CLASS[name]["score"]
    assert content["max_score"] == 12


def test_classroom_statuses(exported):
    def content(name):
        return json.loads(base64.b64decode((exported / "classroom" / f"{name}.txt").read_bytes()))

    assert content("ana")["status"] == "pass"
    assert content("Núñez, Bo")["status"] == content("comma")["status"] == "fail"
    assert content("caro")["status"] == content("two files")["status"] == "error"
    statuses = [test["status"] for test in content("Núñez, Bo")["tests"]]
    assert statuses == ["pass", "fail", "error", "error", "error", "fail"]
    assert content("ana")["tests"][0]["name"] == "vae.f0"


# --- names -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", ["otter/final_grades.csv", "nbgrader/grades.csv"])
def test_no_cell_is_a_formula(exported, table):
    rows = rows_of(exported / table)
    cells = [cell for row in rows for cell in row]
    assert not [cell for cell in cells if cell.strip().startswith(("=", "+", "-", "@", "＝"))]
    assert not [cell for cell in cells if set(cell) & set("\t\r\n")]
    assert sum(cell.startswith("'") for cell in cells) == len(FORMULAS)
    assert 'a "quoted", name of two lines' in cells


@pytest.mark.parametrize("name", ["Zoe;=1+1", "Zoe; =1", 'Zoe;"=1', "Zoe;'@x", "a;b;-1;c"])
@pytest.mark.parametrize("n_before", [0, 3])
def test_no_cell_is_a_formula_where_semicolons_separate_them(name, n_before):
    line = exports.csv_bytes([["x"] * n_before + [exports.defused(name), 1, exports.defused(name)]]).decode()
    for separated in (line.split(";"), line.replace('"', "").split(";"), next(csv.reader([line], delimiter=";"))):
        assert not [cell for cell in separated if cell.lstrip(' "').startswith(tuple("=+-@"))]
    assert exports.csv_bytes([["a", 1.5, ""]]) == b'"a",1.5,""\n'


def test_students_are_in_the_order_of_an_index(tmp_path):
    (tmp_path / "results").mkdir()
    names = ["alonso", "Álvarez", "Díaz", "Domínguez", "Íñiguez", "Zúñiga"]
    for i, name in enumerate(reversed(names)):
        (tmp_path / "results" / f"{i}.json").write_text(json.dumps(CLASS["ana"] | {"student": name}))
    assert [result.student for result in exports.read_results(tmp_path)] == names
    exports.write(tmp_path, tmp_path / "to", ["nbgrader"])
    assert [row[3] for row in rows_of(tmp_path / "to/nbgrader/grades.csv")[1:]] == names


def test_a_file_whose_name_a_terminal_would_obey_is_refused_in_plain_words(tmp_path):
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "a\x1b[2J\a.json").write_text(json.dumps(CLASS["ana"]))
    with pytest.raises(InputError, match="is no name") as error:
        exports.write(tmp_path, tmp_path / "to", ["gradescope"])
    assert str(error.value).isprintable()


def test_a_function_of_a_hostile_name_is_no_formula_either(tmp_path):
    (tmp_path / "results").mkdir()
    content = CLASS["ana"] | {"functions": [function("=1", "passed")], "topic": "@t"}
    (tmp_path / "results" / "a.json").write_text(json.dumps(content))
    exports.write(tmp_path, tmp_path / "to", ["otter", "nbgrader"])
    assert rows_of(tmp_path / "to/otter/final_grades.csv")[0][1] == "'=1"
    assert rows_of(tmp_path / "to/nbgrader/grades.csv")[1][0] == "'@t"


def test_a_name_in_the_results_is_never_a_path(tmp_path):
    (tmp_path / "out/results").mkdir(parents=True)
    content = CLASS["ana"] | {"student": "../../../evil", "topic": "../up"}
    (tmp_path / "out/results/a.json").write_text(json.dumps(content))
    written = exports.write(tmp_path / "out", tmp_path / "to", list(exports.FORMATS))
    assert {path.relative_to(tmp_path).parts[0] for path in written} == {"to"}
    assert {path.name for path in tmp_path.iterdir()} == {"out", "to"}
    assert not any(".." in path.parts for path in written)


def test_a_file_whose_name_would_lead_out_is_refused(tmp_path):
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "...json").write_text(json.dumps(CLASS["ana"]))
    with pytest.raises(InputError, match="is no name"):
        exports.write(tmp_path, tmp_path / "to", ["gradescope"])


def test_names_that_cannot_be_encoded_are_written_all_the_same(tmp_path):
    (tmp_path / "results").mkdir()
    content = CLASS["ana"] | {"student": "a\udcff\x00b"}
    (tmp_path / "results" / "a.json").write_text(json.dumps(content))
    exports.write(tmp_path, tmp_path / "to", list(exports.FORMATS))
    assert rows_of(tmp_path / "to/nbgrader/grades.csv")[1][3] == "a\ufffd\ufffdb"


# --- files -----------------------------------------------------------------------------------------------------------


def test_only_what_was_asked_for_is_written(marked, tmp_path):
    written = exports.write(marked, tmp_path / "to", ["nbgrader", "nbgrader"])
    assert written == [tmp_path / "to/nbgrader/grades.csv"]
    assert [path for path in (tmp_path / "to").rglob("*") if path.is_file()] == written


def test_the_same_class_gives_the_same_files(marked, tmp_path):
    first = exports.write(marked, tmp_path / "a", list(exports.FORMATS))
    second = exports.write(marked, tmp_path / "b", list(exports.FORMATS))
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    assert exports.write(marked, tmp_path / "a", list(exports.FORMATS)) == first


def test_an_unknown_format_is_named_before_anything_is_read(tmp_path):
    with pytest.raises(InputError, match=r"unknown format 'gradscope'\. Did you mean gradescope"):
        exports.write(tmp_path / "nothing", tmp_path / "to", ["gradscope"])


def test_results_that_cannot_be_read_leave_nothing_behind(marked, tmp_path):
    (marked / "results" / "bad.json").write_bytes(b"\xff")
    with pytest.raises(InputError, match=r"bad\.json"):
        exports.write(marked, tmp_path / "to", list(exports.FORMATS))
    assert not (tmp_path / "to").exists()

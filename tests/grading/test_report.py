"""The report of a class: complete, readable at any width, and nothing that a student wrote can do anything in it."""

import base64
import itertools
import json
import os
import re
import select
import shutil
import subprocess
import sys
from datetime import datetime
from html.parser import HTMLParser

import pytest

from npgen.errors import InputError
from npgen.grading import parsing, report, submissions, worker
from npgen.grading.exports import from_json, read_results
from npgen.grading.handout import CHECKOUT
from npgen.grading.submissions import HandedIn

HOSTILE = (
    "<script>window.hacked = 1</script>",
    '<img src=x onerror="window.hacked = 1">',
    "\"><svg onload='window.hacked = 1'>",
    "' autofocus onfocus='window.hacked = 1",
    "</title></style></textarea><iframe srcdoc='<script>parent.hacked = 1</script>'>",
    "javascript:window.hacked=1",
    "{{ 7 * 7 }}{% for %}",
    "<!-- ]]> --!>",
    "\u202egnp.exe\u0000\ud800",
    "w" * 3000,
)


def function(name="compute_KL", status="passed", diagnosis=None, message="", points=2):
    return {
        "name": name,
        "status": status,
        "score": points if status == "passed" else 0,
        "max_score": points,
        "diagnosis": diagnosis,
        "message": message,
        "seconds": 0.25,
    }


def result(student="ana", functions=None, **others):
    functions = [function(), function("adam_update")] if functions is None else functions
    return {
        "schema": 1,
        "student": student,
        "topic": "vae",
        "submission_sha256": "ab" * 32,
        "npgen": "0.1.0",
        "isolation": "L2",
        "score": sum(f["score"] for f in functions),
        "max_score": sum(f["max_score"] for f in functions),
        "functions": functions,
        "similarity": [],
        **others,
    }


def page_of(*contents):
    return report.render([from_json(f"n{i}", content) for i, content in enumerate(contents)])


VOID = {"meta", "line", "rect"}


class Page(HTMLParser):
    """The elements of a page, with what is wrong with its form."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.elements, self.texts, self.problems = [], [], [], []
        self.feed(text)
        self.close()
        self.problems += [f"<{tag}> is not closed" for tag in self.open]

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.problems.append(f"</{tag}> closes nothing")

    def handle_data(self, data):
        self.texts.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.texts).split())

    def of(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


ALLOWED = {"html", "head", "meta", "title", "style", "body", "h1", "h2", "h3", "p", "ul", "li", "b", "a", "bdi", "code"}
ALLOWED |= {"span", "div", "section", "figure", "svg", "line", "text", "rect"}
ALLOWED |= {"table", "thead", "tbody", "tr", "th", "td", "dl", "dt", "dd"}


def inspect(text):
    """The page, once it is sound: balanced, of known elements without event handlers, and nothing from elsewhere."""
    page = Page(text)
    assert page.problems == []
    assert {tag for tag, _ in page.elements} <= ALLOWED
    names = {name for _, attributes in page.elements for name in attributes}
    assert not {name for name in names if name.startswith("on") or name in ("src", "srcdoc", "srcset", "action")}
    links = [attributes["href"] for _, attributes in page.elements if "href" in attributes]
    assert {link.removeprefix("#") for link in links} <= {attributes.get("id") for _, attributes in page.elements}
    assert not re.search(r"url\(|@import|https?:", text)
    assert "<script" not in text.lower()
    return page


def hostile_class():
    contents = []
    for i, text in enumerate(HOSTILE):
        wrong = function(text, "failed", diagnosis=text, message=f"{text}\n{HOSTILE[i - 1]}")
        flag = {"function": text, "npgen": text, "ratio": 0.95}
        contents.append(result(text, [wrong], isolation=text, npgen=text, submission_sha256=text, similarity=[flag]))
        contents.append(contents[-1] | {"forms": {text: "1", "f" + text: "2"}})
        contents.append(contents[-1] | {"submission_sha256": "another"})
    return [content | {"topic": HOSTILE[0]} for content in contents]


def test_it_is_written_from_the_results_alone(tmp_path):
    (tmp_path / "results").mkdir()
    for name in ("Núñez, Ana", "bo"):
        (tmp_path / "results" / f"{name}.json").write_text(json.dumps(result(name)))
    path = report.write(tmp_path)
    assert path == tmp_path / "report.html" and list(tmp_path.glob(".*")) == []
    page = inspect(path.read_text("utf-8"))
    assert "Núñez, Ana" in page.text and "2 students" in page.text and "isolation L2" not in page.text
    assert "L2 isolation" in page.text and "0.1.0 npgen" in page.text
    year = datetime.fromtimestamp(next((tmp_path / "results").iterdir()).stat().st_mtime).year
    assert re.search(rf"{year}-\d\d-\d\d \d\d:\d\d marked", page.text)


def test_the_policy_forbids_everything_but_style():
    (policy,) = [m["content"] for m in inspect(page_of(result())).of("meta") if "http-equiv" in m]
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'")


def test_what_students_wrote_is_text():
    page = inspect(page_of(*hostile_class()))
    for text in HOSTILE:
        shown = text.replace("\x00", "\ufffd").replace("\ud800", "\ufffd")
        assert " ".join(shown.split())[: report.MAX_MESSAGE] in page.text, text


def test_a_long_message_is_cut_off():
    text = page_of(result(functions=[function(status="error", diagnosis="error", message="m" * 100_000)]))
    assert len(text) < 20_000 and "m …" in text


def test_functions_are_summed_up():
    contents = [result(str(i)) for i in range(6)]
    contents += [result(f"a{i}", [function(status="failed", diagnosis="log_variance")]) for i in range(3)]
    contents += [result("t", [function(status="timeout", diagnosis="timeout", message="It took longer than 10 s.")])]
    first, second = report.summaries([from_json(content["student"], content) for content in contents])
    assert (first.name, first.n, first.n_passed, first.share) == ("compute_KL", 10, 6, 0.6)
    assert [(diagnosis.name, diagnosis.count) for diagnosis in first.diagnoses] == [("log_variance", 3), ("timeout", 1)]
    assert (second.n, second.diagnoses, second.n_others) == (6, (), 0)


def test_known_mistakes_are_told_in_their_own_words():
    from npgen.grading import checks

    (check,) = checks.find("vae.compute_KL")
    mistake = check.mistakes[0]
    page = inspect(page_of(result(functions=[function(status="failed", diagnosis=mistake.name)])))
    assert " ".join(mistake.message.split()) in page.text


def test_rare_diagnoses_are_counted_together():
    contents = [result(str(i), [function(status="failed", diagnosis=f"d{i // 2}")]) for i in range(20)]
    (summary,) = report.summaries([from_json("n", content) for content in contents])
    assert len(summary.diagnoses) == report.MOST_FREQUENT and summary.n_others == 20 - 2 * report.MOST_FREQUENT
    assert "something else" in page_of(*contents)


@pytest.mark.parametrize(("max_score", "labels"), [(1, ["0", "1"]), (11, [str(i) for i in range(12)]), (0, ["0"])])
def test_a_bar_for_each_number_of_points(max_score, labels):
    assert [bar.label for bar in report.histogram([0, max_score], max_score).bars] == labels


@pytest.mark.parametrize("max_score", [0, 1, 7.5, 10, 12, 16, 99, 100, 1000])
@pytest.mark.parametrize("n", [1, 3, 30, 299, 10_000])
def test_every_student_is_in_the_histogram(max_score, n):
    scores = [max_score * (i % 17) / 16 for i in range(n)]
    drawn = report.histogram(scores, max_score)
    assert sum(bar.count for bar in drawn.bars) == n and len(drawn.bars) <= report.MAX_BARS
    floor = drawn.HEIGHT - drawn.BOTTOM
    for bar in drawn.bars:
        assert bar.x >= drawn.LEFT and bar.x + bar.width <= drawn.WIDTH - drawn.RIGHT + 1e-9
        assert bar.y >= drawn.TOP - 1e-9 and bar.y + bar.height == pytest.approx(floor)
    for a, b in itertools.pairwise(drawn.bars):
        assert a.x + a.width < b.x
    assert 2 <= len(drawn.lines) <= 6


def test_ranges_of_points_cover_all_of_them_once():
    labels = [bar.label for bar in report.histogram([0], 16).bars]
    ends = [[int(end) for end in (label.split("–") * 2)[:2]] for label in labels]
    assert [points for first, last in ends for points in range(first, last + 1)] == list(range(17))


@pytest.mark.parametrize(
    ("share", "text"), [(0, "0 %"), (1, "100 %"), (0.001, "< 1 %"), (299 / 300, "> 99 %"), (0.5, "50 %")]
)
def test_a_share_is_never_rounded_to_all_or_nothing(share, text):
    assert report.percent(share).replace("\u00a0", " ") == text


def test_similarity_is_told_neutrally():
    flag = {"function": "compute_KL", "npgen": "npgen.models.vae.kl", "ratio": 0.96}
    page = inspect(page_of(result("ana", similarity=[flag]), result("bo")))
    assert "Not compared" not in page.text
    assert "compute_KL is 96 % like npgen.models.vae.kl" in page.text and "It has changed no mark" in page.text
    assert not re.search("cheat|plagiar|suspect|guilty", page.text, re.IGNORECASE)
    assert "similar" not in page_of(result()).lower().partition("<body>")[2]


def test_whoever_has_most_that_is_similar_comes_first():
    flag = {"function": "compute_KL", "npgen": "npgen.models.vae.kl", "ratio": 0.96}
    similar = [result("ana", similarity=[flag]), result("bo", similarity=[flag, flag]), result("eva")]
    text = inspect(page_of(*similar)).text.partition("Similar to npgen's own functions")[2]
    assert re.match(r".*? bo : compute_KL 96 %, compute_KL 96 % ana : compute_KL 96 % What was said", text)


def test_what_was_not_compared_is_told():
    unread = result("eva", [function(status="error", diagnosis="unread")], similarity=None)
    page = inspect(page_of(result("ana", similarity=None), result("bo"), unread))
    assert re.search("Not compared, [^:]*: ana . What was said", page.text)


def test_every_diagnosis_is_told_in_words():
    sources = (report.Path(report.__file__).parent / f"{name}.py" for name in ("judging", "marking"))
    general = {name for source in sources for name in re.findall(r'Finding\(\s*"(\w+)"', source.read_text("utf-8"))}
    assert general | {worker.NOT_MARKED} <= report.GENERAL.keys()


def test_students_are_in_the_order_of_an_index(tmp_path):
    (tmp_path / "results").mkdir()
    for name in ["Zúñiga", "Íñiguez", "Domínguez", "Álvarez", "Díaz", "alonso"]:
        (tmp_path / "results" / f"{name}.json").write_text(json.dumps(result(name)))
    text = report.write(tmp_path).read_text("utf-8")
    found = re.findall(r'<td><a href="#s(\d)"><bdi>(.*?)</bdi>', text)
    assert found == list(zip("123456", ["alonso", "Álvarez", "Díaz", "Domínguez", "Íñiguez", "Zúñiga"], strict=True))
    assert re.findall(r'id="s(\d)">\s*<h3><bdi>(.*?)</bdi>', text) == found


def test_what_could_not_be_read_is_not_a_mistake_of_its_functions():
    unread = [function(name, "error", "unread", "Two files.") for name in ("compute_KL", "adam_update")]
    wrong = [function(name, "error", "error", f"It stops in {name}.") for name in ("compute_KL", "adam_update")]
    contents = [result("ana", unread), result("bo", wrong), result("eva")]
    text = page_of(*contents)
    page = inspect(text)
    assert "not read, and without points: ana ." in page.text and "? compute_KL not read, 0 of 2" in page.text
    summary, _ = report.summaries([from_json("n", content) for content in contents])
    assert [(diagnosis.name, diagnosis.count) for diagnosis in summary.diagnoses] == [("error", 1)]
    assert text.count("Two files.") == 1  # not once for each function


def test_a_file_that_failed_as_a_whole_is_counted_once_and_by_name():
    names = ("compute_KL", "adam_update")
    loading = [function(name, "error", "error", "It stops with SyntaxError (line 1)") for name in names]
    unwritten = [function(name, "missing", "not_written", f"Not written yet: {name}") for name in names]
    unread = [function(name, "error", "unread", "No file.") for name in names]
    contents = [result("ana", loading), result("bo", unwritten), result("eva", unread), result("leo", loading)]
    page = inspect(page_of(*contents, result("zoe")))
    assert "2 It stops with an exception while it is loaded. ana , leo 1 Nothing is written yet. bo" in page.text
    assert "1 It could not be read. eva compute_KL 1 of 5 right" in page.text
    summed = report.summaries([from_json("n", content) for content in contents])
    assert [(summary.n, summary.diagnoses, summary.n_others) for summary in summed] == [(4, (), 0)] * 2
    alone = [function(status="error", diagnosis="error", message="It stops.")]
    assert "whole file" not in page_of(result("ana", alone))  # of one function nobody knows


def test_known_mistakes_come_before_what_is_more_frequent():
    wrong = [function(status="failed", diagnosis="log_variance"), *[function(status="error", diagnosis="error")] * 3]
    (summary,) = report.summaries([from_json("n", result(functions=[one])) for one in wrong])
    assert [diagnosis.name for diagnosis in summary.diagnoses] == ["log_variance", "error"]


def test_who_needs_help_is_told_with_the_reason():
    names = ("a", "b", "c")
    unread = [function(name, "error", "unread", "x.ipynb is not a notebook that can be read.") for name in names]
    loading = [function(name, "error", "error", "It stops with SyntaxError (line 132)\nmore") for name in names]
    unwritten = [function(name, "missing", "not_written") for name in names]
    mixed = [function("a"), function("b", "failed", "x"), function("c", "failed", "y")]
    whole = {"ana": unread, "bo": loading, "eva": unwritten, "leo": mixed, "zoe": [function()]}
    text = inspect(page_of(*(result(name, functions) for name, functions in whole.items()))).text
    assert "0 points: ana ( x.ipynb is not a notebook that can be read ), bo ( It stops with SyntaxError" in text
    assert "(line 132) ), eva ( nothing written ) 2 points: leo ( 2 not right ) Functions" in text
    many = inspect(page_of(*(result(str(i), unread) for i in range(50)))).text
    assert "9 ( x.ipynb is not a notebook that can be read ) and 40 more" in many
    assert "fewest" not in page_of(result())


def test_what_is_no_submission_is_told(tmp_path):
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "ana.json").write_text(json.dumps(result()))
    ignored = tmp_path / report.IGNORED
    assert "not marked" not in report.write(tmp_path).read_text("utf-8")
    ignored.write_text(json.dumps([*HOSTILE, *map(str, range(100))]), "utf-8")
    page = inspect(report.write(tmp_path).read_text("utf-8"))
    assert "No submissions, and not marked:" in page.text and "and 60 more." in page.text
    for content in ("{", "{}", "[1]", "[" * 100_000):
        ignored.write_text(content)
        with pytest.raises(InputError, match=r"ignored\.json"):
            report.write(tmp_path)


# --- who has the same as others --------------------------------------------------------------------------------------


def alike(found):
    return [([result.student for _, result in one.students], one.functions) for one in found]


def numbered(*contents):
    return list(enumerate((from_json("n", content) for content in contents), start=1))


def test_what_much_of_the_class_has_is_one_line():
    flags = [{"function": name, "npgen": "npgen.x", "ratio": 1} for name in ("adam_update", "compute_KL")]
    contents = [result(f"s{i}", similarity=flags[: 1 + (i == 0)] if i < 6 else []) for i in range(12)]
    text = inspect(page_of(*contents)).text
    assert "adam_update : 6 students; there are few ways to write it." in text
    assert "s0 : compute_KL 100 % What was said" in text and "adam_update is 100 %" not in text
    assert "there are few ways" not in page_of(*contents[:2], *contents[6:])
    assert "there are few ways" not in page_of(*contents[:3])  # a class of friends, rather


def test_one_file_of_two_students_is_told():
    unwritten = [function(status="missing", diagnosis="not_written")]
    contents = [result("ana"), result("bo"), result("eva", submission_sha256="cd"), result("leo", unwritten)]
    contents += [result(name, submission_sha256=None) for name in ("x", "y")]
    assert alike(report.same_files(numbered(*contents))) == [(["ana", "bo"], ())]
    assert "ana , bo : the same file" in inspect(page_of(*contents)).text


def test_functions_of_the_same_form_are_told():
    def student(name, file=None, **forms):
        return result(name, submission_sha256=file or name, forms=forms)

    contents = [student("ana", f="1", g="2", h="3"), student("bo", f="1", g="2", h="4"), student("eva", f="1", h="4")]
    found = report.same_functions(numbered(*contents), ())
    assert alike(found) == [(["ana", "bo"], ("f", "g")), (["bo", "eva"], ("f", "h"))]
    assert alike(report.same_functions(numbered(*contents), ("g",))) == [(["bo", "eva"], ("f", "h"))]
    three = [student(name, f="1", g="2") for name in "abc"]
    assert alike(report.same_functions(numbered(*three), ())) == [(["a", "b", "c"], ("f", "g"))]
    assert report.same_functions(numbered(*three, student("d", f="1", g="2")), ()) == []  # so many: a usual way
    assert report.same_functions(numbered(*(student(name, "0", f="1", g="2") for name in "ab")), ()) == []
    untouched = [function(name, "missing", "not_written") for name in ("f", "g")]
    assert report.same_functions(numbered(*(one | {"functions": untouched} for one in contents)), ()) == []
    assert "ana , bo : f , g bo , eva" in inspect(page_of(*contents)).text.replace("f, g", "f , g")


def test_different_levels_are_all_told():
    page = inspect(page_of(result("a"), result("b"), result("c", isolation="L3")))
    assert "L2 (2), L3 (1)" in page.text


def test_a_student_without_functions_is_in_it():
    page = inspect(page_of(result("two files", [], max_score=10), result("bo")))
    assert "two files" in page.text and "0 of 10" in page.text
    inspect(page_of(result("alone", [])))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"{", "not a result"),
        (b"[]", "not a result"),
        (b"[" * 100_000, "not a result"),
        (json.dumps(result() | {"schema": 2}).encode(), "schema 2"),
        (json.dumps(result(functions=[function() | {"status": "<b>"}])).encode(), "status"),
        (json.dumps(result() | {"score": float("nan")}).encode(), "number"),
        (json.dumps(result() | {"student": None}).encode(), "text"),
        (json.dumps({k: v for k, v in result().items() if k != "isolation"}).encode(), "no 'isolation'"),
    ],
)
def test_what_is_no_result_is_named(tmp_path, content, says):
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "ana.json").write_bytes(content)
    with pytest.raises(InputError, match=says) as error:
        report.write(tmp_path)
    assert "ana.json" in str(error.value) and "\n" not in str(error.value) and not (tmp_path / "report.html").exists()


def test_a_folder_without_results_is_named(tmp_path):
    with pytest.raises(InputError, match="holds no results"):
        report.write(tmp_path)


def test_results_of_two_topics_are_not_mixed(tmp_path):
    (tmp_path / "results").mkdir()
    for topic in ("vae", "nade"):
        (tmp_path / "results" / f"{topic}.json").write_text(json.dumps(result(topic) | {"topic": topic}))
    with pytest.raises(InputError, match="nade, vae"):
        read_results(tmp_path)


KL = """
def compute_KL(q_means_and_log_stds):
    n = q_means_and_log_stds.shape[1] // 2
    mean, log_std = q_means_and_log_stds[:, :n], q_means_and_log_stds[:, n:]
    return 0.5 * np.sum(np.exp(2 * log_std) + mean**2 - 1 - 2 * log_std, axis=1)
"""


def forms(text, topic="vae"):
    return submissions.parse(HandedIn("a.py", text.encode()), topic).forms


def test_a_form_is_the_same_whatever_the_variables_are_called():
    (form,) = forms(KL).values()
    renamed = KL.replace("log_std", "s").replace("mean", "mu").replace("return", "# mine\n    'mine'\n    return")
    assert (
        forms(renamed.replace("):", "):\n    'Docs.'", 1)) == forms(KL.replace("n:]", "n :]")) == {"compute_KL": form}
    )
    others = [("mean**2 - 1", "1 - mean**2"), ("mean**2", "log_std**2"), ("np.exp", "np.sin"), ("0.5", "0.6")]
    assert len({form, *(forms(KL.replace(*other))["compute_KL"] for other in others)}) == 5
    assert forms(KL.replace("mean,", "shape,").replace("mean**", "shape**")) == {"compute_KL": form}  # of an attribute


def test_forms_are_those_of_work_of_ones_own(solution):
    assert "neural_net_predict" not in forms(solution("vae")) and "compute_KL" in forms(solution("vae"))
    assert forms((CHECKOUT / "exercises" / "vae.py").read_text()) == {}
    assert forms("def f(x):\n    return x + 1") == forms("(") == {}
    many = forms("".join(KL.replace("compute_KL", f"f{i}" + "x" * 200) for i in range(300)))
    assert len(many) == parsing.MAX_FORMS and max(map(len, many)) == parsing.MAX_NAME


# --- in a browser ----------------------------------------------------------------------------------------------------

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
in_a_browser = pytest.mark.skipif(CHROMIUM is None, reason="no chromium, chromium-browser or google-chrome on PATH")

# Chromium speaks the DevTools protocol on descriptors 3 and 4: messages of JSON, each followed by a zero byte.
_PIPES = """
import fcntl, os, sys
commands, answers = (fcntl.fcntl(int(fd), fcntl.F_DUPFD, 10) for fd in sys.argv[1:3])
os.dup2(commands, 3)
os.dup2(answers, 4)
os.execv(sys.argv[3], sys.argv[3:])
"""


class Browser:
    """A headless Chromium with one tab."""

    def __init__(self, profile):
        theirs_read, self._commands = os.pipe()
        self._answers, theirs_write = os.pipe()
        fds = [str(theirs_read), str(theirs_write)]
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]
        options += [f"--user-data-dir={profile}", "--remote-debugging-pipe", "--disable-background-networking"]
        self._process = subprocess.Popen(
            [sys.executable, "-c", _PIPES, *fds, CHROMIUM, *options, "about:blank"],
            pass_fds=(theirs_read, theirs_write),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs_read)
        os.close(theirs_write)
        self._numbers, self._buffer, self._session = itertools.count(1), b"", {}

    def start(self):
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = {"sessionId": self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]}
        self.call("Page.enable")

    def close(self):
        self._process.kill()
        self._process.wait()
        os.close(self._commands)
        os.close(self._answers)

    def call(self, method, **params):
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": params, **self._session}
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        while (answer := self._receive()).get("id") != number:
            pass
        assert "error" not in answer, answer
        return answer["result"]

    def _receive(self):
        while b"\0" not in self._buffer:
            assert select.select([self._answers], [], [], 60)[0], "Chromium does not answer"
            received = os.read(self._answers, 2**16)
            assert received, "Chromium has ended"
            self._buffer += received
        message, _, self._buffer = self._buffer.partition(b"\0")
        return json.loads(message)

    def open(self, path, width, without_policy=False):
        """Load a page at a width in CSS pixels; `without_policy` switches its Content-Security-Policy off."""
        self.call("Page.setBypassCSP", enabled=without_policy)
        phone = width < 600
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=844, deviceScaleFactor=1 + phone, mobile=phone
        )
        self.call("Page.navigate", url=path.as_uri())
        while self._receive().get("method") != "Page.loadEventFired":
            pass

    def evaluate(self, expression):
        return self.call("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    def dark(self, dark):
        value = "dark" if dark else "light"
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": value}])

    def screenshot(self, path):
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot")["data"]))


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    opened = Browser(tmp_path_factory.mktemp("chromium"))
    try:
        opened.start()
        yield opened
    finally:
        opened.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    large = []
    for i in range(300):
        names = (
            "sample_latent_variables_from_posterior",
            "bernoulli_log_prob",
            "compute_KL",
            "vae_lower_bound",
            "adam",
        )
        statuses = ["passed" if (i + j) % 3 else "failed" for j in range(len(names))]
        message = "Case: B = 3\nIt stops with ValueError: could not broadcast\n" + "x" * 500
        functions = [
            function(name, status, None if status == "passed" else "wrong_value", "" if status == "passed" else message)
            for name, status in zip(names, statuses, strict=True)
        ]
        large.append(result(f"Wolfeschlegelsteinhausenbergerdorff {i}", functions))
    for name, contents in (("hostile", hostile_class()), ("large", large), ("one", [result()])):
        (folder / f"{name}.html").write_text(page_of(*contents), "utf-8")
    return folder


@in_a_browser
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", ["hostile", "large", "one"])
def test_nothing_is_wider_than_the_screen(browser, pages, name, width):
    browser.open(pages / f"{name}.html", width)
    assert browser.evaluate("innerWidth") == width
    assert browser.evaluate("document.documentElement.scrollWidth") <= width
    right = "Math.max(...[...document.body.querySelectorAll('*')].map(e => e.getBoundingClientRect().right))"
    assert browser.evaluate(right) <= width + 0.5  # what is cut off is not seen in scrollWidth


@in_a_browser
@pytest.mark.parametrize("max_score", [10, 11, 16, 103, 1000])
def test_no_text_of_the_histogram_covers_another(browser, pages, max_score):
    page = pages / "histogram.html"
    contents = [result(str(i), score=max_score * i / 9, max_score=max_score) for i in range(10)]
    page.write_text(page_of(*contents), "utf-8")
    browser.open(page, 390)
    texts = "[...document.querySelectorAll('svg text')].map(text => text.getBoundingClientRect())"
    boxes = browser.evaluate(f"{texts}.map(box => [box.left, box.top, box.right, box.bottom])")
    assert len(boxes) > 10
    for a, b in itertools.combinations(boxes, 2):
        assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] + 3 or b[3] <= a[1] + 3  # 3 pixels of a line's own spacing


@in_a_browser
@pytest.mark.parametrize("without_policy", [False, True])
def test_nothing_that_a_student_wrote_runs(browser, pages, without_policy):
    browser.open(pages / "hostile.html", 1280, without_policy)
    assert browser.evaluate("typeof window.hacked") == "undefined"
    assert browser.evaluate("document.scripts.length + document.querySelectorAll('img, iframe, svg svg').length") == 0
    assert browser.evaluate("performance.getEntriesByType('resource').length") == 0


@in_a_browser
def test_the_policy_stops_scripts_even_where_escaping_would_fail(browser, pages):
    page = pages / "unescaped.html"
    page.write_text(page_of(result()).replace("</body>", "<script>window.hacked = 1</script></body>"), "utf-8")
    browser.open(page, 1280)
    assert browser.evaluate("typeof window.hacked") == "undefined"
    browser.open(page, 1280, without_policy=True)
    assert browser.evaluate("window.hacked") == 1  # the test itself would notice


@in_a_browser
def test_it_is_light_or_dark_as_the_reader_wants(browser, pages):
    luminances = []
    for dark in (False, True):
        browser.dark(dark)
        browser.open(pages / "one.html", 1280)
        colour = browser.evaluate("getComputedStyle(document.body).backgroundColor")
        luminances.append(sum(map(int, re.findall(r"\d+", colour)[:3])))
    browser.dark(False)
    assert luminances[0] > 700 and luminances[1] < 100

"""What `npgen autograder` writes, a zip file for Gradescope, and what runs in Gradescope's container.

    setup.sh          once, as root, when the image is built: installs npgen from the wheel in the zip and makes the
                      secret of which the inputs are drawn. It needs the network for Python and npgen's dependencies.
    run_autograder    for each submission, without a network: /autograder/submission -> /autograder/results/results.json
    npgen-*.whl       this npgen

One zip is as good as another: neither marks nor secrets are in it, and the same npgen writes the same bytes.

The submission is marked as in a batch, at the best level of isolation that the container allows; the results say which
it was. Below L2 nothing is marked, for there a submission could write its own results. Whatever happens there is a
results.json: run_autograder begins with one that says that nothing was marked, and replaces it in one step.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.metadata
import io
import json
import sys
import tempfile
import traceback
import zipfile
from pathlib import Path
from typing import Any

import npgen
from npgen.errors import InputError
from npgen.files import atomic_write
from npgen.grading import checks, exports
from npgen.grading.language import N_, Message

LEAST_LEVEL = "L2"

NOT_MARKED = N_(
    "Your submission was not marked, and that is not your fault: the grader itself stopped. Tell your instructor."
)

SETUP = """\
#!/usr/bin/env bash
# Gradescope runs this once, as root, while it builds the image. It needs
#   - Ubuntu 22.04 or later, or another system with apt-get and Python 3.10 or later;
#   - the network: Ubuntu's packages below, and from PyPI what npgen depends on.
# Nothing is fetched after it. The build's log ends with the level of isolation that the container allows.
set -euo pipefail
root=${{AUTOGRADER_ROOT:-/autograder}}
export DEBIAN_FRONTEND=noninteractive
apt-get update
apt-get install -y --no-install-recommends python3 python3-venv
python3 -m venv "$root/npgen"
"$root/npgen/bin/pip" install "$root/source/{wheel}"
"$root/npgen/bin/python" -I -m npgen.grading.autograder setup "$root"
"""

RUN = """\
#!/usr/bin/env bash
# Gradescope runs this for each submission. The first results say that nothing was marked; the grader replaces them.
set -eu
root=${{AUTOGRADER_ROOT:-/autograder}}
mkdir -p "$root/results"
cat > "$root/results/.first" << 'END'
{not_marked}
END
mv -f "$root/results/.first" "$root/results/results.json"
exec "$root/npgen/bin/python" -I -m npgen.grading.autograder mark "$root" {topic} {language}
"""


# --- the zip file ----------------------------------------------------------------------------------------------------


def write(out_zip: Path, topic: str, language: str = "en") -> Path:
    """Write the zip file for a topic, whose messages are in `language`; InputError if it cannot be written."""
    checks.load(topic)
    name, content = wheel()
    not_marked = json.dumps(without_marks(language), indent=1)  # in ASCII, whatever the locale of the container
    files = {
        "run_autograder": RUN.format(not_marked=not_marked, topic=topic, language=language).encode(),
        "setup.sh": SETUP.format(wheel=name).encode(),
        name: content,
    }
    with atomic_write(out_zip) as file:
        file.write(_zipped(files, executable=("run_autograder", "setup.sh")))
    return Path(out_zip)


def wheel() -> tuple[str, bytes]:
    """(name, content) of a wheel of this npgen, made of its own files: from a checkout and an installation alike.

    Raises
    ------
    InputError
        If npgen was not installed, so that nothing says what it depends on.
    """
    try:
        distribution = importlib.metadata.distribution("npgen")
    except importlib.metadata.PackageNotFoundError as error:
        raise InputError("npgen runs without being installed. In its folder: pip install -e .") from error
    package = Path(npgen.__file__).parent
    info = f"npgen-{npgen.__version__}.dist-info"
    needs = [f"Requires-Dist: {need}" for need in distribution.requires or () if "extra ==" not in need]
    metadata = ["Metadata-Version: 2.1", "Name: npgen", f"Version: {npgen.__version__}", "Requires-Python: >=3.10"]
    scripts = [f"{script.name} = {script.value}" for script in distribution.entry_points]
    files = {
        f"npgen/{path.relative_to(package).as_posix()}": path.read_bytes()
        for path in package.rglob("*")
        if path.suffix in (".py", ".mo", ".jinja") and "__pycache__" not in path.parts
    }
    files |= {
        f"{info}/METADATA": _lines(*metadata, *needs),
        f"{info}/WHEEL": _lines("Wheel-Version: 1.0", "Generator: npgen", "Root-Is-Purelib: true", "Tag: py3-none-any"),
        f"{info}/entry_points.txt": _lines("[console_scripts]", *scripts),
    }
    record = [f"{name},sha256={_digest(content)},{len(content)}" for name, content in sorted(files.items())]
    files[f"{info}/RECORD"] = _lines(*record, f"{info}/RECORD,,")
    return f"npgen-{npgen.__version__}-py3-none-any.whl", _zipped(files)


def _lines(*lines: str) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def _zipped(files: dict[str, bytes], executable: tuple[str, ...] = ()) -> bytes:
    """A zip file that depends on nothing else: no times, no order of a folder, no version of zlib."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as opened:
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.create_system = 3  # Unix, of which the permissions are
            entry.external_attr = (0o100755 if name in executable else 0o100644) << 16
            opened.writestr(entry, content)
    return archive.getvalue()


# --- in the container ------------------------------------------------------------------------------------------------


def main(action: str, root: Path, *arguments: str) -> int:
    """`setup ROOT` or `mark ROOT TOPIC LANGUAGE`; what it prints is for the instructor."""
    if action == "setup":
        return _set_up(root)
    topic, language = arguments
    try:
        content, status = _marked(root, topic, language), 0
    except Exception as error:  # whatever it is, Gradescope expects results
        if isinstance(error, InputError):
            print(f"npgen: {error}", file=sys.stderr)
        else:
            traceback.print_exc()
        content, status = without_marks(language), 1
    with atomic_write(root / "results" / "results.json") as file:
        file.write(exports.json_bytes(content))
    return status


def _set_up(root: Path) -> int:
    from npgen.grading import isolation, secret

    secret.load(root / "source", None)
    level = isolation.best()
    print(f"npgen {npgen.__version__}: isolation {level} here")
    if isolation.LEVELS.index(level) < isolation.LEVELS.index(LEAST_LEVEL):  # the container may allow more than this
        print(f"That is below {LEAST_LEVEL}: if submissions meet the same, none will be marked.")
    return 0


def _marked(root: Path, topic: str, language: str) -> dict[str, Any]:
    """The results of the submission in ROOT/submission."""
    from npgen.grading import batch, isolation, pools, secret

    isolation.require(LEAST_LEVEL)
    isolation.protect_grader()
    with tempfile.TemporaryDirectory() as out:
        alone = batch.Batch(
            students={submitter(root / "submission_metadata.json"): [root / "submission"]},
            topic=topic,
            out=Path(out),
            secret=secret.load(root / "source", None),
            level=isolation.best(),
            language=language,
        )
        (outcome,) = batch.run(alone, pools.in_this_process)
    result = exports.from_json("results", outcome.result)
    print(f"{result.score} of {result.max_score} points, isolation {result.isolation}")
    return exports.gradescope_json(result)


def submitter(metadata: Path) -> str:
    """Who handed it in, as Gradescope numbers them, so that the same student meets the same inputs again."""
    try:
        users = json.loads(metadata.read_bytes())["users"]
        return "gradescope-" + "-".join(sorted(str(int(user["id"])) for user in users))
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return "gradescope"


def without_marks(language: str) -> dict[str, Any]:
    """Results that say that there are none."""
    return {
        "score": 0,
        "output": Message(NOT_MARKED).into(language),
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": [],
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:]))

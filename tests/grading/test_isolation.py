"""What a submission cannot do to the machine that marks it. Run at every level that works here, and never below L2."""

import contextlib
import ctypes
import errno
import os
import re
import socket
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from npgen.errors import InputError
from npgen.grading import isolation
from npgen.grading.child import landlock, places, seccomp
from npgen.grading.sandbox import LIMITS, Lost, Sandbox, Stopped

PID = 4711  # of a process that a filter is made for


def needs(level):
    reason = isolation._missing(level)
    return pytest.mark.skipif(reason is not None, reason=f"{level}: {reason}")


@pytest.fixture(scope="module", params=[pytest.param(level, marks=needs(level)) for level in ("L2", "L3", "L4")])
def sandbox(request):
    with Sandbox(seconds=30, level=request.param) as sandbox:
        yield sandbox


def run(sandbox, body, *args, printed=False):
    """What `body` returns as a function of a submission, or the type of what it raises."""
    source = "import os, sys, ctypes, time, errno\ndef f(*args):\n" + textwrap.indent(textwrap.dedent(body), "    ")
    with sandbox.job(source.encode(), "work.py", "f") as job:
        answer = job.ask({"kind": "value", "args": list(args), "seed": 0})
    if printed:
        return job.printed
    return answer["result"] if "result" in answer else answer["error"]["type"]


def stopped(sandbox, body, *args):
    with pytest.raises(Stopped) as caught:
        run(sandbox, body, *args)
    return caught.value


def folders_of_jobs(sandbox):
    return [name for name in os.listdir(sandbox._scratch) if not name.startswith("home-")]


def works(sandbox):
    """Whether the next submission is none the worse."""
    return run(sandbox, "return 1 + args[0]", 1) == 2


# --- levels ----------------------------------------------------------------------------------------------------------


def test_levels_are_refused_with_a_reason(monkeypatch):
    assert isolation.best() in isolation.LEVELS
    with pytest.raises(InputError, match="L2"):
        isolation.require("L22")
    monkeypatch.setattr(isolation, "_missing", lambda level: None if level < "L3" else "it needs a moon.")
    assert isolation.offered() == ("L0", "L1", "L2")
    with pytest.raises(InputError, match=r"L4 is not possible here: it needs a moon\. The best is L2"):
        Sandbox(level="L4")


@pytest.mark.parametrize(
    ("what", "value", "level", "says"),
    [
        ("npgen.grading.isolation.FORKS", False, "L1", "it needs Unix"),
        ("sys.platform", "darwin", "L2", "it needs Linux"),
        ("os.uname", lambda: type("", (), {"machine": "riscv64"}), "L2", "x86_64 or aarch64; this is riscv64"),
        ("shutil.which", lambda name: None, "L3", "bubblewrap is not installed"),
        ("os.geteuid", lambda: 1000, "L4", "it needs root"),
    ],
)
def test_what_a_level_needs(monkeypatch, what, value, level, says):
    monkeypatch.setattr(what, value)
    assert says in isolation._missing.__wrapped__(level)


@needs("L2")
def test_a_level_that_lets_something_through_is_not_had(monkeypatch, tmp_path):
    """bubblewrap may be installed and fail; Landlock may be in the kernel and switched off."""
    failing = tmp_path / "bwrap"
    failing.write_text("#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2\nexit 1\n")
    failing.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert isolation._missing.__wrapped__("L3") == "bwrap: setting up uid map: Permission denied"
    unconfined = [sys.executable, "-c", "import sys; sys.exit('files can be read in spite of all')"]
    monkeypatch.setattr(isolation, "interpreter", lambda level, scratch: unconfined)
    assert isolation._missing.__wrapped__("L2") == "files can be read in spite of all"


@needs("L4")
def test_another_user_without_bubblewrap(monkeypatch):
    """As in Docker, where bubblewrap does not work as a rule: then there is an L4, but no L3."""
    missing = isolation._missing
    monkeypatch.setattr(isolation, "_missing", lambda level: "no bubblewrap" if level == "L3" else missing(level))
    assert isolation.offered() == ("L0", "L1", "L2", "L4")
    assert isolation.interpreter("L4", "/tmp")[0] == sys.executable
    with Sandbox(seconds=30, level="L4") as sandbox:
        assert run(sandbox, "return os.getuid()") == isolation.other_user()
        assert run(sandbox, "open('mine', 'w').write('a'); return sorted(os.listdir())") == ["mine", "work.py"]


@needs("L4")
def test_a_folder_that_another_user_cannot_reach(monkeypatch, tmp_path):
    tmp_path.chmod(0o700)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert "Permission denied" in isolation._missing.__wrapped__("L4")


def test_whose_processes_they_are(sandbox):
    """At L4 neither the submission nor what starts it has the grader's user, or any of its groups."""
    body = "return [os.getuid(), os.geteuid(), os.getgid(), os.getegid(), *os.getgroups()]"
    with sandbox.job(b"import os\ndef f():\n    " + body.encode(), "work.py", "f") as job:
        status = Path(f"/proc/{sandbox._zygote.pid}/status").read_text()
        found = job.ask({"kind": "value", "args": [], "seed": 0})["result"]
    outside = re.search(r"^Uid:\t(\d+)\t(\d+)\t(\d+)\t(\d+)$", status, re.MULTILINE).groups()
    if sandbox.level == "L4":
        assert found == [isolation.other_user()] * 4 and set(outside) == {str(isolation.other_user())}
        assert isolation.other_user() in isolation.USERS
    else:
        assert found[:4] == [os.getuid(), os.getuid(), os.getgid(), os.getgid()]
        assert set(outside) == {str(os.getuid())}


@pytest.mark.parametrize("level", ["L2", "L3", "L4"])
def test_a_level_may_be_asked_for_before_those_below(level):
    """L4 has to know whether there is an L3, and to try that takes the same steps."""
    ask = f"from npgen.grading import isolation; print(isolation._missing({level!r}))"
    asked = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, timeout=300)
    assert asked.stdout.strip() == str(isolation._missing(level)), asked.stderr


@needs("L2")
def test_what_is_ended_has_a_session_of_its_own(tmp_path):
    process = isolation.start("L2", str(tmp_path), ["probe", str(tmp_path)], stderr=subprocess.DEVNULL)
    session = os.getsid(process.pid)
    isolation.end(process)
    assert session == process.pid != os.getsid(0)


def test_a_student_runs_their_own_file_at_l1():
    assert Sandbox().level in ("L0", "L1")


# --- files -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def outside(tmp_path):
    """A folder of the grader, with something to read and to destroy."""
    (tmp_path / "classmate.py").write_text("secret")
    (tmp_path / "folder").mkdir()
    return tmp_path


def tree(folder):
    """All that can be said of a folder."""
    return {
        path: (path.lstat().st_mode, path.lstat().st_mtime_ns, path.is_file() and path.read_bytes())
        for path in [folder, *folder.rglob("*")]
    }


@pytest.mark.parametrize(
    "attempt",
    [
        "open(args[0] + '/classmate.py').read()",
        "os.listdir(args[0])",
        "open(args[0] + '/classmate.py', 'w')",
        "open(args[0] + '/new', 'w')",
        "os.open(args[0] + '/classmate.py', os.O_RDONLY | os.O_TRUNC)",
        "os.open(args[0] + '/classmate.py', os.O_WRONLY | os.O_RDWR | os.O_TRUNC)",
        "os.truncate(args[0] + '/classmate.py', 0)",
        "os.chmod(args[0] + '/classmate.py', 0o777)",
        "os.chown(args[0] + '/classmate.py', 0, 0)",
        "os.utime(args[0] + '/classmate.py', (0, 0))",
        "os.setxattr(args[0] + '/classmate.py', 'user.a', b'1')",
        "os.remove(args[0] + '/classmate.py')",
        "os.rename(args[0] + '/classmate.py', args[0] + '/other')",
        "os.rename(args[0] + '/classmate.py', 'mine')",
        "os.mkdir(args[0] + '/new')",
        "os.rmdir(args[0] + '/folder')",
        "os.mkfifo(args[0] + '/new')",
        "os.mkfifo('new')",
        "os.link(args[0] + '/classmate.py', 'mine')",
        "os.symlink(args[0] + '/classmate.py', args[0] + '/new')",
        "os.symlink(args[0] + '/classmate.py', 'mine')",
        "open(f'/proc/self/cwd/../../..{args[0]}/classmate.py').read()",
        "open(f'/proc/self/root{args[0]}/classmate.py').read()",
        "ctypes.CDLL(args[0] + '/classmate.py')",
        "__import__('runpy').run_path(args[0] + '/classmate.py')",
        "os.chroot('.')",
        "os.memfd_create('memory')",
    ],
)
def test_files_outside_are_out_of_reach(sandbox, outside, attempt):
    before = tree(outside)
    result = run(sandbox, f"{attempt}\nreturn 'done'", str(outside))
    ignored = attempt.startswith(("os.chmod", "os.utime"))
    assert (result == "done") if ignored else result.endswith("Error"), result
    assert tree(outside) == before


@pytest.mark.parametrize(
    "path", ["/", "/tmp", "/root", "/home", "/etc/shadow", "/etc/passwd", "/proc", "/dev/tty", "/var", "/run", "/boot"]
)
def test_the_rest_of_the_machine_is_out_of_reach(sandbox, path):
    result = run(sandbox, "os.listdir(args[0]) if os.path.isdir(args[0]) else open(args[0]).read()\nreturn 'x'", path)
    assert result in ("PermissionError", "FileNotFoundError", "OSError")


def test_references_and_solutions_are_out_of_reach(sandbox):
    package = Path(isolation.__file__).parents[1]
    for path in (
        *(package / "grading" / folder / "vae.py" for folder in ("references", "mistakes", "checks")),
        package / "grading" / "judging.py",
        package / "grading" / "child" / "__main__.py",
        package.parent / "solutions" / "vae.py",
        package / "models",
    ):
        result = run(sandbox, "open(args[0]).read()\nreturn 'x'", str(path))
        assert result in ("PermissionError", "FileNotFoundError"), path
    for name in ("npgen", "npgen.grading.references.vae", "npgen.grading.mistakes.vae", "npgen.grading.sandbox"):
        assert run(sandbox, f"import {name}") in ("PermissionError", "ModuleNotFoundError", "ImportError")


def test_packages_are_readable_except_npgen(tmp_path, monkeypatch):
    """As where npgen is installed among the packages: they can be listed, and all but npgen can be read."""
    for name in ("npgen/grading", "numpy/linalg", "six"):
        (tmp_path / "site-packages" / name).mkdir(parents=True)
    (tmp_path / "site-packages" / "alias").symlink_to(tmp_path / "site-packages" / "npgen")
    (tmp_path / "site-packages" / "one.py").write_text("")
    monkeypatch.setattr(places, "roots", lambda: [str(tmp_path), "/usr/lib"])
    packages = str(tmp_path / "site-packages")
    readable, listable = places.grants([f"{packages}/npgen"])
    assert set(readable) == {f"{packages}/{name}" for name in ("numpy", "six", "one.py")} | {"/usr/lib"}
    assert set(listable) == {str(tmp_path), packages}
    assert places.grants(["/nowhere"]) == (["/usr/lib", str(tmp_path)], [])


@needs("L2")
def test_what_is_granted_is_what_can_be_read(tmp_path):
    """Landlock itself, in a process that has only that."""
    for name in ("readable", "listable/part", "writable"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "file").write_text("text")
    code = f"""
        import os, sys
        sys.path.insert(0, {str(isolation.CHILD)!r})
        import confine, landlock
        confine.drop_privileges()
        landlock.restrict(["readable", "no such path"], ["listable"], ["writable"])
        print(open("readable/file").read(), os.listdir("listable"), os.listdir("listable/part"))
        open("writable/new", "w").write("text")
        os.replace("writable/new", "writable/file")
        for attempt in (
            lambda: open("listable/file"),
            lambda: open("readable/file", "a"),
            lambda: open("new", "w"),
            lambda: os.listdir("."),
            lambda: os.symlink("a", "writable/b"),
        ):
            try:
                attempt()
            except PermissionError:
                continue
            sys.exit("open")
    """
    (tmp_path / "listable" / "file").write_text("text")
    found = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (found.returncode, found.stdout.split()[0]) == (0, "text"), found.stderr


def test_the_first_version_of_landlock_is_enough(monkeypatch):
    """What it lacks, truncation, is closed by seccomp; and it is told of no rights that it does not know."""
    asked = []

    def syscall(number, *arguments):
        asked.append((number.value, arguments))
        return os.open("/", os.O_RDONLY) if number.value == landlock.CREATE_RULESET else 0

    monkeypatch.setattr(landlock, "_libc", type("", (), {"syscall": staticmethod(syscall)}))
    for version, size, rights in ((1, 8, 13), (2, 8, 14), (3, 8, 15), (4, 16, 15), (6, 24, 16), (7, 24, 16)):
        asked.clear()
        monkeypatch.setattr(landlock, "version", lambda version=version: version)
        landlock.restrict(["/usr"], ["/"], ["/tmp", "/dev/null"])
        assert len(asked[0][1][0]) == size and int.from_bytes(asked[0][1][0][:8], "little") == (1 << rights) - 1
        granted = [int.from_bytes(arguments[2][:8], "little") for number, arguments in asked if number == 445]
        assert len(granted) == 4 and all(right < 1 << rights for right in granted)


def test_a_folder_of_its_own_is_all_it_may_write(sandbox):
    body = """
        import pathlib, tempfile
        here = os.getcwd()
        assert os.environ["HOME"] == os.environ["TMPDIR"] == tempfile.gettempdir() == here == str(pathlib.Path.home())
        assert os.listdir() == ["work.py"] and open("work.py").read().startswith("import os")
        os.makedirs("a/b")
        with tempfile.TemporaryFile() as file, tempfile.NamedTemporaryFile() as named, tempfile.TemporaryDirectory():
            file.write(b"x" * 10**6)
        open("a/b/left", "w").write("x")
        os.replace("a/b/left", "left")
        open("/dev/null", "w").write("x")
        return here
    """
    first, second = run(sandbox, body), run(sandbox, body)
    assert first != second and not os.path.exists(first) and not os.path.exists(second)
    assert folders_of_jobs(sandbox) == []


@pytest.mark.parametrize(
    "body",
    [
        "for i in range(10**6):\n    open(f'{i}', 'wb').write(bytes(10**6))",
        "for i in range(10**6):\n    open(f'{i}', 'w')",
        "for i in range(10**6):\n    os.mkdir(f'{i}')",
        "for i in range(10**6):\n    os.mkdir('d')\n    os.chdir('d')",
        "for i in range(10**6):\n    os.mkdir('d' * 250)\n    os.chdir('d' * 250)",
        "os.mkdir('d', 0)\nopen('a', 'wb').write(bytes(15 * 2**20))\ntime.sleep(.2)\n"
        "files = [open(str(i), 'wb') for i in range(40)]\n"
        "for i, file in enumerate(files):\n"
        "    os.remove(str(i))\n    file.write(bytes(15 * 2**20))\n    file.flush()\n    time.sleep(.01)",
    ],
)
def test_the_disk_cannot_be_filled(sandbox, body):
    body = f"try:\n{textwrap.indent(body, '    ')}\nexcept OSError:\n    pass\nwhile True: pass"
    found = stopped(sandbox, body)
    assert (found.status, found.detail["message"]) == ("error", "Disk quota exceeded")
    assert folders_of_jobs(sandbox) == [] and works(sandbox)


def test_no_file_is_large(sandbox):
    assert run(sandbox, "open('a', 'wb').write(bytes(17 * 2**20))") == "OSError"
    assert run(sandbox, "os.truncate(os.open('a', os.O_CREAT | os.O_WRONLY), 2**40)") == "OSError"


# --- other processes -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "attempt",
    [
        "os.fork()",
        "os.forkpty()",
        "os.system('true') == 0 or os.fork()",
        "os.posix_spawn('/bin/true', ['true'], {})",
        "os.execv('/bin/true', ['true'])",
        "__import__('subprocess').run(['true'])",
        "__import__('multiprocessing').get_context('fork').Process(target=print).start()",
        "os.kill(args[0], 0)",
        "os.kill(args[0], 9)",
        "os.kill(args[1], 9)",
        "os.kill(-1, 9)",
        "os.kill(0, 9)",
        "os.kill(1, 0)",
        "os.killpg(0, 9)",
        "os.kill(os.getppid(), 9)",
        "os.pidfd_open(os.getppid())",
        "os.setsid()",
        "os.setpgid(0, 0)",
        "os.nice(1)",
        "os.setpriority(os.PRIO_PROCESS, os.getppid(), 10)",
        "os.sched_setaffinity(os.getppid(), [0])",
        "os.sched_setscheduler(os.getppid(), os.SCHED_BATCH, os.sched_param(0))",
        "__import__('resource').prlimit(os.getppid(), 7, (1, 1))",
        "__import__('resource').prlimit(args[0], 7, (1, 1))",
        "__import__('resource').setrlimit(9, (-1, -1))",
        "__import__('fcntl').fcntl(0, 8, os.getppid())",
        "__import__('fcntl').fcntl(0, 10, 9)",
        "__import__('fcntl').ioctl(0, 0x5412, b'x')",
        "__import__('fcntl').ioctl(0, 0x8901, b'1234')",
        "open(f'/proc/{args[0]}/mem', 'rb')",
        "open(f'/proc/{os.getppid()}/mem', 'rb')",
        "open(f'/proc/{os.getppid()}/environ', 'rb')",
        "open(f'/proc/{os.getppid()}/maps', 'rb')",
        "open(f'/proc/{os.getppid()}/cmdline', 'rb')",
        "os.listdir(f'/proc/{os.getppid()}/fd')",
        "os.readlink(f'/proc/{os.getppid()}/cwd')",
        "os.setuid(65534)",
        "__import__('socket').sethostname('x')",
        "os.unshare(0x10000000) if hasattr(os, 'unshare') else os.fork()",
    ],
)
def test_other_processes_are_out_of_reach(sandbox, attempt):
    result = run(sandbox, f"{attempt}\nreturn 'done'", os.getpid(), sandbox._zygote.pid)
    assert result in ("PermissionError", "FileNotFoundError", "ProcessLookupError", "OSError", "ValueError"), result
    assert works(sandbox)


CALLS = """
    libc = ctypes.CDLL(None, use_errno=True)
    def call(number, *arguments):
        result = libc.syscall(ctypes.c_long(number), *map(ctypes.c_long, arguments))
        return ctypes.get_errno() if result < 0 else 0
"""


def test_every_call_of_the_table_fails_in_the_kernel(sandbox):
    """With arguments that make no sense; those that may have some are tried one by one above."""
    numbers = seccomp.numbers(os.uname().machine)
    denied = [numbers[name] for name in numbers if name not in (*seccomp.conditions(1), *seccomp.IGNORED)]
    results = run(sandbox, CALLS + "    return [call(number, 0, 0, 0, 0, 0) for number in args[0]]", denied)
    expected = [errno.ENOSYS if name in seccomp.ABSENT else errno.EPERM for name in numbers if numbers[name] in denied]
    assert list(results) == expected
    newer = run(sandbox, CALLS + "    return [call(n) for n in (452, 463, 500, 10**6)]")
    assert list(newer) == [errno.ENOSYS] * 4


def test_memory_of_the_grader_is_out_of_reach(sandbox):
    """process_vm_readv, and ptrace, by number, on the grader and on the process that starts submissions."""
    numbers = seccomp.numbers(os.uname().machine)
    body = CALLS + "    return [call(n, p, 0, 0, 0, 0) for n in args[0] for p in (args[1], os.getppid())]"
    found = run(sandbox, body, [numbers["ptrace"], numbers["process_vm_readv"]], os.getpid())
    assert list(found) == [errno.EPERM] * 4


def test_there_is_no_network(sandbox):
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as abstract:
        server.settimeout(0.1)
        name = f"\0npgen-test-{os.getpid()}"
        abstract.bind(name)
        body = """
            import socket
            refused = []
            for family in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX, socket.AF_NETLINK, socket.AF_PACKET, 40):
                for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW):
                    try:
                        socket.socket(family, kind)
                    except PermissionError:
                        refused.append(family)
            try:
                socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
            except PermissionError:
                refused.append(0)
            mine, yours = socket.socketpair()  # for asyncio
            mine.send(b"x")
            assert yours.recv(1) == b"x"
            for attempt in (
                lambda: mine.connect(args[1]),
                lambda: mine.bind(args[1] + "2"),
                lambda: mine.sendto(b"x", args[1]),
                lambda: socket.send_fds(mine, [b"x"], [0]),
            ):
                try:
                    attempt()
                except OSError:
                    refused.append(0)
            try:
                socket.create_connection(("127.0.0.1", args[0]), 1)
            except PermissionError:
                refused.append(0)
            return len(refused)
        """
        assert run(sandbox, body, server.getsockname()[1], name) == 6 * 3 + 6
        with pytest.raises(TimeoutError):
            server.accept()


def test_privileges_are_gone(sandbox):
    status = run(sandbox, "return open('/proc/self/status').read()")
    found = dict(re.findall(r"^(\w+):[ \t]*(\S+)", status, flags=re.MULTILINE))
    assert int(found["CapEff"], 16) == int(found["CapPrm"], 16) == int(found["CapInh"], 16) == 0
    assert (found["NoNewPrivs"], found["Seccomp"]) == ("1", "2")


def test_descriptors_and_environment_hold_nothing_of_the_grader(sandbox, monkeypatch):
    monkeypatch.setenv("SECRET_OF_THE_GRADER", "1")
    body = "return sorted(int(fd) for fd in os.listdir('/proc/self/fd') if os.path.exists(f'/proc/self/fd/{fd}'))"
    assert len(run(sandbox, body)) <= 6  # three standard ones, two pipes, the listing itself
    with Sandbox(seconds=30, level=sandbox.level) as fresh:
        environment = run(fresh, "return open('/proc/self/environ').read() + str(sorted(os.environ))")
        arguments = run(fresh, "return open('/proc/self/cmdline').read()")
    assert "SECRET" not in environment + arguments


def test_the_grader_is_unreadable_and_adopts_what_is_left(sandbox):
    PR_GET_DUMPABLE, PR_GET_CHILD_SUBREAPER = 3, 37
    libc, found = ctypes.CDLL(None), ctypes.c_int()
    libc.prctl(PR_GET_CHILD_SUBREAPER, ctypes.byref(found), 0, 0, 0)
    assert (libc.prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), found.value) == (0, 1)


def test_checking_ones_own_file_leaves_ones_process_as_it_is():
    code = """
        import ctypes
        from npgen.grading.sandbox import Sandbox
        with Sandbox():
            print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
    """
    if sys.platform == "linux":
        assert subprocess.check_output([sys.executable, "-c", textwrap.dedent(code)], text=True).strip() == "1"


# --- too much of everything ------------------------------------------------------------------------------------------


def test_memory_is_limited_above_the_imports(sandbox):
    assert run(sandbox, "return len(bytearray(700 * 2**20))") == 700 * 2**20
    assert run(sandbox, "return len(bytearray(1100 * 2**20))") == "MemoryError"
    assert run(sandbox, "import mmap\nmmap.mmap(-1, 2 * 2**30)") in ("OSError", "MemoryError")
    assert run(sandbox, "x = []\nwhile True: x.append(bytearray(10**7))") == "MemoryError"
    assert LIMITS["AS"] == 2**30 and works(sandbox)


def test_threads_are_limited(sandbox):
    body = """
        import threading
        threading.stack_size(128 * 2**10)  # the least that aarch64 takes
        while True:
            try:
                threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
            except RuntimeError:
                time.sleep(1)
    """
    found = stopped(sandbox, body)
    assert (found.status, found.detail["message"]) == ("error", "can't start new thread") and works(sandbox)
    assert run(sandbox, "import threading\nthreading.Thread(target=print).start()\nreturn 1") == 1


def test_time_is_limited(sandbox):
    with Sandbox(seconds=1, level=sandbox.level) as short:
        for body in (
            "while True: pass",
            "import signal\nfor s in range(1, 32):\n    try: signal.signal(s, lambda *_: 0)\n"
            "    except OSError: pass\nwhile True: time.sleep(1)",
            "os.kill(os.getpid(), 19)",
            "os.close(args[0])\ntime.sleep(60)",
        ):
            beginning = time.perf_counter()
            assert stopped(short, body, 0).status == "timeout"
            assert time.perf_counter() - beginning < 5
        assert works(short)


def test_a_flood_on_stdout_ends(sandbox):
    """The output is a file of limited size: what does not fit is an error of the submission."""
    assert run(sandbox, "while True: os.write(1, bytes(10**6))") == "OSError"
    with Sandbox(seconds=2, level=sandbox.level) as short:
        flood = "while True:\n    try: print('x' * 10**6, flush=True)\n    except OSError: pass"
        assert stopped(short, flood).status == "timeout"
        assert works(short)


def test_frames_of_its_own_harm_nobody(sandbox):
    for text in ("b'\\xff' * 10**6", "b'\\x02\\0\\0\\0[]'", "b''"):
        body = f"""
            for descriptor in range(3, 10):
                try: os.write(descriptor, {text})
                except OSError: pass
            os._exit(0)
        """
        assert stopped(sandbox, body).status in ("error", "crashed")
        assert works(sandbox)


def test_a_fork_bomb_is_none(sandbox):
    assert run(sandbox, "while True: os.fork()") == "PermissionError" and works(sandbox)


# --- nothing is left -------------------------------------------------------------------------------------------------


def descendants(ancestor):
    """{number: when it was started} of all processes that come from this one."""
    every = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = path.read_bytes().rpartition(b")")[2].split()
            every[int(path.parent.name)] = int(fields[1]), fields[19]
    found, parents = {}, {ancestor}
    while parents:
        parents = {pid for pid, (parent, _) in every.items() if parent in parents}
        found |= {pid: every[pid][1] for pid in parents}
    return found


def processes():
    return set(descendants(os.getpid()))


def test_no_process_is_left(sandbox):
    before = processes()
    with Sandbox(seconds=1, level=sandbox.level) as short:
        stopped(short, "while True: pass")
        assert works(short)
        assert processes() > before
        scratch = short._scratch
    assert processes() == before and not os.path.exists(scratch)


def test_no_process_survives_that_of_the_submissions(sandbox):
    before = processes()
    with Sandbox(seconds=60, level=sandbox.level) as other:
        killer = threading.Timer(0.7, other._zygote.kill)
        killer.start()
        with pytest.raises(Lost):  # nothing is known about the submission
            run(other, "while True: time.sleep(1)")
        assert works(other)  # another zygote
    assert processes() == before


@pytest.mark.parametrize("seconds", [0, 0.003, 0.01, 0.03])
def test_no_process_survives_that_of_the_submissions_as_it_starts(sandbox, seconds):
    """bubblewrap's inner process has a session of its own, which nobody knows if the outer one dies so early."""
    assert works(sandbox)  # so that its own processes have all started
    before = processes()
    with Sandbox(seconds=60, level=sandbox.level) as other:
        time.sleep(seconds)
        other._zygote.kill()
        os.waitid(os.P_PID, other._zygote.pid, os.WEXITED | os.WNOWAIT)
    assert processes() == before


def test_no_process_survives_the_grader(sandbox, tmp_path):
    code = f"""
        from npgen.grading.sandbox import Sandbox
        with Sandbox(seconds=60, level={sandbox.level!r}) as sandbox:
            with sandbox.job(b"import time\\ndef f(): time.sleep(60)", "work.py", "f") as job:
                print("ready", flush=True)
                job.ask({{"kind": "value", "args": [], "seed": 0}})
    """
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)],
        stdout=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    ) as grader:
        assert grader.stdout.readline() == b"ready\n"
        time.sleep(0.2)
        family = descendants(grader.pid)
        assert len(family) >= 2
        grader.kill()
    end = time.monotonic() + 10
    while alive := [pid for pid, started in family.items() if is_alive(pid, started)]:
        assert time.monotonic() < end, alive
        time.sleep(0.01)


def is_alive(pid, started):
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        return fields[19] == started and fields[0] not in b"ZX"
    return False


@needs("L2")
def test_daemons_end_with_their_job_even_at_l1():
    """An innocent use of a process pool in one's own file must not leave processes behind either."""
    before = processes()
    with Sandbox(seconds=20) as own:
        body = """
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    time.sleep(60)
                os._exit(0)
            return 1
        """
        assert run(own, body) == 1
        assert len(processes() - before) == 1  # the zygote
    assert processes() == before


def test_a_process_that_cannot_be_shut_in_is_not_given_a_submission(sandbox, monkeypatch):
    monkeypatch.setattr(isolation, "place", lambda level, folder: "/no such folder")
    with pytest.raises(Lost, match="could not be shut in: FileNotFoundError"):
        run(sandbox, "return 1")
    monkeypatch.undo()
    assert works(sandbox)


# --- what must still work --------------------------------------------------------------------------------------------


def test_numba_works(sandbox):
    pytest.importorskip("numba")
    body = """
        import numba, numpy as np
        @numba.njit(cache=True)
        def total(x):
            s = 0.0
            for v in x: s += v
            return s
        @numba.njit(parallel=True)
        def squares(x):
            y = np.empty_like(x)
            for i in numba.prange(x.size): y[i] = x[i] ** 2
            return y
        @numba.vectorize(["float64(float64)"])
        def half(x): return x / 2
        return [total(args[0]), squares(args[0]), half(args[0])]
    """
    x = np.arange(1000.0)
    with Sandbox(seconds=60, level=sandbox.level) as patient:
        total, squares, half = run(patient, body, x)
    assert total == x.sum() and (squares == x**2).all() and (half == x / 2).all()


def test_numba_in_parallel_works(sandbox, monkeypatch):
    """With threads that are really started: the environment of a submission allows but one."""
    pytest.importorskip("numba")
    environment = isolation.environment()
    monkeypatch.setattr(isolation, "environment", lambda: {**environment, "NUMBA_NUM_THREADS": "2"})
    body = """
        import numba, numpy as np
        numba.set_num_threads(2)
        @numba.njit(parallel=True)
        def squares(x):
            y = np.empty_like(x)
            for i in numba.prange(x.size): y[i] = x[i] ** 2
            return y
        y = squares(args[0])
        return [y, len(os.listdir('/proc/self/task'))]
    """
    x = np.arange(1000.0)
    with Sandbox(seconds=60, level=sandbox.level) as patient:
        squares, threads = run(patient, body, x)
    assert (squares == x**2).all() and threads >= 2


def test_matplotlib_works(sandbox):
    pytest.importorskip("matplotlib")
    body = """
        import matplotlib.pyplot as plt
        plt.plot([1, 2, 3]); plt.title("título $x^2$"); plt.savefig("figure.png"); plt.savefig("figure.pdf"); plt.show()
        return os.path.getsize("figure.png")
    """
    with Sandbox(seconds=60, level=sandbox.level) as patient:
        assert run(patient, body) > 1000


def test_what_is_harmless_works(sandbox):
    body = """
        import threading, signal, random, json, zoneinfo, datetime, scipy.stats, scipy.optimize, concurrent.futures
        import inspect, logging, pickle, shutil, uuid, warnings, platform, locale, secrets
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            assert list(pool.map(abs, [-1, -2])) == [1, 2]
        assert "def f" in inspect.getsource(sys.modules["submission"].f)
        pickle.dump([1], open("p", "wb")); shutil.copy2("p", "q"); shutil.move("q", "r")
        sys.stdout.isatty(); shutil.get_terminal_size(); platform.platform(); uuid.uuid4(); secrets.token_bytes(4)
        os.sched_getaffinity(0); os.cpu_count(); signal.signal(signal.SIGUSR1, lambda *_: None)
        os.kill(os.getpid(), signal.SIGUSR1); signal.raise_signal(signal.SIGUSR1)
        callback = ctypes.CFUNCTYPE(ctypes.c_int)(lambda: 3)
        datetime.datetime.now(zoneinfo.ZoneInfo("Europe/Madrid")) if os.path.exists("/usr/share/zoneinfo") else 0
        assert open("/dev/urandom", "rb").read(2)
        print("á", file=sys.stderr)
        import asyncio
        assert asyncio.run(asyncio.sleep(0, 4)) == 4
        return callback()
    """
    assert run(sandbox, body) == 3


def test_a_crash_is_told_from_an_answer(sandbox):
    assert stopped(sandbox, "ctypes.string_at(0)").status == "crashed"
    assert stopped(sandbox, "os.abort()").status == "crashed"
    assert stopped(sandbox, "os._exit(0)").status == "crashed"
    assert works(sandbox)


# --- the filter, on both architectures -------------------------------------------------------------------------------


def judge(program, machine, name_or_number, *arguments, architecture=None):
    """What the filter says of a call, worked out as the kernel does: "allow", "kill" or an errno."""
    number = name_or_number if isinstance(name_or_number, int) else seccomp.numbers(machine)[name_or_number]
    words = {0: number, 4: architecture or seccomp.ARCHITECTURES[machine]}
    for i in range(6):
        argument = arguments[i] % 2**64 if i < len(arguments) else 0
        words[16 + 8 * i], words[20 + 8 * i] = argument % 2**32, argument >> 32
    register, at = None, 0
    while True:
        operation, jump_true, jump_false, operand = program[at]
        at += 1
        if operation == seccomp.LOAD:
            register = words[operand]
        elif operation == seccomp.AND:
            register &= operand
        elif operation == seccomp.RETURN:
            return {seccomp.ALLOW: "allow", seccomp.KILL_PROCESS: "kill"}.get(operand, operand ^ seccomp.error(0))
        else:
            taken = register == operand if operation == seccomp.JUMP else register > operand
            assert operation in (seccomp.JUMP, seccomp.JUMP_GREATER)
            at += jump_true if taken else jump_false


# name:number on x86-64:number on aarch64, of calls that every program needs.
ALLOWED = """
    read:0:63 write:1:64 close:3:57 mmap:9:222 mprotect:10:226 munmap:11:215 brk:12:214 futex:202:98 exit:60:93
    exit_group:231:94 getpid:39:172 gettid:186:178 clock_gettime:228:113 nanosleep:35:101 getrandom:318:278
    rt_sigaction:13:134 rt_sigprocmask:14:135 sched_yield:24:124 sched_getaffinity:204:123 set_robust_list:273:99
    rseq:334:293 statx:332:291 newfstatat:262:79 lseek:8:62 getcwd:79:17 mkdirat:258:34 unlinkat:263:35
    renameat2:316:276 ftruncate:77:46 pipe2:293:59 dup3:292:24 madvise:28:233 set_tid_address:218:96 getdents64:217:61
    readlinkat:267:78 faccessat:269:48 writev:20:66 fsync:74:82
"""
THREAD = 0x3D0F00  # the flags of pthread_create
PROCESS = 0x1200011  # those of fork
CASES = [
    ("clone", [THREAD], "allow"),
    ("clone", [PROCESS], errno.EPERM),
    ("clone", [0], errno.EPERM),
    ("clone", [0x4111], errno.EPERM),  # vfork
    ("clone", [THREAD | 0x40000000], errno.EPERM),  # a thread in a network of its own
    ("clone", [THREAD << 32], errno.EPERM),
    ("clone3", [0, 88], errno.ENOSYS),
    ("openat2", [-100], errno.ENOSYS),
    ("kill", [PID, 9], "allow"),
    ("kill", [PID + 1, 9], errno.EPERM),
    ("kill", [0, 9], errno.EPERM),
    ("kill", [-1, 9], errno.EPERM),
    ("kill", [-PID, 9], errno.EPERM),
    ("kill", [PID | 1 << 32, 9], "allow"),  # the kernel takes an int: it is this process
    ("tkill", [PID, 6], "allow"),
    ("tkill", [PID + 1, 6], errno.EPERM),
    ("tgkill", [PID, PID + 3, 6], "allow"),
    ("tgkill", [PID + 1, PID + 1, 6], errno.EPERM),
    ("prlimit64", [0, 7, 0, 4096], "allow"),
    ("prlimit64", [PID, 7, 0, 4096], "allow"),
    ("prlimit64", [0, 7, 4096, 0], errno.EPERM),
    ("prlimit64", [0, 7, 1 << 32, 0], errno.EPERM),
    ("prlimit64", [PID + 1, 7, 0, 4096], errno.EPERM),
    ("sched_setaffinity", [0, 8, 4096], "allow"),
    ("sched_setaffinity", [PID + 1, 8, 4096], errno.EPERM),
    ("sched_setscheduler", [PID + 1], errno.EPERM),
    ("sched_setparam", [PID + 1], errno.EPERM),
    ("sched_setattr", [PID + 1], errno.EPERM),
    ("socketpair", [1, 1 | 0o2000000, 0], "allow"),
    ("socketpair", [1, 2, 0], errno.EPERM),
    ("socketpair", [1, 5, 0], errno.EPERM),
    ("socketpair", [2, 1, 0], errno.EPERM),
    ("prctl", [15], "allow"),
    ("prctl", [1, 0], errno.EPERM),
    ("prctl", [0x59616D61, -1], errno.EPERM),
    ("openat", [-100, 4096, os.O_RDONLY], "allow"),
    ("openat", [-100, 4096, 0o1 | 0o100 | 0o1000], "allow"),
    ("openat", [-100, 4096, 0o2 | 0o1000], "allow"),
    ("openat", [-100, 4096, 0o1000], errno.EPERM),
    ("openat", [-100, 4096, 0o3 | 0o1000], errno.EPERM),
    ("openat", [-100, 4096, 0o1000 | 0o2000000], errno.EPERM),
    ("open", [4096, 0o1000], errno.EPERM),
    ("open", [4096, 0o1101], "allow"),
    ("ioctl", [0, 0x5401], "allow"),
    ("ioctl", [0, 0x5413], "allow"),
    ("ioctl", [0, 0x5412], errno.EPERM),
    ("ioctl", [0, 0x5412 | 1 << 32], errno.EPERM),
    ("ioctl", [0, 0x8901], errno.EPERM),
    ("fcntl", [0, 1], "allow"),
    ("fcntl", [0, 3], "allow"),
    ("fcntl", [0, 1030], "allow"),
    *(("fcntl", [0, command], errno.EPERM) for command in (8, 10, 15, 1024, 1026)),
]


@pytest.mark.parametrize("machine", seccomp.ARCHITECTURES)
def test_the_filter_says_what_it_should(machine):
    program, numbers = seccomp.program(machine, PID), seccomp.numbers(machine)
    assert len(program) < 4096 and max(max(step[1:3]) for step in program) < 256  # what the kernel takes
    for name, arguments, expected in CASES:
        if name in numbers:
            assert judge(program, machine, name, *arguments) == expected, (name, arguments)
    for name in numbers.keys() - seccomp.conditions(PID).keys() - set(seccomp.ABSENT):
        for arguments in ((), (PID,), (-1,) * 6):
            expected = 0 if name in seccomp.IGNORED else errno.EPERM
            assert judge(program, machine, name, *arguments) == expected, name
    for name, number in allowed(machine).items():
        assert judge(program, machine, number, -1, -1, -1, -1, -1, -1) == "allow", name


def allowed(machine):
    column = 1 + list(seccomp.ARCHITECTURES).index(machine)
    return {row.split(":")[0]: int(row.split(":")[column]) for row in ALLOWED.split()}


@pytest.mark.parametrize("machine", seccomp.ARCHITECTURES)
def test_calls_by_another_door_are_closed(machine):
    program = seccomp.program(machine, PID)
    assert judge(program, machine, 3, architecture=0x40000003) == "kill"  # i386
    other = next(number for name, number in seccomp.ARCHITECTURES.items() if name != machine)
    assert judge(program, machine, 3, architecture=other) == "kill"
    for number in (0x40000000, 0x40000001, 0x40000200, 2**32 - 1):
        assert judge(program, machine, number) == "kill"  # x32
    for number in (seccomp.NEWEST + 1, 500, 0x3FFFFFFF):
        assert judge(program, machine, number) == errno.ENOSYS


@pytest.mark.parametrize(
    ("machine", "header"),
    [
        ("x86_64", "/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
        ("aarch64", "/usr/include/asm-generic/unistd.h"),  # aarch64 has the generic numbers
    ],
)
def test_the_numbers_are_those_of_the_kernel(machine, header):
    if not os.path.exists(header):
        pytest.skip(f"no {header}")
    kernel = dict(re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)\s*$", Path(header).read_text(), flags=re.MULTILINE))
    for name, number in seccomp.numbers(machine).items():
        assert int(kernel[name]) == number, name
    missing = {row.split(":")[0] for row in seccomp.TABLE.split() if ":" in row} - seccomp.numbers(machine).keys()
    assert not missing & kernel.keys()
    for name, number in allowed(machine).items():
        assert int(kernel.get("fstatat" if name == "newfstatat" and machine == "aarch64" else name)) == number, name

"""What a submission may read: the interpreter, its libraries and the packages, except npgen."""

import os
import site
import sys
import sysconfig

SYSTEM = (
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/nix/store",
    "/usr/share/zoneinfo",
    "/usr/share/fonts",
    "/usr/share/fontconfig",
    "/usr/local/share/fonts",
    "/etc/fonts",
    "/etc/localtime",
    "/etc/ld.so.cache",
)
MACHINE = ("/dev/zero", "/dev/random", "/dev/urandom", "/proc/cpuinfo", "/proc/meminfo", "/proc/self")
DEVICES = ("/dev/null", "/dev/full")  # these may be written, too


def paths():
    """Files and folders that an interpreter like this one needs.

    Other folders on sys.path are left out: an editable install puts a checkout there, with references and solutions.
    """
    known = sysconfig.get_paths()
    found = [
        *SYSTEM,
        *site.getsitepackages(),
        *(known[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")),
    ]
    for prefix in (sys.prefix, sys.base_prefix):
        found += [os.path.join(prefix, name) for name in ("lib", "lib64", "pyvenv.cfg")]
    return sorted(filter(os.path.exists, {*map(os.path.abspath, found), sys.executable}))


def roots():
    """The same without symbolic links."""
    return sorted(set(map(os.path.realpath, paths())))


def grants(forbidden):
    """The roots as (readable, listable): a folder that holds a forbidden path is listable, its other parts readable.

    `forbidden` are paths without symbolic links.
    """
    readable, listable = [], []
    waiting = roots()
    seen = set()
    while waiting:
        path = waiting.pop()
        if path in seen or any(_is_in(path, other) for other in forbidden):
            continue
        seen.add(path)
        if any(_is_in(other, path) for other in forbidden):
            listable.append(path)
            waiting += [os.path.realpath(os.path.join(path, name)) for name in os.listdir(path)]
        else:
            readable.append(path)
    return readable, listable


def _is_in(path, folder):
    return path == folder or path.startswith(folder.rstrip("/") + "/")

"""What a child takes away from itself before it reads a line of a submission.

Resource limits on any Unix; on Linux also a place to work in, and privileges. Which files it may reach is the matter of
`landlock`, what it may ask of the kernel that of `seccomp`.
"""

import contextlib
import ctypes
import os
import tempfile

try:
    import resource
except ImportError:  # Windows
    resource = None

PR_SET_NO_NEW_PRIVS = 38
PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
CAPABILITIES = 0x20080522  # the version of the kernel's struct


def limit(limits):
    """Set the resource limits, by name, as both soft and hard ones: {"AS": bytes above those in use, ...}."""
    if resource is None:
        return
    for name, value in limits.items():
        kind = getattr(resource, f"RLIMIT_{name}", None)
        if kind is None:
            continue
        if name == "AS":
            value += _address_space()
        _, hard = resource.getrlimit(kind)
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (value, value))


def _address_space():
    """Bytes of address space in use; where that cannot be known, enough for large libraries."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 3 * 2**30


def move_into(scratch):
    """Work in this folder, and let libraries put their files there."""
    os.chdir(scratch)
    os.environ.update({name: scratch for name in ("HOME", "TMPDIR", "TMP", "TEMP", "MPLCONFIGDIR", "NUMBA_CACHE_DIR")})
    tempfile.tempdir = None  # to be looked up anew


def end_with(parent):
    """Be killed when the process `parent`, which has started this one, ends (Linux)."""
    with contextlib.suppress(AttributeError):  # no prctl elsewhere
        prctl(PR_SET_PDEATHSIG, 9)
    if os.getppid() != parent:
        os._exit(1)


def adopt_orphans():
    """Become the parent of descendants whose own parent ends (Linux), so that none gets away."""
    with contextlib.suppress(AttributeError):
        prctl(PR_SET_CHILD_SUBREAPER, 1)


def drop_privileges():
    """Give up root's, if this is root, and those of programs that lend theirs."""
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    libc = ctypes.CDLL(None, use_errno=True)
    header, none = (ctypes.c_uint32 * 2)(CAPABILITIES, 0), (ctypes.c_uint32 * 6)()
    if libc.capset(header, none) != 0:
        raise OSError(ctypes.get_errno(), f"capset: {os.strerror(ctypes.get_errno())}")


def prctl(option, value):
    """Set a property of this process (Linux)."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, *map(ctypes.c_ulong, (value, 0, 0, 0))) != 0:
        raise OSError(ctypes.get_errno(), f"prctl {option}: {os.strerror(ctypes.get_errno())}")

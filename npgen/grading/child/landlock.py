"""Landlock: which files a process may read and write, for good, without any privilege (Linux 5.13 and newer)."""

import ctypes
import os
import stat
import struct

# Numbers of the system calls, the same on every architecture, and what the kernel calls the rights.
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
VERSION, PATH_BENEATH = 1, 1
WRITE_FILE, READ_FILE, READ_DIR, REMOVE_DIR, REMOVE_FILE = 1 << 1, 1 << 2, 1 << 3, 1 << 4, 1 << 5
MAKE_DIR, MAKE_REG, REFER, TRUNCATE = 1 << 7, 1 << 8, 1 << 13, 1 << 14
ALL_RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}  # since this version
ALL_NET, ALL_SCOPES = 3, 3  # TCP bind and connect, since version 4; abstract sockets and signals, since version 6

READ = READ_FILE | READ_DIR
WRITE = READ | WRITE_FILE | TRUNCATE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | REFER
OF_A_FILE = READ_FILE | WRITE_FILE | TRUNCATE  # the rights that make sense for what is no folder

_libc = ctypes.CDLL(None, use_errno=True) if os.name == "posix" else None


def version():
    """The kernel's version of Landlock; 0 where it has none."""
    return max(0, _libc.syscall(ctypes.c_long(CREATE_RULESET), None, ctypes.c_size_t(0), ctypes.c_uint(VERSION)))


def restrict(readable, listable, writable):
    """Leave this thread and all that it starts only the named paths and what lies in them.

    Folders in `listable` can be listed, and so can those in them; paths that do not exist are passed over.
    """
    known = version()
    if not known:
        raise OSError("Landlock: not in this kernel")
    rights = max(rights for since, rights in ALL_RIGHTS.items() if since <= known)
    attributes = struct.pack("=QQQ", rights, ALL_NET, ALL_SCOPES)[: 8 if known < 4 else 16 if known < 6 else 24]
    ruleset = _call(CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), ctypes.c_uint(0))
    try:
        for paths, granted in ((readable, READ), (listable, READ_DIR), (writable, WRITE)):
            for path in paths:
                _allow(ruleset, path, granted & rights)
        _call(RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint(0))
    finally:
        os.close(ruleset)


def _allow(ruleset, path, rights):
    try:
        folder = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(folder).st_mode):
            rights &= OF_A_FILE
        if rights:
            rule = struct.pack("=Qi", rights, folder)
            _call(ADD_RULE, ctypes.c_int(ruleset), ctypes.c_int(PATH_BENEATH), rule, ctypes.c_uint(0))
    finally:
        os.close(folder)


def _call(number, *arguments):
    result = _libc.syscall(ctypes.c_long(number), *arguments)
    if result < 0:
        raise OSError(ctypes.get_errno(), f"Landlock: {os.strerror(ctypes.get_errno())}")
    return result

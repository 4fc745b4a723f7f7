"""Shells, editors and interpreters, by every way to start one.

verdict: compute_KL failed|error|crashed|timeout
must not: leave a process
must not: write a file
"""

import concurrent.futures
import ctypes
import multiprocessing
import os
import subprocess
import sys

import numpy as np

SHELL = ["/bin/sh", "-c", "echo GOT: a shell; touch @HOME@/npgen-attack @TMP@/npgen-attack @CLASS@/npgen-attack"]


def work(*args):
    print("GOT: a process", flush=True)


def compute_KL(q):
    libc = ctypes.CDLL(None)
    for attempt in (
        lambda: os.system(SHELL[2]),
        lambda: subprocess.run(SHELL, timeout=1),
        lambda: subprocess.run(SHELL, timeout=1, start_new_session=True, close_fds=False),
        lambda: os.posix_spawn(SHELL[0], SHELL, os.environ),
        lambda: os.popen(SHELL[2]).read(),
        lambda: os.spawnv(os.P_NOWAIT, sys.executable, [sys.executable, "-c", "print('GOT: python')"]),
        lambda: multiprocessing.get_context("fork").Process(target=work).start(),
        lambda: multiprocessing.get_context("forkserver").Process(target=work).start(),
        lambda: concurrent.futures.ProcessPoolExecutor(1).submit(work).result(timeout=1),
        lambda: __import__("pty").fork(),
        lambda: libc.system(SHELL[2].encode()),
    ):
        try:
            attempt()
        except BaseException:
            pass
    try:
        memory = os.memfd_create("x")
        os.write(memory, b"#!/bin/sh\n" + SHELL[2].encode())
        os.execve(memory, SHELL, {})
    except OSError:
        pass
    try:
        os.execv(SHELL[0], SHELL)
    except OSError:
        pass
    return np.zeros(len(q))

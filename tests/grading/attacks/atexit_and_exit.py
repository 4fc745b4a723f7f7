"""Leaves at import, with functions to be run at the end.

verdict: compute_KL error|crashed|missing
must not: write a file
must not: leave a process
"""

import atexit
import os
import sys
import threading
import weakref


def late():
    for folder in ("@HOME@", "@TMP@", "@CLASS@"):
        try:
            open(os.path.join(folder, "npgen-attack"), "w").close()
        except OSError:
            pass


atexit.register(late)
threading._register_atexit(late)
finalizer = weakref.finalize(os, late)
sys.exit(0)

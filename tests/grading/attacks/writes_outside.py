"""Files, folders, pipes and devices in the home folder, /tmp, /dev/shm, the class and the results; those there removed.

verdict: compute_KL failed|error
must not: write a file
"""

import os
import shutil

import numpy as np

FOLDERS = ["@HOME@", "@CLASS@", "@RESULTS@", "@RESULTS@/results", "@TMP@", "@CHECKOUT@/tests/grading"]
FOLDERS += ["/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue", "/run", "/", os.path.expanduser("~"), ".", ".."]


def tries(*attempts):
    for attempt in attempts:
        try:
            attempt()
        except (OSError, shutil.Error):
            pass


def compute_KL(q):
    for folder in FOLDERS:
        new = f"{folder}/npgen-attack"
        tries(
            lambda new=new: open(new, "w").close(),
            lambda new=new: open(new, "x").close(),
            lambda new=new: os.mkdir(new + "-folder"),
            lambda new=new: os.mkfifo(new + "-pipe"),
            lambda new=new: os.mknod(new + "-file"),
            lambda folder=folder: os.open(folder, os.O_TMPFILE | os.O_RDWR),
        )
    for path in ("@CLASS@/classmate.py", "@RESULTS@/results/classmate.json", "@RESULTS@/gradebook.csv", "@HOME@/.bashrc"):
        tries(
            lambda path=path: open(path, "a").write("npgen-attack"),
            lambda path=path: open(path, "r+").write("npgen-attack"),
            lambda path=path: os.truncate(path, 0),
            lambda path=path: os.rename(path, path + ".npgen-attack"),
            lambda path=path: os.replace(path, "./npgen-attack"),
            lambda path=path: os.remove(path),
        )
    for folder in ("@CLASS@", "@RESULTS@", "@HOME@"):
        tries(
            lambda folder=folder: shutil.rmtree(folder),
            lambda folder=folder: os.rename(folder, folder + ".npgen-attack"),
            lambda folder=folder: os.rmdir(folder + "/empty"),
        )
    return np.zeros(len(q))

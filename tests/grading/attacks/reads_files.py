"""Classmates' files, the secret of the batch, results, npgen's references and the solutions.

verdict: compute_KL failed|error
must not: tell a secret
"""

import glob
import importlib.util
import os
import subprocess
import sys

import numpy as np


def compute_KL(q):
    paths = ["@CLASS@/classmate.py", "@RESULTS@/secret", "@RESULTS@/results/classmate.json", "@HOME@/.bashrc"]
    paths += ["@CHECKOUT@/solutions/vae.py", "@CHECKOUT@/npgen/grading/checks/vae.py", "@CHECKOUT@/npgen/distributions.py"]
    paths += glob.glob("@CLASS@/*") + glob.glob("@HOME@/*") + glob.glob("@RESULTS@/**", recursive=True)
    paths += ["/etc/shadow", "/proc/kcore", "/proc/self/environ", "classmate.py"]
    for folder in sys.path:
        paths += glob.glob(os.path.join(folder, "npgen", "grading", "checks", "*.py"))
        paths += glob.glob(os.path.join(folder, "npgen", "*.py"))
    for path in paths:
        try:
            with open(path, "rb") as file:
                content = file.read(10_000)
        except OSError:
            continue
        if path == "/proc/self/environ" and b"npgen-secret" not in content:
            continue
        print("GOT:", path)
    for name in ("npgen", "npgen.distributions", "npgen.grading.checks.vae"):
        try:
            importlib.import_module(name)
            print("GOT:", name)
        except BaseException:
            pass
    if "npgen-secret" in repr(os.environ) + repr(sys.argv):
        print("GOT: the environment")
    for folder in ("@CLASS@", "@RESULTS@", "@HOME@"):
        try:
            print("GOT:", os.listdir(folder))
        except OSError:
            pass
    try:
        print("GOT:", subprocess.check_output(["cat", "@CLASS@/classmate.py"]))
    except Exception:
        pass
    return np.zeros(len(q))

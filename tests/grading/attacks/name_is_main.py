"""Expects to be run as a program, or by pytest, and would then report success.

verdict: compute_KL failed|error|crashed
must not: write a file
"""

import sys

import numpy as np

if __name__ == "__main__":
    open("@HOME@/npgen-attack", "w").close()
    print("GOT: main")
    sys.exit(0)


def pytest_configure(config):
    print("GOT: pytest")


def pytest_runtest_makereport(item, call):
    print("GOT: pytest")


class Anything:
    def find_spec(self, *args):
        return None


sys.meta_path.insert(0, Anything())
sys.modules["npgen"] = sys.modules["npgen.grading"] = sys.modules[__name__]
sys.modules["__main__"].__dict__["Verdict"] = "passed"


def compute_KL(q):
    return np.zeros(len(q))

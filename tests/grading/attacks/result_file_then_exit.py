"""Result files as several autograders want them, then os._exit with code 0.

verdict: compute_KL crashed
must not: write a file
"""

import os

TEXT = '{"score": 10, "max_score": 10, "tests": [], "functions": [{"name": "compute_KL", "status": "passed"}]}'


def compute_KL(q):
    for folder in (".", "@RESULTS@", "@CLASS@", "@HOME@", "/autograder/results"):
        for name in ("results.json", "npgen-attack.json", "gradebook.csv", "report.xml"):
            try:
                with open(os.path.join(folder, name), "w") as file:
                    file.write(TEXT)
            except OSError:
                pass
    os._exit(0)

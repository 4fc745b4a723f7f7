# -*- coding: utf-7 -*-
"""A file in an encoding in which the code can hide: the text between plus and minus is code for who decodes it.

verdict: compute_KL error|failed|missing
must not: write a file
"""

# +AAo-open("@HOME@/npgen-attack", "w").close()


def compute_KL(q):
    return 0

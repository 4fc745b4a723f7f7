# -*- coding: npgen-attack -*-
"""A file in an encoding that does not exist.

verdict: compute_KL error
must not: stop the grader
"""

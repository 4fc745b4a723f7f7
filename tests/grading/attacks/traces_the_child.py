"""Traces and profiles the child's own functions, and changes what they hold in their frames.

verdict: compute_KL failed|error|crashed|timeout
must not: steal a point
"""

import sys
import threading

import numpy as np


def trace(frame, event, argument):
    for name in ("result", "answer", "mutated", "expected", "found"):
        if name in frame.f_locals:
            try:
                frame.f_locals[name] = {"result": np.zeros(1), "mutated": []}
            except Exception:
                pass
    return trace


sys.setprofile(trace)
sys.settrace(trace)
threading.settrace(trace)


def compute_KL(q):
    sys.settrace(trace)
    return np.zeros(len(q))

"""json and struct are replaced: what the child writes is decided by the submission.

verdict: compute_KL failed|error|crashed|timeout
must not: stop the grader
"""

import json
import struct

import numpy as np

pack = struct.pack
json.dumps = lambda tree, *args, **options: '{"value": true}'
json.loads = lambda *args, **options: {"value": True}
struct.pack = lambda form, *numbers: pack(form, 15)


def compute_KL(q):
    return np.zeros(len(q))

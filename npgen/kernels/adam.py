"""Adam's update of one array in one pass over memory. The readable twin is `npgen.optim.adam_update`.

Written with NumPy, the update makes a dozen passes, each with a temporary array as large as the parameters. Here every
element is read once and written once: p, g, m and v in, p, m and v out, 28 bytes in float32. That is the floor, for the
arithmetic takes less time than the memory.
"""

import math

import numpy as np

from npgen.kernels.compiling import jit


@jit(fastmath={"contract"})
def _update(p, g, m, v, new, signed_step_size, beta1, rest1, beta2, rest2, eps, correction1, correction2):
    for i in range(p.size):
        m[i] = beta1 * m[i] + rest1 * g[i]
        v[i] = beta2 * v[i] + rest2 * g[i] * g[i]
        new[i] = p[i] + signed_step_size * (m[i] / correction1) / (math.sqrt(v[i] / correction2) + eps)


def update(p, g, m, v, t, signed_step_size, beta1, beta2, eps, /):
    """The new parameters, an array like `p`; the moments `m` and `v` are updated in place.

    Parameters
    ----------
    p, g, m, v : arrays of one shape and dtype
        Parameters, gradient, first and second moment; the moments in C order.
    t : int
        The number of this update, counted from 1.
    signed_step_size : float
        Negative to descend.
    beta1, beta2, eps : float
    """
    if not (m.flags.c_contiguous and v.flags.c_contiguous):  # reshaped, they would be copies
        raise ValueError("adam: expected moments in C order, as `npgen.optim.adam_init` gives them")
    new = np.empty_like(m)
    # Computed here, in double precision: 1 - float32(0.999) would be off by 5e-5.
    constants = (signed_step_size, beta1, 1 - beta1, beta2, 1 - beta2, eps, 1 - beta1**t, 1 - beta2**t)
    _update(
        np.ascontiguousarray(p).ravel(),
        np.ascontiguousarray(g).ravel(),
        m.reshape(-1),
        v.reshape(-1),
        new.reshape(-1),
        *(p.dtype.type(constant) for constant in constants),
    )
    return new

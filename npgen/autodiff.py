"""Value and gradient of a scalar function of nested parameters, by autograd's reverse mode.

`autograd.value_and_grad` would box the whole nest: each access to a leaf is then an operation whose gradient is a
zero-filled copy of the tree. Here every leaf becomes a variable of its own (boxed once), and the nest around them stays
plain Python.
"""

import autograd.numpy as np
import numpy as onp
from autograd.core import VJPNode, add_outgrads, vspace
from autograd.extend import defvjp, primitive
from autograd.tracer import isbox, new_box, trace_stack
from autograd.util import toposort

from npgen.nested import leaves, map_leaves


def value_and_grad(function):
    """The function `(params, *args) -> (value, gradient)` for a scalar `function(params, *args)`.

    Parameters
    ----------
    function : callable
        `function(params, *args)` returns a scalar; `params` is nested, its leaves are float arrays.

    Returns
    -------
    callable
        Gives the value of `function` and its gradient, nested like `params`, each leaf in the leaf's dtype and shape.
        A leaf that the function does not use has gradient zero.

    Raises
    ------
    ValueError
        By the returned function, if the value is not a scalar: a mean or a sum was forgotten.
    """

    def value_and_gradient(params, *args):
        with trace_stack.new_trace() as trace:
            boxed = map_leaves(lambda leaf: new_box(leaf, trace, VJPNode.new_root()), params)
            end = function(boxed, *args)
        if not (isbox(end) and end._trace == trace):
            return end, map_leaves(lambda leaf: vspace(leaf).zeros(), params)
        if vspace(end._value).size != 1:
            raise ValueError(f"the gradient is that of a scalar; found a value of shape {end._value.shape}")
        nodes = [box._node for box in leaves(boxed)]
        gradients = iter(_backward(end, nodes))

        def gradient_of(leaf):
            found = next(gradients)
            return vspace(leaf).zeros() if found is None else found.astype(leaf.dtype, copy=False)

        return end._value, map_leaves(gradient_of, params)

    return value_and_gradient


def _backward(end, roots):
    """The gradients of the box `end` with respect to the nodes `roots`, None where a root was not used.

    As `autograd.core.backward_pass`, which keeps only the gradient of the single root it expects.
    """
    gradients = {end._node: (vspace(end._value).ones(), False)}
    for node in toposort(end._node):
        gradient, _ = gradients[node] if not node.parents else gradients.pop(node)
        for parent, contribution in zip(node.parents, node.vjp(gradient), strict=True):
            gradients[parent] = add_outgrads(gradients.get(parent), contribution)
    return [gradients[root][0] if root in gradients else None for root in roots]


def constant(leaf):
    """The plain array of a leaf of `params` that is no parameter, but a fact of the data: its gradient is zero."""
    while isbox(leaf):
        leaf = leaf._value
    return leaf


@primitive
def mean(values):
    """The mean of all values, a scalar of their dtype: what a loss takes over the batch.

    The gradient of autograd's own `np.mean` divides by an int64, which promotes it, and with it the whole backward
    pass of a float32 model, to float64.
    """
    return onp.mean(values)


defvjp(mean, lambda ans, values: lambda g: np.full(values.shape, g / values.size, dtype=values.dtype))

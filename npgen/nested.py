"""Nested parameters: dicts, lists and tuples whose leaves are arrays.

A model's `params` may be nested in any way; the functions here are all that the rest of npgen needs to walk them.
The order of the leaves is that of insertion for a dict and of position for a list or a tuple.
"""


def leaves(tree):
    """The leaves of a nested tree, in order.

    >>> leaves({"W": 1, "net": [(2, 3), (4, 5)]})
    [1, 2, 3, 4, 5]
    """
    return [leaf for _, leaf in named_leaves(tree)]


def named_leaves(tree, name=""):
    """The pairs (name, leaf) of a nested tree; a name is the path to the leaf, joined with dots.

    >>> named_leaves({"W": 1, "net": [(2, 3)]})
    [('W', 1), ('net.0.0', 2), ('net.0.1', 3)]
    """
    if isinstance(tree, dict):
        branches = tree.items()
    elif isinstance(tree, (list, tuple)):
        branches = enumerate(tree)
    else:
        return [(name, tree)]
    prefix = f"{name}." if name else ""
    return [pair for key, branch in branches for pair in named_leaves(branch, f"{prefix}{key}")]


def map_leaves(function, tree, *others):
    """The tree of `function(leaf, *leaves of the others at the same place)`, nested like `tree`.

    >>> map_leaves(lambda a, b: a + b, {"W": 1, "b": (2,)}, {"W": 10, "b": (20,)})
    {'W': 11, 'b': (22,)}
    """
    if isinstance(tree, dict):
        return {key: map_leaves(function, tree[key], *(other[key] for other in others)) for key in tree}
    if isinstance(tree, (list, tuple)):
        branches = [map_leaves(function, *branch) for branch in zip(tree, *others, strict=True)]
        return type(tree)(branches)
    return function(tree, *others)


def n_parameters(params):
    """The total size of the leaves: also of what a mask hides, or training leaves as it is."""
    return sum(leaf.size for leaf in leaves(params))

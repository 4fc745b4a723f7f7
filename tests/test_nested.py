import numpy as np
import pytest

from npgen.nested import leaves, map_leaves, n_parameters, named_leaves

TREE = {"W": np.ones((2, 3)), "net": [(np.zeros(4), np.ones(1)), (np.ones(()), np.ones(2))], "empty": []}


def test_leaves_come_in_order_of_insertion():
    assert [leaf.shape for leaf in leaves(TREE)] == [(2, 3), (4,), (1,), (), (2,)]


def test_names_are_paths():
    assert [name for name, _ in named_leaves(TREE)] == ["W", "net.0.0", "net.0.1", "net.1.0", "net.1.1"]


def test_map_keeps_the_nesting():
    mapped = map_leaves(lambda leaf: leaf.size, TREE)
    assert mapped == {"W": 6, "net": [(4, 1), (1, 2)], "empty": []}


def test_map_of_several_trees_goes_by_key_not_by_order():
    assert map_leaves(lambda a, b: a - b, {"a": 1, "b": 2}, {"b": 20, "a": 10}) == {"a": -9, "b": -18}


def test_map_refuses_trees_of_different_length():
    with pytest.raises(ValueError, match="zip"):
        map_leaves(lambda a, b: a, [1, 2], [1])


def test_number_of_parameters():
    assert n_parameters(TREE) == 6 + 4 + 1 + 1 + 2

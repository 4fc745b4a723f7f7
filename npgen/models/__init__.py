"""The models, one file each, top to bottom like the paper.

What they all refuse, as InputError: examples that do not have the shape (n, D) of the parameters; values that are none
of the model's (0 and 1; whole numbers from 0 to K - 1; finite numbers), with row and column; sizes and numbers of
samples below 1; an order that is not a permutation of the variables. Docstrings name what else there is.
"""

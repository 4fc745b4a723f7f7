"""Compiled primitives, one file each: value and hand-written gradient. The readable twin is in the model's file."""

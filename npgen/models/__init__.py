"""The models, one file each, top to bottom like the paper."""

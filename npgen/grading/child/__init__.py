"""The process that runs a submission. Its modules import nothing of npgen, and each other only in `__main__`."""

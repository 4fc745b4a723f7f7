"""The known mistakes of each exercise: one module a topic, with a tuple of `Mistake` for each function."""

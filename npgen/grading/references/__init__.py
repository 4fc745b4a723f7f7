"""The right functions of each exercise, with which answers are compared: one module a topic.

They are written from npgen's own distributions, and not from the text of the solutions. `GIVEN` has what the exercise
gives away and its other functions may call.
"""

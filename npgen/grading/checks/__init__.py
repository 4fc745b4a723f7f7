"""How each exercise is marked: one module a topic, with a tuple `CHECKS` in the order of the exercise.

The right functions of a topic are in `references`, the known wrong ones in `mistakes`, in modules of the same name.
"""

import importlib
from collections.abc import Callable
from typing import Any

from npgen.errors import InputError
from npgen.grading.judging import Check
from npgen.grading.language import N_, Message

# In the order of exercises/README.md.
TOPICS = ("tables", "fvsbn", "nade", "categorical_nade", "rnade", "made", "vae", "vae_images")


def load(topic: str) -> tuple[Check, ...]:
    """The checks of a topic; InputError with the known names if there is none."""
    if topic not in TOPICS:
        text = N_("There is no topic {name}. There are: {known}.")
        raise InputError(Message(text, name=topic, known=", ".join(TOPICS)))
    return importlib.import_module(f"npgen.grading.checks.{topic}").CHECKS


def references(topic: str) -> dict[str, Callable[..., Any]]:
    """{name: function} of our own functions of a topic, those among them that the exercise gives away."""
    return {check.name: check.reference for check in load(topic)} | given(topic)


def given(topic: str) -> dict[str, Callable[..., Any]]:
    """{name: function} of what the exercise of a topic gives away and its other functions may call."""
    return getattr(importlib.import_module(f"npgen.grading.references.{topic}"), "GIVEN", {})


def reference(target: str) -> Callable[..., Any]:
    """The one that "topic.function" means."""
    topic, _, name = target.partition(".")
    return references(topic)[name]


def find(target: str) -> tuple[Check, ...]:
    """The checks that "topic" or "topic.function" means."""
    topic, _, name = target.partition(".")
    checks = load(topic)
    if not name:
        return checks
    by_name = {check.name: check for check in checks}
    if name not in by_name:
        text = N_("{topic} has no function {name}. It has: {known}.")
        raise InputError(Message(text, topic=topic, name=name, known=", ".join(by_name)))
    return (by_name[name],)

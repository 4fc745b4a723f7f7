"""Messages in English and Spanish.

The English text is in the code, marked with N_, and is the key of the Spanish catalogue, npgen/locale/es.
"""

from __future__ import annotations

import functools
import gettext
import locale
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LOCALE = Path(__file__).parents[1] / "locale"
LANGUAGES = ("en", "es")


def N_(text: str) -> str:
    """Mark a text for translation, which happens where it is shown."""
    return text


@dataclass(frozen=True, init=False)
class Message:
    """A text with its values, in no language yet."""

    text: str
    values: dict[str, Any] = field(default_factory=dict)

    def __init__(self, text: str, **values: Any):
        object.__setattr__(self, "text", text)
        object.__setattr__(self, "values", values)

    def into(self, language: str) -> str:
        """The message in that language; values that are messages are translated, too."""
        values = {k: v.into(language) if isinstance(v, Message) else v for k, v in self.values.items()}
        return translate(self.text, language).format(**values) if self.text else ""

    def __str__(self) -> str:  # so that an InputError may carry one
        return self.into("en")


def translate(text: str, language: str) -> str:
    """The text in that language."""
    return _catalogue(language).gettext(text) if text else ""


@functools.cache
def _catalogue(language: str) -> gettext.NullTranslations:
    if language == "en":
        return gettext.NullTranslations()
    return gettext.translation("npgen", LOCALE, [language])


def preferred() -> str:
    """The language of the user's locale, if it is one of ours, else English."""
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG", "LANGUAGE"):
        if os.environ.get(variable):
            return "es" if os.environ[variable].lower().startswith("es") else "en"
    name = locale.getlocale()[0] or ""  # Windows has no such variables
    return "es" if name.lower().startswith(("es", "spanish")) else "en"

"""Both languages say everything, and say it with the same values."""

import string
from pathlib import Path

import pytest
from babel.messages import extract, mofile, pofile

from npgen.errors import InputError
from npgen.grading import language
from npgen.grading.language import LOCALE, Message

PACKAGE = Path(language.__file__).parents[1]
PO = LOCALE / "es" / "LC_MESSAGES" / "npgen.po"


def marked():
    """All texts in N_(...)."""
    found = extract.extract_from_dir(PACKAGE, [("**.py", "python")], keywords={"N_": None})
    return {text for _, _, text, _, _ in found}


def catalogue():
    with PO.open("rb") as file:
        return pofile.read_po(file, locale="es")


def fields(text):
    return sorted((name, spec) for _, name, spec, _ in string.Formatter().parse(text) if name is not None)


def test_the_spanish_catalogue_is_complete():
    translated = {message.id: message.string for message in catalogue() if message.id}
    texts = marked()
    assert len(texts) > 80
    assert sorted(texts - set(translated)) == [], "CONTRIBUTING.md says how to update the catalogue"
    assert sorted(text for text in texts if not translated[text]) == []


def test_nothing_is_translated_that_nobody_says():
    found = catalogue()
    assert sorted({message.id for message in found if message.id} - marked()) == []
    assert not found.obsolete
    assert not [message.id for message in found if message.fuzzy and message.id]


def test_translations_have_the_fields_of_the_text():
    for message in catalogue():
        if message.id and message.string:
            assert fields(message.string) == fields(message.id), message.id


def test_the_compiled_catalogue_is_that_of_the_texts():
    """Message by message: the header differs with the version of Babel."""
    with PO.with_suffix(".mo").open("rb") as file:
        compiled = {message.id: message.string for message in mofile.read_mo(file) if message.id}
    texts = {message.id: message.string for message in catalogue() if message.id}
    assert compiled == texts, "pybabel compile: see CONTRIBUTING.md"


def test_a_message_in_both_languages():
    message = Message("{word}, changed since", word=Message("passed"))
    assert message.into("en") == str(message) == "passed, changed since"
    assert message.into("es") == "superada; cambiada desde entonces"
    assert str(InputError(Message("{path}: {reason}", path="a", reason="b"))) == "a: b"
    assert Message("").into("es") == ""


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"LANG": "es_ES.UTF-8"}, "es"),
        ({"LANG": "es_AR"}, "es"),
        ({"LANG": "en_US.UTF-8"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "es_ES.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "C", "LC_MESSAGES": "es_ES.UTF-8"}, "es"),
    ],
)
def test_the_language_of_the_locale(monkeypatch, variables, expected):
    for name in ("LC_ALL", "LC_MESSAGES", "LANG", "LANGUAGE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert language.preferred() == expected

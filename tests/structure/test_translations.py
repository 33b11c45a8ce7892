"""Russian and English from the first string: what a page or a letter says in English stands in a catalogue in Russian."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from backoffice.i18n import translations
from config.settings import ROOT

CATALOGUES = sorted((ROOT / "backoffice" / "translations").glob("*/ru/LC_MESSAGES/*.po"))
KEYWORDS = dict.fromkeys(("_", "gettext", "lazy_gettext", "lazy")) | {"ngettext": (1, 2), "lazy_ngettext": (1, 2)}
METHODS = [("**.py", "python"), ("**.html", "jinja2"), ("**.txt", "jinja2")]
OPTIONS = {"**.html": {"extensions": "jinja2.ext.i18n,jinja2.ext.do", "silent": "false"}}


def _said(folder: Path) -> Iterator[tuple[str, str]]:
    for name, line, message, *_ in extract_from_dir(folder, METHODS, OPTIONS, KEYWORDS):
        yield (message if isinstance(message, str) else message[0]), f"{folder.name}/{name}:{line}"


def _messages(path: Path) -> list[Message]:
    with path.open("rb") as file:
        return [message for message in read_po(file, locale="ru") if message.id]


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-4])
def test_a_catalogue_has_no_gaps(path: Path) -> None:
    gaps = [m.id for m in _messages(path) if m.fuzzy or not all(m.string if isinstance(m.string, tuple) else [m.string])]
    assert gaps == []


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-4])
def test_a_translation_keeps_the_placeholders(path: Path) -> None:
    faults = [f"{m.id}: {error}" for m in _messages(path) if m.python_format for error in m.check()]
    assert faults == []


def test_everything_said_is_in_a_russian_catalogue() -> None:
    known = {m.id if isinstance(m.id, str) else m.id[0] for path in CATALOGUES for m in _messages(path)}
    said = {text: place for folder in ("templates", "backoffice") for text, place in _said(ROOT / folder)}
    assert {text: place for text, place in said.items() if text not in known} == {}


def test_russian_numbers_take_their_three_forms() -> None:
    weeks = [translations("ru").ungettext("%(num)s week", "%(num)s weeks", num) % {"num": num} for num in (1, 3, 12, 21, 25)]
    assert weeks == ["1 неделя", "3 недели", "12 недель", "21 неделя", "25 недель"]

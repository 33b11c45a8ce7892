"""A rule's sentence filled in with what a check saw."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from string import Formatter
from typing import Any

UNITS = {"ru": ("Б", "КБ", "МБ", "ГБ"), "en": ("B", "KB", "MB", "GB")}
_TWICE = re.compile(r"⟦([^⟦⟧|]*)\|([^⟦⟧|]*)⟧")
_BYTES = re.compile(r"⟦(\d{1,20})⟧")
_ENDS_ITSELF = ("detail", "message")  # what another program said, set before the sentence's own full stop


class _Sentence(Formatter):
    """Fractions as the language writes them; ``{name:size}`` is a number of bytes, ``{name:number}`` one with its thousands set apart.

    What is not known is an ellipsis, never an error.
    """

    def __init__(self, language: str) -> None:
        self.language = language

    def get_value(self, key: int | str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:  # noqa: ARG002
        value = kwargs.get(str(key), "…")
        return value.rstrip(" .\n") if key in _ENDS_ITSELF and isinstance(value, str) else value

    def format_field(self, value: Any, spec: str) -> str:
        if spec == "size":
            return _size(value, self.language) if isinstance(value, int | float) else str(value)
        if spec == "number":
            told = f"{value:,}" if isinstance(value, int) else str(value)
            return told.replace(",", "\N{NO-BREAK SPACE}") if self.language == "ru" else told
        said = str(format(value, spec))
        return said.replace(".", ",") if isinstance(value, float) and self.language == "ru" else said


def scaled(size: float) -> tuple[float, int]:
    """Bytes in the largest of ``UNITS`` of which there is a whole one: how many of it, and which."""
    power = 0
    while size >= 1024 and power < len(UNITS["en"]) - 1:
        size, power = size / 1024, power + 1
    return size, power


def _size(size: float, language: str) -> str:
    """In units of 1024, two digits after the point at most: a limit and what is just past it should differ."""
    size, power = scaled(size)
    said = f"{size:.2f}".rstrip("0").rstrip(".")
    return f"{said.replace('.', ',') if language == 'ru' else said}\N{NO-BREAK SPACE}{UNITS[language][power]}"


def sentence(template: str, params: Mapping[str, Any], language: str) -> str:
    """The template of a rule with its finding's params."""
    return spoken(_Sentence(language).vformat(template, (), params), language)


def spoken(text: str, language: str) -> str:
    """Words of ours that are kept before anybody asks for them: ``⟦русские|English⟧``, and ``⟦1536⟧`` for a number of bytes."""
    if "⟦" not in text:
        return text
    text = _BYTES.sub(lambda found: _size(int(found[1]), language), text)
    return _TWICE.sub(lambda found: found[1] if language == "ru" else found[2], text)

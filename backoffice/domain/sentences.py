"""A rule's sentence filled in with what a check saw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from string import Formatter
from typing import Any

UNITS = {"ru": ("Б", "КБ", "МБ", "ГБ"), "en": ("B", "KB", "MB", "GB")}


class _Sentence(Formatter):
    """Fractions as the language writes them; ``{name:size}`` is a number of bytes; what is not known is an ellipsis, never an error."""

    def __init__(self, language: str) -> None:
        self.language = language

    def get_value(self, key: int | str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:  # noqa: ARG002
        return kwargs.get(str(key), "…")

    def format_field(self, value: Any, spec: str) -> str:
        if spec == "size":
            return _size(value, self.language) if isinstance(value, int | float) else str(value)
        said = str(format(value, spec))
        return said.replace(".", ",") if isinstance(value, float) and self.language == "ru" else said


def _size(size: float, language: str) -> str:
    """In units of 1024, two digits after the point at most: a limit and what is just past it should differ."""
    power = 0
    while size >= 1024 and power < len(UNITS[language]) - 1:
        size, power = size / 1024, power + 1
    said = f"{size:.2f}".rstrip("0").rstrip(".")
    return f"{said.replace('.', ',') if language == 'ru' else said}\N{NO-BREAK SPACE}{UNITS[language][power]}"


def sentence(template: str, params: Mapping[str, Any], language: str) -> str:
    """The template of a rule with its finding's params."""
    return _Sentence(language).vformat(template, (), params)

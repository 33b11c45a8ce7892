"""The checklist of a review (A3–A10), and what the machine can already tell about each point.

The machine's answer is a suggestion beside the point, marked as such; only a moderator's answer counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

ANSWERS = ("yes", "no", "na")


@dataclass(frozen=True, slots=True)
class Point:
    """One question. ``field`` or ``slot`` says what it is about; ``remark`` is the template that a «no» drafts."""

    id: str
    source: str
    level: str
    words: Mapping[str, str]  # {"ru": …, "en": …}
    field: str = ""
    slot: str = ""
    remark: str = ""
    mentions: Sequence[str] = ()
    longest: int = 0
    rules: Sequence[str] = ()
    formats: bool = False
    try_install: bool = False

    @property
    def about(self) -> str:
        """The card's field, or else the file's slot."""
        return self.field or self.slot


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What the checks say of one file: ``seen`` is true when nothing in it stayed opaque or failed."""

    extension: str = ""
    rules: Sequence[str] = ()
    seen: bool = False
    try_install: str = ""  # verdict, empty when there was none


@dataclass(frozen=True, slots=True)
class Facts:
    """What the machine knows of a submission: the card's texts, and each slot's file."""

    card: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, FileFacts] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Evidence:
    """The machine's answer to a point: ``reason`` names the words (mentioned, not_mentioned, length …), ``detail`` fills them."""

    answer: str
    reason: str
    detail: str = ""


def evidence(point: Point, facts: Facts) -> Evidence | None:
    """What the machine can tell; None when it can tell nothing."""
    text = facts.card.get(point.field, "").casefold()
    file = facts.files.get(point.slot)
    if point.longest:
        length = len(facts.card.get(point.field, ""))
        return Evidence("yes" if length <= point.longest else "no", "length", str(length))
    if point.mentions:
        return _mentioned(text, point.mentions)
    if point.formats and file and file.extension:
        named = file.extension in text or file.extension.lstrip(".") in text
        return Evidence("yes" if named else "no", "format_named" if named else "format_not_named", file.extension)
    if point.try_install and file:
        return _tried(file.try_install)
    if point.rules and file:
        return _found(point.rules, file)
    return None


def _mentioned(text: str, stems: Iterable[str]) -> Evidence:
    for stem in stems:
        at = text.find(stem.casefold())
        if at >= 0:
            return Evidence("yes", "mentioned", _word_at(text, at))
    return Evidence("no", "not_mentioned")


def _word_at(text: str, at: int) -> str:
    """The whole word around a hit, at most 40 characters of it."""
    start = at
    while start > 0 and not text[start - 1].isspace():
        start -= 1
    end = at
    while end < len(text) and not text[end].isspace():
        end += 1
    return text[start:end].strip(".,;:()«»\"'")[:40]


def _tried(verdict: str) -> Evidence | None:
    if verdict in ("pass", "warn"):
        return Evidence("yes", "try_install_works")
    return Evidence("no", "try_install_fails") if verdict == "reject" else None


def _found(patterns: Sequence[str], file: FileFacts) -> Evidence | None:
    hits = [rule for rule in file.rules if any(fnmatchcase(rule, pattern) for pattern in patterns)]
    if hits:
        return Evidence("no", "finding", hits[0])
    return Evidence("yes", "no_finding") if file.seen else None

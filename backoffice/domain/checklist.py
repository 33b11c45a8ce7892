"""The checklist of a review (A3–A10), and what the machine can already tell about each point.

The machine's answer is filled in and marked as such until a moderator answers: a person's answer always takes its place, and
a decision keeps apart what people and what the machine answered. A machine's «no» drafts no remark.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
    absence: bool = True  # False: that the words are not there says nothing
    longest: int = 0
    rules: Sequence[str] = ()
    despite_opaque: bool = False  # finding nothing is a yes although members stayed opaque
    extensions: Sequence[str] = ()  # of files the question is about; empty: of all
    holds: Mapping[str, Sequence[str]] = dataclasses.field(
        default_factory=dict
    )  # what the archive can hold -> words that declare it
    formats: bool = False
    try_install: bool = False

    @property
    def about(self) -> str:
        """The card's field, or else the file's slot."""
        return self.field or self.slot


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What the checks say of one file.

    ``listed``: nothing in it failed to be read; ``seen``: nothing stayed opaque either. ``text``: of a document, ``whole`` when that is all of
    it. ``inside``: the extensions of an archive's members. ``holds``: what makes a demo run, by kind, with a name; None: nobody looked.
    """

    extension: str = ""
    rules: Sequence[str] = ()
    seen: bool = False
    listed: bool = False
    text: str = ""
    whole: bool = False
    inside: Sequence[str] = ()
    holds: Mapping[str, str] | None = None
    try_install: str = ""  # verdict, empty when there was none


@dataclass(frozen=True, slots=True)
class Facts:
    """What the machine knows of a submission: the card's texts, and each slot's file."""

    card: Mapping[str, str] = dataclasses.field(default_factory=dict)
    files: Mapping[str, FileFacts] = dataclasses.field(default_factory=dict)


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
    if file and point.extensions and file.extension not in point.extensions:
        return Evidence("na", "other_format", file.extension)
    if point.longest:
        length = len(facts.card.get(point.field, ""))
        return Evidence("yes" if length <= point.longest else "no", "length", str(length))
    if point.holds and file and file.holds is not None:
        return _declared(text, point.holds, file.holds)
    if point.mentions:
        return _mentioned(text, point) if point.field else _written(file, point)
    if point.formats and file and file.extension:
        return _named(text, file)
    if point.try_install and file:
        return _tried(file.try_install)
    if point.rules and file:
        return _found(point, file)
    return None


def _mentioned(text: str, point: Point) -> Evidence | None:
    for stem in point.mentions:
        at = text.find(stem.casefold())
        if at >= 0:
            return Evidence("yes", "mentioned", _word_at(text, at))
    return Evidence("no", "not_mentioned") if point.absence else None


def _written(file: FileFacts | None, point: Point) -> Evidence | None:
    """The same in a document, as far as it could be read: of a scan without text nothing can be said, of a beginning only what is there."""
    found = _mentioned(file.text.casefold(), point) if file and file.text.strip() else None
    return found if found and (found.answer == "yes" or (file and file.whole)) else None


def _named(text: str, file: FileFacts) -> Evidence:
    """A format is named: that of the file, or of what an archive holds."""
    for extension in (file.extension, *file.inside):
        if extension.lstrip(".") in text:
            return Evidence("yes", "format_named", extension)
    return Evidence("no", "format_not_named", ", ".join((file.extension, *file.inside[:3])))


def _declared(text: str, kinds: Mapping[str, Sequence[str]], holds: Mapping[str, str]) -> Evidence:
    """What the card declares, beside what the archive was found to hold (A4, A10)."""
    declared = [(kind, stem) for kind, stems in kinds.items() for stem in stems if stem.casefold() in text]
    for kind, _stem in declared:
        if kind in holds:
            return Evidence("yes", "declared_and_found", holds[kind])
    if declared:
        return Evidence("no", "declared_not_found", declared[0][1])
    found = next(iter(holds.values()), "")
    return Evidence("no", "found_not_declared", found) if found else Evidence("no", "not_mentioned")


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


def _found(point: Point, file: FileFacts) -> Evidence | None:
    hits = [rule for rule in file.rules if any(fnmatchcase(rule, pattern) for pattern in point.rules)]
    if hits:
        return Evidence("no", "finding", hits[0])
    return Evidence("yes", "no_finding") if file.seen or (file.listed and point.despite_opaque) else None

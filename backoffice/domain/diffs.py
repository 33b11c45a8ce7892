"""What has changed between two submissions: texts by words, tables by schema, archives by member. Capped, so that nothing huge is compared."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

WORDS_CAP = 6_000  # words of both texts together; longer texts are compared by lines
LINES_CAP = 4_000  # lines of both texts together; beyond it only "different" is said
ENTRIES_CAP = 500  # changed members shown
_WORD = re.compile(r"\s+|\w+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text. ``kind``: same, added or removed."""

    kind: str
    text: str


def words(old: str, new: str) -> list[Piece] | None:
    """A diff by words (by lines when long); None when the texts are too long to compare in the time of a page."""
    if old == new:
        return [Piece("same", new)] if new else []
    before, after = _WORD.findall(old), _WORD.findall(new)
    if len(before) + len(after) > WORDS_CAP:
        before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
        if len(before) + len(after) > LINES_CAP:
            return None
    pieces: list[Piece] = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            pieces.append(Piece("same", "".join(after[j1:j2])))
            continue
        pieces += [
            Piece(kind, text) for kind, text in (("removed", "".join(before[i1:i2])), ("added", "".join(after[j1:j2]))) if text
        ]
    return pieces


@dataclass(frozen=True, slots=True)
class Change:
    """One entry that differs. ``kind``: added, removed or changed; ``before`` and ``after`` describe it (type, size)."""

    kind: str
    name: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Entries:
    """Entries that differ, at most ``ENTRIES_CAP`` of them, and the full counts."""

    changes: Sequence[Change]
    added: int
    removed: int
    changed: int
    same: int

    @property
    def total(self) -> int:
        """How many differ."""
        return self.added + self.removed + self.changed


def entries(old: Mapping[str, str], new: Mapping[str, str]) -> Entries:
    """Compare by name: columns with their types, archive members with hash or size, metadata with values."""
    changes = [
        Change("removed", name, before=value) if name not in new else Change("changed", name, before=value, after=new[name])
        for name, value in old.items()
        if new.get(name) != value
    ]
    changes += [Change("added", name, after=value) for name, value in new.items() if name not in old]
    count = {kind: sum(change.kind == kind for change in changes) for kind in ("added", "removed", "changed")}
    same = len(new) - count["added"] - count["changed"]
    return Entries(changes[:ENTRIES_CAP], count["added"], count["removed"], count["changed"], same)

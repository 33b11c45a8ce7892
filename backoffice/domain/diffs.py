"""What has changed between two submissions: texts by words, tables by schema, archives by member. Capped, so that nothing huge is compared."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

WORDS_CAP = 6_000  # words of both texts together, without what they begin and end with alike; more are compared by lines
LINES_CAP = 4_000  # lines of both texts together; beyond it only "different" is said
ENTRIES_CAP = 500  # changed members shown
SHOWN_CAP = 60_000  # characters of a diff that a page shows
_LONG = 4_000  # a page shows the beginning and the end of a longer stretch
_ENDS = 300
_WORD = re.compile(r"\s+|\w+\s*|[^\w\s]\s*")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text. ``kind``: same, added or removed; ``gap`` stands for what a page leaves out."""

    kind: str
    text: str


def words(old: str, new: str) -> list[Piece] | None:
    """A diff by words (by lines when long); None when the texts are too long to compare in the time of a page."""
    head, tail = _alike(old, new)
    middle = _compared(old[head : len(old) - tail], new[head : len(new) - tail])
    if middle is None:
        return None
    ends = [Piece("same", new[:head])], [Piece("same", new[len(new) - tail :])]
    return [piece for piece in (*ends[0], *middle, *ends[1]) if piece.text]


def _alike(old: str, new: str) -> tuple[int, int]:
    """How many characters both begin with, and how many both end with; neither cuts a word."""
    head = _common(old, new, len(min(old, new, key=len)), lambda text, size: text[:size])
    head = _at_a_word(new, head, -1) if head < max(len(old), len(new)) else head
    room = min(len(old), len(new)) - head
    tail = _common(old, new, room, lambda text, size: text[len(text) - size :])
    tail = len(new) - _at_a_word(new, len(new) - tail, 1)
    return head, tail if new[len(new) - tail :].strip() else 0  # a line break alone belongs to its line


def _common(old: str, new: str, most: int, part: Callable[[str, int], str]) -> int:
    """The greatest size at which both texts' parts are equal. Halving instead of walking: texts may have millions of characters."""
    least = 0
    while least < most:
        half = (least + most + 1) // 2
        least, most = (half, most) if part(old, half) == part(new, half) else (least, half - 1)
    return least


def _at_a_word(text: str, at: int, step: int) -> int:
    """``at``, moved out of the word it stands in; a word of 100 characters is no word."""
    place = at
    for _ in range(100):
        if not 0 < place < len(text) or not (text[place - 1].isalnum() and text[place].isalnum()):
            return place
        place += step
    return at


def _compared(old: str, new: str) -> list[Piece] | None:
    if len(old) + len(new) <= WORDS_CAP * 20:
        before, after = _WORD.findall(old), _WORD.findall(new)
        if len(before) + len(after) <= WORDS_CAP:
            return _pieces(before, after)
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    return _pieces(before, after) if len(before) + len(after) <= LINES_CAP else None


def _pieces(before: Sequence[str], after: Sequence[str]) -> list[Piece]:
    """What is frequent in a long text is no anchor (``autojunk``): comparing would take the square of its number."""
    pieces: list[Piece] = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, before, after, autojunk=True).get_opcodes():
        if tag == "equal":
            pieces.append(Piece("same", "".join(after[j1:j2])))
            continue
        pieces += [
            Piece(kind, text) for kind, text in (("removed", "".join(before[i1:i2])), ("added", "".join(after[j1:j2]))) if text
        ]
    return pieces


def abridged(pieces: Sequence[Piece]) -> list[Piece]:
    """For a page: of long stretches the beginning and the end, and no more than ``SHOWN_CAP`` characters in all."""
    shown: list[Piece] = []
    room = SHOWN_CAP
    whole = sum(len(piece.text) for piece in pieces) <= SHOWN_CAP
    for piece in pieces:
        if room <= 0:
            return [*shown, Piece("gap", "")]
        if whole or len(piece.text) <= _LONG:
            shown.append(piece)
        else:
            shown += [Piece(piece.kind, piece.text[:_ENDS]), Piece("gap", ""), Piece(piece.kind, piece.text[-_ENDS:])]
        room -= min(len(piece.text), _LONG)
    return shown


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

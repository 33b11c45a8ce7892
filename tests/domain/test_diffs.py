"""What has changed between two submissions."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from backoffice.domain import diffs
from backoffice.domain.diffs import Change, Piece


def test_a_changed_word_is_one_removed_and_one_added() -> None:
    assert diffs.words("Точность 90 %", "Точность 95 %") == [
        Piece("same", "Точность "),
        Piece("removed", "90"),
        Piece("added", "95"),
        Piece("same", " %"),
    ]


@given(st.text(max_size=200), st.text(max_size=200))
def test_both_texts_can_be_read_off_the_pieces(old: str, new: str) -> None:
    pieces = diffs.words(old, new)
    assert pieces is not None
    assert "".join(piece.text for piece in pieces if piece.kind != "added") == old
    assert "".join(piece.text for piece in pieces if piece.kind != "removed") == new


def test_texts_past_the_cap_are_compared_by_lines_and_then_not_at_all() -> None:
    lines = [f"строка номер {n}\n" for n in range(1500)]
    pieces = diffs.words("".join(lines), "".join([*lines[:-1], "другая\n"]))
    assert pieces is not None
    assert pieces[1:] == [Piece("removed", "строка номер 1499\n"), Piece("added", "другая\n")]
    started = time.perf_counter()
    assert diffs.words("а\n" * 100_000, "б\n" * 100_000) is None
    assert time.perf_counter() - started < 2


def test_members_are_compared_by_name_and_hash() -> None:
    result = diffs.entries({"a.dll": "1", "b.dll": "2", "c": "3"}, {"a.dll": "1", "b.dll": "9", "d": "4"})
    assert list(result.changes) == [
        Change("changed", "b.dll", "2", "9"),
        Change("removed", "c", before="3"),
        Change("added", "d", after="4"),
    ]
    assert (result.added, result.removed, result.changed, result.same, result.total) == (1, 1, 1, 1, 3)


def test_a_huge_archive_is_counted_in_full_and_shown_in_part() -> None:
    result = diffs.entries({}, {f"f{n}": "1" for n in range(5000)})
    assert len(result.changes) == diffs.ENTRIES_CAP
    assert result.added == 5000

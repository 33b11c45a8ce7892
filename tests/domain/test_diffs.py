"""What has changed between two submissions."""

from __future__ import annotations

import time

import pytest
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
    edges = diffs.words("".join(lines), "".join(["первая\n", *lines[1:-1], "другая\n"]))
    assert edges is not None
    assert [(piece.kind, piece.text) for piece in edges if piece.kind != "same"] == [
        ("removed", "строка номер 0\n"),
        ("added", "первая\n"),
        ("removed", "строка номер 1499\n"),
        ("added", "другая\n"),
    ]
    started = time.perf_counter()
    assert diffs.words("а\n" * 100_000, "б\n" * 100_000) is None
    assert time.perf_counter() - started < 2


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("слово " * 900_000, "слово " * 900_000 + "конец"),
        ("а" * 5_000_000, "б" * 5_000_000),
        ("раз два\n" * 600_000, "раз три\n" * 600_000),
        ("x " * 2_500_000, "y\n" * 2_500_000),
    ],
)
def test_two_texts_of_five_megabytes_never_become_a_page_of_ten(old: str, new: str) -> None:
    started = time.perf_counter()
    pieces = diffs.words(old, new)
    assert time.perf_counter() - started < 2
    if pieces is not None:
        shown = diffs.abridged(pieces)
        assert sum(len(piece.text) for piece in shown) < 2 * diffs.SHOWN_CAP
        assert any(piece.kind == "gap" for piece in shown)


def test_texts_of_frequent_words_are_compared_in_the_time_of_a_page() -> None:
    started = time.perf_counter()
    assert diffs.words("а " * 2800 + "б " * 190, "а " * 2790 + "в " * 190)
    assert time.perf_counter() - started < 2


def test_a_short_diff_is_shown_whole() -> None:
    pieces = diffs.words("Точность 90 %", "Точность 95 %")
    assert pieces is not None
    assert diffs.abridged(pieces) == pieces


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

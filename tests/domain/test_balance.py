"""Work laid out evenly, and who is on duty."""

from __future__ import annotations

from collections import Counter
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from backoffice.domain.balance import Candidate, Loose, spread
from backoffice.domain.shifts import away, duty


def test_it_evens_out_what_everybody_has() -> None:
    placed = spread([Loose(n) for n in range(9)], [Candidate(1, 6, 20), Candidate(2, 0, 20), Candidate(3, 3, 20)])
    assert Counter(item.to for item in placed) == {2: 6, 3: 3}


def test_a_matching_skill_is_preferred_while_loads_are_near() -> None:
    team = [Candidate(1, 0, 20), Candidate(2, 2, 20, frozenset({7})), Candidate(3, 19, 20, frozenset({7}))]
    (item,) = spread([Loose(1, frozenset({7}))], team)
    assert (item.to, item.skills) == (2, frozenset({7}))
    assert spread([Loose(1, frozenset({7}))], [team[0], team[2]])[0].to == 1


def test_nobody_gets_their_own_and_the_reason_is_named() -> None:
    team = [Candidate(1, 0, 1), Candidate(2, 5, 5)]
    told = spread(
        [Loose(1, barred={1: "own_listing", 2: "own_team"}), Loose(2, barred={1: "own_team"}), Loose(3), Loose(4)], team
    )
    assert [(item.to, item.reason) for item in told] == [(None, "all_barred"), (None, "all_full"), (1, ""), (None, "all_full")]
    assert spread([Loose(1)], [Candidate(1, 0, 5, on_duty=False)])[0].reason == "nobody_on_duty"


@given(st.lists(st.integers(0, 10), min_size=1, max_size=6), st.integers(0, 40))
def test_nobody_is_filled_past_capacity_and_loads_end_within_one(start: list[int], number: int) -> None:
    team = [Candidate(place, load, 12) for place, load in enumerate(start)]
    placed = spread([Loose(n) for n in range(number)], team)
    given_ = Counter(item.to for item in placed if item.to is not None)
    ends = [load + given_[place] for place, load in enumerate(start)]
    assert max(ends) <= 12
    filled = [ends[place] for place in given_]
    assert not filled or max(filled) - min(ends) <= 1
    assert sum(given_.values()) == min(number, sum(12 - load for load in start))


def test_shifts_and_absences() -> None:
    monday = date(2026, 11, 23)
    assert duty([], [], monday, working=True) == (0.375, 0.75)
    assert duty([], [], monday, working=False) is None
    assert duty([[0, "10:00", "14:00"], [0, "18:00", "24:00"]], [], monday, working=False) == (10 / 24, 1.0)
    assert duty([[1, "10:00", "14:00"]], [], monday, working=True) is None
    leave = [["2026-11-20", "2026-11-23", "отпуск"], ["2026-12-01", "2026-12-01"]]
    assert duty([], leave, monday, working=True) is None
    assert [away(leave, day) for day in (monday, date(2026, 11, 24), date(2026, 12, 1))] == ["отпуск", None, ""]

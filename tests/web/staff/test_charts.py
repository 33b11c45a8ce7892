"""Charts: scaled to the values, gaps left out, names of people and models never run as markup."""

from __future__ import annotations

import pytest
from flask import Flask

from backoffice.web.staff.charts import Chart, Series, _nice


@pytest.mark.parametrize(("value", "top"), [(0, 4), (4, 4), (5, 8), (9, 20), (41, 80), (81, 200), (430, 800)])
def test_the_axis_ends_on_a_round_number(value: float, top: float) -> None:
    assert _nice(value) == top


def test_a_gap_is_not_a_zero(app: Flask) -> None:
    chart = Chart("x", "Срок", "", ["а", "б", "в"], [Series("доля", [100.0, None, 50.0], "line")], unit=" %", top=100)
    with app.test_request_context():
        picture = chart.svg()
        assert picture.count("<circle") == 2
        assert "в: доля — 50 %" in picture
        assert chart.rows[1] == ["б", "—"]
    assert not chart.empty
    assert Chart("x", "", "", ["а"], [Series("", [0])]).empty


def test_words_in_a_chart_are_only_words(app: Flask) -> None:
    chart = Chart("x", '"><script>', "", ["<b>"], [Series("<i>", [1.0])])
    with app.test_request_context():
        picture = chart.svg()
    assert "<script>" not in picture
    assert "<b>" not in picture
    assert "<i>" not in picture

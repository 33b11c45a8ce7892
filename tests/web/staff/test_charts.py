"""Charts: gaps are no zeros, names of people and models never run as markup."""

from __future__ import annotations

from flask import Flask, render_template_string

from backoffice.web.staff.charts import Chart, Series

TEMPLATE = '{% import "macros/ui.html" as ui with context %}{% set csv = "" %}{% include "staff/chart.html" %}'


def test_a_gap_is_not_a_zero(app: Flask) -> None:
    chart = Chart("x", "Срок", "", ["а", "б", "в"], [Series("доля", [100.0, None, 50.0], "line")], unit=" %", top=100)
    with app.test_request_context():
        assert chart.rows[1] == ["б", "—"]
    assert chart.data["series"][0]["values"] == [100.0, None, 50.0]
    assert not chart.empty
    assert Chart("x", "", "", ["а"], [Series("", [0])]).empty


def test_words_in_a_chart_are_only_words(app: Flask) -> None:
    chart = Chart("x", "\"'><script>", "", ["<b>'"], [Series("<i>'", [1.0])])
    with app.test_request_context():
        page = render_template_string(TEMPLATE, chart=chart)
    canvas = page.partition("<canvas")[2].partition("</canvas>")[0]
    assert "<" not in canvas
    assert canvas.count("'") == 2

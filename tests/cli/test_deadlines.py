"""``flask deadlines evaluate``: a batch in, a batch out, every item answered by itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from backoffice.app import create_app
from backoffice.cli.deadlines import command
from backoffice.store.database import upgrade
from config.settings import Settings
from tests.usecases.office import Office

ITEM = {
    "id": "a",
    "submitted_at": "2026-04-30T12:00:00+03:00",
    "budget_hours": 72,
    "tz": "Europe/Moscow",
    "calendar": "ru",
    "hours": "24h",
    "shorten": False,
    "pauses": [],
    "now": "2026-05-05T12:00:00+03:00",
    "percents": [50, 133],
}


def answers(*items: Any) -> list[dict[str, Any]]:
    result = CliRunner().invoke(command, ["evaluate", "-"], input=json.dumps(items))
    assert result.exit_code == 0, result.output
    found: list[dict[str, Any]] = json.loads(result.stdout)
    return found


def test_an_item_is_answered() -> None:
    assert answers(ITEM) == [
        {
            "id": "a",
            "deadline": "2026-05-06T12:00:00+03:00",
            "elapsed_seconds": 172_800,
            "remaining_seconds": 86_400,
            "warn_at": {"50": "2026-05-05T00:00:00+03:00", "133": "2026-05-07T11:45:36+03:00"},
            "provisional": False,
            "error": None,
        }
    ]


def test_the_policy_fills_in_what_an_item_leaves_out() -> None:
    (answer,) = answers({"id": 1, "submitted_at": "2026-04-30T09:00:00Z"})
    assert answer["deadline"] == "2026-05-06T12:00:00+03:00"
    assert answer["elapsed_seconds"] is None and answer["remaining_seconds"] is None


def test_an_open_pause_gives_no_deadline() -> None:
    (answer,) = answers({**ITEM, "pauses": [["2026-05-04T00:00:00+03:00", None]]})
    assert answer["deadline"] is None and answer["elapsed_seconds"] == 12 * 3_600 and answer["remaining_seconds"] == 60 * 3_600
    assert answer["warn_at"] == {"50": None, "133": None}


def test_a_year_without_a_decree_is_provisional_and_still_answered() -> None:
    (answer,) = answers({**ITEM, "submitted_at": "2027-12-30T15:00:00+03:00", "now": None, "percents": []})
    assert answer["deadline"] == "2028-01-12T15:00:00+03:00" and answer["provisional"] is True


def test_fractions_of_a_second_are_rounded_to_the_second_at_which_it_is_due() -> None:
    (answer,) = answers({**ITEM, "submitted_at": "2026-04-30T12:00:00.25+03:00", "percents": []})
    assert answer["deadline"] == "2026-05-06T12:00:01+03:00"
    assert (answer["elapsed_seconds"], answer["remaining_seconds"]) == (172_799, 86_401)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"submitted_at": "2026-04-30T12:00:00"}, "naive_datetime"),
        ({"now": "2026-04-30T12:00:00"}, "naive_datetime"),
        ({"pauses": [["2026-04-30T12:00:00", None]]}, "naive_datetime"),
        ({"submitted_at": "yesterday"}, "bad_datetime"),
        ({"submitted_at": 5}, "bad_datetime"),
        ({"submitted_at": None}, "missing_field"),
        ({"budget_hours": -1}, "bad_budget"),
        ({"budget_hours": "72"}, "bad_budget"),
        ({"tz": "Mars/Olympus"}, "unknown_zone"),
        ({"tz": "../../etc/passwd"}, "unknown_zone"),
        ({"tz": 3}, "unknown_zone"),
        ({"calendar": "mars"}, "unknown_calendar"),
        ({"calendar": 7}, "unknown_calendar"),
        ({"calendar": "../ru"}, "unknown_calendar"),
        ({"calendar": "r" * 5_000}, "unknown_calendar"),
        ({"calendar": "workalendar.europe"}, "unknown_calendar"),
        ({"calendar": "workalendar.core.Calendar"}, "unknown_calendar"),
        ({"calendar": "workalendar.core.date"}, "unknown_calendar"),
        ({"calendar": "workalendar.нет\ud800.Нет"}, "unknown_calendar"),
        ({"hours": "8h"}, "bad_hours"),
        ({"hours": [["18:00", "09:00"]]}, "bad_hours"),
        ({"hours": [[9, 18]]}, "bad_hours"),
        ({"shorten": "yes"}, "bad_shorten"),
        ({"pauses": [["2026-05-04T00:00:00Z", "2026-05-03T00:00:00Z"]]}, "bad_pause"),
        ({"pauses": [["2026-05-04T00:00:00Z"]]}, "bad_pause"),
        ({"pauses": "none"}, "bad_pause"),
        ({"pauses": [[None, "2026-05-04T00:00:00Z"]]}, "bad_datetime"),
        ({"budget_hours": 1e400}, "bad_budget"),
        ({"budget_hours": True}, "bad_budget"),
        ({"budget_hours": 999_999}, "out_of_range"),
        ({"hours": []}, "bad_hours"),
        ({"hours": [["22:00", "06:00"]]}, "bad_hours"),
        ({"percents": 50}, "bad_percent"),
        ({"percents": [-1]}, "bad_percent"),
        ({"now": "2150-01-01T00:00:00Z"}, "out_of_range"),
        ({"percents": ["50"]}, "bad_percent"),
        ({"submitted_at": "2150-01-01T00:00:00Z"}, "out_of_range"),
        ({"submitted_at": "0001-01-01T00:00:00+14:00"}, "out_of_range"),
    ],
)
def test_a_bad_item_gets_its_code_and_the_others_are_answered(change: dict[str, Any], code: str) -> None:
    first, bad, last = answers(ITEM, {**ITEM, "id": "bad", **change}, {**ITEM, "id": "c"})
    assert bad == {
        "id": "bad",
        "deadline": None,
        "elapsed_seconds": None,
        "remaining_seconds": None,
        "warn_at": {},
        "provisional": False,
        "error": code,
    }
    assert first["deadline"] == last["deadline"] == "2026-05-06T12:00:00+03:00"


def test_an_item_that_is_no_object() -> None:
    assert [answer["error"] for answer in answers(7, None, [])] == ["bad_item"] * 3


def test_no_items_are_no_answers_and_any_id_comes_back() -> None:
    assert answers() == []
    odd = ["\ud800", "модель", None, {"a": [1]}, 1.5]
    assert [answer["id"] for answer in answers(*({**ITEM, "id": each} for each in odd))] == odd


TELLING = [
    ("now before the submission", {"now": "2026-04-29T12:00:00+03:00"}, ("2026-05-06T12:00:00+03:00", 0, 259_200)),
    (
        "pauses that overlap, touch and begin before the submission",
        {
            "pauses": [
                ["2026-04-01T00:00:00+03:00", "2026-04-30T13:00:00+03:00"],
                ["2026-05-04T18:00:00+03:00", "2026-05-05T01:00:00+03:00"],
                ["2026-05-04T12:00:00+03:00", "2026-05-04T19:00:00+03:00"],
            ]
        },
        ("2026-05-07T02:00:00+03:00", 172_800 - 14 * 3_600, 86_400 + 14 * 3_600),
    ),
    (
        "a pause that begins at the deadline",
        {"pauses": [["2026-05-06T12:00:00+03:00", None]], "now": "2026-05-07T12:00:00+03:00"},
        ("2026-05-06T12:00:00+03:00", 259_200, 0),
    ),
    (
        "a lunch break, the day before a holiday an hour shorter",
        {
            "hours": [["09:00", "13:00"], ["14:00", "18:00"]],
            "shorten": True,
            "budget_hours": 8,
            "now": "2026-05-04T09:30:00+03:00",
        },
        ("2026-05-04T13:00:00+03:00", 4 * 3_600 + 1_800, 3 * 3_600 + 1_800),
    ),
    (
        "a day of 23 hours",
        {"tz": "Europe/Berlin", "calendar": "7day", "submitted_at": "2026-03-28T12:00:00+01:00", "budget_hours": 24, "now": None},
        ("2026-03-29T13:00:00+02:00", None, None),
    ),
    (
        "a day of 25 hours",
        {"tz": "Europe/Berlin", "calendar": "7day", "submitted_at": "2026-10-24T12:00:00+02:00", "budget_hours": 24, "now": None},
        ("2026-10-25T11:00:00+01:00", None, None),
    ),
    ("no budget", {"budget_hours": 0, "now": None}, ("2026-04-30T12:00:00+03:00", None, None)),
    ("an ordinary week", {"calendar": "mon-fri"}, ("2026-05-05T12:00:00+03:00", 259_200, 0)),
]


@pytest.mark.parametrize(("change", "expected"), [row[1:] for row in TELLING], ids=[row[0] for row in TELLING])
def test_telling_cases(change: dict[str, Any], expected: tuple[str, int | None, int | None]) -> None:
    (answer,) = answers({**ITEM, "percents": [], **change})
    assert answer["error"] is None
    assert (answer["deadline"], answer["elapsed_seconds"], answer["remaining_seconds"]) == expected


def test_a_year_that_passes_in_an_open_pause_is_not_needed() -> None:
    paused = {"submitted_at": "2027-12-30T12:00:00+03:00", "pauses": [["2027-12-30T15:00:00+03:00", None]], "percents": []}
    (frozen, running) = answers(
        {**ITEM, **paused, "now": "2028-02-01T00:00:00+03:00"},
        {**ITEM, **paused, "pauses": [], "now": "2028-02-01T00:00:00+03:00"},
    )
    assert (frozen["provisional"], running["provisional"]) == (False, True)


@pytest.mark.parametrize("text", ["{}", "not json", "", "[" * 100_000])
def test_what_is_no_array_is_a_usage_error(tmp_path: Path, text: str) -> None:
    path = tmp_path / "questions.json"
    path.write_text(text)
    assert CliRunner().invoke(command, ["evaluate", str(path)]).exit_code == 2


def test_explain_prints_the_days(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = create_app(Settings(var=tmp_path))
    database = app.extensions["wiring"].database
    upgrade(database)
    with database.connection_context():
        submission = Office().submission("Прогноз спроса")
    monkeypatch.setenv("MLPLACE_LANGUAGE", "ru")
    result = app.test_cli_runner().invoke(command, ["explain", str(submission.id)])
    assert result.exit_code == 0, result.output
    assert "срок: 26.11.2026 12:00" in result.output and "23.11.2026   12:00   12:00" in result.output
    for unknown in ("999", "0", "-1", "9" * 30):
        answer = app.test_cli_runner().invoke(command, ["explain", "--", unknown])
        assert (answer.exit_code, "Такой заявки нет" in answer.output) == (1, True), unknown

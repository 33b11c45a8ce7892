"""The desk's people: loads, «разложить поровну», and the forecast out of the database."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backoffice.domain.errors import Refused
from backoffice.store.listings import DictionaryValue, Submission, SubmissionValue
from backoffice.store.moderation import Decision
from backoffice.usecases import outlook, team
from tests.usecases.office import HOUR, MONDAY, Office, again, at


def test_loads_are_those_of_now_and_by_name(office: Office) -> None:
    office.submission(assignee=office.vera)
    office.submission(assignee=office.vera, claimant=office.vera, claim_expires_at=MONDAY + HOUR)
    office.submission(claimant=office.gleb, claim_expires_at=MONDAY - HOUR)  # a claim that ran out
    done = office.submission(state="published", decided_at=MONDAY)
    Decision.create(submission=done, moderator=office.gleb, kind="publish", made_at=MONDAY, artifacts={}, checks={})
    office.gleb.away = [["2026-11-23", "2026-11-25", "отпуск"]]
    office.gleb.save()
    told = {load.person.name: load for load in team.loads(now=MONDAY)}
    assert list(told) == ["Вера", "Глеб", "Лида"]
    vera, gleb = told["Вера"], told["Глеб"]
    assert (vera.claimed, vera.assigned, vera.open, vera.shift, vera.away) == (1, 2, 2, (0.375, 0.75), None)
    assert (gleb.claimed, gleb.open, gleb.decided_today, gleb.decided_week, gleb.away, gleb.shift) == (0, 0, 1, 1, "отпуск", None)


def test_spreading_is_a_preview_until_it_is_applied(office: Office) -> None:
    value = DictionaryValue.select().where(DictionaryValue.kind == "industry").first()
    office.gleb.skills = [value.id]
    office.gleb.save()
    office.vera.team = office.anna.team = "Ромашка"
    for person in (office.vera, office.anna):
        person.save()
    other = office.person("Борис", "author")
    submissions = [office.submission(author=other if n else office.anna) for n in range(5)]
    SubmissionValue.create(submission=submissions[1], value=value)
    told = team.preview(now=MONDAY)
    assert [again(row).assignee_id for row in submissions] == [None] * 5
    by_submission = {line.submission.id: line for line in told}
    assert by_submission[submissions[0].id].to.id == office.gleb.id  # Вера is of the author's own team
    assert by_submission[submissions[1].id].skills == {value.id}
    pairs = [(line.submission.id, line.to.id) for line in told if line.to]
    with pytest.raises(Refused, match="not_a_lead"):
        team.apply(pairs, by=office.vera, now=MONDAY)
    assert team.apply(pairs, by=office.lida, now=MONDAY) == sorted(row.id for row in submissions)
    assert team.preview(now=MONDAY) == []
    assert {load.person.name: load.open for load in team.loads(now=MONDAY)} == {"Вера": 3, "Глеб": 2, "Лида": 0}


def test_who_is_away_gets_nothing(office: Office) -> None:
    office.submission()
    for person in (office.vera, office.gleb):
        person.away = [["2026-11-01", "2026-11-30", "отпуск"]]
        person.save()
    assert [(line.to, line.reason) for line in team.preview(now=MONDAY)] == [(None, "nobody_on_duty")]


def past(office: Office, per_day: int, days: int = 30) -> None:
    """Each of the past days somebody submitted some models, and Вера decided them two days later."""
    for n in range(days):
        came = at("2026-10-01 10:00") + timedelta(days=n)
        for _ in range(per_day):
            done = office.submission(submitted_at=came, state="published", decided_at=came + timedelta(days=2))
            kind = {
                "moderator": office.vera,
                "kind": "publish",
                "made_at": came + timedelta(days=2),
                "artifacts": {},
                "checks": {},
            }
            Decision.create(submission=done, **kind)


def test_the_forecast_says_what_will_be_late_and_what_moving_would_change(office: Office) -> None:
    past(office, 3)
    late = [office.submission(submitted_at=at("2026-11-20 12:00"), assignee=office.vera) for _ in range(40)]
    told = outlook.outlook(now=MONDAY)
    assert told.days[0].isoformat() == "2026-11-23" and len(told.days) == 10
    assert told.told.days[9].median > 10
    assert told.told.risks[late[-1].id] > 0.9
    moved = outlook.outlook(now=MONDAY, moves={row.id: office.gleb.id for row in late[20:]})
    assert moved.told == told.told
    assert moved.changed is not None
    assert moved.changed.days[2].mean < told.told.days[2].mean - 3


def test_on_a_day_off_the_forecast_begins_with_the_next_business_day(office: Office) -> None:
    office.submission()
    told = outlook.outlook(now=at("2026-11-28 15:00"))
    assert told.days[0].isoformat() == "2026-11-30"
    assert Submission.select().count() == 1
    assert set(told.told.risks.values()) == {1.0}  # nobody has ever decided anything

"""The desk's people: loads and «разложить поровну»."""

from __future__ import annotations

import pytest

from backoffice.domain.errors import Refused
from backoffice.store.listings import DictionaryValue, SubmissionValue
from backoffice.store.moderation import Decision
from backoffice.usecases import team
from tests.usecases.office import HOUR, MONDAY, Office, again


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
    assert (vera.claimed, vera.assigned, vera.open, vera.hours, vera.away) == (1, 2, 2, ((0.375, 0.75),), None)
    assert (gleb.claimed, gleb.open, gleb.decided_today, gleb.decided_week, gleb.away, gleb.hours) == (0, 0, 1, 1, "отпуск", ())


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


def test_of_many_free_ones_the_most_urgent_are_spread_together(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(team, "MOST", 3)
    rows = [office.submission(submitted_at=MONDAY + (9 - n) * HOUR) for n in range(6)]
    assert [line.submission.id for line in team.preview(now=MONDAY + 9 * HOUR)] == [row.id for row in rows[:2:-1]]
    ticked = [rows[0].id, rows[1].id, rows[2].id, rows[3].id]
    assert [line.submission.id for line in team.preview(now=MONDAY + 9 * HOUR, submission_ids=ticked)] == ticked[::-1]

"""A lead stops the clock, lets it run, moves a deadline; the calendar changes under open submissions."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from backoffice.domain.errors import Lost, Refused
from backoffice.store.audit import Audit
from backoffice.store.moderation import EscalationStep
from backoffice.usecases import escalate, hold
from backoffice.usecases.explain import explain, hours, reasons
from backoffice.usecases.policy_clock import change_day, columns, fired_steps, policy_clock, restore_day, timing
from backoffice.usecases.recompute import recompute
from tests.usecases.office import HOUR, MONDAY, Office, again, at


def test_a_hold_freezes_the_remainder_and_resuming_gives_it_back(office: Office) -> None:
    submission = office.submission()
    hold.hold(submission.id, by=office.lida, reason="Ждём юристов", now=MONDAY + 24 * HOUR)
    assert again(submission).deadline_at is None and again(submission).on_hold
    with pytest.raises(Lost, match="already_on_hold"):
        hold.hold(submission.id, by=office.lida, reason="Ещё раз", now=MONDAY + 25 * HOUR)
    hold.resume(submission.id, by=office.lida, reason="Ответили", now=at("2026-11-28 12:00"))  # a Saturday
    assert again(submission).deadline_at == at("2026-12-02 00:00")
    with pytest.raises(Lost, match="not_on_hold"):
        hold.resume(submission.id, by=office.lida, reason="Ещё раз", now=MONDAY + 99 * HOUR)
    assert [row.data["reason"] for row in Audit.select().where(Audit.submission == submission).order_by(Audit.id)] == [
        "Ждём юристов",
        "Ответили",
    ]


def test_only_a_lead_with_a_reason(office: Office) -> None:
    submission = office.submission()
    with pytest.raises(Refused, match="not_a_lead"):
        hold.hold(submission.id, by=office.vera, reason="Хочу", now=MONDAY)
    with pytest.raises(Refused, match="reason_needed"):
        hold.hold(submission.id, by=office.lida, reason=" ", now=MONDAY)
    with pytest.raises(Refused, match="not_found"):
        hold.hold(10_000, by=office.lida, reason="Нет такой", now=MONDAY)
    with pytest.raises(Lost, match="already_decided"):
        hold.hold(office.submission(state="returned").id, by=office.lida, reason="Поздно", now=MONDAY)


def test_a_deadline_set_by_hand_carries_the_ladder_along(office: Office) -> None:
    submission = office.submission(assignee=office.vera)
    escalate.sweep(now=MONDAY + 36 * HOUR)
    later = MONDAY + 7 * 24 * HOUR  # the next Monday: 120 working hours
    hold.set_deadline(submission.id, to=later, by=office.lida, reason="Большой архив", now=MONDAY + 37 * HOUR)
    row = again(submission)
    assert (row.deadline_at, row.deadline_override, row.budget_seconds) == (later, True, 120 * 3_600)
    assert row.next_step_at == MONDAY + 90 * HOUR
    assert escalate.sweep(now=MONDAY + 89 * HOUR) == 0
    assert escalate.sweep(now=later) == 1
    assert sorted(step.step for step in EscalationStep.select()) == [50, 75, 100]
    moved = Audit.get(Audit.action == "deadline_moved")
    assert (moved.data["cause"], moved.data["reason"]) == ("override", "Большой архив")


def test_a_deadline_by_hand_on_a_day_off_is_not_breached_before_it(office: Office) -> None:
    submission, saturday = office.submission(assignee=office.vera), at("2026-11-28 12:00")
    hold.set_deadline(submission.id, to=saturday, by=office.lida, reason="Ко вторнику", now=MONDAY)
    escalate.sweep(now=saturday - HOUR)
    assert sorted(step.step for step in EscalationStep.select()) == [50, 75]
    escalate.sweep(now=saturday)
    assert sorted(step.step for step in EscalationStep.select()) == [50, 75, 100]


def test_a_deadline_cannot_be_set_into_the_past_or_during_a_hold(office: Office) -> None:
    submission = office.submission()
    with pytest.raises(Refused, match="deadline_has_passed"):
        hold.set_deadline(submission.id, to=MONDAY - HOUR, by=office.lida, reason="Вчера", now=MONDAY)
    hold.hold(submission.id, by=office.lida, reason="Ждём", now=MONDAY)
    with pytest.raises(Refused, match="on_hold"):
        hold.set_deadline(submission.id, to=MONDAY + HOUR, by=office.lida, reason="Скоро", now=MONDAY)


def test_a_changed_day_moves_open_deadlines_once_and_leaves_closed_ones(office: Office) -> None:
    open_, closed = office.submission(assignee=office.vera), office.submission(state="published")
    by_hand = office.submission()
    hold.set_deadline(by_hand.id, to=MONDAY + 30 * HOUR, by=office.lida, reason="Срочно", now=MONDAY)
    escalate.sweep(now=MONDAY + 36 * HOUR)
    assert recompute(now=MONDAY + 36 * HOUR) == 0
    change_day(date(2026, 11, 26), "off", reason="Переезд", by=office.zahar, now=MONDAY + 37 * HOUR)
    assert recompute(now=MONDAY + 38 * HOUR) == 1
    assert again(open_).deadline_at == at("2026-11-27 12:00")
    assert again(closed).deadline_at == at("2026-11-26 12:00")
    assert again(by_hand).deadline_at == MONDAY + 30 * HOUR
    row = Audit.get((Audit.action == "deadline_moved") & (Audit.submission == open_))
    assert (row.data["before"], row.data["after"]) == ("2026-11-26T09:00:00+00:00", "2026-11-27T09:00:00+00:00")
    assert escalate.sweep(now=MONDAY + 38 * HOUR) == 0
    assert recompute(now=MONDAY + 38 * HOUR) == 0
    restore_day(date(2026, 11, 26), by=office.zahar, now=MONDAY + 39 * HOUR)
    assert recompute(now=MONDAY + 40 * HOUR) == 1
    assert again(open_).deadline_at == at("2026-11-26 12:00")


def test_a_changed_day_says_who_and_why_and_can_be_changed_again(office: Office) -> None:
    change_day(date(2026, 11, 26), "off", reason="Переезд", by=office.zahar, now=MONDAY)
    change_day(date(2026, 11, 26), "shortened", reason="Переехали быстро", by=office.lida, now=MONDAY)
    note = policy_clock()[0].table.notes[date(2026, 11, 26)]
    assert (note.kind, note.ru, note.source_ru) == ("shortened", "Переехали быстро", "внесено: Лида")
    with pytest.raises(Refused, match="not_a_lead"):
        change_day(date(2026, 11, 26), "off", reason="Хочу", by=office.vera, now=MONDAY)
    with pytest.raises(Refused, match="unknown_kind"):
        change_day(date(2026, 11, 26), "party", reason="Ура", by=office.lida, now=MONDAY)
    with pytest.raises(Refused, match="reason_needed"):
        change_day(date(2026, 11, 26), "off", reason="", by=office.lida, now=MONDAY)


def test_why_tells_it_all(office: Office) -> None:
    submission = office.submission(submitted_at=at("2026-10-30 15:00"), assignee=office.vera)
    hold.hold(submission.id, by=office.lida, reason="Ждём юристов", now=at("2026-11-02 10:00"))
    hold.resume(submission.id, by=office.lida, reason="Ответили", now=at("2026-11-02 12:30"))
    escalate.sweep(now=at("2026-11-05 12:00"))
    found = explain(submission.id, now=at("2026-11-05 12:00"))
    assert found.submission.deadline_at == at("2026-11-05 17:30")
    told = {day.day.isoformat(): (hours(day.worked), reasons(day, "ru")) for day in found.days}
    assert told["2026-10-31"] == ("0:00", ["выходной"])
    assert told["2026-11-02"] == ("21:30", ["пауза: Ждём юристов"])
    assert told["2026-11-03"] == ("24:00", ["предпраздничный день, на час короче (статья 95 ТК РФ)"])
    assert told["2026-11-04"] == ("0:00", ["День народного единства (статья 112 ТК РФ)"])
    assert reasons(found.days[5], "en") == ["National Unity Day (Labour Code, article 112)"]
    assert hours(found.days[-1].total) == "72:00" and hours(found.remaining) == "5:30"
    assert [(rung.percent, bool(rung.fired_at)) for rung in found.rungs] == [(50, True), (75, True), (100, False), (133, False)]
    assert [str(move.action) for move in found.moves] == ["held", "resumed"]
    with pytest.raises(Refused, match="not_submitted"):
        explain(_draft(office), now=MONDAY)


def _draft(office: Office) -> int:
    draft = office.submission()
    type(draft).update(state="draft", submitted_at=None).where(type(draft).id == draft.id).execute()
    return int(draft.id)


def test_where_the_policy_resumes_the_old_clock_the_authors_time_does_not_count(office: Office) -> None:
    first = office.submission(submitted_at=MONDAY, state="returned", decided_at=MONDAY + 24 * HOUR)
    back = at("2026-11-30 12:00")
    second = office.submission(submitted_at=back, listing=first.listing, number=2)
    clock, policy = policy_clock()
    resuming = replace(policy, resubmission="resume")
    assert columns(clock, policy, timing(second, policy))["deadline_at"] == back + 72 * HOUR
    assert columns(clock, resuming, timing(second, resuming))["deadline_at"] == back + 48 * HOUR
    EscalationStep.create(submission=first, step=50, fired_at=MONDAY)
    assert fired_steps(second, policy) == set()
    assert fired_steps(second, resuming) == {50}

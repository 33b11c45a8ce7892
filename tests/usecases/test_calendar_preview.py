"""A changed day is shown with what it moves before anybody changes it, and then moves exactly that (M1)."""

from __future__ import annotations

import threading
from datetime import date, datetime

import pytest
from peewee import Database

from backoffice.domain.errors import Lost, Refused
from backoffice.store.calendar import CalendarChange
from backoffice.store.listings import Submission
from backoffice.usecases import hold
from backoffice.usecases.calendar_preview import effect
from backoffice.usecases.policy_clock import change_day, restore_day
from backoffice.usecases.recompute import recompute
from tests.real.waiting import PATIENCE
from tests.usecases.office import HOUR, MONDAY, Office, at

THURSDAY, SATURDAY = date(2026, 11, 26), date(2026, 11, 28)


def deadlines() -> dict[int, datetime | None]:
    return {row.id: row.deadline_at for row in Submission.select()}


@pytest.fixture
def busy(office: Office) -> Office:
    """Ordinary ones, one paused in the past, one on hold, one by hand, one decided, one due before the day, one that comes after it."""
    for n in range(12):
        office.submission(f"м{n}", submitted_at=MONDAY + n * HOUR)
    paused, held, by_hand = (office.submission(title) for title in ("с паузой", "остановлена", "вручную"))
    hold.hold(paused.id, by=office.lida, reason="Вопрос", now=MONDAY + HOUR)
    hold.resume(paused.id, by=office.lida, reason="Ответ", now=MONDAY + 3 * HOUR)
    hold.hold(held.id, by=office.lida, reason="Юристы", now=MONDAY + HOUR)
    hold.set_deadline(by_hand.id, to=at("2026-11-26 18:00"), by=office.lida, reason="Срочно", now=MONDAY)
    office.submission("решена", state="published")
    office.submission("раньше", submitted_at=at("2026-11-19 12:00"))
    office.submission("позже", submitted_at=at("2026-11-30 12:00"))
    return office


@pytest.mark.parametrize(("day", "kind"), [(THURSDAY, "off"), (SATURDAY, "working"), (THURSDAY, "shortened")])
def test_what_the_preview_says_is_what_happens(busy: Office, day: date, kind: str) -> None:
    now = MONDAY + 50 * HOUR
    said, before = effect(day, kind, now=now), deadlines()
    assert deadlines() == before and not CalendarChange.select().exists()
    change_day(day, kind, reason="Переезд", by=busy.lida, now=now)
    moved = recompute(now=now)
    after = deadlines()
    happened = {key: (before[key], after[key]) for key in before if before[key] != after[key]}
    assert said.moved == moved == len(happened)
    assert {move.submission.id: (move.before, move.after) for move in said.nearest}.items() <= happened.items()
    assert len(said.nearest) == min(10, said.moved)

    back = effect(day, None, now=now)
    assert (back.was, back.becomes, back.moved) == (kind, said.was, moved)
    restore_day(day, by=busy.lida, now=now)
    assert recompute(now=now) == moved and deadlines() == before


def test_it_counts_what_is_overdue_at_once(office: Office) -> None:
    office.submission(
        submitted_at=at("2026-11-20 12:00")
    )  # due on Wednesday at noon; on Monday at noon if Saturday and Sunday were worked
    now = at("2026-11-24 13:00")
    assert effect(date(2026, 11, 21), "working", now=now).late == 1
    assert effect(date(2026, 11, 21), "working", now=at("2026-11-23 13:00")).late == 0


def test_a_day_that_is_so_already_and_one_beyond_the_calendar_are_refused(office: Office) -> None:
    for ask in (
        lambda day, kind: effect(day, kind, now=MONDAY),
        lambda day, kind: change_day(day, kind, reason="Так", by=office.lida, now=MONDAY),
    ):
        with pytest.raises(Refused, match="day_is_so_already"):
            ask(SATURDAY, "off")
        with pytest.raises(Refused, match="beyond_calendar"):
            ask(date(2100, 1, 1), "off")
        with pytest.raises(Refused, match="unknown_kind"):
            ask(THURSDAY, "party")


def test_two_leads_at_once_change_a_day_once(office: Office, database: Database) -> None:
    start, outcomes = threading.Barrier(2, timeout=PATIENCE), []

    def change(kind: str) -> None:
        with database.connection_context():
            start.wait()
            try:
                change_day(THURSDAY, kind, reason="Сразу", by=office.lida, now=MONDAY)
                outcomes.append(kind)
            except Lost as lost:
                outcomes.append(lost.reason)

    threads = [threading.Thread(target=change, args=(kind,)) for kind in ("off", "shortened")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    in_force = [row.kind for row in CalendarChange.select().where(CalendarChange.ended_at.is_null())]
    assert len(in_force) == 1 and in_force[0] in outcomes
    assert CalendarChange.select().count() == sum(outcome in ("off", "shortened") for outcome in outcomes)

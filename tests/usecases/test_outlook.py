"""The forecast out of the database (M9)."""

from __future__ import annotations

from datetime import date, timedelta

from backoffice.store.kept import Kept
from backoffice.store.listings import Submission
from backoffice.store.moderation import Decision
from backoffice.store.people import Person
from backoffice.usecases import outlook
from backoffice.usecases.policy_clock import change_day
from tests.usecases.office import HOUR, MONDAY, Office, at

MINUTE = HOUR / 60


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
    assert told.told[9].median > 10
    assert dict(told.risks)[late[-1].id] > 0.9
    moved = outlook.outlook(now=MONDAY, moves={row.id: office.gleb.id for row in late[20:]})
    assert moved.told == told.told
    assert moved.change is not None
    assert moved.change.days[2] < -3


def test_on_a_day_off_the_forecast_begins_with_the_next_business_day(office: Office) -> None:
    office.submission(submitted_at=at("2026-11-27 12:00"))
    told = outlook.outlook(now=at("2026-11-28 15:00"))
    assert told.days[0].isoformat() == "2026-11-30"
    assert Submission.select().count() == 1
    assert {risk for _, risk in told.risks} == {1.0}  # nobody has ever decided anything


def test_a_forecast_is_kept_until_it_is_old_or_means_another_day_calendar_or_duties(office: Office) -> None:
    past(office, 3)
    for _ in range(20):
        office.submission(submitted_at=MONDAY)
    first = outlook.outlook(now=MONDAY)
    office.submission(submitted_at=MONDAY)
    assert outlook.outlook(now=MONDAY + 9 * MINUTE) == first
    renewed = outlook.renew(now=MONDAY + 5 * MINUTE)
    assert renewed.made_at > first.made_at and renewed.told != first.told
    assert outlook.outlook(now=MONDAY + 14 * MINUTE) == renewed
    assert outlook.outlook(now=MONDAY + 16 * MINUTE).made_at == MONDAY + 16 * MINUTE
    Person.update(away=[["2026-11-23", "2026-11-25", ""]]).where(Person.id == office.vera.id).execute()
    without_her = outlook.outlook(now=MONDAY + 17 * MINUTE)
    assert without_her.made_at == MONDAY + 17 * MINUTE and without_her.told[4].mean > renewed.told[4].mean
    change_day(date(2026, 11, 24), "off", reason="Переезд", by=office.lida, now=MONDAY)
    assert date(2026, 11, 24) not in outlook.outlook(now=MONDAY + 18 * MINUTE).days


def test_what_the_past_says_is_read_once_a_day_and_the_same_all_day(office: Office) -> None:
    past(office, 3)
    row = office.submission(submitted_at=at("2026-11-20 12:00"))
    in_the_morning = outlook.outlook(now=MONDAY)
    known = Kept.get(Kept.name == "learned")
    Submission.update(state="published", decided_at=MONDAY).where(Submission.id == row.id).execute()
    Kept.delete().execute()
    outlook.outlook(now=MONDAY + 60 * MINUTE)
    assert Kept.get(Kept.name == "learned").data == known.data
    assert in_the_morning.told

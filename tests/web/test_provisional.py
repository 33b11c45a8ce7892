"""A deadline that needs a year without a decree is marked wherever it is shown (M1)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from flask import Flask

from backoffice.clock import utcnow
from backoffice.delivery import render
from backoffice.store.listings import Submission
from backoffice.usecases import digest, health
from backoffice.usecases.policy_clock import day_clock
from tests.usecases.office import Office, at
from tests.web.conftest import SignIn

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
YEAR_END = at("2027-12-30 15:00")


@pytest.fixture
def row(office: Office) -> Submission:
    """Submitted at the end of the last year of the file; due today as well, so that it stands in every list."""
    submission = office.submission("На стыке лет", submitted_at=YEAR_END, assignee=office.vera)
    assert submission.deadline_provisional
    soon = day_clock().deadline(utcnow(), timedelta(minutes=30))  # on a working day, whatever day it is now
    Submission.update(deadline_at=soon).where(Submission.id == submission.id).execute()
    return submission


@pytest.mark.parametrize(
    ("who", "path"),
    [
        ("anna", "/cabinet/models"),
        ("anna", "/cabinet/submissions/{id}"),
        ("vera", "/staff/queue/?tab=mine"),
        ("lida", "/staff/review/{id}"),
        ("lida", "/staff/queue/{id}/deadline"),
        ("lida", "/staff/desk/"),
        ("lida", "/staff/desk/list/open"),
        ("lida", "/staff/desk/list/open.csv"),
        ("lida", "/staff/desk/people"),
        ("lida", "/staff/desk/forecast"),
    ],
)
def test_on_pages_and_in_files(office: Office, sign_in: SignIn, row: Submission, who: str, path: str) -> None:
    assert "редварительн" in sign_in(getattr(office, who)).page(path.format(id=row.id))


def test_in_the_preview_of_spreading(office: Office, sign_in: SignIn, row: Submission) -> None:
    Submission.update(assignee=None).where(Submission.id == row.id).execute()
    assert "предварительн" in sign_in(office.lida).page("/staff/assign/spread")


@pytest.mark.parametrize("event", ["received", "warning", "breach", "escalated"])
def test_in_letters(app: Flask, office: Office, row: Submission, event: str) -> None:
    more = {"percent": 50, "holder": None, "deadline": row.deadline_at}
    letter = render.letter(event, "ru", person=office.vera, submission=row, **more)
    assert "предварительн" in letter.text and "предварительн" in letter.html


def test_in_the_morning_letter(app: Flask, office: Office, row: Submission) -> None:
    Submission.update(deadline_at=at("2027-12-30 08:00")).where(Submission.id == row.id).execute()
    assert digest.send_digest(now=at("2027-12-30 09:05")) == 1
    letter = digest.Mail.get()
    assert "предварительно" in letter.text and "предварительно" in letter.html
    assert "/staff/desk/list/overdue" in letter.html and "/staff/desk/" in letter.text


@pytest.mark.parametrize(
    ("day", "state"), [(date(2027, 10, 14), "ok"), (date(2027, 10, 15), "warning"), (date(2028, 1, 1), "warning")]
)
def test_the_health_page_asks_for_the_next_year_from_mid_october(app: Flask, day: date, state: str) -> None:
    report = health.report(app.extensions["wiring"], now=at(f"{day} 12:00"))
    calendar = next(part for part in report.parts if part.name == "calendar")
    assert (calendar.state, calendar.detail) == (state, "2028" if state == "warning" else "")


def test_the_health_page_says_that_nothing_runs_by_the_clock(app: Flask) -> None:
    def told(now: datetime) -> tuple[str, str]:
        part = next(part for part in health.report(app.extensions["wiring"], now=now).parts if part.name == "scheduler")
        return part.reason, part.detail

    assert told(YEAR_END) == ("never_ran", "")
    health.note_scheduler(YEAR_END)
    assert told(YEAR_END + timedelta(minutes=4)) == ("", "")
    assert told(YEAR_END + timedelta(minutes=6)) == ("silent", "2027-12-30 12:00 UTC")

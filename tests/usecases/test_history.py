"""The lead's figures: of now, each equal to the list it opens, and of the weeks that are over."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime

from backoffice.store import reports
from backoffice.store.history import WeekFigures
from backoffice.store.listings import Submission
from backoffice.store.moderation import Decision, Remark
from backoffice.usecases import history
from backoffice.usecases.digest import moment
from tests.usecases.office import HOUR, MONDAY, Office, at

NOW = at("2026-11-26 13:00")
MINUTE = HOUR / 60


def decide(office: Office, submission: Submission, kind: str, made_at: datetime) -> None:
    states = {"publish": "published", "return": "returned", "reject": "rejected"}
    row = Submission.update(state=states[kind], decided_at=made_at, first_look_at=made_at - HOUR)
    row.where(Submission.id == submission.id).execute()
    Decision.create(submission=submission, moderator=office.vera, kind=kind, made_at=made_at, artifacts={}, checks={})


def test_every_figure_of_now_is_the_number_of_the_rows_it_opens(office: Office) -> None:
    office.submission("просрочена")
    office.submission("сегодня", submitted_at=at("2026-11-23 16:00"), assignee=office.vera)
    office.submission("завтра", submitted_at=at("2026-11-24 12:30"), claimant=office.vera, claim_expires_at=NOW + HOUR)
    office.submission("на проверках", submitted_at=NOW, state="checking")
    office.submission("на паузе", on_hold=True, deadline_at=None)
    returned = office.submission("у автора", state="returned", decided_at=MONDAY)
    office.submission("в архиве", state="returned", decided_at=MONDAY, archived_at=NOW)
    answered = office.submission("ответили", state="returned", decided_at=MONDAY)
    office.submission("вторая", state="published", listing=answered.listing, number=2)
    instant = moment(NOW)
    figures = asdict(reports.figures(instant))
    titles = {name: sorted(row.title for row in reports.rows(name, instant)) for name in reports.FIGURES}
    assert figures == {name: len(found) for name, found in titles.items()}
    assert titles["overdue"] == ["просрочена"] and titles["authors"] == [returned.title]
    assert titles["due_soon"] == ["завтра", "сегодня"] and titles["due_today"] == ["сегодня"]
    assert titles["unassigned"] == ["на паузе", "просрочена"] and titles["checking"] == ["на проверках"]
    assert figures["open"] == 5


def test_a_week_is_counted_in_working_hours_and_kept_when_it_is_over(office: Office) -> None:
    decide(office, office.submission(), "publish", MONDAY + 24 * HOUR)
    decide(office, office.submission(), "return", MONDAY + 48 * HOUR)
    decide(office, office.submission(submitted_at=at("2026-11-20 12:00")), "reject", at("2026-11-27 12:00"))
    Remark.create(
        submission=Decision.get(Decision.kind == "return").submission,
        moderator=office.vera,
        level="requirement",
        template="description-purpose",
        text="Опишите назначение",
        created_at=NOW,
    )
    last, this = history.weeks(2, now=at("2026-12-01 12:00"))
    assert (last.monday, this.monday) == (date(2026, 11, 23), date(2026, 11, 30))
    assert (last.submitted, last.decided, last.published, last.returned, last.rejected, last.late) == (2, 3, 1, 1, 1, 1)
    assert last.kept_percent == 66.7
    assert (last.to_decision.median, last.to_decision.max) == (48.0, 120.0)
    assert (last.to_first_look.count, last.to_first_look.max) == (3, 119.0)
    assert last.to_publication == history.Spread(1, 24.0, 24.0, 24.0)
    assert last.by_weekday == (0, 1, 1, 0, 1, 0, 0)
    assert last.reasons == {"description-purpose": 1} and last.rounds == {"1": 1}
    assert this.decided == 0 and this.kept_percent is None
    assert WeekFigures.select().count() == 1
    assert history.weeks(2, now=at("2026-12-01 13:00")) == [last, this]


def test_the_way_to_a_publication_begins_anew_after_the_last_one(office: Office) -> None:
    first = office.submission(submitted_at=at("2026-11-02 10:00"))
    decide(office, first, "publish", at("2026-11-03 10:00"))
    back = office.submission(submitted_at=MONDAY, listing=first.listing, number=2)
    decide(office, back, "return", MONDAY + 10 * HOUR)
    again = office.submission(submitted_at=MONDAY + 20 * HOUR, listing=first.listing, number=3)
    decide(office, again, "publish", MONDAY + 30 * HOUR)
    decide(office, office.submission(submitted_at=MONDAY), "publish", MONDAY + 5 * HOUR)
    last = history.weeks(2, now=at("2026-12-01 12:00"))[0]
    assert (last.to_publication.count, last.to_publication.max) == (2, 30.0)
    assert last.rounds == {"1": 1, "2": 1}


def test_what_happens_later_changes_no_week_that_is_over(office: Office) -> None:
    row = office.submission(submitted_at=at("2026-11-27 12:00"))
    history.weeks(2, now=at("2026-11-30 00:01"))
    assert not WeekFigures.select().exists()  # its last decisions may not be committed yet
    before = history.weeks(2, now=at("2026-11-30 09:00"))[0]
    assert WeekFigures.select().count() == 1
    decide(office, row, "publish", at("2026-12-01 12:00"))
    assert before.submitted == 1 and before.to_first_look.count == 0
    WeekFigures.delete().execute()
    last, this = history.weeks(2, now=at("2026-12-01 13:00"))
    assert last == before
    assert (this.to_first_look.count, this.to_first_look.max, this.decided) == (1, 47.0, 1)


def test_the_present_week_is_kept_until_it_is_counted_anew_or_old(office: Office) -> None:
    made_at, [week] = history.told(1, now=NOW)
    assert (made_at, week.decided) == (NOW, 0)
    decide(office, office.submission(), "publish", NOW)
    assert history.told(1, now=NOW + 9 * MINUTE) == (NOW, [week])
    history.renew(now=NOW + 5 * MINUTE)
    made_at, [week] = history.told(1, now=NOW + 14 * MINUTE)
    assert (made_at, week.decided) == (NOW + 5 * MINUTE, 1)
    assert history.told(1, now=NOW + 16 * MINUTE)[0] == NOW + 16 * MINUTE

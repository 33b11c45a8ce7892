"""What is said once a day: the leads' digest, reminders to authors who have gone quiet, and the archive of what never came back (M7, M9).

Every function may run at any time and any number of times: a letter has a key, an archived row is not archived again.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from backoffice.domain.errors import Lost, Refused
from backoffice.domain.events import Event
from backoffice.domain.permissions import Role as RoleName
from backoffice.domain.work_days import DAY
from backoffice.domain.working_clock import WorkingClock
from backoffice.store import audit, reports
from backoffice.store.base import db
from backoffice.store.listings import Submission
from backoffice.store.outbox import Mail
from backoffice.store.people import Person
from backoffice.store.reports import Moment
from backoffice.usecases import mail
from backoffice.usecases.people import with_role
from backoffice.usecases.policy_clock import day_clock, mail_clock, policy_clock

URGENT = 10  # rows named in a digest


def moment(now: datetime) -> Moment:
    """The instants that the lead's figures turn on."""
    clock, _ = policy_clock()
    return Moment(now, clock.deadline(now, DAY), clock.midnight(clock.day_of(now) + DAY))


def send_digest(*, now: datetime) -> int:
    """Write to every lead once on a business day, from the opening of the mail's hours on; never on a day off. The count of letters."""
    letters = mail_clock()
    if not letters.is_working(now):
        return 0
    day = letters.day_of(now)
    leads = [lead for lead in with_role(RoleName.LEAD) if not _written(f"digest:{day}:{lead.id}")]
    if not leads:
        return 0
    days = day_clock()
    last = last_working_day(days, day)
    at = moment(now)
    numbers, before = reports.figures(at), reports.span(days.midnight(last), days.midnight(last + DAY))
    urgent = [row for name in ("overdue", "due_today") for row in reports.rows(name, at).limit(URGENT)][:URGENT]
    for lead in leads:
        mail.to_person(
            "digest",
            lead,
            now=now,
            key=f"digest:{day}:{lead.id}",
            now_at=now,
            last_day_at=days.midnight(last),
            numbers=numbers,
            last=before,
            urgent=urgent,
        )
    return len(leads)


def last_working_day(clock: WorkingClock, before: date) -> date:
    """The working day before a day."""
    day = before - DAY
    while not clock.table.is_working(day):
        day -= DAY
    return day


def remind_authors(*, now: datetime) -> int:
    """Write once to authors who have not answered a return for the policy's number of working days; in working hours. The count."""
    _, policy = policy_clock()
    letters = mail_clock()
    if not policy.remind_after_days or not letters.is_working(now):
        return 0
    cutoff = working_days_ago(day_clock(), policy.remind_after_days, now)
    sent = 0
    for submission in _unanswered(cutoff, since=cutoff - timedelta(days=60)):
        key = f"author_reminder:{submission.id}"
        if not _written(key):
            until = _archive_at(submission, policy.archive_after_days)
            mail.to_person("author_reminder", submission.author, now=now, submission=submission, key=key, archive_at=until)
            sent += 1
    return sent


def archive_forgotten(*, now: datetime, limit: int = 200) -> int:
    """Put what authors have not answered for the policy's number of working days out of sight; the count. ``unarchive`` takes it back."""
    _, policy = policy_clock()
    if not policy.archive_after_days:
        return 0
    cutoff = working_days_ago(day_clock(), policy.archive_after_days, now)
    done = 0
    for submission in _unanswered(cutoff, limit=limit):
        with db.atomic():
            same = (Submission.id == submission.id) & (Submission.state == "returned") & Submission.archived_at.is_null()
            if Submission.update(archived_at=now).where(same).execute():
                audit.record(Event.ARCHIVED, now=now, submission=submission, after_days=policy.archive_after_days)
                done += 1
    return done


def unarchive(submission_id: int, *, by: Person, now: datetime) -> None:
    """Take a submission out of the archive; it is not archived a second time before the author had as many days again."""
    if not by.role_names() & {"lead", "admin"}:
        raise Refused("not_a_lead")
    with db.atomic():
        kept = (Submission.id == submission_id) & Submission.archived_at.is_null(False)
        if not Submission.update(archived_at=None, updated_at=now).where(kept).execute():
            raise Lost("not_archived")
        audit.record(Event.UNARCHIVED, now=now, person=by, submission=submission_id)


def working_days_ago(clock: WorkingClock, days: int, now: datetime) -> datetime:
    """The latest instant from which ``days`` working days of 24 hours have passed by ``now``."""
    wanted, early = timedelta(days=days), now - timedelta(days=2 * days + 30)
    return clock.deadline(early, max(clock.elapsed(early, now) - wanted, timedelta(0)))


def _archive_at(submission: Submission, days: int) -> datetime | None:
    return day_clock().deadline(submission.decided_at, timedelta(days=days)) if days else None


def _unanswered(cutoff: datetime, *, since: datetime | None = None, limit: int = 1_000) -> list[Submission]:
    """Returned by ``cutoff``, not archived, no newer version. What was taken out of the archive counts from then on."""
    waiting = reports.rows("authors", Moment(cutoff, cutoff, cutoff))
    waiting = waiting.where(Submission.decided_at <= cutoff, Submission.updated_at <= cutoff)
    if since is not None:
        waiting = waiting.where(Submission.decided_at > since)
    return list(waiting.limit(limit))


def _written(key: str) -> bool:
    return bool(Mail.select().where(Mail.message_id == mail.message_id_of(key)).exists())

"""Delivering e-mails."""

from __future__ import annotations

import dramatiq

from backoffice.clock import utcnow
from backoffice.delivery import mail as smtp
from backoffice.store import outbox
from backoffice.store.base import db
from backoffice.store.outbox import Job, Mail
from tasks.broker import wiring
from tasks.running import Work, run

DELAYS = (15, 60, 300, 1_800, 7_200, 21_600)


def deliver(job: Job) -> None:
    """Send one stored letter; a letter that is sent already is only closed."""
    letter = Mail.get_by_id(job.subject)
    if letter.sent_at is None:
        smtp.send(
            wiring.settings.smtp_url,
            sender=wiring.settings.mail_from,
            recipient=letter.recipient,
            subject=letter.subject,
            text=letter.text,
            html=letter.html,
            message_id=letter.message_id,
            written_at=letter.created_at,
        )
    with db.atomic():
        now = utcnow()
        if outbox.finish(job, now=now):
            Mail.update(sent_at=now).where((Mail.id == letter.id) & Mail.sent_at.is_null()).execute()


@dramatiq.actor(queue_name="mail", time_limit=180_000)
def mail(job_id: int) -> None:
    """Queue ``mail``."""
    run(job_id, Work(deliver, DELAYS))

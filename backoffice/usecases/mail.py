"""E-mails: rendered and stored when their cause happens, in the same transaction, and delivered later by the relay (A14, M8)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from backoffice.delivery import render
from backoffice.store import outbox
from backoffice.store.base import insert_all
from backoffice.store.listings import Submission
from backoffice.store.outbox import Mail
from backoffice.store.people import Person


def to_author(event: str, submission: Submission, *, now: datetime, **context: Any) -> Mail:
    """A letter to the submission's author about it."""
    return to_person(event, submission.author, now=now, submission=submission, **context)


def to_person(
    event: str,
    person: Person,
    *,
    now: datetime,
    submission: Submission | None = None,
    key: str = "",
    due_at: datetime | None = None,
    **context: Any,
) -> Mail:
    """A letter in the person's own language. The same ``key`` is written once; without a key each call is a letter. It leaves at ``due_at``."""
    letter = render.letter(event, person.language, person=person, submission=submission, **context)
    return store(event, person.email, letter, now=now, submission=submission, key=key, due_at=due_at)


def message_id_of(key: str) -> str:
    """The Message-ID of the one letter written under a key."""
    return f"<{uuid.uuid5(uuid.NAMESPACE_URL, key)}@mlplace>"


def store(
    event: str,
    recipient: str,
    letter: render.Letter,
    *,
    now: datetime,
    submission: Submission | None = None,
    key: str = "",
    due_at: datetime | None = None,
) -> Mail:
    """Keep a letter as it will be sent and put its job, to be done at once or at ``due_at``."""
    message_id = message_id_of(key) if key else f"<{uuid.uuid4()}@mlplace>"
    store_all([written(event, recipient, letter, message_id, now=now, submission=submission)], now=now, due_at=due_at)
    mail: Mail = Mail.get(Mail.message_id == message_id)
    return mail


def written(
    event: str, recipient: str, letter: render.Letter, message_id: str, *, now: datetime, submission: Submission | None = None
) -> dict[str, Any]:
    """A letter as a row, to be stored with others."""
    return {
        "event": event,
        "submission_id": submission.id if submission else None,
        "recipient": recipient,
        "subject": letter.subject,
        "text": letter.text,
        "html": letter.html,
        "message_id": message_id,
        "created_at": now,
    }


def store_all(letters: Sequence[dict[str, Any]], *, now: datetime, due_at: datetime | None = None) -> None:
    """Keep many letters and put their jobs; those that are there already stay as they were."""
    insert_all(Mail, letters, ignore=True)
    ids = [letter["message_id"] for letter in letters]
    for start in range(0, len(ids), 500):
        kept = Mail.select(Mail.id).where(Mail.message_id.in_(ids[start : start + 500]))
        outbox.put_all("mail", {f"mail:{row[0]}": row[0] for row in kept.tuples()}, now=now, due_at=due_at)

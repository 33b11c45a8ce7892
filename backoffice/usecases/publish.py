"""A publication reaches the catalogs: one signed hook call per endpoint (M8, C1)."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from backoffice.domain.errors import Lost, Refused
from backoffice.domain.events import Event
from backoffice.domain.states import Act, State, after
from backoffice.store import audit, outbox
from backoffice.store.base import db
from backoffice.store.listings import CatalogEntry, Submission
from backoffice.store.moderation import Decision
from backoffice.store.outbox import HookCall, HookEndpoint
from backoffice.store.people import Person
from backoffice.usecases import mail


def announce(submission: Submission, decision: Decision, *, now: datetime) -> None:
    """Inside the decision's transaction: an older publication is superseded, and every endpoint gets its call."""
    older = (
        (Submission.listing == submission.listing_id) & (Submission.state == State.PUBLISHED) & (Submission.id != submission.id)
    )
    for old in Submission.select().where(older):
        Submission.update(state=after(old.state, Act.SUPERSEDE)).where(Submission.id == old.id).execute()
        audit.record(Event.SUPERSEDED, now=now, submission=old, by=submission.id)
    _call("listing.published", submission, now=now, sequence=decision.id, **_content(submission))


def unpublish(submission_id: int, *, person: Person, reason: str, now: datetime) -> None:
    """Take a published model out of the catalog, with a reason that the author is told."""
    if not reason.strip():
        raise Refused("reason_needed")
    with db.atomic():
        submission = Submission.get_by_id(submission_id)
        state = after(submission.state, Act.UNPUBLISH)
        on = (Submission.id == submission_id) & (Submission.state == State.PUBLISHED)
        if not Submission.update(state=state, updated_at=now).where(on).execute():
            raise Lost("already_decided")
        audit.record(Event.UNPUBLISHED, now=now, person=person, submission=submission, reason=reason)
        decision = Decision.get(Decision.submission == submission)
        _call("listing.unpublished", submission, now=now, sequence=decision.id)
        mail.to_author("unpublished", submission, now=now, reason=reason.strip())


def _content(submission: Submission) -> dict[str, Any]:
    files = [
        {"slot": artifact.slot, "name": artifact.name, "size": artifact.blob.size, "sha256": artifact.blob.sha256}
        for artifact in submission.artifacts
    ]
    card = {name: getattr(submission, name) for name in ("description", "characteristics", "requirements")}
    return {
        "title": submission.title,
        "author": submission.author.name,
        "card": card,
        "files": files,
        "value_ids": [link.value_id for link in submission.values],
    }


def _call(event: str, submission: Submission, *, now: datetime, sequence: int, **content: Any) -> None:
    data = {"listing": submission.listing_id, "submission": submission.id, "sequence": sequence, **content}
    body = json.dumps({"type": event, "timestamp": now.isoformat(), "data": data}, ensure_ascii=False)
    for endpoint in HookEndpoint.select().where(HookEndpoint.active == 1):
        webhook_id = f"msg_{event}.{submission.id}.{endpoint.id}"
        call = HookCall.create(
            endpoint_id=endpoint.id, event=event, submission_id=submission.id, webhook_id=webhook_id, body=body, created_at=now
        )
        outbox.put("hook", call.id, key=f"hook:{webhook_id}", now=now)


def receive(message: dict[str, Any], *, now: datetime) -> None:
    """The built-in catalog's side: take a verified message in. A repetition or an older one changes nothing."""
    data = message["data"]
    visible = message["type"] == "listing.published"
    with db.atomic():
        if visible:
            entry = {
                "submission_id": data["submission"],
                "sequence": data["sequence"],
                "visible": True,
                "title": data["title"],
                "card": {**data["card"], "author": data["author"], "published_at": message["timestamp"]},
                "files": data["files"],
                "value_ids": data["value_ids"],
                "received_at": now,
            }
            CatalogEntry.insert(listing=data["listing"], **entry).on_conflict_ignore().execute()
            newer = (CatalogEntry.listing == data["listing"]) & (CatalogEntry.sequence < data["sequence"])
            CatalogEntry.update(**entry).where(newer).execute()
        else:
            same = (CatalogEntry.listing == data["listing"]) & (CatalogEntry.sequence <= data["sequence"])
            CatalogEntry.update(visible=False, sequence=data["sequence"], received_at=now).where(same).execute()

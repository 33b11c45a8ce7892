"""A list asks the database as often for forty rows as for two: every list that no test of its own holds to it."""

from __future__ import annotations

import pytest

from backoffice.clock import utcnow
from backoffice.domain.events import Event
from backoffice.store import audit
from backoffice.store.base import db
from backoffice.store.listings import CatalogEntry, DictionaryRequest, DictionaryValue, FullVersionRequest
from backoffice.store.moderation import Decision, InAppNotice, RemarkTemplate, Skip
from backoffice.store.outbox import HookCall, HookEndpoint, Job, Mail
from backoffice.store.reports import FIGURES
from tests.store.test_queues import counted
from tests.usecases.office import HOUR, Office
from tests.web.conftest import SignIn
from tests.web.test_reference import TABLES

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # the number of statements is the same on both
LISTS = {
    **{f"/staff/{table}/": "lida" for table in TABLES if table != "endpoints"},
    "/staff/endpoints/": "zahar",
    **{f"/staff/desk/list/{figure}": "lida" for figure in FIGURES},
    "/staff/desk/archive": "lida",
    "/staff/assign/spread": "lida",
    "/staff/review/skipped": "vera",
    "/staff/notices/": "vera",
    "/staff/queue/authors?q=автор": "vera",
    "/cabinet/models": "anna",
    "/": "anna",
}


def crowd(office: Office, first: int, count: int) -> None:
    """So many rows of everything that a list shows, each with people and submissions of its own."""
    now = utcnow()
    for n in range(first, first + count):
        author, staff = office.person(f"Автор {n}", "author"), office.person(f"Модератор {n}", "moderator")
        free = office.submission(f"свободная {n}", author=office.anna, deadline_at=now - HOUR)
        office.submission(f"скоро {n}", author=author, assignee=staff, deadline_at=now + HOUR)
        office.submission(f"проверяется {n}", author=author, state="checking")
        office.submission(f"стоит {n}", author=author, on_hold=True, deadline_at=None)
        for archived in (None, now):
            back = office.submission(f"у автора {n}", author=author, state="returned", decided_at=now, archived_at=archived)
            Decision.create(submission=back, moderator=staff, kind="return", made_at=now, artifacts={}, checks={})
        Skip.create(submission=free, person=office.vera, reason="нет времени", created_at=now)
        InAppNotice.create(person=office.vera, submission=free, kind="step", key=f"k{n}", params={"step": 50}, created_at=now)
        audit.record(Event.CLAIMED, now=now, person=staff, submission=free)
        endpoint = HookEndpoint.create(name=f"точка {n}", url="https://x.example", secret="", created_at=now)
        letter = Mail.create(
            event="e", submission_id=free.id, recipient="a@x", subject="т", text="т", message_id=f"{n}", created_at=now
        )
        HookCall.create(
            endpoint_id=endpoint.id, event="published", submission_id=free.id, webhook_id=f"w{n}", body="{}", created_at=now
        )
        Job.create(actor="mail", subject=letter.id, key=f"j{n}", created_at=now, due_at=now, finished_at=now, outcome="dead")
        DictionaryRequest.create(person=author, kind="industry", words="Пчёлы", created_at=now, closed_at=now, closed_by=staff)
        FullVersionRequest.create(
            listing=free.listing, name="И", email="i@x.example", created_at=now, handled_at=now, handled_by=staff
        )
        RemarkTemplate.create(name=f"ш{n}", text="т", updated_at=now, updated_by=staff)
        DictionaryValue.create(kind="industry", ru=f"Отрасль {n}", en=f"Industry {n}", position=n)
        card = {"description": "о", "author": author.name, "published_at": now.isoformat()}
        CatalogEntry.create(
            listing=free.listing,
            submission_id=free.id,
            sequence=1,
            title="м",
            card=card,
            files=[],
            value_ids=[1],
            received_at=now,
        )


@pytest.fixture
def everything(office: Office) -> Office:
    crowd(office, 0, 2)
    return office


def test_the_number_of_queries_does_not_grow(everything: Office, sign_in: SignIn) -> None:
    visitors = {who: sign_in(getattr(everything, who)) for who in set(LISTS.values())}

    def asked() -> dict[str, int]:
        found = {}
        for path, who in LISTS.items():
            with counted(db.obj) as statements:
                visitors[who].page(path)
            found[path] = len(statements)
        return found

    asked()  # what is looked up once
    few = asked()
    crowd(everything, 2, 38)
    many = asked()
    assert {path: (few[path], many[path]) for path in few if few[path] != many[path]} == {}

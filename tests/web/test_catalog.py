"""The catalog as a visitor sees it, and its ear (C1, C2, M8)."""

from __future__ import annotations

import pytest
from flask import Flask

from backoffice.clock import utcnow
from backoffice.store.listings import Blob, CatalogEntry, FullVersionRequest, Submission
from backoffice.store.outbox import HookCall, Mail
from tests.usecases.market import CARD, Market
from tests.web.conftest import SignIn, Visitor
from tests.web.deliveries import deliver


@pytest.fixture
def published(market: Market) -> Submission:
    submission = market.awaiting()
    market.decide(submission, "publish", market.vera)
    deliver()
    return submission


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    client: Visitor = app.test_client()  # type: ignore[assignment]
    return client


def test_a_published_model_is_found_and_read(published: Submission, visitor: Visitor) -> None:
    assert CARD["title"] in visitor.page("/")
    assert CARD["title"] in visitor.page("/", q="дефектов снимки")
    assert CARD["title"] not in visitor.page("/", q="пчеловодство")
    page = visitor.page(f"/models/{published.listing_id}")
    for words in (CARD["description"], CARD["characteristics"], CARD["requirements"], "модель.zip"):
        assert words in page


def test_its_files_are_attachments_under_their_russian_names(published: Submission, visitor: Visitor) -> None:
    answer = visitor.get(f"/models/{published.listing_id}/files/model_archive")
    assert answer.data == f"model_archive {published.id}".encode()
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "filename*=UTF-8''%D0%BC%D0%BE%D0%B4%D0%B5%D0%BB%D1%8C.zip" in answer.headers["Content-Disposition"]
    assert answer.mimetype == "application/octet-stream"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'"


def test_bytes_that_went_into_quarantine_later_are_served_to_nobody(published: Submission, visitor: Visitor) -> None:
    Blob.update(quarantined_at=utcnow()).execute()
    assert visitor.get(f"/models/{published.listing_id}/files/model_archive").status_code == 404


def test_what_is_not_published_is_not_there(market: Market, published: Submission, visitor: Visitor) -> None:
    waiting = market.awaiting()
    assert visitor.get(f"/models/{waiting.listing_id}").status_code == 404
    CatalogEntry.update(visible=False).execute()
    for rest in ("", "/files/instruction"):
        assert visitor.get(f"/models/{published.listing_id}{rest}").status_code == 404


def test_the_full_version_is_asked_for_and_the_staff_is_told(
    market: Market, published: Submission, visitor: Visitor, sign_in: SignIn
) -> None:
    address = f"/models/{published.listing_id}/full-version"
    visitor.post(address, data={"name": "Покупатель", "email": "не адрес"})
    assert FullVersionRequest.select().count() == 0
    visitor.post(address, data={"name": "Покупатель", "email": "buyer@example.org", "message": "На 20 мест"})
    assert FullVersionRequest.get().message == "На 20 мест"
    assert Mail.get(Mail.event == "full_version_requested").recipient == market.olga.email
    assert "buyer@example.org" in sign_in(market.olga).page("/staff/full-versions/")


def test_rules_are_there_for_everybody_in_both_languages(app: Flask, visitor: Visitor) -> None:
    assert "csv.no_header" in visitor.page("/rules/")
    russian = visitor.page("/rules/csv.no_header")
    assert "предел памяти в … и был остановлен" in visitor.page("/rules/run.memory")
    visitor.post("/language", data={"language": "en"})
    assert visitor.page("/rules/csv.no_header") != russian
    assert visitor.get("/rules/no.such").status_code == 404


def test_the_ear_takes_nothing_without_the_signature(market: Market, visitor: Visitor) -> None:
    submission = market.awaiting()
    market.decide(submission, "publish", market.vera)
    headers = {"webhook-id": "msg_1", "webhook-timestamp": str(int(utcnow().timestamp())), "webhook-signature": "v1,AAAA"}
    answer = visitor.post("/api/catalog/hook", data=HookCall.get().body, headers=headers)
    assert answer.status_code == 401
    assert CatalogEntry.select().count() == 0

"""A moderator's session: what comes next and is fetched ahead, what was skipped, the day's progress, keys of one's own (M3)."""

from __future__ import annotations

import pytest

from backoffice.clock import utcnow
from backoffice.store.audit import Audit
from backoffice.store.listings import Submission
from backoffice.store.moderation import Skip
from backoffice.usecases import claim
from tests.usecases.market import Market
from tests.usecases.office import again
from tests.web.conftest import SignIn
from tests.web.test_review import JSON, REMARK, base, decision, shown

pytestmark = pytest.mark.parametrize(
    "database_url", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)


def test_what_comes_next_is_fetched_ahead_and_fetching_takes_nothing(market: Market, sign_in: SignIn) -> None:
    first, second = market.awaiting(), market.awaiting()
    vera = sign_in(market.vera)
    vera.post("/staff/review/next")
    events = Audit.select().count()
    ahead = vera.get("/staff/review/ahead", query_string={"but": first.id})
    assert ahead.status_code == 200
    assert f'data-id="{second.id}"' in ahead.text
    assert 'data-held="1" data-token=""' in ahead.text
    assert (again(second).claimant, Audit.select().count()) == (None, events)
    answer = vera.post(f"{base(first)}/decide", json=decision(vera, first, "return", remarks=[REMARK], next=True)).json
    assert answer
    assert answer["next"] == base(second)
    assert answer["claim"]["token"] == again(second).claim_token
    assert answer["claim"]["checks"] == shown(ahead.text)["pinned_checks"]
    assert answer["progress"] == "сегодня 1 из 2"


def test_a_lapsed_colleagues_token_is_in_no_page_fetched_ahead(market: Market, sign_in: SignIn) -> None:
    waiting = market.awaiting()
    token = market.take(waiting, market.gleb).claim_token
    Submission.update(claim_expires_at=utcnow()).execute()
    assert str(token) not in sign_in(market.vera).page("/staff/review/ahead")


def test_when_nothing_is_free_there_is_nothing_ahead_and_skipped_ones_come_last(market: Market, sign_in: SignIn) -> None:
    passed, last = market.awaiting(), market.awaiting()
    vera = sign_in(market.vera)
    vera.post(f"{base(passed)}/take")
    assert vera.post(f"{base(passed)}/skip", data={"reason": "нужен знаток речи"}).location == base(last)
    assert vera.get("/staff/review/ahead", query_string={"but": last.id}).status_code == 204
    answer = vera.post(f"{base(last)}/decide", json=decision(vera, last, "return", remarks=[REMARK], next=True)).json
    assert answer == {"next": "/staff/review/skipped"}
    page = vera.page("/staff/review/skipped")
    assert "нужен знаток речи" in page
    assert f"/staff/review/{passed.id}/take" in page
    assert "нужен знаток речи" not in sign_in(market.gleb).page("/staff/review/skipped")
    vera.post(f"/staff/queue/{passed.id}/unskip")
    assert Skip.select().count() == 0
    assert vera.post("/staff/review/next").location == base(passed)


def test_a_claim_is_taken_anew_in_place(market: Market, sign_in: SignIn) -> None:
    waiting, vera = market.awaiting(), sign_in(market.vera)
    vera.post(f"{base(waiting)}/take")
    old = again(waiting).claim_token
    taken = vera.post(f"{base(waiting)}/take", json={}).json
    assert taken
    assert taken["token"] == again(waiting).claim_token != old
    claim.release(waiting.id, token=str(old), person=market.vera, now=utcnow())  # the late beacon of the page before
    assert again(waiting).claimant_id == market.vera.id
    assert sign_in(market.gleb).post(f"{base(waiting)}/take", json={}, headers=JSON).status_code == 409


def test_keys_are_moved_for_one_person_and_stand_on_the_buttons(market: Market, sign_in: SignIn) -> None:
    waiting, vera = market.awaiting(), sign_in(market.vera)
    taken = vera.post("/staff/review/keys", json={"act": "publish", "key": "v"}, headers=JSON)
    assert taken.status_code == 409
    assert taken.json
    assert "Вернуть на доработку" in taken.json["words"]
    kept = vera.post("/staff/review/keys", json={"act": "publish", "key": "u"}).json
    assert kept
    assert kept["keys"]["publish"] == "u"
    vera.post("/staff/queue/density", data={"density": "compact"})
    assert '<kbd data-key-of="publish">u</kbd>' in vera.page(base(waiting))
    assert '<kbd data-key-of="publish">a</kbd>' in sign_in(market.gleb).page(base(waiting))
    vera.post("/staff/review/keys", json={"reset": True})
    assert '<kbd data-key-of="publish">a</kbd>' in vera.page(base(waiting))

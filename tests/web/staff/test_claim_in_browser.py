"""A claim in a real browser: it warns before it lapses, is taken anew in place, and is given back when its page is closed (M3)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from backoffice.clock import utcnow
from backoffice.store.audit import Audit
from backoffice.store.listings import Submission
from backoffice.usecases import claim
from tests.real.waiting import until
from tests.usecases.market import Market
from tests.usecases.office import again
from tests.web.staff.conftest import Enter

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]
LOOK = "document.dispatchEvent(new Event('visibilitychange'))"


@pytest.fixture
def waiting(market: Market) -> Submission:
    return market.awaiting()


def held(market: Market, waiting: Submission, enter: Enter, *, seconds: int) -> Page:
    """Вера's review page with a claim that lasts so long still."""
    claim.take(waiting.id, person=market.vera, now=utcnow())
    Submission.update(claim_expires_at=utcnow() + timedelta(seconds=seconds)).execute()
    page = enter(market.vera, f"/staff/review/{waiting.id}")
    expect(page.locator("#claim")).to_contain_text("осталось")
    return page


def test_it_warns_a_minute_before_it_lapses_and_any_act_keeps_it(market: Market, waiting: Submission, enter: Enter) -> None:
    page = held(market, waiting, enter, seconds=63)
    expect(page.locator("#announcer")).to_contain_text("Через минуту заявка вернётся в очередь")
    before = again(waiting).claim_expires_at
    page.keyboard.press("j")
    expect(page.locator("#claim")).to_contain_text("осталось 14:")
    assert again(waiting).claim_expires_at - before > timedelta(minutes=13)


def test_a_lapsed_one_is_taken_anew_in_place(market: Market, waiting: Submission, enter: Enter) -> None:
    page = held(market, waiting, enter, seconds=900)
    token = again(waiting).claim_token
    with pytest.MonkeyPatch.context() as short:
        short.setattr(claim, "LEASE", timedelta(seconds=1))  # from the next act on, when the page is there
        page.keyboard.press("j")
        expect(page.locator("#live")).to_contain_text("Время работы с заявкой истекло")
    expect(page.locator('[data-decide="return"]')).to_be_disabled()
    page.locator("#live").get_by_role("button").click()
    expect(page.locator("#live")).to_be_hidden()
    expect(page.locator("#claim")).to_contain_text("осталось 14:")
    assert again(waiting).claim_token != token


def test_closing_the_page_gives_it_back(market: Market, waiting: Submission, enter: Enter) -> None:
    page = held(market, waiting, enter, seconds=900)
    page.close(run_before_unload=True)
    until(lambda: again(waiting).claimant_id is None, about="the beacon of a closed page")
    assert Audit.select().where(Audit.action == "claim_released").count() == 1


def test_who_took_a_lapsed_one_is_said(market: Market, waiting: Submission, enter: Enter) -> None:
    page = held(market, waiting, enter, seconds=900)
    claim.release(waiting.id, token=again(waiting).claim_token, person=market.vera, now=utcnow())
    page.evaluate(LOOK)
    expect(page.get_by_role("button", name="Взять снова")).to_be_visible()
    claim.take(waiting.id, person=market.gleb, now=utcnow())
    page.evaluate(LOOK)
    expect(page.locator("#live")).to_contain_text("Глеб")
    expect(page.get_by_role("button", name="Взять снова")).to_have_count(0)

"""A new version of tools or signatures: Anna's open submission is looked at again, a decided one stays as it was."""

from __future__ import annotations

from datetime import timedelta

from backoffice.store.checks import Check
from backoffice.store.listings import Submission
from backoffice.usecases import freshen
from backoffice.usecases.record_check import current_checks
from tests.usecases.market import MINUTE, NOW, TRYING, Market

DAY = timedelta(hours=24)


def _renew(*, scan_version: str = "scan-1", signatures: str = "", after: timedelta = MINUTE) -> int:
    return freshen.renew(
        scan_version=scan_version, try_install_version=TRYING, signatures=signatures, rescan_after=DAY, now=NOW + after
    )


def test_nothing_is_stale_under_the_same_versions(market: Market) -> None:
    submission = market.checked(market.submit(market.draft()))
    assert _renew() == 0
    assert Submission.get_by_id(submission.id).state == "awaiting_review"


def test_new_rules_make_every_result_stale_and_it_says_so(market: Market) -> None:
    submission = market.checked(market.submit(market.draft()))
    old = [check.id for check in current_checks(submission)]
    assert _renew(scan_version="scan-2") == 4
    assert {Check.get_by_id(check).state for check in old} == {"stale"}
    assert {(check.version, check.state) for check in current_checks(submission)} == {("scan-2", "queued")}
    assert Submission.get_by_id(submission.id).state == "checking"
    assert _renew(scan_version="scan-2") == 0  # they are in the queue already


def test_newer_signatures_wait_until_the_result_is_a_day_old(market: Market) -> None:
    submission = market.checked(market.submit(market.draft()))
    Check.update(tools=[{"name": "clamd", "version": "1.4/27000", "seconds": 1}]).execute()
    assert _renew(signatures="1.4/27001") == 0
    assert _renew(signatures="1.4/27000", after=2 * DAY) == 0
    assert _renew(signatures="", after=2 * DAY) == 0
    assert _renew(signatures="1.4/27001", after=2 * DAY) == 4
    assert {check.state for check in current_checks(submission)} == {"queued"}


def test_what_is_decided_stays_decided(market: Market) -> None:
    submission = market.submit(market.draft())
    Submission.update(state="published").where(Submission.id == submission.id).execute()
    assert _renew(scan_version="scan-2") == 0

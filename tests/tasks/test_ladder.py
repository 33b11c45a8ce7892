"""The ladder climbs by the product's own scheduler and workers, also when there are two of them and one is killed (M7)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from backoffice.clock import utcnow
from backoffice.store.listings import Submission
from backoffice.store.moderation import EscalationStep
from backoffice.store.outbox import Mail
from backoffice.usecases.policy_clock import policy_clock
from tests.real.deployment import Deployment
from tests.real.waiting import until
from tests.usecases.market import Market

pytestmark = [pytest.mark.redis, pytest.mark.clamd]


def working_hours_ago(hours: int) -> datetime:
    """By the clock of the processes, whenever the test runs."""
    clock, _ = policy_clock()
    early = utcnow() - timedelta(days=60)
    return clock.deadline(early, clock.elapsed(early, utcnow()) - timedelta(hours=hours))


def test_two_schedulers_and_a_killed_worker_tell_the_leads_once(market: Market, deployment: Deployment) -> None:
    late = [market.awaiting() for _ in range(5)]
    Submission.update(submitted_at=working_hours_ago(80), next_step_at=utcnow()).execute()
    first = [deployment.start("scheduler"), deployment.start("deliveries")]
    until(EscalationStep.select().exists, about="the first step fires")
    deployment.kill(first[1])
    for name in ("scheduler", "deliveries", "deliveries"):
        deployment.start(name)
    left = Submission.select().where(Submission.id.in_([row.id for row in late]) & (Submission.next_step_at <= utcnow()))
    until(lambda: not left.exists(), about="every step that is due has fired")
    told = [(row.submission_id, row.step) for row in EscalationStep.select().where(EscalationStep.skipped == 0)]
    assert sorted(told) == [(row.id, 100) for row in late]
    letters = [(mail.submission_id, mail.recipient) for mail in Mail.select().where(Mail.event == "breach")]
    assert sorted(letters) == [(row.id, market.olga.email) for row in late]

"""The processes of Procfile do, on real parts, what the use cases asked for."""

from __future__ import annotations

import pytest

from backoffice.clock import utcnow
from backoffice.domain.work_days import DAY
from backoffice.store.listings import Submission
from backoffice.store.outbox import Job, Mail
from backoffice.usecases.policy_clock import change_day, policy_clock
from backoffice.usecases.record_check import current_checks
from tests.real.deployment import Deployment
from tests.real.smtp import Server as Smtp
from tests.real.waiting import until
from tests.usecases.market import Market

FILES = {
    "data_example": "длина,ширина\n1.5,2.5\n2.5,3.5\n",
    "instruction": "# Инструкция\n\nРаспакуйте архив и запустите.\n",
    "terms_of_use": "# Условия\n\nМожно всё.\n",
    "model_archive": "это не архив",
}

pytestmark = [pytest.mark.redis, pytest.mark.clamd, pytest.mark.jail]


def test_a_submission_is_scanned_its_author_is_written_to_and_its_deadline_follows_the_calendar(
    market: Market, deployment: Deployment, smtp: Smtp
) -> None:
    submission = market.submit(market.draft(bytes_of=FILES, now=utcnow()), now=utcnow())
    for name in ("relay", "scans", "deliveries"):
        deployment.start(name)
    until(lambda: Submission.get_by_id(submission.id).state == "awaiting_review", about="all checks are in")
    verdicts = {check.slot: check.verdict for check in current_checks(submission)}
    assert verdicts.pop("model_archive") == "reject"
    assert set(verdicts.values()) == {"pass"}
    letter = until(smtp.letters, about="the receipt arrives")[0]
    assert letter.subject == "Модель «Поиск дефектов» отправлена на модерацию"
    assert letter.recipient == market.anna.email
    until(lambda: not Job.select().where(Job.finished_at.is_null()).exists(), about="every job is closed")
    assert Mail.get().sent_at is not None

    clock, _ = policy_clock()
    day = clock.day_of(clock.next_working(clock.midnight(clock.day_of(utcnow()) + DAY)))
    before = Submission.get_by_id(submission.id).deadline_at
    change_day(day, "off", reason="Переезд", by=market.olga, now=utcnow())
    until(lambda: Submission.get_by_id(submission.id).deadline_at >= before + DAY, about="the relay hurries the deadlines along")
    until(lambda: Job.get(Job.actor == "deadlines").outcome == "done", about="the job is closed")


def test_the_scheduler_frees_claims_that_ran_out(market: Market, deployment: Deployment) -> None:
    submission = market.awaiting()
    market.take(submission, market.vera)  # long ago, by the clock of the processes
    Submission.update(claim_expires_at=utcnow()).where(Submission.id == submission.id).execute()
    deployment.start("scheduler")
    deployment.start("deliveries")
    until(lambda: Submission.get_by_id(submission.id).claimant_id is None, about="the sweep at the scheduler's start")

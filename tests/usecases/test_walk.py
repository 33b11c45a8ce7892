"""One submission walks from a draft to the catalog, on both databases."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from backoffice.domain.errors import Lost, Refused
from backoffice.store.audit import Audit
from backoffice.store.listings import Artifact, CatalogEntry, Submission
from backoffice.store.moderation import Remark
from backoffice.store.outbox import HookCall, Job, Mail
from backoffice.usecases import decide, drafts, publish, record_check, request_checks, submit
from backoffice.usecases.record_check import current_checks
from tests.usecases.market import HOLLOW, MINUTE, NOW, VIRUS, Market, outcome_of

DAY = timedelta(days=1)


def test_from_draft_to_catalog(market: Market) -> None:
    first = market.submit(market.draft())
    assert first.state == "checking"
    assert first.deadline_at == NOW + 3 * DAY
    first = market.checked(first, data_example=[HOLLOW])
    assert (first.state, first.worst_finding) == ("awaiting_review", "warn")
    market.decide(first, "return", market.vera)
    assert Submission.get_by_id(first.id).state == "returned"

    second = drafts.renew(first.id, author=market.anna, now=NOW + DAY)
    assert {a.slot for a in second.artifacts} == {a.slot for a in first.artifacts}
    market.attach(second, "data_example", "a,b\n1,2\n")
    second = market.submit(second, now=NOW + DAY)
    fresh = [check.slot for check in current_checks(second) if check.state == "queued"]
    assert fresh == ["data_example"]  # the files that did not change were looked at already
    second = market.checked(second, now=NOW + DAY)
    decision = market.decide(second, "publish", market.gleb, now=NOW + DAY)

    call = HookCall.get()
    publish.receive(json.loads(call.body), now=NOW + DAY)
    entry = CatalogEntry.get()
    assert (entry.title, entry.submission_id, entry.visible) == (second.title, second.id, True)
    assert decision.artifacts == {a.slot: a.blob.sha256 for a in second.artifacts}
    assert [mail.event for mail in Mail.select().order_by(Mail.id)] == ["received", "returned", "received", "published"]
    told = [row.action for row in Audit.select().where(Audit.submission == second.id).order_by(Audit.id)]
    assert told == ["submitted", "checks_finished", "claimed", "published"]


def test_the_letter_carries_the_remarks(market: Market) -> None:
    market.decide(market.awaiting(), "return", market.vera, message="Почти готово!")
    letter = Mail.get(Mail.event == "returned")
    assert letter.recipient == market.anna.email
    assert "Почти готово!" in letter.text
    assert "Добавьте заголовки столбцов." in letter.text
    assert Remark.get().moderator == market.vera


def test_every_effect_has_its_job(market: Market) -> None:
    market.decide(market.awaiting(), "publish", market.vera)
    open_jobs = Job.select().where(Job.finished_at.is_null())
    assert sorted((job.actor, job.key.split(":")[0]) for job in open_jobs) == [
        ("hook", "hook"),
        ("mail", "mail"),
        ("mail", "mail"),
    ]


def test_a_newer_publication_supersedes_the_older(market: Market) -> None:
    first = market.awaiting()
    market.decide(first, "publish", market.vera)
    second = market.submit(drafts.renew(first.id, author=market.anna, now=NOW))
    assert second.state == "awaiting_review"  # nothing in it is new to the checks
    market.decide(second, "publish", market.vera)
    assert [s.state for s in Submission.select().order_by(Submission.id)] == ["superseded", "published"]


def test_hooks_that_come_late_or_twice_change_nothing(market: Market) -> None:
    first = market.awaiting()
    market.decide(first, "publish", market.vera)
    publish.unpublish(first.id, person=market.olga, reason="Ошибка в договоре", now=NOW)
    calls = [json.loads(call.body) for call in HookCall.select().order_by(HookCall.id)]
    for message in [*calls, calls[0], calls[1]]:
        publish.receive(message, now=NOW)
    assert CatalogEntry.get().visible is False
    assert Mail.select().where(Mail.event == "unpublished").count() == 1


def test_a_virus_quarantines_the_bytes_wherever_they_are(market: Market) -> None:
    submission = market.awaiting(model_archive=[VIRUS])
    assert (submission.infected, submission.worst_finding) == (True, "reject")
    archive = Artifact.get((Artifact.submission == submission) & (Artifact.slot == "model_archive"))
    assert archive.blob.quarantine_reason == "Eicar-Test-Signature"
    with pytest.raises(Refused, match="blocked"):
        market.decide(submission, "publish", market.vera)
    market.decide(submission, "reject", market.vera, message="В архиве вирус.", now=NOW + MINUTE)
    assert Submission.get_by_id(submission.id).state == "rejected"


def test_a_docker_config_is_tried_before_the_review(market: Market) -> None:
    submission = market.submit(market.draft())
    submission = market.checked(submission, model_archive=outcome_of([], facts={"has_docker_config": True}))
    assert submission.state == "checking"
    assert [check.kind for check in current_checks(submission)].count("try_install") == 1
    assert market.checked(submission).state == "awaiting_review"


def test_a_known_docker_config_is_tried_in_the_next_round_too(market: Market) -> None:
    first = market.submit(market.draft())
    market.checked(market.checked(first, model_archive=outcome_of([], facts={"has_docker_config": True})))
    market.decide(first, "return", market.vera)
    second = market.submit(drafts.renew(first.id, author=market.anna, now=NOW))
    assert (second.state, [c.kind for c in current_checks(second)].count("try_install")) == ("awaiting_review", 1)


def test_a_lead_may_let_a_check_pass_with_a_reason(market: Market) -> None:
    submission = market.submit(market.draft())
    market.checked(submission, model_archive=outcome_of([], facts={"has_docker_config": True}))
    trying = next(check for check in current_checks(submission) if check.kind == "try_install")
    record_check.failed(trying.id, why="sandbox.no_engine", exhausted=True, now=NOW)
    assert Submission.get_by_id(submission.id).worst_finding == "error"
    with pytest.raises(Refused, match="reason_needed"):
        request_checks.exempt(trying.id, person=market.olga, reason=" ", now=NOW)
    request_checks.exempt(trying.id, person=market.olga, reason="Проверено вручную", now=NOW)
    passed = Submission.get_by_id(submission.id)
    assert (passed.state, passed.worst_finding) == ("awaiting_review", "pass")  # its trouble is nobody's any more


def test_a_rerun_sends_the_submission_back_to_checking(market: Market) -> None:
    submission = market.awaiting()
    request_checks.rerun(current_checks(submission)[0].id, person=market.vera, now=NOW)
    assert Submission.get_by_id(submission.id).state == "checking"
    assert market.checked(submission, now=NOW + MINUTE).state == "awaiting_review"


def test_the_same_bytes_are_looked_at_once(market: Market) -> None:
    market.awaiting()
    twin = market.submit(market.draft(bytes_of={"model_archive": "model_archive 1"}))
    assert sorted(c.slot for c in current_checks(twin) if c.state == "queued") == ["data_example", "instruction", "terms_of_use"]


def test_an_author_withdraws_and_comes_back(market: Market) -> None:
    submission = market.take(market.awaiting(), market.vera)
    review = market.review(submission, "publish")
    submit.withdraw(submission.id, author=market.anna, now=NOW)
    held = Submission.get_by_id(submission.id)
    assert (held.state, held.claimant) == ("withdrawn", None)
    with pytest.raises(Lost, match="already_decided"):
        decide.decide(submission.id, review, moderator=market.vera, claim_token=str(submission.claim_token), now=NOW)
    assert drafts.renew(submission.id, author=market.anna, now=NOW).number == 2

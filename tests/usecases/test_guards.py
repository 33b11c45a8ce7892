"""What the rules refuse, by name; nothing is changed then."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backoffice.domain.errors import Lost, Refused
from backoffice.domain.remarks import RemarkDraft
from backoffice.store.audit import Audit
from backoffice.store.base import db
from backoffice.store.listings import Submission
from backoffice.store.moderation import Decision, InAppNotice
from backoffice.store.outbox import Mail
from backoffice.usecases import assign, claim, decide, drafts, submit
from backoffice.usecases.record_check import Outcome, current_checks, failed
from tests.usecases.market import MINUTE, NOW, Market, outcome_of


def test_an_incomplete_draft_names_what_is_missing(market: Market) -> None:
    draft = drafts.start(author=market.anna, now=NOW)
    with pytest.raises(Refused) as refused:
        market.submit(draft)
    assert refused.value.params["missing"] == (
        "title,description,characteristics,requirements,industry,technology,effect,data_example,instruction,terms_of_use,model_archive"
    )


def test_nobody_touches_anothers_draft(market: Market) -> None:
    draft = market.draft()
    stranger = market.person("Павел", "author")
    with pytest.raises(Refused, match="not_found"):
        drafts.save(draft.id, author=stranger, revision=draft.revision, card={"title": "чужое"}, now=NOW)


def test_an_older_page_overwrites_nothing(market: Market) -> None:
    draft = market.draft()
    drafts.save(draft.id, author=market.anna, revision=draft.revision, card={"title": "новее"}, now=NOW)
    with pytest.raises(Lost, match="newer_draft"):
        drafts.save(draft.id, author=market.anna, revision=draft.revision, card={"title": "старее"}, now=NOW)
    assert Submission.get_by_id(draft.id).title == "новее"


def test_a_submission_is_frozen(market: Market) -> None:
    submission = market.submit(market.draft())
    with pytest.raises(Refused, match="not_a_draft"):
        market.attach(submission, "instruction", "другая")
    with pytest.raises(Refused, match="not_a_draft"):
        market.submit(submission)


def test_a_colleague_holds_it(market: Market) -> None:
    submission = market.take(market.awaiting(), market.vera)
    with pytest.raises(Lost, match="claimed") as lost:
        market.take(submission, market.gleb)
    assert lost.value.params["by"] == "Вера"
    taken = claim.take_over(submission.id, person=market.gleb, reason="Вера заболела", now=NOW)
    review = market.review(taken, "publish")
    with pytest.raises(Lost, match="claim_lost"):
        decide.decide(submission.id, review, moderator=market.vera, claim_token=str(submission.claim_token), now=NOW)


def test_what_is_assigned_to_a_colleague_takes_a_reason(market: Market) -> None:
    submission = market.awaiting()
    assign.assign([submission.id], to=market.vera, by=market.olga, now=NOW)
    with pytest.raises(Lost, match="assigned") as lost:
        market.take(submission, market.gleb)
    assert lost.value.params["by"] == "Вера"
    with pytest.raises(Refused, match="reason_needed"):
        claim.take_over(submission.id, person=market.gleb, reason=" ", now=NOW)
    taken = claim.take_over(submission.id, person=market.gleb, reason="Вера в отпуске", now=NOW)
    assert (taken.claimant, taken.assignee) == (market.gleb, market.gleb)
    told = InAppNotice.get(InAppNotice.kind == "taken_over")
    assert (told.person, told.params["note"]) == (market.vera, "Вера в отпуске")
    written = Audit.get(Audit.action == "claim_taken_over").data
    assert (written["assigned"], written["before"], written["reason"]) == (market.vera.id, None, "Вера в отпуске")
    assert market.take(submission, market.gleb, now=NOW + timedelta(hours=1)).claimant == market.gleb


def test_ones_own_is_taken_over_without_a_notice_to_oneself(market: Market) -> None:
    submission = market.awaiting()
    assign.assign([submission.id], to=market.gleb, by=market.olga, now=NOW)
    assign.unassign(submission.id, by=market.olga, now=NOW)
    market.take(submission, market.vera)
    InAppNotice.delete().execute()
    claim.take_over(submission.id, person=market.gleb, reason="Вера заболела", now=NOW)
    assert [notice.person for notice in InAppNotice.select()] == [market.vera]


def test_a_claim_that_ran_out_is_free(market: Market) -> None:
    submission = market.take(market.awaiting(), market.vera)
    assert market.take(submission, market.gleb, now=NOW + timedelta(minutes=15)).claimant == market.gleb


def test_activity_keeps_a_claim(market: Market) -> None:
    submission = market.take(market.awaiting(), market.vera)
    claim.keep(submission.id, token=str(submission.claim_token), now=NOW + 14 * MINUTE)
    assert claim.sweep(now=NOW + 20 * MINUTE) == 0
    with pytest.raises(Lost, match="claimed"):
        market.take(submission, market.gleb, now=NOW + 20 * MINUTE)


@pytest.mark.parametrize(("role", "team", "reason"), [("author", "", "not_a_moderator"), ("moderator", "Зоркий", "own_team")])
def test_conflicts_of_interest(market: Market, role: str, team: str, reason: str) -> None:
    submission, person = market.awaiting(), market.person("Тимур", role, team=team)
    with pytest.raises(Refused, match=reason):
        market.take(submission, person)
    with pytest.raises(Refused, match=reason):
        assign.assign([submission.id], to=person, by=market.olga, now=NOW)
    if role == "moderator":
        assert claim.take_next(person=person, now=NOW) is None


def test_what_was_looked_at_must_not_have_changed(market: Market) -> None:
    submission = market.take(market.awaiting(), market.vera)
    review = market.review(submission, "publish")
    check = current_checks(submission)[0]
    type(check).update(version="scan-2").where(type(check).id == check.id).execute()
    with pytest.raises(Lost, match="looked_at_has_changed"):
        decide.decide(submission.id, review, moderator=market.vera, claim_token=str(submission.claim_token), now=NOW)


@pytest.mark.parametrize(
    ("kind", "more", "reason"),
    [
        ("return", {"remarks": []}, "no_requirement_remark"),
        ("return", {"remarks": [RemarkDraft(text="Стоит добавить схему.", level="suggestion")]}, "no_requirement_remark"),
        ("reject", {"message": " "}, "reason_needed"),
    ],
)
def test_a_no_needs_words(market: Market, kind: str, more: dict[str, object], reason: str) -> None:
    with pytest.raises(Refused) as refused:
        market.decide(market.awaiting(), kind, market.vera, **more)
    assert refused.value.params["reasons"] == reason
    assert Decision.select().count() == 0
    assert Mail.select().where(Mail.event != "received").count() == 0


def test_opaque_bytes_need_a_signature(market: Market) -> None:
    submission = market.awaiting(model_archive=outcome_of([], opaque=1))
    with pytest.raises(Refused) as refused:
        market.decide(submission, "publish", market.vera)
    assert refused.value.params["reasons"] == "opaque_unsigned"
    market.decide(submission, "publish", market.vera, opaque_signed=True)


def test_what_was_not_looked_at_is_not_published(market: Market) -> None:
    submission = market.submit(market.draft())
    first, *rest = current_checks(submission)
    failed(first.id, why="clamd: no answer", exhausted=True, now=NOW)
    for check in rest:
        market.record(check, [])
    submission = Submission.get_by_id(submission.id)
    assert (submission.state, submission.worst_finding) == ("awaiting_review", "error")
    with pytest.raises(Refused) as refused:
        market.decide(submission, "publish", market.vera)
    assert refused.value.params["reasons"] == "check_inconclusive"


def test_a_result_of_a_lost_job_is_not_stored(market: Market) -> None:
    from backoffice.store import outbox
    from backoffice.store.outbox import Job
    from backoffice.usecases import record_check

    submission = market.submit(market.draft())
    check = current_checks(submission)[0]
    slow = outbox.begin(Job.get(Job.subject == check.id).id, now=NOW)
    quick = outbox.begin(slow.id, now=NOW + outbox.RUNNING_LEASE)
    assert quick is not None
    with pytest.raises(Lost, match="job_lost"):
        record_check.record(check.id, outcome_of([]), job=slow, try_install_version="1", now=NOW + MINUTE)
    assert current_checks(submission)[0].state == "queued"
    record_check.record(check.id, Outcome("passed", outcome_of([]).verdict), job=quick, try_install_version="1", now=NOW + MINUTE)


def test_an_outer_failure_undoes_a_decision_whole(market: Market) -> None:
    submission = market.awaiting()
    with db.atomic() as transaction:
        market.decide(submission, "publish", market.vera)
        transaction.rollback()
    assert Submission.get_by_id(submission.id).state == "awaiting_review"
    assert Decision.select().count() == 0
    assert Audit.select().where(Audit.action == "published").count() == 0


def test_an_author_cannot_withdraw_what_is_decided(market: Market) -> None:
    submission = market.awaiting()
    market.decide(submission, "publish", market.vera)
    with pytest.raises(Refused, match="wrong_state"):
        submit.withdraw(submission.id, author=market.anna, now=NOW)

"""The ladder, as a day in the office: who is told, when, and that nobody is told twice."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from peewee import Database

from backoffice.calendars import load_policy
from backoffice.domain.deadlines import DeadlinePolicy, Step
from backoffice.store.audit import Audit
from backoffice.store.listings import Submission
from backoffice.store.moderation import EscalationStep, InAppNotice
from backoffice.store.outbox import Job, Mail
from backoffice.store.people import Person
from backoffice.usecases import escalate, hold
from tests.real.waiting import PATIENCE
from tests.usecases.office import HOUR, MONDAY, Office, again, at


def fired(submission: Submission) -> list[tuple[int, int]]:
    rows = EscalationStep.select().where(EscalationStep.submission == submission).order_by(EscalationStep.step)
    return [(row.step, row.skipped) for row in rows]


def signs(person: Person) -> list[str]:
    return [notice.kind for notice in InAppNotice.select().where(InAppNotice.person == person).order_by(InAppNotice.id)]


def letters() -> list[tuple[str, str, datetime]]:
    rows = Mail.select().order_by(Mail.id)
    return [(mail.event, mail.recipient, Job.get(Job.subject == mail.id).due_at) for mail in rows]


def test_half_of_the_time_reminds_whoever_has_it_and_nobody_else(office: Office) -> None:
    submission = office.submission(assignee=office.vera)
    assert escalate.sweep(now=MONDAY + 35 * HOUR) == 0
    assert escalate.sweep(now=MONDAY + 36 * HOUR) == 1
    assert fired(submission) == [(50, 0)]
    assert signs(office.vera) == ["warning"]
    assert signs(office.gleb) == signs(office.lida) == []


def test_when_nobody_has_it_the_pool_is_told_but_for_those_who_may_not_take_it(office: Office) -> None:
    office.anna.team = "Ромашка"
    office.anna.save()
    friend = office.person("Фёдор", "moderator", team="Ромашка")
    office.submission()
    escalate.sweep(now=MONDAY + 36 * HOUR)
    assert signs(office.vera) == signs(office.gleb) == ["warning"]
    assert signs(friend) == []


def test_the_whole_ladder_once_each(office: Office) -> None:
    submission = office.submission(assignee=office.vera)
    start, end = MONDAY, MONDAY + timedelta(days=10)
    while start < end:
        escalate.sweep(now=start)
        start += HOUR / 2
    assert fired(submission) == [(50, 0), (75, 0), (100, 0), (133, 0)]
    assert signs(office.vera) == ["warning", "warning"]
    assert signs(office.lida) == ["warning", "breach"]
    assert signs(office.zahar) == ["escalated"]
    assert again(submission).priority == 2
    assert again(submission).next_step_at is None
    assert Audit.select().where(Audit.action == "escalated").count() == 4


def test_after_downtime_the_highest_missed_step_is_told_and_the_others_are_recorded(office: Office) -> None:
    submission = office.submission(assignee=office.vera)
    escalate.sweep(now=MONDAY + 73 * HOUR)
    assert fired(submission) == [(50, 1), (75, 1), (100, 0)]
    assert signs(office.vera) == []
    assert signs(office.lida) == ["breach"]
    row = Audit.get(Audit.action == "escalated")
    assert (row.data["step"], row.data["skipped"]) == (100, [50, 75])
    assert escalate.sweep(now=MONDAY + 74 * HOUR) == 0


def test_letters_wait_for_the_working_day_and_signs_do_not(office: Office) -> None:
    office.submission(submitted_at=at("2026-11-19 12:00"), assignee=office.vera)
    escalate.sweep(now=at("2026-11-21 00:00"))  # 36 hours are over as Saturday begins
    assert signs(office.vera) == ["warning"]
    assert letters() == [("warning", office.vera.email, at("2026-11-23 09:00"))]
    office.submission(submitted_at=at("2026-11-23 00:00"), assignee=office.gleb)
    escalate.sweep(now=at("2026-11-24 12:30"))
    assert letters()[-1] == ("warning", office.gleb.email, at("2026-11-24 12:30"))


def test_a_letter_of_the_night_is_dropped_when_the_decision_comes_first(office: Office) -> None:
    decided, open_ = office.submission(assignee=office.vera), office.submission(assignee=office.gleb)
    escalate.sweep(now=MONDAY + 36 * HOUR)
    Submission.update(state="published").where(Submission.id == decided.id).execute()
    assert escalate.drop_stale_letters(now=MONDAY + 37 * HOUR) == 1
    outcomes = {Mail.get_by_id(job.subject).submission_id: job.outcome for job in Job.select().where(Job.actor == "mail")}
    assert outcomes == {decided.id: "cancelled", open_.id: ""}


def test_a_breach_ends_a_stale_claim_and_leaves_a_live_one(office: Office) -> None:
    breach = MONDAY + 72 * HOUR
    stale = office.submission(claimant=office.vera, claim_token="a", claim_expires_at=breach - HOUR)
    live = office.submission(claimant=office.gleb, claim_token="b", claim_expires_at=breach + HOUR / 10)
    escalate.sweep(now=breach)
    assert again(stale).claimant_id is None
    assert again(live).claimant_id == office.gleb.id
    assert Audit.select().where((Audit.action == "claim_released") & (Audit.submission == stale)).count() == 1


def test_what_is_decided_or_on_hold_is_left_alone(office: Office) -> None:
    office.submission(state="published")
    held = office.submission(assignee=office.vera)
    hold.hold(held.id, by=office.lida, reason="Ждём юристов", now=MONDAY + 30 * HOUR)
    assert escalate.sweep(now=MONDAY + 500 * HOUR) == 0
    back = at("2026-12-07 00:00")
    hold.resume(held.id, by=office.lida, reason="Юристы ответили", now=back)
    assert escalate.sweep(now=back + 5 * HOUR) == 0
    assert escalate.sweep(now=back + 6 * HOUR) == 1
    assert again(held).deadline_at == back + 42 * HOUR


def test_two_sweepers_at_once_fire_each_step_once(database: Database, office: Office) -> None:
    submissions = [office.submission(assignee=office.vera) for _ in range(20)]
    start, results = threading.Barrier(4, timeout=PATIENCE), []

    def one() -> None:
        with database.connection_context():
            start.wait()
            results.append(escalate.sweep(now=MONDAY + 36 * HOUR))

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(results) == 20
    assert all(fired(submission) == [(50, 0)] for submission in submissions)
    assert len(signs(office.vera)) == len(letters()) == 20


def test_an_hour_of_sweepers_that_are_killed_fires_each_step_exactly_once(database: Database, office: Office) -> None:
    submissions = [office.submission(submitted_at=MONDAY + n * HOUR / 60, assignee=office.vera) for n in range(0, 60, 3)]
    now = MONDAY + 36 * HOUR
    for minute in range(61):
        moment = now + minute * HOUR / 60
        try:
            with database.atomic():
                escalate.sweep(now=moment)
                if minute % 3:
                    raise KeyboardInterrupt  # killed before its work is committed
        except KeyboardInterrupt:
            continue
    assert all(fired(submission) == [(50, 0)] for submission in submissions)
    assert len(letters()) == len(submissions)


def with_ladder(*steps: Step, **fields: str) -> DeadlinePolicy:
    return replace(load_policy(), ladder=steps, **fields)


def test_a_step_can_give_work_back_to_the_pool(office: Office) -> None:
    submission = office.submission(assignee=office.vera)
    policy = with_ladder(Step(50, ("assignee",), ("app",), ("unassign",)))
    assert escalate.sweep(now=MONDAY + 36 * HOUR, policy=policy) == 1
    assert again(submission).assignee_id is None
    assert signs(office.vera) == ["warning"] and letters() == []
    assert Audit.get(Audit.action == "unassigned").data["before"] == office.vera.id


def test_a_step_can_hand_work_to_the_lead_with_the_fewest(office: Office) -> None:
    second = office.person("Лев", "lead")
    for _ in range(2):
        office.submission(assignee=office.lida, next_step_at=None)
    submission = office.submission(assignee=office.vera)
    policy = with_ladder(Step(50, ("leads",), ("app",), ("lead_queue", "raise")))
    assert escalate.sweep(now=MONDAY + 36 * HOUR, policy=policy) == 1
    assert (again(submission).assignee_id, again(submission).priority) == (second.id, 1)
    assert Audit.get(Audit.action == "assigned").data["to"] == second.id


def test_the_head_of_moderation_is_named_in_the_policy(office: Office) -> None:
    office.submission(assignee=office.vera)
    policy = with_ladder(Step(50, ("head",), ("app", "email")), head=office.gleb.email)
    escalate.sweep(now=MONDAY + 36 * HOUR, policy=policy)
    assert signs(office.gleb) == ["escalated"] and signs(office.zahar) == []
    assert [(event, recipient) for event, recipient, _ in letters()] == [("escalated", office.gleb.email)]


def test_one_that_cannot_be_swept_does_not_keep_the_others_from_it(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    broken, fine = office.submission(assignee=office.vera), office.submission(assignee=office.vera)
    beyond = datetime(1980, 1, 1, tzinfo=UTC)  # before the calendar begins
    Submission.update(submitted_at=beyond).where(Submission.id == broken.id).execute()
    assert escalate.sweep(now=MONDAY + 36 * HOUR) == 1
    assert (fired(broken), fired(fine)) == ([], [(50, 0)])
    assert f"submission {broken.id} could not be swept" in caplog.text

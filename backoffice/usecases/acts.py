"""What a sweep of the ladder reads and writes for a whole portion of submissions at once (M7).

Reading and writing one by one took most of the time that firing took. The order of the writes within the transaction shows to nobody.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from backoffice.delivery import render
from backoffice.domain.deadlines import DeadlinePolicy, Step
from backoffice.domain.events import Event
from backoffice.store import audit
from backoffice.store.base import insert_all
from backoffice.store.listings import Submission
from backoffice.store.moderation import EscalationStep, Hold, InAppNotice
from backoffice.store.people import Person
from backoffice.usecases import mail
from backoffice.usecases.claim import NO_CLAIM
from backoffice.usecases.policy_clock import Timing, fired_steps, timing


@dataclass(frozen=True, slots=True)
class Known:
    """What the ladder of one submission turns on: its times, and the steps that fired already."""

    times: Timing
    fired: set[int]


def known_of(rows: Sequence[Submission], policy: DeadlinePolicy) -> list[tuple[Submission, Known]]:
    """Each submission, its people attached, with what is known of it: three queries for all, more only where the policy resumes an old clock."""
    ids = [row.id for row in rows]
    numbers = {number for row in rows for number in (row.author_id, row.assignee_id, row.claimant_id) if number}
    people = {person.id: person for person in Person.select().where(Person.id.in_(numbers))}
    holds, fired = defaultdict(list), defaultdict(set)
    for hold in Hold.select().where(Hold.submission.in_(ids)):
        holds[hold.submission_id].append(hold)
    for step in EscalationStep.select().where(EscalationStep.submission.in_(ids)):
        fired[step.submission_id].add(step.step)
    found = []
    for row in rows:
        row.author, row.assignee, row.claimant = (people.get(n) for n in (row.author_id, row.assignee_id, row.claimant_id))
        before = fired_steps(row, policy) if policy.resubmission == "resume" else fired[row.id]
        found.append((row, Known(timing(row, policy, holds=holds[row.id]), before)))
    return found


@dataclass(slots=True)
class Acts:
    """What the steps of a portion do and say, gathered and then written in few statements."""

    now: datetime
    raised: Counter[int] = field(default_factory=Counter)
    released: dict[int, tuple[Submission, Step]] = field(default_factory=dict)
    facts: list[dict[str, Any]] = field(default_factory=list)
    signs: list[dict[str, Any]] = field(default_factory=list)
    letters: list[dict[str, Any]] = field(default_factory=list)

    def say(self, event: Event, submission: Submission, **data: Any) -> None:
        """A fact for the audit log."""
        self.facts.append(audit.fact(event, now=self.now, submission=submission, **data))

    def release(self, submission: Submission, step: Step) -> None:
        """End a claim that nobody keeps alive."""
        self.released.setdefault(submission.id, (submission, step))

    def sign(self, event: str, submission: Submission, person: Person, step: Step) -> None:
        """A sign inside the product."""
        due = submission.deadline_at
        params = {"step": step.percent, "title": submission.title, "deadline": due and due.isoformat()}
        key = _key(submission, person, step)
        row = {"person": person, "submission": submission, "kind": event, "params": params, "key": key, "created_at": self.now}
        self.signs.append(row)

    def letter(self, event: str, submission: Submission, person: Person, step: Step, holder: Person | None) -> None:
        """An e-mail."""
        about = {"percent": step.percent, "deadline": submission.deadline_at, "holder": holder}
        text = render.letter(event, person.language, person=person, submission=submission, **about)
        message_id = mail.message_id_of(_key(submission, person, step))
        self.letters.append(mail.written(event, person.email, text, message_id, now=self.now, submission=submission))

    def write(self, *, due_at: datetime) -> None:
        """Everything; letters leave at ``due_at``."""
        for times in set(self.raised.values()):
            ids = [number for number, raised in self.raised.items() if raised == times]
            Submission.update(priority=Submission.priority + times).where(Submission.id.in_(ids)).execute()
        stale = Submission.id.in_(list(self.released)) & (Submission.claim_expires_at <= self.now)
        for row in Submission.update(**NO_CLAIM).where(stale).returning(Submission.id).execute() if self.released else ():
            submission, step = self.released[row.id]
            self.say(Event.CLAIM_RELEASED, submission, before=submission.claimant_id, step=step.percent)
        insert_all(InAppNotice, self.signs, ignore=True)
        mail.store_all(self.letters, now=self.now, due_at=due_at)
        audit.record_all(self.facts)


def _key(submission: Submission, person: Person, step: Step) -> str:
    """A person is told of a step once."""
    return f"escalation:{submission.id}:{step.percent}:{person.id}"

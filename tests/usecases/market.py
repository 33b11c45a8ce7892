"""A marketplace in a database: people, drafts with files, and results of checks, all through the use cases."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from backoffice.domain.decisions import DecisionKind
from backoffice.domain.remarks import RemarkDraft
from backoffice.domain.verdicts import Coverage, Finding, Severity, Verdict, verdict_of
from backoffice.store import outbox
from backoffice.store.listings import DictionaryValue, Submission
from backoffice.store.moderation import Decision
from backoffice.store.outbox import Job
from backoffice.store.people import Person
from backoffice.usecases import claim, decide, drafts, people, record_check, submit
from backoffice.wiring import Wiring

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # a Monday, 12:00 in Moscow
MINUTE = timedelta(minutes=1)
CARD = {
    "title": "Поиск дефектов",
    "description": "Находит дефекты на снимках деталей.",
    "characteristics": "Python, 2 ГБ, .png",
    "requirements": "2 ядра",
}
NAMES = {
    "data_example": "пример.csv",
    "instruction": "инструкция.md",
    "terms_of_use": "условия.md",
    "model_archive": "модель.zip",
}
VIRUS = Finding("antivirus.virus", Severity.REQUIREMENT, params={"name": "Eicar-Test-Signature"})
HOLLOW = Finding("csv.no_header", Severity.GUIDELINE)
TRYING = "sandbox-1"


class Market:
    """People by first name, and the walk of a submission in single steps."""

    def __init__(self, wiring: Wiring) -> None:
        self.wiring = wiring
        self.anna = self.person("Анна", "author", team="Зоркий")
        self.vera = self.person("Вера", "moderator")
        self.gleb = self.person("Глеб", "moderator")
        self.olga = self.person("Ольга", "lead", "moderator")

    def person(self, name: str, *roles: str, team: str = "") -> Person:
        email = f"{hashlib.sha256(name.encode()).hexdigest()[:8]}@example.org"
        return people.add(email=email, name=name, password_hash="", roles=roles, team=team, now=NOW)

    def draft(self, *, bytes_of: Mapping[str, str] | None = None, now: datetime = NOW, title: str = CARD["title"]) -> Submission:
        draft = drafts.start(author=self.anna, now=now)
        values = [DictionaryValue.get(DictionaryValue.kind == kind).id for kind in ("industry", "technology", "effect")]
        drafts.save(draft.id, author=self.anna, revision=0, card={**CARD, "title": title}, value_ids=values, now=now)
        for slot in NAMES:
            self.attach(draft, slot, (bytes_of or {}).get(slot, f"{slot} {draft.id}"), now=now)
        return Submission.get_by_id(draft.id)

    def attach(self, draft: Submission, slot: str, content: str, *, now: datetime = NOW) -> None:
        data = content.encode()
        sha256 = hashlib.sha256(data).hexdigest()
        self.wiring.storage.put(f"blobs/{sha256[:2]}/{sha256}", data)
        drafts.attach(draft.id, author=self.anna, slot=slot, name=NAMES[slot], sha256=sha256, size=len(data), now=now)

    def submit(self, draft: Submission, *, now: datetime = NOW) -> Submission:
        return submit.submit(
            draft.id,
            author=self.anna,
            now=now,
            clock=self.wiring.working_clock,
            policy=self.wiring.deadline_policy,
            scan_version="scan-1",
            try_install_version=TRYING,
        )

    def checked(self, submission: Submission, *, now: datetime = NOW, **found: Any) -> Submission:
        """Every open check recorded; ``found`` maps a slot to its findings or to a whole Outcome."""
        for check in record_check.current_checks(submission):
            if check.state in ("queued", "failed"):
                self.record(check, found.get(check.slot, []), now=now)
        return Submission.get_by_id(submission.id)

    def record(self, check: Any, found: Any, *, now: datetime = NOW) -> None:
        job = outbox.begin(Job.get((Job.subject == check.id) & Job.finished_at.is_null()).id, now=now)
        assert job is not None
        record_check.started(check.id, now=now)
        outcome = found if isinstance(found, record_check.Outcome) else outcome_of(found)
        record_check.record(check.id, outcome, job=job, try_install_version=TRYING, now=now)

    def awaiting(self, **found: Any) -> Submission:
        return self.checked(self.submit(self.draft()), **found)

    def take(self, submission: Submission, by: Person, *, now: datetime = NOW) -> Submission:
        return claim.take(submission.id, person=by, now=now)

    def review(self, submission: Submission, kind: str, **more: Any) -> decide.Review:
        artifacts, checks = decide.pins(submission, record_check.current_checks(submission))
        return decide.Review(kind=DecisionKind(kind), pinned_artifacts=artifacts, pinned_checks=checks, **more)

    def decide(self, submission: Submission, kind: str, by: Person, *, now: datetime = NOW, **more: Any) -> Decision:
        if kind == "return":
            more.setdefault("remarks", [RemarkDraft(text="Добавьте заголовки столбцов.", slot="data_example")])
        held = self.take(submission, by, now=now)
        return decide.decide(
            submission.id, self.review(held, kind, **more), moderator=by, claim_token=str(held.claim_token), now=now
        )


def outcome_of(findings: list[Finding], *, opaque: int = 0, **more: Any) -> record_check.Outcome:
    verdict = verdict_of(findings)
    return record_check.Outcome(
        state="passed" if verdict == Verdict.PASS else "findings",
        verdict=verdict,
        findings=findings,
        coverage=Coverage(bytes=10, members=1, scanned=1 - opaque, opaque=opaque),
        infected=any(f.rule == "antivirus.virus" for f in findings),
        **more,
    )

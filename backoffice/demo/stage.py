"""Plays rounds of the story in the order of their instants, each through the use case that a page or a worker would call."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from backoffice import canned
from backoffice.demo import models
from backoffice.demo.story import Decided, Round, Said
from backoffice.domain.decisions import DecisionKind
from backoffice.domain.drafts import CARD_FIELDS, DICTIONARIES
from backoffice.domain.errors import Refused
from backoffice.domain.remark_templates import fill
from backoffice.domain.remarks import RemarkDraft
from backoffice.inspection.runner import Inspection
from backoffice.store import outbox
from backoffice.store.checks import Check
from backoffice.store.listings import DictionaryValue, Submission
from backoffice.store.outbox import Job
from backoffice.store.people import Person
from backoffice.usecases import assign, claim, decide, drafts, examine, people, publish, record_check, request_checks, submit
from backoffice.usecases.request_checks import OPEN, extension
from backoffice.wiring import Wiring

MINUTE = timedelta(minutes=1)
NO_SANDBOX = "Песочница была на обслуживании: конфигурация Docker запущена и проверена вручную."
Seen = Mapping[tuple[str, str, str], Inspection]
Act = tuple[datetime, int, Callable[[], None]]


@dataclass(frozen=True, slots=True)
class File:
    """A file of a round, its bytes in the storage already."""

    name: str
    sha256: str
    size: int


class When:
    """Instants of the story: working days before today on the calendar, or minutes before now."""

    def __init__(self, wiring: Wiring, now: datetime) -> None:
        self.now, self.zone = now, ZoneInfo(wiring.settings.time_zone)
        self.clock = wiring.working_clock

    def __call__(self, words: str) -> datetime:
        if words.startswith("-"):
            return self.now - int(words[1:-1]) * MINUTE
        days, _, clock = words.partition(" ")
        return datetime.combine(self._day(int(days)), time.fromisoformat(clock), self.zone)

    def _day(self, back: int) -> date:
        day = self.now.astimezone(self.zone).date()
        while back:
            day -= timedelta(days=1)
            noon = datetime.combine(day, time(12), self.zone)
            back -= self.clock.is_working(noon)
        return day


@dataclass(slots=True)
class _Playing:
    """A round under way."""

    round: Round
    files: Mapping[str, File]
    id: int = 0
    tokens: dict[str, str] = field(default_factory=dict)


class Stage:
    """Who plays, what the files were found to be, and what is already on."""

    def __init__(self, wiring: Wiring, cast: Mapping[str, Person], seen: Seen, now: datetime) -> None:
        self.wiring, self.cast, self.seen, self.now = wiring, cast, seen, now
        self.when = When(wiring, now)
        self.newest: dict[str, int] = {}  # listing -> id of its newest submission
        self.values = {(value.kind, value.ru): value.id for value in DictionaryValue.select()}

    def play(self, rounds: Sequence[tuple[Round, Mapping[str, File]]]) -> None:
        """Everything, in order."""
        acts: list[Act] = []
        for round_, files in rounds:
            acts += self._acts(_Playing(round_, files), len(acts))
        for _, _, act in sorted(acts, key=lambda act: act[:2]):
            act()
        self._aside()

    def _acts(self, on: _Playing, number: int) -> list[Act]:
        """The acts of one round: (instant, tie-break, what to do)."""
        round_ = on.round
        acts: list[Act] = []

        def add(words: str, act: Callable[[datetime], None], *, late: timedelta = timedelta(0)) -> None:
            at = self.when(words) + late
            acts.append((at, number + len(acts), lambda: act(at)))

        add(round_.submitted or "0 00:05", lambda at: self._write(on, at), late=-40 * MINUTE)
        if round_.submitted:
            add(round_.submitted, lambda at: self._submit(on, at))
        if round_.submitted and round_.checked:
            add(round_.submitted, lambda at: self._check(on, at), late=2 * MINUTE)
        if round_.assigned:
            to, words = round_.assigned
            add(words, lambda at: self._assign(on, to, at))
        if round_.claimed:
            by, words = round_.claimed
            add(words, lambda at: self._take(on, by, at))
        if decided := round_.decided:
            add(decided.at, lambda at: self._take(on, decided.by, at), late=-18 * MINUTE)
            add(decided.at, lambda at: self._decide(on, decided, at))
        if round_.withdrawn:
            add(round_.withdrawn, lambda at: submit.withdraw(on.id, author=self._author(on), now=at))
        if round_.unpublished:
            words, reason = round_.unpublished
            add(words, lambda at: self._unpublish(on, reason, at))
        return acts

    def _author(self, on: _Playing) -> Person:
        return self.cast[models.MODELS[on.round.model].author]

    def _write(self, on: _Playing, at: datetime) -> None:
        author, listing = self._author(on), on.round.listing or on.round.model
        before = self.newest.get(listing)
        draft = drafts.renew(before, author=author, now=at) if before else drafts.start(author=author, now=at)
        on.id = self.newest[listing] = draft.id
        words = {**models.text(on.round.model), **on.round.card}
        card = {name: words[name] for name in CARD_FIELDS}
        values = [self.values[kind, words[kind]] for kind in DICTIONARIES]
        drafts.save(draft.id, author=author, revision=draft.revision, card=card, value_ids=values, now=at)
        for slot, file in on.files.items():
            drafts.attach(draft.id, author=author, slot=slot, name=file.name, sha256=file.sha256, size=file.size, now=at)

    def _submit(self, on: _Playing, at: datetime) -> None:
        wiring = self.wiring
        submit.submit(
            on.id,
            author=self._author(on),
            now=at,
            clock=wiring.working_clock,
            policy=wiring.deadline_policy,
            scan_version=wiring.scan_version,
            try_install_version=wiring.try_install_version,
        )

    def _check(self, on: _Playing, at: datetime) -> None:
        """What the workers would record; a Docker config of the past was tried by hand, which a lead vouches for."""
        submission = Submission.get_by_id(on.id)
        for check in record_check.current_checks(submission):
            if check.kind == "scan" and check.state in OPEN:
                self._record(check, at)
        for check in record_check.current_checks(submission):
            if check.kind == "try_install" and check.state in OPEN:
                request_checks.exempt(check.id, person=self.cast["olga"], reason=NO_SANDBOX, now=at)
                Job.update(finished_at=at, outcome="cancelled").where(_open_job(check)).execute()
        record_check.settle([Submission.get_by_id(on.id)], now=at)

    def _record(self, check: Check, at: datetime) -> None:
        job = outbox.begin(Job.get(_open_job(check)).id, now=at)
        if job is None or record_check.started(check.id, now=at) is None:
            raise Refused("not_found", check=check.id)
        seen = self.seen[check.blob.sha256, check.slot, extension(check.artifact_name)]
        outcome = examine.outcome_of(check, seen, self.wiring.storage)
        record_check.record(
            check.id, outcome, job=job, try_install_version=self.wiring.try_install_version, now=at + timedelta(seconds=9)
        )

    def _assign(self, on: _Playing, to: str, at: datetime) -> None:
        assign.assign([on.id], to=self.cast[to], by=self.cast["olga"], now=at)

    def _take(self, on: _Playing, by: str, at: datetime) -> None:
        on.tokens[by] = str(claim.take(on.id, person=self.cast[by], now=at).claim_token)

    def _decide(self, on: _Playing, decided: Decided, at: datetime) -> None:
        submission = Submission.get_by_id(on.id)
        artifacts, checks = decide.pins(submission, record_check.current_checks(submission))
        remarks = [_remark(said) for said in decided.remarks]
        wrong = {remark.field or remark.slot for remark in remarks}
        review = decide.Review(
            kind=DecisionKind(decided.kind),
            message=decided.message,
            remarks=remarks,
            checklist={point.id: "no" if point.about in wrong else "yes" for point in canned.checklist()},
            opaque_signed=True,
            pinned_artifacts=artifacts,
            pinned_checks=checks,
        )
        decide.decide(on.id, review, moderator=self.cast[decided.by], claim_token=on.tokens[decided.by], now=at)

    def _unpublish(self, on: _Playing, reason: str, at: datetime) -> None:
        publish.unpublish(on.id, person=self.cast["olga"], reason=reason, now=at)

    def _aside(self) -> None:
        """What happens beside the rounds: a draft just begun, a value asked for."""
        marina = self.cast["marina"]
        draft = drafts.start(author=marina, now=self.when("-55m"))
        begun = {
            "title": "Разбор электрокардиограмм",
            "description": "Модель находит нарушения ритма на записи электрокардиограммы и показывает врачу, на что посмотреть в первую очередь.",
        }
        drafts.save(draft.id, author=marina, revision=0, card=begun, now=self.when("-50m"))
        people.request_value(
            person=self.cast["pavel"],
            kind="technology",
            words="Дистанционное зондирование: снимки с дронов и спутников",
            now=self.when("-75m"),
        )


def _open_job(check: Check) -> object:
    return Job.actor.in_(("scan", "scan_large", "try_install")) & (Job.subject == check.id) & Job.finished_at.is_null()


def _remark(said: Said) -> RemarkDraft:
    """A remark out of a shipped template or of the moderator's own words."""
    if not said.template:
        of_card = said.about in CARD_FIELDS
        return RemarkDraft(
            text=said.text,
            level=said.level or "requirement",
            field=said.about if of_card else "",
            slot="" if of_card else said.about,
        )
    template = next(t for t in canned.shipped() if t.id == said.template and t.language == "ru")
    return RemarkDraft(
        text=fill(template.text, said.fill),
        level=said.level or template.level,
        field=template.field,
        slot=template.slot,
        template=template.id,
        template_version=template.version,
    )

"""How an attempt went, as values: steps with their times, and everything that was measured. Becomes JSON for the card and the author."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from backoffice.domain.storable import storable
from backoffice.domain.verdicts import Finding, Verdict, verdict_of
from backoffice.inspection.sandbox import policy

NAMES_SHOWN = 10
TERMINAL = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])")
UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@dataclass(slots=True)
class Step:
    """One step; ``ok`` stays False when it was left by an exception. ``at`` and ``seconds`` count from the attempt's start."""

    name: str  # read | linted | pulled | built | started | answered | page | stopped | cleaned
    at: float
    seconds: float = 0.0
    ok: bool = False
    detail: str = ""


@dataclass(slots=True)
class Transcript:
    """Everything a moderator sees of an attempt; sizes in bytes, times in seconds."""

    config: dict[str, Any] = field(default_factory=dict)  # kind, file, texts by file, members, bytes
    steps: list[Step] = field(default_factory=list)
    image: dict[str, Any] = field(default_factory=dict)  # name, digest, size, layers of the service that answered
    images: list[dict[str, Any]] = field(default_factory=list)
    services: list[dict[str, Any]] = field(default_factory=list)  # name, exit_code, oom, memory_peak, cpu_seconds, pids_peak, …
    ports: list[dict[str, Any]] = field(default_factory=list)  # port, loopback, service?
    http: list[dict[str, Any]] = field(default_factory=list)  # port, status, title, jupyter?; first the one a client would open
    logs: dict[str, str] = field(default_factory=dict)  # the last lines, by service
    network_attempts: int = 0  # calls without a route, and lookups
    lookups: dict[str, int] = field(default_factory=dict)  # how often each name was asked for
    building: dict[str, Any] = field(
        default_factory=dict
    )  # attempts, lookups, proxied: the same of the builds, and where their proxy went
    screenshot: str = ""  # the name among the attempt's files
    limits: dict[str, float] = field(default_factory=dict)
    engine: dict[str, str] = field(default_factory=dict)
    policy: str = ""

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


@dataclass(slots=True)
class Recorder:
    """Keeps the transcript while the attempt runs, and tells ``progress`` the name of each step as it begins."""

    progress: Callable[[str], None] | None = None
    transcript: Transcript = field(default_factory=Transcript)
    findings: list[Finding] = field(default_factory=list)
    files: list[tuple[str, str, bytes]] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    @contextmanager
    def step(self, name: str) -> Iterator[Step]:
        """Time one step."""
        if self.progress:
            self.progress(name)
        step = Step(name, round(self.elapsed(), 3))
        self.transcript.steps.append(step)
        try:
            yield step
            step.ok = True
        finally:
            step.seconds = round(self.elapsed() - step.at, 3)

    def within(self, name: str, *, seconds: float, detail: str) -> None:
        """The end of the last step was another, so many seconds long: the jail does both and tells afterwards."""
        last = self.transcript.steps[-1]
        last.seconds = round(max(0.0, last.seconds - seconds), 3)
        self.transcript.steps.append(Step(name, round(last.at + last.seconds, 3), seconds, last.ok, detail))

    def elapsed(self) -> float:
        """Seconds since the attempt began."""
        return time.monotonic() - self.began

    def see(self, rule: str, *, file: str | None = None, line: int | None = None, **params: str | float) -> None:
        """Write a finding down."""
        self.findings.append(policy.finding(rule, file=file, line=line, **params))


def plain(text: str) -> str:
    """What a program wrote for a terminal, as lines without colours, cursor moves (ECMA-48) and other control characters."""
    return UNSEEN.sub("", TERMINAL.sub("", text.replace("\r\n", "\n").replace("\r", "\n")))


def shown(names: Iterable[str]) -> str:
    """The first names, for a finding; the transcript has all."""
    return ", ".join(list(names)[:NAMES_SHOWN]) or "—"


@dataclass(frozen=True, slots=True)
class Tried:
    """The answer. ``outcome``: passed, author_fault, limit, infrastructure or not_applicable; ``why`` is a sentence in Russian."""

    outcome: str
    why: str
    verdict: Verdict
    findings: list[Finding]
    transcript: dict[str, Any]
    engine: str
    seconds: float
    files: list[tuple[str, str, bytes]]
    reason: str = ""
    detail: str = ""

    @property
    def kept(self) -> str:
        """``why`` without a language, for ``policy.told``."""
        return f"{policy.KEPT}{self.reason}: {self.detail}"

    def words(self, language: str) -> str:
        """``why`` in either language."""
        return policy.reason(self.reason, language, detail=self.detail)


ENDINGS = {"passed": "passed", "author_fault": "failed", "limit": "limited"}


def tried(recorder: Recorder, *, reason: str = "", outcome: str = "", detail: str = "") -> Tried:
    """Close an attempt. Without ``outcome`` it follows from the findings; infrastructure never speaks against the author."""
    outcome = outcome or policy.outcome_of(recorder.findings)
    reason = reason or ENDINGS[outcome]
    recorder.transcript.policy = policy.version()
    recorder.transcript.limits = dict(policy.limits())
    verdict = Verdict.ERROR if outcome == "infrastructure" else verdict_of(recorder.findings)
    engine = recorder.transcript.engine.get("version", "")
    detail = storable(detail)
    return Tried(
        outcome, policy.reason(reason, detail=detail), verdict, [_fit(one) for one in recorder.findings], storable(recorder.transcript.as_dict()),
        f"{engine or 'none'}/{policy.version()}", round(recorder.elapsed(), 3), recorder.files, reason, detail,
    )  # fmt: skip


def _fit(found: Finding) -> Finding:
    """With names and words of the archive's as they can be kept."""
    return replace(found, member=storable(found.member), params=storable(dict(found.params)))


def write_files(answer: Tried, folder: Path) -> dict[str, Path]:
    """Write the attempt's files into a folder; where each went, by name."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, _, data in answer.files:
        (folder / name).write_bytes(data)
    return {name: folder / name for name, _, _ in answer.files}

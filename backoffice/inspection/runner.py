"""One file, one answer: the jail and the antivirus side by side, and what follows from both (M4, M5).

Workers and the command line call the same ``inspect``. It never raises for what a file is: trouble of ours is the verdict ``error`` with
``why``; only a machine without a jail raises (``jail.NoJail``).
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from backoffice.domain.verdicts import Coverage, Finding, Result, Severity, Verdict, verdict_of
from backoffice.inspection import antivirus as clam
from backoffice.inspection import believed, jail, rules
from backoffice.inspection.archives import ALONE_FROM
from backoffice.inspection.report import Attachment

PIPELINE = "1"  # raised whenever the same file may get another answer without a change of policy
_INSIDE = "backoffice.inspection.inside"
_STREAMS = 3  # unpacked members that wait for clamd's answer at the same time

_Whole = tuple[clam.Answer, clam.Engine, float]  # of the whole file: the answer, who gave it, and after how many seconds


@dataclass(frozen=True, slots=True)
class Inspection(Result):
    """What the inspection saw, with its preview files."""

    attachments: Sequence[Attachment] = ()
    retry: bool = True  # of an error: whether trying again can help


@cache
def version() -> str:
    """Of tools and policy together: another version makes stored results stale. Signatures have a date of their own in ``tools``."""
    return f"{PIPELINE}.{rules.policy_version()}"


def inspect(
    path: Path,
    *,
    slot: str,
    name: str,
    antivirus: str | None,
    progress: Callable[[int, int], None] | None = None,
    scratch: Path | None = None,
) -> Inspection:
    """Inspect one file as the upload ``name`` in ``slot``. ``antivirus``: clamd's address, or None to say plainly that it did not run."""
    jail.ready()
    started = time.perf_counter()
    with ThreadPoolExecutor(1 + _STREAMS, thread_name_prefix="antivirus") as pool:
        impatience = clam.Impatience()
        later = _unpacked_for_clamd(path)
        whole = pool.submit(_scan_whole, path, antivirus, impatience) if antivirus and not later else None
        heard = _Heard(antivirus, pool, progress)
        size = path.stat().st_size
        end = jail.run(
            _INSIDE,
            upload=path.absolute(),
            request=json.dumps({"path": jail.UPLOAD, "name": name, "slot": slot, "feeding": bool(antivirus)}).encode(),
            limits=_limits(size),
            hear=heard.listen,
            scratch=scratch,
        )
        jailed = time.perf_counter() - started
        if antivirus and later:
            whole = pool.submit(_scan_members_only if heard.saw_all else _scan_whole, path, antivirus, impatience)
        if whole is not None and _rejected(heard.report):
            _hurry(whole, impatience)
        scanned = _Scanned.gather(whole, heard, given_up=impatience.lost)
    return _judged(end, heard, scanned, size=size, seconds=jailed)


def _limits(size: int) -> jail.Limits:
    numbers = rules.limits()
    return jail.Limits(
        seconds=numbers["seconds_base"] + numbers["seconds_per_mib"] * size / (1 << 20),
        memory=int(numbers["address_space_bytes"]),
        data=int(numbers["data_bytes"]),
        resident=int(numbers["memory_bytes"]),
    )


def _scan_whole(path: Path, address: str, impatience: clam.Impatience) -> _Whole:
    started = time.perf_counter()
    engine = clam.engine(address)
    return clam.scan(path, address=address, impatience=impatience), engine, time.perf_counter() - started


def _scan_members_only(path: Path, address: str, impatience: clam.Impatience) -> _Whole:  # noqa: ARG001
    """Every member went to clamd unpacked: of the archive itself there is nothing more to see."""
    return clam.Answer(), clam.engine(address), 0.0


def _unpacked_for_clamd(path: Path) -> bool:
    """A large 7z: clamd would unpack it once more, as slowly as we do."""
    with path.open("rb") as file:
        return path.stat().st_size >= ALONE_FROM and file.read(6) == b"7z\xbc\xaf\x27\x1c"


def _rejected(report: Mapping[str, Any]) -> bool:
    severities = rules.severities()
    return any(severities.get(row["rule"]) == Severity.REQUIREMENT for row in report.get("findings", []))


def _hurry(whole: Future[_Whole], impatience: clam.Impatience) -> None:
    """What is a bomb for us is often one for clamd too: a file that is rejected anyway is not waited for long."""
    wait([whole], timeout=rules.limits()["antivirus_grace"])
    if not whole.done():
        impatience.give_up()


class _Heard:
    """What the jail said so far. Bytes of members go to clamd while they come; believed is only what can be checked."""

    def __init__(self, address: str | None, pool: ThreadPoolExecutor, progress: Callable[[int, int], None] | None) -> None:
        self.report: dict[str, Any] = {}
        self.attachments: list[Attachment] = []
        self.members: list[tuple[str, Future[clam.Answer]]] = []  # those whose answer is awaited, or is not OK
        self._fed, self._crowd = 0, 1_000
        self._address, self._pool, self._progress = address, pool, progress
        self._stream: clam.Stream | None = None
        self._member = ""
        self._trouble: clam.Unscanned | None = None
        self._room = threading.Semaphore(_STREAMS)

    @property
    def saw_all(self) -> bool:
        """Whether every file of the archive was read to its end and handed over."""
        return self.report.get("detected") == "7z" and self._fed > 0 and self.report.get("coverage", {}).get("failed") == 0

    def listen(self, said: Iterator[tuple[bytes, bytes]]) -> None:
        """Take everything in until the jail falls silent."""
        try:
            for kind, payload in said:
                self._take(kind, payload)
        finally:
            if self._stream is not None:
                self._stream.close()

    def _take(self, kind: bytes, payload: bytes) -> None:
        if kind == b"P":
            done, members = believed.progress(payload)
            if self._progress is not None:
                self._progress(done, members)
        elif kind == b"F":
            self._begin(believed.member(payload))
        elif kind == b"D":
            self._more(payload)
        elif kind == b"E":
            self._finish()
        elif kind == b"A":
            self._attach(payload)
        elif kind == b"R":
            self.report = believed.report(payload)

    def _begin(self, member: str) -> None:
        self._member, self._trouble = member, None
        if self._address is not None:
            self._attempt(lambda: setattr(self, "_stream", clam.Stream(self._address or "")))

    def _more(self, chunk: bytes) -> None:
        stream = self._stream
        if stream is not None:
            self._attempt(lambda: stream.write(chunk))

    def _attempt(self, act: Callable[[], None]) -> None:
        """Do it; when clamd fails, remember that this member is not scanned and let the jail talk on."""
        try:
            act()
        except clam.Unscanned as trouble:
            self._trouble = trouble
            if self._stream is not None:
                self._stream.close()
            self._stream = None

    def _finish(self) -> None:
        answer: Future[clam.Answer]
        if self._trouble is not None or self._stream is None:
            answer = Future()
            answer.set_exception(self._trouble or clam.Unscanned("⟦нет связи с clamd|no line to clamd⟧", retry=True))
        else:
            self._room.acquire()
            answer = self._pool.submit(_answered, self._stream)
            answer.add_done_callback(lambda _: self._room.release())
        self._stream = None
        if self._address is not None:
            self._remember(answer)

    def _remember(self, answer: Future[clam.Answer]) -> None:
        """Of a hundred thousand members the clean ones are forgotten on the way, or the worker's memory would grow with them."""
        self._fed += 1
        self.members.append((self._member, answer))
        if len(self.members) >= self._crowd:
            self.members = [row for row in self.members if not _clean(row[1])]
            self._crowd = 2 * len(self.members) + 1_000

    def _attach(self, payload: bytes) -> None:
        file = believed.attachment(payload)
        known = {one.name for one in self.attachments}
        if file is not None and file.name not in known and len(known) < rules.limits()["attachments"]:
            self.attachments.append(file)


def _clean(answer: Future[clam.Answer]) -> bool:
    return answer.done() and answer.exception() is None and not answer.result().rule


def _answered(stream: clam.Stream) -> clam.Answer:
    try:
        return stream.answer()
    finally:
        stream.close()


@dataclass(slots=True)
class _Scanned:
    """The antivirus' part: findings, what it is, and why it could not look where it could not."""

    findings: list[Finding] = field(default_factory=list)
    tool: dict[str, Any] = field(default_factory=dict)
    trouble: clam.Unscanned | None = None

    @classmethod
    def gather(cls, whole: Future[_Whole] | None, heard: _Heard, *, given_up: bool) -> _Scanned:
        """Wait for what is still being scanned. ``given_up``: we hung up on a file that is rejected anyway, which is no trouble."""
        seen = cls(tool={"name": "clamd", "version": "", "seconds": 0.0, "ran": False})
        if whole is None:
            return seen
        answers: dict[tuple[str, str], str | None] = {}
        try:
            answer, engine, seconds = whole.result()
            seen.tool = _tool(engine, seconds)
            if answer.rule:
                answers[answer.rule, answer.name] = None
        except clam.Unscanned as trouble:
            seen.trouble = None if given_up else trouble
        for member, waiting in heard.members:
            try:
                answer = waiting.result()
                if answer.rule:
                    answers[answer.rule, answer.name] = member
            except clam.Unscanned as trouble:
                seen.trouble = seen.trouble or trouble
        seen.findings = [
            Finding(rule, rules.severities()[rule], member, None, {"name": name}) for (rule, name), member in answers.items()
        ]
        return seen


def _tool(engine: clam.Engine, seconds: float) -> dict[str, Any]:
    return {
        "name": "clamd",
        "version": str(engine),
        "seconds": round(seconds, 3),
        "ran": True,
        "database_built_at": engine.built_at.isoformat() if engine.built_at else None,
        "bundled_only": engine.bundled_only,
    }


def _judged(end: jail.End, heard: _Heard, scanned: _Scanned, *, size: int, seconds: float) -> Inspection:
    report = heard.report if end.reason == "done" else {}
    if end.reason == "done" and not report:
        end = jail.End("output", "JSON")
    findings = [_finding(row) for row in report.get("findings", [])] + scanned.findings
    if end.reason != "done":
        findings.append(_of_end(end))
    if scanned.trouble is not None:
        rule = "antivirus.unreachable"
        findings.append(Finding(rule, rules.severities()[rule], None, None, {"detail": scanned.trouble.reason}))
    coverage = Coverage(**report["coverage"]) if report else Coverage(bytes=size, members=1, failed=1)
    trouble = scanned.trouble
    ours = (
        trouble.reason
        if trouble
        else f"⟦проверка не запустилась|the jail could not work⟧: {end.detail}"
        if end.reason == "later"
        else ""
    )
    verdict = verdict_of(findings, failed=bool(ours))
    if verdict == Verdict.PASS and (coverage.opaque or coverage.failed):
        verdict = Verdict.WARN  # what nobody could look into is never green
    doubt = next((f.rule for f in findings if rules.rules()[f.rule].inconclusive), "")
    return Inspection(
        verdict=verdict,
        state=_state(verdict, doubt),
        why=ours if verdict == Verdict.ERROR else doubt,
        detected=str(report.get("detected", "")),
        findings=findings,
        coverage=coverage,
        facts=report.get("facts", {}),
        tools=[
            *([scanned.tool] if scanned.tool else []),
            {"name": "jail", "version": version(), "seconds": round(seconds, 3)},
            *report.get("tools", []),
        ],
        preview=report.get("preview", {}),
        attachments=heard.attachments if report else (),
        retry=trouble.retry if trouble else True,
    )


def _state(verdict: Verdict, doubt: str) -> str:
    if verdict == Verdict.ERROR:
        return "failed"
    if doubt and verdict != Verdict.REJECT:
        return "inconclusive"
    return "passed" if verdict == Verdict.PASS else "findings"


def _finding(row: Mapping[str, Any]) -> Finding:
    """A finding as the jail told it; its weight is ours to say."""
    params = {str(key): value if isinstance(value, int | float) else str(value) for key, value in row["params"].items()}
    member, place = row.get("member"), row.get("place")
    return Finding(
        row["rule"],
        rules.severities()[row["rule"]],
        str(member) if member is not None else None,
        str(place) if place is not None else None,
        params,
    )


def _of_end(end: jail.End) -> Finding:
    rule = f"jail.{end.reason}"
    told: dict[str, dict[str, str | int | float]] = {
        "timeout": {"seconds": end.detail},
        "memory": {"megabytes": int(rules.limits()["memory_bytes"]) >> 20},
    }
    return Finding(rule, rules.severities()[rule], None, None, told.get(end.reason, {"detail": end.detail}))

"""What runs inside the jail: ``python -m backoffice.inspection.inside``, a request on standard input, frames on standard output.

It detects by content, checks the extension against slot and content, and dispatches to ``formats``; archives descend through ``Examination``.
Nothing here is trusted by the parent; nothing here raises past ``main`` but a crash.
"""

from __future__ import annotations

import errno
import importlib
import json
import os
import sys
import time
from collections.abc import Iterable
from dataclasses import asdict
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import IO, Any

from backoffice.domain.verdicts import Coverage
from backoffice.inspection import archive_rules, detect, frames, markers, rules, seccomp, tools
from backoffice.inspection.member_previews import Kept, weight
from backoffice.inspection.report import Broken, Report, Subject

_OURS = (errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE)  # trouble of the machine, not of the file
PROGRESS_EVERY = 0.25  # seconds
_CLIPPED = 300  # characters of a parser's own message


class Later(Exception):  # noqa: N818  (it is no error of the file)
    """The private folder's disk is full, or the like: the file is examined again later."""


class Examination:
    """One upload and everything inside it. ``say`` is the pipe to the parent."""

    def __init__(self, pipe: IO[bytes], *, feeding: bool) -> None:
        self.pipe, self.feeding = pipe, feeding
        self.kept = Kept()
        self.tools: dict[str, dict[str, Any]] = {}
        self._told = 0.0
        self._counted = 0.0  # seconds of examiners that have ended, so that an archive's time does not count its members' again

    def report(self) -> Report:
        """A collector wired to the parent."""
        report = Report(rules.severities(), rules.limits(), descend=self.descend, progress=self.progress)
        if self.feeding:
            report.feed = self.feed
        return report

    def progress(self, done: int, members: int) -> None:
        """Bytes and members done, at most four times a second."""
        if time.monotonic() - self._told >= PROGRESS_EVERY:
            self._told = time.monotonic()
            frames.write(self.pipe, b"P", json.dumps([done, members]).encode())

    def feed(self, member: str, chunks: Iterable[bytes]) -> None:
        """Hand unpacked bytes to the antivirus outside."""
        frames.write(self.pipe, b"F", member.encode("utf-8", "backslashreplace")[:4096])
        for chunk in chunks:
            for start in range(0, len(chunk), frames.CHUNK):
                frames.write(self.pipe, b"D", memoryview(chunk)[start : start + frames.CHUNK])
        frames.write(self.pipe, b"E")

    def descend(self, subject: Subject, report: Report) -> None:
        """Examine a member with what its content asks for. It shares findings and facts, not the preview."""
        inner = self.report()
        inner.findings, inner.facts = report.findings, report.facts
        head = subject.head(detect.HEAD)
        detected = detect.detect(subject.path, subject.name, head)
        archive_rules.note(subject, detected, head, report)
        self.examine(subject, detected, head, inner)
        report.coverage += inner.coverage
        if subject.depth == 1:
            self.kept.add(subject.name, inner)

    def examine(self, subject: Subject, detected: str, head: bytes, report: Report) -> None:
        """One file that starts with ``head``. Broken, or breaking its examiner, it is counted as failed; unknown, as opaque."""
        if not self._named_rightly(subject, detected, report):
            report.cover(failed=1, size=subject.size)
            return
        if detected not in detect.ARCHIVES and subject.size:
            self._search(subject, head, report)
        module = _module(detected)
        if module is None:
            self._nobody_can_look(subject, detected, report)
            return
        before, started, counted = report.coverage, time.perf_counter(), self._counted
        try:
            module.examine(subject, report)
        except Broken as broken:
            report.find(broken.rule, subject, place=broken.place, **broken.params)
            _count_failed(subject, report, before)
        except OSError as problem:
            if problem.errno in _OURS:
                raise Later(problem.strerror or "OSError") from problem
            report.find("format.unparsed", subject, detail=f"{type(problem).__name__}: {problem}"[:_CLIPPED])
            _count_failed(subject, report, before)
        except Later:
            raise
        except MemoryError:
            report.find("jail.memory", subject, megabytes=int(rules.limits()["memory_bytes"]) >> 20)
            _count_failed(subject, report, before)
        except Exception as problem:  # noqa: BLE001  (parsers raise anything; whatever it is, the file was not looked at)
            report.find("format.unparsed", subject, detail=f"{type(problem).__name__}: {problem}"[:_CLIPPED])
            _count_failed(subject, report, before)
        took = time.perf_counter() - started
        self._spent(module.NAME, module.VERSION, took - (self._counted - counted))
        self._counted = counted + took

    def _search(self, subject: Subject, head: bytes, report: Report) -> None:
        started = time.perf_counter()
        markers.look(subject, head, report)
        took = time.perf_counter() - started
        self._counted += took
        self._spent("yara-x", markers.VERSION, took)

    def _spent(self, name: str, version: str, seconds: float) -> None:
        tool = self.tools.setdefault(name, {"name": name, "version": version, "seconds": 0.0})
        tool["seconds"] += seconds

    def _named_rightly(self, subject: Subject, detected: str, report: Report) -> bool:
        extension = detect.extension(subject.name)
        wanted = detect.FORMAT_OF_EXTENSION.get(extension)
        if subject.size == 0:
            if subject.depth == 0 or wanted:
                report.find("format.empty", subject)
                return False
            return True
        if wanted is None or detect.accepts(wanted, detected):
            return True
        report.find("format.mismatch", subject, claimed=extension, detected=detect.said(detected))
        return False

    def _nobody_can_look(self, subject: Subject, detected: str, report: Report) -> None:
        if subject.size == 0:
            report.cover(scanned=1)
            return
        seen = report.facts.setdefault("_unsupported", [])
        if detected not in seen and detected not in detect.EXECUTABLES:  # one for each kind; the archive rules speak of programs
            seen.append(detected)
            report.find("format.unsupported", subject, detected=detect.said(detected))
        report.cover(opaque=1, size=subject.size)


def _count_failed(subject: Subject, report: Report, before: Coverage) -> None:
    """An archive that broke half-way keeps the count of what was read; a file that was counted already is not counted twice."""
    if report.coverage == before or detect.FORMAT_OF_EXTENSION.get(detect.extension(subject.name)) in detect.ARCHIVES:
        report.cover(failed=1, size=subject.size if report.coverage == before else 0)


@cache
def _module(detected: str) -> ModuleType | None:
    name = detect.MODULES.get(detected)
    if name is None:
        return None
    try:
        return importlib.import_module(f"backoffice.inspection.formats.{name}")
    except ModuleNotFoundError as problem:
        if problem.name and problem.name.startswith("backoffice."):
            return None
        raise


def examine_upload(path: Path, *, name: str, slot: str, pipe: IO[bytes], feeding: bool) -> dict[str, Any]:
    """Everything there is to say of one upload, as JSON will carry it. Attachments go down the pipe by themselves."""
    work = Examination(pipe, feeding=feeding)
    report = work.report()
    size = path.stat().st_size
    subject = Subject(path, name, slot, size)
    try:
        head = detect.head_of(path)
    except PermissionError as problem:  # the worker may read it, the jail's nobody may not: a machine set up wrongly
        raise Later(problem.strerror) from problem
    detected = detect.detect(path, name, head) if size else "empty"
    if _allowed(subject, report):
        if detected not in detect.ARCHIVES:
            archive_rules.note(subject, detected, head, report)
        work.examine(subject, detected, head, report)
    else:
        report.cover(failed=1, size=size)
    archive_rules.judge(subject, detected, report)
    if work.kept.rows and report.preview.get("kind") == "tree":
        report.preview["members"] = work.kept.rows
        report.attachments += work.kept.attachments
    for ours in ("_unsupported", "_rows"):
        report.facts.pop(ours, None)
    for attachment in report.attachments[: int(report.limits["attachments"])]:
        header = json.dumps({"name": attachment.name, "media_type": attachment.media_type}).encode()
        if len(attachment.data) <= report.limits["attachment_bytes"]:
            frames.write(pipe, b"A", header + b"\n" + attachment.data)
    return {
        "detected": detected,
        "findings": [asdict(finding) for finding in _clipped(report)],
        "coverage": asdict(report.coverage),
        "facts": report.facts,
        "preview": _capped(
            report.preview, int(report.limits["tree_bytes" if report.preview.get("kind") == "tree" else "preview_bytes"])
        ),
        "tools": [{**tool, "seconds": round(tool["seconds"], 3)} for tool in work.tools.values()],
    }


def _allowed(subject: Subject, report: Report) -> bool:
    slot = rules.slots()[subject.slot]
    extension = detect.extension(subject.name)
    if extension not in slot.extensions:
        report.find(
            "format.extension",
            subject,
            extension=extension or "⟦без расширения|without a name ending⟧",
            allowed=", ".join(slot.extensions),
        )
    if subject.size > slot.max_bytes:
        report.find("format.too_large", subject, size=subject.size, limit=slot.max_bytes, over=subject.size - slot.max_bytes)
    return not report.findings


def _clipped(report: Report) -> list[Any]:
    """A hostile file can earn a hundred thousand findings of one rule: the first of each are kept, the heaviest rules first in number."""
    kept: list[Any] = []
    counts: dict[str, int] = {}
    for finding in report.findings:
        counts[finding.rule] = counts.get(finding.rule, 0) + 1
        if counts[finding.rule] <= report.limits["findings_per_rule"]:
            kept.append(finding)
    more = {rule: count for rule, count in counts.items() if count > report.limits["findings_per_rule"]}
    if more:
        report.facts["findings_not_listed"] = more
    return kept[: int(report.limits["findings"])]


def _capped(preview: dict[str, Any], most: int) -> dict[str, Any]:
    size = weight(preview)
    if size <= most:
        return preview
    entries = preview.get("entries")
    if preview.get("kind") == "tree" and isinstance(entries, list) and len(entries) > 1:
        return _capped({**preview, "entries": entries[: (len(entries) - 1) * most // size], "truncated": True}, most)
    return {"kind": "none", "note": "too_large"}


def main() -> None:
    """One request, one report. Standard output is the pipe; whatever libraries print goes to standard error."""
    pipe = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    request = json.loads(sys.stdin.buffer.read())
    if seccomp.supported():
        tools.start_helper()
        seccomp.load(seccomp.no_new_processes())
    try:
        answer = examine_upload(
            Path(request["path"]), name=request["name"], slot=request["slot"], pipe=pipe, feeding=request["feeding"]
        )
    except Later as problem:
        sys.stderr.write(f"{problem}\n")
        sys.exit(frames.TRY_LATER)
    text = json.dumps(answer, default=str, ensure_ascii=True).encode()
    frames.write(pipe, b"R", text)
    pipe.close()


if __name__ == "__main__":
    main()

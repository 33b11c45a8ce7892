"""Examine one file directly, as the jail does, for the tests of this room."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from backoffice.inspection import detect, rules
from backoffice.inspection.report import Broken, Report, Subject


@dataclass(slots=True)
class Seen:
    """What an examiner said of one file. ``fed`` is what went to the antivirus, by member."""

    report: Report
    fed: dict[str, bytes] = field(default_factory=dict)

    @property
    def rules(self) -> set[str]:
        return {finding.rule for finding in self.report.findings}


def examine(path: Path, *, slot: str = "data_example", name: str | None = None) -> Seen:
    """The report of the examiner that the file's content asks for; ``Broken`` is written down as the jail writes it."""
    called = name or path.name
    module = importlib.import_module(f"backoffice.inspection.formats.{detect.MODULES[detect.detect(path, called)]}")
    seen = Seen(Report(rules.severities(), rules.limits()))

    def feed(member: str, chunks: Iterable[bytes]) -> None:
        seen.fed[member] = b"".join(bytes(chunk) for chunk in chunks)

    seen.report.feed = feed
    subject = Subject(path, called, slot, path.stat().st_size)
    try:
        module.examine(subject, seen.report)
    except Broken as broken:
        seen.report.find(broken.rule, subject, place=broken.place, **broken.params)
    return seen


def examine_bytes(folder: Path, name: str, data: bytes, *, slot: str = "data_example") -> Seen:
    """The same for bytes that are no file yet."""
    path = folder / name
    path.write_bytes(data)
    return examine(path, slot=slot)


Build = Callable[[Path], None]

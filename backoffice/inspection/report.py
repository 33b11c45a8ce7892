"""What a format examiner is given, and where it writes down what it saw.

An examiner is a module in ``inspection/formats`` with three names::

    NAME = "csv"            # the format, as in `detected`
    VERSION = "1"           # raised whenever its answers may change
    def examine(subject: Subject, report: Report) -> None: ...

It runs inside the jail, reads ``subject.path`` to its end, and tells everything through ``report``. It raises ``Broken`` where going on is
pointless; any other exception is turned into the finding "could not be parsed" by the runner, never into a pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from backoffice.domain.verdicts import Coverage, Finding, Severity


class Broken(Exception):  # noqa: N818  (the file is broken, not we)
    """The file cannot be examined further; the finding named here says why."""

    def __init__(self, rule: str, *, place: str | None = None, **params: str | float) -> None:
        super().__init__(rule)
        self.rule, self.place, self.params = rule, place, params


def missing(there: int, wanted: int) -> str:
    """How many bytes a file or a part of it lacks, in both languages (``sentences.spoken``)."""
    return f"⟦не хватает|missing⟧ ⟦{wanted - there}⟧"


@dataclass(frozen=True, slots=True)
class Subject:
    """One file to examine: the upload itself, or a member unpacked from it into the jail's private folder.

    A small member's bytes come along in ``data``; when it is plain text, there is no file at ``path``: making one costs more than looking at it.
    """

    path: Path
    name: str  # as the author called it (a member: its path inside its archive)
    slot: str  # data_example | instruction | terms_of_use | model_archive
    size: int
    member: str | None = None  # "outer.zip!/inner.csv" without the upload's own name; None for the upload
    depth: int = 0  # 0 the upload, 1 its members, …
    data: bytes | None = None

    def head(self, most: int) -> bytes:
        """Its first ``most`` bytes."""
        if self.data is not None:
            return self.data[:most]
        with self.path.open("rb", 0) as file:
            return file.read(most)


@dataclass(slots=True)
class Attachment:
    """A preview file made in the jail; its type is checked again outside."""

    name: str
    media_type: str
    data: bytes


def _nowhere(member: str, chunks: Iterable[bytes]) -> None:  # noqa: ARG001
    for _ in chunks:
        pass


@dataclass(slots=True)
class Report:
    """The collector for one upload and everything inside it.

    ``severities`` maps rule ids to severities (from ``config/policies/checks.toml``); ``limits`` are that file's numbers. ``descend`` examines
    a member with the examiner its content asks for (set by the runner; counts coverage by itself). ``feed`` hands unpacked bytes to the
    antivirus under a member's name (set by the runner; a no-op without an antivirus).
    """

    severities: Mapping[str, Severity]
    limits: Mapping[str, int | float]
    descend: Callable[[Subject, Report], None] | None = None
    feed: Callable[[str, Iterable[bytes]], None] = _nowhere
    progress: Callable[[int, int], None] | None = None  # (bytes read, members done)
    findings: list[Finding] = field(default_factory=list)
    coverage: Coverage = field(default_factory=Coverage)
    preview: dict[str, Any] = field(
        default_factory=dict
    )  # {"kind": "table" | "tree" | "text" | "image" | …, …}, of the upload itself
    attachments: list[Attachment] = field(default_factory=list)
    facts: dict[str, Any] = field(
        default_factory=dict
    )  # what later rules need: {"has_docker_config": True, "compiled": ["pe"], …}

    def find(self, rule: str, subject: Subject, *, place: str | None = None, **params: str | float) -> None:
        """Write down one finding; its severity is the rule's. An unknown rule is a mistake of ours and raises KeyError."""
        self.findings.append(Finding(rule, self.severities[rule], subject.member, place, params))

    def cover(self, *, members: int = 1, scanned: int = 0, opaque: int = 0, failed: int = 0, size: int = 0) -> None:
        """Add to the coverage. Every member ends in exactly one of scanned, opaque, failed."""
        self.coverage += Coverage(size, members, scanned, opaque, failed)

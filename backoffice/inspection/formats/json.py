"""JSON (RFC 8259) and JSON Lines: first in large pieces (`_jsonfast`), which can only find a file clean; whatever else it is, event by event.

Memory grows with depth and keys, not with the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from backoffice.inspection.formats import _encoding
from backoffice.inspection.formats._jsonbytes import ManyDigits, Utf8, WholePairs, WithoutNan
from backoffice.inspection.formats._jsonfast import Odd, Reader
from backoffice.inspection.report import Broken, Report, Subject

NAME = "json"
VERSION = "3"

_BUFFER = 1 << 18
_KEYS = 1_000_000  # remembered in one object; past that its duplicates go unseen
_NODES, _DEPTH, _CHILDREN, _TEXT = 2_000, 12, 100, 200  # of the preview
_LONG_NUMBER = re.compile(r"\d{1000}")
_DIGITS = 4300  # Python's own limit for whole numbers


def examine(subject: Subject, report: Report) -> None:
    """Read it to its end."""
    walk = _clean(subject, report) or _walked(subject, report, _check_encoding(subject, report))
    if not walk.values:
        raise Broken("format.empty")
    if walk.nans:
        report.find("json.nan", subject, count=walk.nans)
    if walk.halves:
        report.find("json.half_pair", subject, count=walk.halves)
    if walk.several:
        report.find("json.several", subject, count=walk.values)
    if walk.duplicates:
        report.find("json.duplicate_keys", subject, key=walk.duplicate, count=walk.duplicates)
    report.preview = {
        "kind": "json",
        "tree": walk.tree.roots if walk.values > 1 else walk.tree.roots[0],
        "values": walk.values,
        "lines": walk.values > 1,
        "truncated": walk.tree.clipped,
    }
    report.cover(scanned=1, size=subject.size)


def _walked(subject: Subject, report: Report, encoding: str) -> _Walk:
    """The careful reading. What it stumbles over is read again: NaN as null, many digits by the slower parser in Python."""
    without_nan, wary = False, True
    while True:
        walk = _Walk(report)
        try:
            walk.over(subject.path, encoding, without_nan=without_nan, wary=wary)
            return walk
        except ManyDigits:
            wary = False
        except _Stumbled as stumble:
            if without_nan or not stumble.over_nan:
                raise Broken("json.malformed", place=str(stumble.at), at=stumble.at, detail=stumble.detail) from stumble
            without_nan = True


def _clean(subject: Subject, report: Report) -> _Walk | None:
    """A file in UTF-8 that nothing is to be said of, read fast; None for every other."""
    walk = _Walk(report)
    try:
        with subject.path.open("rb") as file:
            reader = Reader(file, walk.tree, deepest=int(report.limits["json_depth"]), progress=report.progress)
            walk.values = reader.values()
    except (Odd, UnicodeDecodeError):
        return None
    return walk if walk.values and walk.values - reader.lines <= 1 else None


def _check_encoding(subject: Subject, report: Report) -> str:
    encoding = _encoding.of_file(subject.path)
    if encoding.damaged_at is not None:
        raise Broken("json.malformed", place=str(encoding.damaged_at), at=encoding.damaged_at, detail="⟦не|not⟧ UTF-8")
    if not encoding.name.startswith("utf-8"):
        report.find("json.encoding", subject, encoding=encoding.name.replace("_", "-").upper())
    return encoding.name


class _Stumbled(Exception):  # noqa: N818  (the parser did, not we)
    """The parser could not go on near byte ``at``."""

    def __init__(self, at: int, message: str, *, over_nan: bool) -> None:
        super().__init__(message)
        self.at, self.over_nan = at, over_nan
        self.detail = message


@dataclass(slots=True)
class _Tree:
    """The first nodes of the file as JSON again, clipped in width, depth and length; what is left out is counted in ``clipped``."""

    roots: list[Any] = field(default_factory=list)
    full: bool = False
    clipped: bool = False
    begun: bool = False
    _open: list[Any] = field(default_factory=list)  # containers; None for one that is not shown
    _names: list[str] = field(default_factory=list)
    _nodes: int = 0

    def wanting(self) -> bool:
        """Whether one more member of the container that is open would be shown."""
        parent = self._open[-1] if self._open else self.roots
        return not self.full and parent is not None and len(parent) < _CHILDREN and len(self._open) <= _DEPTH

    def take(self, event: str, value: Any) -> None:
        if self.full:
            return
        self.begun = True
        if event == "map_key":
            self._names[-1] = value[:_TEXT]
        elif event in ("start_map", "start_array"):
            made: Any = {} if event == "start_map" else []
            self._open.append(made if self._put(made) else None)
            self._names.append("")
        elif event in ("end_map", "end_array"):
            self._open.pop()
            self._names.pop()
        else:
            self._put(_leaf(value))
        if self._nodes >= _NODES:
            self.full = self.clipped = True

    def _put(self, node: Any) -> bool:
        parent = self._open[-1] if self._open else self.roots
        if parent is None or len(parent) >= _CHILDREN or len(self._open) > _DEPTH:
            self.clipped = True
            return False
        if isinstance(parent, dict):
            parent[self._names[-1]] = node
        else:
            parent.append(node)
        self._nodes += 1
        return True


def _leaf(value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return value if len(value) <= _TEXT else f"{value[: _TEXT - 1]}…"
    if isinstance(value, int) and abs(value) < 1 << 53:
        return value
    text = str(value)
    number = float(text)
    return number if abs(number) != float("inf") and len(text) < 25 else text[:_TEXT]


@dataclass(slots=True)
class _Walk:
    """One pass over the events."""

    report: Report
    values: int = 0
    duplicates: int = 0
    duplicate: str = ""
    nans: int = 0
    halves: int = 0
    several: bool = False  # more values than lines
    tree: _Tree = field(default_factory=_Tree)

    def over(self, path: Path, encoding: str, *, without_nan: bool, wary: bool) -> None:
        """Read the whole file. ``_Stumbled`` where it is no JSON, ``Broken`` where it is hostile, ``ManyDigits`` if ``wary`` of them."""
        import ijson
        from ijson.backends import python

        with path.open("rb") as file:
            raw = Utf8(file, encoding, wary=wary, progress=self.report.progress)
            pairs = WholePairs(raw)
            source = WithoutNan(pairs) if without_nan else pairs
            parser = ijson if wary else python
            try:
                events = parser.basic_parse(source, multiple_values=True, buf_size=_BUFFER)
                self._events(events if wary else _measured(events))
            except ijson.JSONError as problem:
                if not wary and _LONG_NUMBER.search(str(problem)):
                    raise Broken("json.huge_number", place=str(raw.at), at=raw.at) from problem
                if self.tree.begun or "premature EOF" not in str(problem):
                    raise _stumble(problem, raw.at) from problem
            except UnicodeDecodeError as problem:
                raise _Stumbled(raw.at, f"⟦не|not⟧ {encoding}", over_nan=False) from problem
            except (SystemError, ValueError) as problem:  # Python refuses whole numbers past 4,300 digits
                raise Broken("json.huge_number", place=str(raw.at), at=raw.at) from problem
            self.halves = pairs.count
            self.several = self.values - raw.lines > 1
            self.nans = source.count if isinstance(source, WithoutNan) else 0

    def _events(self, events: Iterator[tuple[str, Any]]) -> None:
        """The hot loop: millions of turns a second are wanted, so keys are looked up right here."""
        depth, limit, values = 0, self.report.limits["json_depth"], 0
        keys: list[set[str]] = []
        tree, showing = self.tree, True
        for event, value in events:
            if event == "map_key":
                if value in keys[-1]:
                    self.duplicates += 1
                    self.duplicate = self.duplicate or value[:80]
                elif len(keys[-1]) < _KEYS:
                    keys[-1].add(value)
            elif value is None and event != "null":
                if event == "start_map":
                    keys.append(set())
                depth += 1 if event.startswith("start") else -1
                if event == "end_map":
                    keys.pop()
                if depth > limit:
                    raise Broken("json.too_deep", limit=int(limit))
                values += not depth
            elif not depth:
                values += 1
            if showing:
                tree.take(event, value)
                showing = not tree.full
        self.values = values


def _measured(events: Iterator[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    for event, value in events:
        if event == "number" and len(str(value)) > _DIGITS:
            raise ValueError(event)
        yield event, value


def _stumble(problem: Exception, at: int) -> _Stumbled:
    """The parser shows the bytes before and after the place, with an arrow under it."""
    text = problem.args[0] if problem.args else ""
    text = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
    message, _, shown = text.partition("\n")
    context = shown.split("\n", 1)[0].strip()
    # yajl reads a N or I where no value can begin; the word itself stands in what it shows, or was cut by its window.
    over_nan = "invalid char" in message and any(word in shown for word in ("NaN", "Infinity", "Na", "Inf"))
    over_nan = over_nan or ("minus sign" in message and "-I" in shown)
    return _Stumbled(at, f"{message} … {context[-60:]}".strip()[:200], over_nan=over_nan)

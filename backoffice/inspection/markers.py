"""The marketplace's own markers by YARA (M4): a second engine, for what is no virus and has no place in a model all the same.

Runs in the jail, over the upload and every member that has a file there: all of it up to ``[limits] markers_bytes``, the head of larger ones.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import yara_x

from backoffice.inspection.report import Report, Subject
from backoffice.inspection.rules import MARKERS

VERSION = "1"  # of this search; the rules themselves are part of the policy's version
_SECONDS = 20  # for one file


@cache
def _scanner() -> Any:
    scanner = yara_x.Scanner(yara_x.compile(MARKERS.read_text(encoding="utf-8")))
    scanner.set_timeout(_SECONDS)
    return scanner


def look(subject: Subject, head: bytes, report: Report) -> None:
    """One finding for each marker that is there. An engine that gives up is a finding too: nothing is silently passed over.

    ``head`` are the file's first bytes, all of a small file.
    """
    data = head
    if subject.size > len(head):
        with subject.path.open("rb") as file:
            data = file.read(int(report.limits["markers_bytes"]))
    try:
        matching = _scanner().scan(data).matching_rules
    except (yara_x.ScanError, yara_x.TimeoutError) as problem:
        report.find("marker.unread", subject, detail=str(problem)[:200])
        return
    for rule in matching:
        report.find("marker.found", subject, name=str(dict(rule.metadata).get("title", rule.identifier)))

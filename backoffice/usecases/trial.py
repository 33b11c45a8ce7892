"""What an author is told of a trial installation in a letter: how it went, without anything of ours (M6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from babel.numbers import format_decimal

from backoffice.domain.remarks import RemarkDraft
from backoffice.inspection.sandbox import policy
from backoffice.store.listings import Submission
from backoffice.usecases.record_check import current_checks

LOG_LINES = 12
LOG_WIDTH = 160  # characters of one line


def told(remarks: Sequence[RemarkDraft], submission: Submission, language: str) -> dict[str, Any] | None:
    """The transcript in short, when one of the remarks was made from it; None otherwise.

    ``steps`` are {name, took, ok, detail}; ``logs`` the last lines of each service, {service, lines}.
    """
    if not any(remark.rule in policy.rules() for remark in remarks):
        return None
    check = next((check for check in current_checks(submission) if check.kind == "try_install" and check.transcript), None)
    if check is None:
        return None
    seen = check.transcript
    steps = [{**step, "took": format_decimal(round(step["seconds"], 1), locale=language)} for step in seen.get("steps", [])]
    logs = [
        {"service": name, "lines": [line[:LOG_WIDTH] for line in text.splitlines()[-LOG_LINES:]]}
        for name, text in seen.get("logs", {}).items()
        if text
    ]
    return {"steps": steps, "logs": logs}

"""What a Compose file in an archive must never ask for (A10): read by the sandbox's own whitelist, so that both checks refuse the same.

Only what rejects is told here: a privileged or host-reaching config, YAML bombs and tags. The rest is the try-install's to say.
"""

from __future__ import annotations

import tempfile
from pathlib import Path, PurePosixPath

from backoffice.domain.verdicts import Severity
from backoffice.inspection.report import Report, Subject
from backoffice.inspection.sandbox import compose, policy
from backoffice.inspection.sandbox.plan import Plan, Refused, Seen

# What depends on the other files of the archive is judged where they are unpacked.
_NEEDS_THE_ARCHIVE = ("config.escape", "compose.elsewhere")


def weigh(subject: Subject, folder: PurePosixPath, report: Report) -> None:
    """The rejecting findings of one Compose file that stands in ``folder`` of its archive."""
    limits = policy.limits()
    if subject.size > limits["config_bytes"]:
        report.find("config.too_large", subject, size=subject.size, limit=int(limits["config_bytes"]))
        return
    plan = Plan("compose", subject.member or subject.name)
    with tempfile.TemporaryDirectory(prefix="config-") as empty:
        try:
            text = subject.head(subject.size).decode("utf-8-sig", "replace").replace("\r\n", "\n").replace("\r", "\n")
            compose.read(text, plan, root=Path(empty), base=str(folder), limits=limits)
        except Refused as refused:
            plan.seen.append(refused.seen)
    for seen in plan.seen:
        _tell(seen, subject, report)


def _tell(seen: Seen, subject: Subject, report: Report) -> None:
    if report.severities[seen.rule] == Severity.REQUIREMENT and seen.rule not in _NEEDS_THE_ARCHIVE:
        report.find(seen.rule, subject, place=str(seen.line) if seen.line else None, **seen.params)

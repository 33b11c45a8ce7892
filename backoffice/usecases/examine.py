"""From what an inspection saw to what is recorded of a check: the same for the workers and the demo (M4, M5)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path

from backoffice.domain.verdicts import Result, Severity
from backoffice.inspection.runner import Inspection
from backoffice.storage import Storage
from backoffice.store.checks import Check
from backoffice.usecases.record_check import Outcome


def outcome_of(check: Check, seen: Inspection, storage: Storage) -> Outcome:
    """The outcome to record; preview files are stored on the way."""
    return Outcome(
        **{known.name: getattr(seen, known.name) for known in fields(Result)},
        preview_files=keep_previews(storage, check, ((a.name, a.media_type, a.data) for a in seen.attachments)),
        infected=any(f.rule == "antivirus.virus" and f.severity == Severity.REQUIREMENT for f in seen.findings),
    )


def keep_previews(storage: Storage, check: Check, files: Iterable[tuple[str, str, bytes]]) -> list[dict[str, str | int]]:
    """Store preview files under keys of this check; writing one again is harmless."""
    kept: list[dict[str, str | int]] = []
    for name, media_type, data in files:
        key = f"previews/{check.id}/{Path(name).name}"
        storage.put(key, data)
        kept.append({"name": name, "media_type": media_type, "size": len(data), "storage_key": key})
    return kept

"""What the parent takes from the jail's words: only shapes it knows, within its own bounds, as text that can be stored and shown.

A parser in other hands may say anything. What is wrong in shape raises ``ValueError``, ``LookupError``, ``TypeError``, ``AttributeError`` or
``RecursionError``, which ends the conversation as ``jail.output``; a preview file that is not what it claims to be is only left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from backoffice.domain.storable import storable
from backoffice.inspection import rules
from backoffice.inspection.report import Attachment

MEMBER_NAME = 4096  # bytes of a member's name that are kept
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}")
_MAGIC = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff", "audio/wav": b"RIFF"}
_COUNTS = {"bytes", "members", "scanned", "opaque", "failed"}
_KIND = 80  # characters of a format's name
_MOST = 1 << 62  # of any count: more does not fit a column, and no file has it
_LISTS = {"compiled", "model_files", "docker", "sources", "notebooks", "licences", "bytecode"}


def progress(payload: bytes) -> tuple[int, int]:
    """Bytes and members done."""
    done, members = json.loads(payload)
    if not (_count(done) and _count(members)):
        raise ValueError("progress")
    return done, members


def member(payload: bytes) -> str:
    """The name of a member that goes to the antivirus."""
    return str(storable(payload[:MEMBER_NAME].decode("utf-8", "replace")))


def attachment(payload: bytes) -> Attachment | None:
    """A preview file, or None when its name, size or first bytes are not what they should be."""
    header, _, data = payload.partition(b"\n")
    told = json.loads(header)
    name, magic = Path(str(told["name"])).name, _MAGIC.get(told["media_type"])
    if (
        magic is None
        or not data.startswith(magic)
        or len(data) > rules.limits()["attachment_bytes"]
        or not _FILE_NAME.fullmatch(name)
    ):
        return None
    return Attachment(name, told["media_type"], data)


def report(payload: bytes) -> dict[str, Any]:
    """The report, with every text fit to be stored; its rules are ours and its counts are counts."""
    if len(payload) > rules.limits()["result_bytes"]:
        raise ValueError("the report is too long")
    told: dict[str, Any] = storable(json.loads(payload))
    if not _well_formed(told):
        raise ValueError("the report has another shape")
    return told


def _count(number: Any) -> bool:
    return isinstance(number, int) and 0 <= number <= _MOST


def _well_formed(told: Mapping[str, Any]) -> bool:
    counts, entries = told["coverage"], told["preview"].get("entries", [])
    return (
        len(told["detected"]) <= _KIND
        and set(counts) == _COUNTS
        and all(map(_count, counts.values()))
        and len(told["findings"]) <= rules.limits()["findings"]
        and all(row["rule"] in rules.rules() and isinstance(row["params"], dict) for row in told["findings"])
        and all(isinstance(told["facts"].get(name, []), list) for name in _LISTS)
        and isinstance(entries, list)
        and all(isinstance(entry, dict) for entry in entries)
        and all(set(tool) == {"name", "version", "seconds"} and 0 <= tool["seconds"] < _MOST for tool in told["tools"])
    )

"""Previews of an archive's members, cut down so that a moderator sees what lies inside without unpacking anything (M3, M5)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from backoffice.inspection.archives import shown
from backoffice.inspection.report import Attachment, Report

# Longest of what a member's preview keeps: characters of texts, rows of lists.
_LONGEST = {
    "text": 4000,
    "html": 8000,
    "rows": 10,
    "columns": 40,
    "entries": 100,
    "disassembly": 40,
    "imports": 40,
    "tree": 4000,
    "hex": 600,
}
_FILES = ("file", "files", "frames")


def weight(preview: dict[str, Any]) -> int:
    """Bytes of its JSON, whatever text is in it: half a surrogate pair becomes storable only outside of the jail."""
    return len(json.dumps(preview, default=str, ensure_ascii=False).encode("utf-8", "surrogatepass"))


@dataclass(slots=True)
class Kept:
    """The members' previews of one upload so far, in the order of the archive."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    size: int = 0

    def add(self, name: str, seen: Report) -> None:
        """Keep a member's preview while there is room: of each, and of all together."""
        limits = seen.limits
        if not seen.preview or len(self.rows) >= limits["member_previews"] or self.size >= limits["member_previews_bytes"]:
            return
        number = len(self.rows)
        preview = _cut(seen.preview)
        files = [file for file in seen.attachments if len(file.data) <= limits["attachment_bytes"]][:2]
        room = int(limits["attachments"]) - len(self.attachments)
        renamed = {file.name: f"member{number}-{file.name}" for file in files[:room]}
        _rename(preview, renamed)
        size = weight(preview)
        if size > limits["member_preview_bytes"]:
            return
        self.attachments += [Attachment(renamed[file.name], file.media_type, file.data) for file in files[:room]]
        self.rows.append({"name": shown(name), "preview": preview})
        self.size += size


def _cut(preview: dict[str, Any]) -> dict[str, Any]:
    short = {
        key: value[: _LONGEST[key]] if key in _LONGEST and isinstance(value, str | list) else value
        for key, value in preview.items()
    }
    if short.get("kind") == "table" and isinstance(short.get("rows"), list):
        short["rows"] = [row[: _LONGEST["columns"]] for row in short["rows"]]
    if short.get("html") != preview.get("html"):
        del short["html"]  # half a document is no document: its text remains
    short.pop("members", None)
    return short


def _rename(preview: dict[str, Any], renamed: dict[str, str]) -> None:
    """The names of picture files follow; those without room for their file go."""
    for key in _FILES:
        value = preview.get(key)
        if isinstance(value, list):
            preview[key] = [renamed[name] for name in value if name in renamed]
        elif isinstance(value, str):
            preview[key] = renamed.get(value, "")

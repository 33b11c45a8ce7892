"""What a Compose service mounts: a folder beside the config at most (A10); runs inside the jail only.

A client "names the folder with data": a relative folder that is missing or empty in the archive, or is called like data, is that folder.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backoffice.inspection.sandbox.lines import Item
from backoffice.inspection.sandbox.plan import Service

if TYPE_CHECKING:
    from backoffice.inspection.sandbox.compose import Reading

DATA = re.compile(r"data|dataset|input|sample|данные", re.IGNORECASE)
SOCKET = re.compile(r"(docker|containerd|podman)\S*\.sock|^\\\\\.\\pipe", re.IGNORECASE)


def looks_like_data(path: str) -> bool:
    """Whether the last part of a path is what people call their data."""
    return bool(DATA.search(path.rstrip("/").rpartition("/")[2]))


def add_volume(reading: Reading, service: Service, item: Item) -> None:
    """One entry of ``volumes:``, short or long, onto the service; or a finding."""
    if isinstance(item.value, dict):
        kind = reading.text(item.get("type")) or "volume"
        source, target = reading.text(item.get("source")), reading.text(item.get("target"))
        if kind == "tmpfs":
            source = ""
        elif kind not in ("bind", "volume"):
            reading.plan.see("compose.mount", line=item.line, value=f"type: {kind}")
            return
    else:
        kind = ""
        source, target = _short(reading.text(item))
    if not target.startswith("/") or target == "/":
        reading.plan.see("compose.invalid", line=item.line, key="volumes", detail=(target or source)[:120])
        return
    if not source or (kind != "bind" and _is_name(source)):
        service.scratch.append(target)
        return
    _folder(reading, service, item, source, target)


def _short(text: str) -> tuple[str, str]:
    parts = text.split(":")
    if re.fullmatch(r"[a-zA-Z]", parts[0]) and len(parts) > 2:  # C:\folder:/target
        parts = [f"{parts[0]}:{parts[1]}", *parts[2:]]
    return ("", parts[0]) if len(parts) == 1 else (parts[0], parts[1])


def _is_name(source: str) -> bool:
    return not source.startswith((".", "/", "~", "\\")) and "/" not in source and ":" not in source


def _folder(reading: Reading, service: Service, item: Item, source: str, target: str) -> None:
    if SOCKET.search(source):
        reading.plan.see("compose.socket", line=item.line, value=source[:200])
        return
    if source.startswith(("/", "~", "\\")) or ":" in source:
        reading.plan.see("compose.mount", line=item.line, value=source[:200])
        return
    path = reading.inside(source, item.line)
    if path is None:
        return
    place = reading.root / path
    empty = not place.exists() or (place.is_dir() and not any(place.iterdir()))
    if path and (empty or looks_like_data(path)):
        service.data.append(target)
    else:
        service.mounts.append((path, target))

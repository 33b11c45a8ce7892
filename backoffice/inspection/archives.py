"""What all archives have in common: names, limits, bombs, and handing each member to the examiner its content asks for (M5, A10).

An examiner of one kind of archive lists its ``Entry`` rows, calls ``look_over`` once, then ``take`` for each file with its unpacked bytes.
"""

from __future__ import annotations

import atexit
import hashlib
import re
import shutil
import tempfile
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from backoffice.inspection import archive_rules, detect
from backoffice.inspection.report import Broken, Report, Subject, missing

CHUNK = 1 << 20
ALONE_FROM = 64 << 20  # bytes of a 7z past which every member is handed to the antivirus, and the archive itself need not be
_REUSED = 1 << 20  # bytes of a member whose file in the spool is written over by the next: making and removing files costs more
_DRIVE = re.compile(r"^[A-Za-z]:")
_RESERVED = re.compile(r"(?:^|/)(?:con|prn|aux|nul|com[1-9]|lpt[1-9])(?:\.[^/]*)?(?:/|\Z)", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")  # Unicode's category Cc
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f]")
_TAIL = re.compile(r"[^/][ .](?:/|\Z)|(?:^|/) (?:/|\Z)")  # of a part of the path; a part that is a dot is meant so
_SPECIAL = re.compile(r'[<>:"|?*]')


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of an archive's list of contents. Sizes in bytes; ``packed`` is None where the format does not say."""

    name: str
    size: int
    packed: int | None = None
    kind: str = "file"  # file | folder | link | special
    target: str = ""  # of a link
    encrypted: bool = False


def look_over(entries: Sequence[Entry], subject: Subject, report: Report, *, counts_as_empty: bool = True) -> None:
    """The rules about the list itself. ``Broken`` for what makes unpacking pointless or dangerous: a bomb, encryption."""
    preview(entries, subject, report)
    if any(entry.encrypted for entry in entries):
        raise Broken("archive.encrypted")
    if counts_as_empty and not any(entry.kind == "file" for entry in entries):
        report.find("archive.empty", subject)
    _against_bombs(entries, subject, report)
    _against_names(entries, subject, report)


def _against_bombs(entries: Sequence[Entry], subject: Subject, report: Report) -> None:
    limits, spent = report.limits, _spent(report)
    spent["members"] += len(entries)
    if spent["members"] > limits["archive_members"]:
        raise Broken("archive.bomb", detail=f"⟦файлов|files⟧: {spent['members']} > {int(limits['archive_members'])}")
    declared = sum(entry.size for entry in entries)
    if declared + spent["bytes"] > limits["archive_bytes"]:
        raise Broken("archive.bomb", detail=f"⟦{declared + spent['bytes']}⟧ > ⟦{int(limits['archive_bytes'])}⟧")
    packed = max(subject.size, 1)
    if declared > limits["archive_ratio_from"] and declared / packed > limits["archive_ratio"]:
        raise Broken("archive.bomb", detail=f"×{declared // packed}")


def _against_names(entries: Sequence[Entry], subject: Subject, report: Report) -> None:
    seen: dict[str, str] = {}
    folded: dict[str, str] = {}
    for entry in entries:
        name = entry.name.replace("\\", "/").rstrip("/")
        if leads_out(entry.name):
            report.find("archive.traversal", subject, name=shown(entry.name))
        elif oddity := _oddity(entry.name, int(report.limits["archive_name_bytes"])):
            report.find("archive.odd_name", subject, name=shown(entry.name), detail=oddity)
        if entry.kind == "link":
            report.find("archive.link", subject, name=shown(entry.name), target=shown(entry.target or "?"))
        elif entry.kind == "special":
            report.find("archive.special", subject, name=shown(entry.name), detail=entry.target or "?")
        if entry.kind == "folder":
            continue
        alike = unicodedata.normalize("NFC", name).casefold()
        if name in seen:
            report.find("archive.duplicate", subject, name=shown(entry.name))
        elif other := folded.get(alike):
            report.find("archive.case_collision", subject, name=shown(entry.name), other=shown(other))
        seen[name] = folded[alike] = name


def leads_out(name: str) -> bool:
    """Whether unpacking this name could write outside of the folder that was meant."""
    plain = name.replace("\\", "/")
    return plain.startswith("/") or bool(_DRIVE.match(plain)) or ".." in plain.split("/")


def _oddity(name: str, longest: int) -> str:
    """What is odd in a name, in both languages for the finding's words; empty when nothing is."""
    if _CONTROL.search(name):
        return "⟦управляющие символы|control characters⟧"
    if _BIDI.search(name):
        return "⟦символы направления письма|text direction marks⟧"
    if "\\" in name:
        return "⟦обратная косая черта|backslash⟧"
    if not name or len(name.encode("utf-8", "replace")) > longest:
        return "⟦длина имени|length⟧"
    path = name.rstrip("/")
    if _RESERVED.search(path):
        return "⟦имя занято Windows|reserved by Windows⟧"
    if _TAIL.search(path):
        return "⟦пробел или точка в конце|trailing space or dot⟧"
    return '⟦знаки|characters⟧ <>:"|?*' if _SPECIAL.search(name) else ""


def plain(text: str) -> str:
    """The text with control and direction characters written out."""
    if text.isprintable():
        return text
    return "".join(f"\\x{ord(c):02x}" if unicodedata.category(c) in ("Cc", "Cf", "Cs") else c for c in text)


def shown(name: str) -> str:
    """A name that is safe to show: ``plain``, and the middle of a long one is left out."""
    safe = plain(name)
    return safe if len(safe) <= 200 else f"{safe[:120]}…{safe[-70:]}"


def _spent(report: Report) -> dict[str, int]:
    """What the whole upload has unpacked so far, all levels together. Taken out of the facts when the examination ends."""
    spent: dict[str, int] = report.facts.setdefault("_spent", {"members": 0, "bytes": 0})
    return spent


def bounded(chunks: Iterable[bytes], *, size: int, packed: int | None, report: Report) -> Iterator[bytes]:
    """The same bytes, no more of them than was declared and than the limits allow. ``Broken`` otherwise."""
    limits, spent, done = report.limits, _spent(report), 0
    for chunk in chunks:
        done += len(chunk)
        spent["bytes"] += len(chunk)
        if done > size:
            raise Broken("archive.bomb", detail=f"> ⟦{size}⟧")
        if done > limits["archive_member_bytes"] or spent["bytes"] > limits["archive_bytes"]:
            raise Broken("archive.bomb", detail=f"> ⟦{spent['bytes']}⟧")
        if packed and done > limits["archive_ratio_from"] and done / packed > limits["archive_ratio"]:
            raise Broken("archive.bomb", detail=f"×{done // packed}")
        yield chunk
        if report.progress is not None:
            report.progress(spent["bytes"], spent["members"])
    if done < size:
        raise Broken("archive.damaged", detail=missing(done, size))


def take(entry: Entry, chunks: Iterable[bytes], subject: Subject, report: Report, *, feed: bool) -> None:
    """Examine one unpacked file: spool it, hand it to the antivirus if ``feed``, descend, count it. Reads ``chunks`` to their end.

    A small text stays in memory.
    """
    name = shown(entry.name)
    member = f"{subject.member}!/{name}" if subject.member else name
    stream = bounded(chunks, size=entry.size, packed=entry.packed, report=report)
    row = report.facts.get("_rows", {}).get(name) if subject.depth == 0 else None
    if row is not None:
        stream = _summed(stream, row)
    path = _spool(subject.depth) / f"member{_suffix(entry.name)}"
    try:
        data = b"".join(stream) if entry.size <= detect.HEAD else None
        if data is not None:
            stream = iter((data,))
        if data is None or detect.by_magic(data, entry.name) != "text":
            stream = _written(stream, path, entry)
        if feed:
            report.feed(member, stream)
        for _ in stream:  # what the antivirus did not ask for is still read to the end
            pass
        _descend(Subject(path, entry.name, subject.slot, entry.size, member, subject.depth + 1, data), report)
    finally:
        if entry.size > _REUSED:
            path.unlink(missing_ok=True)


def _summed(chunks: Iterable[bytes], row: dict[str, Any]) -> Iterator[bytes]:
    """The same bytes; at their end the row of the preview has their SHA-256, by which two versions of an archive are compared."""
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk)
        yield chunk
    row["sha256"] = digest.hexdigest()


@cache
def _spool(depth: int) -> Path:
    """A folder for the one member that is being looked at on this level; made once, because making them costs more than small members do."""
    folder = Path(tempfile.mkdtemp(prefix=f"level-{depth}-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _suffix(name: str) -> str:
    extension = detect.extension(name)
    return extension if extension in detect.FORMAT_OF_EXTENSION else ""


def _written(chunks: Iterable[bytes], path: Path, entry: Entry) -> Iterator[bytes]:
    """Write what is read; of a large file that nobody can look into, only the head, from which its kind is told again."""
    done, whole = 0, True
    with path.open("r+b" if path.exists() else "w+b") as file:
        for chunk in chunks:
            if done == 0 and len(chunk) >= CHUNK // 2:
                whole = detect.somebody_may_look(chunk[: detect.HEAD], entry.name)
            if whole or done == 0:
                file.write(chunk)
            done += len(chunk)
            yield chunk
        file.truncate()


def _descend(inner: Subject, report: Report) -> None:
    if report.descend is None:
        report.cover(opaque=1, size=inner.size)
        return
    report.descend(inner, report)


def descend_or_refuse(subject: Subject, report: Report) -> None:
    """Called by an archive's examiner first: an archive below the allowed depth is refused, unread."""
    if subject.depth > report.limits["archive_depth"]:
        raise Broken("archive.too_deep", limit=int(report.limits["archive_depth"]))


def preview(entries: Sequence[Entry], subject: Subject, report: Report) -> None:
    """The tree for the moderator, of the upload itself only: names, sizes, flags."""
    most = int(report.limits["archive_tree_entries"])
    rows = [{"name": shown(entry.name), "size": entry.size, "flags": _flags(entry)} for entry in entries[:most]]
    report.preview = {
        "kind": "tree",
        "entries": rows,
        "total": len(entries),
        "bytes": sum(entry.size for entry in entries),
        "truncated": len(entries) > most,
    }
    if subject.depth == 0:
        report.facts["members"] = len(entries)
        report.facts["_rows"] = {row["name"]: row for row in rows}
    archive_rules.paths([entry.name for entry in entries], subject, report)


def _flags(entry: Entry) -> list[str]:
    flags = [] if entry.kind == "file" else [entry.kind]
    if entry.encrypted:
        flags.append("encrypted")
    if leads_out(entry.name):
        flags.append("traversal")
    return flags

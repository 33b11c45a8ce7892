"""Every object of a PDF, judged by what it would do: run, launch, fetch, or carry (ISO 32000-2, 12.6).

qpdf resolves object streams and the ``#xx`` spelling of names, behind which actions hide.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pikepdf

_ACTIONS = {
    "/JavaScript": "pdf.javascript", "/Launch": "pdf.launch", "/SubmitForm": "pdf.remote", "/ImportData": "pdf.remote", "/GoToR": "pdf.remote",
    "/GoToE": "pdf.embedded", "/Rendition": "pdf.embedded", "/Movie": "pdf.embedded", "/Sound": "pdf.embedded", "/RichMediaExecute": "pdf.embedded",
}  # fmt: skip
_CARRIERS = {"/FileAttachment", "/RichMedia", "/Screen", "/Movie", "/Sound", "/3D"}
_HARMLESS_LINK = re.compile(r"^\s*(https?|mailto|tel|ftp):|^[^:]*$", re.IGNORECASE)
_DEEPEST = 200

Said = tuple[str, str]  # rule, detail


def judged(objects: Any) -> Iterator[tuple[int, Said]]:
    """What each object would do, with the object's number."""
    for thing in objects:
        number = thing.objgen[0] if getattr(thing, "is_indirect", False) else 0
        for said in _of(thing, 0):
            yield number, said


def _of(thing: Any, depth: int) -> Iterator[Said]:
    if depth > _DEEPEST:
        yield "pdf.bomb", f"⟦вложенность|nesting⟧ > {_DEEPEST}"
        return
    if isinstance(thing, pikepdf.Array):
        children = list(thing)
    elif isinstance(thing, pikepdf.Dictionary | pikepdf.Stream):
        rows = thing.stream_dict if isinstance(thing, pikepdf.Stream) else thing
        yield from _of_dictionary(rows, is_stream=isinstance(thing, pikepdf.Stream))
        children = [rows[key] for key in rows.keys()]  # noqa: SIM118  (pikepdf iterates over keys only by this name)
    else:
        return
    for child in children:
        if isinstance(child, pikepdf.Array | pikepdf.Dictionary) and not child.is_indirect:
            yield from _of(child, depth + 1)


def _of_dictionary(rows: Any, *, is_stream: bool) -> Iterator[Said]:
    action, subtype = _name(rows, "/S"), _name(rows, "/Subtype")
    if "/JS" in rows:
        yield "pdf.javascript", "/JS"
    elif action in _ACTIONS and _name(rows, "/Type") in ("", "/Action"):
        yield _ACTIONS[action], action
    if action == "/URI" and "/URI" in rows and not _HARMLESS_LINK.match(str(rows["/URI"])):
        yield "pdf.remote", str(rows["/URI"])[:100]
    if "/EF" in rows or _name(rows, "/Type") == "/EmbeddedFile":
        yield "pdf.embedded", str(rows.get("/UF", rows.get("/F", "/EmbeddedFile")))[:100]
    if subtype in _CARRIERS and ("/Rect" in rows or subtype in ("/RichMedia", "/3D")):
        yield "pdf.embedded", subtype
    if is_stream and "/F" in rows and "/Length" in rows:
        yield "pdf.remote", "⟦внешний поток|external stream⟧"


def _name(rows: Any, key: str) -> str:
    value = rows.get(key)
    return str(value) if isinstance(value, pikepdf.Name) else ""

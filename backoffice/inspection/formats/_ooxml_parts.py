"""What the XML parts of a Word document say: outside relationships, fields that fetch or run, entity tricks (ECMA-376, parts 1 and 2)."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from urllib.parse import unquote

from lxml import etree

from backoffice.inspection.formats._quoted import spelled
from backoffice.inspection.report import Broken

_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_STRICT = "{http://purl.oclc.org/ooxml/wordprocessingml/main}"
_DOCTYPES = ("<!DOCTYPE", "<!ENTITY")
_HARMLESS = re.compile(r"^(https?|mailto|tel|ftp|skype|callto):", re.IGNORECASE)
_SCHEME = re.compile(r"^([a-z][a-z0-9+.-]+):", re.IGNORECASE)
_ELSEWHERE = re.compile(r"^(https?:|ftp:|//|\\\\|file:/*(\\\\|//)?[^/\\:|]+[/\\][^:|]*$)", re.IGNORECASE)
_LOCAL = re.compile(r"^(file:/+)?[a-z][:|][/\\]", re.IGNORECASE)
_RUNS_FIELD = re.compile(r"^\s*\"?\s*DDE(AUTO)?\b", re.IGNORECASE)
_FETCHES = re.compile(r"^\s*(INCLUDETEXT|INCLUDE|IMPORT|LINK|RD|DATABASE)\b", re.IGNORECASE)
_PICTURE = re.compile(r"^\s*INCLUDEPICTURE\s+\"?\s*((?:https?:|ftp:|//|\\\\)[^\"\s]*)", re.IGNORECASE)
_LONGEST_FIELD = 10_000  # characters

Said = tuple[str, str]  # rule, detail


def parsed(data: bytes, name: str) -> Iterator[tuple[str, etree._Element]]:
    """Start and end of each element, freed as they pass. ``Broken`` for a DTD and for XML that is not well-formed."""
    for text in _DOCTYPES:
        if any(text.encode(encoding) in data for encoding in ("ascii", "utf-16-le", "utf-16-be")):
            raise Broken("docx.entity", place=name)
    walk = etree.iterparse(io.BytesIO(data), events=("start", "end"), resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True,
                           remove_pis=True)  # fmt: skip
    root: etree._Element | None = None
    try:
        for event, element in walk:
            if root is None:
                root = element
                if root.getroottree().docinfo.doctype:
                    raise Broken("docx.entity", place=name)
            yield str(event), element
            if event == "end":
                element.clear()
                while element.getprevious() is not None:
                    del element.getparent()[0]
    except etree.XMLSyntaxError as problem:
        raise Broken("format.damaged", place=name, detail=str(problem)[:200]) from problem


def relationships(data: bytes, name: str) -> Iterator[Said]:
    """Of a ``.rels`` part: everything that leads out of the document, and what it carries."""
    for event, element in parsed(data, name):
        if event != "start" or etree.QName(element).localname != "Relationship":
            continue
        kind = str(element.get("Type", "")).rpartition("/")[2].lower()
        target = unquote(str(element.get("Target", ""))).strip()
        if str(element.get("TargetMode", "")).lower() == "external" or _ELSEWHERE.match(target):
            yield from _external(kind, target)
        elif kind in ("oleobject", "control", "activexcontrolbinary", "afchunk", "subdocument", "frame"):
            yield "docx.embedded", f"{kind}: {target}"[:100]
        elif kind == "vbaproject":
            yield "docx.macros", target[:100]


def _external(kind: str, target: str) -> Iterator[Said]:
    scheme = _SCHEME.match(target)
    if kind == "hyperlink":
        if _HARMLESS.match(target) or target.startswith("#") or (scheme is None and not _ELSEWHERE.match(target)):
            return
        yield ("docx.local_link" if _LOCAL.match(target) or (scheme and scheme[1].lower() == "file" and not _ELSEWHERE.match(target))
               else "docx.external"), target[:100]  # fmt: skip
    elif kind in ("image", "hdphoto", "video", "audio", "media"):
        yield ("docx.remote_image" if _ELSEWHERE.match(target) else "docx.local_link"), target[:100]
    elif kind == "attachedtemplate" and not _ELSEWHERE.match(target):
        yield "docx.local_link", target[:100]
    else:
        yield "docx.external", f"{kind}: {target}"[:100]


def fields(data: bytes, name: str) -> Iterator[Said]:
    """Of a part with text: fields that run programs or fetch files, however they are split over runs."""
    open_fields: list[str] = []
    for event, element in parsed(data, name):
        tag = str(element.tag).removeprefix(_WORD).removeprefix(_STRICT)
        if event == "start" and tag == "fldSimple":
            code = _attribute(element, "instr")
            yield from _of_field(code)
            _add(open_fields, spelled(code))
        elif event == "start" and tag == "fldChar":
            kind = _attribute(element, "fldCharType")
            if kind == "begin":
                open_fields.append("")
            elif kind in ("separate", "end") and open_fields:
                code = open_fields.pop() if kind == "end" else open_fields[-1]
                yield from _of_field(code)
                if kind == "end":
                    _add(open_fields, spelled(code))
        elif event == "end" and tag in ("instrText", "delInstrText") and open_fields:
            _add(open_fields, element.text or "")
        elif event == "end" and tag in ("instrText", "delInstrText"):
            yield from _of_field(element.text or "")


def _add(open_fields: list[str], text: str) -> None:
    """More of the code of the innermost open field."""
    if open_fields:
        open_fields[-1] = (open_fields[-1] + text)[:_LONGEST_FIELD]


def _attribute(element: etree._Element, name: str) -> str:
    return str(element.get(_WORD + name) or element.get(_STRICT + name) or "")


def _of_field(text: str) -> Iterator[Said]:
    if _RUNS_FIELD.match(text):
        yield "docx.dde", " ".join(text.split())[:100]
    elif found := _PICTURE.match(text):
        yield "docx.remote_image", found[1][:100]
    elif _FETCHES.match(text):
        yield "docx.external", " ".join(text.split())[:100]


def content_types(data: bytes) -> Iterator[str]:
    """The content types of all parts, lower case."""
    for event, element in parsed(data, "[Content_Types].xml"):
        if event == "start" and element.get("ContentType"):
            yield str(element.get("ContentType")).lower()

"""What documents have in common: clean HTML and plain text for the moderator, within the size of a preview; the licence they name."""

from __future__ import annotations

import html as entities
import json
import re
from typing import Any

import nh3

from backoffice.inspection.report import Report

# No pictures (they would be fetched), no links (a moderator's click tells the author who looks), no styles.
_TAGS = {
    "h1", "h2", "h3", "h4", "h5", "h6", "p", "br", "hr", "ul", "ol", "li", "blockquote", "pre", "code", "em", "strong", "b", "i", "u", "s", "del",
    "sub", "sup", "table", "thead", "tbody", "tr", "th", "td", "dl", "dt", "dd", "kbd",
}  # fmt: skip
_SPARE = 4_000  # bytes of the preview for everything that is neither HTML nor text
_BREAKS = re.compile(r"</(?:p|h[1-6]|li|tr|blockquote|pre|dt|dd)>|<(?:br|hr)[^>]*>", re.IGNORECASE)
_TAG = re.compile(r"<[^>]{0,10000}>")
_PICTURE = re.compile(r"<img\b[^>]{0,10000}>", re.IGNORECASE)
_BLANKS = re.compile(r"\n\s*\n\s*(?:\n\s*)+")
_LICENCES = (
    ("Apache-2.0", re.compile(r"apache license,?\s+version 2\.0|лицензи\w+ apache 2\.0", re.IGNORECASE)),
    ("MIT", re.compile(r"\bMIT license\b|лицензи\w+ MIT\b|permission is hereby granted, free of charge", re.IGNORECASE)),
    ("AGPL-3.0", re.compile(r"gnu affero general public license", re.IGNORECASE)),
    ("LGPL", re.compile(r"gnu (?:lesser|library) general public license", re.IGNORECASE)),
    ("GPL", re.compile(r"gnu general public license", re.IGNORECASE)),
    ("BSD", re.compile(r"redistribution and use in source and binary forms|\bBSD-[23]-clause\b|лицензи\w+ BSD\b", re.IGNORECASE)),
    ("MPL-2.0", re.compile(r"mozilla public license,?\s+(?:version|v\.?)?\s*2\.0", re.IGNORECASE)),
    ("CC", re.compile(r"\bcreative commons\b|\bCC[ -]BY\b", re.IGNORECASE)),
)


def clean(html: str) -> str:
    """Markup that neither runs nor fetches anything; where a picture stood, ▣."""
    return nh3.clean(_PICTURE.sub("▣", html), tags=_TAGS, attributes={}, clean_content_tags={"script", "style"}, link_rel=None)


def plain(html: str) -> str:
    """The words of clean HTML, a paragraph a line."""
    text = entities.unescape(_TAG.sub("", _BREAKS.sub("\n", html)))
    return _BLANKS.sub("\n\n", text).strip()


def show(report: Report, *, html: str = "", text: str, **more: Any) -> None:
    """Set the preview to a document, both texts cut to fit, and the facts for search: length and licence."""
    room = int(report.limits["preview_bytes"]) - _SPARE - len(json.dumps(more))
    kept = _cut(text, room // 2 if html else room)
    report.preview = {"kind": "document", "text": kept, **more}
    if html:
        report.preview["html"] = clean(_cut(html, room // 2 - 1_000))
    if len(kept) < len(text):
        report.preview["truncated"] = True
    report.facts.setdefault("text_length", len(text))
    for licence, words in _LICENCES:
        if words.search(text[:200_000]):
            report.facts.setdefault("license", licence)
            break


def _cut(text: str, room: int) -> str:
    """The beginning that takes no more than ``room`` bytes as JSON with escaped letters."""
    text = text[:room]
    while text and (size := len(json.dumps(text))) > room:
        text = text[: min(int(len(text) * room / size), len(text) - 1)]
    return text


def decoded(data: bytes) -> tuple[str, int | None]:
    """The text, and the byte where UTF-8 that is otherwise right breaks off (None when it does not). UTF-16 by its mark, else a code page."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return data.decode("utf-16"), None
        except UnicodeDecodeError as problem:
            return data.decode("utf-16", "replace"), problem.start
    try:
        return data.decode("utf-8-sig"), None
    except UnicodeDecodeError as problem:
        text = data.decode("utf-8", "surrogateescape")
        bad = sum(1 for letter in text if "\udc80" <= letter <= "\udcff")
        good = sum(1 for letter in text if ord(letter) > 127) - bad
        if good > 2 * bad:
            return data.decode("utf-8", "replace"), problem.start
    pages = ("cp1251", "koi8_r", "cp866")
    texts = {page: data.decode(page, "replace") for page in pages}
    best = max(pages, key=lambda page: sum(texts[page][:100_000].count(letter) for letter in "оеаинтсрвл"))
    return texts[best], None

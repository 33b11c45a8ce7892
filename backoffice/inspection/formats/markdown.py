"""Markdown (CommonMark 0.31 with tables): text in one encoding, without markup that runs, and without pictures from elsewhere (A8, A9)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token

from backoffice.inspection import detect
from backoffice.inspection.formats import _documents as documents
from backoffice.inspection.report import Broken, Report, Subject

NAME = "md"
VERSION = "2"

_LARGEST_TEXT = 2_000_000  # characters without embedded pictures: the parser takes about three seconds for each million
_EMBEDDED = re.compile(r"data:image/(?:png|jpe?g|gif|webp);base64,[A-Za-z0-9+/=\s]{100,}?(?=[)\"'>\]]|$)")
_PAGE = re.compile(r"\s*(?:<!doctype html|<html[\s>])", re.IGNORECASE)
_RUNS = re.compile(
    r"<\s*(script|iframe|object|embed|applet|form|meta|base|link|frame|frameset)\b|\bon[a-z]{3,20}\s*=\s*[\"'a-z(]|\b(?:java|vb)script\s*:",
    re.IGNORECASE,
)
_PICTURE = re.compile(
    r"<\s*(?:img|source|video|audio|image|input)\b[^>]*?\b(?:src|srcset|href|poster)\s*=\s*[\"']?\s*([^\"'\s>]+)", re.IGNORECASE
)
_STYLE_URL = re.compile(r"url\(\s*[\"']?\s*((?:https?:)?//[^\"')\s]+)", re.IGNORECASE)
_SCHEMES = ("javascript", "vbscript", "data", "file")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")


def examine(subject: Subject, report: Report) -> None:
    """Read it whole, parse it, judge raw HTML and where pictures and links lead."""
    text, bad = documents.decoded(subject.path.read_bytes())
    if bad is not None:
        raise Broken("format.damaged", place=str(bad), detail="UTF-8")
    if found := _CONTROL.search(text):
        raise Broken("format.damaged", place=str(found.start()), detail=f"U+{ord(found[0]):04X}")
    if _PAGE.match(text):
        raise Broken("format.mismatch", claimed=".md", detected=detect.said("html"))
    if not text.strip():
        report.find("format.empty", subject)
    text = _EMBEDDED.sub("data:,", text)
    if len(text) > _LARGEST_TEXT:
        raise Broken("md.too_long", characters=len(text))
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    parser.validateLink = _any_link  # type: ignore[method-assign]  # every link is judged below; here none may hide as text
    tokens = parser.parse(text)
    _judge(tokens, subject, report)
    html = documents.clean(
        MarkdownIt("commonmark", {"html": False})
        .enable(["table", "strikethrough"])
        .render(text[: int(report.limits["preview_bytes"])])
    )
    documents.show(report, html=html, text=text)
    report.cover(scanned=1, size=subject.size)


def _any_link(url: str) -> bool:  # noqa: ARG001
    return True


def _flat(tokens: Sequence[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _flat(token.children or ())


def _judge(tokens: Sequence[Token], subject: Subject, report: Report) -> None:
    """One finding of each rule is enough; its place is the first line."""
    told: set[str] = set()
    line = 1
    for token in _flat(tokens):
        line = token.map[0] + 1 if token.map else line
        for rule, params in _of(token):
            if rule not in told:
                told.add(rule)
                report.find(rule, subject, place=str(line), **params)


def _of(token: Token) -> Iterator[tuple[str, dict[str, str | float]]]:
    if token.type in ("html_block", "html_inline"):
        yield from _of_html(token.content)
    elif token.type == "image" and _is_remote(str(token.attrs.get("src", ""))):
        yield "md.remote_image", {"host": _host(str(token.attrs.get("src", "")))}
    elif token.type == "link_open":
        href = re.sub(r"[\s\x00-\x20]", "", str(token.attrs.get("href", ""))).lower()
        scheme = href.partition(":")[0]
        if ":" in href and scheme in _SCHEMES and not href.startswith("data:image/"):
            yield "md.active", {"detail": f"{scheme}:"}


def _of_html(markup: str) -> Iterator[tuple[str, dict[str, str | float]]]:
    if markup.startswith("<!--"):
        return
    if found := _RUNS.search(markup):
        yield "md.active", {"detail": found[0].strip()[:40]}
    for found in (*_PICTURE.finditer(markup), *_STYLE_URL.finditer(markup)):
        if _is_remote(found[1]):
            yield "md.remote_image", {"host": _host(found[1])}


def _is_remote(address: str) -> bool:
    plain = re.sub(r"[\s\x00-\x20]", "", address).replace("\\", "/").lower()
    return plain.startswith(("http:", "https:", "ftp:", "//"))


def _host(address: str) -> str:
    try:
        return (urlsplit(address).hostname or address)[:100]
    except ValueError:
        return address[:100]

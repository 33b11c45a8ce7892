"""The encoding of a text, told from the whole of it: UTF-8 is proved to the last byte, a code page is recognised by its letters."""

from __future__ import annotations

import codecs
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

CHUNK = 1 << 20
_SAMPLE = 65_536
# Letters that make up most of any Russian text; the same bytes read in a wrong code page give rare ones.
_FREQUENT = set("оеаинтсрвлкмдпу")
_CODE_PAGES = ("cp1251", "cp866", "koi8_r", "mac_cyrillic")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DELETE_ORDINARY = bytes(code for code in range(256) if code >= 32 or code in (9, 10, 12, 13))


@dataclass(frozen=True, slots=True)
class Encoding:
    """``name`` as Python knows it. ``damaged_at``: the byte where text that is UTF-8 otherwise stops being so, or None."""

    name: str
    damaged_at: int | None = None
    nul_at: int | None = None
    controls: int = 0  # control characters other than tab, line ends and form feed; a final ^Z does not count


def of_file(path: Path) -> Encoding:
    """Read the file to its end and say how it is written. ASCII is told as UTF-8."""
    with path.open("rb") as file:
        start = file.read(4)
    marked = next((name for mark, name in _MARKS if start.startswith(mark)), "")
    if marked.startswith(("utf-16", "utf-32")):
        return Encoding(marked)
    odd_at, nul_at, controls = _walk(path)
    if odd_at is None:
        return Encoding(marked or "utf-8", None, nul_at, controls)
    sample = _sample(path, odd_at)
    if marked or _mostly_utf8(sample):
        return Encoding(marked or "utf-8", odd_at, nul_at, controls)
    return Encoding(_code_page(sample), None, nul_at, controls)


def _walk(path: Path) -> tuple[int | None, int | None, int]:
    """Where UTF-8 ends, where the first NUL is, and how many other control characters there are, in one pass."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    at, controls = 0, 0
    odd_at: int | None = None
    nul_at: int | None = None
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            if odd_at is None and not (chunk.isascii() and not decoder.getstate()[0]):
                pending = len(decoder.getstate()[0])
                try:
                    _prove(decoder, chunk)
                except UnicodeDecodeError as problem:
                    odd_at = max(at - pending + problem.start, 0)
            rest = chunk.translate(None, _DELETE_ORDINARY)
            if rest:
                nul_at = at + chunk.find(0) if nul_at is None and 0 in rest else nul_at
                controls += len(rest) - rest.count(0)
            at += len(chunk)
            last = chunk[-1:]
        if odd_at is None and decoder.getstate()[0]:
            odd_at = at - len(decoder.getstate()[0])
    return odd_at, nul_at, controls - (1 if at and last == b"\x1a" and controls else 0)


def _prove(decoder: codecs.IncrementalDecoder, chunk: bytes) -> None:
    """What ``decoder`` would say of the chunk, with the whole lines of a large one read by Arrow."""
    first, last, before = chunk.find(b"\n") + 1, chunk.rfind(b"\n") + 1, decoder.getstate()
    if len(chunk) == CHUNK and first < last and _is_utf8(memoryview(chunk)[first:last]):
        with suppress(UnicodeDecodeError):
            decoder.decode(chunk[:first])
            decoder.decode(chunk[last:])
            return
        decoder.setstate(before)
    decoder.decode(chunk)


def _is_utf8(text: memoryview) -> bool:
    """Arrow proves it five times as fast as Python decodes it, and holds up no other thread. Imported here, because small files do without."""
    import numpy as np
    import pyarrow as pa

    ends = pa.py_buffer(np.array([0, len(text)], np.int32))
    try:
        pa.Array.from_buffers(pa.string(), 1, [None, ends, pa.py_buffer(text)]).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _sample(path: Path, around: int) -> bytes:
    with path.open("rb") as file:
        file.seek(max(around - _SAMPLE // 8, 0))
        return file.read(_SAMPLE)


def _mostly_utf8(sample: bytes) -> bool:
    """Whether the sample's non-ASCII bytes are UTF-8 but for a few: then it is damaged UTF-8 and no code page."""
    text = sample.decode("utf-8", "surrogateescape")
    bad = sum(1 for letter in text if "\udc80" <= letter <= "\udcff")
    good = sum(1 for letter in text if ord(letter) > 127) - bad
    return good > 2 * bad


def _code_page(sample: bytes) -> str:
    """cp1251 unless another Cyrillic code page gives clearly more of the letters that Russian is made of; Latin text stays cp1252."""
    counted = {page: _plausible(sample.decode(page, "replace")) for page in _CODE_PAGES}
    best = max(_CODE_PAGES, key=lambda page: counted[page])
    if counted[best] <= 0.2:
        return "cp1252"
    return best if counted[best] > 1.3 * counted["cp1251"] else "cp1251"


def _plausible(text: str) -> float:
    foreign = [letter for letter in text if ord(letter) > 127]
    lower = sum(letter in _FREQUENT for letter in foreign)
    upper = sum(letter.isupper() and letter.lower() in _FREQUENT for letter in foreign)
    return (lower + upper / 2) / max(len(foreign), 1)

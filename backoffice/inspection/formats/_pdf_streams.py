"""The streams of a PDF, unpacked within bounds and to their last byte (ISO 32000-2, 7.3.8 and 7.4)."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from typing import Any

import pikepdf

from backoffice.inspection.report import Broken

_CHUNK = 1 << 20
_PICTURES = {"/DCTDecode", "/DCT", "/JPXDecode", "/JBIG2Decode", "/CCITTFaxDecode", "/CCF"}
_FLATE = {"/FlateDecode", "/Fl"}


def filters(stream: Any) -> list[str]:
    """The names of a stream's filters, in the order of unpacking."""
    told = stream.get("/Filter")
    if told is None:
        return []
    return [str(name) for name in told] if isinstance(told, pikepdf.Array) else [str(told)]


def pieces(stream: Any, *, most: int, place: str) -> Iterator[bytes]:
    """The stream's bytes, unpacked piece by piece; pictures stay as they are. ``Broken`` past ``most`` bytes, and where the data are damaged."""
    names = filters(stream)
    flates = next((count for count, name in enumerate(names) if name not in _FLATE), len(names))
    rest = names[flates:]
    if (rest and rest[0] not in _PICTURES) or (not rest and _has_predictor(stream)):
        for _ in _inflated(stream, flates, most=most, place=place):  # only to see that they are whole and no bomb
            pass
        try:
            yield bytes(stream.read_bytes(decode_level=pikepdf.StreamDecodeLevel.specialized))
            return
        except (pikepdf.PdfError, ValueError, RuntimeError):
            pass
    yield from _inflated(stream, flates, most=most, place=place)


def _inflated(stream: Any, times: int, *, most: int, place: str) -> Iterator[bytes]:
    """By ourselves, since qpdf unpacks bombs whole and forgives a wrong checksum."""
    chunks: Iterator[bytes] = iter([stream.read_raw_bytes()])
    for _ in range(times):
        chunks = _once(chunks, most=most, place=place)
    return chunks


def _has_predictor(stream: Any) -> bool:
    parms = stream.get("/DecodeParms")
    rows = list(parms) if isinstance(parms, pikepdf.Array) else [parms]
    return any(isinstance(row, pikepdf.Dictionary) and "/Predictor" in row for row in rows)


def _once(chunks: Iterable[bytes], *, most: int, place: str) -> Iterator[bytes]:
    inflate, done, given = zlib.decompressobj(), 0, False
    try:
        for chunk in chunks:
            given = given or bool(chunk.strip())
            rest = chunk
            while rest and not inflate.eof:
                piece = inflate.decompress(rest, _CHUNK)
                rest = inflate.unconsumed_tail
                done += len(piece)
                if done > most:
                    raise Broken("pdf.bomb", place=place, detail=f"> ⟦{most}⟧")
                yield piece
        yield inflate.flush()
    except zlib.error as problem:
        if given:
            raise Broken("format.damaged", place=place, detail=f"Flate: {problem}") from problem
    if given and not inflate.eof:
        raise Broken("format.damaged", place=place, detail="Flate: ⟦обрыв|cut short⟧")

"""The streams of a PDF, unpacked within bounds and to their last byte (ISO 32000-2, 7.3.8 and 7.4)."""

from __future__ import annotations

import zlib
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


def unpacked(stream: Any, *, most: int, place: str) -> bytes:
    """The stream's bytes; pictures stay as they are. ``Broken`` past ``most`` bytes, and where the packed data are damaged."""
    data, names = stream.read_raw_bytes(), filters(stream)
    while names and names[0] in _FLATE:  # by ourselves, since qpdf unpacks bombs whole and forgives a wrong checksum
        data = _inflated(data, most=most, place=place)
        names = names[1:]
    if not names and not _has_predictor(stream):
        return data
    if names and names[0] in _PICTURES:
        return data
    try:
        return bytes(stream.read_bytes(decode_level=pikepdf.StreamDecodeLevel.specialized))
    except (pikepdf.PdfError, ValueError, RuntimeError):
        return data


def _has_predictor(stream: Any) -> bool:
    parms = stream.get("/DecodeParms")
    rows = list(parms) if isinstance(parms, pikepdf.Array) else [parms]
    return any(isinstance(row, pikepdf.Dictionary) and "/Predictor" in row for row in rows)


def _inflated(data: bytes, *, most: int, place: str) -> bytes:
    inflate = zlib.decompressobj()
    out = bytearray()
    try:
        out += inflate.decompress(data, _CHUNK)
        while not inflate.eof and inflate.unconsumed_tail:
            out += inflate.decompress(inflate.unconsumed_tail, _CHUNK)
            if len(out) > most:
                raise Broken("pdf.bomb", place=place, detail=f"> {most} байт (bytes)")
        out += inflate.flush()
    except zlib.error as problem:
        if data.strip():
            raise Broken("format.damaged", place=place, detail=f"Flate: {problem}") from problem
    if data.strip() and not inflate.eof:
        raise Broken("format.damaged", place=place, detail="Flate: обрыв (cut short)")
    return bytes(out)

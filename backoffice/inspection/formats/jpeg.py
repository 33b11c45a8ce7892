"""JPEG (ITU-T T.81): every marker up to the end of the image, then Pillow. What phones append on purpose is known by its description."""

from __future__ import annotations

import io
import mmap
import re
from dataclasses import dataclass, field

from backoffice.inspection.formats import _foreign, _images
from backoffice.inspection.report import Broken, Report, Subject

NAME = "jpeg"
VERSION = "2"

# The next marker within compressed data: not a stuffed zero, not a restart, not a fill byte.
_MARKER = re.compile(rb"\xff+([^\x00\xd0-\xd7\xff])")
_FRAMES = {0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF}
_SOI, _EOI, _SOS, _COMMENT, _APP1, _APP2 = 0xD8, 0xD9, 0xDA, 0xFE, 0xE1, 0xE2
_NOTES = {_COMMENT, *range(0xE0, 0xF0)} - {0xEE}  # Adobe's says how the colours are meant
_ALONE = {0x01, *range(0xD0, 0xD8)}
_SEARCHED = 32 << 20  # bytes of a phone's trailer
_SAMSUNG = b"SEFT"  # the trailer of Samsung's cameras: scene, date, sound
_MOST_PICTURES = 64
_READ_TWICE = 32 << 20  # bytes of a picture that is decoded once more
_PIXELS_READ_TWICE = 40_000_000  # FFmpeg keeps all of them, a progressive picture twice


@dataclass(slots=True)
class _Picture:
    """One JPEG image of the file. ``end`` is the byte after its EOI marker."""

    end: int
    notes: list[tuple[int, int]] = field(default_factory=list)  # where application segments and comments are
    several: bool = False  # has a multi-picture index (CIPA DC-007): more images follow
    moving: bool = False  # describes a video that follows ("motion photo")


def examine(subject: Subject, report: Report) -> None:
    """Markers first: Pillow does not care what follows the end, and libjpeg only warns where data are missing."""
    if subject.size < 4:
        raise Broken("format.truncated", detail="SOI")
    with subject.path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        first = _walk(data, 0, subject, report)
        end = _further(data, first, subject, report)
        if first.moving and data.find(b"ftyp", end, end + 4096) >= 0:
            report.find("format.trailing", subject, place=str(end), bytes=subject.size - end)
        elif data[-4:] != _SAMSUNG:
            _foreign.after_the_end(file, end, subject, report)
        elif other := _foreign.glued(data[end : end + _SEARCHED]):  # whatever calls itself a phone's trailer is not believed
            report.find("format.hidden", subject, place=str(end), other=other)
        plain = _without_notes(data, first)
    _images.decode(subject.path, "JPEG", report)
    if report.preview["width"] * report.preview["height"] <= _PIXELS_READ_TWICE:
        _check_scans(plain)
    report.cover(scanned=1, size=subject.size)


def _without_notes(data: mmap.mmap, picture: _Picture) -> bytes:
    """The first image without what other programs noted in it; nothing of a very large one."""
    if picture.end > _READ_TWICE:
        return b""
    parts, at = [], 0
    for start, end in picture.notes:
        parts.append(data[at:start])
        at = end
    return b"".join([*parts, data[at : picture.end]])


def _check_scans(plain: bytes) -> None:
    """FFmpeg gives up on compressed data that libjpeg patches up with a warning nobody hears. A kind of JPEG it does not know is let be."""
    import av

    if not plain:
        return
    strict = {"err_detect": "explode"}
    try:
        with av.open(io.BytesIO(plain), "r", format="jpeg_pipe", options=strict) as container:
            container.streams.video[0].codec_context.options = strict
            for _ in container.decode(video=0):
                pass
    except av.error.InvalidDataError as problem:
        raise Broken("format.damaged", detail="⟦сжатые данные|compressed data⟧") from problem
    except (av.error.FFmpegError, IndexError, ValueError):
        return


def _further(data: mmap.mmap, first: _Picture, subject: Subject, report: Report) -> int:
    """Past the images that follow the first one; without an index that names them, they are extra data."""
    end, count = first.end, 0
    while (start := _next_picture(data, end, gaps=first.several)) >= 0 and count < _MOST_PICTURES:
        end, count = _walk(data, start, subject, report).end, count + 1
    if count and not first.several:
        report.find("format.trailing", subject, place=str(first.end), bytes=end - first.end)
    return end


def _next_picture(data: mmap.mmap, end: int, *, gaps: bool) -> int:
    """Where the next image starts. Cameras leave zeros before it; one that writes an index may leave some other padding."""
    at = data.find(b"\xff\xd8\xff", end, end + (65_536 if gaps else 4096))
    return at if at >= 0 and (gaps or not data[end:at].strip(b"\0")) else -1


def _walk(data: mmap.mmap, start: int, subject: Subject, report: Report) -> _Picture:
    picture, at, framed = _Picture(0), start + 2, False
    while True:
        marker, at = _marker(data, at)
        if marker == _EOI:
            picture.end = at
            break
        if marker in _ALONE:
            continue
        length = int.from_bytes(data[at : at + 2], "big")
        if length < 2 or at + length > len(data):
            raise Broken("format.truncated", place=str(at), detail=f"FF{marker:02X}")
        body = data[at + 2 : at + length]
        if marker in _NOTES:
            picture.notes.append((at - 2, at + length))
        at += length
        if marker in _FRAMES:
            framed = True
            _check_frame(body, report)
        elif marker == _SOS:
            at = _past_scan(data, at)
        else:
            _look(marker, body, picture, subject, report)
        if report.progress is not None:
            report.progress(at, 0)
    if not framed:
        raise Broken("format.damaged", detail="SOF")
    return picture


def _marker(data: mmap.mmap, at: int) -> tuple[int, int]:
    """The marker at ``at`` and the byte after it."""
    if at >= len(data):
        raise Broken("format.truncated", place=str(at), detail="⟦нет EOI|no EOI⟧")
    found = _MARKER.match(data, at)
    if found is None:
        if not data[at:].strip(b"\xff"):
            raise Broken("format.truncated", place=str(at), detail="⟦нет EOI|no EOI⟧")
        raise Broken("format.damaged", place=str(at), detail=f"⟦маркер|marker⟧ {data[at : at + 2].hex()}")
    return found[1][0], found.end()


def _past_scan(data: mmap.mmap, at: int) -> int:
    found = _MARKER.search(data, at)
    if found is None:
        raise Broken("format.truncated", place=str(len(data)), detail="⟦нет EOI|no EOI⟧")
    return found.start()


def _check_frame(body: bytes, report: Report) -> None:
    if len(body) < 6:
        raise Broken("format.damaged", detail="SOF")
    _images.check_pixels(int.from_bytes(body[3:5], "big"), int.from_bytes(body[1:3], "big"), report)


def _look(marker: int, body: bytes, picture: _Picture, subject: Subject, report: Report) -> None:
    """What a segment that is no picture data says."""
    if marker == _APP2 and body.startswith(b"MPF\0"):
        picture.several = True
    if marker == _APP1 and (b"MotionPhoto" in body or b"MicroVideo" in body):
        picture.moving = True
    script = _foreign.script_in(body) if marker in (_COMMENT, _APP1) else ""
    if other := script or _foreign.starts_another(body):
        report.find("format.hidden", subject, place=f"FF{marker:02X}", other=other)

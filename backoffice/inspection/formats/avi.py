"""AVI (RIFF, OpenDML 1.02): the sizes of all chunks first, then every packet by FFmpeg, held to this one demuxer; of a long video the key frames.

Left to guess, FFmpeg would take a playlist for a video and open the files it names.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, BinaryIO

from backoffice.inspection.formats import _foreign, _images, _riff
from backoffice.inspection.report import Broken, Report, Subject, missing

NAME = "avi"
VERSION = "2"

_FRAMES = 6  # shown
_DECODED = 2_000  # key frames tried; of a longer video those spread over it
_WHOLE = 1_500_000_000  # pixels: a video of no more is decoded frame by frame
_ENTERED = frozenset((b"hdrl", b"strl", b"odml", b"movi", b"rec "))


@dataclass(slots=True)
class _Pictures:
    """What decoding gave. ``kept`` are the frames to show, never more than twice as many as wanted."""

    kept: list[Any] = field(default_factory=list)
    decoded: int = 0
    every: int = 1

    def take(self, picture: Any) -> None:
        """Keep each ``every``-th frame; when there are too many, every second of them goes and the step doubles."""
        if self.decoded % self.every == 0:
            self.kept.append(picture.to_image())
            if len(self.kept) > 2 * _FRAMES:
                self.kept, self.every = self.kept[::2], self.every * 2
        self.decoded += 1


def examine(subject: Subject, report: Report) -> None:
    """Walk the chunks, then demux and decode."""
    with subject.path.open("rb") as file:
        _walk(file, subject, report)
    _decode(subject, report)
    report.cover(scanned=1, size=subject.size)


def _walk(file: BinaryIO, subject: Subject, report: Report) -> None:
    """The RIFF chunks one after another: AVI, then any number of AVIX."""
    at, kinds, frames, places, promised = 0, set(), 0, 0, 0
    streams: list[bytes] = []  # the kind of each, in the order of their headers
    while at + 12 <= subject.size:
        file.seek(at)
        head = file.read(12)
        if head[:4] != b"RIFF" or head[8:] not in (b"AVI ", b"AVIX"):
            break
        end = at + 8 + int.from_bytes(head[4:8], "little")
        if end > subject.size:
            raise Broken("format.truncated", place=str(at), detail=missing(subject.size, end))
        for chunk in _riff.chunks(file, at + 12, end, enter=_ENTERED):
            kinds.add(chunk.kind)
            pictures = chunk.kind[2:] in (b"dc", b"db") and _of(chunk, streams) == b"vids"
            frames, places = frames + (pictures and chunk.size > 0), places + pictures
            if chunk.kind == b"strh":
                kind, length = _header(file, chunk)
                streams.append(kind)
                promised += length if kind == b"vids" else 0
            if chunk.kind == b"strf":
                _check_size(file, chunk, report)
            if not chunk.is_list and not chunk.kind[:2].isdigit():
                _riff.check_foreign(file, chunk, subject, report)
        at = end + end % 2
        if report.progress is not None:
            report.progress(at, 0)
    if not {b"hdrl", b"movi"} <= kinds:
        raise Broken("format.damaged", detail="⟦нет hdrl или movi|no hdrl or movi⟧")
    if not frames:
        raise Broken("avi.no_frames")
    if places < promised:  # a frame that is the same as the one before has an empty chunk, but it has one
        raise Broken("format.damaged", detail=f"⟦кадров|frames⟧: {places} < {promised}")
    _foreign.after_the_end(file, at, subject, report)


def _of(chunk: _riff.Chunk, streams: list[bytes]) -> bytes:
    """The kind of the stream that a chunk of data names; a player passes over what belongs to none."""
    number = chunk.kind[:2]
    return streams[int(number)] if number.isdigit() and int(number) < len(streams) else b""


def _header(file: BinaryIO, chunk: _riff.Chunk) -> tuple[bytes, int]:
    """The kind of a stream and the number of its frames (AVISTREAMHEADER, fccType and dwLength)."""
    file.seek(chunk.at)
    kind = file.read(4)
    return kind, _riff.number(file, chunk.at + 32) if chunk.size >= 36 else 0


def _check_size(file: BinaryIO, chunk: _riff.Chunk, report: Report) -> None:
    """The size that a video stream's header claims. A sound's header is too short to be taken for one."""
    if chunk.size < 40 or _riff.number(file, chunk.at) < 40:
        return
    width, height = _riff.number(file, chunk.at + 4), _riff.number(file, chunk.at + 8)
    height = min(height, (1 << 32) - height)  # negative for a picture that begins at its top
    limit = int(report.limits["frame_pixels"])
    if width * height > limit:
        raise Broken("image.bomb", width=width, height=height, limit=limit)


def _decode(subject: Subject, report: Report) -> None:
    import av

    try:
        with av.open(str(subject.path), format="avi", options={"protocol_whitelist": "file"}) as container:
            if not container.streams.video:
                raise Broken("avi.no_frames")
            _look(container, report)
    except av.error.DecoderNotFoundError as problem:
        raise Broken("avi.codec", codec=str(problem)[:100]) from problem
    except (av.error.FFmpegError, ValueError, EOFError) as problem:
        raise Broken("format.damaged", detail=str(problem)[:200]) from problem


def _look(container: Any, report: Report) -> None:
    stream = container.streams.video[0]
    if stream.codec_context is None or stream.codec_context.codec is None:
        raise Broken("avi.codec", codec="?")
    codec = stream.codec_context
    limit = int(report.limits["frame_pixels"])
    if codec.width < 1 or codec.height < 1:
        raise Broken("format.damaged", detail=f"{codec.width}×{codec.height}")
    if codec.width * codec.height > limit:
        raise Broken("image.bomb", width=codec.width, height=codec.height, limit=limit)
    whole = 0 < int(stream.frames or 0) * codec.width * codec.height <= _WHOLE
    codec.skip_frame = "DEFAULT" if whole else "NONKEY"
    codec.options = {"max_pixels": str(limit)}
    step = max(int(stream.frames or 0) // _DECODED, 1)
    pictures, packets = _Pictures(), 0
    for packet in container.demux(stream):
        if packet.size:
            packets += 1
            if not whole and (not packet.is_keyframe or packets % step):
                continue
        for picture in packet.decode():
            pictures.take(picture)
    if not pictures.decoded:
        raise Broken("format.damaged", detail="⟦ни один кадр не раскодирован|no frame could be decoded⟧")
    _show(stream, pictures, packets, report)


def _show(stream: Any, pictures: _Pictures, packets: int, report: Report) -> None:
    """Six frames spread over the video, the first of them the poster."""
    kept = pictures.kept
    chosen = [kept[index * len(kept) // min(_FRAMES, len(kept))] for index in range(min(_FRAMES, len(kept)))]
    names = [f"frame-{index + 1}.png" for index in range(len(chosen))]
    for name, picture in zip(names, chosen, strict=True):
        _images.attach(picture, name, report)
    rate = float(stream.average_rate or 0)
    report.preview = {
        "kind": "video",
        "poster": names[0],
        "frames": names,
        "width": stream.codec_context.width,
        "height": stream.codec_context.height,
        "codec": stream.codec_context.name,
        "rate": round(rate, 3),
        "seconds": round(packets / rate, 3) if rate else None,
        "total_frames": packets,
    }

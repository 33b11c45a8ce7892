"""WAV (RIFF, RF64 by EBU Tech 3306): the sizes of all chunks first, then every sample by libsndfile, and a waveform for the moderator."""

from __future__ import annotations

import io
import wave
from typing import Any, BinaryIO

from backoffice.inspection.formats import _foreign, _riff
from backoffice.inspection.report import Attachment, Broken, Report, Subject, missing

NAME = "wav"
VERSION = "2"

_PEAKS = 400  # of the waveform
_BLOCK = 1 << 16  # frames
_HEARD = 20  # seconds a moderator can listen to
_HEARD_BYTES = 3_000_000  # of that clip
# Format tags that libsndfile reads (RFC 2361): PCM, ADPCM, floats, A-law, µ-law, GSM 6.10, NMS, G.721, MP3; 0xFFFE has its own inside.
_READ = (1, 2, 3, 6, 7, 0x11, 0x31, 0x38, 0x40, 0x45, 0x55, 0x64, 0xFFFE)
_UNIMPLEMENTED = 18  # libsndfile's SFE_UNIMPLEMENTED
_PLAIN = (1, 3)  # PCM and floats: their sizes can be checked against the format
_BLOCKS = (2, 0x11, 0x31)  # ADPCM and GSM: blocks of so many samples each


def examine(subject: Subject, report: Report) -> None:
    """Walk the chunks, then decode."""
    with subject.path.open("rb") as file:
        kind = _walk(file, subject, report)
    if kind not in _READ:
        raise Broken("wav.codec", codec=f"0x{kind:04X}")
    _decode(subject, report)
    report.cover(scanned=1, size=subject.size)


def _walk(file: BinaryIO, subject: Subject, report: Report) -> int:
    """Every chunk of the file. Returns the tag of the sound's format."""
    if _riff.number(file, 0, 4).to_bytes(4, "little") == b"RIFX":
        raise Broken("wav.codec", codec="RIFX (big-endian)")
    wide = _riff.number(file, 0, 4).to_bytes(4, "little") == b"RF64"
    told = _riff.number(file, 4)
    end, data_size = _ends(file, told, subject, wide=wide)
    unsized = not wide and told in _riff.UNKNOWN

    def real(kind: bytes, size: int) -> int:
        nonlocal unsized
        if kind == b"data" and wide and size == _riff.UNKNOWN[1]:
            return data_size
        if kind == b"data" and (size == _riff.UNKNOWN[1] or (size == 0 and unsized)):
            unsized = True
            return end - file.tell() + 4  # twelve bytes were read, eight of them the chunk's own
        return size

    if not wide and _understated(file, end, subject.size):
        end, unsized = subject.size, True
    seen: dict[bytes, _riff.Chunk] = {}
    for chunk in _riff.chunks(file, 12, end, real=real):
        seen.setdefault(chunk.kind, chunk)
        if chunk.kind == b"fmt ":
            _check_format(file, chunk, report)
        elif chunk.kind != b"data":
            _riff.check_foreign(file, chunk, subject, report)
    if b"fmt " not in seen or b"data" not in seen:
        raise Broken("format.damaged", detail="⟦нет fmt или data|no fmt or data⟧")
    _check_data(file, seen)
    if unsized:
        report.find("wav.sizes", subject)
    _foreign.after_the_end(file, end + end % 2, subject, report)
    return _riff.number(file, seen[b"fmt "].at, 2)


def _ends(file: BinaryIO, told: int, subject: Subject, *, wide: bool) -> tuple[int, int]:
    """Where the RIFF chunk ends, and the size of the data that a 64-bit file keeps apart."""
    if wide:
        file.seek(12)
        if file.read(4) != b"ds64":
            raise Broken("format.damaged", detail="ds64")
        size, data = _riff.number(file, 20, 8), _riff.number(file, 28, 8)
    else:
        size, data = told, 0
    end = subject.size if not wide and told in _riff.UNKNOWN else size + 8
    if end > subject.size:
        raise Broken("format.truncated", detail=missing(subject.size, end))
    return end, data


def _understated(file: BinaryIO, end: int, size: int) -> bool:
    """Whether the sound reaches past the end that the header names, exactly to the end of the file: a writer forgot to count a chunk."""
    if end >= size:
        return False
    for chunk in _riff.chunks(file, 12, size):
        if chunk.kind == b"data":
            return chunk.at < end < chunk.at + chunk.size and size - (chunk.at + chunk.size) in (0, chunk.size % 2)
    return False


def _check_format(file: BinaryIO, chunk: _riff.Chunk, report: Report) -> None:
    if chunk.size < 14:
        raise Broken("format.damaged", detail="fmt")
    kind, channels, rate = (_riff.number(file, chunk.at + at, size) for at, size in ((0, 2), (2, 2), (4, 4)))
    align, bits = _riff.number(file, chunk.at + 12, 2), _riff.number(file, chunk.at + 14, 2)
    if not 1 <= channels <= report.limits["audio_channels"] or rate < 1:
        raise Broken("format.damaged", detail=f"{channels} × {rate} ⟦Гц|Hz⟧")
    if kind in _PLAIN and align != channels * ((bits + 7) // 8):
        raise Broken("format.damaged", detail=f"fmt: {align} ≠ {channels} × {bits} ⟦бит|bits⟧")
    told = _riff.number(file, chunk.at + 8, 4)
    if kind in _PLAIN and told not in (0, rate * align, rate * channels * bits // 8):
        raise Broken("format.damaged", detail=f"fmt: {told} ≠ {rate} × {align} ⟦байт/с|bytes/s⟧")
    if kind in _BLOCKS and chunk.size >= 20:
        samples = _riff.number(file, chunk.at + 18, 2)
        if samples and told and abs(told * samples - rate * align) > 0.02 * rate * align + samples:
            raise Broken("format.damaged", detail=f"fmt: {told} ≠ {rate} × {align} ÷ {samples} ⟦байт/с|bytes/s⟧")


def _check_data(file: BinaryIO, seen: dict[bytes, _riff.Chunk]) -> None:
    data, described = seen[b"data"], seen[b"fmt "]
    if data.size == 0:
        raise Broken("wav.no_sound")
    align = _riff.number(file, described.at + 12, 2)
    if _riff.number(file, described.at, 2) in _PLAIN and data.size % align:
        raise Broken("format.truncated", detail=f"data: {data.size} % {align}")


def _decode(subject: Subject, report: Report) -> None:
    """Every sample, and the preview."""
    import soundfile

    try:
        with soundfile.SoundFile(str(subject.path)) as sound:
            if sound.format not in ("WAV", "WAVEX", "RF64"):
                raise Broken("format.damaged", detail=sound.format)
            clip = _Clip(sound.samplerate)
            peaks, frames = _peaks(sound, report, clip)
            told = (sound.frames, sound.samplerate, sound.channels, sound.subtype)
    except soundfile.LibsndfileError as problem:
        if problem.code == _UNIMPLEMENTED:
            raise Broken("wav.codec", codec=str(problem.error_string)[:100].rstrip(".")) from problem
        raise Broken("format.damaged", detail=str(problem)[-200:]) from problem
    count, rate, channels, subtype = told
    if frames == 0:
        raise Broken("wav.no_sound")
    if frames < count:
        raise Broken("format.truncated", detail=f"⟦отсчётов|samples⟧: {frames} < {count}")
    seconds = round(frames / rate, 3)
    report.preview = {"kind": "audio", "seconds": seconds, "rate": rate, "channels": channels, "codec": subtype, "peaks": peaks}
    clip.attach(report)


class _Clip:
    """The beginning of the sound, mixed down to one channel of 16 bits: what browsers play, whatever the original was."""

    def __init__(self, rate: int) -> None:
        self.rate, self.left = rate, min(rate * _HEARD, _HEARD_BYTES // 2)
        self.samples = bytearray()

    def take(self, block: Any) -> None:
        """A block of frames × channels, floats."""
        import numpy as np

        head = np.nan_to_num(block[: self.left].mean(axis=1), nan=0.0, posinf=1.0, neginf=-1.0)
        self.samples += (np.clip(head, -1, 1) * 32767).astype("<i2").tobytes()
        self.left -= len(head)

    def attach(self, report: Report) -> None:
        """As a preview file."""
        out = io.BytesIO()
        with wave.open(out, "wb") as written:
            written.setnchannels(1)
            written.setsampwidth(2)
            written.setframerate(self.rate)
            written.writeframes(bytes(self.samples))
        report.attachments.append(Attachment("sound.wav", "audio/wav", out.getvalue()))
        report.preview["file"] = "sound.wav"


def _peaks(sound: Any, report: Report, clip: _Clip) -> tuple[list[float], int]:
    """The greatest amplitude in each of 400 equal parts, from 0 to 1, and how many frames there really were."""
    import numpy as np

    total = max(int(sound.frames), 1)
    peaks, done = [0.0] * min(_PEAKS, total), 0
    while len(block := sound.read(_BLOCK, dtype="float32", always_2d=True)):
        loud = np.nan_to_num(np.abs(block).max(axis=1), nan=0.0, posinf=1.0)
        places = np.minimum((np.arange(done, done + len(loud)) * len(peaks)) // total, len(peaks) - 1)
        for place in np.unique(places):
            peaks[place] = max(peaks[place], round(float(loud[places == place].max()), 3))
        done += len(block)
        if clip.left:
            clip.take(block)
        if report.progress is not None:
            report.progress(done, 0)
    return [min(peak, 1.0) for peak in peaks], done

"""How the sounds and videos of the corpus are made, damaged and booby-trapped."""

from __future__ import annotations

import io
import struct
import tempfile
from pathlib import Path
from typing import Any

import av
import numpy as np
import soundfile


def tone(channels: int = 1, rate: int = 8000, seconds: float = 0.5) -> Any:
    """A tone that grows louder, as floats."""
    at = np.arange(int(rate * seconds)) / rate
    wave = np.sin(at * 440 * 2 * np.pi) * np.linspace(0.1, 0.9, len(at))
    return np.stack([wave] * channels, axis=1)


def wav(subtype: str = "PCM_16", *, channels: int = 1, kind: str = "WAV", seconds: float = 0.5) -> bytes:
    """The tone as a file."""
    out = io.BytesIO()
    soundfile.write(out, tone(channels, seconds=seconds), 8000, subtype=subtype, format=kind)
    return out.getvalue()


def riff(kind: bytes, *parts: bytes) -> bytes:
    """A RIFF file of these chunks."""
    body = kind + b"".join(parts)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def part(kind: bytes, data: bytes) -> bytes:
    """One chunk, padded to an even size."""
    return kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def pcm(*, channels: int = 1, rate: int = 8000, bits: int = 16, align: int | None = None, kind: int = 1) -> bytes:
    """A format chunk."""
    width = channels * bits // 8 if align is None else align
    return part(b"fmt ", struct.pack("<HHIIHH", kind, channels, rate, rate * width, width, bits))


def avi(codec: str = "mjpeg", pixels: str = "yuvj420p", *, frames: int = 30) -> bytes:
    """A short video that grows brighter."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made.avi"
        with av.open(str(path), "w", format="avi") as container:
            stream = container.add_stream(codec, rate=10)
            stream.width, stream.height, stream.pix_fmt = 64, 48, pixels
            for index in range(frames):
                picture = av.VideoFrame.from_ndarray(np.full((48, 64, 3), index * 8 % 256, "u1"), format="rgb24")
                container.mux(stream.encode(picture))
            container.mux(stream.encode(None))
        return path.read_bytes()

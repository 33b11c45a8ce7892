"""Waveforms and video frames for the moderator, and that a cut recording is noticed wherever it is cut."""

from __future__ import annotations

import io
import wave
from pathlib import Path

import pytest
from PIL import Image

from tests.corpus.sounds import avi, wav
from tests.inspection.formats.examining import examine_bytes


def test_the_waveform_follows_the_loudness(tmp_path: Path) -> None:
    preview = examine_bytes(tmp_path, "тон.wav", wav(seconds=2)).report.preview
    assert (preview["seconds"], preview["rate"], preview["channels"], len(preview["peaks"])) == (2.0, 8000, 1, 400)
    assert preview["peaks"][0] < 0.2 < 0.8 < max(preview["peaks"][-5:]) <= 1


def test_a_recording_shorter_than_its_waveform_has_fewer_peaks(tmp_path: Path) -> None:
    assert len(examine_bytes(tmp_path, "a.wav", wav(seconds=0.01)).report.preview["peaks"]) == 80


@pytest.mark.parametrize(("codec", "pixels"), [("mjpeg", "yuvj420p"), ("libx264", "yuv420p")])
def test_six_frames_stand_for_a_video(tmp_path: Path, codec: str, pixels: str) -> None:
    report = examine_bytes(tmp_path, "a.avi", avi(codec, pixels, frames=30)).report
    assert (report.preview["total_frames"], report.preview["seconds"], len(report.preview["frames"])) == (30, 3.0, 6)
    shades = []
    for attachment in report.attachments:
        with Image.open(io.BytesIO(attachment.data)) as shown:
            assert shown.size == (64, 48)
            shades.append(shown.convert("L").getpixel((5, 5)))
    assert [attachment.name for attachment in report.attachments] == report.preview["frames"]
    assert shades == sorted(shades)


@pytest.mark.parametrize(("name", "data"), [("a.wav", wav()), ("a.avi", avi())])
def test_a_recording_cut_anywhere_is_never_passed(tmp_path: Path, name: str, data: bytes) -> None:
    for length in range(16, len(data) - 1, len(data) // 40):
        assert "format.truncated" in examine_bytes(tmp_path, name, data[:length]).rules, length


def test_a_moderator_hears_the_beginning_in_a_form_every_browser_plays(tmp_path: Path) -> None:
    report = examine_bytes(tmp_path, "тон.wav", wav(seconds=25)).report
    (clip,) = report.attachments
    assert (clip.name, clip.media_type) == (report.preview["file"], "audio/wav")
    with wave.open(io.BytesIO(clip.data)) as sound:
        assert (sound.getnchannels(), sound.getsampwidth(), sound.getframerate(), sound.getnframes()) == (1, 2, 8000, 160_000)
        assert any(sound.readframes(1000))

"""The picture that the moderator sees of an image, and that making it keeps to its limits."""

from __future__ import annotations

import io
import zlib
from pathlib import Path

import pytest
from PIL import Image

from backoffice.inspection.formats import png
from tests.corpus.media import CASES
from tests.corpus.pictures import png as made
from tests.corpus.pictures import saved
from tests.inspection.formats.examining import examine_bytes


@pytest.mark.parametrize(("kind", "name"), [("PNG", "a.png"), ("JPEG", "a.jpg")])
def test_a_large_picture_is_shown_small_and_told_at_its_own_size(tmp_path: Path, kind: str, name: str) -> None:
    report = examine_bytes(tmp_path, name, saved(kind, size=(2400, 1200))).report
    assert (report.preview["width"], report.preview["height"], report.preview["file"]) == (2400, 1200, "preview.png")
    with Image.open(io.BytesIO(report.attachments[0].data)) as shown:
        assert (shown.size, shown.format) == ((1600, 800), "PNG")


def test_a_turned_photo_is_shown_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    report = examine_bytes(tmp_path, "a.jpg", saved("JPEG", exif=exif.tobytes())).report
    with Image.open(io.BytesIO(report.attachments[0].data)) as shown:
        assert shown.size == (40, 60)


def test_sixteen_bits_are_spread_over_what_a_screen_shows(tmp_path: Path) -> None:
    report = examine_bytes(tmp_path, "a.png", saved("PNG", "I;16")).report
    with Image.open(io.BytesIO(report.attachments[0].data)) as shown:
        assert shown.convert("L").getextrema() == (0, 255)


def test_noise_is_made_smaller_until_the_attachment_fits(tmp_path: Path) -> None:
    out = io.BytesIO()
    Image.effect_noise((1900, 1900), 90).convert("RGB").save(out, "PNG")
    report = examine_bytes(tmp_path, "a.png", out.getvalue()).report
    assert len(report.attachments[0].data) <= report.limits["attachment_bytes"]


@pytest.mark.parametrize("size", [(1, 1), (7, 3), (64, 33), (9, 200)])
def test_an_interlaced_picture_is_counted_to_its_last_byte(size: tuple[int, int]) -> None:
    header = png._Header(size[0], size[1], 8, 2, interlaced=True)
    pixels = 3 * size[0] * size[1]
    assert pixels < header.raw <= pixels + 2 * size[1] + 7


@pytest.mark.parametrize("name", ["large.png", "progressive.jpg", "фото.jpeg"])
def test_a_good_picture_cut_anywhere_is_never_passed(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    next(case for case in CASES if case.name == name).build(path)
    whole = path.read_bytes()
    for length in range(40, len(whole) - 1, max(len(whole) // 40, 1)):
        assert examine_bytes(tmp_path, name, whole[:length]).rules & {"format.truncated", "format.damaged"}, length


@pytest.mark.parametrize(
    ("row", "rules"), [(None, set()), (0, {"format.damaged"}), (299, {"format.damaged"}), (300, {"format.trailing"})]
)
def test_a_picture_too_large_to_decode_is_proved_row_by_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, row: int | None, rules: set[str]
) -> None:
    """Filters are numbered 0 to 4; a byte behind the last row belongs to none."""
    monkeypatch.setattr(png, "_DECODED", 0)
    rows = [bytearray(bytes([number % 5]) + bytes(5000)) for number in range(300)]
    if row is not None and row < 300:
        rows[row][0] = 5
    pixels = b"".join(rows) + (b"\xff" if row == 300 else b"")
    seen = examine_bytes(tmp_path, "a.png", made(5000, 300, zlib.compress(pixels)))
    assert seen.rules == rules
    if row is None:
        assert (seen.report.preview["width"], seen.report.preview["height"], seen.report.attachments) == (5000, 300, [])

"""Where UTF-8 ends is the same byte, however the file falls into pieces."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from backoffice.inspection.formats import _encoding


def _odd_at(data: bytes) -> int | None:
    try:
        data.decode()
    except UnicodeDecodeError as problem:
        return problem.start
    return None


@pytest.mark.parametrize("seed", range(3))
def test_the_byte_where_utf8_ends_is_the_one_that_python_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Pieces of a few bytes: line ends, letters and damage fall on every side of their seams."""
    chance, path, damaged = random.Random(seed), tmp_path / "a.csv", 0
    for _ in range(200):
        data = bytearray("".join(chance.choices(["ж", "a", "€", "\n", "🙂"], k=chance.randrange(1, 90))).encode())
        if chance.random() < 0.7:
            data[chance.randrange(len(data))] = chance.choice([0xFF, 0x80, 0xD0, 0xF0, 0x0A])
        text = "ёж\n".encode() * 40  # so that the sample is UTF-8 but for a few
        path.write_bytes(text + data)
        monkeypatch.setattr(_encoding, "CHUNK", chance.choice([8, 16, 64]))
        seen = _encoding.of_file(path)
        assert seen.damaged_at == _odd_at(text + data), bytes(data)
        damaged += seen.damaged_at is not None
    assert 50 < damaged < 190

"""A parser in other hands may say anything down its pipe: whatever it says, the worker answers, and never with a pass."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from backoffice.domain.verdicts import Verdict
from backoffice.inspection import runner

pytestmark = pytest.mark.jail

GOOD: dict[str, Any] = {
    "detected": "zip", "findings": [], "coverage": {"bytes": 1, "members": 1, "scanned": 1, "opaque": 0, "failed": 0},
    "facts": {}, "preview": {}, "tools": [],
}  # fmt: skip
LIES = {
    "nothing at all": [],
    "no JSON": [(b"R", b"{")],
    "a list": [(b"R", b"[]")],
    "too deep": [(b"R", b"[" * 100_000)],
    "no coverage": [(b"R", json.dumps({**GOOD, "coverage": None}).encode())],
    "a negative count": [(b"R", json.dumps({**GOOD, "coverage": {**GOOD["coverage"], "opaque": -1}}).encode())],
    "an unknown rule": [(b"R", json.dumps({**GOOD, "findings": [{"rule": "no.such", "params": {}}]}).encode())],
    "a preview that is a list": [(b"R", json.dumps({**GOOD, "preview": []}).encode())],
    "entries that are words": [(b"R", json.dumps({**GOOD, "preview": {"kind": "tree", "entries": ["a"]}}).encode())],
    "facts of another kind": [(b"R", json.dumps({**GOOD, "facts": {"docker": 5}}).encode())],
    "a count past all files": [(b"R", json.dumps({**GOOD, "coverage": {**GOOD["coverage"], "bytes": 1 << 70}}).encode())],
    "a tool without a version": [(b"R", json.dumps({**GOOD, "tools": [{"name": "x", "seconds": 1}]}).encode())],
    "time that is no number": [
        (b"R", json.dumps({**GOOD, "tools": [{"name": "x", "version": "1", "seconds": float("nan")}]}).encode())
    ],
    "a flood of findings": [(b"R", json.dumps({**GOOD, "findings": [{"rule": "csv.ragged", "params": {}}] * 501}).encode())],
    "endless progress": [(b"P", b"[Infinity, 1]"), (b"R", json.dumps(GOOD).encode())],
    "words for progress": [(b"P", b'["a", "b"]'), (b"R", json.dumps(GOOD).encode())],
    "an attachment without a header": [(b"A", b"\x89PNG\r\n\x1a\n"), (b"R", json.dumps(GOOD).encode())],
    "bytes of no member": [(b"E", b""), (b"D", b"x"), (b"Q", b"x")],
}


@pytest.fixture
def liar(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The jail runs a program of the test's in place of ``inside``."""

    def lie(frames: list[tuple[bytes, bytes]]) -> None:
        said = b"".join(kind + len(payload).to_bytes(4, "little") + payload for kind, payload in frames)
        program = f"import os, zlib; os.write(1, zlib.decompress(bytes.fromhex('{__import__('zlib').compress(said).hex()}'))); os._exit(0)"
        real = runner.jail.run
        monkeypatch.setattr(runner.jail, "run", lambda module, **rest: real("timeit", "-n", "1", "-r", "1", program, **rest))

    return lie


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_no_pass_and_no_exception(liar: Any, tmp_path: Path, lie: str) -> None:
    (tmp_path / "a.zip").write_bytes(b"PK")
    liar(LIES[lie])
    seen = runner.inspect(
        tmp_path / "a.zip", slot="data_example", name="a.zip", antivirus=None, progress=lambda done, members: None
    )
    assert seen.verdict == Verdict.WARN
    assert seen.state == "inconclusive"
    assert {finding.rule for finding in seen.findings} <= {"jail.output", "jail.crashed"}


def test_a_preview_that_is_no_picture_or_sound_is_left_out(liar: Any, tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"PK")
    page = json.dumps({"name": "../../x.png", "media_type": "text/html"}).encode() + b"\n<script>"
    forged = json.dumps({"name": "x.png", "media_type": "image/png"}).encode() + b"\n<script>"
    honest = json.dumps({"name": "../../x.png", "media_type": "image/png"}).encode() + b"\n\x89PNG\r\n\x1a\n"
    mute = json.dumps({"name": "x.wav", "media_type": "audio/wav"}).encode() + b"\nID3"
    heard = json.dumps({"name": "x.wav", "media_type": "audio/wav"}).encode() + b"\nRIFF\x04\x00\x00\x00WAVE"
    liar([*((b"A", told) for told in (page, forged, honest, mute, heard)), (b"R", json.dumps(GOOD).encode())])
    seen = runner.inspect(tmp_path / "a.zip", slot="data_example", name="a.zip", antivirus=None)
    assert [attachment.name for attachment in seen.attachments] == ["x.png", "x.wav"]


def test_preview_files_keep_to_plain_names_and_to_their_size(liar: Any, tmp_path: Path) -> None:
    """They become names in the storage: nothing that climbs, hides, comes twice or cannot be a name at all."""
    (tmp_path / "a.zip").write_bytes(b"PK")
    names = ["..", "", ".x", "a\0.png", "a\ud800.png", "x" * 300, "page1.png", "page1.png"]
    told = [(b"A", json.dumps({"name": name, "media_type": "image/png"}).encode() + b"\n\x89PNG\r\n\x1a\n") for name in names]
    long = json.dumps({"name": "long.png", "media_type": "image/png"}).encode() + b"\n\x89PNG\r\n\x1a\n" + bytes(4 << 20)
    liar([*told, (b"A", long), (b"R", json.dumps(GOOD).encode())])
    seen = runner.inspect(tmp_path / "a.zip", slot="data_example", name="a.zip", antivirus=None)
    assert [attachment.name for attachment in seen.attachments] == ["page1.png"]


def test_whatever_text_comes_can_be_stored(liar: Any, tmp_path: Path) -> None:
    """Half a surrogate pair and NUL: SQLite refuses the one, PostgreSQL both, and the result would never be recorded."""
    (tmp_path / "a.zip").write_bytes(b"PK")
    half = "a\ud800\0b"
    finding = {"rule": "csv.ragged", "member": half, "place": half, "params": {half: half}}
    said = {**GOOD, "detected": half, "findings": [finding], "facts": {half: [half]}, "preview": {half: {half: half}}}
    liar([(b"R", json.dumps(said).encode())])
    seen = runner.inspect(tmp_path / "a.zip", slot="data_example", name="a.zip", antivirus=None)
    text = repr((seen.detected, seen.findings, seen.facts, seen.preview))
    assert text.count("a\ufffd\ufffdb") == 10
    assert "ud800" not in text
    assert "x00" not in text

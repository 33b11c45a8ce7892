"""What is shown of a JSON file, and how NaN is read around."""

from __future__ import annotations

import io
import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.inspection import rules
from backoffice.inspection.formats import _jsonfast
from backoffice.inspection.formats import json as json_format
from backoffice.inspection.formats._jsonbytes import Utf8, WithoutNan
from backoffice.inspection.report import Broken, Report, Subject
from tests.inspection.formats.examining import examine_bytes

WORDS = {"NaN": "null", "Infinity": "null", "-Infinity": "null"}
PIECES = st.sampled_from(
    ["NaN", "Infinity", "-Infinity", "null", "-1", '"NaN"', '"a\\\\"', '"\\"NaN"', '"\\\\\\"Infinity"', '""', '"ж"']
)


@given(st.lists(PIECES), st.integers(1, 12))
def test_only_words_outside_of_strings_turn_into_null(pieces: list[str], step: int) -> None:
    reader = WithoutNan(Utf8(io.BytesIO(f"[{','.join(pieces)}]".encode()), "utf-8", wary=True))
    told = b"".join(iter(lambda: reader.read(step), b""))
    assert told.decode() == f"[{','.join(WORDS.get(piece, piece) for piece in pieces)}]"
    assert reader.count == sum(piece in WORDS for piece in pieces)


def test_the_tree_is_the_file_itself_when_it_is_small(tmp_path: Path) -> None:
    value = {"имя": "Иван", "числа": [1, 2.5, None, True], "пусто": {}}
    preview = examine_bytes(tmp_path, "a.json", json.dumps(value, ensure_ascii=False).encode()).report.preview
    assert (preview["tree"], preview["truncated"]) == (value, False)


def test_a_large_file_is_clipped_and_says_so(tmp_path: Path) -> None:
    value = [{"текст": "ж" * 1000, "строки": list(range(500))} for _ in range(500)]
    preview = examine_bytes(tmp_path, "a.json", json.dumps(value).encode()).report.preview
    assert preview["truncated"]
    assert len(json.dumps(preview)) < 200_000


def test_nan_past_the_first_buffers_is_found_too(tmp_path: Path) -> None:
    text = json.dumps([{"x": 0.5, "имя": "Infinity"}] * 40_000)[:-1] + ", NaN]"
    seen = examine_bytes(tmp_path, "a.json", text.encode())
    assert [(finding.rule, finding.params["count"]) for finding in seen.report.findings] == [("json.nan", 1)]


@pytest.mark.parametrize(
    "odd",
    [
        '{"a": 1, "a": 2}',
        '{"k": {"a": 1, "a": 2}}',
        '["a"], ["a"], {"a": 1, "a": 2}',  # counts that make up for the colon that is lost
        r'{"k": [], "a": 1, "a": "\u003A"}',
        r'{"a": {"b": 1}, "a": ["\u003a", "\u003a"]}',
    ],
)
def test_a_repeated_key_is_seen_among_many_rows(tmp_path: Path, odd: str) -> None:
    rows = [json.dumps({"a": number, "b": "x:y" * (number % 2)}) for number in range(2_000)]
    text = ",".join([*rows, odd, *rows])
    seen = examine_bytes(tmp_path, "a.json", f"[{text}]".encode())
    assert [(finding.rule, finding.params["count"]) for finding in seen.report.findings] == [("json.duplicate_keys", 1)]


@pytest.mark.parametrize("odd", ["[1\n2]", '"a\nb"', '{"a": 1\n"b": 2}', "1,2\n[3\n4]", "1,null,2\n[3\n4]"])
def test_what_is_no_json_by_lines_does_not_become_it_among_many(tmp_path: Path, odd: str) -> None:
    rows = "\n".join(f"[{number}]" for number in range(2_000))
    assert examine_bytes(tmp_path, "a.json", f"{rows}\n{odd}\n{rows}\n".encode()).rules == {"json.malformed"}


# ---- the fast reading, which may only ever find a file clean, against the careful one ----


def _value(chance: random.Random, depth: int = 0) -> Any:
    kind = chance.randrange(10 if depth < 6 else 6)
    if kind < 3:
        return (chance.choice([None, True, False]), chance.randrange(-(10**19), 10**19), chance.random() * 1e5)[kind]
    if kind < 6:
        return "".join(chance.choices('ab "\\\n{}[],:ёЖ\u2028\U0001f600', k=chance.randrange(12)))
    if kind < 8:
        return [_value(chance, depth + 1) for _ in range(chance.randrange(6))]
    return {f'{chance.randrange(99)}"\\ё': _value(chance, depth + 1) for _ in range(chance.randrange(6))}


def _document(chance: random.Random) -> bytes:
    """Rows, lines, long arrays within objects, anything; two of five damaged."""
    rows = [{"a": number, "b": "},{", "c": _value(chance, 3)} for number in range(chance.randrange(100))]
    value: Any = chance.choice([_value(chance), rows, {"x": rows, "y": _value(chance)}])
    style = {"ensure_ascii": chance.random() < 0.5, "indent": chance.choice([None, 1])}
    text = json.dumps(value, **style) if chance.random() < 0.7 else "\n".join(json.dumps(row) for row in rows)
    data = bytearray(text.encode() or b"0")
    if chance.random() < 0.4:
        at = chance.randrange(len(data))
        data[at : at + chance.randrange(2)] = chance.choice(
            [b"", b",", b'"', b"}", b"[", b"NaN", b"\\", b'{"a":1,"a":2}', b'{"a":1,"a":":"}', b"\n", b"\\ud83d", b"\\u003a"]
        )
    return bytes(data) or b"0"


@pytest.mark.parametrize("seed", range(3))
def test_the_fast_reading_says_what_the_careful_one_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    """Pieces of a few bytes, so that everything is cut everywhere."""
    chance, fast = random.Random(seed), 0
    for number in range(150):
        data = _document(chance)
        monkeypatch.setattr(_jsonfast, "_PIECE", chance.choice([7, 16, 50, 300]))
        monkeypatch.setattr(_jsonfast, "_LARGE", chance.choice([10, 40, 120, 1000]))
        (tmp_path / "a.json").write_bytes(data)
        quick = _told(tmp_path / "a.json")
        with monkeypatch.context() as patch:
            patch.setattr(json_format, "_clean", _never)
            slow = _told(tmp_path / "a.json")
        assert quick == slow, (number, data)
        fast += not slow[0]
    assert fast > 30


def _told(path: Path) -> tuple[set[str], dict[str, Any]]:
    report = Report(rules.severities(), rules.limits())
    try:
        json_format.examine(Subject(path, path.name, "data_example", path.stat().st_size), report)
    except Broken as broken:
        return {broken.rule}, {}
    return {finding.rule for finding in report.findings}, report.preview


def _never(*_: object) -> None:
    """Nothing is clean at first sight."""


@pytest.mark.parametrize("filler", range(13))
def test_half_pairs_are_counted_wherever_a_piece_of_the_file_ends(tmp_path: Path, filler: int) -> None:
    """yajl would reject the one, pass over the other, and the parser in Python would hand out text that nothing can store."""
    text = r'["%s", "\ud83d\ude00", "\\ud800", "\ud800", "\udc00", "\ud800\ud83d\ude00", "\ud800\u0041", %s, "\ud83d\ude00", "\udbff"]'
    long = "1" * 2_000  # such numbers go to the parser in Python
    for number in ("1", long):
        data = (text % ("x" * (json_format._BUFFER - 40 - 5 * filler), number)).encode()
        seen = examine_bytes(tmp_path, "a.json", data)
        assert [(finding.rule, finding.params["count"]) for finding in seen.report.findings] == [("json.half_pair", 5)]
        shown = seen.report.preview["tree"]
        assert [*shown[1:7], *shown[8:]] == ["😀", r"\ud800", "�", "�", "�😀", "�A", "😀", "�"]

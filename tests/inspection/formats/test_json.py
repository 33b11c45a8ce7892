"""What is shown of a JSON file, and how NaN is read around."""

from __future__ import annotations

import io
import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from backoffice.inspection.formats._jsonbytes import Utf8, WithoutNan
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

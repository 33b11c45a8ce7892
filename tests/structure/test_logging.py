"""One line an event, the same from the standard library and from structlog."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from config.settings import ROOT

SAY = (
    "import logging, structlog; from config.logging import configure; configure({0!r}); configure({0!r});"
    "logging.getLogger('relay').warning('упал %s', 'Redis', extra={{'job': 7}});"
    "structlog.get_logger('web').info('готово', submission=5);"
    "logging.getLogger('urllib3').info('тихо')"
)


def _lines(log_format: str) -> list[str]:
    command = [sys.executable, "-c", SAY.format(log_format)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stderr.splitlines()


def test_json() -> None:
    rows = [json.loads(line) for line in _lines("json")]
    assert [(row["event"], row["level"], row["logger"]) for row in rows] == [
        ("упал Redis", "warning", "relay"),
        ("готово", "info", "web"),
    ]
    assert (rows[0]["job"], rows[1]["submission"]) == (7, 5)
    assert all(row["timestamp"].endswith("Z") for row in rows)


@pytest.mark.parametrize("words", ["упал Redis", "готово"])
def test_text(words: str) -> None:
    assert sum(words in line for line in _lines("text")) == 1

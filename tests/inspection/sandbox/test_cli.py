"""``flask sandbox try`` without a submission or a database."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from backoffice.app import create_app
from config.settings import Settings
from tests.inspection.sandbox.archives import zipped

pytestmark = pytest.mark.jail


def test_json_has_every_field(tmp_path: Path) -> None:
    path = zipped(tmp_path / "demo.zip", {"compose.yaml": "services:\n  web:\n    image: a\n    privileged: true\n"})
    runner = create_app(Settings(var=tmp_path / "var")).test_cli_runner()
    result = runner.invoke(args=["sandbox", "try", str(path), "--json", "--lang", "en"])
    assert result.exit_code == 0, result.output
    table = json.loads(result.stdout)
    assert table["outcome"] == "author_fault"
    assert [(f["rule"], f["severity"], f["file"], f["line"]) for f in table["findings"]] == [
        ("compose.privileged", "requirement", "compose.yaml", 4)
    ]
    assert "privileged" in table["findings"][0]["words"]
    assert {"steps", "image", "http", "screenshot", "limits", "engine"} <= set(table)


def test_people_read_it_in_russian(tmp_path: Path) -> None:
    path = zipped(tmp_path / "demo.zip", {"model.dll": b"MZ"})
    result = create_app(Settings(var=tmp_path / "var")).test_cli_runner().invoke(args=["sandbox", "try", str(path)])
    assert result.exit_code == 0, result.output
    assert "not_applicable: Не требуется" in result.stdout

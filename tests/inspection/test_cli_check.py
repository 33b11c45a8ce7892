"""``flask check`` as a person runs it: no database, no queue."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from backoffice.app import create_app
from config.settings import Settings
from tests.inspection.test_antivirus import EICAR, zipped

pytestmark = [pytest.mark.clamd, pytest.mark.jail]

FIELDS = ["file", "slot", "verdict", "detected", "findings", "coverage", "tools", "preview"]


def run(*arguments: str, var: Path, clamd: str = "") -> Result:
    app = create_app(Settings(var=var, clamd=clamd))
    return app.test_cli_runner().invoke(args=["check", *arguments])


def rows(result: Result) -> list[dict[str, Any]]:
    return json.loads(result.stdout)


def test_a_folder_is_examined_in_one_run_and_told_as_json(clamd: str, tmp_path: Path) -> None:
    folder = tmp_path / "файлы"
    folder.mkdir()
    (folder / "чистый.zip").write_bytes(zipped("данные.txt", "привет".encode()))
    (folder / "заражённый.zip").write_bytes(zipped("a.bin", EICAR))
    result = run(str(folder), "--slot", "data", "--json", var=tmp_path, clamd=clamd)
    told = {Path(row["file"]).name: row for row in rows(result)}
    assert all(list(row) == FIELDS for row in told.values())
    assert told["чистый.zip"]["verdict"] == "pass"
    assert told["чистый.zip"]["coverage"] == {"bytes": 12, "members": 1, "scanned": 1, "opaque": 0, "failed": 0}
    infected = next(f for f in told["заражённый.zip"]["findings"] if f["rule"] == "antivirus.virus")
    assert list(infected) == ["rule", "severity", "member", "place", "words"]
    assert infected["words"].startswith("Антивирус нашёл «Eicar")
    assert {"name", "version", "seconds"} == set(told["чистый.zip"]["tools"][0])
    assert result.exit_code == 1


def test_a_private_clamd_is_started_when_the_configured_one_is_silent(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(zipped("a.bin", EICAR))
    result = run(str(tmp_path / "a.zip"), "--slot", "archive", "--json", "--language", "en", var=tmp_path)
    assert "The antivirus found Eicar" in result.stdout


def test_the_name_the_author_gave_decides_on_the_extension(tmp_path: Path) -> None:
    (tmp_path / "blob").write_bytes(zipped("a.txt", b"text"))
    path = str(tmp_path / "blob")
    accepted = rows(run(path, "--slot", "data", "--name", "пример.zip", "--no-antivirus", "--json", var=tmp_path))
    refused = rows(run(path, "--slot", "terms", "--name", "условия.zip", "--no-antivirus", "--json", var=tmp_path))
    assert accepted[0]["verdict"] == "pass"
    assert [finding["rule"] for finding in refused[0]["findings"]] == ["format.extension"]


def test_without_clamd_the_verdict_is_error_in_clear_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.zip").write_bytes(zipped("a.txt", b"text"))
    monkeypatch.setattr("backoffice.inspection.clamd_server.installed", lambda: None)
    result = run(str(tmp_path / "a.zip"), "--slot", "data", "--json", var=tmp_path)
    told = rows(result)[0]
    assert told["verdict"] == "error"
    assert "Антивирус не проверил файл" in told["findings"][0]["words"]
    assert result.exit_code == 2


def test_without_antivirus_the_answer_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(zipped("a.txt", b"text"))
    told = rows(run(str(tmp_path / "a.zip"), "--slot", "data", "--no-antivirus", "--json", var=tmp_path))[0]
    assert next(tool for tool in told["tools"] if tool["name"] == "clamd")["version"] == "не запускался"


def test_for_people_there_are_lines(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"PK\x03\x04 and no more")
    result = run(str(tmp_path / "a.zip"), "--slot", "data", "--no-antivirus", var=tmp_path)
    assert result.stdout.startswith("reject")
    assert "format.truncated" in result.stdout


def test_what_is_no_file_is_refused_and_never_waited_for(tmp_path: Path) -> None:
    """A pipe gives bytes when somebody writes some; a folder without files has nothing that could pass."""
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "empty").mkdir()
    for name in ("pipe.csv", "empty", "missing.csv"):
        result = run(str(tmp_path / name), "--slot", "data", "--no-antivirus", "--json", var=tmp_path)
        assert (result.exit_code, result.stdout) == (2, ""), name
        assert "Error: " in result.stderr


@pytest.mark.skipif(os.getuid() != 0, reason="only root may read it and has a jail that may not")
def test_a_file_the_jail_may_not_read_is_an_error_of_ours(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    (tmp_path / "a.csv").chmod(0)
    result = run(str(tmp_path / "a.csv"), "--slot", "data", "--no-antivirus", "--json", var=tmp_path)
    told = rows(result)[0]
    assert (told["verdict"], [finding["rule"] for finding in told["findings"]], result.exit_code) == ("error", ["jail.later"], 2)
    assert "Permission denied" in told["findings"][0]["words"]


def test_names_cannot_move_the_cursor_nor_break_the_json(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "a\n\x1b[2J\u202ecsv.csv").write_text("a,b\n1,2\n")
    (folder / os.fsdecode(b"\xff.csv")).write_text("a,b\n1,2\n")
    lines = run(str(folder), "--slot", "data", "--no-antivirus", var=tmp_path).stdout
    assert "a\\x0a\\x1b[2J\\x202ecsv.csv" in lines
    assert lines.replace("\n", "").isprintable()
    told = run(str(folder), "--slot", "data", "--no-antivirus", "--json", var=tmp_path)
    assert [Path(row["file"]).name for row in json.loads(told.stdout_bytes.decode("utf-8"))][-1] == "\ufffd.csv"

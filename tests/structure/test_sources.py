"""Conventions that a reader would otherwise have to watch."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest
from jinja2 import Environment

from backoffice.app import create_app
from backoffice.delivery import render
from config.settings import ROOT, Settings

LONGEST = 400  # lines; past that, ask what the second subject is


def _ours(*patterns: str) -> list[Path]:
    """Files of the repository, those not committed yet included."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\n")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def test_no_file_is_too_long() -> None:
    files = [path for path in _ours("*.py") if "migrations" not in path.parts]
    assert {path.name: n for path in files if (n := len(path.read_text().splitlines())) > LONGEST} == {}


def test_no_test_sleeps() -> None:
    """Code that a test runs inside a jail may; the test itself waits for events."""
    calls = [(path.name, node) for path in _ours("tests/*.py") for node in ast.walk(ast.parse(path.read_text()))]
    sleeps = [f"{name}:{node.lineno}" for name, node in calls if isinstance(node, ast.Call) and _name(node.func) == "sleep"]
    assert sleeps == []


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def test_only_the_clock_reads_the_time() -> None:
    reads = re.compile(r"datetime\.now\(|date\.today\(|utcnow\(\)\s*$")
    files = _ours("backoffice/domain/*.py", "backoffice/usecases/*.py", "backoffice/store/*.py")
    assert [p.name for p in files if reads.search(p.read_text()) or "backoffice.clock" in p.read_text()] == []


def test_nothing_is_skipped_for_good() -> None:
    excuse = re.compile(r"mark\.(skip|xfail)\b(?!if)")
    assert [p.name for p in _ours("tests/*.py") if excuse.search(p.read_text()) and p != Path(__file__)] == []


def test_ignored_types_name_their_reason() -> None:
    bare = re.compile(r"type: ignore(?!\[)")
    assert [p.name for p in _ours("*.py") if bare.search(p.read_text()) and p != Path(__file__)] == []


def _templates() -> list[str]:
    return [str(p.relative_to(ROOT / "templates")) for p in _ours("templates/*.html", "templates/*.txt")]


@pytest.mark.parametrize("name", _templates())
def test_a_template_compiles(name: str, environments: tuple[Environment, Environment]) -> None:
    page, letter = environments
    environment = letter if name.startswith("email/") else page
    environment.compile((ROOT / "templates" / name).read_text(), name=name)


@pytest.fixture(scope="module")
def environments(tmp_path_factory: pytest.TempPathFactory) -> tuple[Environment, Environment]:
    app = create_app(Settings(var=tmp_path_factory.mktemp("var")))
    app.jinja_env.add_extension("jinja2.ext.i18n")
    return app.jinja_env, render._environment("ru")

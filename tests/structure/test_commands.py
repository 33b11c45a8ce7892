"""The two commands and `flask`: there, described, and harmless when nothing is to be done."""

from __future__ import annotations

import os
import re
import subprocess
from importlib import import_module

import click
import pytest

from backoffice.cli import COMMANDS
from config.settings import ROOT


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_where_its_name_says(name: str) -> None:
    command = import_module(f"backoffice.cli.{name}").command
    assert isinstance(command, click.Command)
    assert command.help


def test_flask_shows_the_products_commands_without_any_environment() -> None:
    plain = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}
    shown = subprocess.run([".venv/bin/flask", "--help"], cwd=ROOT, env=plain, capture_output=True, text=True, check=True).stdout
    assert [name for name in COMMANDS if not re.search(rf"^  {name} ", shown, re.MULTILINE)] == []


def test_setup_changes_nothing_where_all_is_there() -> None:
    done = subprocess.run(
        ["sh", "scripts/setup"], cwd=ROOT, env={**os.environ, "SKIP_APT": "1"}, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_every_target_of_the_makefile_is_described() -> None:
    text = (ROOT / "Makefile").read_text()
    targets = re.search(r"^\.PHONY: (.*)$", text, re.MULTILINE)
    assert targets
    assert [name for name in targets[1].split() if not re.search(rf"^{name}:.*## \w", text, re.MULTILINE)] == []


def test_ci_runs_both_commands() -> None:
    text = (ROOT / ".ci" / "run").read_text()
    assert "make lint" in text
    assert "make test" in text


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_package_is_pinned_with_a_hash(name: str) -> None:
    text = (ROOT / name).read_text()
    blocks = [block for block in re.split(r"\n(?=[a-z0-9])", text, flags=re.IGNORECASE) if "==" in block]
    assert blocks
    assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []

"""What the author gets to rerun our attempt at home: a script the shell can read, that says what we did and nothing of our machine."""

from __future__ import annotations

import io
import subprocess
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from backoffice.inspection.sandbox import bundle, policy, reading
from tests.inspection.sandbox.archives import zipped

pytestmark = pytest.mark.jail

COMPOSE = """
services:
  web:
    build: {context: web, args: {A: "it's; rm -rf /"}}
    volumes: ["./data:/data", "cache:/cache", "./code:/code"]
    environment: {B: "$$(reboot)", C: "Привет мир"}
    command: ["python3", "-c", "print('a b')"]
  model: {image: "python:3.11", user: "1000"}
volumes: {cache: {}}
"""


def unpacked(tmp_path: Path, *, proxy: str = "") -> dict[str, str]:
    dockerfile = """FROM python:3.11
COPY --chmod=754 <<EOF /hello
hi
EOF
COPY --chmod=711 ["b $(reboot)*", "/bin/"]
USER 1
"""
    archive = zipped(tmp_path / "a.zip", {"compose.yaml": COMPOSE, "web/Dockerfile": dockerfile, "code/a.py": "1"})
    with reading.read(archive, name="a.zip") as (plan, _):
        data = bundle.make(plan, replace(policy.terms(), build_proxy=proxy))
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as out:
        return {info.name: out.extractfile(info).read().decode() for info in out}  # type: ignore[union-attr]


def test_the_script_is_plain_shell_and_quotes_what_the_author_wrote(tmp_path: Path) -> None:
    files = unpacked(tmp_path)
    script = tmp_path / "run.sh"
    script.write_text(files["run.sh"])
    subprocess.run(["sh", "-n", str(script)], check=True)
    stand_in = tmp_path / "docker"
    stand_in.write_text('#!/bin/sh\nprintf "%s\\n" "$@" >> "$LOG"\n')
    stand_in.chmod(0o755)
    web = tmp_path / "archive" / "web"
    web.mkdir(parents=True)
    (web / "b $(reboot) 1.sh").touch(0o600)
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "LOG": str(tmp_path / "log")}
    subprocess.run(
        ["sh", str(script), str(tmp_path / "archive")], check=True, env=environment, input=b"\n", stdout=subprocess.DEVNULL
    )
    said = (tmp_path / "log").read_text().splitlines()
    assert "A=it's; rm -rf /" in said
    assert "B=$(reboot)" in said
    assert "C=Привет мир" in said
    assert "print('a b')" in said
    assert "--network" in said
    assert {path.name: path.stat().st_mode & 0o777 for path in web.iterdir()} == {
        ".heredoc-0-EOF": 0o754,
        "b $(reboot) 1.sh": 0o711,
    }
    assert {"--read-only", "--cap-drop", "no-new-privileges"} <= set(said)


def test_it_holds_the_rewritten_config_and_nothing_of_ours(tmp_path: Path) -> None:
    files = unpacked(tmp_path)
    assert set(files) == {"run.sh", "plan.json", "seccomp.json", "web.Dockerfile", "web.files/.heredoc-0-EOF"}
    assert str(tmp_path) not in "".join(files.values())


def test_a_build_through_the_proxy_is_repeated_with_a_network(tmp_path: Path) -> None:
    """The author's own; the address of our proxy is none of theirs."""
    assert "docker build --network none" in unpacked(tmp_path)["run.sh"]
    files = unpacked(tmp_path, proxy="http://proxy.internal:3128")
    assert "docker build --network" not in files["run.sh"]
    assert "proxy.internal" not in "".join(files.values())

"""``flask sandbox``: try-install a demo Docker config exactly as the worker does, without a submission or a database (A10, M6)."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import click
from flask import current_app
from flask.cli import with_appcontext

from backoffice.clock import utcnow
from backoffice.inspection.sandbox import engine as engines
from backoffice.inspection.sandbox import policy, reaper
from backoffice.inspection.sandbox.attempt import try_install
from backoffice.inspection.sandbox.transcript import Tried, write_files
from backoffice.usecases import request_checks

SIGNS = {"requirement": "✗", "guideline": "!", "suggestion": "·", "note": "·"}


@click.group()
def command() -> None:
    """Try-install a demo Docker config."""


@command.command("try")
@click.argument("archive", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--data", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="The data example to mount.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
@click.option("--output", type=click.Path(file_okay=False, path_type=Path), help="Where the picture and the bundle go.")
@click.option("--lang", type=click.Choice(policy.LANGUAGES), default="ru", show_default=True)
@with_appcontext
def try_(archive: Path, data: Path | None, as_json: bool, output: Path | None, lang: str) -> None:
    """Try ARCHIVE. The exit code is 0 whenever an outcome was reached."""
    with _engine(current_app.config["SETTINGS"].engine) as engine:
        answer = try_install(
            archive,
            name=archive.name,
            data=data,
            data_name=data.name if data else "",
            engine=engine,
            progress=None if as_json else lambda step: click.echo(f"… {step}", err=True),
        )
    places = write_files(answer, output or Path(tempfile.mkdtemp(prefix="mlplace-sandbox-"))) if answer.files else {}
    table = as_table(answer, places, lang)
    click.echo(json.dumps(table, ensure_ascii=False, indent=2) if as_json else _as_text(table))


@command.command()
@with_appcontext
def reap() -> None:
    """Remove what a killed try left on the engine, unless one is running."""
    removed = reaper.reap(current_app.config["SETTINGS"].engine)
    click.echo("\n".join(removed) or "0")


@command.command()
@with_appcontext
def retry() -> None:
    """Try at once what waited for the engine or for an image on it."""
    wiring = current_app.extensions["wiring"]
    with wiring.database.connection_context():
        click.echo(request_checks.hurry("try_install", now=utcnow()))


@contextmanager
def _engine(configured: str) -> Iterator[str]:
    """The engine of the settings, or a private one for this command where one can run; "" where none can."""
    if configured or engines.lacking():
        yield configured
        return
    folder = Path(tempfile.mkdtemp(prefix="mlplace-engine-"))
    engine = None
    try:
        with suppress(engines.NoEngine):
            engine = engines.start(folder)
        yield engine.address if engine else ""
    finally:
        if engine:
            engine.stop()
        shutil.rmtree(folder, ignore_errors=True)


def as_table(answer: Tried, places: dict[str, Path], lang: str) -> dict[str, Any]:
    """The answer as the command prints it."""
    seen = answer.transcript
    findings = [
        {
            "rule": finding.rule,
            "severity": str(finding.severity),
            "file": finding.member,
            "line": int(finding.place) if finding.place else None,
            "words": policy.words(finding, lang),
        }
        for finding in answer.findings
    ]
    picture = places.get(seen["screenshot"])
    kept = (
        "steps",
        "image",
        "images",
        "services",
        "ports",
        "http",
        "logs",
        "network_attempts",
        "lookups",
        "building",
        "limits",
        "engine",
        "policy",
        "config",
    )
    head = {"outcome": answer.outcome, "why": answer.words(lang), "verdict": str(answer.verdict), "seconds": answer.seconds}
    tail = {"screenshot": str(picture) if picture else None, "files": {name: str(path) for name, path in places.items()}}
    return {**head, "findings": findings, **{key: seen[key] for key in kept}, **tail}


def _as_text(table: dict[str, Any]) -> str:
    rows = [f"{table['outcome']}: {table['why']}"]
    for finding in table["findings"]:
        place = f" {finding['file']}:{finding['line']}" if finding["line"] else ""
        rows.append(f"  {SIGNS[finding['severity']]} [{finding['rule']}]{place} {finding['words']}")
    rows += [
        f"  {step['name']:<10}{step['seconds']:>8.2f} s {'ok' if step['ok'] else '✗'} {step['detail']}" for step in table["steps"]
    ]
    rows += [f"  http :{page['port']} {page['status']} {page['title']}" for page in table["http"]]
    rows += [f"  {name}: {path}" for name, path in table["files"].items()]
    return "\n".join(rows)

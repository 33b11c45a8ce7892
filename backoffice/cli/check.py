"""``flask check``: examine files exactly as the workers do, without database or queue (M4, M5)."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from flask import current_app
from flask.cli import with_appcontext

from backoffice.domain.sentences import spoken
from backoffice.domain.verdicts import Verdict
from backoffice.inspection import archives, clamd_server, jail, rules, runner
from backoffice.inspection.clamd_at_hand import at_hand
from config.settings import Settings

SLOTS = {slot.cli: slot.id for slot in rules.slots().values()}
NOT_RUN = {"ru": "не запускался", "en": "not run"}
EXIT = {Verdict.PASS: 0, Verdict.WARN: 0, Verdict.REJECT: 1, Verdict.ERROR: 2}


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--slot", required=True, type=click.Choice(sorted(SLOTS)), help="Which part of the card the files are for.")
@click.option("--name", help="The name the author gave the file, when it is not the file's own.")
@click.option("--no-antivirus", is_flag=True, help="Do not ask clamd; the answer says so.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array, an object per file.")
@click.option("--language", type=click.Choice(rules.LANGUAGES), help="Of the words; the interface's first language by default.")
@with_appcontext
def command(
    files: Sequence[Path], slot: str, name: str | None, *, no_antivirus: bool, as_json: bool, language: str | None
) -> None:
    """Examine FILES (folders are read through) exactly as the workers do.

    Ends with 0 when every file passes, warnings included; 1 when one is rejected; 2 when one could not be checked or nothing was.
    """
    settings: Settings = current_app.config["SETTINGS"]
    language = language or settings.languages[0]
    paths = list(_files(files))
    if not paths:
        raise click.UsageError("There is no file to examine.")
    if name and len(paths) != 1:
        raise click.UsageError("--name goes with exactly one file.")
    try:
        jail.ready()
    except jail.NoJail as problem:
        raise click.UsageError(f"The jail cannot be built here, so nothing is examined: {problem}") from problem
    with _clamd(settings, wanted=not no_antivirus) as address, ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        seen = pool.map(lambda path: runner.inspect(path, slot=SLOTS[slot], name=name or path.name, antivirus=address), paths)
        rows = [_row(path, slot, one, language) for path, one in zip(paths, seen, strict=True)]
    click.echo(json.dumps(rows, ensure_ascii=False, indent=2) if as_json else "\n".join(_lines(rows)))
    raise SystemExit(max((EXIT[Verdict(row["verdict"])] for row in rows), default=0))


def _files(given: Sequence[Path]) -> Iterator[Path]:
    for path in given:
        if path.is_dir():
            yield from sorted(inner for inner in path.rglob("*") if inner.is_file() and not inner.is_symlink())
        elif path.is_file():
            yield path
        else:
            raise click.UsageError(f"{path} is neither a file nor a folder.")  # a pipe would be waited for without end


@contextmanager
def _clamd(settings: Settings, *, wanted: bool) -> Iterator[str | None]:
    """The configured clamd when it answers; a private one for this run when it does not; the silent address when there is neither."""
    if not wanted:
        yield None
        return
    with ExitStack() as stack:
        try:
            address = stack.enter_context(at_hand(settings.clamd_address))
        except clamd_server.NoClamd as problem:
            click.echo(str(problem), err=True)
            address = settings.clamd_address
        yield address


def _row(path: Path, slot: str, seen: runner.Inspection, language: str) -> dict[str, Any]:
    return {
        "file": os.fsencode(path).decode("utf-8", "replace"),  # a name need not be text, JSON is
        "slot": slot,
        "verdict": str(seen.verdict),
        "detected": seen.detected,
        "findings": [
            {"rule": f.rule, "severity": str(f.severity), "member": f.member, "place": f.place, "words": rules.words(f, language)}
            for f in seen.findings
        ],
        "coverage": asdict(seen.coverage),
        "tools": [_tool(tool, language) for tool in seen.tools],
        "preview": _preview(seen.preview, language),
    }


def _preview(told: Any, language: str) -> Any:
    if isinstance(told, str):
        return spoken(told, language)
    if isinstance(told, dict):
        return {name: _preview(one, language) for name, one in told.items()}
    return [_preview(one, language) for one in told] if isinstance(told, list) else told


def _tool(tool: Any, language: str) -> dict[str, Any]:
    version = tool["version"] if tool.get("ran", True) else NOT_RUN[language]
    return {"name": tool["name"], "version": version, "seconds": tool["seconds"]}


def _lines(rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    """For people. Names and words come from hostile files: what would move the cursor or turn the text around is written out."""
    return map(archives.plain, _raw_lines(rows))


def _raw_lines(rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    for row in rows:
        cover = row["coverage"]
        seen = f"{cover['scanned']}/{cover['members']}, opaque {cover['opaque']}, failed {cover['failed']}"
        yield f"{row['verdict']:<6} {row['file']}  [{row['detected'] or '?'}; {seen}]"
        for finding in row["findings"]:
            where = " · ".join(part for part in (finding["member"], finding["place"]) if part)
            yield f"       {finding['severity']}: {finding['words']} ({finding['rule']}{'; ' + where if where else ''})"

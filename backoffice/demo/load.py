"""Loads the demo: makes the files and looks into them first, then plays the story in one transaction, so that it is there whole or not at all."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import cache
from pathlib import Path

from backoffice.demo import models, people
from backoffice.demo.stage import File, Seen, Stage, When
from backoffice.demo.story import Round
from backoffice.domain.verdicts import Verdict
from backoffice.inspection import runner
from backoffice.inspection.runner import Inspection
from backoffice.storage import blob_key
from backoffice.store.base import db
from backoffice.store.listings import Submission
from backoffice.usecases.request_checks import extension
from backoffice.wiring import Wiring

Key = tuple[str, str, str]  # sha256, slot, extension: what decides a scan's answer


class NotInspected(Exception):  # noqa: N818  (an answer)
    """A file could not be looked at; the text says why."""


def load(
    wiring: Wiring,
    rounds: Sequence[Round],
    *,
    hashed: Callable[[str], str],
    antivirus: str,
    now: datetime,
    tell: Callable[[str, int, int], None],
) -> int:
    """The number of rounds played; 0 when there are submissions already. ``tell`` hears (file, number, of how many)."""
    if Submission.select().exists():
        return 0
    made = [(round_, _files(round_, wiring)) for round_ in rounds]
    seen = _inspect(made, antivirus, tell)
    with db.atomic():
        cast = people.load(hashed, now=When(wiring, now)("42 09:00"))
        Stage(wiring, cast, seen, now).play(made)
    return len(rounds)


@cache
def _made(make: Callable[[], bytes]) -> tuple[str, bytes]:
    """Rounds that keep a file share its bytes: a builder is called once."""
    data = make()
    return hashlib.sha256(data).hexdigest(), data


def _files(round_: Round, wiring: Wiring) -> dict[str, File]:
    files = {}
    for slot, (name, make) in {**models.files(round_.model), **round_.changed}.items():
        sha256, data = _made(make)
        wiring.storage.put(blob_key(sha256), data)
        files[slot] = File(name, sha256, len(data))
    return files


def _inspect(rounds: list[tuple[Round, dict[str, File]]], antivirus: str, tell: Callable[[str, int, int], None]) -> Seen:
    """Every file once, as the workers do, two at a time."""
    data = dict(_made(make) for round_, _ in rounds for _, make in {**models.files(round_.model), **round_.changed}.values())
    wanted: Mapping[Key, str] = {
        (file.sha256, slot, extension(file.name)): file.name
        for round_, files in rounds
        if round_.checked and round_.submitted
        for slot, file in files.items()
    }
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as pool:

        def look(numbered: tuple[int, Key]) -> tuple[Key, Inspection]:
            number, key = numbered
            path = Path(folder) / str(number)
            path.write_bytes(data[key[0]])
            seen = runner.inspect(path, slot=key[1], name=wanted[key], antivirus=antivirus)
            if seen.verdict == Verdict.ERROR:
                raise NotInspected(f"{wanted[key]}: {seen.why}")
            tell(wanted[key], number, len(wanted))
            return key, seen

        return dict(pool.map(look, enumerate(wanted, 1)))

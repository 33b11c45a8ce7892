"""The demo loads through the real use cases, with real checks of real files, and only once."""

from __future__ import annotations

import shutil
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from peewee import Database

from backoffice.clock import utcnow
from backoffice.demo import load, people, story, weeks
from backoffice.domain.remark_templates import unfilled
from backoffice.store.checks import Finding
from backoffice.store.listings import Listing, Submission
from backoffice.store.moderation import Decision, Remark
from backoffice.store.outbox import Job, Mail
from backoffice.store.people import Person
from backoffice.wiring import Wiring
from config.settings import Settings

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)

pytestmark = [pytest.mark.clamd, pytest.mark.jail, pytest.mark.slow]


@pytest.fixture
def database_url(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> str:
    """SQLite has the demo already, loaded by the product's own commands; into PostgreSQL it is loaded right here."""
    if database_url.startswith("sqlite"):
        for file in request.getfixturevalue("loaded").glob("backoffice.db*"):
            shutil.copy(file, tmp_path / file.name.replace("backoffice", "test"))
    return database_url


def test_the_demo(database: Database, database_url: str, clamd: str, tmp_path: Path) -> None:
    here = database_url.startswith("postgres")
    rounds = (*story.ROUNDS, *weeks.rounds()[:6])
    now = NOW if here else utcnow()
    wiring = Wiring(Settings(var=tmp_path / "var", database_url=database_url, clamd=clamd))
    told: list[str] = []
    if here:
        count = load.load(wiring, rounds, hashed=str, antivirus=clamd, now=now, tell=lambda name, *_: told.append(name))
        assert count == len(rounds)
    assert load.load(wiring, rounds, hashed=str, antivirus=clamd, now=now, tell=lambda *_: told.append("again")) == 0
    assert "again" not in told
    played = rounds if here else story.ROUNDS  # the products of tests are without the weeks before
    assert Submission.select().count() == len(played) + 1  # and a draft just begun

    states = Counter(submission.state for submission in Submission.select())
    assert set(states) == {
        "draft", "checking", "awaiting_review", "published", "returned", "rejected", "withdrawn", "superseded", "unpublished",
    }  # fmt: skip
    assert sum(states.values()) >= 15
    assert not [remark.text for remark in Remark.select() if unfilled(remark.text)]
    assert Listing.select().count() >= 15
    assert Person.select().count() == len(people.PLAYERS)

    waiting = Submission.select().where(Submission.state == "awaiting_review")
    assert any(s.infected for s in waiting)
    assert any(s.deadline_at < now for s in waiting)
    assert any(s.assignee_id for s in waiting)
    assert any(s.claimant_id for s in waiting)

    rules = {finding.rule for finding in Finding.select()}
    assert {
        "antivirus.virus",
        "archive.encrypted",
        "archive.sources_only",
        "format.mismatch",
        "pickle.dangerous",
        "csv.no_header",
    } <= rules
    span = now - min(decision.made_at for decision in Decision.select())
    assert span > timedelta(days=50)
    assert Mail.select().where(Mail.event == "returned").count() == states["returned"]
    assert {job.actor for job in Job.select().where(Job.finished_at.is_null())} == {"mail", "hook", "scan"}


def test_the_weeks_before_look_like_those_of_an_office() -> None:
    rounds = weeks.rounds()
    came, went = (
        [int(words.split()[0]) for words in told] for told in zip(*((r.submitted, r.decided.at) for r in rounds), strict=True)
    )
    assert len(rounds) > 70
    assert all(since > until > 0 for since, until in zip(came, went, strict=True))
    late = sum(
        since - until > 3 for since, until in zip(came, went, strict=True)
    )  # working days of 24 hours, of which there are three
    assert 0.02 < late / len(rounds) < 0.2
    assert {round_.decided.by for round_ in rounds} == {"vera", "gleb", "timur", "olga"}
    assert max(Counter(round_.listing for round_ in rounds).values()) > 2

"""The numbers that nothing counts: after any acts, and at any time, they are the numbers of rows."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from peewee import Database

from backoffice.store import queues, reports, tally
from backoffice.store.filters import Filters
from backoffice.store.listings import Submission
from backoffice.store.queues import TABS, Watch
from backoffice.store.reports import FIGURES, Moment
from tests.usecases.office import HOUR, Office, again

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
Act = Callable[[Office, random.Random, datetime], None]


def submit(office: Office, chance: random.Random, now: datetime) -> None:
    due = chance.choice([None, now + chance.uniform(-5, 90) * HOUR, now.replace(minute=0) + chance.randrange(72) * HOUR])
    earlier = Submission.select().where(Submission.state == "returned").order_by(Submission.id.desc()).first()
    again_of = {"listing": earlier.listing, "number": 2 + chance.randrange(10**9)} if earlier and chance.random() < 0.5 else {}
    state = chance.choice(["draft", "checking", "awaiting_review"])
    office.submission(state=state, submitted_at=now, deadline_at=due, **again_of)


def move(office: Office, chance: random.Random, now: datetime) -> None:
    if row := some(chance):
        state = chance.choice(["checking", "awaiting_review", "returned", "published", "withdrawn"])
        Submission.update(state=state, decided_at=now).where(Submission.id == row.id).execute()


def assign(office: Office, chance: random.Random, now: datetime) -> None:
    to = chance.choice([None, office.vera, office.gleb])
    Submission.update(assignee=to).where(Submission.id.in_(half(chance))).execute()


def claim(office: Office, chance: random.Random, now: datetime) -> None:
    if row := some(chance):
        until = now + chance.randrange(1, 30) * MINUTE
        who = chance.choice([office.vera, office.gleb])
        Submission.update(claimant=who, claim_expires_at=until).where(Submission.id == row.id).execute()


def hold(office: Office, chance: random.Random, now: datetime) -> None:
    if row := some(chance):
        due = None if not row.on_hold else now + chance.uniform(0, 60) * HOUR
        Submission.update(on_hold=not row.on_hold, deadline_at=due).where(Submission.id == row.id).execute()


def recompute(office: Office, chance: random.Random, now: datetime) -> None:
    Submission.update(deadline_at=now + chance.uniform(0, 60) * HOUR).where(Submission.id.in_(half(chance))).execute()


def archive(office: Office, chance: random.Random, now: datetime) -> None:
    back = chance.choice([None, now])
    Submission.update(archived_at=back).where((Submission.state == "returned") & Submission.id.in_(half(chance))).execute()


def forget(office: Office, chance: random.Random, now: datetime) -> None:
    if row := some(chance):
        Submission.delete().where(Submission.id == row.id).execute()


ACTS: tuple[Act, ...] = (submit, submit, submit, move, assign, claim, claim, hold, recompute, archive, forget)


def some(chance: random.Random) -> Submission | None:
    rows = list(Submission.select().order_by(Submission.id))
    return chance.choice(rows) if rows else None


def half(chance: random.Random) -> list[int]:
    return [row[0] for row in Submission.select(Submission.id).tuples() if chance.random() < 0.5]


def agree(office: Office, now: datetime) -> None:
    """Every tab and every figure against the rows it opens, for those who look, near and far."""
    for person in (office.vera, office.gleb, office.lida):
        for horizon in (None, now, now + 20 * HOUR):
            watch = Watch(person=person, now=now, today=now - HOUR, tomorrow=now + HOUR, horizon=horizon)
            listed = {tab: len(queues.page(tab, watch, Filters(), limit=1_000).rows) for tab in TABS}
            assert queues.numbers(watch, Filters()).tabs == listed
            far = Watch(person=person, now=now, today=now - HOUR, tomorrow=now + HOUR)
            beyond = sum(len(queues.page(tab, far, Filters(), limit=1_000).rows) for tab in ("free", "others"))
            assert queues.numbers(watch, Filters()).later == beyond - listed["free"] - listed["others"]
    moment = Moment(now=now, soon=now + 24 * HOUR, tomorrow=now + 15 * HOUR)
    figures = reports.figures(moment)
    assert {name: getattr(figures, name) for name in FIGURES} == {name: reports.rows(name, moment).count() for name in FIGURES}


@pytest.mark.parametrize("seed", range(3))
def test_numbers_stay_those_of_the_rows_through_any_acts(database: Database, seed: int) -> None:
    office, chance, now = Office(), random.Random(seed), START
    for step in range(96):
        chance.choice(ACTS)(office, chance, now)
        now += chance.choice([MINUTE, 7 * MINUTE, HOUR])  # claims lapse and deadlines come by themselves
        if step % 12 == 11:
            agree(office, now)
            tally.fold()
            agree(office, now)


def test_what_a_transaction_takes_back_counts_nowhere(database: Database) -> None:
    office = Office()
    office.submission()
    with database.atomic() as acts:
        office.submission()
        Submission.update(assignee=office.vera).execute()
        acts.rollback()
    agree(office, START)


def test_a_new_version_answers_what_was_returned_when_it_leaves_the_draft(database: Database) -> None:
    office = Office()
    returned = office.submission(state="returned", decided_at=START)
    draft = office.submission(listing=returned.listing, number=2, state="draft", submitted_at=START + HOUR)
    assert again(returned).answered_at is None
    Submission.update(state="checking").where(Submission.id == draft.id).execute()
    assert again(returned).answered_at == START + HOUR


def test_folding_empties_what_is_empty_and_changes_no_number(database: Database) -> None:
    office = Office()
    rows = [office.submission() for _ in range(5)]
    for row in rows:
        Submission.update(assignee=office.vera).where(Submission.id == row.id).execute()
    tally.fold()
    assert database.execute_sql("SELECT MIN(n) FROM submission_tally").fetchone()[0] > 0
    before = database.execute_sql("SELECT COUNT(*) FROM submission_tally").fetchone()[0]
    tally.fold()
    assert database.execute_sql("SELECT COUNT(*) FROM submission_tally").fetchone()[0] == before == 3
    agree(office, START)

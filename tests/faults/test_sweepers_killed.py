"""An hour of simulated time with schedulers that are killed: each step of the ladder fires exactly once (M7)."""

from __future__ import annotations

import random
import subprocess
import sys
from datetime import datetime, timedelta

import pytest
from peewee import Database

from backoffice.domain.deadlines import share
from backoffice.store.audit import Audit
from backoffice.store.listings import Submission
from backoffice.store.moderation import EscalationStep, InAppNotice
from backoffice.store.outbox import Job, Mail
from backoffice.usecases import escalate
from backoffice.usecases.policy_clock import policy_clock
from config.settings import ROOT
from tests.usecases.office import HOUR, Office, again, at

MINUTE = timedelta(minutes=1)
NOON = at("2026-11-26 12:00")
NOBODY_SWEEPS = range(40, 50)  # minutes of the hour
TOLD = {50: ("Вера",), 75: ("Вера", "Лида"), 100: ("Лида",), 133: ("Захар",)}
RAISED = {50: 0, 75: 0, 100: 1, 133: 2}


class Scheduler:
    """One process; it sweeps when it is told the time."""

    def __init__(self, url: str) -> None:
        command = [sys.executable, "-m", "tests.faults.sweeper", url]
        self.process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def tell(self, now: datetime) -> None:
        assert self.process.stdin
        self.process.stdin.write(f"{now.isoformat()}\n")
        self.process.stdin.flush()

    def swept(self, *, statements: int | None = None) -> bool:
        """Wait until the sweep is over; False when it came to so many statements, and was killed there."""
        assert self.process.stdout
        for seen, line in enumerate(self.process.stdout, start=1):
            if line == "swept\n":
                return True
            if seen == statements:
                break
        self.kill()
        return False

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


def reaching(office: Office, percent: int, minute: int) -> Submission:
    """One that reaches this step in that minute of the hour; a claim on it has run out already."""
    clock, policy = policy_clock()
    early, then = at("2026-11-02 12:00"), NOON + minute * MINUTE
    submitted_at = clock.deadline(early, clock.elapsed(early, then) - share(policy.budget, percent))
    stale = {"claimant": office.gleb, "claim_expires_at": NOON - HOUR}
    return office.submission(f"{percent} %", submitted_at=submitted_at, assignee=office.vera, **stale)


@pytest.mark.slow
def test_killed_and_doubled_schedulers_fire_each_step_once(database: Database, database_url: str) -> None:
    office, chance = Office(), random.Random(5)
    expected = {reaching(office, percent, minute): percent for percent in TOLD for minute in range(4 + percent % 5, 60, 8)}
    while escalate.sweep(now=NOON):
        """The steps below are told before the hour begins."""
    before = {row.id for row in EscalationStep.select()}
    newest = {table: max((row.id for row in table.select()), default=0) for table in (InAppNotice, Mail, Job, Audit)}

    killed, pair = 0, [Scheduler(database_url) for _ in range(2)]
    for minute in range(61):
        if minute in NOBODY_SWEEPS:
            continue
        for scheduler in pair:
            scheduler.tell(NOON + minute * MINUTE)
        for place, scheduler in enumerate(pair):
            doomed = minute < 60 and chance.random() < 0.4
            if not scheduler.swept(statements=chance.randrange(1, 25) if doomed else None):
                killed += 1
                pair[place] = Scheduler(database_url)
    for scheduler in pair:
        scheduler.kill()
    assert killed > 5

    fired = [row for row in EscalationStep.select() if row.id not in before]
    assert sorted((row.submission_id, row.step, row.skipped) for row in fired) == sorted(
        (row.id, percent, 0) for row, percent in expected.items()
    )
    fresh = {table: list(table.select().where(table.id > last)) for table, last in newest.items()}
    people = {person.id: person.name for person in (office.lida, office.vera, office.gleb, office.zahar)}
    told = sorted((row.submission_id, people[row.person_id]) for row in fresh[InAppNotice])
    assert told == sorted((row.id, name) for row, percent in expected.items() for name in TOLD[percent])
    assert len(fresh[Mail]) == len(fresh[Job]) == len(told)
    assert sorted((row.submission_id, row.data["step"]) for row in fresh[Audit] if row.action == "escalated") == sorted(
        (row.id, percent) for row, percent in expected.items()
    )
    assert {row.id: again(row).priority for row in expected} == {row.id: RAISED[percent] for row, percent in expected.items()}
    released = [row.submission_id for row in fresh[Audit] if row.action == "claim_released"]
    assert sorted(released) == sorted(row.id for row, percent in expected.items() if percent == 100)

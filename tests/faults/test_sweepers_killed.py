"""An hour of simulated time with schedulers that are killed: each step of the ladder fires exactly once (M7)."""

from __future__ import annotations

import random
import subprocess
import sys
from datetime import datetime, timedelta

import pytest
from peewee import Database

from backoffice.store.audit import Audit
from backoffice.store.moderation import EscalationStep, InAppNotice
from backoffice.store.outbox import Job, Mail
from config.settings import ROOT
from tests.usecases.office import HOUR, MONDAY, Office

MINUTE = timedelta(minutes=1)


def sweeper(url: str, start: datetime, minutes: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.faults.sweeper", url, start.isoformat(), str(minutes)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


@pytest.mark.slow
def test_killed_and_doubled_schedulers_fire_each_step_once(database: Database, database_url: str) -> None:
    office, chance = Office(), random.Random(5)
    submissions = [office.submission(submitted_at=MONDAY + n * MINUTE, assignee=office.vera) for n in range(60)]
    start = MONDAY + 36 * HOUR
    for _ in range(4):  # two at once, each killed in the middle of a sweep
        pair = [sweeper(database_url, start, 60) for _ in range(2)]
        for process in pair:
            stop = chance.randrange(2, 25)
            assert process.stdout is not None
            for line in process.stdout:
                if line == f"begin {stop}\n":
                    break
            process.kill()
            process.wait()
            process.stdout.close()
    last = [sweeper(database_url, start, 60) for _ in range(2)]
    assert [process.communicate(timeout=300) and process.returncode for process in last] == [0, 0]

    fired = [(row.submission_id, row.step, row.skipped) for row in EscalationStep.select()]
    assert sorted(fired) == [(row.id, 50, 0) for row in submissions]
    assert InAppNotice.select().count() == Mail.select().count() == Job.select().count() == 60
    assert Audit.select().where(Audit.action == "escalated").count() == 60

"""What runs by the clock. periodiq sends these; each is an idempotent sweep over the database, so a run too many or too few does no harm."""

from __future__ import annotations

from datetime import timedelta

import dramatiq
from periodiq import cron

from backoffice.clock import utcnow
from backoffice.inspection import antivirus
from backoffice.inspection.rules import limits
from backoffice.store import search, tally
from backoffice.store.database import checkpoint, keep_statistics
from backoffice.usecases import claim, digest, escalate, freshen, health, history, outlook, recompute, reconcile
from tasks.broker import wiring
from tasks.try_install import reap

WEEKS = 53  # counted ahead of anybody who looks at a year


@dramatiq.actor(queue_name="sweeps", periodic=cron("* * * * *"), time_limit=50_000)
def sweep_claims() -> None:
    """Claims that ran out become free in every list; the numbers of lists and SQLite's journal stay short. Leaves word that it ran."""
    with wiring.database.connection_context():
        health.note_scheduler(utcnow())
        claim.sweep(now=utcnow())
        tally.fold()
        checkpoint(wiring.database)


@dramatiq.actor(queue_name="sweeps", periodic=cron("*/10 * * * *"), time_limit=300_000)
def tidy() -> None:
    """Abandoned uploads go; checks without a job get one again; what is over leaves the search of current work."""
    with wiring.database.connection_context():
        reconcile.tidy_uploads(wiring.storage, now=utcnow())
        reconcile.revive_checks(now=utcnow())
        search.tidy(now=utcnow())


@dramatiq.actor(queue_name="sweeps", periodic=cron("*/15 * * * *"), time_limit=300_000)
def freshen_checks() -> None:
    """Checks made under other tools, rules or signatures are made again."""
    try:
        signatures = str(antivirus.engine(wiring.settings.clamd_address))
    except antivirus.Unscanned:
        signatures = ""
    with wiring.database.connection_context():
        freshen.renew(
            scan_version=wiring.scan_version,
            try_install_version=wiring.try_install_version,
            signatures=signatures,
            rescan_after=timedelta(hours=limits()["rescan_hours"]),
            now=utcnow(),
        )


@dramatiq.actor(queue_name="sweeps", periodic=cron("* * * * *"), time_limit=300_000)
def sweep_deadlines() -> None:
    """Steps of the ladder that are due."""
    with wiring.database.connection_context():
        escalate.sweep(now=utcnow())
        escalate.drop_stale_letters(now=utcnow())


@dramatiq.actor(queue_name="sweeps", periodic=cron("*/2 * * * *"), time_limit=600_000)
def renew_deadlines() -> None:
    """Deadlines of open submissions, after the calendar or the policy changed; nothing to do otherwise."""
    with wiring.database.connection_context():
        recompute.recompute(now=utcnow())


@dramatiq.actor(queue_name="sweeps", periodic=cron("*/10 * * * *"), time_limit=300_000)
def morning() -> None:
    """The leads' digest of a business day, reminders to authors, the archive of what never came back, and weeks that are over."""
    with wiring.database.connection_context():
        digest.send_digest(now=utcnow())
        digest.remind_authors(now=utcnow())
        digest.archive_forgotten(now=utcnow())
        history.weeks(WEEKS, now=utcnow())


@dramatiq.actor(queue_name="sweeps", periodic=cron("*/5 * * * *"), time_limit=300_000)
def renew_figures() -> None:
    """The present week and the forecast that leads look at."""
    with wiring.database.connection_context():
        history.renew(now=utcnow())
        outlook.renew(now=utcnow())


@dramatiq.actor(queue_name="sweeps", periodic=cron("15 3 * * *"), time_limit=300_000)
def statistics() -> None:
    """What the database's planner goes by."""
    with wiring.database.connection_context():
        keep_statistics(wiring.database)


PERIODIC = (sweep_claims, tidy, freshen_checks, sweep_deadlines, renew_deadlines, morning, renew_figures, statistics, reap)

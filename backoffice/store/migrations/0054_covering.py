"""The orders of open lists hold everything that filters ask of a row itself: where hardly any row meets one, the index alone is read through."""

from peewee import SqliteDatabase

FAR = "9999-12-31 00:00:00.000000+00:00"
AWAITING = "state = 'awaiting_review'"
ASKED = (
    "state, assignee_id, claimant_id, claim_expires_at, deadline_at, on_hold, number, worst_finding, infected, submitted_at, author_id, "
    "deadline_override, deadline_provisional"
)


def up(migrator, db):
    _make(db, f", {ASKED}")


def down(migrator, db):
    _make(db, "")


def _make(db, more):
    due = f"COALESCE(deadline_at, '{FAR}')" if isinstance(db, SqliteDatabase) else f"COALESCE(deadline_at, TIMESTAMPTZ '{FAR}')"
    for name, order, rows in (
        ("free", f"priority DESC, {due}, id", f"{AWAITING} AND assignee_id IS NULL"),
        ("taken", f"priority DESC, {due}, id", f"{AWAITING} AND (assignee_id IS NOT NULL OR claimant_id IS NOT NULL)"),
        ("checking", f"priority DESC, {due}, id", "state = 'checking'"),
        ("by_time", f"{due}, id", "state IN ('checking', 'awaiting_review')"),
    ):
        db.execute_sql(f"DROP INDEX submission_{name}")
        db.execute_sql(f"CREATE INDEX submission_{name} ON submission ({order}{more}) WHERE {rows}")

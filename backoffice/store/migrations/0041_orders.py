"""The order of each list as an index of its own, over exactly what the list can hold: the first page of a tab reads one page of rows."""

from peewee import SqliteDatabase

FAR = "9999-12-31 00:00:00.000000+00:00"
OPEN = "state IN ('checking', 'awaiting_review')"
AWAITING = "state = 'awaiting_review'"


def up(migrator, db):
    due = f"COALESCE(deadline_at, '{FAR}')" if isinstance(db, SqliteDatabase) else f"COALESCE(deadline_at, TIMESTAMPTZ '{FAR}')"
    for name, order, rows in (
        ("free", f"priority DESC, {due}, id", f"{AWAITING} AND assignee_id IS NULL"),
        ("taken", f"priority DESC, {due}, id", f"{AWAITING} AND (assignee_id IS NOT NULL OR claimant_id IS NOT NULL)"),
        ("checking", f"priority DESC, {due}, id", "state = 'checking'"),
        ("by_time", f"{due}, id", OPEN),
        ("held", f"{due}, id", f"{OPEN} AND on_hold"),
        ("decided", "decided_at, id, state", "decided_at IS NOT NULL"),
    ):
        db.execute_sql(f"CREATE INDEX submission_{name} ON submission ({order}) WHERE {rows}")


def down(migrator, db):
    for name in ("decided", "held", "by_time", "checking", "taken", "free"):
        db.execute_sql(f"DROP INDEX submission_{name}")

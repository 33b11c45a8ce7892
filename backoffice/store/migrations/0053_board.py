"""What each moderator has, in the order of the board: a column of it reads its cards and no more."""

from peewee import SqliteDatabase

FAR = "9999-12-31 00:00:00.000000+00:00"


def up(migrator, db):
    due = f"COALESCE(deadline_at, '{FAR}')" if isinstance(db, SqliteDatabase) else f"COALESCE(deadline_at, TIMESTAMPTZ '{FAR}')"
    db.execute_sql(
        f"CREATE INDEX submission_board ON submission (assignee_id, {due}, id) "
        "WHERE state IN ('checking', 'awaiting_review') AND assignee_id IS NOT NULL"
    )


def down(migrator, db):
    db.execute_sql("DROP INDEX submission_board")

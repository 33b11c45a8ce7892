"""Full-text search over submissions, the queue's order as an index, and pages of a review seen by whom."""

from peewee import SqliteDatabase

FAR = "9999-12-31 00:00:00.000000+00:00"
OPEN = "state IN ('checking', 'awaiting_review')"


def up(migrator, db):
    if isinstance(db, SqliteDatabase):
        db.execute_sql("CREATE VIRTUAL TABLE submission_search USING fts5(stems, tokenize = 'unicode61')")
    else:
        db.execute_sql("CREATE TABLE submission_search (rowid INTEGER PRIMARY KEY, stems TSVECTOR NOT NULL)")
        db.execute_sql("CREATE INDEX submission_search_stems ON submission_search USING gin (stems)")
    far = f"'{FAR}'" if isinstance(db, SqliteDatabase) else f"TIMESTAMPTZ '{FAR}'"
    db.execute_sql(f"CREATE INDEX submission_queue ON submission (priority DESC, COALESCE(deadline_at, {far}), id) WHERE {OPEN}")
    db.execute_sql(
        "CREATE INDEX submission_counts ON submission (state, assignee_id, claimant_id, claim_expires_at, deadline_at, on_hold) "
        f"WHERE {OPEN}"
    )


def down(migrator, db):
    db.execute_sql("DROP INDEX submission_counts")
    db.execute_sql("DROP INDEX submission_queue")
    db.execute_sql("DROP TABLE submission_search")

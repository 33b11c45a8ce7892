"""The words of current work in an index of their own: what a search finds among fifty thousand is not looked for in a million.

And an index for each filter of the list of everything, in that list's order.
"""

from peewee import SqliteDatabase

FLAGS = ("infected", "on_hold", "deadline_override", "deadline_provisional")


def up(migrator, db):
    if isinstance(db, SqliteDatabase):
        db.execute_sql("CREATE VIRTUAL TABLE current_search USING fts5(stems, tokenize = 'unicode61')")
        recent = "decided_at > datetime('now', '-3 days')"
    else:
        db.execute_sql("CREATE TABLE current_search (rowid INTEGER PRIMARY KEY, stems TSVECTOR NOT NULL)")
        db.execute_sql("CREATE INDEX current_search_stems ON current_search USING gin (stems)")
        recent = "decided_at > now() - INTERVAL '3 days'"
    db.execute_sql(
        "INSERT INTO current_search (rowid, stems) SELECT rowid, stems FROM submission_search WHERE rowid IN (SELECT id FROM submission "
        f"WHERE state IN ('checking', 'awaiting_review') OR (state = 'returned' AND answered_at IS NULL) OR {recent})"
    )
    for column in ("state", "worst_finding"):
        db.execute_sql(f"CREATE INDEX submission_by_{column} ON submission ({column}, id)")
    for flag in FLAGS:
        db.execute_sql(f"CREATE INDEX submission_{flag} ON submission (id) WHERE {flag}")


def down(migrator, db):
    for name in (*FLAGS, "by_worst_finding", "by_state"):
        db.execute_sql(f"DROP INDEX submission_{name}")
    db.execute_sql("DROP TABLE current_search")

"""What never came back from its author, as an index: the archive is looked into now and then, and grows for ever."""

ARCHIVED = "state = 'returned' AND answered_at IS NULL AND archived_at IS NOT NULL"


def up(migrator, db):
    db.execute_sql(f"CREATE INDEX submission_archived ON submission (decided_at, id) WHERE {ARCHIVED}")


def down(migrator, db):
    db.execute_sql("DROP INDEX submission_archived")

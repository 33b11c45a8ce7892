"""What authors still have to answer, as an index: returned submissions pile up over the years, those that wait do not."""

WAITING = "state = 'returned' AND answered_at IS NULL AND archived_at IS NULL"


def up(migrator, db):
    db.execute_sql("ALTER TABLE submission ADD COLUMN answered_at TIMESTAMPTZ")
    db.execute_sql(
        "UPDATE submission SET answered_at = updated_at WHERE state = 'returned' AND EXISTS (SELECT 1 FROM submission AS newer "
        "WHERE newer.listing_id = submission.listing_id AND newer.number > submission.number AND newer.state <> 'draft')"
    )
    db.execute_sql(
        f"CREATE INDEX submission_with_author ON submission (state, answered_at, archived_at, decided_at, id) WHERE {WAITING}"
    )


def down(migrator, db):
    db.execute_sql("DROP INDEX submission_with_author")
    db.execute_sql("ALTER TABLE submission DROP COLUMN answered_at")

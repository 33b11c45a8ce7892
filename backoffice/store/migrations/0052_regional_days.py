"""Days that the region changes, entered by the staff with the decree they come from: a layer of their own under the staff's own days."""


def up(migrator, db):
    db.execute_sql("ALTER TABLE calendar_change ADD COLUMN decree TEXT NOT NULL DEFAULT ''")
    db.execute_sql("DROP INDEX calendar_change_day")
    db.execute_sql("CREATE UNIQUE INDEX calendar_change_day ON calendar_change (day) WHERE ended_at IS NULL AND decree = ''")
    db.execute_sql("CREATE UNIQUE INDEX calendar_change_region ON calendar_change (day) WHERE ended_at IS NULL AND decree <> ''")


def down(migrator, db):
    for name in ("region", "day"):
        db.execute_sql(f"DROP INDEX calendar_change_{name}")
    db.execute_sql("DELETE FROM calendar_change WHERE decree <> ''")
    db.execute_sql("ALTER TABLE calendar_change DROP COLUMN decree")
    db.execute_sql("CREATE UNIQUE INDEX calendar_change_day ON calendar_change (day) WHERE ended_at IS NULL")

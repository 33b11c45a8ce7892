"""How many submissions of each kind there are, kept by triggers: numbers of tabs and of the desk count no rows.

A cell is a state, whose it is (nobody's 0, somebody's -1, and each person's own again), whether its clock stands still, and the hour it is due in.
SQLite adds to the cell at once. On PostgreSQL two transactions would wait for each other there, or lock each other out for good: each
appends what it changes, and the sum is the number; ``tally.fold`` joins the rows now and then.

What waits on its author was a question about other rows; now it is one about the row itself: a version that is no draft any more answers the
returned ones before it.
"""

from peewee import SqliteDatabase

OPEN = "state IN ('checking', 'awaiting_review')"
FAR = "9999-12-31 00:00:00.000000+00:00"
WATCHED = ("state", "assignee_id", "on_hold", "deadline_at", "submitted_at", "answered_at", "archived_at")
ANSWERED = (
    "UPDATE submission SET answered_at = updated_at WHERE state = 'returned' AND answered_at IS NULL AND EXISTS (SELECT 1 FROM submission "
    "AS newer WHERE newer.listing_id = submission.listing_id AND newer.number > submission.number AND newer.state <> 'draft')"
)
ANSWER = (
    "UPDATE submission SET answered_at = COALESCE(NEW.submitted_at, NEW.updated_at) WHERE listing_id = NEW.listing_id "
    "AND number < NEW.number AND state = 'returned' AND answered_at IS NULL;"
)
KEY = "state, holder, on_hold, due"


def up(migrator, db):
    sqlite = isinstance(db, SqliteDatabase)
    key = f", PRIMARY KEY ({KEY})) WITHOUT ROWID" if sqlite else ")"
    db.execute_sql(
        "CREATE TABLE submission_tally (state VARCHAR(20) NOT NULL, holder INTEGER NOT NULL, on_hold BOOLEAN NOT NULL, "
        f"due TIMESTAMPTZ NOT NULL, n INTEGER NOT NULL{key}"
    )
    db.execute_sql(ANSWERED)
    for statement in _sqlite() if sqlite else _postgres():
        db.execute_sql(statement)
    db.execute_sql(
        f"INSERT INTO submission_tally ({KEY}, n) SELECT {KEY}, COUNT(*) FROM ({_cells('s', sqlite, 'FROM submission AS s')}) AS c "
        f"GROUP BY {KEY}"
    )
    db.execute_sql(f"CREATE INDEX submission_due ON submission (deadline_at, state, assignee_id, on_hold) WHERE {OPEN}")
    db.execute_sql(
        f"CREATE INDEX submission_claimed ON submission (claimant_id, claim_expires_at) WHERE {OPEN} AND claimant_id IS NOT NULL"
    )
    db.execute_sql("DROP INDEX submission_counts")


def down(migrator, db):
    db.execute_sql(
        "CREATE INDEX submission_counts ON submission (state, assignee_id, claimant_id, claim_expires_at, deadline_at, on_hold) "
        f"WHERE {OPEN}"
    )
    db.execute_sql("DROP INDEX submission_claimed")
    db.execute_sql("DROP INDEX submission_due")
    if isinstance(db, SqliteDatabase):
        for name in ("tally_insert", "tally_update", "tally_delete", "answers_insert", "answers_update"):
            db.execute_sql(f"DROP TRIGGER submission_{name}")
    else:
        for name in ("tally_change", "tally_update", "answers_insert", "answers_update"):
            db.execute_sql(f"DROP TRIGGER submission_{name} ON submission")
        for name in ("tally_keep", "answer"):
            db.execute_sql(f"DROP FUNCTION submission_{name}()")
    db.execute_sql("DROP TABLE submission_tally")


def _cells(row, sqlite, source=""):
    """The cells that a row of submission counts in."""
    far, no = (f"'{FAR}'", "0") if sqlite else (f"TIMESTAMPTZ '{FAR}'", "FALSE")
    hour = (
        f"substr({row}.deadline_at, 1, 13) || ':00:00.000000+00:00'"
        if sqlite
        else f"date_trunc('hour', {row}.deadline_at, 'UTC')"
    )
    due, is_open = f"COALESCE({hour}, {far})", f"{row}.{OPEN}"
    return " UNION ALL ".join(
        f"SELECT {state} AS state, {holder} AS holder, {hold} AS on_hold, {at} AS due {source} WHERE {condition}"
        for state, holder, hold, at, condition in (
            (f"{row}.state", "0", f"{row}.on_hold", due, f"{is_open} AND {row}.assignee_id IS NULL"),
            (f"{row}.state", "-1", f"{row}.on_hold", due, f"{is_open} AND {row}.assignee_id IS NOT NULL"),
            (f"{row}.state", f"{row}.assignee_id", f"{row}.on_hold", due, f"{is_open} AND {row}.assignee_id IS NOT NULL"),
            (
                "'with_author'",
                "0",
                no,
                far,
                f"{row}.state = 'returned' AND {row}.answered_at IS NULL AND {row}.archived_at IS NULL",
            ),
            ("'submitted'", "0", no, far, f"{row}.submitted_at IS NOT NULL"),
        )
    )


def _sqlite():
    def add(row, sign):
        return (
            f"INSERT INTO submission_tally ({KEY}, n) SELECT {KEY}, {sign} FROM ({_cells(row, True)}) WHERE TRUE "
            "ON CONFLICT DO UPDATE SET n = n + excluded.n;"
        )

    changed = " OR ".join(f"OLD.{name} IS NOT NEW.{name}" for name in WATCHED)
    yield f"CREATE TRIGGER submission_tally_insert AFTER INSERT ON submission BEGIN {add('NEW', 1)} END"
    yield f"CREATE TRIGGER submission_tally_delete AFTER DELETE ON submission BEGIN {add('OLD', -1)} END"
    yield (
        f"CREATE TRIGGER submission_tally_update AFTER UPDATE OF {', '.join(WATCHED)} ON submission WHEN {changed} "
        f"BEGIN {add('OLD', -1)} {add('NEW', 1)} END"
    )
    for event, condition in _answers():
        yield f"CREATE TRIGGER submission_answers_{event.split()[0].lower()} AFTER {event} ON submission WHEN {condition} BEGIN {ANSWER} END"


def _answers():
    """When a version answers: it comes in at once, or it leaves the draft."""
    yield "INSERT", "NEW.number > 1 AND NEW.state <> 'draft'"
    yield "UPDATE OF state", "NEW.number > 1 AND OLD.state = 'draft' AND NEW.state <> 'draft'"


def _postgres():
    yield (
        "CREATE FUNCTION submission_tally_keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF TG_OP <> 'INSERT' THEN INSERT INTO submission_tally ({KEY}, n) SELECT {KEY}, -1 FROM ({_cells('OLD', False)}) AS c; END IF; "
        f"IF TG_OP <> 'DELETE' THEN INSERT INTO submission_tally ({KEY}, n) SELECT {KEY}, 1 FROM ({_cells('NEW', False)}) AS c; END IF; "
        "RETURN NULL; END $$"
    )
    keep = "FOR EACH ROW"
    changed = " OR ".join(f"OLD.{name} IS DISTINCT FROM NEW.{name}" for name in WATCHED)
    yield f"CREATE TRIGGER submission_tally_change AFTER INSERT OR DELETE ON submission {keep} EXECUTE FUNCTION submission_tally_keep()"
    yield (
        f"CREATE TRIGGER submission_tally_update AFTER UPDATE OF {', '.join(WATCHED)} ON submission {keep} WHEN ({changed}) "
        "EXECUTE FUNCTION submission_tally_keep()"
    )
    yield f"CREATE FUNCTION submission_answer() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {ANSWER} RETURN NULL; END $$"
    for event, condition in _answers():
        yield (
            f"CREATE TRIGGER submission_answers_{event.split()[0].lower()} AFTER {event} ON submission {keep} WHEN ({condition}) "
            "EXECUTE FUNCTION submission_answer()"
        )

"""Who answered a point of the checklist: what was left as the machine had filled it in is kept apart from what the moderator answered."""


def up(migrator, db):
    db.execute_sql("ALTER TABLE decision ADD COLUMN machine_answers TEXT NOT NULL DEFAULT '{}'")


def down(migrator, db):
    db.execute_sql("ALTER TABLE decision DROP COLUMN machine_answers")

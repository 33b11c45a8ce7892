"""Full-text search in Russian and English by word stems: the same stems on SQLite (FTS5) and PostgreSQL (tsvector)."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import cache

import snowballstemmer
from peewee import SQL, SqliteDatabase

from backoffice.store.base import db
from backoffice.store.listings import Submission

_WORD = re.compile(r"\w+")
LONGEST = 40_000  # characters of a submission that are indexed
EVERYTHING, CURRENT = (
    "submission_search",
    "current_search",
)  # CURRENT is small, however long the past; it may hold more than is current
KEPT = timedelta(days=3)  # after its decision: longer than any day of the office lasts


def stems(text: str) -> list[str]:
    """The stems of the words, in order: Russian words by the Russian Snowball rules, others by the English ones; ё is е."""
    words = _WORD.findall(text.casefold().replace("ё", "е"))
    return [_stem(word) for word in words]


@cache
def _stemmer(language: str) -> snowballstemmer.stemmer:
    return snowballstemmer.stemmer(language)


def _stem(word: str) -> str:
    russian = any("а" <= letter <= "я" for letter in word)
    return str(_stemmer("russian" if russian else "english").stemWord(word))


def index(submission: Submission) -> None:
    """Put a submission into both indexes, or renew it; call it inside the transaction that changes its words."""
    words = [submission.title, submission.author.name, submission.author.email, *(file.name for file in submission.artifacts)]
    words += [submission.description, submission.characteristics, submission.requirements]
    found = " ".join(stems("\n".join(words)[:LONGEST]))
    mark = _mark()
    value = mark if isinstance(db.obj, SqliteDatabase) else f"to_tsvector('simple', {mark})"
    for table in (CURRENT, EVERYTHING):
        db.execute_sql(f"DELETE FROM {table} WHERE rowid = {mark}", (submission.id,))  # noqa: S608 (our own names)
        db.execute_sql(f"INSERT INTO {table} (rowid, stems) VALUES ({mark}, {value})", (submission.id, found))  # noqa: S608


def tidy(*, now: datetime) -> None:
    """Take out of the index of current work what is over: decided days ago, and no author has to answer it."""
    over = Submission.select(Submission.id).where(
        Submission.decided_at < now - KEPT,
        Submission.id.in_(SQL("(SELECT rowid FROM current_search)")),
        Submission.state.not_in(["checking", "awaiting_review"]),
        (Submission.state != "returned") | Submission.answered_at.is_null(False),
    )
    for start in range(0, len(ids := [row[0] for row in over.tuples()]), 500):
        part = ids[start : start + 500]
        marks = ", ".join([_mark()] * len(part))
        db.execute_sql(f"DELETE FROM {CURRENT} WHERE rowid IN ({marks})", part)  # noqa: S608 (parameter marks)


def reindex() -> int:
    """Index every submission anew; the count."""
    count = 0
    for submission in Submission.select():
        with db.atomic():
            index(submission)
        count += 1
    return count


def matching(query: str, *, rare: bool = True, ever: bool = False) -> SQL | None:
    """A condition on ``Submission.id``: every word of the query is there, the last one perhaps unfinished. None for no words.

    Of current work (what is open, what waits on its author, what was decided today), or of all submissions there ever were. PostgreSQL takes
    half a percent for the least that an unfinished word can match: told that it is ``rare``, it asks the index instead of reading row by row.
    """
    found = _matches(EVERYTHING if ever else CURRENT, query)
    if found is None:
        return None
    text, asked = found
    if rare:
        text = _by_index(text)
    return SQL(f'"t1"."id" IN ({text})', (asked,))


def newest(query: str, count: int, *, before: int | None = None) -> SQL | None:
    """The same of all submissions, but only the newest so many of them, with ids below ``before``."""
    found = _matches(EVERYTHING, query)
    if found is None:
        return None
    text, asked = found
    below, values = (f" AND rowid < {_mark()}", (before,)) if before is not None else ("", ())
    return SQL(f'"t1"."id" IN ({text}{below} ORDER BY rowid DESC LIMIT {_mark()})', (asked, *values, count))


def is_rare(query: str, few: int, *, ever: bool = False) -> bool:
    """Whether no more than so many of current work match, or of all submissions there ever were."""
    found = _matches(EVERYTHING if ever else CURRENT, query)
    if found is None:
        return True
    text, asked = found
    counted = f"SELECT COUNT(*) FROM (SELECT rowid FROM ({_by_index(text)}) AS m LIMIT {few + 1}) AS c"  # noqa: S608 (our own names, a number)
    return int(db.execute_sql(counted, (asked,)).fetchone()[0]) <= few


def _by_index(text: str) -> str:
    """The same rows, all of them out of the index before any is used."""
    return text if isinstance(db.obj, SqliteDatabase) else f"WITH m AS MATERIALIZED ({text}) SELECT rowid FROM m"  # noqa: S608 (our own names)


def _matches(table: str, query: str) -> tuple[str, str] | None:
    """SQL for the row ids, and its parameter; None for no words."""
    found = stems(query)[:20]
    if not found:
        return None
    if isinstance(db.obj, SqliteDatabase):
        condition, asked = "MATCH ?", " ".join(f'"{stem}"' for stem in found) + "*"
    else:
        condition, asked = "@@ to_tsquery('simple', %s)", " & ".join(f"'{stem}'" for stem in found) + ":*"
    return f"SELECT rowid FROM {table} WHERE stems {condition}", asked  # noqa: S608 (our own names)


def _mark() -> str:
    return "?" if isinstance(db.obj, SqliteDatabase) else "%s"

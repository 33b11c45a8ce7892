"""Full-text search in Russian and English by word stems: the same stems on SQLite (FTS5) and PostgreSQL (tsvector)."""

from __future__ import annotations

import re
from functools import cache

import snowballstemmer
from peewee import SQL, SqliteDatabase

from backoffice.store.base import db
from backoffice.store.listings import Submission

_WORD = re.compile(r"\w+")
LONGEST = 40_000  # characters of a submission that are indexed


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
    """Put a submission into the index, or renew it; call it inside the transaction that changes its words."""
    words = [submission.title, submission.author.name, submission.author.email, *(file.name for file in submission.artifacts)]
    words += [submission.description, submission.characteristics, submission.requirements]
    found = " ".join(stems("\n".join(words)[:LONGEST]))
    mark = "?" if isinstance(db.obj, SqliteDatabase) else "%s"
    value = mark if isinstance(db.obj, SqliteDatabase) else f"to_tsvector('simple', {mark})"
    db.execute_sql(f"DELETE FROM submission_search WHERE rowid = {mark}", (submission.id,))  # noqa: S608 (a parameter mark)
    db.execute_sql(f"INSERT INTO submission_search (rowid, stems) VALUES ({mark}, {value})", (submission.id, found))  # noqa: S608


def reindex() -> int:
    """Index every submission anew; the count."""
    count = 0
    for submission in Submission.select():
        with db.atomic():
            index(submission)
        count += 1
    return count


def matching(query: str) -> SQL | None:
    """A condition on ``Submission.id``: every word of the query is there, the last one perhaps unfinished. None for no words."""
    found = stems(query)[:20]
    if not found:
        return None
    if isinstance(db.obj, SqliteDatabase):
        match = " ".join(f'"{stem}"' for stem in found) + "*"
        return SQL('"t1"."id" IN (SELECT rowid FROM submission_search WHERE stems MATCH ?)', (match,))
    match = " & ".join(f"'{stem}'" for stem in found) + ":*"
    return SQL('"t1"."id" IN (SELECT rowid FROM submission_search WHERE stems @@ to_tsquery(\'simple\', %s))', (match,))

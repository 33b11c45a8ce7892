"""Full-text search in Russian and English by word stems: the same stems on SQLite (FTS5) and PostgreSQL (tsvector)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, lru_cache

import snowballstemmer
from peewee import SQL, SqliteDatabase

from backoffice.store.base import db
from backoffice.store.listings import Submission

_WORD = re.compile(r"[^\W_]+")
SHORTEST = 3  # letters of an unfinished word: with fewer, half the vocabulary continues it
SAMPLE = 400  # submissions that tell how common a word is
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


@lru_cache(maxsize=10_000)  # cards say the same words again and again, and stemming is half the time of indexing one
def _stem(word: str) -> str:
    russian = any("а" <= letter <= "я" for letter in word)
    return str(_stemmer("russian" if russian else "english").stemWord(word))


def index(submission: Submission) -> None:
    """Put a submission into both indexes, or renew it; call it inside the transaction that changes its words."""
    words = [submission.title, submission.author.name, submission.author.email, *(file.name for file in submission.artifacts)]
    words += [submission.description, submission.characteristics, submission.requirements]
    found = " ".join(stems("\n".join(words)[:LONGEST]))
    mark = db.obj.param
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
        marks = ", ".join([db.obj.param] * len(part))
        db.execute_sql(f"DELETE FROM {CURRENT} WHERE rowid IN ({marks})", part)  # noqa: S608 (parameter marks)


def reindex() -> int:
    """Index every submission anew; the count."""
    count = 0
    for submission in Submission.select():
        with db.atomic():
            index(submission)
        count += 1
    return count


def matching(query: str, *, rare: bool = True, ever: bool = False, many: bool = False) -> SQL | None:
    """A condition on ``Submission.id``: every word of the query is there, the last one perhaps unfinished. None for no words.

    Of current work (what is open, what waits on its author, what was decided today), or of all submissions there ever were. ``rare``: all that
    match come out of the word index first, ``many`` of them or not. Otherwise each row of a list is asked by itself, which reads a page and no more
    where many match.
    """
    words = _Words.of(query, ever=ever)
    return words and SQL(*(words.by_index(many=many) if rare else words.row_by_row()))


def share(query: str, *, ever: bool = False) -> float:
    """About which part of current work matches, or of all submissions there ever were: by the newest of them."""
    words = _Words.of(query, ever=ever)
    if words is None:
        return 0.0
    test, asked = words.test("s.stems")
    newest = f"SELECT stems FROM {words.table} ORDER BY rowid DESC LIMIT {SAMPLE}"  # noqa: S608 (our own names, a number)
    counted = f"SELECT COUNT(*), COALESCE(SUM(CASE WHEN {test} THEN 1 ELSE 0 END), 0) FROM ({newest}) AS s"  # noqa: S608
    seen, found = db.execute_sql(counted, asked).fetchone()
    return int(found) / int(seen) if seen else 0.0


@dataclass(frozen=True, slots=True)
class _Words:
    """The stems that are asked for, in one of the two indexes."""

    table: str
    stems: tuple[str, ...]
    unfinished: bool

    @classmethod
    def of(cls, query: str, *, ever: bool) -> _Words | None:
        found = stems(query)[:20]
        return cls(EVERYTHING if ever else CURRENT, tuple(found), len(found[-1]) >= SHORTEST) if found else None

    def by_index(self, *, many: bool) -> tuple[str, list[str]]:
        star = "*" * self.unfinished
        if isinstance(db.obj, SqliteDatabase):
            asked = " ".join(f'"{stem}"' for stem in self.stems) + star
            return f'"t1"."id" IN (SELECT rowid FROM {self.table} WHERE stems MATCH ?)', [asked]  # noqa: S608 (our own names)
        # PostgreSQL takes half a percent for the least that an unfinished word can match, and would read row by row; of what it materializes it
        # does not see that no row comes twice, and would read many one by one.
        rows = f"SELECT rowid FROM {self.table} WHERE stems @@ to_tsquery('simple', %s)"  # noqa: S608
        fenced = rows if many else f"WITH m AS MATERIALIZED ({rows}) SELECT rowid FROM m"  # noqa: S608
        return f'"t1"."id" IN ({fenced})', [self._tsquery()]

    def row_by_row(self) -> tuple[str, list[str]]:
        """A scalar subquery: no planner turns it into a join that begins with all that match."""
        test, asked = self.test("m.stems")
        return f'(SELECT {test} FROM {self.table} AS m WHERE m.rowid = "t1"."id")', asked  # noqa: S608 (our own names)

    def test(self, column: str) -> tuple[str, list[str]]:
        """Whether one row's stems, in ``column``, match."""
        if not isinstance(db.obj, SqliteDatabase):
            return f"{column} @@ to_tsquery('simple', %s)", [self._tsquery()]
        ends = [" "] * (len(self.stems) - 1) + ["" if self.unfinished else " "]
        asked = [f" {stem}{end}" for stem, end in zip(self.stems, ends, strict=True)]
        return " AND ".join([f"instr(' ' || {column} || ' ', ?) > 0"] * len(asked)), asked

    def _tsquery(self) -> str:
        return " & ".join(f"'{stem}'" for stem in self.stems) + ":*" * self.unfinished

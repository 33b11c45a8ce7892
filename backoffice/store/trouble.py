"""Which errors of a database mean that it cannot serve now. The others are mistakes of ours and stay errors."""

from __future__ import annotations

import sqlite3
from enum import StrEnum

import psycopg
from playhouse.pool import MaxConnectionsExceeded


class Trouble(StrEnum):
    """BUSY: others were in the way. FULL: there is no room to write. Either way nothing of this transaction was done.

    DOWN: it does not answer; a commit may have been cut off.
    """

    BUSY = "busy"
    FULL = "full"
    DOWN = "down"


# SQLite's primary result codes (sqlite.org/rescode.html).
_SQLITE = {
    **dict.fromkeys((sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL), Trouble.BUSY),
    sqlite3.SQLITE_FULL: Trouble.FULL,
    **dict.fromkeys((sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY), Trouble.DOWN),
}
# The beginnings of SQLSTATE, the first that fits (PostgreSQL's appendix A).
_POSTGRES = {
    "55P03": Trouble.BUSY,  # lock not available
    "57014": Trouble.BUSY,  # query canceled: it took too long
    "40": Trouble.BUSY,  # transaction rolled back, to let another one through
    "53100": Trouble.FULL,  # disk full
    "08": Trouble.DOWN,  # connection
    "53": Trouble.DOWN,  # resources
    "57": Trouble.DOWN,  # operator's hand
    "58": Trouble.DOWN,  # the system under it
}


def of(error: Exception) -> Trouble | None:
    """What keeps the database from serving; None for an error that would come again."""
    if isinstance(error, MaxConnectionsExceeded):
        return Trouble.BUSY
    cause = getattr(error, "orig", None)  # the driver's own error, which peewee wraps
    if isinstance(cause, sqlite3.Error):
        return _SQLITE.get(cause.sqlite_errorcode & 0xFF)
    if not isinstance(cause, psycopg.Error):
        return None
    if cause.sqlstate is None:  # psycopg itself: no connection, or none any more
        return Trouble.DOWN
    return next((kind for start, kind in _POSTGRES.items() if cause.sqlstate.startswith(start)), None)

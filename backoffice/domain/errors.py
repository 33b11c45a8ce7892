"""Why something was not done. A rule returns named reasons, never a bare False; the same reasons are shown to people."""

from __future__ import annotations


class Refused(Exception):  # noqa: N818  (an ordinary outcome, not an error)
    """The rules say no. ``reason`` names a text of the catalogues, ``params`` fill it; nothing was changed."""

    def __init__(self, reason: str, **params: str | float | None) -> None:
        super().__init__(reason)
        self.reason, self.params = reason, params


class Lost(Refused):
    """Somebody else was faster: a claim lost, a decision already made. What was typed is kept."""


class TryLater(Exception):  # noqa: N818
    """Something outside did not work, and trying again can help."""


class GiveUp(Exception):  # noqa: N818
    """Something outside did not work, and trying again cannot help."""


class NoRoom(TryLater):
    """A disk of ours is full. Nothing was changed; what was there before is kept."""

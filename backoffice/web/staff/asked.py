"""What the address of a queue page asks for: tab, filters, page. Nonsense in it is left out, never an error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from backoffice.domain.priority import Reason
from backoffice.domain.states import State
from backoffice.i18n import gettext, lazy
from backoffice.store.filters import Filters
from backoffice.store.queues import TABS

TAB_NAMES = {
    "mine": lazy("Mine"),
    "free": lazy("Free"),
    "others": lazy("With others"),
    "checking": lazy("Waiting for checks"),
    "authors": lazy("Waiting on authors"),
    "today": lazy("Decided today"),
    "all": lazy("All"),
}
EMPTY_WORDS = {
    "mine": lazy("Nothing is in your hands. Take the next submission: the most urgent one comes first."),
    "free": lazy("Everything has been taken. New submissions appear here by themselves."),
    "others": lazy("Colleagues hold nothing right now."),
    "checking": lazy("No checks are running."),
    "authors": lazy("No author owes an answer."),
    "today": lazy("Nothing has been decided today yet."),
    "all": lazy("Nothing has been submitted yet."),
}
_NUMBERS = ("industry", "technology", "effect", "author", "moderator", "age")
_WORDS = {
    "reason": {str(reason) for reason in Reason},
    "outcome": {"pass", "warn", "reject", "error"},
    "state": {str(state) for state in State},
}
LONGEST_QUERY = 200  # characters of a search


@dataclass(frozen=True, slots=True)
class Asked:
    """One look at the queue. ``far`` lifts a moderator's horizon."""

    tab: str
    filters: Filters
    after: str = ""
    far: bool = False

    def params(self, **changes: Any) -> dict[str, Any]:
        """The address's parameters, some changed; an empty value takes one out. The page starts anew unless ``after`` is given."""
        found = {"tab": self.tab, **self.filters.given(), **({"far": "1"} if self.far else {})}
        found |= {name: str(value) for name, value in changes.items() if value is not None}
        return {name: value for name, value in found.items() if value != ""}

    def here(self) -> dict[str, Any]:
        """This very page."""
        return self.params(after=self.after)

    def without(self, name: str) -> dict[str, Any]:
        """The same look with one filter fewer."""
        return self.params(**{name: ""})

    def on(self, tab: str) -> Asked:
        """The same filters on another tab, its first page."""
        return replace(self, tab=tab, after="")


def asked(args: Mapping[str, str]) -> Asked:
    """Read the parameters of an address. The tab is empty when none, or an unknown one, is named."""
    tab = args.get("tab", "")
    filters: dict[str, Any] = {name: _number(args.get(name, "")) for name in _NUMBERS}
    filters |= {name: word for name, known in _WORDS.items() if (word := args.get(name, "")) in known}
    return Asked(
        tab=tab if tab in TABS else "",
        filters=Filters(q=" ".join(args.get("q", "").split())[:LONGEST_QUERY], **filters),
        after=args.get("after", "")[:200],
        far=args.get("far") == "1",
    )


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and 0 < len(text) < 10 else None


def tab_name(tab: str) -> str:
    """Its heading, in the reader's language."""
    return gettext(TAB_NAMES[tab])


def empty_words(tab: str) -> str:
    """What stands where there are no rows."""
    return gettext(EMPTY_WORDS[tab])

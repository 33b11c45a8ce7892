"""The keys of the review page: one act, one key, and each person may move them (M3).

A key is its place on a keyboard with the Latin layout, so that it works in the Russian one too. The digits answer the checklist, and Esc, Tab,
Enter and the arrows do what they do everywhere: none of these can be given away.
"""

from __future__ import annotations

from collections.abc import Mapping

from backoffice.domain.errors import Refused

DEFAULTS: Mapping[str, str] = {
    "publish": "a",
    "return": "v",
    "reject": "x",
    "letter": "e",
    "opaque": "o",
    "remark": "r",
    "templates": "/",
    "finding": "f",
    "old": "g",
    "carry": "y",
    "checklist": "c",
    "more_points": "0",
    "remarks": "m",
    "decision": "d",
    "notes": "i",
    "left": "h",
    "right": "l",
    "down": "j",
    "up": "k",
    "previous_content": "[",
    "next_content": "]",
    "pair": "b",
    "next_mark": "n",
    "previous_mark": "p",
    "take": "t",
    "skip": "s",
    "why": "w",
    "help": "?",
}
ALLOWED = frozenset("abcdefghijklmnopqrstuvwxyz[];',./\\-=`0?")


def bound(own: Mapping[str, str]) -> dict[str, str]:
    """Every act with its key: the person's own ones over the defaults. What is not known any more is passed over."""
    return {**DEFAULTS, **{act: key for act, key in own.items() if act in DEFAULTS and key in ALLOWED}}


def moved(own: Mapping[str, str], *, act: str, key: str) -> dict[str, str]:
    """``own`` with ``act`` on another key. ``Refused``: ``key_unfit`` for one that cannot be given, ``key_taken`` with the act that has it."""
    if act not in DEFAULTS:
        raise Refused("not_found")
    if key not in ALLOWED:
        raise Refused("key_unfit", key=key)
    other = next((each for each, its in bound(own).items() if its == key and each != act), None)
    if other is not None:
        raise Refused("key_taken", key=key, act=other)
    kept = {each: its for each, its in own.items() if each in DEFAULTS and each != act}
    return kept if DEFAULTS[act] == key else {**kept, act: key}

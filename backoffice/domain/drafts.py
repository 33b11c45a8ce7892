"""What a draft still lacks before it can be submitted (A3–A11)."""

from __future__ import annotations

from collections.abc import Collection, Mapping

CARD_FIELDS = ("title", "description", "characteristics", "requirements")
DICTIONARIES = ("industry", "technology", "effect")
SLOTS = ("data_example", "instruction", "terms_of_use", "model_archive")
OPTIMAL_DESCRIPTION = 2_000  # characters with spaces; longer is advice, not an error (A3)
LONGEST_TITLE, LONGEST_TEXT = 200, 40_000


def missing(card: Mapping[str, str], *, dictionaries: Collection[str], slots: Collection[str]) -> list[str]:
    """The names of what is not there yet, in the order of the form; empty when the draft can be submitted."""
    return (
        [name for name in CARD_FIELDS if not card.get(name, "").strip()]
        + [name for name in DICTIONARIES if name not in dictionaries]
        + [name for name in SLOTS if name not in slots]
    )


def too_long(card: Mapping[str, str]) -> list[str]:
    """The names of texts past what is stored at all."""
    return [name for name, text in card.items() if len(text) > (LONGEST_TITLE if name == "title" else LONGEST_TEXT)]

"""A page as a checker reads it: its tags with their attributes."""

from __future__ import annotations

from html.parser import HTMLParser


class Reader(HTMLParser):
    """Collects (tag, attributes) of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def inline(page: str) -> list[str]:
    """What a strict policy would stop: handlers, style attributes and javascript: addresses in the markup."""
    return [
        f"<{tag} {name}={value!r}>"
        for tag, attributes in Reader(page).tags
        for name, value in attributes.items()
        if name.startswith("on") or name == "style" or (value or "").strip().lower().startswith("javascript:")
    ]

"""Every letter renders in both languages, whole."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from jinja2 import meta
from werkzeug.exceptions import NotFound

from backoffice.app import create_app
from backoffice.delivery import render
from config.settings import Settings

NOON = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


class Anything(str):
    """Stands for whatever a letter is told: prints as a word, has every attribute, holds itself once."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _value(name)

    def __add__(self, other: object) -> Anything:
        return self

    def __iter__(self) -> Iterator[Any]:
        yield Anything("одно")


def _value(name: str) -> Any:
    return NOON if name.endswith(("_at", "deadline")) else Anything(f"«{name}»")


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize("event", render.events())
def test_it_renders(event: str, language: str) -> None:
    letter = render.letter(event, language, **_context(event, language))
    assert letter.subject.strip()
    assert letter.text.strip()
    assert "<html" in letter.html
    assert "{{" not in letter.subject + letter.text + letter.html


def test_every_link_leads_to_a_page(tmp_path: Path) -> None:
    pages = create_app(Settings(var=tmp_path)).url_map.bind("localhost")
    links = {
        (re.sub(r"\{\{.*?\}\}", "1", link), path.parent.name)
        for path in render.TEMPLATES.glob("*/body.*")
        for link in re.findall(r"\{\{ base_url \}\}((?:\{\{.*?\}\}|[^\s\"<{])*)", path.read_text())
    }
    assert len(links) > 10
    for link, event in sorted(links):
        try:
            pages.match(link)
        except NotFound:
            pytest.fail(f"{event}: no page at {link}")


def _context(event: str, language: str) -> dict[str, Any]:
    environment = render._environment(language)
    wanted: set[str] = set()
    for part in ("subject.txt", "body.txt", "body.html"):
        source, _, _ = environment.loader.get_source(environment, f"{event}/{part}")  # type: ignore[union-attr]
        wanted |= meta.find_undeclared_variables(environment.parse(source))
    return {name: _value(name) for name in wanted - set(environment.globals)}

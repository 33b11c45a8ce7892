"""The staff's texts kept in files: the checklist and the shipped remark templates, joined by those kept in the database."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from backoffice.domain.checklist import Point
from backoffice.domain.remark_templates import Template
from backoffice.store.moderation import RemarkTemplate

ROOT = Path(__file__).resolve().parent.parent
CHECKLIST = ROOT / "config" / "policies" / "checklists.toml"
REMARKS = ROOT / "templates" / "remarks"


@cache
def checklist() -> tuple[Point, ...]:
    """Every point, in the order of the policy file."""
    rows = tomllib.loads(CHECKLIST.read_text())["point"]
    return tuple(Point(words={"ru": row.pop("ru"), "en": row.pop("en")}, **row) for row in rows)


@cache
def shipped() -> tuple[Template, ...]:
    """The templates of ``templates/remarks``, each ``<id>.<language>.md`` with its front matter."""
    return tuple(_parse(path.read_text()) for path in sorted(REMARKS.glob("*.md")))


def _parse(text: str) -> Template:
    _, head, body = text.split("---\n", 2)
    fields: dict[str, Any] = yaml.safe_load(head)
    return Template(
        text=body.strip(),
        conditions=tuple(fields.pop("conditions", ())),
        hints=fields.pop("placeholders", None),
        **fields,
    )


def remark_templates() -> list[Template]:
    """The shipped ones and those that staff keep in the database; a row of the same name with a higher version wins."""
    rows = [
        Template(
            id=row.name,
            version=row.version,
            language=row.language,
            title=row.text.strip().splitlines()[0][:80] if row.text.strip() else row.name,
            text=row.text,
            level=row.level,
            slot=row.slot,
            field=row.field,
            conditions=tuple(filter(None, (word.strip() for word in row.condition.split(",")))),
        )
        for row in RemarkTemplate.select().where(RemarkTemplate.active == 1)
    ]
    return [*shipped(), *rows]

"""Canned remarks: text with ``{placeholders}`` that a moderator fills in (M3, A14)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True, slots=True)
class Template:
    """One version of a canned remark in one language. ``conditions`` are rule patterns (``rule:csv.*``) or extensions (``ext:.csv``)."""

    id: str
    version: int
    language: str
    title: str
    text: str
    level: str = "requirement"
    slot: str = ""
    field: str = ""
    conditions: tuple[str, ...] = ()
    hints: Mapping[str, str] | None = None  # placeholder -> what to write there

    @property
    def placeholders(self) -> list[str]:
        """The names to fill in, in the order of the text, each once."""
        return list(dict.fromkeys(_PLACEHOLDER.findall(self.text)))


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with the placeholders that have a value filled in; the others stay, so that they are seen."""
    return _PLACEHOLDER.sub(lambda match: values.get(match[1], "").strip() or match[0], text)


def unfilled(text: str) -> list[str]:
    """Placeholders that are still in a remark: it cannot be sent so."""
    return list(dict.fromkeys(_PLACEHOLDER.findall(text)))


def fits(template: Template, *, rules: Iterable[str], extensions: Iterable[str]) -> bool:
    """Whether a template is offered for this submission: one without conditions always is."""
    rules, extensions = list(rules), list(extensions)
    return not template.conditions or any(
        condition.removeprefix("ext:") in extensions
        if condition.startswith("ext:")
        else any(fnmatchcase(rule, condition.removeprefix("rule:")) for rule in rules)
        for condition in template.conditions
    )


def newest(templates: Iterable[Template], language: str) -> list[Template]:
    """The newest version of each, in ``language`` where there is one."""
    chosen: dict[str, Template] = {}
    for template in templates:
        best = chosen.get(template.id)
        if best is None or (template.language == language, template.version) > (best.language == language, best.version):
            chosen[template.id] = template
    return list(chosen.values())

"""What the author's config asks for, once it is read: plain values that cross the jail's wall as JSON.

Nothing here comes from our environment, and nothing here was checked for truth: an image may be missing, a command may fail.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from os.path import normpath
from typing import Any, Self


class Refused(Exception):  # noqa: N818  (the author's config is refused; nothing of ours failed)
    """Going on is pointless; the rule named here says why."""

    def __init__(self, rule: str, *, file: str | None = None, line: int | None = None, **params: str | float) -> None:
        super().__init__(rule)
        self.seen = Seen(rule, file, line, params)


@dataclass(frozen=True, slots=True)
class Seen:
    """A finding before it has a severity. ``file`` is a path in the archive, ``line`` counts from 1."""

    rule: str
    file: str | None = None
    line: int | None = None
    params: dict[str, str | float] = field(default_factory=dict)


@dataclass(slots=True)
class Recipe:
    """One image to build: a folder of the archive and a Dockerfile rewritten for the engine's own builder."""

    context: str  # a folder of the archive, "" is its root
    file: str  # the Dockerfile in the archive
    text: str = ""  # as it will be built
    extra: dict[str, str] = field(default_factory=dict)  # files that heredocs became, by their name in the context
    modes: dict[str, int] = field(default_factory=dict)  # of files in the context, by what COPY --chmod names
    bases: list[str] = field(default_factory=list)  # images the engine must have first
    arguments: dict[str, str] = field(default_factory=dict)
    target: str = ""
    lines: list[int] = field(default_factory=list)  # the author's line of each step of the build
    kept: list[str] | None = None  # the files of the context that .dockerignore leaves; None is all
    exposed: list[int] = field(default_factory=list)
    volumes: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Service:
    """One container. ``data`` are the folders where the client's data is expected; ``mounts`` pairs folders of the archive with theirs."""

    name: str
    image: str = ""
    recipe: Recipe | None = None
    line: int | None = None
    command: list[str] | None = None
    entrypoint: list[str] | None = None
    environment: dict[str, str] = field(default_factory=dict)
    working_dir: str = ""
    user: str = ""
    ports: list[int] = field(default_factory=list)
    data: list[str] = field(default_factory=list)
    mounts: list[tuple[str, str]] = field(default_factory=list)
    scratch: list[str] = field(default_factory=list)  # named volumes and tmpfs: an empty tmpfs each
    after: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Plan:
    """The config that was found (``kind`` is "" when there is none, ``reason`` then says why) and what was seen in it."""

    kind: str = ""  # dockerfile | compose
    file: str = ""
    reason: str = ""
    services: list[Service] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)  # the config as the author wrote it, by file, for the moderator
    facts: dict[str, float] = field(default_factory=dict)  # members, bytes, linted (files), lint_seconds

    def see(self, rule: str, *, file: str | None = None, line: int | None = None, **params: str | float) -> None:
        """Write a finding down."""
        self.seen.append(Seen(rule, file or self.file or None, line, params))

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, table: dict[str, Any]) -> Self:
        """Back from JSON. A shape that is not ours raises ``TypeError`` or ``KeyError``: the jail was subverted or broken."""
        services = []
        for row in table["services"]:
            recipe = Recipe(**row["recipe"]) if row["recipe"] else None
            mounts = [(str(source), str(target)) for source, target in row["mounts"]]
            for folder in [*[source for source, _ in mounts], recipe.context if recipe else ""]:
                if normpath(folder).startswith(("/", "..")):
                    raise TypeError(f"not in the archive: {folder[:200]}")
            services.append(Service(**{**row, "recipe": recipe, "mounts": mounts}))
        return cls(**{**table, "services": services, "seen": [Seen(**row) for row in table["seen"]]})

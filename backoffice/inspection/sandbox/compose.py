"""Reading a Compose file by our own whitelist; runs inside the jail only.

The author's file is never handed to a Compose tool: Compose would put the environment of our worker into it and run its ``provider:``
commands. ``${NAME}`` is filled from the file's own defaults and from an ``.env`` in the archive, from nothing else.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from backoffice.inspection.sandbox import compose_keys as keys
from backoffice.inspection.sandbox.lines import Item, load
from backoffice.inspection.sandbox.plan import Plan, Recipe, Refused, Service
from backoffice.inspection.sandbox.volumes import add_volume

VARIABLE = re.compile(r"\$(?:(?P<escaped>\$)|\{(?P<name>\w+)(?:(?P<how>:?[-?+])(?P<word>[^{}]*))?\}|(?P<bare>[A-Za-z_]\w*))")
NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}")


@dataclass(slots=True)
class Reading:
    """A Compose file on its way to a plan. ``base`` is its folder in the archive, ``root`` the unpacked archive."""

    plan: Plan
    root: Path
    base: str
    limits: Mapping[str, float]
    variables: dict[str, str] = field(default_factory=dict)
    missing: set[str] = field(default_factory=set)
    named: set[str] = field(default_factory=set)

    def text(self, item: Item | None) -> str:
        """A scalar with its variables filled."""
        if item is None or isinstance(item.value, dict | list):
            return ""
        return VARIABLE.sub(lambda match: self._value(match, item.line), item.text)

    def _value(self, match: re.Match[str], line: int) -> str:
        if match["escaped"]:
            return "$"
        name, how, word = match["name"] or match["bare"], match["how"] or "", match["word"] or ""
        value = self.variables.get(name)
        if how.endswith("+"):
            return word if value else ""
        if value is not None and (value or not how.startswith(":")):
            return value
        if how.endswith("-"):
            return word
        if name not in self.missing:
            self.missing.add(name)
            self.plan.see("config.variable", line=line, name=name)
        return ""

    def inside(self, path: str, line: int) -> str | None:
        """A path beside the file as a path in the archive; None, with a finding, when it leads outside."""
        parts: list[str] = []
        for part in PurePosixPath(self.base, path).parts:
            if part == "..":
                if not parts:
                    break
                parts.pop()
            else:
                parts.append(part)
        else:
            if not path.startswith(("/", "~")):
                return "/".join(parts)
        self.plan.see("config.escape", line=line, path=path[:200])
        return None


def read(text: str, plan: Plan, *, root: Path, base: str, limits: Mapping[str, float]) -> None:
    """Fill ``plan.services`` and tell what was seen. ``Refused`` when the file cannot be read at all."""
    document = load(text, file=plan.file, budget=int(limits["config_nodes"]))
    reading = Reading(plan, root, base, limits, variables=_dotenv(root / base / ".env", int(limits["config_bytes"])))
    for key, item in document.items():
        if key in keys.TOP_REFUSED and item.value:
            plan.see(keys.TOP_REFUSED[key], line=item.line, key=key)
        elif key == "volumes":
            _named_volumes(reading, item)
        elif key not in keys.TOP_PASSED_OVER | {"services"} and not key.startswith("x-"):
            plan.see("compose.key", line=item.line, key=key)
    services = document.get("services")
    if services is None or not services.items():
        raise Refused("config.unreadable", file=plan.file, line=1, detail="⟦нет ни одного сервиса|no services⟧")
    for name, item in services.items():
        if not NAME.fullmatch(name):
            raise Refused("compose.invalid", file=plan.file, line=item.line, key=name[:80], detail="name")
        if not item.get("profiles"):
            plan.services.append(_service(reading, name, item))
    limit = int(limits["services"])
    if len(plan.services) > limit:
        raise Refused("compose.services", file=plan.file, line=services.line, count=len(plan.services), limit=limit)


def _dotenv(path: Path, most: int) -> dict[str, str]:
    if not path.is_file() or path.stat().st_size > most:
        return {}
    rows = (line.strip().removeprefix("export ") for line in path.read_text(errors="replace").splitlines())
    pairs = (row.partition("=") for row in rows if row and not row.startswith("#") and "=" in row)
    return {name.strip(): value.strip().strip("\"'") for name, _, value in pairs}


def _named_volumes(reading: Reading, volumes: Item) -> None:
    for name, item in volumes.items():
        reading.named.add(name)
        for key, value in item.items():
            if key in ("driver_opts", "external") or (key == "driver" and value.text != "local"):
                reading.plan.see("compose.mount", line=value.line, value=f"{name}: {key}")


def _service(reading: Reading, name: str, item: Item) -> Service:
    service = Service(name, line=item.line)
    for key, value in item.items():
        _weigh(reading, key, value)
    service.image = reading.text(item.get("image"))
    if build := item.get("build"):
        service.recipe = _build(reading, build)
    elif not service.image:
        reading.plan.see("compose.invalid", line=item.line, key=name, detail="⟦нет ни image, ни build|neither image nor build⟧")
    service.command = _words(reading, item.get("command"))
    service.entrypoint = _words(reading, item.get("entrypoint"))
    service.working_dir = reading.text(item.get("working_dir"))
    service.user = reading.text(item.get("user"))
    service.environment = _environment(reading, item)
    service.ports = _ports(reading, item)
    after = item.get("depends_on")
    service.after = [key for key, _ in after.items()] or [reading.text(row) for row in after.rows()] if after else []
    for volume in (item.get("volumes") or Item([], item.line)).rows():
        add_volume(reading, service, volume)
    service.scratch += [reading.text(row).partition(":")[0] for row in (item.get("tmpfs") or Item([], 0)).rows()]
    return service


def _weigh(reading: Reading, key: str, item: Item) -> None:
    if key in keys.REFUSED:
        values = [row.text.lower() for row in item.rows()] or [key for key, _ in item.items()]
        if not set(values) <= keys.HARMLESS.get(key, set()) and not (key == "network_mode" and _own_service(item)):
            reading.plan.see(keys.REFUSED[key], line=item.line, key=key, value=", ".join(values)[:200])
    elif key not in keys.APPLIED | keys.PASSED_OVER and not key.startswith("x-"):
        reading.plan.see("compose.key", line=item.line, key=key)


def _own_service(item: Item) -> bool:
    return item.text.startswith("service:")  # every service shares one network namespace here anyway


def _build(reading: Reading, item: Item) -> Recipe | None:
    if not isinstance(item.value, dict):
        item = Item({"context": item}, item.line)
    for key, value in item.items():
        if key in keys.BUILD_REFUSED and value.value:
            reading.plan.see(
                keys.BUILD_REFUSED[key], line=value.line, key=f"build.{key}", feature=f"build.{key}", value=value.text[:200]
            )
        elif key not in keys.BUILD_APPLIED | keys.BUILD_PASSED_OVER | set(keys.BUILD_REFUSED):
            reading.plan.see("compose.key", line=value.line, key=f"build.{key}")
    where = reading.text(item.get("context")) or "."
    if "://" in where or where.startswith("git@"):
        reading.plan.see("compose.elsewhere", line=item.line, key="build.context")
        return None
    context = reading.inside(where, item.line)
    file = None if context is None else _dockerfile(reading, item, context)
    if context is None or file is None:
        return None
    recipe = Recipe(context, file, arguments=_pairs(reading, item.get("args")), target=reading.text(item.get("target")))
    inline = item.get("dockerfile_inline")
    recipe.text = reading.text(inline) if inline else ""
    return recipe


def _dockerfile(reading: Reading, item: Item, context: str) -> str | None:
    name = reading.text(item.get("dockerfile")) or "Dockerfile"
    outer, reading.base = reading.base, context
    try:
        return reading.inside(name, item.line)
    finally:
        reading.base = outer


def _words(reading: Reading, item: Item | None) -> list[str] | None:
    if item is None or item.value is None:
        return None
    if isinstance(item.value, list):
        return [reading.text(row) for row in item.rows()]
    try:
        return shlex.split(reading.text(item))
    except ValueError as error:
        reading.plan.see("compose.invalid", line=item.line, key="command", detail=str(error))
        return None


def _environment(reading: Reading, item: Item) -> dict[str, str]:
    table: dict[str, str] = {}
    for row in (item.get("env_file") or Item([], 0)).rows():
        path = reading.inside(reading.text(row.get("path") or row), row.line)
        if path is not None:
            table |= _dotenv(reading.root / path, int(reading.limits["config_bytes"]))
    return table | _pairs(reading, item.get("environment"))


def _pairs(reading: Reading, item: Item | None) -> dict[str, str]:
    """A mapping or a list of NAME=value. A bare NAME would take the value from our environment: it stays out."""
    if item is None:
        return {}
    if isinstance(item.value, dict):
        return {key: reading.text(value) for key, value in item.items() if value.value is not None}
    rows = (reading.text(row).partition("=") for row in item.rows())
    return {name: value for name, given, value in rows if given}


def _ports(reading: Reading, item: Item) -> list[int]:
    ports: list[int] = []
    for key in ("ports", "expose"):
        for row in (item.get(key) or Item([], 0)).rows():
            target = reading.text(row.get("target") or row).rpartition(":")[2]
            number = target.partition("/")[0].partition("-")[0]
            if number.isdigit() and 0 < int(number) < 65536:
                ports.append(int(number))
            else:
                reading.plan.see("compose.invalid", line=row.line, key=key, detail=target[:80])
    return list(dict.fromkeys(ports))

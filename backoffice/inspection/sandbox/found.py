"""Finding the config in an unpacked archive and reading it whole; runs inside the jail only."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from backoffice.inspection.sandbox import compose, context, dockerfiles
from backoffice.inspection.sandbox.plan import Plan, Recipe, Refused, Service
from backoffice.inspection.sandbox.volumes import looks_like_data

COMPOSE = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
DOCKERFILE = ("dockerfile", "containerfile")
DEPTH = 4  # folders above the config
LEVELS = {
    "error",
    "warning",
}  # hadolint's "info" and "style" would drown the rest; its DL1000 is that it cannot parse, and BuildKit's parser can
LINT_ROWS = 20


def plan_of(root: Path, limits: Mapping[str, float]) -> Plan:
    """The config nearest to the root: a Compose file before a Dockerfile of the same folder."""
    candidates = sorted(
        (path for path in _files(root) if _rank(path) is not None), key=lambda p: (len(p.parts), _rank(p), str(p))
    )
    if not candidates:
        return Plan(reason="no_config")
    chosen = candidates[0]
    plan = Plan("compose" if _is_compose(chosen) else "dockerfile", str(chosen))
    others = [str(path) for path in candidates[1:] if _is_compose(path) or plan.kind == "dockerfile"]
    if others:
        plan.see("config.several", others=", ".join(others[:5]))
    text = plan.texts[plan.file] = _text(root / chosen, plan.file, limits)
    base = "" if str(chosen.parent) == "." else str(chosen.parent)
    try:
        if plan.kind == "compose":
            compose.read(text, plan, root=root, base=base, limits=limits)
        else:
            plan.services.append(Service("app", recipe=Recipe(base, plan.file, text=text)))
        for service in plan.services:
            _recipe(service, plan, root, limits)
    except Refused as refused:
        plan.seen.append(refused.seen)
    return plan


def _files(root: Path) -> list[Path]:
    found = (path.relative_to(root) for path in root.rglob("*") if path.is_file())
    return [path for path in found if len(path.parts) <= DEPTH + 1 and "__MACOSX" not in path.parts]


def _is_compose(path: Path) -> bool:
    return path.name.lower() in COMPOSE


def _rank(path: Path) -> int | None:
    name = path.name.lower()
    if name in COMPOSE:
        return COMPOSE.index(name)
    if name in DOCKERFILE:
        return 10
    return 11 if name.endswith(".dockerfile") or (name.startswith("dockerfile.") and not name.endswith((".md", ".txt"))) else None


def _text(path: Path, name: str, limits: Mapping[str, float]) -> str:
    if not path.is_file():
        raise Refused("compose.invalid", file=None, key="dockerfile", detail=name)
    if path.stat().st_size > limits["config_bytes"]:
        raise Refused("config.too_large", file=name, detail=f"> ⟦{limits['config_bytes']:.0f}⟧")
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused("config.unreadable", file=name, detail="UTF-8") from error


def _recipe(service: Service, plan: Plan, root: Path, limits: Mapping[str, float]) -> None:
    recipe = service.recipe
    if recipe is None:
        return
    if not recipe.text:
        recipe.text = _text(root / recipe.file, recipe.file, limits)
    source = plan.texts[recipe.file] = recipe.text
    dockerfiles.read(source, recipe, plan.see)
    recipe.kept = context.kept(root / recipe.context, int(limits["config_bytes"]))
    _lint(source, recipe.file, plan)
    service.ports = list(dict.fromkeys([*service.ports, *recipe.exposed]))
    if not service.data:
        service.data = [path for path in recipe.volumes if looks_like_data(path)]


def _lint(text: str, file: str, plan: Plan) -> None:
    began = time.monotonic()
    done = subprocess.run(
        ["hadolint", "--no-fail", "--format", "json", "-"], input=text.encode(), capture_output=True, check=False, timeout=60
    )
    try:
        rows = json.loads(done.stdout)
    except ValueError:
        return  # its crash says nothing about the author; the transcript shows that nothing was linted
    plan.facts["linted"] = plan.facts.get("linted", 0) + 1
    plan.facts["lint_seconds"] = round(plan.facts.get("lint_seconds", 0) + time.monotonic() - began, 3)
    for row in [row for row in rows if row["level"] in LEVELS and row["code"] != "DL1000"][:LINT_ROWS]:
        plan.see("docker.lint", file=file, line=row["line"], code=row["code"], message=row["message"][:300].rstrip("."))

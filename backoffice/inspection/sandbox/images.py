"""Bringing the images of a plan: pulled by the engine from allowed registries, or built (A10, M6)."""

from __future__ import annotations

import re
import shutil
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docker.auth import resolve_repository_name
from docker.errors import APIError, DockerException, ImageNotFound

from backoffice.inspection.sandbox import registry
from backoffice.inspection.sandbox.client import Infrastructure, Session, connected, said
from backoffice.inspection.sandbox.context import DOCKERFILE, packed
from backoffice.inspection.sandbox.holder import BAD_COMMAND, Holder
from backoffice.inspection.sandbox.plan import Plan, Recipe, Refused, Service
from backoffice.inspection.sandbox.policy import Terms
from backoffice.inspection.sandbox.site import Site, opened
from backoffice.inspection.sandbox.transcript import plain

# What a registry says when it is not the image that is wrong but the way to it.
UNREACHABLE = re.compile(
    r"no such host|dial tcp|i/o timeout|connection (refused|reset)|TLS handshake|timeout exceeded|network is unreachable|toomanyrequests"
    r"|5\d\d (Internal|Bad|Service|Gateway)|server misbehaving|EOF$",
    re.IGNORECASE,
)
OFFLINE = re.compile(
    r"name resolution|could not resolve|network is unreachable|NewConnectionError|getaddrinfo|EAI_AGAIN|bad address|unable to resolve host"
    r"|no matching distribution found|failed to fetch|temporary failure resolving|unable to select packages|ENOTFOUND",
    re.IGNORECASE,
)
FULL = re.compile(r"no space left on device", re.IGNORECASE)
FORWARDING = "IPv4 forwarding is disabled. Networking will not work."  # the engine, of every step: it has no network on purpose
LOG_LINES = 40  # kept of a failed build
LONGEST = 500  # characters of a line of it
LOOK = 0.2  # seconds between two looks at a build from outside
SPARE = 16 << 20  # bytes left on the engine's disk when a build is stopped
TRIGGER = re.compile(
    r"(RUN|COPY|ENV|WORKDIR|USER|EXPOSE|VOLUME|LABEL|CMD|ENTRYPOINT) (?!.*--from)[^\\\n]+"
)  # an ONBUILD that downloads nothing
RUNTIME = re.compile(r"OCI runtime|containerd|\bshim\b|cgroup")  # who speaks when a step's container could not be made
STEP = re.compile(r"Step (\d+)/\d+ : (.*)")


def bring(session: Session, plan: Plan, folder: Path, place: Holder) -> dict[str, str]:
    """Image ids by service. ``Refused`` for what the author can mend, ``Infrastructure`` for what we must."""
    with ExitStack() as stack:
        site = stack.enter_context(opened(session, place)) if any(service.recipe for service in plan.services) else None
        return _bring(session, plan, folder, site)


def _bring(session: Session, plan: Plan, folder: Path, site: Site | None) -> dict[str, str]:
    ids: dict[str, str] = {}
    for service in plan.services:
        if site and service.recipe:
            for base in dict.fromkeys(service.recipe.bases):
                _no_triggers(session, base, ensure(session, base, file=service.recipe.file, line=service.line), service.recipe)
            with session.recorder.step("built") as step:
                step.detail = service.name
                image = build(session, service.recipe, folder, site=site, tag=f"{session.tag}/{service.name}:try".lower())
        else:
            image = ensure(session, service.image, file=plan.file, line=service.line)
        ids[service.name] = image
        session.recorder.transcript.images.append(_describe(session.api, service, image))
    return ids


def _no_triggers(session: Session, name: str, image: str, recipe: Recipe) -> None:
    """A base image may bring commands of its own into the build; those that could make the engine download are refused."""
    for trigger in (session.api.inspect_image(image)["Config"] or {}).get("OnBuild") or []:
        if not TRIGGER.fullmatch(trigger):
            raise Refused("image.trigger", file=recipe.file, image=name[:200], trigger=trigger[:200])


def _describe(api: Any, service: Service, image: str) -> dict[str, Any]:
    facts = api.inspect_image(image)
    digests = [entry.partition("@")[2] for entry in facts.get("RepoDigests") or []]
    layers = len(facts.get("RootFS", {}).get("Layers") or [])
    name = service.image or (service.recipe.file if service.recipe else "")
    return {
        "service": service.name,
        "name": name,
        "digest": digests[0] if digests else image,
        "size": facts.get("Size", 0),
        "layers": layers,
    }


def ensure(session: Session, name: str, *, file: str, line: int | None) -> str:
    """The id of an image: one that the engine's keepers loaded beforehand, or pulled now."""
    api, terms, recorder = session.api, session.terms, session.recorder
    try:
        return str(api.inspect_image(name)["Id"])
    except ImageNotFound as error:
        if name in terms.own:
            raise Infrastructure("no_image", name) from error
    except APIError as error:
        raise Refused("image.missing", file=file, line=line, image=name[:200], detail=said(error)) from error
    with recorder.step("pulled") as step:
        step.detail = name
        digest = _pull(api, name, terms=terms, file=file, line=line)
    if "@sha256:" not in name:
        recorder.see("image.unpinned", file=file, line=line, image=name, digest=digest)
    facts = api.inspect_image(name)
    platform = f"{facts.get('Os')}/{facts.get('Architecture')}"
    if platform != terms.platform:
        raise Refused("image.platform", file=file, line=line, image=name, platform=platform)
    _fits(name, facts["Size"], terms=terms, file=file, line=line)
    return str(facts["Id"])


def _fits(name: str, size: int, *, terms: Terms, file: str, line: int | None) -> None:
    if size > terms.limits["image_bytes"]:
        raise Refused("image.too_large", file=file, line=line, image=name, size=size, limit=terms.whole("image_bytes"))


def _pull(api: Any, name: str, *, terms: Terms, file: str, line: int | None) -> str:
    """Look at the manifest first; what is too large is never pulled. Then pull exactly what was looked at, by its digest, which is returned."""
    try:
        host = resolve_repository_name(name)[0]
    except DockerException as error:
        raise Refused("image.missing", file=file, line=line, image=name[:200], detail=said(error)) from error
    if host not in terms.registries:
        raise Refused("image.registry", file=file, line=line, image=name, registry=host, allowed=", ".join(terms.registries))
    wanted = registry.reference(name, host)
    try:
        found = registry.look(wanted, platform=terms.platform, seconds=terms.limits["registry_seconds"])
        _fits(name, found.size, terms=terms, file=file, line=line)
        _drain(api, wanted.repository, found.digest, terms=terms, file=file, line=line)
        if "@" not in name:
            api.tag(f"{wanted.repository}@{found.digest}", wanted.repository, tag=wanted.wanted)
    except registry.WrongPlatform as error:
        raise Refused("image.platform", file=file, line=line, image=name, platform=said(error)) from error
    except registry.Unreachable as error:
        raise Infrastructure("registry_failed", f"{host}: {said(error)}") from error
    except (DockerException, registry.Missing, _PullError) as error:
        if FULL.search(said(error)):
            raise Refused("build.disk", file=file, line=line, detail=said(error)) from error
        if UNREACHABLE.search(said(error)):
            raise Infrastructure("registry_failed", f"{host}: {said(error)}") from error
        raise Refused("image.missing", file=file, line=line, image=name, detail=said(error)) from error
    return found.digest


class _PullError(Exception):
    """What the pull's own stream said."""


def _drain(api: Any, repository: str, digest: str, *, terms: Terms, file: str, line: int | None) -> None:
    """Follow a pull, which stops when it takes too long, or when its layers are larger than the manifest admitted."""
    name = f"{repository}@{digest}"
    until = time.monotonic() + terms.limits["pull_seconds"]
    layers: dict[str, int] = {}
    rows = api.pull(repository, tag=digest, stream=True, decode=True, auth_config={}, platform=terms.platform)
    for row in rows:
        if "error" in row:
            raise _PullError(row["error"])
        layer = str(row.get("id"))
        layers[layer] = row.get("progressDetail", {}).get("total", layers.get(layer, 0))
        total = sum(layers.values())
        if total > terms.limits["image_bytes"]:
            rows.close()
            _fits(name, total, terms=terms, file=file, line=line)
        if time.monotonic() > until:
            rows.close()
            raise Infrastructure("registry_failed", f"{name}: > {terms.limits['pull_seconds']:.0f} s")


def build(session: Session, recipe: Recipe, folder: Path, *, site: Site, tag: str) -> str:
    """Build on a site, every step bounded. The image's id.

    A failed step's container is left to the clean-up: as long as it is there, the disk shows whether it was full.
    """
    api, terms = session.api, session.terms
    memory = terms.whole("build_memory")
    with packed(folder, recipe) as context, _watched(session, site) as guard:
        rows = api.build(
            fileobj=context, custom_context=True, dockerfile=DOCKERFILE, tag=tag, network_mode=site.holder.network, rm=True,
            nocache=True, pull=False, labels=session.labels, buildargs={**recipe.arguments, **site.arguments}, target=recipe.target or None,
            container_limits={"memory": memory, "memswap": memory}, decode=True,
        )  # fmt: skip
        said_last, number, tail = _follow(rows)
    line = recipe.lines[number - 1] if 0 < number <= len(recipe.lines) else None
    if said_last is not None:
        session.recorder.transcript.logs[recipe.file] = "\n".join(tail)
    if guard.full:
        raise Refused("build.disk", file=recipe.file, line=line, detail=(said_last or "")[-300:])
    if guard.late:
        raise Refused("build.timeout", file=recipe.file, line=line, seconds=terms.whole("build_seconds"))
    if said_last is None:
        return str(api.inspect_image(tag)["Id"])
    raise _build_failure(said_last, recipe.file, line, memory=memory, proxied=site.proxied)


def _follow(rows: Iterator[dict[str, Any]]) -> tuple[str | None, int, deque[str]]:
    """The build's last words when it failed (None when it did not), the step it came to, and the last lines of its log."""
    tail: deque[str] = deque(maxlen=LOG_LINES)
    number, failed, rest = 0, None, ""
    try:
        for row in rows:
            wrong = str(row.get("error") or "")
            *lines, rest = plain(f"{rest}\n{wrong}\n" if wrong else rest + str(row.get("stream") or "")).split("\n")
            if len(rest) > LONGEST:  # a step need not end its lines
                lines, rest = [*lines, rest], ""
            for line in filter(None, map(str.strip, lines)):
                found = STEP.match(line)
                number = int(found[1]) if found else number
                if not line.endswith(FORWARDING):
                    tail.append(line[:LONGEST])
            if wrong:
                _ours(wrong)
                failed = " · ".join(list(tail)[-4:])
    except DockerException as error:
        failed = said(error)
    return failed, number, tail


def _ours(error: str) -> None:
    """The runtime may stumble before a step begins: that is no fault of the author's. What a step itself came to is told in other words."""
    if RUNTIME.search(error) and not error.startswith("The command '") and not BAD_COMMAND.search(error):
        raise Infrastructure("engine_failed", " ".join(error.split()))


def _build_failure(words: str, file: str, line: int | None, *, memory: int, proxied: bool) -> Refused:
    detail = words[-500:]
    if FULL.search(words):
        return Refused("build.disk", file=file, line=line, detail=detail)
    if OFFLINE.search(words):
        return Refused("build.proxy" if proxied else "build.network", file=file, line=line, detail=detail)
    if re.search(r"code: 137|signal: killed|MemoryError|Cannot allocate memory", words):
        return Refused("build.memory", file=file, line=line, detail=detail, limit=memory)
    return Refused("build.failed", file=file, line=line, detail=detail)


@dataclass(slots=True)
class _Guard:
    """What ended a build from outside: its time, or the engine's disk."""

    late: bool = False
    full: bool = False


@contextmanager
def _watched(session: Session, site: Site) -> Iterator[_Guard]:
    """Past its time, or when the engine's disk is all but full, every container but the holder is killed: while a build runs, they are all its steps.

    A full disk has to be seen from outside: the step's own words about it find no room either.
    """
    guard, over = _Guard(), threading.Event()
    until = time.monotonic() + session.terms.limits["build_seconds"]
    root = Path(session.api.info()["DockerRootDir"])
    floor = max(SPARE, _free(root) - session.terms.whole("engine_disk"))  # also where the engine has no disk of its own

    def look() -> None:
        guard.full = guard.full or _free(root) < floor

    def watch() -> None:
        while not over.wait(LOOK):
            look()
            guard.late = guard.late or time.monotonic() > until
            if guard.late or guard.full:
                _kill_all(session.address, spare=site.holder.container)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield guard
        look()
    finally:
        over.set()
        thread.join()


def _free(root: Path) -> int:
    """Bytes free where the engine keeps its data; more than enough when that is not on this machine: its own words must do then."""
    try:
        return shutil.disk_usage(root).free
    except OSError:
        return sys.maxsize


def _kill_all(address: str, *, spare: str) -> None:
    with connected(address, timeout=20) as api:
        for row in api.containers():
            try:
                if row["Id"] != spare:
                    api.kill(row["Id"])
            except APIError:
                continue  # it ended by itself

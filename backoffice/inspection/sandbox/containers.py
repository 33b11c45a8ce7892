"""The author's services as locked-down containers (M6).

Every service joins the network namespace of one holder (``holder.py``), so that services reach each other and nothing else; the prober and the
browser enter it from outside. No port is ever published, nothing of the host is ever mounted: data comes in as volumes of the engine, filled
through its API.
"""

from __future__ import annotations

import contextlib
import tarfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import IO, Any

from docker.errors import APIError
from docker.types import LogConfig, Mount, Ulimit

from backoffice.inspection.sandbox import scratch
from backoffice.inspection.sandbox.client import Infrastructure, Session, said
from backoffice.inspection.sandbox.holder import BAD_COMMAND, Holder, security, start
from backoffice.inspection.sandbox.plan import Plan, Refused, Service
from backoffice.inspection.sandbox.witness import Witness, refusing

SHARED = 64 << 20  # bytes of /dev/shm
DATA = "/data"  # where the sample goes when the config names no place
KEPT = "/.mlplace"  # where a volume is mounted while it is filled


@dataclass(frozen=True, slots=True)
class Launch:
    """What is to be started, and where: the plan, the images by service, the unpacked archive, and the author's sample if there is one."""

    plan: Plan
    images: dict[str, str]
    folder: Path
    place: Holder
    data: Path | None
    data_name: str


@dataclass(slots=True)
class Crew:
    """The containers of one attempt: the holder, and the services by name in the order of their start."""

    holder: Holder
    lookups: Witness  # who refuses every name
    called: int  # without a route, by what was there before: the builds
    services: dict[str, str] = field(default_factory=dict)
    spaces: dict[str, list[scratch.Space]] = field(default_factory=dict)  # by service: where it may write
    sample: str = ""  # the volume with the author's data example


@contextmanager
def running(session: Session, launch: Launch) -> Iterator[Crew]:
    """Start everything; the containers are killed when the block ends, whatever ended it."""
    plan = launch.plan
    with ExitStack() as stack:
        crew = Crew(launch.place, stack.enter_context(refusing(launch.place.pid)), launch.place.attempts())
        stack.callback(_kill, session, crew)
        if launch.data:
            crew.sample = _sample(session, launch.images[plan.services[0].name], launch.data, launch.data_name)
            if not any(service.data for service in plan.services):
                session.recorder.see("run.no_data", file=plan.file)
                for service in plan.services:
                    service.data = [DATA]
        crew.lookups.ready()
        for service in _in_order(plan):
            started = crew.services[service.name] = _start(session, service, launch, crew)
            crew.spaces[service.name] = stack.enter_context(_spaces(session, started))
        yield crew


def _spaces(session: Session, container: str) -> AbstractContextManager[list[scratch.Space]]:
    """Doors to everything it may write to, as the engine was told."""
    facts = session.api.inspect_container(container)
    limits = {"/dev/shm": SHARED}  # noqa: S108  (the container's)
    for place, options in facts["HostConfig"]["Tmpfs"].items():
        limits[place] = int(dict(option.partition("=")[::2] for option in options.split(","))["size"])
    return scratch.opened(facts["State"]["Pid"], limits)


def _kill(session: Session, crew: Crew) -> None:
    for container in crew.services.values():
        with contextlib.suppress(APIError):
            session.api.kill(container)


def _in_order(plan: Plan) -> list[Service]:
    """By ``depends_on``; a circle is started as it is written."""
    left, started = list(plan.services), []
    while left:
        ready = [service for service in left if not set(service.after) & {other.name for other in left} - {service.name}]
        for service in ready or left[:1]:
            started.append(service)
            left.remove(service)
    return started


def _start(session: Session, service: Service, launch: Launch, crew: Crew) -> str:
    api, image = session.api, launch.images[service.name]
    mounts = _mounts(session, service, launch, crew.sample)
    config = api.inspect_image(image)["Config"] or {}
    try:
        made = api.create_container(
            image, command=service.command, entrypoint=service.entrypoint, environment=_environment(service, config),
            working_dir=service.working_dir or None, user=service.user or None, labels=session.labels, name=f"{session.tag}-{service.name}",
            host_config=_host(session, service, config, crew, mounts), detach=True,
        )  # fmt: skip
    except APIError as error:
        if error.status_code == HTTPStatus.BAD_REQUEST:  # the holder was made alike: what is refused is the service's own
            raise _not_started(launch, service, error) from error
        raise
    try:
        start(api, made["Id"])
    except APIError as error:
        if BAD_COMMAND.search(said(error)):
            raise _not_started(launch, service, error) from error
        raise Infrastructure("engine_failed", said(error)) from error
    return str(made["Id"])


def _not_started(launch: Launch, service: Service, error: APIError) -> Refused:
    return Refused("run.start", file=launch.plan.file, line=service.line, service=service.name, detail=said(error)[-240:])


def _environment(service: Service, config: dict[str, Any]) -> dict[str, str]:
    """The root is read-only, so a home that the config does not name is the tmpfs."""
    given = {row.partition("=")[0] for row in config.get("Env") or []} | set(service.environment)
    return service.environment if "HOME" in given else {"HOME": "/tmp", **service.environment}  # noqa: S108  (the container's)


def _host(session: Session, service: Service, config: dict[str, Any], crew: Crew, mounts: list[Mount]) -> dict[str, Any]:
    terms = session.terms
    taken = {mount["Target"] for mount in mounts}
    scratch = {
        place for place in [*(config.get("Volumes") or {}), *service.scratch] if place not in taken and place.startswith("/")
    }
    small, large = (f"rw,nosuid,nodev,size={terms.whole(name)},mode=1777" for name in ("tmp_bytes", "volume_bytes"))
    host: dict[str, Any] = session.api.create_host_config(
        network_mode=crew.holder.network, read_only=True, cap_drop=["ALL"], security_opt=security(), ipc_mode="private",
        mem_limit=terms.whole("memory"), memswap_limit=terms.whole("memory"), pids_limit=terms.whole("pids"), init=True,
        nano_cpus=int(terms.limits["cpus"] * 1e9), ulimits=[Ulimit(name="nofile", soft=terms.whole("nofile"), hard=terms.whole("nofile"))],
        tmpfs={**dict.fromkeys(sorted(scratch), large), "/tmp": small, "/run": small},  # noqa: S108  (the container's)
        mounts=mounts, shm_size=SHARED, runtime=terms.runtime or None,
        log_config=LogConfig(type="json-file", config={"max-size": str(terms.whole("log_bytes") // 2), "max-file": "2"}),
    )  # fmt: skip
    return host


def _mounts(session: Session, service: Service, launch: Launch, sample: str) -> list[Mount]:
    found = [Mount(place, sample, type="volume", read_only=True) for place in dict.fromkeys(service.data) if sample]
    for number, (source, target) in enumerate(service.mounts):
        path = launch.folder / source
        if path.is_file():
            session.recorder.see("run.file_mount", path=source)
        elif target not in service.data:
            name = f"{session.tag}-{service.name}-{number}"
            _fill(session, name, launch.images[service.name], path, "")
            found.append(Mount(target, name, type="volume", read_only=True))
    return found


def _sample(session: Session, image: str, data: Path, name: str) -> str:
    """The author's data example alone in a volume, under its own name."""
    volume = f"{session.tag}-data"
    _fill(session, volume, image, data, Path(name or data.name).name)
    return volume


def _fill(session: Session, volume: str, image: str, source: Path, name: str) -> None:
    """A volume with one file (under ``name``) or a folder's content, through a container that is never started."""
    api = session.api
    api.create_volume(volume, labels=session.labels)
    host = api.create_host_config(network_mode="none", mounts=[Mount(KEPT, volume, type="volume", no_copy=True)])
    made = api.create_container(image, command=["-"], host_config=host, labels=session.labels, name=f"{volume}-filler")
    try:
        with _streamed(source, name) as stream:
            api.put_archive(made["Id"], KEPT, stream)
    finally:
        api.remove_container(made["Id"], force=True)


@contextmanager
def _streamed(source: Path, name: str) -> Iterator[IO[bytes]]:
    """A tar of plain files, readable by everybody, on disk while it lasts."""
    import tempfile

    def plain(info: tarfile.TarInfo) -> tarfile.TarInfo | None:
        info.uid = info.gid = 0
        info.uname = info.gname = ""
        info.mode = 0o755 if info.isdir() or info.mode & 0o111 else 0o644
        return info if info.isfile() or info.isdir() else None

    with tempfile.TemporaryFile() as sink:
        with tarfile.open(fileobj=sink, mode="w") as out:
            out.add(source, arcname=name or ".", filter=plain)
        sink.seek(0)
        yield sink

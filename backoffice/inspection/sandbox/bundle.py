"""What an author needs to rerun exactly what we ran: the normalised config and one script of plain ``docker`` commands (M6)."""

from __future__ import annotations

import io
import json
import re
import shlex
import tarfile

from backoffice.inspection.sandbox import policy
from backoffice.inspection.sandbox.plan import Plan, Service
from backoffice.inspection.sandbox.policy import Terms

HEAD = """#!/bin/sh
# Повторяет пробную установку ML-Place. Repeats the trial installation of ML-Place.
#   sh run.sh ПАПКА_С_РАСПАКОВАННЫМ_АРХИВОМ [ПАПКА_С_ДАННЫМИ]
#   sh run.sh FOLDER_OF_THE_UNPACKED_ARCHIVE [FOLDER_WITH_DATA]
# NETWORK=bridge PUBLISH="-p 8888:8888" sh run.sh …   открыть в своём браузере / to open it in your own browser
set -eu
here=$(cd "$(dirname "$0")" && pwd)
archive=$(cd "$1" && pwd)
data=${2:+$(cd "$2" && pwd)}
network=${NETWORK:-none}
"""


def make(plan: Plan, terms: Terms) -> bytes:
    """The bundle as a .tar.gz. The same plan makes the same bytes."""
    files = {"run.sh": _script(plan, terms), "plan.json": json.dumps(plan.as_dict()["services"], ensure_ascii=False, indent=2)}
    files["seccomp.json"] = policy.SECCOMP.read_text()
    for service in plan.services:
        if service.recipe:
            files[f"{service.name}.Dockerfile"] = service.recipe.text
            files |= {f"{service.name}.files/{name}": text for name, text in service.recipe.extra.items()}
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w:gz", compresslevel=6) as out:
        for name, text in sorted(files.items()):
            data = text.encode("utf-8", "surrogateescape")  # names of the archive as they are, also those that are no UTF-8
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(data), 0o755 if name.endswith(".sh") else 0o644
            out.addfile(info, io.BytesIO(data))
    return sink.getvalue()


def _script(plan: Plan, terms: Terms) -> str:
    rows = [HEAD]
    first = plan.services[0].name if plan.services else ""
    for service in plan.services:
        rows += [f"# --- {service.name}", *_image(service, terms), _run(service, terms, first)]
    names = " ".join(f"demo-{service.name}" for service in plan.services)
    rows += ["", f"docker logs -f demo-{first} &", "printf 'Enter: стоп / stop\\n'", "read _", f"docker rm -f {names}"]
    return "\n".join(rows) + "\n"


def _image(service: Service, terms: Terms) -> list[str]:
    recipe = service.recipe
    if recipe is None:
        return [f"docker pull {shlex.quote(service.image)}"]
    context = f'"$archive"/{shlex.quote(recipe.context or ".")}'
    copies = [f'cp "$here"/{shlex.quote(service.name)}.files/{shlex.quote(name)} {context}/' for name in recipe.extra]
    modes = [f"chmod -R {mode:o} {context}/{_pattern(source)}" for source, mode in recipe.modes.items()]
    arguments = " ".join(f"--build-arg {shlex.quote(f'{name}={value}')}" for name, value in recipe.arguments.items())
    target = f"--target {shlex.quote(recipe.target)}" if recipe.target else ""
    network = "" if terms.build_proxy else "--network none"
    tag = f"demo-{service.name}".lower()
    return [
        *copies,
        *modes,
        f'docker build {network} {arguments} {target} -t {tag} -f "$here"/{shlex.quote(service.name)}.Dockerfile {context}',
    ]


def _pattern(source: str) -> str:
    """What COPY names, for the shell: only ``*``, ``?`` and ``[…]`` mean more than themselves."""
    return re.sub(r"[^\w./*?\[\]-]", r"\\\g<0>", source)


def _run(service: Service, terms: Terms, first: str) -> str:
    network = '--network "$network" ${PUBLISH:-}' if service.name == first else f"--network container:demo-{first}"
    parts = [
        f"docker run -d --name demo-{service.name} {network} --read-only --cap-drop ALL --security-opt no-new-privileges",
        '--security-opt seccomp="$here"/seccomp.json --init --ipc private',
        f"--memory {terms.whole('memory')} --memory-swap {terms.whole('memory')} --cpus {terms.limits['cpus']}",
        f"--pids-limit {terms.whole('pids')} --ulimit nofile={terms.whole('nofile')}:{terms.whole('nofile')}",
        f"--tmpfs /tmp:size={terms.whole('tmp_bytes')},mode=1777 --tmpfs /run",
    ]
    recipe_volumes = service.recipe.volumes if service.recipe else []
    scratch = [place for place in [*service.scratch, *recipe_volumes] if place not in service.data]
    size = terms.whole("volume_bytes")
    parts += [f"--tmpfs {shlex.quote(f'{place}:size={size},mode=1777')}" for place in scratch]
    parts += [f'${{data:+-v "$data":{shlex.quote(place)}:ro}}' for place in service.data or ["/data"]]
    parts += [f'-v "$archive"/{shlex.quote(source)}:{shlex.quote(target)}:ro' for source, target in service.mounts]
    parts += [f"-e {shlex.quote(f'{name}={value}')}" for name, value in {"HOME": "/tmp", **service.environment}.items()]  # noqa: S108
    parts += [f"-w {shlex.quote(service.working_dir)}"] if service.working_dir else []
    parts += [f"-u {shlex.quote(service.user)}"] if service.user else []
    parts += [f"--entrypoint {shlex.quote(service.entrypoint[0])}"] if service.entrypoint else []
    image = f"demo-{service.name}".lower() if service.recipe else service.image
    words = [*(service.entrypoint or [])[1:], *(service.command or [])]
    return " \\\n  ".join([*parts, " ".join(shlex.quote(word) for word in [image, *words])])

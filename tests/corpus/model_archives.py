"""Viruses in archives (M4), and what a model archive may and may not hold (A10)."""

from __future__ import annotations

import marshal
import zipfile
from collections.abc import Callable
from importlib.util import MAGIC_NUMBER
from pathlib import Path

from tests.corpus.archives import DATA, MODEL, NOISE, TEXT
from tests.corpus.case import Case
from tests.corpus.pack import gzipped, raw_zip, sevened, tarred, tiny_elf, tiny_pe, write, zipped
from tests.inspection.test_antivirus import EICAR

SOURCE = b"import numpy as np\n\ndef predict(rows):\n    return np.mean(rows)\n"
DOCKER = {
    "Dockerfile": b'FROM python:3.11-slim\nCOPY lib /lib\nCMD ["python", "-m", "service"]\n',
    "README.txt": "Запуск: выполните docker build .\n".encode(),
}
PYC = MAGIC_NUMBER + bytes(12) + marshal.dumps(compile("x = 1", "x", "exec"))


def _viruses() -> list[Case]:
    found = ("antivirus.virus",)
    mixed = zipped({"a.txt": TEXT, "b.txt": EICAR}, zipfile.ZIP_LZMA)
    return [
        Case("virus.zip", DATA, write(zipped({"a.txt": EICAR})), "reject", found),
        Case("virus.tar.gz", DATA, write(gzipped(tarred([("a.txt", EICAR)]))), "reject", found),
        Case("virus.7z", DATA, write(sevened({"a.txt": EICAR})), "reject", found),
        Case(
            "virus-three-deep.zip",
            DATA,
            write(zipped({"a.zip": zipped({"b.tar.gz": gzipped(tarred([("c.txt", EICAR)]))})})),
            "reject",
            found,
        ),
        Case("virus-lzma.zip", DATA, write(mixed), "reject", found),
        Case("virus-zip64.zip", DATA, _virus_in_zip64, "reject", found),
        Case("virus-ppmd.7z", DATA, write(sevened({"a.txt": EICAR}, filters=_ppmd())), "reject", found),
        Case(
            "virus-at-the-tail.zip", DATA, write(zipped({"a.txt": NOISE.hex().encode() * 100, "z.txt": EICAR})), "reject", found
        ),
    ]


def _virus_in_zip64(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive, archive.open(zipfile.ZipInfo("a.txt"), "w", force_zip64=True) as member:
        member.write(EICAR)


def _ppmd() -> list[dict[str, int]]:
    import py7zr

    return [{"id": py7zr.FILTER_PPMD, "order": 6, "mem": 24}]


def _locked() -> bytes:
    return raw_zip([(b"model.dll", NOISE[:200], {"flags": 1})])


_SOCKET = b"    volumes:\n      - /var/run/docker.sock:/var/run/docker.sock\n"


def _compose(more: bytes) -> bytes:
    return b"services:\n  demo:\n    image: example/demo@sha256:" + b"a" * 64 + b"\n" + more


def _yaml_bomb() -> bytes:
    """The billion laughs: nine levels of nine references."""
    rows = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    return "\n".join([*rows, "services:", "  demo: {image: x, labels: *a9}"]).encode()


def _contents() -> list[Case]:
    """What a model archive holds (A10). Compiled code cannot be looked into, so it is never a plain pass."""

    def case(name: str, members: dict[str, bytes], verdict: str, *rules: str) -> Case:
        pack: Callable[[dict[str, bytes]], bytes] = zipped if name.endswith(".zip") else sevened
        return Case(name, MODEL, write(pack(members)), verdict, rules)

    key = b"-----BEGIN RSA PRIVATE " + b"KEY-----\nMIIE\n-----END RSA PRIVATE " + b"KEY-----\n"
    token = b"token = 'ghp_" + b"a1" * 18 + b"'\n"
    library = {"lib/model.dll": tiny_pe(), "README.txt": TEXT}
    return [
        case("docker-config.zip", DOCKER, "pass"),
        case(
            "docker-compose.7z",
            {"docker-compose.yml": b"services:\n  demo:\n    image: example/demo@sha256:" + b"a" * 64 + b"\n"},
            "pass",
        ),
        case(
            "privileged-compose.zip", {"docker-compose.yml": _compose(b"    privileged: true\n")}, "reject", "compose.privileged"
        ),
        case("docker-socket-compose.zip", {"compose.yaml": _compose(_SOCKET)}, "reject", "compose.socket"),
        case(
            "host-network-compose.7z",
            {"docker-compose.yml": _compose(b"    network_mode: host\n")},
            "reject",
            "compose.namespace",
        ),
        case("yaml-bomb-compose.zip", {"docker-compose.yml": _yaml_bomb()}, "reject", "config.too_large"),
        case(
            "yaml-tag-compose.zip",
            {"compose.yml": b"services: !!python/object/apply:os.system ['id']\n"},
            "reject",
            "config.unreadable",
        ),
        case(
            "miner.zip",
            {**DOCKER, "start.txt": b"--url stratum" + b"+tcp://pool.example.com:3333 --user x\n"},
            "warn",
            "marker.found",
        ),
        case("compiled-library.zip", library, "warn"),
        case("shared-object.zip", {"model.so": tiny_elf()}, "warn"),
        Case("docker-config.tar.gz", MODEL, write(gzipped(tarred([*DOCKER.items()]))), "pass"),
        case("with-a-licence.zip", {**DOCKER, "LICENSE": b"MIT License\n"}, "pass"),
        case("nothing-to-run.zip", {"README.txt": TEXT}, "reject", "archive.no_model"),
        Case("encrypted-model.zip", MODEL, write(_locked()), "reject", ("antivirus.encrypted", "archive.encrypted")),
        case("sources-only.zip", {"model.py": SOURCE, "README.txt": TEXT}, "reject", "archive.sources_only"),
        case("sources-beside-the-library.zip", {**library, "model.py": SOURCE}, "warn", "archive.sources_exposed"),
        case("private-key.zip", {**DOCKER, "deploy/id_rsa": key}, "warn", "archive.secret"),
        case("token.zip", {**DOCKER, "config.ini": token}, "warn", "archive.secret"),
        case("token-far-from-the-start.zip", {**DOCKER, "config.ini": TEXT * 200 + token + TEXT}, "warn", "archive.secret"),
        case(
            "notebook.zip",
            {**library, "пример.ipynb": b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'},
            "warn",
            "archive.notebooks",
        ),
        case("weights-nobody-reads.zip", {"model.gguf": b"GGUF" + bytes(300)}, "warn", "format.unsupported"),
        case("repository.zip", {**DOCKER, ".git/HEAD": b"ref: refs/heads/main\n"}, "warn", "archive.repository"),
        case("environment.zip", {**DOCKER, "env/pyvenv.cfg": b"home = /usr/bin\n"}, "warn", "archive.environment"),
        case("installer-beside.zip", {**library, "setup.exe": tiny_pe(library=False)}, "warn", "archive.executable"),
        case("dotnet.zip", {"model.dll": tiny_pe(dotnet=True)}, "warn", "archive.dotnet"),
        case(
            "obfuscated.zip", {**library, "run.py": b"from pytransform import x\n__pyarmor__(1)\n"}, "warn", "archive.obfuscated"
        ),
        case("bytecode-only.zip", {"model.pyc": PYC}, "warn", "archive.bytecode_only"),
        Case(
            "program-in-the-data.zip",
            DATA,
            write(zipped({"a.txt": TEXT, "run.exe": tiny_pe(library=False)})),
            "reject",
            ("data.executable",),
        ),
        Case("library-in-the-data.tar.gz", DATA, write(gzipped(tarred([("a.so", tiny_elf())]))), "reject", ("data.executable",)),
    ]


CASES = [*_viruses(), *_contents()]

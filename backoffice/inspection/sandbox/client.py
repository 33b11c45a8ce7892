"""The Docker SDK as the sandbox uses it: the low-level client, no credentials of anybody, and errors sorted by whose fault they are."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import docker
from docker import auth
from docker.errors import APIError, DockerException
from requests.exceptions import RequestException

from backoffice.inspection.sandbox.policy import Terms
from backoffice.inspection.sandbox.transcript import Recorder

LABEL = "mlplace.sandbox"
TIMEOUT = 120  # seconds of silence on the engine's socket
ENGINE_ERRORS = (DockerException, RequestException, OSError)


class Infrastructure(Exception):  # noqa: N818  (named for the outcome)
    """Something of ours failed; ``reason`` is one of the policy's, ``detail`` for people."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason, self.detail = reason, detail[:300]


@dataclass(frozen=True, slots=True)
class Session:
    """One attempt's work with an engine. ``tag`` names everything it makes there; ``labels`` mark it."""

    api: Any
    address: str
    terms: Terms
    recorder: Recorder
    tag: str

    @property
    def labels(self) -> dict[str, str]:
        """What the attempt's containers, volumes and images carry."""
        return {LABEL: self.tag}


@contextmanager
def connected(address: str, *, timeout: int = TIMEOUT) -> Iterator[Any]:
    """A client of the engine at ``address``. It carries no registry credentials, whatever the worker's home folder holds."""
    if not address:
        raise Infrastructure("no_engine", "MLPLACE_ENGINE")
    problem = unreachable(address)
    if problem:
        raise Infrastructure("no_engine", problem)
    try:
        api = docker.APIClient(base_url=address, version="auto", timeout=timeout)
    except ENGINE_ERRORS as error:
        raise Infrastructure("no_engine", said(error)) from error
    api._auth_configs = auth.AuthConfig({})
    api._general_configs = {}
    try:
        yield api
    finally:
        api.close()


def unreachable(address: str) -> str | None:
    """Why nobody answers at a Unix socket, asked plainly: the SDK leaks its socket when nobody listens. None when somebody does."""
    if not address.startswith("unix:"):
        return None
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(TIMEOUT)
        try:
            probe.connect("/" + address.removeprefix("unix:").lstrip("/"))
        except OSError as error:
            return f"{address}: {error.strerror or error}"
    return None


def said(error: Exception) -> str:
    """What an error of the engine says, on one line."""
    text = error.explanation if isinstance(error, APIError) and error.explanation else str(error)
    return " ".join(str(text).split())[:300] or type(error).__name__

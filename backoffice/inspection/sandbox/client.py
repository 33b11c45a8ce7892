"""The Docker SDK as the sandbox uses it: the low-level client, no credentials of anybody, and errors sorted by whose fault they are."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import docker
from docker import auth
from docker.errors import APIError, DockerException
from docker.transport.unixconn import UnixHTTPAdapter, UnixHTTPConnection, UnixHTTPConnectionPool
from requests.exceptions import RequestException

from backoffice.inspection.sandbox.policy import Terms
from backoffice.inspection.sandbox.transcript import Recorder

LABEL = "mlplace.sandbox"
OLDEST = "1.41"  # engine 20.10
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
    try:
        api = docker.APIClient(base_url=address, version=OLDEST, timeout=timeout)
    except ENGINE_ERRORS as error:
        raise Infrastructure("no_engine", said(error)) from error
    with closing(api):
        if api.base_url.startswith("http+docker:"):
            api._custom_adapter = _Adapter(f"http+unix://{address.removeprefix('unix:')}", timeout)
            api.mount("http+docker://", api._custom_adapter)
        api._auth_configs = auth.AuthConfig({})
        api._general_configs = {}
        try:
            api._version = api.version(api_version=False)["ApiVersion"]
        except ENGINE_ERRORS as error:
            raise Infrastructure("no_engine", f"{address}: {said(error)}") from error
        yield api


class _Connection(UnixHTTPConnection):
    """The SDK's connection, which forgets to close its socket when nobody listens."""

    def connect(self) -> None:
        """Connect, or leave nothing open."""
        stream = socket.socket(socket.AF_UNIX)
        try:
            stream.settimeout(self.timeout)
            stream.connect(self.unix_socket)
        except OSError:
            stream.close()
            raise
        self.sock = stream


class _Pool(UnixHTTPConnectionPool):
    def _new_conn(self) -> _Connection:
        return _Connection(self.base_url, self.socket_path, self.timeout)


class _Adapter(UnixHTTPAdapter):
    def get_connection(self, url: str, proxies: Any = None) -> Any:  # noqa: ARG002
        with self.pools.lock:
            if url not in self.pools:
                self.pools[url] = _Pool(url, self.socket_path, self.timeout, maxsize=self.max_pool_size)
            return self.pools[url]


def said(error: Exception) -> str:
    """What an error of the engine says, on one line."""
    text = error.explanation if isinstance(error, APIError) and error.explanation else str(error)
    return " ".join(str(text).split())[:300] or type(error).__name__

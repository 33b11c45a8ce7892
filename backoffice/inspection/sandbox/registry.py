"""What a registry says of an image before any of it is pulled: its digest and the sizes of its layers (M6; OCI distribution specification).

No credentials of anybody are used: an anonymous token is asked for where the registry wants one.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests

KINDS = (
    "application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json",
)  # fmt: skip
MOST = 4 << 20  # bytes of a manifest, the specification's own bound
HOPS = 3  # redirects followed
HUB = {"docker.io": "registry-1.docker.io"}  # where the registry of this name really is
CHALLENGE = re.compile(r'(\w+)="([^"]*)"')


class Unreachable(Exception):  # noqa: N818  (named for whose fault it is)
    """The registry does not answer, or not now."""


class Missing(Exception):  # noqa: N818  (named for whose fault it is)
    """The registry answers, and gives nothing usable under this name."""


class WrongPlatform(Missing):
    """The image exists, but not for the platform that is wanted."""


@dataclass(frozen=True, slots=True)
class Reference:
    """An image's name, taken apart. ``wanted`` is a tag or a digest."""

    host: str
    path: str
    wanted: str
    repository: str  # as the author wrote it, without tag and digest

    @property
    def local(self) -> bool:
        """Whether the registry is on this machine: the only ones that are spoken to without TLS, as engines do."""
        return self.host.partition(":")[0] in ("localhost", "127.0.0.1")


@dataclass(frozen=True, slots=True)
class Manifest:
    """``digest`` is what the name stands for now; ``size`` the bytes of all layers as they will be downloaded."""

    digest: str
    size: int
    layers: int


def reference(name: str, registry: str) -> Reference:
    """An image's name in a registry that is already known from it."""
    whole, _, digest = name.partition("@")
    head, colon, tag = whole.rpartition(":")
    repository, tag = (head, tag) if colon and "/" not in tag else (whole, "latest")
    path = (
        repository.partition("/")[2]
        if "/" in repository and repository.startswith((registry, f"index.{registry}"))
        else repository
    )
    if registry == "docker.io" and "/" not in path:
        path = f"library/{path}"
    return Reference(HUB.get(registry, registry), path, digest or tag, repository)


def look(name: Reference, *, platform: str, seconds: float) -> Manifest:
    """Ask for the manifest; of an image for several platforms, that of ``platform`` ("linux/amd64").

    ``Unreachable`` is ours, ``Missing`` and ``WrongPlatform`` are the author's. ``seconds`` bound each request's silence.
    """
    with requests.Session() as session:
        session.trust_env = False  # neither this machine's proxies nor anybody's .netrc
        try:
            body = _manifest(session, name, name.wanted, seconds)
            digest = _digest(body)
            table = _table(body)
            if "manifests" in table:
                table = _table(_manifest(session, name, _of_platform(table, platform), seconds))
        except (requests.ConnectionError, requests.Timeout) as error:
            raise Unreachable(_said(error)) from error
        except requests.RequestException as error:
            raise Missing(_said(error)) from error
    try:
        sizes = [abs(int(row["size"])) for row in table["layers"]]
    except (KeyError, TypeError, ValueError) as error:
        raise Missing(f"manifest: {type(error).__name__} {error}") from error
    return Manifest(digest, sum(sizes), len(sizes))


def _manifest(session: requests.Session, name: Reference, wanted: str, seconds: float) -> bytes:
    url = f"{'http' if name.local else 'https'}://{name.host}/v2/{name.path}/manifests/{wanted}"
    headers = {"Accept": ", ".join(KINDS)}
    status, body, answered = _get(session, name, url, seconds, headers)
    if status == 401:
        token = _token(session, name, answered.get("WWW-Authenticate", ""), seconds)
        status, body, _ = _get(session, name, url, seconds, headers | {"Authorization": f"Bearer {token}"})
    if status != 200:
        raise Missing(f"{status} {_complaint(body)}".strip())
    if wanted.startswith("sha256:") and _digest(body) != wanted:
        raise Missing(f"{wanted}: the registry gives {_digest(body)}")
    return body


def _get(session: requests.Session, name: Reference, url: str, seconds: float, headers: dict[str, str]) -> tuple[int, bytes, Any]:
    for _ in range(HOPS + 1):
        if not url.startswith("https://") and not (name.local and urlsplit(url).netloc == name.host):
            raise Missing(f"not TLS: {url[:200]}")
        with session.get(url, headers=headers, timeout=seconds, allow_redirects=False, stream=True) as answer:
            if answer.is_redirect:
                url = urljoin(url, answer.headers["Location"])
                headers = {key: value for key, value in headers.items() if key != "Authorization"}
                continue
            if answer.status_code == 429 or answer.status_code >= 500:
                raise Unreachable(f"{answer.status_code} {answer.reason}")
            return answer.status_code, _bounded(answer), answer.headers
    raise Missing(f"> {HOPS} redirects")


def _bounded(answer: requests.Response) -> bytes:
    body = b""
    for chunk in answer.iter_content(65_536):
        body += chunk
        if len(body) > MOST:
            raise Missing(f"manifest: > {MOST} bytes")
    return body


def _token(session: requests.Session, name: Reference, challenge: str, seconds: float) -> str:
    asked = dict(CHALLENGE.findall(challenge)) if challenge.lower().startswith("bearer ") else {}
    if "realm" not in asked:
        raise Missing("401")
    query = {"service": asked.get("service", ""), "scope": f"repository:{name.path}:pull"}
    url = requests.Request("GET", asked["realm"], params=query).prepare().url or ""
    status, body, _ = _get(session, name, url, seconds, {})
    table = _table(body) if status == 200 else {}
    token = table.get("token") or table.get("access_token")
    if not isinstance(token, str):
        raise Missing(f"{status} {_complaint(body)}".strip())
    return token


def _of_platform(index: dict[str, Any], platform: str) -> str:
    """The digest of the manifest for a platform."""
    system, _, machine = platform.partition("/")
    offered = []
    try:
        for row in index["manifests"]:
            place = row.get("platform") or {}
            if (place.get("os"), place.get("architecture")) == (system, machine):
                return str(row["digest"])
            offered.append(f"{place.get('os')}/{place.get('architecture')}")
    except (TypeError, AttributeError, KeyError) as error:
        raise Missing(f"manifest: {type(error).__name__}") from error
    raise WrongPlatform(", ".join(offered)[:200] or "—")


def _digest(body: bytes) -> str:
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


def _table(body: bytes) -> dict[str, Any]:
    try:
        table = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Missing("manifest: JSON") from error
    if not isinstance(table, dict):
        raise Missing("manifest: JSON")
    return table


def _complaint(body: bytes) -> str:
    """What the registry's own error says, in one line."""
    try:
        return str(json.loads(body)["errors"][0]["message"])[:200]
    except (ValueError, LookupError, TypeError, RecursionError):
        return ""


def _said(error: Exception) -> str:
    return " ".join(str(error).split())[:200]

"""What is asked of a registry before anything is pulled: names, tokens, images for several platforms, and answers that lie."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler

import pytest

from backoffice.inspection.sandbox import registry
from backoffice.inspection.sandbox.registry import Manifest, Missing, Reference, Unreachable, WrongPlatform
from tests.real.serving import answering

LAYERS = {"layers": [{"size": 100 << 30}, {"size": 5}]}
Answers = Callable[[BaseHTTPRequestHandler], tuple[int, bytes, dict[str, str]]]


@contextmanager
def served(answers: Answers) -> Iterator[str]:
    """A registry on loopback; its host and port."""

    class Registry(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body, headers = answers(self)
            self.send_response(status)
            for key, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(key, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with answering(Registry) as port:
        yield f"127.0.0.1:{port}"


def look(host: str, wanted: str = "1") -> Manifest:
    return registry.look(Reference(host, "a/b", wanted, f"{host}/a/b"), platform="linux/amd64", seconds=10)


def digest(body: bytes) -> str:
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


@pytest.mark.parametrize(
    "name, host, expected",
    [
        ("python", "docker.io", ("registry-1.docker.io", "library/python", "latest", "python")),
        ("python:3.11-slim", "docker.io", ("registry-1.docker.io", "library/python", "3.11-slim", "python")),
        ("docker.io/a/b:1", "docker.io", ("registry-1.docker.io", "a/b", "1", "docker.io/a/b")),
        ("a/b@sha256:0", "docker.io", ("registry-1.docker.io", "a/b", "sha256:0", "a/b")),
        ("ghcr.io/a/b/c", "ghcr.io", ("ghcr.io", "a/b/c", "latest", "ghcr.io/a/b/c")),
        ("127.0.0.1:5000/a:1@sha256:0", "127.0.0.1:5000", ("127.0.0.1:5000", "a", "sha256:0", "127.0.0.1:5000/a")),
    ],
)
def test_a_name_is_taken_apart(name: str, host: str, expected: tuple[str, str, str, str]) -> None:
    assert registry.reference(name, host) == Reference(*expected)


def test_sizes_are_known_without_a_pull_also_behind_a_token_and_an_index() -> None:
    manifest = json.dumps(LAYERS).encode()
    rows = [
        {"digest": "sha256:0", "platform": {"os": "linux", "architecture": "arm64"}},
        {"digest": digest(manifest), "platform": {"os": "linux", "architecture": "amd64"}},
    ]
    index = json.dumps({"manifests": rows}).encode()
    asked: list[str] = []

    def answers(request: BaseHTTPRequestHandler) -> tuple[int, bytes, dict[str, str]]:
        asked.append(request.path)
        if request.path.startswith("/token"):
            return 200, b'{"token": "t"}', {}
        if request.headers["Authorization"] != "Bearer t":
            realm = f"http://{request.headers['Host']}/token"
            return 401, b"", {"WWW-Authenticate": f'Bearer realm="{realm}",service="s",scope="repository:a/b:pull"'}
        return 200, manifest if digest(manifest) in request.path else index, {}

    with served(answers) as host:
        found = look(host)
    assert found == Manifest(digest(index), (100 << 30) + 5, 2)
    assert "/token?service=s&scope=repository%3Aa%2Fb%3Apull" in asked
    assert not [path for path in asked if "/blobs/" in path]


def test_no_image_for_our_platform_says_which_there_are() -> None:
    index = json.dumps({"manifests": [{"digest": "sha256:0", "platform": {"os": "linux", "architecture": "arm64"}}]}).encode()
    with served(lambda _: (200, index, {})) as host, pytest.raises(WrongPlatform, match="linux/arm64"):
        look(host)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_registry_that_cannot_now_is_ours(status: int) -> None:
    with served(lambda _: (status, b"", {})) as host, pytest.raises(Unreachable, match=str(status)):
        look(host)


def test_a_registry_that_is_away_is_ours() -> None:
    with pytest.raises(Unreachable):
        look("127.0.0.1:1")


UNUSABLE = {
    "not found": (404, b'{"errors": [{"message": "manifest unknown"}]}', {}),
    "a secret": (401, b"", {"WWW-Authenticate": "Basic realm=x"}),
    "a token from anywhere": (401, b"", {"WWW-Authenticate": 'Bearer realm="http://169.254.169.254/latest"'}),
    "a way to the metadata": (302, b"", {"Location": "http://169.254.169.254/latest"}),
    "a circle": (302, b"", {"Location": "/v2/"}),
    "no JSON": (200, b"<html>", {}),
    "no object": (200, b"[]", {}),
    "an old schema": (200, b'{"fsLayers": []}', {}),
    "sizes of words": (200, b'{"layers": [{"size": "much"}]}', {}),
    "strange platforms": (200, b'{"manifests": [1]}', {}),
    "far too much": (200, b"[" * (5 << 20), {}),
}


@pytest.mark.parametrize("answer", UNUSABLE.values(), ids=list(UNUSABLE))
def test_what_is_unusable_is_the_authors(answer: tuple[int, bytes, dict[str, str]]) -> None:
    with served(lambda _: answer) as host, pytest.raises(Missing):
        look(host)


def test_a_digest_is_held_to() -> None:
    body = json.dumps(LAYERS).encode()
    with served(lambda _: (200, body, {})) as host:
        assert look(host, digest(body)).layers == 2
        with pytest.raises(Missing, match="the registry gives"):
            look(host, "sha256:" + "0" * 64)

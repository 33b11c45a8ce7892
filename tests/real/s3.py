"""A server of the S3 API on loopback (moto's, in a process of its own): its bytes go over HTTP like those of any vendor's."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Iterator
from contextlib import suppress

import pytest
import requests

from tests.real.needed import free_port, serving


@pytest.fixture(scope="session")
def _s3_server() -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    address = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        with suppress(requests.ConnectionError):
            return requests.put(f"{address}/artifacts", timeout=5).ok
        return False

    with serving(command, answers):
        yield address


@pytest.fixture
def s3(_s3_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The storage URL of a prefix nobody else uses. Address and keys are in the environment, as in a deployment."""
    access = {
        "AWS_ENDPOINT_URL": _s3_server,
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
    }
    for name, value in access.items():
        monkeypatch.setenv(name, value)
    return f"s3://artifacts/{uuid.uuid4().hex}"

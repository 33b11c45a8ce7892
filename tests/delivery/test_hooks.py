"""Hook calls against a real HTTP server: signed, and with an answer that says whether to try again."""

from __future__ import annotations

import http.server
import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from standardwebhooks.webhooks import Webhook

from backoffice.delivery import hooks
from backoffice.domain.errors import GiveUp, TryLater
from scripts.services import free_port
from tests.real.serving import answering

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = json.dumps({"type": "listing.published", "data": {"title": "Поиск дефектов"}}, ensure_ascii=False)


class Receiver(http.server.BaseHTTPRequestHandler):
    """Answers what its path says and keeps what it got."""

    got: list[tuple[dict[str, str], bytes]] = []

    def do_POST(self) -> None:
        self.got.append((dict(self.headers), self.rfile.read(int(self.headers["content-length"]))))
        self.send_response(int(self.path.strip("/")))
        self.send_header("location", "/200")
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def receiver() -> Iterator[str]:
    with answering(Receiver) as port:
        yield f"http://127.0.0.1:{port}"


def _call(url: str) -> int:
    return hooks.call(url, secret=SECRET, webhook_id="msg_1", body=BODY, now=datetime.now(UTC))  # noqa: TID251  (the receiver checks it)


def test_a_call_carries_a_signature_that_the_receiver_can_check(receiver: str) -> None:
    Receiver.got.clear()
    assert _call(f"{receiver}/204") == 204
    headers, body = Receiver.got[0]
    told = Webhook(SECRET).verify(body, {name.lower(): value for name, value in headers.items()})
    assert told["data"]["title"] == "Поиск дефектов"


@pytest.mark.parametrize("status", [400, 401, 404, 410, 422])
def test_what_a_repetition_cannot_change_is_given_up(receiver: str, status: int) -> None:
    with pytest.raises(GiveUp, match=str(status)):
        _call(f"{receiver}/{status}")


@pytest.mark.parametrize("status", [302, 307, 408, 409, 425, 429, 500, 502, 503])
def test_what_may_pass_is_tried_again(receiver: str, status: int) -> None:
    with pytest.raises(TryLater, match=str(status)):
        _call(f"{receiver}/{status}")


def test_nobody_there_is_tried_again() -> None:
    with pytest.raises(TryLater):
        _call(f"http://127.0.0.1:{free_port(18800)}/")

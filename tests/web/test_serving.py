"""The tests' own server: whoever leaves it has waited for what was asked."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from contextlib import closing
from http.client import HTTPConnection
from wsgiref.types import StartResponse, WSGIEnvironment

from tests.real.serving import serving
from tests.real.waiting import PATIENCE


def test_leaving_hangs_up_on_kept_connections_and_waits_for_every_answer_under_way() -> None:
    asked, answered = threading.Event(), threading.Event()

    def waiting(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == "POST":
            asked.set()
            environ["wsgi.input"].read(1)  # a body that never comes: until the server hangs up
            answered.set()
        start_response("200 OK", [("Content-Length", "0")])
        return []

    with serving(waiting) as server:
        kept, last_word = (HTTPConnection("127.0.0.1", server.port) for _ in range(2))
        kept.request("GET", "/")
        kept.getresponse().read()
        last_word.request("POST", "/", headers={"Content-Length": "1"})
        assert asked.wait(PATIENCE)
    with closing(kept), closing(last_word):
        assert answered.is_set()
        assert last_word.getresponse().status == 200

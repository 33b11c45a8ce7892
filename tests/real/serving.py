"""Web servers on real sockets, in this process. Whoever stops an application's waits for every answer under way."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import BaseServer
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from werkzeug.serving import ThreadedWSGIServer


def nobody(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """An application without pages."""
    start_response("404 Not Found", [])
    return []


class Server(ThreadedWSGIServer):
    """Answers outlive no test: a page that closes sends a last word (``sendBeacon``), and a database closed under it is freed memory to SQLite."""

    daemon_threads = False  # server_close waits for them

    def __init__(self, pages: WSGIApplication) -> None:
        self._kept: set[socket.socket] = set()
        self.pages = pages
        self._hearing = threading.Lock()  # a connection's thread is known before it is started, and cannot be waited for then
        super().__init__("127.0.0.1", 0, self._answer)

    def _answer(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Whole before it is sent: werkzeug closes no answer, and so no file, whose reader has gone meanwhile."""
        parts = self.pages(environ, start_response)
        try:
            return list(parts)
        finally:
            if close := getattr(parts, "close", None):
                close()

    def log(self, *_: Any) -> None:
        """Nobody reads it."""

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._hearing:
            self._kept.add(request)
            super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._kept.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        self.hang_up()
        super().server_close()

    def hang_up(self) -> None:
        """Hear nothing more on the connections that browsers keep, and wait until what was heard is answered."""
        with self._hearing:
            for each in list(self._kept):
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RD)
            self._threads.join()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def serving(pages: WSGIApplication) -> Iterator[Server]:
    """Serve until left; then nothing of ``pages`` runs any more."""
    server = Server(pages)
    with _attended(server):  # which closes it, too
        yield server


@contextmanager
def answering(handler: Callable[..., BaseHTTPRequestHandler]) -> Iterator[int]:
    """A port of the loopback where a server of the standard library answers while the block runs."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server, _attended(server):
        yield server.server_port


@contextmanager
def _attended(server: BaseServer) -> Iterator[None]:
    """The server's loop runs in a thread of its own, and ends with the block, however that ends."""
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))  # seconds until it sees that it is told to stop
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()

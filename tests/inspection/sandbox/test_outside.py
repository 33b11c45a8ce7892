"""What is read from outside a container: ports from the kernel's tables, answers of hostile servers, pictures."""

from __future__ import annotations

import os
import socket
import struct
import threading
from collections.abc import Callable

import pytest

from backoffice.inspection.sandbox import netns, picture, probe, transcript


def served(answer: Callable[[socket.socket], object]) -> int:
    """A server on loopback that treats one connection as told."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with listener:
            stream, _ = listener.accept()
            with stream:
                stream.recv(65_536)
                answer(stream)

    threading.Thread(target=serve, daemon=True).start()
    return int(listener.getsockname()[1])


def test_listening_ports_come_from_the_kernel() -> None:
    with socket.create_server(("127.0.0.1", 0)) as private, socket.create_server(("0.0.0.0", 0)) as public:
        found = {port.number: port.loopback for port in netns.listening(os.getpid())}
        assert found[private.getsockname()[1]] is True
        assert found[public.getsockname()[1]] is False


def test_a_namespace_that_is_gone_has_no_ports() -> None:
    assert netns.listening(2**22 + 1) == []
    assert netns.refused(2**22 + 1) == 0


def test_a_page_is_understood() -> None:
    page = "<title> Прогноз\n цен </title>".encode()
    head = b"HTTP/1.1 500 No\r\nServer: x\r\nContent-Length: %d\r\n\r\n" % len(page)
    answer = probe.look(served(lambda stream: stream.sendall(head + page)), 5)
    assert (answer.open, answer.status, answer.title, answer.server) == (True, 500, "Прогноз цен", "x")


@pytest.mark.parametrize("said", [b"", b"\x00\xff" * 100, b"SSH-2.0-x\r\n", b"HTTP/9 999999", b"HTTP/1.1 2000\r\n\r\n"])
def test_what_is_no_http_has_no_status(said: bytes) -> None:
    answer = probe.look(served(lambda stream: stream.sendall(said)), 5)
    assert (answer.open, answer.spoke, answer.status) == (True, bool(said), 0)


def test_an_endless_answer_is_cut() -> None:
    def flood(stream: socket.socket) -> None:
        try:
            while True:
                stream.sendall(b"x" * 65_536)
        except OSError:
            return

    open_, said = probe.ask(served(flood), "/", 5)
    assert open_
    assert len(said) < 2 * probe.BYTES


def test_a_closed_port_is_closed() -> None:
    assert probe.look(1, 1) == probe.Answer(1)


def test_what_was_written_for_a_terminal_is_read_as_lines() -> None:
    written = "\x1b[1;31mError\x1b[0m: 5 %\r10 %\r\n\x1b]0;title\x07\x1b(Bдон\x07\x9b\tok"
    assert transcript.plain(written) == "Error: 5 %\n10 %\nдон\tok"


def test_only_a_sane_png_is_a_picture() -> None:
    def png(width: int, height: int) -> bytes:
        return picture.PNG + b"\0\0\0\rIHDR" + struct.pack(">II", width, height)

    assert picture.is_picture(png(1280, 900))
    assert not picture.is_picture(png(100_000, 1))
    assert not picture.is_picture(png(0, 10))
    assert not picture.is_picture(b"<svg onload=alert(1)>")
    assert not picture.is_picture(png(10, 10) + bytes(picture.LARGEST))

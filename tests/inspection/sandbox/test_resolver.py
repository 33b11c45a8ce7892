"""Lookups of names in a namespace without a network: refused, remembered, and never more than is bounded."""

from __future__ import annotations

import struct

import pytest

from backoffice.inspection.sandbox import resolver


def asked(name: bytes, *, kind: int = 1) -> bytes:
    labels = b"".join(bytes([len(part)]) + part for part in name.split(b"."))
    return struct.pack(">HHHHHH", 7, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">HH", kind, 1)


def test_a_question_is_read_and_refused() -> None:
    message = asked(b"PyPI.org") + b"options"
    name, end = resolver.question(message) or ("", 0)
    answer = resolver.refusal(message, end)
    assert name == "pypi.org"
    assert struct.unpack_from(">HHHHHH", answer) == (7, 0x8105, 1, 0, 0, 0)
    assert answer[12:] == asked(b"PyPI.org")[12:]


@pytest.mark.parametrize(
    "message",
    [b"", b"\0" * 11, asked(b"a")[:-1], asked(b"a")[:12], struct.pack(">HHHHHHH", 7, 0, 1, 0, 0, 0, 0xC00C), b"\xff" * 4096],
    ids=["empty", "short", "cut", "no question", "a pointer to itself", "noise"],
)
def test_what_is_no_question_is_not_read(message: bytes) -> None:
    assert resolver.question(message) is None


def test_a_name_is_printable_whatever_it_holds() -> None:
    assert resolver.question(asked(b"\x1b[31m\n")) == ("\\027[31m\\010", 12 + 7 + 5)


def test_a_servers_own_address_is_no_attempt() -> None:
    assert resolver.is_reverse("1.0.0.127.in-addr.arpa")
    assert not resolver.is_reverse("arpa.example.org")

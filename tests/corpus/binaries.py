"""Compiled code for the corpus, inside the archives where it may stand (A10)."""

from __future__ import annotations

import importlib.util
import io
import marshal
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

from tests.corpus.case import Case
from tests.corpus.pack import tiny_elf, tiny_pe

MODEL = "model_archive"
SOURCE = """import math

def предсказать(x):
    return [math.sqrt(v) for v in x if v > 0.5]

class Модель:
    веса = (1.5, 2j, b'x', 10**30, None, ...)
"""


def bytecode(source: str = SOURCE) -> bytes:
    """As ``python -m compileall`` writes it."""
    code = compile(source, "model.py", "exec")
    return importlib.util.MAGIC_NUMBER + bytes(12) + marshal.dumps(code)


def library(data: bytes, name: str = "model.dll") -> bytes:
    """An archive with one compiled file and a note for the reader."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
        archive.writestr("ПРОЧТИ.txt", "Положите файл рядом с программой.\n")
    return out.getvalue()


def long_elf() -> bytes:
    """A shared object whose one segment says that it is longer than the file."""
    whole = bytearray(tiny_elf())
    struct.pack_into("<Q", whole, 64 + 32, 10_000)
    return bytes(whole)


def _flipped() -> bytes:
    return bytecode()[:37] + b"\xff" + bytecode()[38:]


def _case(name: str, data: Callable[[], bytes], verdict: str, *rules: str, member: str = "model.dll") -> Case:
    def build(path: Path) -> None:
        path.write_bytes(library(data(), member))

    return Case(name, MODEL, build, verdict, rules)


# Compiled code is opaque: nobody looks into it, so the best of it warns and waits for a person.
CASES = (
    _case("библиотека-windows.zip", tiny_pe, "warn"),
    _case("библиотека-linux.zip", tiny_elf, "warn", member="lib/model.so"),
    _case("модуль-python.zip", lambda: tiny_elf() + b"PyInit_model\0", "warn", member="model.cpython-311-x86_64-linux-gnu.so"),
    _case("байт-код.zip", bytecode, "warn", "archive.bytecode_only", member="model.pyc"),
    _case("байт-код-с-хвостом.zip", lambda: bytecode() + b"zzz", "warn", "archive.bytecode_only", "format.trailing", member="model.pyc"),
    _case("приклеен-архив.zip", lambda: tiny_pe() + library(b"x", "a.txt"), "warn", "binary.overlay"),
    _case("приклеены-данные.zip", lambda: tiny_elf() + bytes(70_000), "warn", "binary.overlay", member="model.so"),
    _case("обрезанная-dll.zip", lambda: tiny_pe()[:0x200], "reject", "format.truncated"),
    _case("сбитая-dll.zip", lambda: tiny_pe().replace(b"PE\0\0", b"PE\0\1"), "reject", "format.damaged"),
    _case("обрезанная-so.zip", long_elf, "reject", "format.truncated", member="model.so"),
    _case("пустая-so.zip", lambda: b"\x7fELF\x02\x01\x01" + bytes(100), "reject", "format.damaged", member="model.so"),
    _case("обрезанный-байт-код.zip", lambda: bytecode()[:-20], "reject", "format.truncated", "archive.bytecode_only", member="model.pyc"),
    _case("сбитый-байт-код.zip", _flipped, "reject", "format.damaged", "archive.bytecode_only", member="model.pyc"),
)  # fmt: skip

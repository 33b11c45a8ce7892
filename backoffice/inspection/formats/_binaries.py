"""What compiled files have in common: what made them, what is glued to their end, and how they are shown."""

from __future__ import annotations

import mmap
import re
from typing import Any

from backoffice.inspection.report import Report, Subject

_MAKERS = (
    ("Cython", b"cython_runtime"), ("Nuitka", b"__nuitka_version__"), ("Nuitka", b"NUITKA_"), ("PyArmor", b"__pyarmor__"),
    ("PyArmor", b"pyarmor_runtime"), ("PyInstaller", b"MEI\x0c\x0b\x0a\x0b\x0e"), ("py2exe", b"PYTHONSCRIPT"), ("Go", b"Go build ID:"),
    ("Rust", b"/rustc/"), ("UPX", b"UPX!"),
    ("Themida/WinLicense", b".themida"), ("VMProtect", b".vmp0"), ("NSIS", b"NullsoftInst"), ("Inno Setup", b"Inno Setup Setup Data"),
    ("TensorFlow Lite", b"tflite"), ("ONNX Runtime", b"onnxruntime"), ("PyTorch", b"c10::"), ("OpenCV", b"cv::Mat"),
)  # fmt: skip
_PYTHON_MODULE = re.compile(rb"PyInit_(\w{1,80})\0")
_GLUED = ((b"PK\3\4", "ZIP"), (b"PK\5\6", "ZIP"), (b"7z\xbc\xaf\x27\x1c", "7z"), (b"Rar!\x1a\x07", "RAR"))
_LITTLE = 65_536  # bytes after the end that linkers and signing tools leave


def makers(data: mmap.mmap) -> list[str]:
    """The programs whose marks are found in the file."""
    found = [name for name, mark in _MAKERS if data.find(mark) >= 0]
    return list(dict.fromkeys(found))


def python_modules(data: mmap.mmap) -> list[str]:
    """The Python modules that the file exports, by the names of their entry points."""
    names = [match[1].decode() for match in _PYTHON_MODULE.finditer(data)]
    return list(dict.fromkeys(names))[:20]


def after_the_end(data: mmap.mmap, end: int, subject: Subject, report: Report) -> int:
    """Bytes behind the last part of the file. An archive among them, or many of them, is worth a warning."""
    left = subject.size - end
    if left <= 0:
        return 0
    other = next((name for magic, name in _GLUED if data.find(magic, end) >= 0), "")
    if other or left > _LITTLE:
        report.find("binary.overlay", subject, place=str(end), bytes=left, other=other or "⟦ничего знакомого|nothing known⟧")
    return left


def show(data: mmap.mmap, summary: list[tuple[str, str]], report: Report) -> None:
    """The preview: a summary and the first bytes. The makers are kept as a fact of the whole upload."""
    found, modules = makers(data), python_modules(data)
    rows: list[tuple[str, Any]] = [
        *summary,
        ("⟦Сделано|made by⟧", ", ".join(found)),
        ("⟦Модули Python|Python modules⟧", ", ".join(modules)),
    ]
    head = bytes(data[:256])
    lines = [f"{at:08x}  {head[at : at + 16].hex(' '):<47}  {_printed(head[at : at + 16])}" for at in range(0, len(head), 16)]
    report.preview = {"kind": "binary", "summary": [list(row) for row in rows if row[1]], "hex": "\n".join(lines)}
    kept = report.facts.setdefault("compiled_by", [])
    kept.extend(name for name in found if name not in kept)


def _printed(piece: bytes) -> str:
    return "".join(chr(code) if 32 <= code < 127 else "." for code in piece)

"""Compile the translation catalogues (``*.po`` beside which no newer ``*.mo`` lies). Cheap when nothing has changed."""

from __future__ import annotations

import os
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parent.parent


def compile_stale(root: Path = ROOT / "backoffice" / "translations") -> list[Path]:
    """Write what is older than its source; the paths written. Two of these at once do no harm."""
    written = []
    for source in sorted(root.glob("*/*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime_ns >= source.stat().st_mtime_ns:
            continue
        with source.open("rb") as file:
            catalogue = read_po(file)
        fresh = target.with_suffix(f".{os.getpid()}.tmp")
        with fresh.open("wb") as file:
            write_mo(file, catalogue)
        fresh.replace(target)
        written.append(target)
    return written


if __name__ == "__main__":
    for path in compile_stale():
        print(f"compiled {path.relative_to(ROOT)}")

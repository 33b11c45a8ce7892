"""Word's QUOTE fields, undone: they spell text by character codes, and a field within a field becomes part of its code (ECMA-376, 17.16.5.49).

``{ { QUOTE 68 68 69 } c:\\\\… }`` is a DDE field for Word, and for nobody who only searches for the letters.
"""

from __future__ import annotations

import re

_QUOTE = re.compile(r"^\s*QUOTE\b(.*)$", re.IGNORECASE | re.DOTALL)
_PART = re.compile(r'"([^"]*)"|(\d{1,7}|0x[0-9a-f]{1,6})(?![\w.])|(\S+)', re.IGNORECASE)
_NESTED = re.compile(r"\x13\s*(QUOTE\b[^\x13-\x15]{0,20000})(?:\x14[^\x13-\x15]*)?\x15", re.IGNORECASE)
_DEPTH = 20  # fields in fields, as Word allows


def spelled(code: str) -> str:
    """What a QUOTE field puts into the text around it; empty for other fields."""
    found = _QUOTE.match(code)
    return "".join(_letters(part) for part in _PART.finditer(found[1])) if found else ""


def _letters(part: re.Match[str]) -> str:
    text, number, word = part.groups()
    if number:
        code = int(number, 16 if number[:2].lower() == "0x" else 10)
        return chr(code) if 0 < code < 0x110000 else ""
    return text or (word if word and not word.startswith("\\") else "")


def undone(words: str) -> str:
    """The text of a .doc, whose fields stand between marks, with every QUOTE replaced by what it spells."""
    for _ in range(_DEPTH):
        words, count = _NESTED.subn(lambda found: spelled(found[1]).translate(_NO_MARKS), words)
        if not count:
            break
    return words


_NO_MARKS = {0x13: None, 0x14: None, 0x15: None}

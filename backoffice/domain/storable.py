"""Text from other hands as both databases store it and every page can print it (M5)."""

from __future__ import annotations

from math import isfinite
from typing import Any

_UNFIT = {0: "\ufffd"} | dict.fromkeys(range(0xD800, 0xE000), "\ufffd")  # a NUL, half a surrogate pair


def storable(value: Any) -> Any:
    """A value of JSON's kinds, as such: � for what no database stores as text, None for numbers that JSON has not got."""
    if isinstance(value, str):
        return value.translate(_UNFIT)
    if isinstance(value, list | tuple):
        return [storable(one) for one in value]
    if isinstance(value, dict):
        return {storable(key): storable(one) for key, one in value.items()}
    return None if isinstance(value, float) and not isfinite(value) else value

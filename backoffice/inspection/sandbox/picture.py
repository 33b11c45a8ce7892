"""The picture of a demo's page, taken by a browser in the demo's own network namespace: the outside half of ``shot.py``."""

from __future__ import annotations

import base64
import json
import re
import struct
from dataclasses import dataclass

from backoffice.inspection.sandbox import box, netns, shot
from backoffice.inspection.sandbox.probe import Answer

LARGEST = 8 << 20  # bytes of the picture
PNG = b"\x89PNG\r\n\x1a\n"
HOSTS = 20  # kept
TOKEN = re.compile(r"[?&]token=([0-9a-fA-F]{16,64})")


@dataclass(frozen=True, slots=True)
class Picture:
    """A checked PNG, and what the page called itself."""

    png: bytes
    title: str
    text: str
    path: str
    hosts: tuple[str, ...] = ()  # whom the page asked for a part of itself besides its own


def take(pid: int, answer: Answer, *, seconds: float, logs: str = "", path: str = "/") -> Picture | str:
    """The picture, or why there is none. A Jupyter that printed its token is opened with it."""
    if shot.browser() is None:
        return "chromium?"
    url = f"http://127.0.0.1:{answer.port}{path}"
    token = TOKEN.search(logs)
    if answer.jupyter and token:
        url += f"{'&' if '?' in url else '?'}token={token[1]}"
    command = box.python("backoffice.inspection.sandbox.shot", url, str(seconds), *(["jupyter"] if answer.jupyter else []))
    said = netns.run(netns.inside(pid, command, box.Box(network=True, seconds=int(seconds * 4))), pid=pid, seconds=seconds + 10)
    if said is None:
        return "timeout"
    try:
        row = json.loads(said)
        png = base64.b64decode(row["png"], validate=True)
        if not is_picture(png):
            return "PNG?"
        hosts = tuple(str(host)[:200] for host in row["hosts"])[:HOSTS]
        return Picture(png, str(row["title"])[:200], str(row["text"])[:2000], str(row["path"])[:500], hosts)
    except (ValueError, KeyError, TypeError) as error:
        return type(error).__name__


def is_picture(png: bytes) -> bool:
    """Whether these bytes are a PNG of a sane size: what comes out of a box is not trusted."""
    if not png.startswith(PNG) or len(png) > LARGEST or png[12:16] != b"IHDR":
        return False
    width, height = struct.unpack(">II", png[16:24])
    return 0 < width <= 4096 and 0 < height <= 4096

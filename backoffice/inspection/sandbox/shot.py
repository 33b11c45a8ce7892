"""A picture of one page by headless Chromium; runs boxed, inside the demo's network namespace, where there is nothing else to reach.

``python -m backoffice.inspection.sandbox.shot URL SECONDS [jupyter]`` prints one JSON object: ``title``, ``text`` (its beginning), ``path``,
``hosts`` (whom it asked for a part of itself besides its own) and ``png`` in base64.
With ``jupyter`` the first notebook that lies at the top is opened: it is what a client would open (A10).
Chromium is driven through a pipe (--remote-debugging-pipe: JSON messages ended by NUL), so that nothing listens anywhere.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

BROWSERS = ("/usr/lib/chromium/chromium", "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
WIDTH, HEIGHT = 1280, 900
NOTEBOOK = """
fetch('/api/contents').then(answer => answer.json()).then(folder => {
  const found = folder.content.filter(entry => entry.type === 'notebook').map(entry => entry.path).sort()[0];
  if (!found || location.pathname.endsWith('.ipynb')) return '';
  const place = location.pathname.startsWith('/lab') ? '/lab/tree/' : '/notebooks/';
  return location.origin + place + found.split('/').map(encodeURIComponent).join('/');
}).catch(() => '')
"""
# Jupyter shows an empty notebook while it loads, which may stand still for a while: the real one has as many cells as its file.
CELLS = """
fetch('/api/contents' + location.pathname.replace(/^\\/(notebooks|lab\\/tree)/, '')).then(answer => answer.json()).then(notebook =>
  document.querySelectorAll('.jp-Notebook .jp-Cell').length >= Math.min(notebook.content.cells.length, 3) ? 'there' : ''
).catch(() => '')
"""
STILL = 3  # looks in a row that must agree
PAUSE = 0.4  # seconds between two looks
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--mute-audio", "--no-first-run",
    "--disable-extensions", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-breakpad",
    "--no-default-browser-check", "--no-zygote", f"--window-size={WIDTH},{HEIGHT}", "--lang=ru", "--user-data-dir=/tmp/home/profile",
)  # fmt: skip
FACTS = """
(() => {
  const asked = performance.getEntriesByType('resource').map(entry => new URL(entry.name, location.href));
  const far = asked.filter(url => /^https?:$/.test(url.protocol) && !['127.0.0.1', 'localhost'].includes(url.hostname));
  const text = document.body ? document.body.innerText.slice(0, 2000) : '';
  return JSON.stringify([document.title, text, location.pathname, [...new Set(far.map(url => url.hostname))].slice(0, 20)]);
})()
"""
LOOK = "JSON.stringify([document.readyState, document.body ? document.body.innerText.length : 0, document.images.length, location.href])"


def browser() -> str | None:
    """The browser of this machine, if any."""
    return next((path for path in BROWSERS if Path(path).exists()), None)


class Chromium:
    """One browser and the pipe to it."""

    def __init__(self, until: float) -> None:
        self.until, self.number, self.buffer = until, 0, b""
        to_read, self.out = os.pipe()
        self.into, to_write = os.pipe()

        def wire() -> None:
            os.dup2(to_read, 13)
            os.dup2(to_write, 14)
            os.dup2(13, 3)
            os.dup2(14, 4)

        self.process = subprocess.Popen(
            [browser() or "chromium", *FLAGS, "--remote-debugging-pipe", "about:blank"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            close_fds=False, preexec_fn=wire,  # noqa: PLW1509  (one thread)
        )  # fmt: skip
        os.close(to_read)
        os.close(to_write)

    def call(self, method: str, session: str | None = None, **params: Any) -> dict[str, Any]:
        """One command and its answer. ``TimeoutError`` when time is over, ``OSError`` when the browser is gone."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        os.write(self.out, json.dumps(message).encode() + b"\0")
        while True:
            row = self._row()
            if row.get("id") == self.number:
                if "error" in row:
                    raise OSError(row["error"].get("message", "?"))
                answer: dict[str, Any] = row["result"]
                return answer

    def _row(self) -> dict[str, Any]:
        while b"\0" not in self.buffer:
            ready, _, _ = select.select([self.into], [], [], max(0.0, self.until - time.monotonic()))
            if not ready:
                raise TimeoutError
            chunk = os.read(self.into, 1 << 20)
            if not chunk:
                raise OSError("the browser ended")
            self.buffer += chunk
        line, _, self.buffer = self.buffer.partition(b"\0")
        row: dict[str, Any] = json.loads(line)
        return row

    def close(self) -> None:
        """End it."""
        self.process.kill()
        self.process.wait()


def shoot(url: str, seconds: float, *, jupyter: bool) -> dict[str, Any]:
    """Open the page, wait until it stands still or the time is nearly over, and take its picture."""
    began = time.monotonic()
    chromium = Chromium(began + seconds)
    try:
        target = chromium.call("Target.createTarget", url="about:blank")["targetId"]
        session = chromium.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        size = {"width": WIDTH, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": False}
        chromium.call("Emulation.setDeviceMetricsOverride", session, **size)
        chromium.call("Page.enable", session)
        chromium.call("Page.navigate", session, url=url)
        _settle(chromium, session, began + seconds * (0.4 if jupyter else 0.7))
        notebook = _evaluate(chromium, session, NOTEBOOK) if jupyter else ""
        if notebook:
            chromium.call("Page.navigate", session, url=notebook)
            _await(chromium, session, CELLS, began + seconds * 0.7)
            _settle(chromium, session, began + seconds * 0.8)
        title, text, path, hosts = json.loads(_evaluate(chromium, session, FACTS))
        picture = chromium.call("Page.captureScreenshot", session, format="png")["data"]
        return {"title": str(title)[:200], "text": str(text), "path": str(path)[:500], "hosts": hosts, "png": picture}
    finally:
        chromium.close()


def _await(chromium: Chromium, session: str, expression: str, until: float) -> None:
    """Until the page says something to the expression."""
    while time.monotonic() < until:
        with contextlib.suppress(OSError):
            if _evaluate(chromium, session, expression):
                return
        time.sleep(PAUSE)


def _settle(chromium: Chromium, session: str, until: float) -> None:
    seen, same = "", 0
    while time.monotonic() < until and same < STILL:
        time.sleep(PAUSE)
        with contextlib.suppress(OSError):
            now = _evaluate(chromium, session, LOOK)
            same = same + 1 if now == seen and '"complete"' in now else 0
            seen = now


def _evaluate(chromium: Chromium, session: str, expression: str) -> str:
    answer = chromium.call("Runtime.evaluate", session, expression=expression, returnByValue=True, awaitPromise=True)
    return str(answer["result"].get("value", ""))


if __name__ == "__main__":
    sys.stdout.write(json.dumps(shoot(sys.argv[1], float(sys.argv[2]), jupyter="jupyter" in sys.argv[3:])))

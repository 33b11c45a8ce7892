"""The pictures of the documents, taken from a running ``make run`` with its demo: ``python -m scripts.screenshots [--address URL] [NAME…]``.

They are taken by Debian's Chromium, each at the same size every time, and put into ``docs/screenshots``. Nothing stays changed: what is taken
into work is given back. What time it is, and what the checks have come to meanwhile, is in the pictures as it is in the product.
"""

from __future__ import annotations

import argparse
import io
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from backoffice.demo.players import PASSWORD
from config.settings import ROOT

FOLDER = ROOT / "docs" / "screenshots"
COLOURS = 256  # of a picture: a third of its size, and no difference that one sees
PATIENCE = 60_000  # milliseconds


def _nothing(page: Page) -> None:
    """The page as it opens."""


@dataclass(frozen=True, slots=True)
class Picture:
    """Who looks at what. ``bring`` brings the page into its state, ``leave`` undoes what that changed."""

    who: str
    path: str
    bring: Callable[[Page], None] = _nothing
    leave: Callable[[Page], None] = _nothing
    size: tuple[int, int] = (1280, 800)
    dark: bool = False


def _found(title: str) -> str:
    """Where the queue lists the submissions of that title, the newest first."""
    return f"/staff/queue/?tab=all&q={quote(title)}"


def _open_first(page: Page) -> None:
    page.locator("tr[data-id] a.title").first.click()
    page.locator("#review").wait_for()


def _with_panes(page: Page, left: str, right: str) -> None:
    page.goto(f"{page.url.partition('?')[0]}?left={left}&right={right}")
    page.frame_locator(".pane[data-side=right] iframe").locator("tbody td:visible").first.wait_for()


def _under_review(page: Page) -> None:
    _open_first(page)
    page.locator("[data-act=take]").click()
    page.locator("#claim").wait_for()
    _with_panes(page, "diff", "file.data_example")
    page.locator("#tab-remarks").click()
    page.locator(".pane[data-side=left] [data-pane-body]").evaluate("pane => pane.scrollTo(0, pane.scrollHeight)")


def _give_back(page: Page) -> None:
    page.locator("form[action$='/release'] button").click()
    page.wait_for_url("**/staff/queue/**")


def _tried(page: Page) -> None:
    _open_first(page)
    _with_panes(page, "try_install", "file.data_example")
    page.locator(".pane[data-side=left] img").first.evaluate("image => image.decode()")


def _by_name(title: str) -> Callable[[Page], None]:
    return lambda page: page.get_by_role("link", name=title).first.click()


def _day_changes(page: Page) -> None:
    """The day after today is about to be changed."""
    page.locator("a.day[aria-current] >> xpath=following::a[1]").click()
    page.get_by_label("Причина").fill("Переезд офиса")
    page.evaluate("scrollTo({top: 0, behavior: 'instant'})")


PICTURES = {
    "review": Picture("gleb", _found("Прогноз течения диабета"), _under_review, _give_back, size=(1280, 860)),
    "trial": Picture("vera", _found("Прогноз спроса на товары"), _tried, size=(1280, 900)),
    "queue": Picture("olga", "/staff/queue/?tab=free"),
    "queue-dark": Picture("olga", "/staff/queue/?tab=all", dark=True),
    "queue-phone": Picture("vera", "/staff/queue/?tab=free", size=(390, 844)),
    "desk": Picture("olga", "/staff/desk/"),
    "calendar": Picture("olga", "/staff/calendar/", _day_changes, size=(1280, 1400)),
    "draft": Picture("marina", "/cabinet/models", _by_name("Разбор электрокардиограмм")),
    "catalog": Picture("", "/", _by_name("AlexNet")),
}


def taken(browser: Browser, address: str, picture: Picture) -> bytes:
    """The picture as a small PNG."""
    width, height = picture.size
    context = browser.new_context(
        base_url=address, viewport={"width": width, "height": height}, locale="ru-RU", timezone_id="Europe/Moscow"
    )
    context.set_default_timeout(PATIENCE)
    context.add_cookies([{"name": "theme", "value": "dark" if picture.dark else "light", "url": address}])
    page = context.new_page()
    if picture.who:
        _sign_in(page, f"{picture.who}@mlplace.example")
    page.goto(picture.path)
    picture.bring(page)
    page.wait_for_load_state("load")
    page.evaluate("document.fonts.ready")
    shot = page.screenshot(animations="disabled")
    picture.leave(page)
    context.close()
    return _small(shot)


def _sign_in(page: Page, email: str) -> None:
    page.goto("/login")
    page.get_by_label("Электронная почта").fill(email)
    page.get_by_label("Пароль").fill(PASSWORD)
    page.locator("main").get_by_role("button", name="Войти").click()
    page.wait_for_url(lambda url: "/login" not in url)


def _small(shot: bytes) -> bytes:
    out = io.BytesIO()
    Image.open(io.BytesIO(shot)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    return out.getvalue()


def main() -> int:
    """Take those that are named, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(PICTURES))
    parser.add_argument("--address", default="http://127.0.0.1:8000", help="where `make run` says it works")
    given = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu", "--lang=ru-RU"]
        )
        for name in given.names or PICTURES:
            shot = taken(browser, given.address, PICTURES[name])
            (FOLDER / f"{name}.png").write_bytes(shot)
            print(f"{name}.png: {len(shot) // 1024} KB")
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())

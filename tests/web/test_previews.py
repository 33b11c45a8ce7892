"""Previews on their own origin: signed, short-lived, sanitised, and never of what is in quarantine."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import TimestampSigner, URLSafeTimedSerializer

from backoffice.clock import utcnow
from backoffice.domain.verdicts import Verdict
from backoffice.store.base import db
from backoffice.store.checks import Check, PreviewFile
from backoffice.store.listings import Blob
from backoffice.usecases.record_check import Outcome, current_checks
from backoffice.web import previews
from config.settings import Settings
from tests.usecases.market import Market

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
HOSTILE = (
    '<h1>Заголовок</h1><script>alert(1)</script><img src=x onerror=alert(1)><a href="javascript:alert(1)">сюда</a>'
    '<p style="background:url(https://evil.example)" onclick="x()">текст</p><iframe src="https://evil.example"></iframe>'
)


class Gallery:
    """A submission whose instruction has a preview, and a visitor of the previews' origin."""

    def __init__(self, market: Market, app: Flask) -> None:
        self.wiring = market.wiring
        self.wiring.storage.put("previews/1/page.png", b"\x89PNG made in the jail")
        self.wiring.storage.put("previews/1/page.svg", b"<svg onload=alert(1)>")
        files = [
            {"name": "page.png", "media_type": "image/png", "size": 20, "storage_key": "previews/1/page.png"},
            {"name": "page.svg", "media_type": "image/svg+xml", "size": 20, "storage_key": "previews/1/page.svg"},
            {"name": "page.html", "media_type": "text/html", "size": 20, "storage_key": "previews/1/page.svg"},
        ]
        preview = {"kind": "document", "html": HOSTILE, "files": ["page.png"], "pages": 1}
        seen = Outcome(state="passed", verdict=Verdict.PASS, preview=preview, preview_files=files)
        submission = market.awaiting(instruction=seen)
        self.check = next(c for c in current_checks(submission) if c.slot == "instruction")
        settings: Settings = app.config["SETTINGS"]
        self.client: FlaskClient = previews.create_previews(settings).test_client()

    def address(self) -> str:
        return previews.address(self.wiring, self.check, language="ru", theme="dark").removeprefix(
            self.wiring.settings.previews_url
        )


@pytest.fixture
def gallery(market: Market, app: Flask) -> Iterator[Gallery]:
    made = Gallery(market, app)
    yield made
    db.connect(reuse_if_open=True)


def test_the_page_shows_the_document_and_nothing_that_runs_or_loads(gallery: Gallery) -> None:
    answer = gallery.client.get(gallery.address())
    assert answer.status_code == 200
    assert "<h1>Заголовок</h1>" in answer.text
    assert "текст" in answer.text
    assert 'data-bs-theme="dark"' in answer.text
    for hostile in ("alert(1)", "onerror", "onclick", "evil.example", "javascript:", "<iframe", "style="):
        assert hostile not in answer.text, hostile


def test_its_policy_is_a_sandbox_that_only_our_pages_may_frame(gallery: Gallery) -> None:
    settings = gallery.wiring.settings
    policy = gallery.client.get(gallery.address()).headers["Content-Security-Policy"]
    for part in (
        "default-src 'none'",
        "sandbox allow-scripts",
        f"frame-ancestors {settings.base_url}",
        "form-action 'none'",
        "base-uri 'none'",
    ):
        assert part in policy
    assert "allow-same-origin" not in policy
    assert "unsafe" not in policy
    assert "connect-src" not in policy  # falls to default-src: nothing


def test_a_picture_made_in_the_jail_is_shown_and_other_types_never_are(gallery: Gallery) -> None:
    picture = gallery.client.get(f"{gallery.address()}page.png")
    assert (picture.status_code, picture.mimetype) == (200, "image/png")
    assert picture.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in picture.headers["Content-Security-Policy"]
    for name in ("page.svg", "page.html", "nothing.png", "../../secret"):
        assert gallery.client.get(f"{gallery.address()}{name}").status_code == 404, name


def test_a_forged_or_borrowed_address_opens_nothing(gallery: Gallery) -> None:
    token = gallery.address().strip("/")
    secret = gallery.wiring.secret_key
    forged = (
        token[:-2] + ("AA" if token[-2:] != "AA" else "BB"),
        "nonsense",
        str(previews.signer("another secret").dumps([gallery.check.id, "ru", "dark"])),
        str(URLSafeTimedSerializer(secret, salt="cookie").dumps([gallery.check.id, "ru", "dark"])),
        str(previews.signer(secret).dumps([10**6, "ru", "dark"])),
    )
    for each in forged:
        assert gallery.client.get(f"/{each}/").status_code == 404
        assert gallery.client.get(f"/{each}/page.png").status_code == 404


def test_an_address_lives_an_hour(gallery: Gallery) -> None:
    for age, status in ((timedelta(minutes=59), 200), (timedelta(minutes=61), 404)):
        token = _signed_before(gallery, age)
        assert gallery.client.get(f"/{token}/").status_code == status


def _signed_before(gallery: Gallery, age: timedelta) -> str:
    """An address as it was made a while ago."""

    class Earlier(TimestampSigner):
        def get_timestamp(self) -> int:
            return super().get_timestamp() - int(age.total_seconds())

    made = URLSafeTimedSerializer(gallery.wiring.secret_key, salt="preview", signer=Earlier)
    return str(made.dumps([gallery.check.id, "ru", "dark"]))


def test_what_went_into_quarantine_has_no_preview_any_more(gallery: Gallery) -> None:
    address = gallery.address()
    assert gallery.client.get(address).status_code == 200
    db.connect(reuse_if_open=True)
    Blob.update(quarantined_at=utcnow()).where(Blob.id == gallery.check.blob_id).execute()
    assert gallery.client.get(address).status_code == 404
    assert gallery.client.get(f"{address}page.png").status_code == 404


def test_the_previews_origin_knows_no_people_and_no_other_pages(gallery: Gallery) -> None:
    for address in ("/", "/login", "/staff/queue/", "/cabinet/models"):
        assert gallery.client.get(address, follow_redirects=True).status_code == 404
    assert "Set-Cookie" not in gallery.client.get(gallery.address()).headers
    db.connect(reuse_if_open=True)
    assert Check.select().count() >= 4
    assert PreviewFile.select().count() == 3


def test_a_member_of_an_archive_has_a_page_of_its_own(market: Market, app: Flask) -> None:
    inside = [{"name": name, "preview": {"kind": "text", "text": f"внутри {name}"}} for name in ("папка/ПРОЧТИ.md", "b.txt")]
    preview = {"kind": "tree", "entries": [], "members": inside}
    waiting = market.awaiting(model_archive=Outcome(state="passed", verdict=Verdict.PASS, preview=preview))
    check = next(c for c in current_checks(waiting) if c.slot == "model_archive" and c.kind == "scan")
    client = previews.create_previews(app.config["SETTINGS"]).test_client()
    pages = {}
    for member in ("папка/ПРОЧТИ.md", "c.txt"):
        address = previews.address(market.wiring, check, language="ru", theme="light", member=member)
        pages[member] = client.get(address.removeprefix(market.wiring.settings.previews_url)).text
        db.connect(reuse_if_open=True)
    assert "внутри папка/ПРОЧТИ.md" in pages["папка/ПРОЧТИ.md"]
    assert "внутри b.txt" not in pages["папка/ПРОЧТИ.md"]
    assert "внутри" not in pages["c.txt"]

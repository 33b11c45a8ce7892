"""Previews on their own origin: what the jail made of hostile files, never the files themselves.

A page of this origin runs in a sandboxed frame of the staff's pages. Addresses are signed, name one check, and live an hour.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import nh3
from flask import Flask, Response, abort, current_app, make_response, render_template, request
from itsdangerous import BadData, URLSafeTimedSerializer
from markupsafe import Markup

from backoffice.store.base import db
from backoffice.store.checks import Check, PreviewFile
from backoffice.web import headers, navigation, outage, wording
from backoffice.wiring import Wiring
from config.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
LIFETIME = 3600  # seconds
BUNDLE = "bundle.tar.gz"
SAFE_TYPES = frozenset({"image/png", "image/jpeg", "image/webp", "audio/wav", "text/plain"})


def signer(secret: str) -> URLSafeTimedSerializer:
    """Signs preview addresses."""
    return URLSafeTimedSerializer(secret, salt="preview")


def address(wiring: Wiring, check: Check, *, language: str, theme: str, member: str = "") -> str:
    """Where a check's preview is shown, for one reader, for an hour; ``member`` names one file inside an archive."""
    token = signer(wiring.secret_key).dumps([check.id, language, theme, member])
    return f"{wiring.settings.previews_url.rstrip('/')}/{token}/"


def trial_files(wiring: Wiring, checks: Iterable[Check], *, language: str, theme: str) -> dict[str, Any]:
    """Of trial installations: the address of each one's picture, and which have a bundle to repeat it at home."""
    pictures, bundles = {}, set()
    for check in checks:
        if check.kind != "try_install":
            continue
        for row in check.preview_files:
            if row.name == BUNDLE:
                bundles.add(check.id)
            elif row.media_type.startswith("image/"):
                pictures[check.id] = f"{address(wiring, check, language=language, theme=theme)}{row.name}"
    return {"pictures": pictures, "bundles": bundles}


def bundle_of(check_id: int, checks: Iterable[Check]) -> PreviewFile:
    """The bundle of one of these checks; 404 when there is none."""
    row: PreviewFile | None = PreviewFile.get_or_none((PreviewFile.check == check_id) & (PreviewFile.name == BUNDLE))
    if row is None or check_id not in {check.id for check in checks}:
        abort(404)
    return row


def create_previews(settings: Settings | None = None) -> Flask:
    """The previews' application: no sessions, no people, three routes."""
    settings = settings or Settings()
    app = Flask("backoffice.previews", template_folder="../templates", static_folder="web/static", root_path=str(ROOT))
    app.config.update(SETTINGS=settings, PAGES="previews")
    app.extensions["wiring"] = Wiring(settings)
    wording.register_words(app)
    app.jinja_env.globals.update(csp_nonce=headers.nonce, static=navigation.static)
    app.jinja_env.filters["clean"] = clean
    app.before_request(_connect)
    app.teardown_request(_close)
    app.add_url_rule("/<token>/", view_func=page)
    app.add_url_rule("/<token>/<path:name>", view_func=file)
    app.after_request(_protect)
    outage.register(app)
    return app


def clean(html: str) -> Markup:
    """The document's HTML once more through the sanitiser: the jail is not trusted either. Pictures and links are left out."""
    tags = nh3.ALLOWED_TAGS - {"img", "a", "map", "area"}
    return Markup(nh3.clean(html, tags=tags, attributes={}))  # noqa: S704  (sanitised right here)


def _connect() -> None:
    _ = current_app.extensions["wiring"].database
    if request.endpoint != "static":
        db.connect(reuse_if_open=True)


def _close(_error: BaseException | None) -> None:
    if not db.is_closed():
        db.close()


def _opened(token: str) -> tuple[Check, str, str, str]:
    try:
        check_id, language, theme, *members = signer(current_app.extensions["wiring"].secret_key).loads(token, max_age=LIFETIME)
    except BadData:
        abort(404)
    check: Check | None = Check.get_or_none(Check.id == check_id)
    if check is None or check.blob.quarantined_at:
        abort(404)
    return check, language, theme, "".join(members)


def page(token: str) -> Response:
    """A check's preview as a page, or that of one member."""
    check, language, theme, member = _opened(token)
    wording.speak(language)
    files = {row.name: row for row in check.preview_files}
    preview: dict[str, Any] = check.preview or {}
    if member:
        preview = next((row["preview"] for row in preview.get("members", []) if row["name"] == member), {})
    return make_response(
        render_template("previews/page.html", check=check, preview=preview, files=files, theme=theme, token=token)
    )


def file(token: str, name: str) -> Response:
    """One preview file, if its type is harmless to show."""
    check, *_reader = _opened(token)
    row = PreviewFile.get_or_none((PreviewFile.check == check) & (PreviewFile.name == name))
    if row is None or row.media_type not in SAFE_TYPES:
        abort(404)
    answer = make_response(current_app.extensions["wiring"].storage.read(row.storage_key))
    answer.mimetype = row.media_type
    answer.headers["Cache-Control"] = "private, max-age=3600"
    return answer


def _protect(response: Response) -> Response:
    settings = current_app.config["SETTINGS"]
    own = settings.previews_url.rstrip("/")
    nonce = headers.nonce()
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; img-src {own}; media-src {own}; style-src {own} 'nonce-{nonce}'; script-src 'nonce-{nonce}'; "
        f"frame-ancestors {settings.base_url.rstrip('/')}; base-uri 'none'; form-action 'none'; sandbox allow-scripts"
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.headers.setdefault("Cache-Control", "no-store")
    return response

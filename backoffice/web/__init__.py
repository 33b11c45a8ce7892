"""Everything that speaks HTTP."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from flask import Flask, current_app, flash, redirect, render_template, request, url_for
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import current_user
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug.exceptions import HTTPException
from werkzeug.routing import IntegerConverter, Map
from werkzeug.wrappers import Response

from backoffice.domain.errors import Refused
from backoffice.i18n import gettext
from backoffice.store.base import LAST_ID, db
from backoffice.web import access, auth, headers, navigation, outage, typed, wording, words

BLUEPRINTS = (
    "backoffice.web.api.catalog_hook",
    "backoffice.web.pages",
    "backoffice.web.catalog.views",
    "backoffice.web.cabinet.views",
    "backoffice.web.cabinet.uploads",
)


def register(app: Flask) -> None:
    """Attach every room, and a database connection to every request."""
    app.request_class = typed.Typed
    app.url_map.converters |= {"int": _Id, "default": typed.Part}
    app.before_request(_connect)
    app.teardown_request(_close)
    wording.register(app)
    headers.register(app)
    auth.register(app)
    csrf = CSRFProtect(app)
    for name in BLUEPRINTS:
        app.register_blueprint(import_module(name).blueprint)
    csrf.exempt(app.blueprints["catalog_hook"])  # its requests carry a signature instead
    if app.config["SETTINGS"].mail_folder:
        app.register_blueprint(import_module("backoffice.web.mailbox").blueprint)
    import_module("backoffice.web.staff").register(app)
    navigation.register(app)
    app.before_request(access.guard)
    _limit(app)
    outage.register(app)
    app.register_error_handler(Refused, _refused)
    app.register_error_handler(CSRFError, _stale_form)
    app.register_error_handler(HTTPException, _failed)


class _Id(IntegerConverter):
    """A number that fits a column: what is larger is nobody's, and no page is there."""

    def __init__(self, url_map: Map, **limits: Any) -> None:
        super().__init__(url_map, **{"max": LAST_ID, **limits})


def _limit(app: Flask) -> None:
    """Guessing passwords is slow; counted in each process."""
    limiter = Limiter(get_remote_address, app=app, storage_uri="memory://")
    for endpoint in ("security.login", "security.forgot_password", "security.register"):
        limit: Any = limiter.limit("20 per minute; 200 per hour", methods=["POST"])
        app.view_functions[endpoint] = limit(app.view_functions[endpoint])


def _connect() -> Response | None:
    """Static files are sent at once: who asks for them is nobody's question, and they come when there is no database, too."""
    _ = current_app.extensions["wiring"].database  # binds the models at first need
    if request.endpoint == "static" and request.view_args:
        return current_app.send_static_file(request.view_args["filename"])
    db.connect(reuse_if_open=True)
    return None


def _close(_error: BaseException | None) -> None:
    if not db.is_closed():
        db.close()


def _refused(error: Refused) -> tuple[dict[str, Any], int] | Response | tuple[str, int]:
    """A rule said no: its words, and nothing changed. Scripts get them as JSON, people where they were."""
    limit = error.params.get("limit_bytes")
    shown = {**error.params, "limit": wording.filesize(int(limit))} if limit else error.params
    text = words.refusal(error.reason, shown)
    if wording.wants_json():
        return {"reason": error.reason, "words": text, "params": dict(error.params)}, 409
    if error.reason == "not_found":
        return render_template("error.html", code=404, words=text), 404
    flash(text, "error")
    return redirect(_back())


def _back() -> str:
    """Where the person was, if that is ours; else their home."""
    came_from = request.referrer or ""
    if came_from.startswith(request.host_url) and came_from != request.url:
        return came_from
    return url_for("pages.home" if current_user.is_authenticated else "catalog.index")


def _stale_form(_error: CSRFError) -> tuple[dict[str, str], int] | tuple[str, int]:
    text = gettext("The page has been open for too long. Reload it and repeat: what you saved is kept.")
    return (
        ({"reason": "csrf", "words": text}, 400)
        if wording.wants_json()
        else (render_template("error.html", code=400, words=text), 400)
    )


def _failed(error: HTTPException) -> HTTPException | tuple[str, int] | tuple[dict[str, str], int]:
    code = error.code or 500
    if code < 400:
        return error
    texts = {
        401: gettext("Sign in to continue."),
        403: gettext("Your role does not open this page."),
        404: gettext("There is no such page."),
        413: gettext("Too much was sent at once."),
        429: gettext("Too many attempts. Wait a minute."),
        500: gettext("Something broke on our side. It is written down; try once more."),
    }
    text = texts.get(code, texts[404] if code < 500 else texts[500])
    return ({"words": text}, code) if wording.wants_json() else (render_template("error.html", code=code, words=text), code)

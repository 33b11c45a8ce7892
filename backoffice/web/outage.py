"""When what the service stands on cannot serve: 503 with words and ``Retry-After`` (RFC 9110, 10.2.3), 507 on a full disk (RFC 4918, 11.5).

Nothing is tried again by itself: a request may have done a part of its work already, and only the person knows whether to repeat it.
"""

from __future__ import annotations

import logging

from flask import Flask, current_app, make_response, request, session
from peewee import OperationalError
from playhouse.pool import MaxConnectionsExceeded
from werkzeug.wrappers import Response

from backoffice import i18n
from backoffice.domain.errors import NoRoom
from backoffice.i18n import gettext, lazy
from backoffice.store import trouble
from backoffice.store.trouble import Trouble
from backoffice.web import wording

WORDS = {
    Trouble.BUSY: lazy("The service is too busy and did not get to this. Wait a few seconds and repeat."),
    Trouble.FULL: lazy(
        "There is no room left on our servers, so this could not be saved. What was saved before is kept: try again in a few minutes."
    ),
    Trouble.DOWN: lazy(
        "The database does not answer. Try again in half a minute; before you repeat an action, see whether it is done already."
    ),
}
REASONS = {Trouble.BUSY: "database_busy", Trouble.FULL: "no_room", Trouble.DOWN: "database_down"}
RETRY_AFTER = {Trouble.BUSY: 5, Trouble.FULL: 300, Trouble.DOWN: 30}  # seconds
log = logging.getLogger(__name__)


def register(app: Flask) -> None:
    """Answer for the database and the disk in every request of this application."""
    app.register_error_handler(OperationalError, _database_failed)
    app.register_error_handler(MaxConnectionsExceeded, _database_failed)
    app.register_error_handler(NoRoom, lambda error: _unserved(Trouble.FULL, error))


def _database_failed(error: Exception) -> Response:
    kind = trouble.of(error)
    if kind is None:
        raise error
    return _unserved(kind, error)


def _unserved(kind: Trouble, error: Exception) -> Response:
    """A busy database is a warning in the log; the others call for somebody who can help."""
    level = logging.WARNING if kind == Trouble.BUSY else logging.ERROR
    log.log(level, "%s: %s %s: %s", REASONS[kind], request.method, request.path, str(error).strip())
    wording.speak(_language())
    code = 507 if kind == Trouble.FULL else 503
    answer = make_response(_told(kind, code), code)
    answer.headers["Retry-After"] = str(RETRY_AFTER[kind])
    return answer


def _told(kind: Trouble, code: int) -> dict[str, str] | str:
    words = gettext(WORDS[kind])
    if wording.wants_json():
        return {"reason": REASONS[kind], "words": words}
    page = current_app.jinja_env.get_template("outage.html")  # without the context that asks who is signed in
    return page.render(code=code, words=words, again=request.full_path if request.method == "GET" else "")


def _language() -> str:
    """As far as it is known without asking the database."""
    known = current_app.config["SETTINGS"].languages
    return session.get("language") or request.accept_languages.best_match(known) or i18n.DEFAULT

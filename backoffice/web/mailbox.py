"""The mail catcher's page: where mail is caught instead of sent, everybody at this machine can read it."""

from __future__ import annotations

from flask import Blueprint, abort, current_app, make_response, render_template
from werkzeug.wrappers import Response

from backoffice.delivery import catcher
from backoffice.web.headers import LETTER_POLICY

blueprint = Blueprint("mailbox", __name__, url_prefix="/mail")


def _caught(name: str) -> catcher.Caught:
    found = catcher.message(current_app.config["SETTINGS"].mail_folder, name)
    if found is None:
        abort(404)
    return found


@blueprint.get("/")
def index() -> str:
    """What was caught, the newest first."""
    messages = catcher.messages(current_app.config["SETTINGS"].mail_folder, limit=200)
    return render_template("pages/mailbox.html", messages=messages)


@blueprint.get("/<name>")
def message(name: str) -> str:
    """One message: its text, and its HTML in a frame without scripts."""
    return render_template("pages/message.html", message=_caught(name))


@blueprint.get("/<name>/html")
def html(name: str) -> Response:
    """The HTML part by itself, under a policy that lets nothing run or load."""
    answer = make_response(_caught(name).html)
    answer.headers["Content-Security-Policy"] = LETTER_POLICY
    return answer

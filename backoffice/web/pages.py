"""Pages for everybody: the way home, the language, the rules of the checks, and the state of the service."""

from __future__ import annotations

from flask import Blueprint, abort, current_app, make_response, redirect, render_template, request, session, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from backoffice.clock import utcnow
from backoffice.i18n import language
from backoffice.store.base import db
from backoffice.store.people import Person
from backoffice.usecases import health as state
from backoffice.web.auth import home_of
from backoffice.web.findings import rule_pages

blueprint = Blueprint("pages", __name__)


@blueprint.get("/home")
def home() -> Response:
    """Where this person works: the queue, the account, or the catalog."""
    return redirect(url_for(home_of(current_user) if current_user.is_authenticated else "catalog.index"))


@blueprint.post("/language")
def choose_language() -> Response:
    """Russian or English; kept with the account of whoever is signed in."""
    chosen = request.form.get("language", "")
    if chosen in current_app.config["SETTINGS"].languages:
        session["language"] = chosen
        if current_user.is_authenticated:
            Person.update(language=chosen).where(Person.id == current_user.id).execute()
    return redirect(request.referrer or url_for("catalog.index"))


@blueprint.get("/rules/")
def rules() -> str:
    """Every rule of the checks, group by group."""
    return render_template("pages/rules.html", groups=rule_pages(language()))


@blueprint.get("/rules/<name>")
def rule(name: str) -> str:
    """One rule: what, why, how to fix, and how much it weighs."""
    pages = {page.id: page for group in rule_pages(language()).values() for page in group}
    if name not in pages:
        abort(404)
    return render_template("pages/rule.html", rule=pages[name])


@blueprint.get("/health")
def health() -> Response:
    """Whether everything works. Machines get JSON, 503 when something vital is not there."""
    report = state.report(current_app.extensions["wiring"], now=utcnow())
    machine = not request.accept_mimetypes.accept_html or str(request.accept_mimetypes) in ("", "*/*")
    status = 200 if report.alive else 503
    if machine:
        return make_response(report.as_json(), status)
    return make_response(render_template("pages/health.html", report=report), status)


@blueprint.get("/health/live")
def live() -> tuple[dict[str, bool], int]:
    """For a process supervisor: the web answers and reaches its database."""
    db.execute_sql("SELECT 1")
    return {"alive": True}, 200

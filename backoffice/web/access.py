"""Who may enter which room: every endpoint is listed, and what is not listed is closed (deny by default)."""

from __future__ import annotations

from flask import Flask, abort, current_app, redirect, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from backoffice.domain.permissions import STAFF, Role

PUBLIC: frozenset[str] = frozenset()
MODERATE = frozenset({Role.MODERATOR, Role.LEAD})

# Blueprint -> the roles one of which is needed. PUBLIC: nobody has to sign in.
ROOMS: dict[str, frozenset[str]] = {
    "catalog": PUBLIC,
    "catalog_hook": PUBLIC,  # its requests carry a signature
    "security": PUBLIC,
    "pages": PUBLIC,
    "mailbox": PUBLIC,  # there only where mail is caught instead of sent
    "cabinet": frozenset({Role.AUTHOR}),
    "uploads": frozenset({Role.AUTHOR}),
}
ENDPOINTS: dict[str, frozenset[str]] = {"static": PUBLIC, "admin.static": PUBLIC}
STAFF_ROLES = frozenset(STAFF)


def needed(app: Flask, endpoint: str) -> frozenset[str] | None:
    """The roles one of which opens the endpoint; None when nothing does."""
    if endpoint in ENDPOINTS:
        return ENDPOINTS[endpoint]
    room = endpoint.rpartition(".")[0]
    if room in ROOMS:
        return ROOMS[room]
    staff: dict[str, frozenset[str]] = app.extensions.get("staff_rooms", {})
    return staff.get(endpoint, staff.get(room))


def guard() -> Response | None:
    """Before every request: sign in, or 403, or go on."""
    if request.endpoint is None:
        return None
    roles = needed(current_app, request.endpoint)
    if roles is None:
        abort(403)
    if roles is PUBLIC or not roles:
        return None
    if not current_user.is_authenticated:
        if request.headers.get("HX-Request") or request.method not in ("GET", "HEAD"):
            abort(401)
        return redirect(url_for("security.login", next=request.full_path.rstrip("?")))
    if not current_user.role_names() & roles:
        abort(403)
    return None

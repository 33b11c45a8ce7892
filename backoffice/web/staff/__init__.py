"""The staff's screens: Flask-Admin views with our own templates, one menu, one login gate (M3)."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask_admin import Admin, AdminIndexView
from flask_admin.theme import BootstrapTheme

from backoffice.web import headers
from backoffice.web.staff import base, calendar, desk, duties, notices, queue, reference, review

URL = "/staff"


def register(app: Flask) -> None:
    """Attach Flask-Admin with every staff view, and open each view's endpoints to its roles and nobody else."""
    admin = Admin(
        app,
        name="ML-Place",
        url=URL,
        index_view=Index(name="", endpoint="staff_admin", url=f"{URL}/admin", template="staff/reference.html"),
        theme=BootstrapTheme(folder="bootstrap4", base_template="staff/base.html"),
        csp_nonce_generator=headers.nonce,
    )
    views: list[Any] = [
        *queue.views(),
        *desk.views(),
        *review.views(),
        *notices.views(),
        *calendar.views(),
        *duties.views(),
        *reference.views(),
    ]
    rooms: dict[str, frozenset[str]] = {"staff_admin": base.STAFF}
    for view in views:
        admin.add_view(view)
        rooms[view.endpoint] = view.roles
        rooms |= {f"{view.endpoint}.{name}": roles for name, roles in getattr(view, "narrower", {}).items()}
    app.extensions["staff_rooms"] = rooms
    app.jinja_env.globals.update(antivirus_warning=base.antivirus_warning, desk_tabs=desk.tabs)


class Index(AdminIndexView):
    """The page of reference tables and logs."""

    def is_accessible(self) -> bool:
        """The gate stands before every request (``web/access.py``)."""
        return True

"""Everything that speaks HTTP."""

from __future__ import annotations

from flask import Flask, current_app

from backoffice.store.base import db
from backoffice.web.api import catalog_hook


def register(app: Flask) -> None:
    """Attach every room, and a database connection to every request."""
    app.before_request(_connect)
    app.teardown_request(_close)
    app.register_blueprint(catalog_hook.blueprint)


def _connect() -> None:
    _ = current_app.extensions["wiring"].database  # binds the models at first need
    db.connect(reuse_if_open=True)


def _close(_error: BaseException | None) -> None:
    if not db.is_closed():
        db.close()

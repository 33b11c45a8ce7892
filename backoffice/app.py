"""The only wiring: settings in, a Flask application out. Nothing connects anywhere until a request or a command needs it."""

from __future__ import annotations

from flask import Flask

from backoffice import cli
from backoffice.store.database import open_database
from config.settings import Settings


def create_app(settings: Settings | None = None) -> Flask:
    """The product as a Flask application."""
    settings = settings or Settings()
    app = Flask("backoffice", template_folder="../templates", static_folder="web/static")
    app.config["SETTINGS"] = settings
    app.extensions["database"] = open_database(settings.database)
    cli.register(app)
    return app

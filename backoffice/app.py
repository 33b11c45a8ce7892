"""The only wiring of the web: settings in, a Flask application out. Nothing connects anywhere until a request or a command needs it."""

from __future__ import annotations

from flask import Flask

from backoffice import cli, web
from backoffice.wiring import Wiring
from config.settings import Settings


def create_app(settings: Settings | None = None) -> Flask:
    """The product as a Flask application. ``app.extensions["wiring"]`` holds the parts that settings decide on."""
    settings = settings or Settings()
    app = Flask("backoffice", template_folder="../templates", static_folder="web/static")
    app.config["SETTINGS"] = settings
    app.extensions["wiring"] = Wiring(settings)
    cli.register(app)
    web.register(app)
    return app

"""The application objects for gunicorn and the ``flask`` command: the product, and the previews' own origin."""

from backoffice.app import create_app
from backoffice.web.previews import create_previews

app = create_app()
previews = create_previews(app.config["SETTINGS"])

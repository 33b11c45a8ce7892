"""The application object for gunicorn and the ``flask`` command."""

from backoffice.app import create_app

app = create_app()

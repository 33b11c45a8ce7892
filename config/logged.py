"""Imported by ``dramatiq`` and ``periodiq`` beside the actors, so that their processes log as ours do (see Procfile)."""

from __future__ import annotations

from config.logging import configure
from config.settings import Settings

configure(Settings().log_format)

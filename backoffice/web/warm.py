"""What is read or compiled at first need, before anybody needs it."""

from __future__ import annotations

from flask import Flask

from backoffice import canned, i18n
from backoffice.web import findings
from config.settings import ROOT

TEMPLATES = ROOT / "templates"


def warm(app: Flask) -> None:
    """Compile our pages, read the catalogues and the policies. Nothing connects anywhere.

    An application with pages of one folder alone names it in its ``PAGES``.
    """
    for language in app.config["SETTINGS"].languages:
        i18n.translations(language)
        findings.rule_pages(language)
    canned.checklist()
    canned.shipped()
    for path in sorted((TEMPLATES / app.config.get("PAGES", "")).rglob("*.html")):
        if "email" not in path.parts:
            app.jinja_env.get_template(path.relative_to(TEMPLATES).as_posix())

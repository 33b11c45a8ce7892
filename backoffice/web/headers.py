"""The response headers every page carries: a strict Content-Security-Policy with a nonce (CSP 3), and its companions."""

from __future__ import annotations

import secrets

from flask import Flask, current_app, g, request
from werkzeug.wrappers import Response

# A letter's own HTML, framed by our pages: nothing runs, nothing loads.
LETTER_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"


def nonce() -> str:
    """The nonce of this response, made at first need."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(18)
    return str(g.csp_nonce)


def policy(*, previews: str) -> str:
    """Scripts and styles only with the nonce or from here; frames only from here and the previews' own origin."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'nonce-{nonce()}'",
            f"style-src 'self' 'nonce-{nonce()}'",
            f"img-src 'self' data: blob: {previews}",
            "font-src 'self'",
            "media-src 'self'",
            "connect-src 'self'",
            f"frame-src 'self' {previews}",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )


def protect(response: Response) -> Response:
    """Set the headers; a view that set its own policy keeps it."""
    previews = current_app.config["SETTINGS"].previews_url.rstrip("/")
    response.headers.setdefault("Content-Security-Policy", policy(previews=previews))
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
    if request.endpoint != "static" and "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "no-store"
    return response


def register(app: Flask) -> None:
    """Every response of this application is protected."""
    app.after_request(protect)
    app.jinja_env.globals["csp_nonce"] = nonce

"""Parts of pages that renew themselves (``live.js``)."""

from __future__ import annotations

from hashlib import sha256

from flask import Response as FlaskResponse
from flask import request
from werkzeug.wrappers import Response


def renewed(body: str) -> Response:
    """The inside of a part that renews itself: 304 while it is what the reader has already."""
    answer = FlaskResponse(body)
    answer.set_etag(sha256(body.encode()).hexdigest()[:32])
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer.make_conditional(request)

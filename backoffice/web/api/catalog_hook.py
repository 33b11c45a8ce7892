"""The built-in catalog's ear: takes the publication hook, as any outside catalog would (M8, C1; Standard Webhooks)."""

from __future__ import annotations

import json

from flask import Blueprint, current_app, request
from flask.typing import ResponseReturnValue
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from backoffice.clock import utcnow
from backoffice.usecases import publish

blueprint = Blueprint("catalog_hook", __name__)
EVENTS = ("listing.published", "listing.unpublished")


@blueprint.post("/api/catalog/hook")
def receive() -> ResponseReturnValue:
    """204 when taken in, also a second time; 401 for a wrong signature; unknown events are ignored."""
    body = request.get_data(as_text=True)
    try:
        Webhook(current_app.extensions["wiring"].hook_secret).verify(body, dict(request.headers))
    except WebhookVerificationError:
        return {"error": "signature"}, 401
    message = json.loads(body)
    if message.get("type") in EVENTS:
        publish.receive(message, now=utcnow())
    return "", 204

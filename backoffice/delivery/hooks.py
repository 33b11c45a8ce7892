"""One signed hook call, after the Standard Webhooks specification."""

from __future__ import annotations

from datetime import datetime

import requests
from standardwebhooks.webhooks import Webhook

from backoffice.domain.errors import GiveUp, TryLater

TIMEOUT = (5, 20)  # seconds to connect, seconds between bytes


def call(url: str, *, secret: str, webhook_id: str, body: str, now: datetime) -> int:
    """POST ``body`` with its signature; the answer's status.

    ``webhook_id`` is the idempotency key and stays the same over retries. ``GiveUp`` for 410 and other 4xx answers that a repetition cannot
    change, ``TryLater`` for 408, 409, 425, 429, 5xx, a redirect and a broken connection.
    """
    headers = {
        "content-type": "application/json",
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(webhook_id, now, body),
    }
    try:
        answer = requests.post(url, data=body.encode(), headers=headers, timeout=TIMEOUT, allow_redirects=False)
    except requests.RequestException as error:
        raise TryLater(type(error).__name__) from error
    if answer.ok and not answer.is_redirect:
        return answer.status_code
    if 400 <= answer.status_code < 500 and answer.status_code not in (408, 409, 425, 429):
        raise GiveUp(f"HTTP {answer.status_code}")
    raise TryLater(f"HTTP {answer.status_code}")

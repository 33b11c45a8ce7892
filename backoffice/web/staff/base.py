"""What every staff view is made of."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, ClassVar

from flask import current_app, request, url_for
from flask_admin import BaseView
from flask_login import current_user
from werkzeug.wrappers import Response

from backoffice.domain.permissions import STAFF as STAFF_NAMES
from backoffice.domain.permissions import Role
from backoffice.usecases.health import Part, antivirus_state
from backoffice.web.live import renewed

STAFF = frozenset(STAFF_NAMES)
MODERATORS = frozenset({Role.MODERATOR, Role.LEAD})
LEADS = frozenset({Role.LEAD})
KEEPERS = frozenset({Role.LEAD, Role.ADMIN})
_SEEN_FOR = 30.0  # seconds an answer of clamd is believed
_seen: dict[str, tuple[float, Part]] = {}


class StaffView(BaseView):
    """A page of the staff. ``roles`` open it; ``narrower`` maps single endpoints to fewer roles."""

    roles: ClassVar[frozenset[str]] = MODERATORS
    narrower: ClassVar[dict[str, frozenset[str]]] = {}

    def is_accessible(self) -> bool:
        """The gate before every request has looked already; a menu asks again for itself."""
        return bool(current_user.is_authenticated and current_user.role_names() & self.roles)

    def _run_view(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Once. Flask-Admin's own calls a view again after a TypeError, which hides the first one."""
        return fn(self, *args, **kwargs)

    def lively(self, page: str, part: str, /, **told: Any) -> str | Response:
        """A page that renews itself: the whole of it, or the inside of its live part when the page's own script asks."""
        if "part" in request.args:
            return renewed(self.render(part, **told))
        again = {**request.args, **(request.view_args or {}), "part": "1"}
        return self.render(page, live_url=url_for(request.endpoint or "", **again), live_part=part, **told)

    def render(self, template: str, **kwargs: Any) -> str:
        """Templates see the view as ``admin_view``, as all of Flask-Admin's do."""
        return str(super().render(template, **kwargs))


def antivirus_warning() -> Part | None:
    """What every staff page warns of in red: no antivirus, or one without a real database."""
    wiring = current_app.extensions["wiring"]
    address = wiring.settings.clamd_address
    at, part = _seen.get(address, (0.0, None))
    if part is None or time.monotonic() - at > _SEEN_FOR:
        part = antivirus_state(wiring)
        _seen[address] = (time.monotonic(), part)
    return None if part.state == "ok" else part

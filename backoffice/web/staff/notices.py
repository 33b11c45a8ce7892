"""The signs inside the product: assignments, escalations, mentions."""

from __future__ import annotations

from flask import redirect, url_for
from flask_admin import expose
from flask_login import current_user
from peewee import JOIN
from werkzeug.wrappers import Response

from backoffice.clock import utcnow
from backoffice.i18n import lazy
from backoffice.store.listings import Submission
from backoffice.store.moderation import InAppNotice
from backoffice.web.staff.base import STAFF, StaffView


class Notices(StaffView):
    """One person's notices, the newest first."""

    roles = STAFF

    @expose("/")
    def index(self) -> str:
        """The last hundred."""
        titled = InAppNotice.select(InAppNotice, Submission.id, Submission.title).join(Submission, JOIN.LEFT_OUTER)
        mine = titled.where(InAppNotice.person == current_user.id).order_by(InAppNotice.id.desc()).limit(100)
        return self.render("staff/notices.html", notices_list=list(mine))

    @expose("/read", methods=["POST"])
    def read(self) -> Response:
        """All of them are read."""
        mine = (InAppNotice.person == current_user.id) & InAppNotice.read_at.is_null()
        InAppNotice.update(read_at=utcnow()).where(mine).execute()
        return redirect(url_for(".index"))


def views() -> list[StaffView]:
    """For the staff's menu."""
    return [Notices(name=lazy("Notices"), endpoint="staff_notices", url="/staff/notices")]

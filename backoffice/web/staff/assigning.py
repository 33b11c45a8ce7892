"""Leads give submissions to named moderators, one or many at once (M3, M9)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from flask import flash, redirect, request, url_for
from flask_admin import expose
from flask_login import current_user
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from backoffice.clock import utcnow
from backoffice.domain.errors import Refused
from backoffice.i18n import gettext, language, lazy, ngettext
from backoffice.store.base import db
from backoffice.store.listings import DictionaryValue
from backoffice.store.people import Person
from backoffice.store.reports import Moment, figures
from backoffice.usecases import assign, team
from backoffice.web.staff import lines
from backoffice.web.staff.base import LEADS, StaffView
from backoffice.web.words import refusal

MOST = 500  # submissions at once
NOBODY = {
    "nobody_on_duty": lazy("nobody is on duty"),
    "all_barred": lazy("conflict of interest with everybody on duty"),
    "all_full": lazy("everybody who may take it is full"),
}
KEPT = {
    "theirs_already": lazy("assigned to them already"),
    "not_assigned": lazy("nobody assigned it: a colleague has taken it into work"),
}


class Assigning(StaffView):
    """What a lead does with the rows that are ticked. It has no page of its own in the menu."""

    roles = LEADS

    def is_visible(self) -> bool:
        """Not in a menu."""
        return False

    @expose("/")
    def index(self) -> Response:
        """Its place is the queue."""
        return redirect(url_for("staff_queue.index"))

    @expose("/preview")
    def preview(self) -> str:
        """What giving these to one person would change, or to nobody without ``to``; as a part of a page when a script asks. Nothing is changed."""
        now, picked = utcnow(), _numbers(request.args)
        to = _recipient(request.args.get("to", type=int)) if request.args.get("to") else None
        found = team.handovers(picked, to=to, now=now)
        template = "staff/handover_body.html" if request.args.get("part") else "staff/handover.html"
        return self.render(
            template,
            to=to,
            load=next((load for load in team.loads(now=now) if to and load.person.id == to.id), None),
            found=found,
            able=[each.submission.id for each in found if not each.barred],
            why=lambda reason: gettext(KEPT[reason]) if reason in KEPT else refusal(reason, {"person": to.name if to else ""}),
        )

    @expose("/to", methods=["POST"])
    def assign(self) -> Response:
        """Give them all to one person, or none of them where a rule forbids one."""
        picked, by = _picked(), _me()
        to = _recipient(request.form.get("to", type=int))
        changed = assign.assign(picked, to=to, by=by, now=utcnow(), note=request.form.get("note", "")[:300])
        words = ngettext(
            "%(num)s submission is assigned: %(name)s", "%(num)s submissions are assigned: %(name)s", len(changed), name=to.name
        )
        flash(words if changed else gettext("They were assigned to %(name)s already.", name=to.name), "success")
        return redirect(request.referrer or url_for("staff_queue.index"))

    @expose("/off", methods=["POST"])
    def unassign(self) -> Response:
        """Back to the pool."""
        picked, now = _picked(), utcnow()
        with db.atomic():
            for submission_id in picked:
                assign.unassign(submission_id, by=_me(), now=now)
        flash(ngettext("%(num)s submission is free again.", "%(num)s submissions are free again.", len(picked)), "success")
        return redirect(request.referrer or url_for("staff_queue.index"))

    @expose("/spread", methods=["GET", "POST"])
    def spread(self) -> str:
        """«Разложить поровну»: who would get what. Nothing is changed. What is ticked, or the most urgent of what is free."""
        now = utcnow()
        ticked = _picked() if request.method == "POST" else None
        proposals = team.preview(now=now, submission_ids=ticked)
        free = figures(Moment(now, now, now)).unassigned if ticked is None else len(proposals)
        loads = team.loads(now=now)
        more = Counter(proposal.to.id for proposal in proposals if proposal.to)
        return self.render(
            "staff/spread.html",
            proposals=proposals,
            free=free,
            left=dict(
                zip((p.submission.id for p in proposals), lines.remaining([p.submission for p in proposals], now), strict=True)
            ),
            loads=loads,
            more=more,
            skills=_skills(proposals),
            why=lambda reason: gettext(NOBODY[reason]),
            review_url=lines.review_url,
        )

    @expose("/apply", methods=["POST"])
    def apply(self) -> Response:
        """Do what the preview said, with the lead's own changes to it."""
        pairs = [
            (int(name[3:]), int(value)) for name, value in request.form.items() if name.startswith("to-") and value.isdecimal()
        ]
        changed = team.apply(pairs[:MOST], by=_me(), now=utcnow())
        flash(ngettext("%(num)s submission is given out.", "%(num)s submissions are given out.", len(changed)), "success")
        return redirect(url_for("staff_desk.people"))


def _skills(proposals: Sequence[team.Proposal]) -> dict[int, str]:
    """Names of the dictionary values that matched."""
    wanted = {value for proposal in proposals for value in proposal.skills}
    found = DictionaryValue.select().where(DictionaryValue.id.in_(wanted)) if wanted else []
    return {value.id: str(getattr(value, language())) for value in found}


def _me() -> Person:
    person: Person = current_user._get_current_object()
    return person


def _recipient(person_id: int | None) -> Person:
    """To whom; ``Refused`` when that is nobody who works here."""
    found: Person | None = Person.get_or_none(Person.id == person_id, Person.active == True)  # noqa: E712
    if found is None:
        raise Refused("whom_needed")
    return found


def _picked() -> list[int]:
    return _numbers(request.form)


def _numbers(given: MultiDict[str, str]) -> list[int]:
    """The ids that a request names; ``Refused`` when it names none."""
    ids = [int(value) for value in given.getlist("id") if value.isascii() and value.isdecimal() and len(value) < 10]
    if not ids:
        raise Refused("nothing_selected")
    return ids[:MOST]


def views() -> list[StaffView]:
    """For the staff's menu."""
    return [Assigning(name=lazy("Assignment"), endpoint="staff_assign", url="/staff/assign")]

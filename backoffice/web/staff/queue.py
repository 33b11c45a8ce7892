"""The queue: the moderators' triage (M3). Looking claims nothing; «Взять» and «Взять следующую» do."""

from __future__ import annotations

from typing import Any

from flask import flash, jsonify, redirect, request, url_for
from flask_admin import expose
from flask_login import current_user
from werkzeug.wrappers import Response

from backoffice.clock import utcnow
from backoffice.i18n import gettext, language, lazy
from backoffice.store import queues
from backoffice.store.moderation import SavedView
from backoffice.store.people import Person, authors_named
from backoffice.usecases import claim, preferences
from backoffice.web.live import renewed
from backoffice.web.staff import assigning, choices, deadline, export, lines
from backoffice.web.staff.asked import LONGEST_QUERY, Asked, asked, empty_words, tab_name
from backoffice.web.staff.base import StaffView
from backoffice.web.wording import number

SUGGESTED = 12  # authors with a name like the one that is typed


class Queue(StaffView):
    """Tabs, rows, and the ways to take one."""

    @expose("/")
    def index(self) -> str | Response:
        """The page: filters around the live part. A name typed as the author's becomes that author, or is asked about when it is not one alone."""
        wanted, name = asked(request.args), request.args.get("author_name", "").strip()[:LONGEST_QUERY]
        named = authors_named(name, most=SUGGESTED) if name else []
        if len(named) == 1:
            return redirect(url_for(".index", **wanted.params(author=named[0].id)))
        told = {
            **_look(wanted, dear=request.args.get("dear") == "1"),
            "author_name": name,
            "named": named,
            "saved": _views(current_user),
            "density": lines.density(),
        }
        return self.render("staff/queue.html", **told, **choices.offered(told["asked"]))

    @expose("/authors")
    def authors(self) -> str:
        """Options for the field of the author's name, while one types."""
        name = request.args.get("q", "").strip()[:LONGEST_QUERY]
        return self.render("staff/queue_authors.html", named=authors_named(name, most=SUGGESTED) if name else [])

    @expose("/rows")
    def rows(self) -> Response:
        """The live part alone: asked for every few seconds, 304 while nothing has changed."""
        return renewed(self.render("staff/queue_rows.html", **_look(asked(request.args)), density=lines.density()))

    @expose("/numbers")
    def numbers(self) -> Response:
        """Every number that a page leaves open, by the name of its tab, counted now and in words. It may take long where many rows match."""
        wanted = asked(request.args)
        found = queues.numbers(lines.watch(_me(), now=utcnow(), far=wanted.far), wanted.filters, dear=True)
        later = lines.later_words(found.later) if found.later else ""
        return jsonify({name: number(count) for name, count in found.tabs.items()} | {"later": later})

    @expose("/export.csv")
    def export(self) -> Response:
        """Every row of the tab under the filters, as a table for a spreadsheet."""
        wanted = asked(request.args)
        seen = lines.watch(current_user, now=utcnow(), far=wanted.far)
        tab = wanted.tab or "free"
        return export.csv(
            f"queue-{tab}",
            seen,
            lambda cursor, limit: queues.page(tab, seen, wanted.filters, cursor=cursor, limit=limit),
            language=language(),
        )

    @expose("/next", methods=["POST"])
    def take_next(self) -> Response:
        """«Взять следующую»: the most urgent one that is free for this person."""
        taken = claim.take_next(person=_me(), now=utcnow())
        if taken is None:
            flash(gettext("There is nothing to take: no free submission waits for review."), "info")
            return redirect(url_for(".index"))
        return redirect(lines.review_url(taken.id))

    @expose("/<int:submission_id>/take", methods=["POST"])
    def take(self, submission_id: int) -> Response:
        """Take this one."""
        claim.take(submission_id, person=_me(), now=utcnow())
        return redirect(lines.review_url(submission_id))

    @expose("/<int:submission_id>/take-over", methods=["POST"])
    def take_over(self, submission_id: int) -> Response:
        """Take it out of a colleague's hands, with a reason."""
        claim.take_over(submission_id, person=_me(), reason=request.form.get("reason", "")[:2000], now=utcnow())
        return redirect(lines.review_url(submission_id))

    @expose("/<int:submission_id>/unskip", methods=["POST"])
    def unskip(self, submission_id: int) -> Response:
        """Let a skipped one come up again."""
        claim.unskip(submission_id, person=_me())
        flash(gettext("Submission %(number)s will come up again.", number=submission_id), "success")
        return redirect(request.referrer or url_for(".index"))

    @expose("/<int:submission_id>/deadline")
    def deadline(self, submission_id: int) -> str:
        """«Почему?»: the deadline day by day; as a part of a page when a script asks."""
        template = "staff/deadline_body.html" if request.args.get("part") else "staff/deadline.html"
        return self.render(template, **deadline.explained(submission_id, now=utcnow()))

    @expose("/views", methods=["POST"])
    def save_view(self) -> Response:
        """Keep the filters under a name."""
        wanted = asked(request.form)
        query = url_for(".index", **wanted.params()).partition("?")[2]
        preferences.save_view(request.form.get("name", ""), query, person=_me(), now=utcnow())
        return redirect(url_for(".index", **wanted.params()))

    @expose("/views/<int:view_id>/drop", methods=["POST"])
    def drop_view(self, view_id: int) -> Response:
        """Forget a kept view."""
        preferences.drop_view(view_id, person=_me())
        return redirect(request.referrer or url_for(".index"))

    @expose("/density", methods=["POST"])
    def density(self) -> Response:
        """Roomy or dense rows."""
        preferences.set_density(request.form.get("density", ""), person=_me())
        return redirect(request.referrer or url_for(".index"))


def _me() -> Person:
    """The person signed in, as a row and not as a proxy."""
    person: Person = current_user._get_current_object()
    return person


def _look(wanted: Asked, *, dear: bool = False) -> dict[str, Any]:
    """Numbers and rows of one look: a fixed number of queries. ``dear``: numbers that take long are counted too."""
    now = utcnow()
    seen = lines.watch(_me(), now=now, far=wanted.far)
    numbers = queues.numbers(seen, wanted.filters, dear=dear)
    counts = numbers.tabs
    if not wanted.tab:
        wanted = wanted.on("mine" if counts["mine"] else "free")
    page = queues.page(wanted.tab, seen, wanted.filters, cursor=wanted.after)
    return {
        "asked": wanted,
        "counts": counts,
        "page": page,
        "lines": lines.lines(page, seen),
        "sizes": numbers.sizes,
        "later": numbers.later if wanted.tab in ("free", "others") and numbers.sizes["later"] else 0,
        "tabs": queues.TABS,
        "tab_name": tab_name,
        "empty_words": empty_words,
        "filter_words": choices.filter_words,
        "later_words": lines.later_words,
        "time_left": lines.time_left,
        "review_url": lines.review_url,
        "me": current_user,
        "leads": "lead" in current_user.role_names(),
    }


def _views(person: Person) -> list[SavedView]:
    return list(SavedView.select().where(SavedView.person == person.id).order_by(SavedView.name))


def views() -> list[StaffView]:
    """For the staff's menu."""
    return [Queue(name=lazy("Queue"), endpoint="staff_queue", url="/staff/queue"), *assigning.views()]

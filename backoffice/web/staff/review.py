"""The review page: two panes side by side, checklist, remarks, decision (M2, M3, A14)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Response, abort, flash, redirect, request, url_for
from flask_admin import expose
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from backoffice.clock import utcnow
from backoffice.domain.claims import is_live
from backoffice.domain.decisions import DecisionKind
from backoffice.domain.errors import Refused
from backoffice.domain.keys import DEFAULTS
from backoffice.domain.permissions import Role
from backoffice.domain.states import UNDER_MODERATION
from backoffice.i18n import gettext, lazy
from backoffice.store.listings import Artifact, Submission
from backoffice.store.moderation import Decision, InternalNote, Skip
from backoffice.usecases import assign, claim, decide, hold, preferences, request_checks, review
from backoffice.usecases.people import named, with_role
from backoffice.usecases.record_check import current_checks
from backoffice.web import previews, words
from backoffice.web.catalog.views import attachment, sent
from backoffice.web.headers import LETTER_POLICY
from backoffice.web.staff import answers, lines, panes, reviewing
from backoffice.web.staff.base import LEADS, MODERATORS, StaffView
from backoffice.web.staff.standing import standings_of
from backoffice.web.wording import zone


def _found(submission_id: int) -> Submission:
    submission: Submission | None = Submission.get_or_none(Submission.id == submission_id)
    if submission is None or submission.submitted_at is None:
        abort(404)
    return submission


class ReviewPage(StaffView):
    """Everything about one submission under review."""

    roles = MODERATORS
    narrower = {"exempt": LEADS, "unpublish": LEADS, "clock": LEADS}

    @expose("/")
    def index(self) -> BaseResponse:
        """Reviewing begins in the queue."""
        return redirect(url_for("staff_queue.index"))

    @expose("/<int:submission_id>")
    def show(self, submission_id: int) -> str:
        """The page. ``left`` and ``right`` in the address say what the panes show."""
        submission = _found(submission_id)
        return self._page(submission, held=reviewing.held(submission))

    def _page(self, submission: Submission, *, held: bool) -> str:
        shelf = panes.shelf(submission)
        checks, previous = shelf.checks, shelf.previous
        draft = review.draft_of(submission.id, current_user)
        offered = panes.choices(shelf)
        decision = submission.decisions.first()
        left, right = panes.chosen(offered, request.args.get("left"), request.args.get("right"))
        return self.render(
            "staff/review/page.html",
            submission=submission,
            checks=checks,
            held=held,
            claim=reviewing.lease(submission) if reviewing.held(submission) else {"token": "", "expires_at": ""},
            claimed_by_other=not held and is_live(submission.claimant_id, submission.claim_expires_at, now=utcnow()),
            draft=draft,
            previous=previous,
            menu=panes.menu(offered),
            left=left,
            right=right,
            contents={name: panes.content(name, shelf) for name in {left, right}},
            presets=panes.presets(offered),
            rows=answers.rows(submission, checks, shelf.found, None if draft else decision),
            answers=answers.ANSWERS,
            closed=answers.closed(submission),
            typed=draft.data if draft else reviewing.decided(decision) if decision else {},
            sent=decision is not None and draft is None,
            old_remarks=(old := review.old_remarks(submission, previous, checks, shelf.found)),
            templates=reviewing.templates(submission, shelf.found),
            standing=standings_of([submission])[submission.id],
            history=review.author_history(submission.author),
            notes=list(InternalNote.select().where(InternalNote.submission == submission).order_by(InternalNote.id)),
            decision=decision,
            pins=decide.pins(submission, checks),
            blocked=reviewing.blocked(submission, checks, draft),
            colleagues=[each for each in named(Role.MODERATOR, Role.LEAD) if each.id != current_user.id],
            skipped=Skip.get_or_none((Skip.submission == submission) & (Skip.person == current_user.id)),
            progress=reviewing.progress(),
            skips=reviewing.skipped().count(),
            density=lines.density(),
            keys=reviewing.own_keys(),
            acts=[(act, words.word(act, "act")) for act in DEFAULTS],
            old_as_new=[reviewing.old_as_new(each) for each in old],
        )

    @expose("/<int:submission_id>/pane/<path:what>")
    def pane(self, submission_id: int, what: str) -> str:
        """One pane's content, when another is chosen."""
        shelf = panes.shelf(_found(submission_id))
        if what not in {choice.name for choice in panes.choices(shelf)}:
            abort(404)
        return panes.content(what, shelf)

    @expose("/<int:submission_id>/state")
    def state(self, submission_id: int) -> dict[str, Any]:
        """What others did meanwhile; asked every few seconds."""
        submission = _found(submission_id)
        decision = None if submission.state in UNDER_MODERATION else Decision.get_or_none(Decision.submission == submission)
        checks = current_checks(submission, brief=True)
        return {
            "state": submission.state,
            "state_words": words.word(submission.state, "state"),
            "held": reviewing.held(submission),
            "claimant": reviewing.claimant_name(submission),
            "expires_at": submission.claim_expires_at and submission.claim_expires_at.isoformat(),
            "decided_by": decision.moderator.name if decision else "",
            "checks": decide.check_pins(checks),
        }

    @expose("/next", methods=["POST"])
    def next(self) -> BaseResponse:
        """«Взять следующую»."""
        submission = claim.take_next(person=current_user, now=utcnow())
        if submission is None:
            flash(gettext("There is nothing free to take: the queue is done for now."), "success")
            return redirect(reviewing.after_the_last())
        return redirect(url_for(".show", submission_id=submission.id))

    @expose("/ahead")
    def ahead(self) -> str | Response:
        """The page of what would come next, as it will look once it is taken; asking takes nothing. 204 when nothing would."""
        found = claim.next_up(person=current_user, but=request.args.get("but", 0, type=int), now=utcnow())
        return Response(status=204) if found is None else self._page(_found(found), held=True)

    @expose("/skipped")
    def skipped(self) -> str:
        """The end of the list: what this person passed over."""
        skips = list(reviewing.skipped())
        standings = standings_of([skip.submission for skip in skips])
        return self.render("staff/review/skipped.html", skips=skips, standings=standings)

    @expose("/keys", methods=["POST"])
    def keys(self) -> dict[str, dict[str, str]]:
        """Another key for an act, or all as they were; kept for the person."""
        asked = request.get_json()
        if asked.get("reset"):
            return {"keys": preferences.reset_keys(person=current_user)}
        return {"keys": preferences.move_key(str(asked.get("act")), str(asked.get("key")), person=current_user)}

    @expose("/<int:submission_id>/take", methods=["POST"])
    def take(self, submission_id: int) -> BaseResponse | dict[str, Any]:
        """Claim this one; a script gets the claim itself."""
        taken = claim.take(submission_id, person=current_user, now=utcnow())
        if request.is_json:
            return reviewing.claimed(taken)
        return redirect(url_for(".show", submission_id=submission_id))

    @expose("/<int:submission_id>/take-over", methods=["POST"])
    def take_over(self, submission_id: int) -> BaseResponse:
        """Take a colleague's, with a reason."""
        claim.take_over(submission_id, person=current_user, reason=request.form.get("reason", ""), now=utcnow())
        return redirect(url_for(".show", submission_id=submission_id))

    @expose("/<int:submission_id>/release", methods=["POST"])
    def release(self, submission_id: int) -> BaseResponse | Response:
        """Give it back: by button, or by the beacon of a closing page."""
        claim.release(submission_id, token=request.form.get("token", ""), person=current_user, now=utcnow())
        if request.form.get("beacon"):
            return Response(status=204)
        return redirect(url_for("staff_queue.index"))

    @expose("/<int:submission_id>/keep", methods=["POST"])
    def keep(self, submission_id: int) -> dict[str, str]:
        """Activity keeps the claim."""
        until = claim.keep(submission_id, token=str((request.get_json() or {}).get("token", "")), now=utcnow())
        return {"expires_at": until.isoformat()}

    @expose("/<int:submission_id>/skip", methods=["POST"])
    def skip(self, submission_id: int) -> BaseResponse:
        """Pass it over, with a reason, and go on to the next."""
        claim.skip(submission_id, person=current_user, reason=request.form.get("reason", ""), now=utcnow())
        return self.next()

    @expose("/<int:submission_id>/hand-over", methods=["POST"])
    def hand_over(self, submission_id: int) -> BaseResponse:
        """Hand it to a named colleague with a note."""
        to = next((p for p in with_role(Role.MODERATOR, Role.LEAD) if str(p.id) == request.form.get("to")), None)
        if to is None:
            raise Refused("choose_colleague")
        assign.hand_over(submission_id, to=to, by=current_user, note=request.form.get("note", ""), now=utcnow())
        flash(gettext("Handed over to %(name)s.", name=to.name), "success")
        return redirect(url_for("staff_queue.index"))

    @expose("/<int:submission_id>/clock/<act>", methods=["POST"])
    def clock(self, submission_id: int, act: str) -> BaseResponse:
        """A lead stops the clock, lets it run again, or moves the deadline; each with a reason (M7)."""
        reason, now = request.form.get("reason", ""), utcnow()
        if act == "hold":
            hold.hold(submission_id, by=current_user, reason=reason, now=now)
        elif act == "resume":
            hold.resume(submission_id, by=current_user, reason=reason, now=now)
        elif act == "deadline":
            hold.set_deadline(submission_id, to=_instant(request.form.get("to", "")), by=current_user, reason=reason, now=now)
        else:
            abort(404)
        return redirect(url_for(".show", submission_id=submission_id))

    @expose("/<int:submission_id>/note", methods=["POST"])
    def note(self, submission_id: int) -> BaseResponse:
        """An internal note; never in any letter."""
        review.note(submission_id, person=current_user, text=request.form.get("text", ""), now=utcnow())
        return redirect(request.referrer or url_for(".show", submission_id=submission_id))

    @expose("/<int:submission_id>/draft", methods=["PUT"])
    def save_draft(self, submission_id: int) -> dict[str, Any]:
        """What is typed is kept on the server, claim or no claim; with it, what stands against each decision."""
        body = request.get_json()
        submission = _found(submission_id)
        data = body.get("data", {})
        revision = review.keep_draft(
            submission_id, person=current_user, data=data, revision=int(body.get("revision", 0)), now=utcnow()
        )
        checks = current_checks(submission, brief=True)
        return {"revision": revision, "blocked": reviewing.blockers(submission, checks, data)}

    @expose("/<int:submission_id>/preview", methods=["POST"])
    def preview(self, submission_id: int) -> dict[str, str]:
        """The e-mail exactly as it will be sent."""
        letter = decide.author_letter(_found(submission_id), review.review_of(request.get_json()))
        return {"subject": letter.subject, "text": letter.text, "html": letter.html}

    @expose("/<int:submission_id>/letter/<kind>")
    def letter(self, submission_id: int, kind: str) -> Response:
        """The HTML of that e-mail, out of the kept draft, for a frame in which nothing runs."""
        draft = review.draft_of(submission_id, current_user)
        data = {**(draft.data if draft else {}), "kind": kind}
        answer = Response(decide.author_letter(_found(submission_id), review.review_of(data)).html)
        answer.headers["Content-Security-Policy"] = LETTER_POLICY
        return answer

    @expose("/<int:submission_id>/decide", methods=["POST"])
    def decide(self, submission_id: int) -> dict[str, Any]:
        """Publish, return or reject. Where to go next; with the claim when the next one is taken, so that a fetched page can begin at once."""
        body = request.get_json()
        sent = review.review_of(body)
        review.refuse_unfilled(sent)
        decide.decide(submission_id, sent, moderator=current_user, claim_token=str(body.get("token", "")), now=utcnow())
        following = claim.take_next(person=current_user, now=utcnow()) if body.get("next") else None
        if following is None:
            flash(_decided_words(sent.kind), "success")
            return {"next": reviewing.after_the_last() if body.get("next") else url_for("staff_queue.index")}
        return {
            "next": url_for(".show", submission_id=following.id),
            "words": _decided_words(sent.kind),
            "progress": reviewing.progress(),
            "claim": reviewing.claimed(following),
        }

    @expose("/<int:submission_id>/unpublish", methods=["POST"])
    def unpublish(self, submission_id: int) -> BaseResponse:
        """A lead takes a published model out of the catalog."""
        from backoffice.usecases.publish import unpublish

        unpublish(submission_id, person=current_user, reason=request.form.get("reason", ""), now=utcnow())
        flash(gettext("The model has been taken out of the catalog."), "success")
        return redirect(url_for(".show", submission_id=submission_id))

    @expose("/<int:submission_id>/checks/<int:check_id>/rerun", methods=["POST"])
    def rerun(self, submission_id: int, check_id: int) -> BaseResponse:
        """Look again."""
        request_checks.rerun(check_id, person=current_user, now=utcnow())
        flash(gettext("The check has been put into the queue again."), "success")
        return _back_to(submission_id, check_id)

    @expose("/<int:submission_id>/checks/<int:check_id>/exempt", methods=["POST"])
    def exempt(self, submission_id: int, check_id: int) -> BaseResponse:
        """A lead lets it pass without this check."""
        request_checks.exempt(check_id, person=current_user, reason=request.form.get("reason", ""), now=utcnow())
        return _back_to(submission_id, check_id)

    @expose("/<int:submission_id>/checks/<int:check_id>/bundle")
    def bundle(self, submission_id: int, check_id: int) -> Response:
        """What is needed to repeat a trial installation at home."""
        row = previews.bundle_of(check_id, current_checks(_found(submission_id)))
        return sent(row.storage_key, row.name, row.size)

    @expose("/<int:submission_id>/files/<slot>")
    def download(self, submission_id: int, slot: str) -> Response:
        """The original, only ever as an attachment, and never out of quarantine."""
        found = _found(submission_id).artifacts.where(Artifact.slot == slot).first()
        if found is None or found.blob.quarantined_at:
            abort(404)
        return attachment(found.blob, found.name)


def _back_to(submission_id: int, check_id: int) -> BaseResponse:
    """The panes as they were, at this check."""
    shown = request.referrer or url_for(".show", submission_id=submission_id, right="checks")
    return redirect(f"{shown}#check-{check_id}")


def _instant(text: str) -> datetime:
    """What a browser's date-and-time field sends, in the office's zone."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=zone())
    except ValueError:
        raise Refused("no_such_instant") from None


def _decided_words(kind: DecisionKind) -> str:
    return {
        DecisionKind.PUBLISH: gettext("Published. The author and the catalog are being told."),
        DecisionKind.RETURN: gettext("Returned for revision. The author is being written to."),
        DecisionKind.REJECT: gettext("Rejected. The author is being written to."),
    }[kind]


def views() -> list[StaffView]:
    """For the staff's menu."""
    return [ReviewPage(name=lazy("Review"), endpoint="staff_review", url="/staff/review")]

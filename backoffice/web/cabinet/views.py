"""The author's account: «Мои модели», «Добавление модели», a submission's progress (A1–A6, A11–A14)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, current_app, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from backoffice.clock import utcnow
from backoffice.domain import drafts as card
from backoffice.domain.errors import Refused
from backoffice.domain.states import State
from backoffice.i18n import gettext, language
from backoffice.inspection.rules import slots
from backoffice.store.audit import Audit
from backoffice.store.listings import Artifact, DictionaryValue, Submission
from backoffice.store.moderation import Remark
from backoffice.store.outbox import Mail
from backoffice.usecases import drafts, people, submit
from backoffice.usecases.record_check import current_checks
from backoffice.web import findings, previews, words
from backoffice.web.catalog.views import sent
from backoffice.web.live import renewed
from backoffice.web.wording import scheme

blueprint = Blueprint("cabinet", __name__, url_prefix="/cabinet")

TABS = {
    "all": tuple(str(state) for state in State if state not in (State.WITHDRAWN, State.SUPERSEDED)),
    "draft": ("draft",),
    "moderation": ("checking", "awaiting_review"),
    "returned": ("returned",),
    "published": ("published", "unpublished"),
    "rejected": ("rejected",),
    "past": ("withdrawn", "superseded"),
}
AUTHOR_EVENTS = ("submitted", "checks_finished", "quarantined", "published", "returned", "rejected", "withdrawn", "unpublished")


@blueprint.get("/models")
def models() -> str:
    """«Мои модели»: the newest version of each model, by state."""
    newest: dict[int, Submission] = {}
    mine = Submission.select().where(Submission.author == current_user.id).order_by(Submission.listing, Submission.number)
    for submission in mine:
        newest[submission.listing_id] = submission
    rows = sorted(newest.values(), key=lambda row: row.updated_at, reverse=True)
    tab = request.args.get("tab", "all") if request.args.get("tab") in TABS else "all"
    counts = {name: sum(row.state in states for row in rows) for name, states in TABS.items()}
    shown = [row for row in rows if row.state in TABS[tab]]
    return render_template("cabinet/models.html", rows=shown, tab=tab, counts=counts, total=len(rows))


@blueprint.post("/models/add")
def add() -> BaseResponse:
    """«Добавить» → «Модель»: a new draft; an untouched one is taken up instead of a second."""
    empty = Submission.get_or_none(
        (Submission.author == current_user.id)
        & (Submission.state == State.DRAFT)
        & (Submission.number == 1)
        & (Submission.revision == 0)
        & (Submission.title == "")
    )
    draft = empty if empty and not empty.artifacts.count() else drafts.start(author=current_user, now=utcnow())
    return redirect(url_for("cabinet.edit", submission_id=draft.id))


@blueprint.get("/submissions/<int:submission_id>/edit")
def edit(submission_id: int) -> str | BaseResponse:
    """«Добавление модели» and «Редактировать»: the form of a draft."""
    submission = _own(submission_id)
    if submission.state != State.DRAFT:
        return redirect(url_for("cabinet.show", submission_id=submission.id))
    previous = _previous(submission)
    return render_template(
        "cabinet/edit.html",
        submission=submission,
        slots=slots(),
        artifacts={artifact.slot: artifact for artifact in submission.artifacts},
        dictionaries=_dictionaries(),
        chosen={link.value_id for link in submission.values},
        lacking=drafts.lacking(submission),
        optimal=card.OPTIMAL_DESCRIPTION,
        remarks=list(previous.remarks.order_by(Remark.position)) if previous else [],
        previous=previous,
        unchanged=_unchanged(submission, previous),
    )


def _own(submission_id: int) -> Submission:
    submission: Submission | None = Submission.get_or_none(
        (Submission.id == submission_id) & (Submission.author == current_user.id)
    )
    if submission is None:
        abort(404)
    return submission


def _previous(submission: Submission) -> Submission | None:
    older = (Submission.listing == submission.listing_id) & (Submission.number < submission.number)
    found: Submission | None = Submission.select().where(older).order_by(Submission.number.desc()).first()
    return found


def _unchanged(submission: Submission, previous: Submission | None) -> set[str]:
    """Slots whose file is the one of the previous version."""
    if previous is None:
        return set()
    before = {artifact.slot: artifact.blob_id for artifact in previous.artifacts}
    return {artifact.slot for artifact in submission.artifacts if before.get(artifact.slot) == artifact.blob_id}


def _dictionaries() -> dict[str, list[DictionaryValue]]:
    found: dict[str, list[DictionaryValue]] = {name: [] for name in card.DICTIONARIES}
    active = DictionaryValue.select().where(DictionaryValue.active == True)  # noqa: E712
    for value in active.order_by(DictionaryValue.position, DictionaryValue.ru):
        found[value.kind].append(value)
    return found


@blueprint.put("/submissions/<int:submission_id>")
def save(submission_id: int) -> dict[str, Any]:
    """Autosave: what is typed, with the revision it was based on."""
    body = request.get_json()
    fields = {name: str(body.get(name, "")) for name in card.CARD_FIELDS if name in body}
    chosen = [int(value) for value in body.get("values", []) if str(value).isdecimal()]
    revision = drafts.save(
        submission_id, author=current_user, revision=int(body["revision"]), card=fields, value_ids=chosen, now=utcnow()
    )
    return {"revision": revision, "lacking": _lacking(_own(submission_id))}


def _lacking(submission: Submission) -> list[dict[str, str]]:
    names = drafts.lacking(submission)
    return [{"name": name, "words": _name_of(name)} for name in names]


def _name_of(name: str) -> str:
    return words.word(name, "slot" if name in card.SLOTS else "field")


@blueprint.get("/submissions/<int:submission_id>/files/<slot>")
def file_row(submission_id: int, slot: str) -> str:
    """One slot of the form, after an upload or a removal."""
    submission = _own(submission_id)
    if slot not in slots():
        abort(404)
    artifact = submission.artifacts.where(Artifact.slot == slot).first()
    return render_template("cabinet/slot.html", slot=slots()[slot], artifact=artifact, submission=submission, unchanged=set())


@blueprint.delete("/submissions/<int:submission_id>/files/<slot>")
def remove_file(submission_id: int, slot: str) -> Response:
    """Empty a slot of the draft."""
    drafts.detach(submission_id, author=current_user, slot=slot, now=utcnow())
    return Response(status=204)


@blueprint.post("/submissions/<int:submission_id>/submit")
def send(submission_id: int) -> BaseResponse:
    """«Отправить на модерацию»."""
    wiring = current_app.extensions["wiring"]
    try:
        submission = submit.submit(
            submission_id,
            author=current_user,
            now=utcnow(),
            clock=wiring.working_clock,
            policy=wiring.deadline_policy,
            scan_version=wiring.scan_version,
            try_install_version=wiring.try_install_version,
        )
    except Refused as refused:
        if refused.reason != "incomplete":
            raise
        names = [_name_of(name) for name in str(refused.params["missing"]).split(",")]
        flash(gettext("Still to be filled in: %(names)s.", names=", ".join(names)), "error")
        return redirect(
            url_for("cabinet.edit", submission_id=submission_id, _anchor=str(refused.params["missing"]).split(",")[0])
        )
    flash(gettext("The model has been sent for moderation. We will write to %(email)s.", email=current_user.email), "success")
    return redirect(url_for("cabinet.show", submission_id=submission.id))


@blueprint.get("/submissions/<int:submission_id>")
def show(submission_id: int) -> str | BaseResponse:
    """One submission as its author sees it: state, deadline, checks, remarks, letters; or only how the checks go, for the page's script."""
    submission = _own(submission_id)
    if submission.state == State.DRAFT:
        return redirect(url_for("cabinet.edit", submission_id=submission.id))
    progress = _progress(submission)
    if "part" in request.args:
        return renewed(render_template("cabinet/progress.html", **progress))
    return render_template(
        "cabinet/show.html",
        **progress,
        remarks=list(submission.remarks.order_by(Remark.position)),
        decision=submission.decisions.first(),
        timeline=_timeline(submission),
        letters=list(Mail.select().where((Mail.submission_id == submission.id) & (Mail.recipient == current_user.email))),
        newest=_newest(submission),
        rounds=list(Submission.select().where(Submission.listing == submission.listing_id).order_by(Submission.number)),
    )


def _progress(submission: Submission) -> dict[str, Any]:
    """Files and checks, as they are now."""
    checks = current_checks(submission)
    return {
        "submission": submission,
        "artifacts": submission.files,
        "checks": checks,
        "findings": findings.of_checks(checks),
        "words_of": findings.words,
        **previews.trial_files(current_app.extensions["wiring"], checks, language=language(), theme=scheme()),
    }


@blueprint.get("/submissions/<int:submission_id>/checks/<int:check_id>/bundle")
def bundle(submission_id: int, check_id: int) -> Response:
    """What is needed to repeat our trial installation at home."""
    row = previews.bundle_of(check_id, current_checks(_own(submission_id)))
    return sent(row.storage_key, row.name, row.size)


def _newest(submission: Submission) -> Submission:
    rounds = Submission.select().where(Submission.listing == submission.listing_id)
    newest: Submission = rounds.order_by(Submission.number.desc()).get()
    return newest


def _timeline(submission: Submission) -> list[Audit]:
    """What an author may know of the history; never who looked or what staff wrote to each other."""
    rows = Audit.select().where((Audit.submission == submission) & Audit.action.in_(AUTHOR_EVENTS))
    return list(rows.order_by(Audit.at, Audit.id))


@blueprint.post("/submissions/<int:submission_id>/edit")
def renew(submission_id: int) -> BaseResponse:
    """«Редактировать»: the next version, filled in; only what changed has to be uploaded again (A13)."""
    draft = drafts.renew(submission_id, author=current_user, now=utcnow())
    return redirect(url_for("cabinet.edit", submission_id=draft.id))


@blueprint.post("/submissions/<int:submission_id>/withdraw")
def withdraw(submission_id: int) -> BaseResponse:
    """Take back what is not decided."""
    submit.withdraw(submission_id, author=current_user, now=utcnow())
    flash(gettext("The submission has been withdrawn."), "success")
    return redirect(url_for("cabinet.models"))


@blueprint.post("/value-request")
def request_value() -> BaseResponse | tuple[dict[str, str], int]:
    """Ask support for a dictionary value (A6)."""
    people.request_value(
        person=current_user, kind=request.form.get("kind", ""), words=request.form.get("words", ""), now=utcnow()
    )
    text = gettext("The request has been sent to support. For now choose the nearest value.")
    if request.headers.get("X-Requested-With") == "fetch":
        return {"words": text}, 200
    flash(text, "success")
    return redirect(request.referrer or url_for("cabinet.models"))

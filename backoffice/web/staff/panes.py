"""What the two panes of a review can show, and what each looks like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import current_app, render_template
from peewee import JOIN

from backoffice.domain import diffs
from backoffice.i18n import gettext, language
from backoffice.store.audit import Audit
from backoffice.store.checks import Check
from backoffice.store.listings import Submission
from backoffice.store.people import Person
from backoffice.usecases.record_check import current_checks
from backoffice.web import findings, previews, words
from backoffice.web.wording import scheme

CARD = ("description", "characteristics", "requirements")
OTHERS = 50  # submissions of the author that are listed
EVENTS = 200  # of a timeline
SLOTS = ("data_example", "instruction", "terms_of_use", "model_archive")


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing a pane can show. ``group`` is the heading in the menu."""

    name: str
    label: str
    group: str


def choices(submission: Submission, checks: list[Check], previous: Submission | None) -> list[Choice]:
    """Everything there is to show for this submission."""
    card, files = gettext("Card"), gettext("Files")
    found = [Choice(f"card.{name}", words.word(name, "field"), card) for name in CARD]
    found += [Choice(f"file.{a.slot}", words.word(a.slot, "slot"), files) for a in _ordered(submission)]
    found.append(Choice("checks", gettext("Reports of the checks"), gettext("Checks")))
    if any(check.kind == "try_install" for check in checks):
        found.append(Choice("try_install", gettext("Trial installation"), gettext("Checks")))
    if previous:
        was = gettext("Before: version %(number)s", number=previous.number)
        found.append(Choice("diff", gettext("What has changed"), was))
        found += [Choice(f"was.card.{name}", words.word(name, "field"), was) for name in CARD]
        found += [Choice(f"was.file.{a.slot}", words.word(a.slot, "slot"), was) for a in _ordered(previous)]
    around = gettext("Around it")
    found.append(Choice("author", gettext("The author's other models"), around))
    found.append(Choice("history", gettext("History"), around))
    return found


def _ordered(submission: Submission) -> list[Any]:
    return sorted(submission.artifacts, key=lambda artifact: SLOTS.index(artifact.slot))


def presets(offered: list[Choice]) -> list[tuple[str, str, str]]:
    """Pairs under one button: (label, left, right)."""
    names = {choice.name for choice in offered}
    pairs = [
        (gettext("description ↔ data"), "card.description", "file.data_example"),
        (gettext("instruction ↔ archive"), "file.instruction", "file.model_archive"),
        (gettext("terms ↔ archive"), "file.terms_of_use", "file.model_archive"),
        (gettext("characteristics ↔ checks"), "card.characteristics", "checks"),
        (gettext("was ↔ is"), "was.card.description", "card.description"),
    ]
    return [pair for pair in pairs if {pair[1], pair[2]} <= names]


def chosen(offered: list[Choice], previous: Submission | None, left: str | None, right: str | None) -> tuple[str, str]:
    """The pair of the address; without one, the difference for a resubmission, else the description beside the checks."""
    names = {choice.name for choice in offered}
    usual = ("diff", "checks") if previous else ("card.description", "checks")
    return left if left in names else usual[0], right if right in names else usual[1]


def content(name: str, submission: Submission, checks: list[Check], previous: Submission | None) -> str:
    """A pane's HTML."""
    if name.startswith("was.") and previous:
        return content(name.removeprefix("was."), previous, current_checks(previous), None)
    kind, _, which = name.partition(".")
    context: dict[str, Any] = {"submission": submission, "which": which, "checks": checks, "previous": previous}
    maker = {"file": _file, "checks": _checks, "try_install": _checks, "diff": _diff, "author": _author, "history": _history}
    if kind in maker:
        context |= maker[kind](submission, checks, previous, which)
    return render_template(f"staff/review/panes/{kind}.html", **context)


def _file(submission: Submission, checks: list[Check], _previous: Submission | None, which: str) -> dict[str, Any]:
    artifact = next(a for a in submission.artifacts if a.slot == which)
    scan = next((check for check in checks if check.slot == which and check.kind == "scan"), None)
    wiring = current_app.extensions["wiring"]
    url = ""
    if scan and scan.preview and not artifact.blob.quarantined_at:
        url = previews.address(wiring, scan, language=language(), theme=scheme())
    return {"artifact": artifact, "scan": scan, "preview_url": url}


def _checks(submission: Submission, checks: list[Check], _previous: Submission | None, _which: str) -> dict[str, Any]:
    wiring = current_app.extensions["wiring"]
    order = [a.slot for a in _ordered(submission)]
    return {
        "checks": sorted(checks, key=lambda check: (order.index(check.slot), check.kind)),
        "findings": findings.of_checks(checks),
        "words_of": findings.words,
        **previews.trial_files(wiring, checks, language=language(), theme=scheme()),
    }


def _diff(submission: Submission, checks: list[Check], previous: Submission | None, _which: str) -> dict[str, Any]:
    if previous is None:
        return {}
    texts = {name: diffs.words(getattr(previous, name), getattr(submission, name)) for name in ("title", *CARD)}
    before = {a.slot: a for a in previous.artifacts}
    then = {check.slot: check for check in current_checks(previous) if check.kind == "scan"}
    now = {check.slot: check for check in checks if check.kind == "scan"}
    files = []
    for artifact in _ordered(submission):
        old = before.get(artifact.slot)
        same = bool(old and old.blob_id == artifact.blob_id)
        inside = None if same else _inside(then.get(artifact.slot), now.get(artifact.slot))
        files.append((artifact, old, same, inside))
    return {"texts": texts, "files": files}


def _inside(old: Check | None, new: Check | None) -> Any:
    """What differs inside a file, as far as the previews tell: members, columns, or text."""
    if not old or not new or not old.preview or not new.preview:
        return None
    kind = new.preview.get("kind")
    if kind != old.preview.get("kind"):
        return None
    if kind == "tree":
        return ("entries", diffs.entries(_members(old.preview), _members(new.preview)))
    if kind == "table":
        return ("entries", diffs.entries(_columns(old.preview), _columns(new.preview)))
    if kind == "document":
        return ("words", diffs.words(old.preview.get("text") or "", new.preview.get("text") or ""))
    return None


def _members(preview: dict[str, Any]) -> dict[str, str]:
    return {str(e.get("name")): f"{e.get('size', '')} {e.get('crc', '')}".strip() for e in preview.get("entries", [])}


def _columns(preview: dict[str, Any]) -> dict[str, str]:
    return {str(c.get("name")): str(c.get("type", "")) for c in preview.get("columns", [])}


def _author(submission: Submission, _checks: list[Check], _previous: Submission | None, _which: str) -> dict[str, Any]:
    theirs = (Submission.author == submission.author) & Submission.submitted_at.is_null(False)
    others = Submission.select().where(theirs).order_by(Submission.submitted_at.desc()).limit(OTHERS)
    return {"others": list(others), **_told(Submission.select(Submission.id).where(theirs))}


def _history(submission: Submission, _checks: list[Check], _previous: Submission | None, _which: str) -> dict[str, Any]:
    return _told(Submission.select(Submission.id).where(Submission.listing == submission.listing_id))


def _told(submissions: Any) -> dict[str, Any]:
    """The audit rows of several submissions, newest first, and the names of the people they mention by number."""
    rows = list(
        Audit.select(Audit, Person, Submission)
        .join(Person, JOIN.LEFT_OUTER)
        .switch(Audit)
        .join(Submission)
        .where(Audit.submission.in_(submissions))
        .order_by(Audit.at.desc(), Audit.id.desc())
        .limit(EVENTS)
    )
    mentioned = {row.data["to"] for row in rows if isinstance(row.data.get("to"), int)}
    names = {person.id: person.name for person in Person.select(Person.id, Person.name).where(Person.id.in_(list(mentioned)))}
    return {"rows": rows, "names": names}

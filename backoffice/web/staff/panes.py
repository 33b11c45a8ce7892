"""What the two panes of a review can show, and what each looks like (M3).

A name in the address says what: ``card.description``, ``file.instruction``, ``member.model_archive.dir/file``, ``checks``, ``rule.csv.no_header`` …;
``was.`` before it is the same thing of the version before, ``live.`` of the version in the catalog.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask import current_app, render_template
from peewee import JOIN

from backoffice.i18n import gettext, language
from backoffice.store.audit import Audit
from backoffice.store.checks import Check
from backoffice.store.listings import Submission
from backoffice.store.people import Person
from backoffice.usecases import review
from backoffice.usecases.record_check import current_checks
from backoffice.web import findings, previews, words
from backoffice.web.staff import answers, differences
from backoffice.web.staff.differences import CARD, in_order
from backoffice.web.wording import scheme

OTHERS = 50  # submissions of the author that are listed
EVENTS = 200  # of a timeline


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing a pane can show. ``group`` is the heading in the menu."""

    name: str
    label: str
    group: str


@dataclass(frozen=True, slots=True)
class Shelf:
    """Everything a pane may take from: the submission with its checks and findings, the version before, and the one in the catalog.

    ``compared``: it is one of those two itself, which is only looked at.
    """

    submission: Submission
    checks: list[Check]
    previous: Submission | None
    live: Submission | None
    found: Mapping[int, list[Any]]
    compared: bool = False

    def rules(self) -> list[str]:
        """The rules of what was found, each once."""
        return sorted({finding.rule for rows in self.found.values() for finding in rows})


def shelf(submission: Submission) -> Shelf:
    """Read what the panes need."""
    checks, previous, live = current_checks(submission), review.previous_of(submission), review.published_of(submission)
    return Shelf(submission, checks, previous, None if live == previous else live, findings.of_checks(checks))


def choices(one: Shelf) -> list[Choice]:
    """Everything there is to show for this submission."""
    around = gettext("Around it")
    found = [Choice("outline", gettext("Outline"), gettext("At a glance"))]
    if one.previous:
        found.append(Choice("diff", gettext("What has changed"), gettext("At a glance")))
    headings = (gettext("Card"), gettext("Files"), gettext("Inside the archives"), gettext("Checks"))
    found += _things(one.submission, one.checks, "", headings)
    found += [Choice(f"rule.{name}", findings.title(name), gettext("Rules of what was found")) for name in one.rules()]
    for prefix, other, heading in (
        ("was.", one.previous, gettext("Before: version %(number)s", number=one.previous.number if one.previous else 0)),
        ("live.", one.live, gettext("In the catalog: version %(number)s", number=one.live.number if one.live else 0)),
    ):
        if other:
            found += _things(other, current_checks(other), prefix, (heading,) * 4)
    found.append(Choice("checklist", gettext("Checklist"), around))
    found.append(Choice("author", gettext("The author's other models"), around))
    found.append(Choice("history", gettext("History"), around))
    return found


def _things(submission: Submission, checks: list[Check], prefix: str, headings: tuple[str, str, str, str]) -> Iterator[Choice]:
    card, files, inside, reports = headings
    for name in (*CARD, "classification"):
        yield Choice(f"{prefix}card.{name}", words.word(name, "field"), card)
    for artifact in in_order(submission):
        yield Choice(f"{prefix}file.{artifact.slot}", words.word(artifact.slot, "slot"), files)
    for check in checks:
        for member in _members(check):
            yield Choice(f"{prefix}member.{check.slot}.{member}", member, inside)
    yield Choice(f"{prefix}checks", gettext("Reports of the checks"), reports)
    if any(check.kind == "try_install" for check in checks):
        yield Choice(f"{prefix}try_install", gettext("Trial installation"), reports)


def _members(check: Check) -> list[str]:
    preview: dict[str, Any] = check.preview or {}
    return [str(row["name"]) for row in preview.get("members", [])] if check.kind == "scan" else []


def menu(offered: list[Choice]) -> list[tuple[str, list[Choice]]]:
    """The choices under their headings, both in the order in which they are offered."""
    headings = dict.fromkeys(choice.group for choice in offered)
    return [(heading, [choice for choice in offered if choice.group == heading]) for heading in headings]


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


def chosen(offered: list[Choice], left: str | None, right: str | None) -> tuple[str, str]:
    """The pair of the address; without one, the difference of a resubmission or the outline of a first one, beside the checks."""
    names = {choice.name for choice in offered}
    usual = ("diff" if "diff" in names else "outline", "checks")
    return left if left in names else usual[0], right if right in names else usual[1]


def content(name: str, one: Shelf) -> str:
    """A pane's HTML."""
    for prefix, other in (("was.", one.previous), ("live.", one.live)):
        if name.startswith(prefix) and other:
            checks = current_checks(other)
            return content(name.removeprefix(prefix), Shelf(other, checks, None, None, findings.of_checks(checks), compared=True))
    kind, _, which = name.partition(".")
    makers: dict[str, Callable[[Shelf, str], dict[str, Any]]] = {
        "card": _card,
        "file": _file,
        "member": _member,
        "checks": _checks,
        "try_install": _checks,
        "outline": _outline,
        "diff": _diff,
        "rule": lambda _one, which: {"page": findings.rule_page(which, language())},
        "checklist": _checklist,
        "author": _author,
        "history": _history,
    }
    context: dict[str, Any] = {"submission": one.submission, "which": which, "checks": one.checks, "previous": one.previous}
    context |= makers[kind](one, which)
    return render_template(f"staff/review/panes/{kind}.html", **context)


def _card(one: Shelf, which: str) -> dict[str, Any]:
    return {"values": differences.classification(one.submission)} if which == "classification" else {}


def _file(one: Shelf, which: str) -> dict[str, Any]:
    artifact = next(a for a in one.submission.files if a.slot == which)
    scan = next((check for check in one.checks if check.slot == which and check.kind == "scan"), None)
    url = _preview(scan) if scan and scan.preview and not artifact.blob.quarantined_at else ""
    return {"artifact": artifact, "scan": scan, "preview_url": url}


def _member(one: Shelf, which: str) -> dict[str, Any]:
    slot, _, name = which.partition(".")
    scan = next(check for check in one.checks if check.slot == slot and name in _members(check))
    return {"name": name, "slot": slot, "preview_url": "" if scan.blob.quarantined_at else _preview(scan, name)}


def _preview(scan: Check, member: str = "") -> str:
    return previews.address(current_app.extensions["wiring"], scan, language=language(), theme=scheme(), member=member)


def _checks(one: Shelf, _which: str) -> dict[str, Any]:
    wiring = current_app.extensions["wiring"]
    order = [a.slot for a in in_order(one.submission)]
    return {
        "checks": sorted(one.checks, key=lambda check: (order.index(check.slot), check.kind)),
        "findings": one.found,
        "compared": one.compared,
        "words_of": findings.words,
        "why_of": findings.why,
        "told": findings.told,
        **previews.trial_files(wiring, one.checks, language=language(), theme=scheme()),
    }


def _outline(one: Shelf, _which: str) -> dict[str, Any]:
    scans = {check.slot: check for check in one.checks if check.kind == "scan"}
    return {
        "card": CARD,
        "values": differences.classification(one.submission),
        "files": [(artifact, scans.get(artifact.slot)) for artifact in in_order(one.submission)],
        "shape": differences.shape,
        "doubts": [point for point, told in review.hints(one.submission, one.checks, one.found) if told and told.answer == "no"],
        "worst": [finding for rows in one.found.values() for finding in rows if finding.severity == "requirement"][:20],
        "words_of": findings.words,
    }


def _diff(one: Shelf, _which: str) -> dict[str, Any]:
    before = one.previous
    if before is None:
        return {}
    return {
        "texts": differences.texts(before, one.submission),
        "reclassified": differences.reclassified(before, one.submission),
        "files": differences.files(before, current_checks(before), one.submission, one.checks),
    }


def _checklist(one: Shelf, _which: str) -> dict[str, Any]:
    rows = answers.rows(one.submission, one.checks, one.found, one.submission.decisions.first())
    return {"rows": rows, "answers": answers.ANSWERS, "closed": answers.closed(one.submission)}


def _author(one: Shelf, _which: str) -> dict[str, Any]:
    theirs = (Submission.author == one.submission.author) & Submission.submitted_at.is_null(False)
    others = Submission.select().where(theirs).order_by(Submission.submitted_at.desc()).limit(OTHERS)
    return {"others": list(others), **_told(Submission.select(Submission.id).where(theirs))}


def _history(one: Shelf, _which: str) -> dict[str, Any]:
    return _told(Submission.select(Submission.id).where(Submission.listing == one.submission.listing_id))


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

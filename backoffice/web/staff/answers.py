"""The checklist as a page shows it: every point, its answer, and who gave it (M3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backoffice import canned
from backoffice.domain.checklist import Evidence, Point
from backoffice.domain.states import UNDER_MODERATION
from backoffice.i18n import gettext, lazy, ngettext
from backoffice.store.checks import Check
from backoffice.store.listings import Submission
from backoffice.store.moderation import Decision
from backoffice.usecases import review
from backoffice.web import findings

ANSWERS = {"yes": lazy("Yes"), "no": lazy("No"), "na": lazy("N/a")}
_WHY = {
    "mentioned": lazy("“%(detail)s” is mentioned"),
    "not_mentioned": lazy("the words it looked for are not there"),
    "format_named": lazy("the format %(detail)s is named"),
    "format_not_named": lazy("the format %(detail)s is not named"),
    "declared_and_found": lazy("it is declared, and the archive holds %(detail)s"),
    "declared_not_found": lazy("“%(detail)s” is declared, the archive holds nothing of the kind"),
    "found_not_declared": lazy("the archive holds %(detail)s, which is not declared"),
    "other_format": lazy("the question is not about files of type %(detail)s"),
    "try_install_works": lazy("the trial installation worked"),
    "try_install_fails": lazy("the trial installation failed"),
    "finding": lazy("finding: %(detail)s"),
    "no_finding": lazy("the checks found nothing against it"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One point. ``machine``: what the machine answered, empty when it did not; ``why``: from what; ``own``: the moderator's in the record."""

    point: Point
    machine: str = ""
    why: str = ""
    own: str = ""


def rows(
    submission: Submission, checks: Sequence[Check], found: Mapping[int, Sequence[Any]], decision: Decision | None = None
) -> list[Row]:
    """The checklist with the machine's answers; of a decided submission as it stands in the record."""
    if decision:
        kept = decision.machine_answers
        return [Row(point, kept.get(point.id, ""), own=decision.checklist.get(point.id, "")) for point in canned.checklist()]
    hints = review.hints(submission, checks, found)
    return [Row(point, told.answer, _why(told)) if told else Row(point) for point, told in hints]


def closed(submission: Submission) -> bool:
    """Whether nothing is to be answered any more."""
    return submission.state not in UNDER_MODERATION


def _why(told: Evidence) -> str:
    """From what the machine concluded, in the reader's language."""
    if told.reason == "length":
        return ngettext("%(num)s character", "%(num)s characters", int(told.detail))
    detail = findings.title(told.detail) if told.reason == "finding" else told.detail
    return gettext(_WHY[told.reason], detail=detail)

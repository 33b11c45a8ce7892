"""How it went: the past weeks as charts (M9)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date

from babel.dates import format_date, get_day_names

from backoffice import canned
from backoffice.i18n import gettext, language
from backoffice.usecases.history import Spread, Week
from backoffice.web import findings
from backoffice.web.staff.charts import Chart, Series
from backoffice.web.words import word

MOST_REASONS = 10


def charts(weeks: Sequence[Week]) -> list[Chart]:
    """All of them, in the order of the page."""
    return [
        _kept(weeks),
        _throughput(weeks),
        _hours("decision", gettext("Working hours to the decision"), weeks, lambda week: week.to_decision),
        _hours("first-look", gettext("Working hours to the first look"), weeks, lambda week: week.to_first_look),
        _hours(
            "publication",
            gettext("Working hours from the first submission to publication"),
            weeks,
            lambda week: week.to_publication,
        ),
        _weekdays(weeks),
        _reasons(weeks),
        _rounds(weeks),
    ]


def _labels(weeks: Sequence[Week]) -> list[str]:
    return [_day(week.monday) for week in weeks]


def _day(value: date) -> str:
    return format_date(value, "d MMM", locale=language()).rstrip(".")


def _kept(weeks: Sequence[Week]) -> Chart:
    return Chart(
        name="deadlines-kept",
        title=gettext("Deadlines kept, % by week"),
        words=gettext("The share of the week's decisions that were made before the deadline."),
        labels=_labels(weeks),
        series=[Series(gettext("Kept"), [week.kept_percent for week in weeks], "line")],
        extra=[
            Series(gettext("Decisions"), [week.decided for week in weeks]),
            Series(gettext("Late"), [week.late for week in weeks]),
        ],
        unit=" %",
        top=100.0,
        axis=gettext("Week from"),
    )


def _throughput(weeks: Sequence[Week]) -> Chart:
    return Chart(
        name="throughput",
        title=gettext("Submitted and decided by week"),
        words=gettext("When more is submitted than decided, the queue grows."),
        labels=_labels(weeks),
        series=[
            Series(gettext("Submissions"), [week.submitted for week in weeks]),
            Series(gettext("Decisions"), [week.decided for week in weeks]),
        ],
        extra=[
            Series(gettext("Publications"), [week.published for week in weeks]),
            Series(gettext("Returns"), [week.returned for week in weeks]),
            Series(gettext("Rejections"), [week.rejected for week in weeks]),
        ],
        axis=gettext("Week from"),
    )


def _hours(name: str, title: str, weeks: Sequence[Week], of: Callable[[Week], Spread]) -> Chart:
    spreads = [of(week) for week in weeks]
    return Chart(
        name=f"hours-to-{name}",
        title=title,
        words=gettext("Half of the submissions were faster than the median, nine of ten faster than the upper line."),
        labels=_labels(weeks),
        series=[
            Series(gettext("Median"), [spread.median if spread.count else None for spread in spreads], "line"),
            Series(gettext("Nine of ten"), [spread.p90 if spread.count else None for spread in spreads], "dashes"),
        ],
        extra=[
            Series(gettext("Longest"), [spread.max if spread.count else None for spread in spreads]),
            Series(gettext("How many"), [spread.count for spread in spreads]),
        ],
        axis=gettext("Week from"),
    )


def _weekdays(weeks: Sequence[Week]) -> Chart:
    names = get_day_names("abbreviated", locale=language())
    sums = [float(sum(week.by_weekday[n] for week in weeks)) for n in range(7)]
    return Chart(
        name="weekdays",
        title=gettext("Decisions by weekday"),
        words=gettext("All decisions of the weeks shown."),
        labels=[names[n] for n in range(7)],
        series=[Series(gettext("Decisions"), sums)],
        axis=gettext("Weekday"),
    )


def _reasons(weeks: Sequence[Week]) -> Chart:
    total: Counter[str] = Counter()
    for week in weeks:
        total.update(week.reasons)
    found = total.most_common(MOST_REASONS)
    return Chart(
        name="return-reasons",
        title=gettext("Reasons for return"),
        words=gettext("What the requirements in returned submissions were about."),
        labels=[reason_words(name) for name, _ in found],
        series=[Series(gettext("Remarks"), [float(count) for _, count in found])],
        axis=gettext("Reason"),
        kind="list",
    )


def reason_words(name: str) -> str:
    """The words of a template, a rule, a field or a slot that a remark was about."""
    for template in canned.remark_templates():
        if template.id == name and template.language == language():
            return template.title
    for table in ("field", "slot"):
        if (text := word(name, table)) != name:
            return text
    return gettext("Other") if name == "other" else findings.title(name)


def _rounds(weeks: Sequence[Week]) -> Chart:
    total: Counter[str] = Counter()
    for week in weeks:
        total.update(week.rounds)
    rounds = sorted(total, key=int)
    return Chart(
        name="rounds",
        title=gettext("Rounds before publication"),
        words=gettext("How many submissions it took since the listing’s last publication."),
        labels=rounds,
        series=[Series(gettext("Publications"), [float(total[each]) for each in rounds])],
        axis=gettext("Round"),
    )

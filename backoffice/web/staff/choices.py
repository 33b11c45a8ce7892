"""What the filters of the queue offer, and the words of a filter that is set."""

from __future__ import annotations

from typing import Any

from backoffice.domain.priority import Reason
from backoffice.domain.states import DECIDED, UNDER_MODERATION, State
from backoffice.i18n import gettext, language, lazy, ngettext
from backoffice.store.listings import DictionaryValue
from backoffice.store.people import Person, PersonRole, Role
from backoffice.web.staff.asked import Asked
from backoffice.web.words import word

Options = list[tuple[Any, str]]
OUTCOMES = {
    "reject": lazy("Checks: rejecting finding"),
    "warn": lazy("Checks: there are findings"),
    "error": lazy("Checks: something could not be checked"),
    "pass": lazy("Checks: no findings"),
}
AGES = (1, 3, 7, 14, 30)  # days
_STATES = {"all": (*UNDER_MODERATION, *DECIDED, State.WITHDRAWN), "today": DECIDED}  # every other tab has but one


def moderators() -> list[Person]:
    """Everybody who may be given a submission, by name."""
    staff = PersonRole.select(PersonRole.user).join(Role).where(Role.name.in_(["moderator", "lead"]))
    return list(Person.select().where(Person.active == True, Person.id.in_(staff)).order_by(Person.name))  # noqa: E712


def offered(wanted: Asked) -> dict[str, Any]:
    """Everything the filters need: three queries."""
    values: dict[str, Options] = {"industry": [], "technology": [], "effect": []}
    for value in DictionaryValue.select().order_by(DictionaryValue.position, DictionaryValue.ru):
        values[value.kind].append((value.id, getattr(value, language())))
    people = moderators()
    author = Person.get_or_none(Person.id == wanted.filters.author) if wanted.filters.author else None
    return {
        "moderators": people,
        "moderator_options": [(person.id, person.name) for person in people],
        "value_options": values,
        "reason_options": [(str(reason), word(reason, "reason").capitalize()) for reason in Reason],
        "outcome_options": [(name, gettext(text)) for name, text in OUTCOMES.items()],
        "age_options": [(days, age_words(days)) for days in AGES],
        "state_options": [(str(state), word(state, "state")) for state in _STATES.get(wanted.tab, ())],
        "author": author,
    }


def age_words(days: int) -> str:
    """«Подана не меньше трёх дней назад», in short."""
    return ngettext("Submitted %(num)s day ago or earlier", "Submitted %(num)s days ago or earlier", days)


def filter_words(name: str, value: str) -> str:
    """What stands on the chip of a filter that is set."""
    if name == "q":
        return f"«{value}»" if language() == "ru" else f"“{value}”"
    if name in ("reason", "state"):
        return word(value, name)
    if name == "outcome":
        return gettext(OUTCOMES[value])
    if name == "age":
        return age_words(int(value))
    if name in ("author", "moderator"):
        person = Person.get_or_none(Person.id == int(value))
        label = gettext("Author") if name == "author" else gettext("Moderator")
        return f"{label}: {person.name if person else value}"
    picked = DictionaryValue.get_or_none(DictionaryValue.id == int(value))
    return str(getattr(picked, language())) if picked else value

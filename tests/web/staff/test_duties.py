"""Shifts, days away and skills: a lead says them, the desk goes by them (M9)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backoffice.clock import utcnow
from backoffice.store.audit import Audit
from backoffice.store.listings import DictionaryValue
from backoffice.store.people import Person
from backoffice.usecases import team
from tests.usecases.office import Office
from tests.web.staff.conftest import SignIn, Visitor


@pytest.fixture
def lida(office: Office, sign_in: SignIn) -> Visitor:
    return sign_in(office.lida)


def load(office: Office) -> team.Load:
    return next(each for each in team.loads(now=utcnow()) if each.person.id == office.vera.id)


def every_day(since: str = "10:00", until: str = "00:00") -> dict[str, str]:
    return {f"{edge}-{n}": value for n in range(7) for edge, value in (("from", since), ("until", until))}


def test_what_is_said_is_kept_shown_and_gone_by(office: Office, lida: Visitor) -> None:
    skill = DictionaryValue.select().where(DictionaryValue.kind == "technology").first()
    path = f"/staff/duties/{office.vera.id}"
    assert f'href="{path}"' in lida.page("/staff/desk/people")
    lida.post(path, data=every_day() | {"capacity": "7", "skill": str(skill.id)})
    vera = Person.get_by_id(office.vera.id)
    assert vera.weekly_shifts == [[n, "10:00", "24:00"] for n in range(7)]
    assert (vera.skills, vera.capacity, load(office).hours) == ([skill.id], 7, ((10 / 24, 1.0),))
    page = lida.page(path)
    assert page.count('value="10:00"') == 7 and f'value="{skill.id}" checked' in page
    today = utcnow().date()
    away = {"first": str(today - timedelta(days=1)), "last": str(today + timedelta(days=1)), "reason": "отпуск"}
    lida.post(path, data=every_day() | away | {"capacity": "7", "skill": str(skill.id)})
    assert load(office).away == "отпуск" and load(office).hours == ()
    told = [sorted(row.data) for row in Audit.select().where(Audit.action == "person_changed").order_by(Audit.id)][-2:]
    assert told == [["capacity", "skills", "subject", "weekly_shifts"], ["away", "subject"]]


def test_a_shift_with_a_break_is_kept_shown_and_gone_by(office: Office, lida: Visitor) -> None:
    path = f"/staff/duties/{office.vera.id}"
    parts = {f"from-{n}": ["14:00", "09:00"] for n in range(7)} | {f"until-{n}": ["18:00", "13:00"] for n in range(7)}
    lida.post(path, data=parts | {"capacity": "20"})
    assert Person.get_by_id(office.vera.id).weekly_shifts == [
        [n, *edges] for n in range(7) for edges in (("09:00", "13:00"), ("14:00", "18:00"))
    ]
    assert load(office).hours == ((9 / 24, 13 / 24), (14 / 24, 18 / 24))
    assert "09:00–13:00, 14:00–18:00" in lida.page("/staff/desk/people")
    page = lida.page(path)
    assert [page.count(f'value="{each}"') for each in ("09:00", "13:00", "14:00", "18:00")] == [7, 7, 7, 7]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"from-1": "18:00", "until-1": "09:00"}, "Смена должна"),
        ({"from-1": "18:00", "until-1": ""}, "Смена должна"),
        ({"from-1": ["09:00", "12:00"], "until-1": ["13:00", "18:00"]}, "пересекаются"),
        ({"from-1": ["14:00", "09:00"], "until-1": ["18:00", ""]}, "Смена должна"),
        ({"from-1": "soon", "until-1": "later"}, "Смена должна"),
        ({"first": "2026-11-30", "last": "2026-11-01", "reason": ""}, "первый и последний день"),
        ({"first": "2026-11-30", "last": "", "reason": ""}, "первый и последний день"),
        ({"capacity": "-1"}, "до 500"),
        ({"capacity": "x"}, "до 500"),
    ],
)
def test_nonsense_is_refused_with_words(office: Office, lida: Visitor, change: dict[str, str | list[str]], words: str) -> None:
    path = f"/staff/duties/{office.vera.id}"
    came_from = {"Referer": "http://localhost/staff/desk/people"}
    assert lida.post(path, data={"capacity": "20"} | change, headers=came_from).status_code == 302
    assert words in lida.page("/staff/desk/people")
    vera = Person.get_by_id(office.vera.id)
    assert (vera.weekly_shifts, vera.away, vera.capacity) == ([], [], 20)


def test_only_leads_and_only_of_moderators(office: Office, sign_in: SignIn, lida: Visitor) -> None:
    assert lida.get(f"/staff/duties/{office.anna.id}").status_code == 404
    assert lida.get("/staff/duties/999").status_code == 404
    assert sign_in(office.vera).get(f"/staff/duties/{office.vera.id}").status_code == 403
    assert lida.post(f"/staff/duties/{office.vera.id}", data={"capacity": "20"}).status_code == 302
    assert "Ничего не изменилось" in lida.page("/staff/desk/people")

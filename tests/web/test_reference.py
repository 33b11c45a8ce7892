"""Reference tables and logs: who changes what is written down, and nothing that has a history is deleted."""

from __future__ import annotations

import pytest

from backoffice.store.audit import Audit
from backoffice.store.listings import DictionaryValue
from backoffice.store.people import Person
from tests.usecases.office import Office
from tests.web.conftest import SignIn

TABLES = (
    "dictionaries",
    "templates",
    "people",
    "endpoints",
    "value-requests",
    "full-versions",
    "audit",
    "letters",
    "hooks",
    "dead",
)
READ_ONLY = ("audit", "letters", "hooks", "dead")


def test_a_new_value_is_written_down_with_its_author(office: Office, sign_in: SignIn) -> None:
    form = {"kind": "industry", "ru": "Пчеловодство", "en": "Beekeeping", "active": "y", "position": "99"}
    answer = sign_in(office.lida).post("/staff/dictionaries/new/", data=form)
    assert answer.status_code == 302, answer.text[-3000:]
    value = DictionaryValue.get(DictionaryValue.ru == "Пчеловодство")
    row = Audit.select().where(Audit.action == "setting_changed").get()
    assert (row.person_id, row.data["row"], row.data["new"]) == (office.lida.id, value.id, True)


def test_only_an_administrator_gives_roles(office: Office, sign_in: SignIn) -> None:
    form = {"name": "Глеб", "active": "y", "capacity": "20", "role_names": ["moderator", "lead"]}
    address = f"/staff/people/edit/?id={office.gleb.id}"
    sign_in(office.lida).post(address, data=form)
    assert Person.get_by_id(office.gleb.id).role_names() == {"moderator"}
    answer = sign_in(office.zahar).post(address, data=form)
    assert answer.status_code == 302, answer.text[-3000:]
    assert Person.get_by_id(office.gleb.id).role_names() == {"moderator", "lead"}
    assert Audit.select().where((Audit.action == "person_changed") & (Audit.person == office.zahar)).count() == 1


@pytest.mark.parametrize("table", TABLES)
def test_nothing_is_deleted(office: Office, sign_in: SignIn, table: str) -> None:
    office.person("Оба", "admin")
    for who in (office.lida, office.zahar):
        before = (Person.select().count(), DictionaryValue.select().count())
        answer = sign_in(who).post(f"/staff/{table}/delete/", data={"id": "1"})
        assert answer.status_code in (302, 403)
        assert (Person.select().count(), DictionaryValue.select().count()) == before


@pytest.mark.parametrize("table", READ_ONLY)
def test_logs_are_only_read(office: Office, sign_in: SignIn, table: str) -> None:
    lead = sign_in(office.lida)
    assert lead.get(f"/staff/{table}/").status_code == 200
    for page in ("new/", "edit/?id=1"):
        assert lead.get(f"/staff/{table}/{page}").status_code in (302, 403, 404)

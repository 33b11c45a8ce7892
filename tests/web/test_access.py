"""Who gets where: every endpoint is listed, and what is not listed is closed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from werkzeug.routing import Rule

from backoffice.store.people import Person
from backoffice.web import access
from backoffice.web.staff.base import STAFF
from tests.usecases.market import Market
from tests.usecases.office import Office
from tests.web.conftest import SignIn

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

OPEN_TO_ALL = {
    "static",
    "security.static",
    "catalog.index",
    "catalog.model",
    "catalog.download",
    "catalog.full_version",
    "catalog_hook.receive",
    "pages.home",
    "pages.choose_language",
    "pages.rules",
    "pages.rule",
    "pages.health",
    "pages.live",
    "security.login",
    "security.logout",
    "security.register",
    "security.forgot_password",
    "security.reset_password",
    "security.change_password",  # Flask-Security asks for a signed-in person itself
    "security.verify",
}
SAMPLE = {"_Id": "1", "IntegerConverter": "1", "Part": "x", "UnicodeConverter": "x", "PathConverter": "x"}


def path(rule: Rule) -> str:
    """An address of the rule, filled with samples."""
    filled = {name: SAMPLE[type(converter).__name__] for name, converter in rule._converters.items()}
    built = rule.build(filled, append_unknown=False)
    assert built
    return str(built[1])


def rules(app: Flask) -> Iterator[tuple[Rule, str]]:
    for rule in app.url_map.iter_rules():
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
            yield rule, method


def test_every_endpoint_asks_for_a_role_or_is_listed_here_as_public(app: Flask) -> None:
    public = set()
    for endpoint in {rule.endpoint for rule in app.url_map.iter_rules()}:
        roles = access.needed(app, endpoint)
        assert roles is not None, f"nobody may open {endpoint}: list its room"
        if not roles:
            public.add(endpoint)
    assert public == OPEN_TO_ALL


def test_staff_endpoints_are_open_to_staff_alone(app: Flask) -> None:
    for rule, _method in rules(app):
        if rule.rule.startswith("/staff"):
            assert access.needed(app, rule.endpoint) <= STAFF, rule


def test_an_endpoint_that_nobody_listed_is_closed_even_to_an_administrator(app: Flask, office: Office, sign_in: SignIn) -> None:
    app.add_url_rule("/forgotten", endpoint="forgotten", view_func=lambda: "open")
    assert sign_in(office.zahar).get("/forgotten").status_code == 403
    assert app.test_client().get("/forgotten").status_code == 403


@pytest.mark.parametrize("who", ["anna", "vera", "lida", "zahar"])
def test_each_role_is_refused_everything_that_is_not_its_own(app: Flask, office: Office, sign_in: SignIn, who: str) -> None:
    person: Person = getattr(office, who)
    visitor, refused = sign_in(person), 0
    for rule, method in rules(app):
        needed = access.needed(app, rule.endpoint)
        if needed and not needed & person.role_names():
            answer = visitor.open(path(rule), method=method)
            assert answer.status_code == 403, (who, method, rule.rule, answer.status_code)
            refused += 1
    assert refused > 10


def test_an_author_is_refused_every_staff_endpoint(app: Flask, office: Office, sign_in: SignIn) -> None:
    author = sign_in(office.anna)
    staff = [(rule, method) for rule, method in rules(app) if rule.rule.startswith("/staff")]
    assert len(staff) > 40
    for rule, method in staff:
        assert author.open(path(rule), method=method).status_code == 403, rule


@pytest.mark.parametrize("number", [2**31, 10**30])
def test_a_number_that_fits_no_column_names_nothing(app: Flask, office: Office, sign_in: SignIn, number: int) -> None:
    for path in (f"/staff/review/{number}", f"/staff/queue/{number}/deadline", f"/models/{number}"):
        assert sign_in(office.lida).get(path).status_code == 404


def test_a_stranger_is_asked_to_sign_in_and_comes_back_to_the_page(app: Flask) -> None:
    stranger = app.test_client()
    for rule, method in rules(app):
        if not access.needed(app, rule.endpoint):
            continue
        answer = stranger.open(path(rule), method=method)
        if method == "GET":
            assert answer.status_code == 302, rule
            assert answer.location.startswith("/login?next="), rule
        else:
            assert answer.status_code == 401, rule
    assert stranger.get("/staff/queue/", headers={"HX-Request": "true"}).status_code == 401


def test_someone_who_may_no_longer_sign_in_is_out_at_once(app: Flask, office: Office, sign_in: SignIn) -> None:
    visitor = sign_in(office.vera)
    assert visitor.get("/staff/queue/").status_code == 200
    Person.update(active=False).where(Person.id == office.vera.id).execute()
    assert visitor.get("/staff/queue/").status_code == 302


def test_nobody_sees_another_authors_submission(market: Market, sign_in: SignIn) -> None:
    boris = market.person("Борис", "author")
    draft, sent = market.draft(), market.awaiting()
    stranger = sign_in(boris)
    for address in (f"/cabinet/submissions/{draft.id}/edit", f"/cabinet/submissions/{sent.id}"):
        assert stranger.get(address).status_code == 404
    assert stranger.delete(f"/cabinet/submissions/{draft.id}/files/instruction").status_code == 404
    assert stranger.post(f"/cabinet/submissions/{draft.id}/submit").status_code == 404
    assert stranger.post(f"/cabinet/submissions/{sent.id}/withdraw").status_code == 404
    assert draft.artifacts.count() == 4


def test_signing_in_never_leads_to_another_site(app: Flask, market: Market) -> None:
    word = "верный пароль"  # «й» has two spellings in Unicode
    done = app.test_cli_runner().invoke(args=["people", "password", market.anna.email], input=f"{word}\n{word}\n")
    assert done.exit_code == 0, done.output
    form = {"email": market.anna.email, "password": word}
    for target in ("https://evil.example/", "//evil.example/", "/\\evil.example", "/cabinet/models"):
        answer = app.test_client().post("/login", query_string={"next": target}, data=form)
        if answer.status_code == 302:  # else refused with words
            assert answer.location[0] == "/" and answer.location[1] not in "/\\", target
    assert answer.location == "/cabinet/models"
    assert answer.status_code == 302, answer.text[-4000:]


def test_a_form_without_the_token_of_its_page_changes_nothing(app: Flask, market: Market, sign_in: SignIn) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    waiting = market.awaiting()
    vera = sign_in(market.vera)
    answer = vera.post(f"/staff/review/{waiting.id}/take")
    assert answer.status_code == 400
    assert "Перезагрузите" in answer.text or "Обновите" in answer.text
    assert vera.put(f"/staff/review/{waiting.id}/draft", json={}).status_code == 400
    assert type(waiting).get_by_id(waiting.id).claimant is None

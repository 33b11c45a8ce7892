"""The queue as a moderator and a lead use it (M3)."""

from __future__ import annotations

import csv
import re
from datetime import timedelta
from html import unescape
from io import StringIO

import pytest

from backoffice.clock import utcnow
from backoffice.store.audit import Audit
from backoffice.store.base import db
from backoffice.store.listings import Submission
from backoffice.store.moderation import InAppNotice, ReviewDraft, SavedView, Skip
from backoffice.store.people import Person
from backoffice.store.queues import TABS
from tests.store.test_queues import counted
from tests.usecases.office import Office, again
from tests.web.staff.conftest import SignIn

QUEUE = "/staff/queue/"
LEASE = {"claim_expires_at": utcnow() + timedelta(hours=10), "claimed_at": utcnow(), "claim_token": "жетон"}


def titles(page: str) -> list[str]:
    return [unescape(text).strip() for text in re.findall(r'class="title"[^>]*>([^<]*)</a>', page)]


def number(page: str, tab: str) -> int:
    found = re.search(rf'id="tab-{tab}".*?tab-count">(\d+)', page, re.S)
    assert found
    return int(found[1])


@pytest.fixture
def full(office: Office) -> Office:
    now = utcnow()
    office.submission("свободная", submitted_at=now)
    office.submission("давняя", submitted_at=now - timedelta(days=9), infected=True, worst_finding="reject", number=2)
    office.submission("моя", claimant=office.vera, **LEASE)
    office.submission("назначена мне", assignee=office.vera)
    office.submission("у Глеба", claimant=office.gleb, **LEASE)
    office.submission("остановлена", on_hold=True, deadline_at=None)
    office.submission("проверяется", state="checking")
    office.submission("у автора", state="returned", decided_at=now - timedelta(days=3))
    office.submission("решена", state="published", decided_at=now)
    return office


@pytest.mark.parametrize("who", ["vera", "lida"])
@pytest.mark.parametrize("query", [{}, {"q": "моя"}, {"reason": "infected"}, {"far": "1"}, {"age": "3"}])
def test_each_tabs_number_is_the_number_of_its_rows(full: Office, sign_in: SignIn, who: str, query: dict[str, str]) -> None:
    visitor = sign_in(getattr(full, who))
    for tab in TABS:
        page = visitor.page(QUEUE, tab=tab, **query)
        assert number(page, tab) == len(titles(page)), tab


@pytest.mark.parametrize("who", ["vera", "lida"])
@pytest.mark.parametrize("query", [{"age": "1"}, {"state": "awaiting_review"}], ids=str)
def test_a_number_that_a_page_does_not_wait_for_comes_after_it(
    full: Office, sign_in: SignIn, who: str, query: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = sign_in(getattr(full, who))
    first = visitor.page(QUEUE, tab="free", **query)
    exact = {tab: number(first, tab) for tab in TABS}
    monkeypatch.setattr("backoffice.store.queues.MOST", 0)
    page = visitor.page(QUEUE, tab="free", **query)
    assert 'data-count="all"' in page
    assert titles(page) == titles(first)
    assert ("не показаны" in page) == (who == "vera")  # a lead sees everything
    answer = visitor.get(f"{QUEUE}numbers", query_string=query).json
    assert {tab: int(answer[tab]) for tab in TABS} == exact
    assert (answer["later"] == "") == (who == "lida" or "age" in query)
    plain = visitor.page(QUEUE, tab="free", dear="1", **query)  # the link where there are no scripts
    assert {tab: number(plain, tab) for tab in TABS} == exact
    assert answer["later"] in plain


def test_a_moderator_lands_on_what_is_theirs_and_on_the_free_ones_otherwise(full: Office, sign_in: SignIn) -> None:
    assert titles(sign_in(full.vera).page(QUEUE)) == ["моя", "назначена мне"]
    assert "давняя" in titles(sign_in(full.lida).page(QUEUE))


def test_a_moderator_sees_two_working_days_ahead_and_a_lead_everything(full: Office, sign_in: SignIn) -> None:
    near = sign_in(full.vera).page(QUEUE, tab="free")
    assert "свободная" not in titles(near)
    assert 'id="later"' in near
    assert "свободная" in titles(sign_in(full.vera).page(QUEUE, tab="free", far="1"))
    assert "свободная" in titles(sign_in(full.lida).page(QUEUE, tab="free"))


def test_reasons_and_time_left_stand_there_in_words(full: Office, sign_in: SignIn) -> None:
    page = sign_in(full.lida).page(QUEUE, tab="free")
    row = page[page.index("давняя") :]
    for words in ("просрочена", "находка антивируса", "повторная подача", "почему?"):
        assert words in row
    assert "часы остановлены" in page
    assert "осталось" in page


@pytest.mark.parametrize("tab", TABS)
def test_the_number_of_queries_does_not_grow(office: Office, sign_in: SignIn, tab: str) -> None:
    visitor = sign_in(office.lida)
    visitor.page("/staff/queue/rows", tab=tab)  # what is looked up once
    with counted(db.obj) as few:
        visitor.page(QUEUE, tab=tab)
    states = {"checking": "checking", "authors": "returned", "today": "published"}
    now = utcnow()
    for n in range(40):
        row = office.submission(f"м{n}", state=states.get(tab, "awaiting_review"), decided_at=now)
        if tab in ("mine", "others"):
            Submission.update(assignee=office.lida if tab == "mine" else office.gleb).where(Submission.id == row.id).execute()
    with counted(db.obj) as many:
        page = visitor.page(QUEUE, tab=tab)
    assert len(titles(page)) == 40
    assert len(few) == len(many) <= 20


def test_the_live_part_answers_304_until_something_changes(full: Office, sign_in: SignIn) -> None:
    visitor = sign_in(full.lida)
    first = visitor.get("/staff/queue/rows?tab=all")
    assert first.status_code == 200
    assert "csrf" not in first.text
    tag = {"If-None-Match": first.headers["ETag"]}
    answers = [visitor.get("/staff/queue/rows?tab=all", headers=tag) for _ in range(3)]  # a minute may end between two of them
    assert 304 in [answer.status_code for answer in answers]
    full.submission("новая", submitted_at=utcnow())
    fresh = visitor.get("/staff/queue/rows?tab=all", headers=tag)
    assert fresh.status_code == 200
    assert "новая" in titles(fresh.text)


def test_looking_takes_nothing(full: Office, sign_in: SignIn) -> None:
    sign_in(full.vera).page(QUEUE, tab="free", far="1")
    assert Submission.select().where(Submission.claimant == full.vera).count() == 1


def test_two_who_take_the_next_get_two_different_ones(office: Office, sign_in: SignIn) -> None:
    for title in ("первая", "вторая"):
        office.submission(title, submitted_at=utcnow())
    places = [sign_in(person).post("/staff/queue/next").headers["Location"] for person in (office.vera, office.gleb)]
    assert len(set(places)) == 2
    assert all(re.search(r"/staff/review/\d+$", place) for place in places)
    assert sign_in(office.lida).post("/staff/queue/next").headers["Location"] == QUEUE


def test_a_row_is_taken_once(office: Office, sign_in: SignIn) -> None:
    row = office.submission()
    taken = sign_in(office.vera).post(f"/staff/queue/{row.id}/take")
    assert taken.headers["Location"].endswith(f"/staff/review/{row.id}")
    late = sign_in(office.gleb).post(f"/staff/queue/{row.id}/take", headers={"Accept": "application/json"})
    assert late.status_code == 409
    assert "Вера" in late.json["words"]


def test_taking_over_needs_a_reason_and_is_written_down(office: Office, sign_in: SignIn) -> None:
    row = office.submission(claimant=office.vera, **LEASE)
    visitor, where = sign_in(office.gleb), f"/staff/queue/{row.id}/take-over"
    assert visitor.post(where, data={"reason": " "}, headers={"Accept": "application/json"}).status_code == 409
    visitor.post(where, data={"reason": "Вера в отпуске"})
    assert again(row).claimant_id == office.gleb.id
    assert Audit.get(Audit.action == "claim_taken_over").data["reason"] == "Вера в отпуске"


def test_what_is_assigned_to_a_colleague_is_asked_about_first(office: Office, sign_in: SignIn) -> None:
    row = office.submission(assignee=office.vera)
    gleb = sign_in(office.gleb)
    page = gleb.page(QUEUE, tab="others", far="1")
    assert "data-take " not in page
    assert f'data-takeover="/staff/queue/{row.id}/take-over" data-title="Модель" data-by="Назначена: Вера"' in page
    review = gleb.page(f"/staff/review/{row.id}")
    assert "назначена: Вера" in review
    assert f'action="/staff/review/{row.id}/take"' not in review
    refused = gleb.post(f"/staff/queue/{row.id}/take", headers={"Accept": "application/json"})
    assert refused.status_code == 409
    assert "Вера" in refused.json["words"]
    gleb.post(f"/staff/queue/{row.id}/take-over", data={"reason": "Вера в отпуске"})
    assert again(row).assignee_id == office.gleb.id
    assert "перехвачена у вас: Вера в отпуске" in sign_in(office.vera).page("/staff/notices/")


def test_a_skipped_one_says_so_and_comes_back(office: Office, sign_in: SignIn) -> None:
    row = office.submission()
    Skip.create(submission=row, person=office.vera, reason="нужен знаток звука", created_at=utcnow())
    visitor = sign_in(office.vera)
    assert "вы пропустили: нужен знаток звука" in visitor.page(QUEUE, tab="free", far="1")
    visitor.post(f"/staff/queue/{row.id}/unskip")
    assert not Skip.select().exists()


def test_a_conflict_of_interest_has_words_instead_of_a_button(office: Office, sign_in: SignIn) -> None:
    Person.update(team="Зоркий").execute()
    office.submission()
    page = sign_in(Person.get_by_id(office.vera.id)).page(QUEUE, tab="free", far="1")
    assert "конфликт интересов" in page
    assert "data-take" not in page


def test_ones_own_draft_is_marked(office: Office, sign_in: SignIn) -> None:
    row = office.submission()
    ReviewDraft.create(submission=row, person=office.vera, data={}, updated_at=utcnow())
    assert "ваш черновик" in sign_in(office.vera).page(QUEUE, tab="free", far="1")
    assert "ваш черновик" not in sign_in(office.gleb).page(QUEUE, tab="free", far="1")


def test_views_are_kept_per_person_and_forgotten(office: Office, sign_in: SignIn) -> None:
    vera = sign_in(office.vera)
    vera.post("/staff/queue/views", data={"name": " Срочные ", "tab": "free", "reason": "overdue", "q": "спрос"})
    view = SavedView.get()
    assert (view.name, view.query) == ("Срочные", "tab=free&q=%D1%81%D0%BF%D1%80%D0%BE%D1%81&reason=overdue")
    assert "Срочные" in vera.page(QUEUE)
    assert "Срочные" not in sign_in(office.gleb).page(QUEUE)
    sign_in(office.gleb).post(f"/staff/queue/views/{view.id}/drop")
    assert SavedView.select().exists()
    vera.post(f"/staff/queue/views/{view.id}/drop")
    assert not SavedView.select().exists()


def test_rows_become_dense_for_one_person(office: Office, sign_in: SignIn) -> None:
    office.submission()
    sign_in(office.vera).post("/staff/queue/density", data={"density": "compact"})
    assert "queue-table compact" in sign_in(office.vera).page(QUEUE, tab="all")
    assert "queue-table comfortable" in sign_in(office.gleb).page(QUEUE, tab="all")


def test_pages_follow_one_another(office: Office, sign_in: SignIn) -> None:
    for n in range(53):
        office.submission(f"м{n}")
    visitor, seen, path = sign_in(office.lida), [], f"{QUEUE}?tab=free"
    while path:
        page = visitor.page(path)
        seen += titles(page)
        further = re.search(r'id="further" href="([^"]+)"', page)
        path = unescape(further[1]) if further else ""
    assert seen == [f"м{n}" for n in range(53)]


def test_the_csv_holds_every_row_and_no_formula(office: Office, sign_in: SignIn) -> None:
    for n in range(60):
        office.submission(f"м{n}")
    office.submission('=HYPERLINK("http://x.example")')
    answer = sign_in(office.lida).get("/staff/queue/export.csv?tab=free")
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    text = answer.get_data().decode("utf-8-sig")
    rows = list(csv.reader(StringIO(text), delimiter=";"))
    assert len(rows) == 62
    assert rows[0][3] == "Название модели"
    assert rows[-1][3].startswith("'=HYPERLINK")


def test_why_explains_the_deadline_day_by_day(office: Office, sign_in: SignIn) -> None:
    row = office.submission()
    whole = sign_in(office.vera).page(f"/staff/queue/{row.id}/deadline")
    part = sign_in(office.vera).page(f"/staff/queue/{row.id}/deadline", part="1")
    assert "<html" in whole
    assert "<html" not in part
    for words in ("пн, 23 ноября", "чт, 26 ноября", "72 ч 00 мин", "рабочий день"):
        assert words in part
    assert sign_in(office.vera).get("/staff/queue/99999/deadline").status_code == 404


@pytest.mark.parametrize(
    "query", ["tab=nonsense", "industry=x&age=-1", "author=99999999999999", "after=~~~", "reason=%00", "q=%00&state=nope"]
)
def test_nonsense_in_the_address_does_no_harm(full: Office, sign_in: SignIn, query: str) -> None:
    assert sign_in(full.vera).get(f"{QUEUE}?{query}").status_code == 200


@pytest.mark.parametrize(
    ("who", "path", "status"),
    [
        ("anna", QUEUE, 403),
        ("anna", "/staff/queue/rows", 403),
        ("anna", "/staff/queue/export.csv", 403),
        ("zahar", QUEUE, 403),
        ("vera", QUEUE, 200),
        ("lida", QUEUE, 200),
    ],
)
def test_who_may_look(office: Office, sign_in: SignIn, who: str, path: str, status: int) -> None:
    assert sign_in(getattr(office, who)).get(path).status_code == status


def test_a_stranger_is_asked_to_sign_in(office: Office, app: object) -> None:
    assert "/login" in app.test_client().get(QUEUE).headers["Location"]  # type: ignore[attr-defined]


def test_a_lead_assigns_many_and_takes_it_back(office: Office, sign_in: SignIn) -> None:
    rows = [office.submission(f"м{n}") for n in range(3)]
    ids = [row.id for row in rows]
    lida = sign_in(office.lida)
    lida.post("/staff/assign/to", data={"id": ids, "to": office.gleb.id, "note": "звук"})
    assert {again(row).assignee_id for row in rows} == {office.gleb.id}
    assert InAppNotice.select().where(InAppNotice.person == office.gleb).count() == 3
    lida.post("/staff/assign/off", data={"id": ids})
    assert {again(row).assignee_id for row in rows} == {None}


def test_a_conflict_of_interest_stops_the_whole_assignment(office: Office, sign_in: SignIn) -> None:
    strange = office.person("Яна", "moderator", team="Зоркий")
    Person.update(team="Зоркий").where(Person.id == office.anna.id).execute()
    row = office.submission()
    answer = sign_in(office.lida).post(
        "/staff/assign/to", data={"id": [row.id], "to": strange.id}, headers={"Accept": "application/json"}
    )
    assert answer.status_code == 409
    assert "Яна" in answer.json["words"]
    assert again(row).assignee_id is None


def test_only_a_lead_assigns(office: Office, sign_in: SignIn) -> None:
    row = office.submission()
    assert sign_in(office.vera).post("/staff/assign/to", data={"id": [row.id], "to": office.vera.id}).status_code == 403
    assert 'id="bulk"' not in sign_in(office.vera).page(QUEUE, tab="all")
    assert 'id="bulk"' in sign_in(office.lida).page(QUEUE, tab="all")


def test_a_form_without_its_token_does_nothing(office: Office, sign_in: SignIn, app: object) -> None:
    app.config["WTF_CSRF_ENABLED"] = True  # type: ignore[attr-defined]
    office.submission()
    assert sign_in(office.vera).post("/staff/queue/next").status_code == 400
    assert not Submission.select().where(Submission.claimant.is_null(False)).exists()

"""The lead's desk: every number opens its rows, work is spread with a preview, charts say the same as their tables (M9)."""

from __future__ import annotations

import csv
import re
from datetime import timedelta
from html import unescape
from io import StringIO

import pytest

from backoffice.clock import utcnow
from backoffice.store.base import db
from backoffice.store.listings import Submission
from backoffice.store.moderation import Decision
from backoffice.store.people import Person
from backoffice.store.reports import FIGURES
from backoffice.web.staff import desk
from tests.store.test_queues import counted
from tests.usecases.office import Office, again
from tests.web.staff.conftest import SignIn
from tests.web.staff.test_queue import LEASE, titles

DESK = "/staff/desk/"
PAGES = (
    DESK,
    "/staff/desk/people",
    "/staff/desk/forecast",
    "/staff/desk/history",
    "/staff/desk/list/open",
    "/staff/desk/archive",
    "/staff/assign/spread",
)


@pytest.fixture
def full(office: Office) -> Office:
    now = utcnow()
    office.submission("новая", submitted_at=now)
    office.submission("просрочена", submitted_at=now - timedelta(days=9))
    office.submission("скоро", submitted_at=now, deadline_at=now + timedelta(minutes=30))
    office.submission("в работе", claimant=office.vera, submitted_at=now, **LEASE)
    office.submission("назначена", assignee=office.gleb, submitted_at=now)
    office.submission("остановлена", on_hold=True, deadline_at=None)
    office.submission("проверяется", state="checking", submitted_at=now)
    office.submission("у автора", state="returned", decided_at=now - timedelta(days=2))
    done = office.submission("решена", state="published", decided_at=now)
    Decision.create(submission=done, moderator=office.vera, kind="publish", made_at=now, artifacts={}, checks={})
    return office


def figure(page: str, name: str) -> int:
    found = re.search(rf'list/{name}"><span class="figure-value">(\d+)', page)
    assert found
    return int(found[1])


def test_each_number_opens_exactly_its_rows(full: Office, sign_in: SignIn) -> None:
    lida = sign_in(full.lida)
    desk = lida.page(DESK)
    shown = {name: (figure(desk, name), titles(lida.page(f"/staff/desk/list/{name}"))) for name in FIGURES}
    assert {name: number for name, (number, _) in shown.items()} == {name: len(rows) for name, (_, rows) in shown.items()}
    assert shown["overdue"][1] == ["просрочена"]
    assert shown["checking"][1] == ["проверяется"]
    assert shown["authors"][1] == ["у автора"]
    assert shown["on_hold"][1] == ["остановлена"]
    assert shown["unassigned"][0] == 4


def test_the_list_goes_by_time_left_and_says_so(full: Office, sign_in: SignIn) -> None:
    page = sign_in(full.lida).page("/staff/desk/list/open")
    assert titles(page)[:2] == ["просрочена", "скоро"]
    assert titles(page)[-1] == "остановлена"
    assert "часы остановлены" in page
    assert re.search(r'<progress class="used late"[^>]*aria-label="Израсходовано \d+ % срока"', page)


def test_pages_of_a_list_follow_one_another(office: Office, sign_in: SignIn) -> None:
    for n in range(53):
        office.submission(f"м{n}")
    visitor, seen, path = sign_in(office.lida), [], "/staff/desk/list/open"
    while path:
        page = visitor.page(path)
        seen += titles(page)
        further = re.search(r'id="further" href="([^"]+)"', page)
        path = unescape(further[1]) if further else ""
    assert seen == [f"м{n}" for n in range(53)]


def test_a_list_comes_as_csv(full: Office, sign_in: SignIn) -> None:
    answer = sign_in(full.lida).get("/staff/desk/list/open.csv")
    rows = list(csv.reader(StringIO(answer.get_data().decode("utf-8-sig")), delimiter=";"))
    assert len(rows) == 8
    assert sign_in(full.lida).get("/staff/desk/list/nonsense.csv").status_code == 404
    assert sign_in(full.lida).get("/staff/desk/list/nonsense").status_code == 404


@pytest.mark.parametrize("path", PAGES)
def test_it_is_for_leads_alone(office: Office, sign_in: SignIn, path: str) -> None:
    statuses = [sign_in(person).get(path).status_code for person in (office.lida, office.vera, office.anna, office.zahar)]
    assert statuses == [200, 403, 403, 403]


@pytest.mark.parametrize("path", PAGES[:4])
def test_the_number_of_queries_does_not_grow(office: Office, sign_in: SignIn, path: str) -> None:
    visitor = sign_in(office.lida)
    office.submission("одна")
    visitor.page(path)  # weeks that are over are counted once
    with counted(db.obj) as few:
        visitor.page(path)
    for n in range(30):
        office.submission(f"м{n}", assignee=office.gleb if n % 2 else None)
    with counted(db.obj) as many:
        visitor.page(path)
    assert len(many) == len(few) <= 40


def test_people_stand_by_name_with_what_they_have(full: Office, sign_in: SignIn) -> None:
    Person.update(away=[["2020-01-01", "2099-01-01", "отпуск"]]).where(Person.id == full.gleb.id).execute()
    page = sign_in(full.lida).page("/staff/desk/people")
    names = re.findall(r'class="link-body fw-bold"[^>]*>([^<]+)<', page)
    assert names == sorted(names)
    assert "отсутствует: отпуск" in page
    assert "1 из 20" in page


def test_spreading_shows_first_and_changes_only_then(full: Office, sign_in: SignIn) -> None:
    every_day = [[day, "00:00", "24:00"] for day in range(7)]
    Person.update(weekly_shifts=every_day).execute()
    lida = sign_in(full.lida)
    page = lida.page("/staff/assign/spread")
    choices = dict(re.findall(r'name="to-(\d+)".*?<option value="(\d+)" selected', page, re.S))
    assert len(choices) == 4
    assert Submission.select().where(Submission.assignee.is_null(False)).count() == 1
    lida.post("/staff/assign/apply", data={f"to-{number}": who for number, who in choices.items()})
    assert Submission.select().where(Submission.assignee.is_null(False)).count() == 5
    assert "Раскладывать нечего" in lida.page("/staff/assign/spread")


def test_only_what_is_ticked_is_spread_and_a_line_can_be_changed(full: Office, sign_in: SignIn) -> None:
    row = Submission.get(Submission.title == "новая")
    lida = sign_in(full.lida)
    page = lida.post("/staff/assign/spread", data={"id": [row.id]}).text
    assert re.findall(r'name="to-(\d+)"', page) == [str(row.id)]
    lida.post("/staff/assign/apply", data={f"to-{row.id}": full.gleb.id})
    assert again(row).assignee_id == full.gleb.id


def test_the_forecast_names_days_and_answers_what_if(full: Office, sign_in: SignIn) -> None:
    lida = sign_in(full.lida)
    page = lida.page("/staff/desk/forecast")
    assert '<canvas class="chart"' in page or "Показывать пока нечего" in page
    changed = lida.page("/staff/desk/forecast", move="2", to=str(full.vera.id))
    assert "Пунктир показывает" in changed
    assert re.search(r"(К|к) \d+ \w+ (просроченных станет|не изменится)", changed)
    from_gleb = lida.page("/staff/desk/forecast", move="9", of=str(full.gleb.id), to=str(full.vera.id))
    assert "если Вера получит 1 заявку" in from_gleb
    assert "освободить 1 заявку" in lida.page("/staff/desk/forecast", move="9", of=str(full.gleb.id), to="")
    assert "Передавать нечего" in lida.page("/staff/desk/forecast", move="9", of=str(full.gleb.id), to=str(full.gleb.id))
    assert lida.get("/staff/desk/forecast?move=x&to=-1").status_code == 200
    file = (
        lida.get("/staff/desk/forecast.csv", query_string={"move": "2", "to": str(full.vera.id)}).get_data().decode("utf-8-sig")
    )
    assert [len(row) for row in csv.reader(StringIO(file), delimiter=";")] == [6] * 11


def test_each_chart_of_history_is_a_table_and_a_file_too(full: Office, sign_in: SignIn) -> None:
    lida = sign_in(full.lida)
    page = lida.page("/staff/desk/history", weeks="26")
    names = re.findall(r'chart-card" id="([a-z-]+)"', page)
    assert len(names) == len(set(names)) == 8
    for name in names:
        rows = list(
            csv.reader(StringIO(lida.get(f"/staff/desk/history/{name}.csv").get_data().decode("utf-8-sig")), delimiter=";")
        )
        assert len({len(row) for row in rows}) == 1
    kept = lida.get("/staff/desk/history/deadlines-kept.csv?weeks=26").get_data().decode("utf-8-sig").splitlines()
    assert len(kept) == 27
    assert lida.get("/staff/desk/history/nothing.csv").status_code == 404


@pytest.mark.parametrize("path", [DESK, "/staff/desk/people", "/staff/desk/list/open"])
def test_it_renews_itself_and_is_sent_anew_only_when_something_has_changed(
    full: Office, sign_in: SignIn, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = utcnow()
    monkeypatch.setattr(desk, "utcnow", lambda: now)  # words of time go by minutes: the test is not to run into the next one
    lida = sign_in(full.lida)
    found = re.search(r'data-live="([^"]+)"', lida.page(path))
    assert found
    part = lida.get(unescape(found[1]))
    assert "csrf_token" not in part.text and "<html" not in part.text
    known = {"If-None-Match": part.headers["ETag"]}
    assert lida.get(unescape(found[1]), headers=known).status_code == 304
    full.submission("свежая", submitted_at=now, deadline_at=now + timedelta(minutes=5))
    assert "свежая" in lida.get(unescape(found[1]), headers=known).text


def test_a_preview_of_a_handover_says_what_changes_and_changes_nothing(full: Office, sign_in: SignIn) -> None:
    lida, rows = sign_in(full.lida), {row.title: row.id for row in Submission.select()}
    ids = [rows["новая"], rows["назначена"], rows["решена"]]
    page = lida.page("/staff/assign/preview", to=full.vera.id, id=ids)
    assert "Новый исполнитель — Вера" in page and "Глеб → Вера" in page and "сейчас 1 из 20, станет 3" in page
    assert re.findall(r'type="hidden" name="id" value="(\d+)"', page) == [str(each) for each in sorted(ids[:2])]
    off = lida.page("/staff/assign/preview", to="", id=[rows["назначена"], rows["в работе"]])
    assert "Снять назначение?" in off and "назначения нет" in off
    assert Submission.get(Submission.title == "назначена").assignee_id == full.gleb.id
    assert lida.get("/staff/assign/preview?to=999&id=1").status_code == 302
    assert lida.get(f"/staff/assign/preview?to={full.vera.id}").status_code == 302


def test_the_board_holds_what_the_loads_count(full: Office, sign_in: SignIn) -> None:
    for n in range(9):
        full.submission(f"ещё {n}", assignee=full.gleb, submitted_at=utcnow())
    page = sign_in(full.lida).page("/staff/desk/people")
    columns = dict(re.findall(r'data-person="(\d*)".*?<ol class="board-cards">(.*?)</ol>', page, re.S))
    gleb = re.findall(r'class="title"[^>]*>([^<]+)<', columns[str(full.gleb.id)])
    assert gleb == ["назначена", *(f"ещё {n}" for n in range(5))] and "и ещё 4" in page
    assert re.findall(r'class="title"[^>]*>([^<]+)<', columns[str(full.vera.id)]) == ["в работе"]
    assert len(re.findall(r"<li class=\"board-card", columns[""])) == figure(sign_in(full.lida).page(DESK), "unassigned")


def test_what_never_came_back_can_be_taken_out_of_the_archive(full: Office, sign_in: SignIn) -> None:
    row = full.submission("забытая", state="returned", decided_at=utcnow() - timedelta(days=90), archived_at=utcnow())
    lida = sign_in(full.lida)
    assert "Архив: 1" in lida.page("/staff/desk/list/authors")
    assert "забытая" in lida.page("/staff/desk/archive")
    assert lida.post(f"/staff/desk/archive/{row.id}/back").status_code == 302
    page = lida.page("/staff/desk/archive")
    assert "снова ждёт автора" in page and "забытая" not in page
    assert "забытая" in titles(lida.page("/staff/desk/list/authors"))
    assert lida.post(f"/staff/desk/archive/{row.id}/back").status_code == 302 and again(row).archived_at is None
    assert "уже не в архиве" in lida.page("/staff/desk/archive")

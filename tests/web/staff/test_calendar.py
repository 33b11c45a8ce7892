"""The working calendar's screen: the year with its reasons, and changes by way of a preview (M1)."""

from __future__ import annotations

import re
from datetime import date

import pytest
from flask import Flask

from backoffice.calendars import layers, load_calendar
from backoffice.clock import utcnow
from backoffice.store.audit import Audit
from backoffice.store.base import db
from backoffice.store.calendar import CalendarChange
from backoffice.store.outbox import Job
from backoffice.usecases.policy_clock import change_day, policy_clock, restore_day
from backoffice.usecases.recompute import recompute
from backoffice.web.staff import year
from tests.store.test_queues import counted
from tests.usecases.office import Office
from tests.web.staff.conftest import SignIn

PAGE = "/staff/calendar/"


def coming_working_day() -> date:
    clock, _ = policy_clock()
    return clock.day_of(clock.next_working(clock.midnight(clock.day_of(utcnow()).replace(day=28))))


def test_the_year_stands_there_day_by_day_with_its_decree(office: Office, sign_in: SignIn) -> None:
    page = sign_in(office.lida).page(PAGE, year="2026")
    cells = re.findall(r'class="day ([^"]+)"\s+href="[^"]+day=(2026-\d\d-\d\d)#change"', page)
    assert len(cells) == 365
    kinds = {day: classes.split() for classes, day in cells}
    assert kinds["2026-01-09"] == ["is-off", "is-moved"] and kinds["2026-11-03"] == ["is-shortened"]
    assert kinds["2026-11-28"] == ["is-off"] and kinds["2026-11-27"] == ["is-working"]
    assert "постановление Правительства РФ от 24.09.2025 № 1466" in page
    assert "День народного единства" in page and "статья 112 ТК РФ" in page
    assert "предварительн" not in page


def test_a_year_without_a_decree_says_that_it_is_provisional(office: Office, sign_in: SignIn) -> None:
    page = sign_in(office.lida).page(PAGE, year="2028")
    assert "2028 год · предварительно" in page and "Постановления о переносе выходных на 2028 год ещё нет" in page


def test_nonsense_in_the_address_shows_this_year(office: Office, sign_in: SignIn) -> None:
    lida = sign_in(office.lida)
    for query in ("year=x", "year=-5", "year=99999", "day=tomorrow", "day=9999-99-99"):
        assert lida.get(f"{PAGE}?{query}").status_code == 200


def test_a_change_goes_through_its_preview_and_can_be_taken_back(office: Office, sign_in: SignIn) -> None:
    day, lida = coming_working_day(), sign_in(office.lida)
    asked = {"day": day.isoformat(), "kind": "off", "reason": "Переезд"}
    shown = lida.page(f"{PAGE}preview", **asked)
    assert "пока ничего не изменено" in shown and "рабочий день → выходной" in shown and "Переезд" in shown
    assert not CalendarChange.select().exists()
    assert lida.post(f"{PAGE}change", data=asked).status_code == 302
    page = lida.page(PAGE, year=str(day.year))
    assert "Календарь изменён" in page and "Переезд" in page and "is-staff" in page
    assert not policy_clock()[0].table.is_working(day)
    assert "выходной → рабочий день" in lida.page(f"{PAGE}preview", day=day.isoformat(), kind="restored")
    lida.post(f"{PAGE}change", data={"day": day.isoformat(), "kind": "restored"})
    assert "Больше не действует: Лида" in lida.page(PAGE, year=str(day.year))
    assert policy_clock()[0].table.is_working(day)
    told = [row.data["kind"] for row in Audit.select().where(Audit.action == "setting_changed").order_by(Audit.id)]
    assert told == ["off", "restored"]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"day": "2026-13-01", "kind": "off", "reason": "Так"}, "Укажите дату"),
        ({"day": "2026-11-28", "kind": "off", "reason": "Так"}, "Этот день и так такой"),
        ({"day": "2026-11-27", "kind": "off", "reason": "  "}, "Напишите причину"),
        ({"day": "2026-11-27", "kind": "party", "reason": "Так"}, "каким станет день"),
        ({"day": "2100-01-01", "kind": "off", "reason": "Так"}, "Так далеко"),
    ],
)
def test_what_cannot_be_is_refused_with_words(office: Office, sign_in: SignIn, asked: dict[str, str], words: str) -> None:
    lida = sign_in(office.lida)
    came_from = {"Referer": f"http://localhost{PAGE}"}
    for ask in (
        lambda: lida.get(f"{PAGE}preview", query_string=asked, headers=came_from),
        lambda: lida.post(f"{PAGE}change", data=asked, headers=came_from),
    ):
        assert ask().status_code == 302
        assert words in lida.page(PAGE)
    assert not CalendarChange.select().exists()


def test_what_is_taken_back_already_is_not_said_to_change_anything(office: Office, sign_in: SignIn) -> None:
    lida = sign_in(office.lida)
    lida.post(f"{PAGE}change", data={"day": "2026-11-27", "kind": "restored"}, headers={"Referer": f"http://localhost{PAGE}"})
    assert "Этот день и так такой" in lida.page(PAGE)


def test_the_number_of_queries_does_not_grow_with_the_changes(office: Office, sign_in: SignIn) -> None:
    lida = sign_in(office.lida)
    lida.page(PAGE, year="2026")
    with counted(db.obj) as few:
        lida.page(PAGE, year="2026")
    for day in range(2, 7):
        change_day(date(2026, 3, day), "off", reason="Так", by=(office.lida, office.zahar)[day % 2], now=utcnow())
        restore_day(date(2026, 3, day), by=office.zahar, now=utcnow())
    with counted(db.obj) as many:
        lida.page(PAGE, year="2026")
    assert len(many) == len(few)


def test_leads_and_administrators_keep_it_and_nobody_else(office: Office, sign_in: SignIn) -> None:
    statuses = [sign_in(each).get(PAGE).status_code for each in (office.lida, office.zahar, office.vera, office.anna)]
    assert statuses == [200, 200, 403, 403]
    assert "staff/desk" not in re.sub(r"<header.*?</header>", "", sign_in(office.zahar).page(PAGE), flags=re.S)
    assert "Рабочий календарь" in sign_in(office.zahar).page("/staff/admin/")


def test_a_day_of_the_region_is_entered_with_its_decree_and_lies_under_our_own(office: Office, sign_in: SignIn) -> None:
    day, lida = coming_working_day(), sign_in(office.lida)
    decree = "решение мэра Москвы от 24.06.2023"
    asked = {"day": day.isoformat(), "kind": "off", "reason": "нерабочий день", "decree": decree}
    assert decree in lida.page(f"{PAGE}preview", **asked)
    lida.post(f"{PAGE}change", data=asked)
    page = lida.page(PAGE, year=str(day.year), day=day.isoformat())
    assert f"{decree}, внесено: Лида" in page and "is-region" in page and "решение региона" in page
    ours = {"day": day.isoformat(), "kind": "working", "reason": "Дежурим"}
    lida.post(f"{PAGE}change", data=ours)
    assert policy_clock()[0].table.is_working(day)
    assert "рабочий день → выходной" in lida.page(f"{PAGE}preview", day=day.isoformat(), kind="restored")
    lida.post(f"{PAGE}change", data={"day": day.isoformat(), "kind": "restored"})
    assert not policy_clock()[0].table.is_working(day)  # the region's word again
    lida.post(f"{PAGE}change", data={"day": day.isoformat(), "kind": "restored", "decree": decree})
    assert policy_clock()[0].table.is_working(day)


def test_a_change_asks_at_once_for_the_deadlines_to_follow_and_says_how_many_are_left(office: Office, sign_in: SignIn) -> None:
    lida, day = sign_in(office.lida), coming_working_day()
    office.submission()
    assert "посчитаны по этому календарю" in lida.page(PAGE)
    lida.post(f"{PAGE}change", data={"day": day.isoformat(), "kind": "off", "reason": "Переезд"})
    assert Job.select().where(Job.actor == "deadlines", Job.finished_at.is_null()).count() == 1
    assert "Осталось пересчитать 1 срок" in lida.page(f"{PAGE}following")
    recompute(now=utcnow())
    assert "посчитаны по этому календарю" in lida.page(f"{PAGE}following")


def test_a_region_is_marked_with_its_own_decree(app: Flask) -> None:
    with app.test_request_context():
        june = year.months(load_calendar("ru-moscow"), 2023)[5]
        monday = next(day for week in june.weeks for day in week if day and day.day == date(2023, 6, 26))
        assert (monday.kind, monday.moved, monday.layer) == ("off", True, "region")
        assert "нерабочий день в Москве" in monday.words
        assert [each["ru"] for each in layers("ru-moscow")] == ["Россия", "Москва"]

"""A moderator's day at the review page, by keyboard alone, and what others do meanwhile (M2, M3)."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from backoffice.clock import utcnow
from backoffice.domain.remarks import RemarkDraft
from backoffice.store.checks import Check
from backoffice.store.listings import Submission
from backoffice.store.moderation import Decision, Remark, ReviewDraft, Skip
from backoffice.store.outbox import Mail
from backoffice.usecases import assign, claim, hold
from tests.real.waiting import until
from tests.usecases.market import HOLLOW, VIRUS, Market, outcome_of
from tests.usecases.office import again
from tests.web.staff.conftest import Come
from tests.web.test_panes import next_round

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]


def taken(page: Page, submission: Submission) -> None:
    """The page holds this one, whether it was loaded or put in place of the one before."""
    expect(page.locator(f'#review[data-id="{submission.id}"][data-held="1"]')).to_be_attached()
    expect(page.locator("#claim")).to_contain_text("осталось")


def decided(submission: Submission) -> tuple[str, int]:
    made = until(lambda: Decision.get_or_none(Decision.submission == submission))
    return made.kind, Remark.select().where(Remark.submission == submission).count()


def opaque(market: Market) -> Submission:
    return market.awaiting(model_archive=outcome_of([], opaque=1))


def test_ten_mixed_submissions_by_keyboard_alone(market: Market, come: Come) -> None:
    """Published, signed for, returned, rejected, carried over, skipped and taken up again, stale; what is held or a colleague's never comes up."""
    fixed = market.awaiting()
    market.decide(
        fixed, "return", market.gleb, remarks=[RemarkDraft(text="Перечислите форматы файлов.", field="characteristics")]
    )
    ten = plain, dark, poor, infected, hollow, puzzle, stale, worse, spare, last = (
        market.awaiting(),
        opaque(market),
        market.awaiting(),
        market.awaiting(model_archive=[VIRUS]),
        market.awaiting(data_example=[HOLLOW]),
        market.awaiting(),
        market.awaiting(),
        next_round(market, fixed, "Находит дефекты на снимках деталей и отливок."),
        market.awaiting(),
        market.awaiting(),
    )
    frozen, given = market.awaiting(), market.awaiting()
    hold.hold(frozen.id, by=market.olga, reason="ждём юристов", now=utcnow())
    assign.assign([given.id], to=market.gleb, by=market.olga, now=utcnow())
    for number, each in enumerate(ten):
        Submission.update(deadline_at=utcnow() + timedelta(hours=number + 1)).where(Submission.id == each.id).execute()

    vera = come(market.vera)
    page, keys = vera.page, vera.page.keyboard
    asked: list[str] = []  # pages; of a load one would hear late, when all files have come
    page.on("request", lambda request: asked.append(request.url) if request.is_navigation_request() else None)
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto("/staff/queue/")
    keys.press("n")

    taken(page, plain)
    expect(page.locator("[data-progress]")).to_have_text("сегодня 0 из 1")
    expect(page.locator(f'#review[data-fetched="{dark.id}"]')).to_be_attached()
    assert again(dark).claimant is None
    asked.clear()
    keys.press("a")

    taken(page, dark)  # put in place of the first: fetched ahead, no page was loaded
    assert asked == []
    expect(page.locator("[data-progress]")).to_have_text("сегодня 1 из 2")
    expect(page.locator("h1")).to_be_focused()
    keys.press("a")
    expect(page.locator('[data-blockers="publish"]')).to_be_visible()
    keys.press("o")
    expect(page.locator('[data-decide="publish"]')).to_be_enabled()
    keys.press("a")

    taken(page, poor)
    keys.press("1")
    keys.press("1")
    expect(page.locator(".remark")).to_have_count(1)
    keys.press("Escape")
    keys.press("v")

    taken(page, infected)
    keys.press("x")
    expect(page.locator("#message")).to_be_focused()
    keys.insert_text("В архиве вирус.")
    keys.press("Escape")
    expect(page.locator('[data-decide="reject"]')).to_be_enabled()
    keys.press("x")

    taken(page, hollow)
    keys.press("n")
    expect(page.locator(".finding").first).to_be_focused()
    keys.press("f")
    expect(page.locator(".remark textarea")).to_be_focused()
    keys.press("Escape")
    for key in ("Shift+Tab", "Shift+Tab", "Shift+Tab", "ArrowUp", "Escape"):  # from a recommendation to a requirement
        keys.press(key)
    expect(page.get_by_label("Уровень")).to_have_value("requirement")
    keys.press("v")

    taken(page, puzzle)
    keys.press("s")
    expect(page.locator("#skip textarea")).to_be_focused()
    keys.insert_text("нужен знаток речи")
    keys.press("Control+Enter")

    taken(page, stale)
    keys.press("r")
    keys.insert_text("Опишите, как запускать.")
    keys.press("Escape")
    Check.update(version="scan-2").where(Check.version == "scan-1").execute()
    keys.press("v")
    expect(page.locator("#live")).to_contain_text("изменились")
    assert not (found := vera.serious()), found
    assert Decision.get_or_none(Decision.submission == stale) is None
    expect(page.get_by_role("button", name="Обновить страницу")).to_be_focused()
    with page.expect_navigation():
        keys.press("Enter")
    taken(page, stale)
    expect(page.locator(".remark textarea")).to_have_value("Опишите, как запускать.")
    expect(page.locator('[data-decide="return"]')).to_be_enabled()
    keys.press("v")

    taken(page, worse)
    keys.press("g")
    expect(page.locator(".old")).to_be_focused()
    keys.press("y")
    expect(page.locator(".remark textarea")).to_have_value("Перечислите форматы файлов.")
    keys.press("v")

    taken(page, spare)
    keys.press("Control+k")
    keys.insert_text("опубликовать")
    keys.press("Enter")

    taken(page, last)
    keys.press("a")

    page.wait_for_url("**/staff/review/skipped")
    expect(page.locator("main")).to_contain_text("нужен знаток речи")
    until(lambda: keys.press("Tab") or page.evaluate("document.activeElement.textContent.trim()") == "Взять в работу")
    keys.press("Enter")
    taken(page, puzzle)
    keys.press("a")
    page.wait_for_url("**/staff/queue/")

    assert [decided(each) for each in ten] == [
        ("publish", 0),
        ("publish", 0),
        ("return", 1),
        ("reject", 0),
        ("return", 1),
        ("publish", 0),
        ("return", 1),
        ("return", 1),
        ("publish", 0),
        ("publish", 0),
    ]
    assert [again(each).state for each in (frozen, given)] == ["awaiting_review"] * 2
    assert Skip.select().count() == 0


def test_the_machines_answers_are_filled_in_marked_and_counted_until_a_person_answers(market: Market, come: Come) -> None:
    waiting = market.awaiting()
    Submission.update(description="Решает задачу контроля. " + "я" * 2000).where(Submission.id == waiting.id).execute()
    page, keys = (vera := come(market.vera)).page, vera.page.keyboard
    page.goto(f"/staff/review/{waiting.id}")
    keys.press("t")
    taken(page, waiting)
    purpose, length = (page.locator(f'#work-checklist [data-point="description.{name}"]') for name in ("purpose", "length"))
    expect(purpose.get_by_label("Да")).to_be_checked()
    expect(purpose.get_by_label("Да")).to_have_accessible_description("ответила машина: да, упомянуто «решает»")
    expect(length.get_by_label("Нет")).to_be_checked()
    expect(page.locator(".remark")).to_have_count(0)  # a machine's «no» drafts nothing
    doubts = page.locator('#work-checklist .by-machine[data-machine="no"]').count()
    machine = page.locator("#work-checklist .by-machine").count()
    expect(page.locator("#answers")).to_contain_text(f"вы 0, машина {machine}, никто")
    keys.press("d")
    expect(page.locator("#answers")).to_contain_text(f"её «нет»: {doubts}")
    page.get_by_role("button", name="Описание не длиннее").click()
    expect(length.get_by_label("Нет")).to_be_focused()
    keys.press("Space")  # confirms what is ticked already
    expect(page.locator(".remark")).to_have_count(1)
    expect(page.locator("#announcer")).to_contain_text("Описание не длиннее 2 000 символов с пробелами: Нет")
    keys.press("Escape")
    keys.press("1")
    expect(purpose.locator(".machine")).to_contain_text("машина: да")
    expect(page.locator("#answers")).to_contain_text(f"вы 2, машина {machine - 2}, никто")
    expect(page.locator("#answers")).to_contain_text(f"её «нет»: {doubts - 1}")
    keys.press("m")
    page.get_by_role("button", name="Убрать комментарий").click()  # its answer is the machine's again
    expect(length).to_have_class(re.compile("by-machine"))
    keys.press("a")
    page.wait_for_url("**/staff/queue/")
    made = Decision.get(Decision.submission == waiting)
    assert made.checklist == {"description.purpose": "yes"}
    assert made.machine_answers["description.length"] == "no"
    assert len(made.machine_answers) == machine - 1


def test_returned_fixed_in_part_carried_over_by_one_key_and_published(market: Market, come: Come) -> None:
    first = market.awaiting()
    remarks = [
        RemarkDraft(text="Назовите, кому нужна модель.", field="description"),
        RemarkDraft(text="Перечислите форматы файлов.", field="characteristics"),
    ]
    market.decide(first, "return", market.vera, remarks=remarks)
    second = next_round(market, first, "Находит дефекты на снимках деталей. Нужна отделам контроля.")
    page, keys = (vera := come(market.vera)).page, vera.page.keyboard
    page.goto("/staff/queue/")
    keys.press("n")
    taken(page, second)
    expect(page.get_by_label("Что показывает левая панель")).to_have_value("diff")
    olds = page.locator(".old")
    expect(olds.nth(0)).to_contain_text("текст изменился")
    expect(olds.nth(1)).to_contain_text("не исправлено: текст тот же")
    keys.press("g")
    expect(olds.nth(0)).to_be_focused()
    expect(page.locator('.pane[data-side="left"] [data-anchor="description"] ins')).to_be_in_viewport()
    olds.nth(0).get_by_text("исправлено", exact=True).first.click()
    keys.press("g")
    expect(olds.nth(1)).to_be_focused()
    keys.press("y")
    expect(page.locator(".remark textarea")).to_have_value("Перечислите форматы файлов.")
    keys.press("v")
    page.wait_for_url("**/staff/queue/")
    assert decided(second) == ("return", 1)
    outcomes = [remark.outcome for remark in Remark.select().where(Remark.submission == first).order_by(Remark.position)]
    assert outcomes == ["fixed", "not_fixed"]
    carried = Remark.get(Remark.submission == second)
    assert carried.carried_from.text == carried.text == remarks[1].text

    third = next_round(market, second, "Находит дефекты на снимках деталей. Нужна отделам контроля, форматы: .png.")
    keys.press("n")
    taken(page, third)
    expect(page.locator(".old")).to_have_count(1)
    keys.press("a")
    page.wait_for_url("**/staff/queue/")
    assert decided(third) == ("publish", 0)
    assert [letter.event for letter in Mail.select().order_by(Mail.id) if letter.event in ("returned", "published")] == [
        "returned",
        "returned",
        "published",
    ]


def test_a_lapse_loses_nothing_and_the_claim_is_taken_again_in_place(market: Market, come: Come) -> None:
    waiting = market.awaiting()
    page, keys = (vera := come(market.vera)).page, vera.page.keyboard
    page.goto(f"/staff/review/{waiting.id}")
    keys.press("t")
    taken(page, waiting)
    keys.press("r")
    keys.insert_text("Недописанное замечание")
    expect(page.locator("#kept")).to_contain_text("сохранено")
    Submission.update(claim_expires_at=utcnow() - timedelta(seconds=1)).execute()
    claim.sweep(now=utcnow())
    expect(page.locator("#live")).to_contain_text("Введённое сохранено")
    expect(page.locator('[data-decide="return"]')).to_be_disabled()
    expect(page.locator(".remark textarea")).to_have_value("Недописанное замечание")
    page.get_by_role("button", name="Взять снова").click()
    expect(page.locator('[data-decide="return"]')).to_be_enabled()
    expect(page.locator("#live")).to_be_hidden()
    keys.press("Escape")
    keys.press("v")
    page.wait_for_url("**/staff/queue/")
    assert decided(waiting) == ("return", 1)


def test_a_decision_of_a_colleague_greys_the_form_at_once_and_loses_nothing(market: Market, come: Come) -> None:
    waiting = market.awaiting()
    vera, gleb = come(market.vera), come(market.gleb)
    for each in (vera, gleb):
        each.page.goto(f"/staff/review/{waiting.id}")
    vera.page.keyboard.press("t")
    taken(vera.page, waiting)
    vera.page.keyboard.press("r")
    vera.page.keyboard.insert_text("Мои слова")
    expect(vera.page.locator("#kept")).to_contain_text("сохранено")
    gleb.page.reload()
    gleb.page.get_by_role("button", name="Перехватить").click()
    expect(gleb.page.locator("#take-over textarea")).to_be_focused()
    gleb.page.keyboard.insert_text("Вера на обеде")
    gleb.page.keyboard.press("Control+Enter")
    taken(gleb.page, waiting)
    expect(vera.page.locator("#live")).to_contain_text("Глеб")
    gleb.page.keyboard.press("a")
    gleb.page.wait_for_url("**/staff/queue/")
    expect(vera.page.locator("#live")).to_contain_text("Уже решено: Глеб")
    expect(vera.page.locator("body.decided")).to_be_attached()
    for kind in ("publish", "return", "reject"):
        expect(vera.page.locator(f'[data-decide="{kind}"]')).to_be_disabled()
    assert not (found := vera.serious()), found
    expect(vera.page.locator(".remark textarea")).to_have_value("Мои слова")
    vera.page.keyboard.press("Escape")
    vera.page.keyboard.press("v")
    vera.page.reload()
    expect(vera.page.locator(".remark textarea")).to_have_value("Мои слова")
    assert not (found := vera.serious()), found
    assert decided(waiting) == ("publish", 0)
    assert ReviewDraft.get().person_id == market.vera.id


def test_keys_are_moved_in_the_help_and_follow_the_person(market: Market, come: Come) -> None:
    first, second = market.awaiting(), market.awaiting()
    page, keys = (vera := come(market.vera)).page, vera.page.keyboard
    page.goto(f"/staff/review/{first.id}")
    keys.press("t")
    taken(page, first)
    keys.press("?")
    page.get_by_role("button", name="Другая клавиша: «Опубликовать»").focus()
    keys.press("Enter")
    expect(page.locator("#keys-said")).to_contain_text("нажмите новую клавишу")
    keys.press("v")
    expect(page.locator("#keys-said")).to_have_text(re.compile("Клавиша занята: v — «Вернуть на доработку»"))
    keys.press("Enter")
    keys.press("u")
    expect(page.locator("#keys-said")).to_have_text("Клавиша сохранена.")
    expect(page.locator('button[data-act="publish"] kbd')).to_have_text("u")
    assert not (found := vera.serious()), found
    keys.press("Escape")
    expect(page.locator("#help")).to_be_hidden()
    other = come(market.vera)
    other.page.goto(f"/staff/review/{second.id}")
    expect(other.page.locator('button[data-act="publish"] kbd')).to_have_text("u")
    keys.press("u")
    assert decided(first) == ("publish", 0)


def test_whoever_goes_back_from_a_rule_is_where_they_had_scrolled(market: Market, come: Come) -> None:
    waiting = market.awaiting(model_archive=[HOLLOW])
    page = come(market.vera, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True).page
    page.goto(f"/staff/review/{waiting.id}")
    pane = page.locator('.pane[data-side="right"] [data-pane-body]')
    rule = pane.locator(".finding").get_by_role("link", name="правило")
    rule.scroll_into_view_if_needed()
    before = pane.evaluate("(it) => it.scrollTop")
    assert before > 100
    rule.tap()
    expect(pane).to_contain_text("Как исправить")
    page.go_back()
    expect(rule).to_be_in_viewport()
    assert pane.evaluate("(it) => it.scrollTop") == before

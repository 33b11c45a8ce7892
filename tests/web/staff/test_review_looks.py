"""The review page in every state and dialog: accessible, whole on a phone, in the dark and in English; panes as one works with them (M3)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from backoffice.clock import utcnow
from backoffice.domain.remarks import RemarkDraft
from backoffice.store.listings import Submission
from backoffice.store.moderation import InAppNotice
from backoffice.store.people import Person
from backoffice.usecases import claim, hold, review
from tests.real.browser import Watched
from tests.usecases.market import HOLLOW, VIRUS, Market
from tests.web.staff.conftest import Come
from tests.web.test_panes import archive, next_round, table

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]
RUSSIAN = re.compile(r"[а-яё]", re.IGNORECASE)
DIALOGS = ("#skip", "#hand-over", "#help", "#palette", "#letter", "#why", "#clock", "#take-over", "#unpublish")
OPENERS = {"#help": "?", "#palette": "Control+k", "#letter": "e", "#why": "w", "#skip": "s"}


class Gallery:
    """Submissions in every state that a moderator meets."""

    def __init__(self, market: Market) -> None:
        old = market.awaiting(data_example=[HOLLOW])
        market.decide(old, "return", market.vera, remarks=[RemarkDraft(text="Назовите, кому нужна модель.", field="description")])
        self.again = next_round(market, old, "Другое описание", data_example=table(500, ток="double"))
        self.infected = market.awaiting(model_archive=[VIRUS])
        self.first = market.awaiting(data_example=[HOLLOW], model_archive=archive("папка/ПРОЧТИ.md", a="1"))
        Submission.update(title="Очень длинное название модели " * 6).where(Submission.id == self.first.id).execute()
        self.taken = market.awaiting()
        claim.take(self.taken.id, person=market.gleb, now=utcnow())
        self.held = market.awaiting()
        hold.hold(self.held.id, by=market.olga, reason="ждём юристов", now=utcnow())
        self.published = market.awaiting()
        market.decide(self.published, "publish", market.gleb)
        self.passed = market.awaiting()
        claim.skip(self.passed.id, person=market.olga, reason="нужен знаток речи", now=utcnow())
        self.open = market.awaiting()
        claim.take(self.open.id, person=market.olga, now=utcnow())
        review.note(self.open.id, person=market.olga, text="@Глеб, похоже на копию", now=utcnow())

    def addresses(self) -> Iterator[str]:
        for each in (self.again, self.infected, self.first, self.taken, self.held, self.published, self.passed, self.open):
            yield f"/staff/review/{each.id}"
        yield f"/staff/review/{self.again.id}?left=history&right=author"
        yield f"/staff/review/{self.first.id}?left=checklist&right=rule.csv.no_header"
        yield "/staff/review/skipped"


@pytest.fixture
def gallery(market: Market) -> Gallery:
    return Gallery(market)


@pytest.fixture
def olga(come: Come, market: Market) -> Watched:
    """A lead: sees every button there is."""
    return come(market.olga)


def test_every_state_is_accessible_in_light_and_dark(gallery: Gallery, olga: Watched, address: str) -> None:
    found = []
    for theme in ("light", "dark"):
        olga.page.context.add_cookies([{"name": "theme", "value": theme, "url": address}])
        for path in gallery.addresses():
            olga.page.goto(path)
            expect(olga.page.locator("html")).to_have_attribute("data-bs-theme", theme)
            found += olga.violations()
    assert not found, "\n".join(found)


def in_both_themes(person: Watched, within: str) -> list[str]:
    """What axe finds in one part of the page, in light and in dark; no colour is on its way to another when it looks."""
    found = []
    person.page.emulate_media(reduced_motion="reduce")
    for theme in ("dark", "light"):
        person.page.evaluate("(theme) => { document.documentElement.dataset.bsTheme = theme; }", theme)
        found += person.violations(within)
    return found


def test_every_dialog_and_step_is_accessible_in_light_and_dark(gallery: Gallery, olga: Watched) -> None:
    page = olga.page
    seen, found = set(), []
    for submission in (gallery.open, gallery.taken, gallery.published):
        page.goto(f"/staff/review/{submission.id}")
        for dialog in [each for each in DIALOGS if each not in seen]:
            if not open_dialog(page, dialog):
                continue
            seen.add(dialog)
            found += in_both_themes(olga, dialog)
            page.locator(dialog).press("Escape")
            expect(page.locator(dialog)).to_be_hidden()
    assert seen == set(DIALOGS)
    page.goto(f"/staff/review/{gallery.again.id}")
    page.keyboard.press("t")
    expect(page.locator("#claim")).to_contain_text("осталось")
    for key in ("d", "i", "1", "y"):
        page.keyboard.press(key)
        found += in_both_themes(olga, ".work")
    page.locator(".remark button[aria-expanded]").first.click()
    page.evaluate("document.body.classList.add('decided')")
    found += in_both_themes(olga, ".work")
    assert not found, "\n".join(found)


def open_dialog(page: Page, dialog: str) -> bool:
    """By its key, or else by the button that opens it; whether it is there in this state."""
    button = page.locator(f'[data-bs-target="{dialog}"]')
    if dialog in OPENERS:
        if dialog == "#skip" and not button.count():
            return False
        if dialog == "#why" and not page.locator("[data-why]").count():
            return False
        page.keyboard.press(OPENERS[dialog])
    elif button.count():
        button.first.click()
    else:
        return False
    expect(page.locator(dialog)).to_be_visible()
    expect(page.locator(f"{dialog}.show")).to_be_visible()
    return True


def test_on_a_phone_one_pane_is_whole_and_a_decision_can_be_made(gallery: Gallery, come: Come, market: Market) -> None:
    phone = come(market.vera, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = phone.page
    for path in gallery.addresses():
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
        assert not (found := phone.serious()), found
    page.goto(f"/staff/review/{gallery.again.id}")
    expect(page.locator(".pane:visible")).to_have_count(1)
    page.get_by_role("button", name="Взять в работу").tap()
    expect(page.locator("#claim")).to_contain_text("осталось")
    page.get_by_label("Что показывает правая панель").select_option("card.description")
    expect(page.locator(".pane:visible")).to_contain_text("Другое описание")
    page.get_by_role("tab", name="Решение").tap()
    page.get_by_label("После решения взять следующую").uncheck()
    page.get_by_role("button", name="Опубликовать").tap()
    page.wait_for_url("**/staff/queue/")


def test_in_english_nothing_of_ours_is_russian(gallery: Gallery, come: Come, market: Market) -> None:
    Person.update(language="en").where(Person.id == market.olga.id).execute()
    page = come(market.olga, locale="en-GB").page
    left = []
    names = ("Ольга", "Глеб", "Вера", "Анна", "РУ", "Зоркий")
    for path in gallery.addresses():
        page.goto(path)
        expect(page.locator("html")).to_have_attribute("lang", "en")
        for dialog in page.locator(".modal").all():
            dialog.evaluate("(it) => { it.style.display = 'block'; }")
        ours = "button:not(.templates button), label, th, legend, .badge, option, .nav-link, h2, .modal p, .modal td, .alert"
        for text in page.locator(ours).all_inner_texts():
            for name in (*names, "папка/ПРОЧТИ.md", "Очень длинное название модели"):
                text = text.replace(name, "")  # noqa: PLW2901
            if RUSSIAN.search(text):
                left.append(f"{text!r} ({path})")
    assert not left, "\n".join(dict.fromkeys(left))


def test_what_one_had_in_hand_is_not_lost_and_what_happened_is_said(gallery: Gallery, olga: Watched) -> None:
    page, keys = olga.page, olga.page.keyboard
    said = page.locator("#announcer")
    page.goto(f"/staff/review/{gallery.again.id}")
    keys.press("l")
    expect(page.locator('.pane[data-side="right"] [data-pane-body]')).to_be_focused()
    keys.press("]")
    expect(said).to_contain_text("Правая панель: ")
    expect(page.locator('.pane[data-side="right"] [data-pane-body]')).to_be_focused()
    decision = page.get_by_role("tab", name="Решение")
    keys.press("d")
    expect(decision).to_be_focused()
    keys.press("?")
    expect(page.locator("#help.show")).to_be_visible()
    keys.press("Escape")
    expect(decision).to_be_focused()
    for key in ("g", "y"):
        keys.press(key)
    expect(said).to_have_text("не исправлено")
    page.get_by_role("button", name="Убрать комментарий").focus()
    keys.press("Enter")
    expect(said).to_have_text("Комментарий убран.")
    expect(page.locator("[data-new-remark]")).to_be_focused()
    keys.press("/")
    keys.insert_text("лицензи")
    keys.press("Enter")
    page.locator("#template-search").fill("лицензи")
    page.locator("#template-list [aria-checked=true]").focus()
    keys.press("Space")
    expect(page.locator("#template-list [aria-checked=false]").first).to_be_focused()


def test_a_lapse_and_errors_are_accessible_and_taking_again_keeps_the_focus(gallery: Gallery, olga: Watched) -> None:
    page = olga.page
    page.goto(f"/staff/review/{gallery.first.id}")
    page.keyboard.press("t")
    expect(page.locator("#claim")).to_contain_text("осталось")
    Submission.update(claim_expires_at=utcnow() - timedelta(seconds=1)).where(Submission.id == gallery.first.id).execute()
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    again = page.get_by_role("button", name="Взять снова")
    expect(again).to_be_visible()
    page.evaluate("for (const kind of ['info', 'success', 'warning', 'danger']) window.announce('Не получилось', kind)")
    found = in_both_themes(olga, ".review-head") + in_both_themes(olga, "#toasts")
    assert not found, "\n".join(found)
    again.press("Enter")
    expect(page.locator("h1")).to_be_focused()


def test_panes_keep_their_pair_in_the_address_and_of_each_step(gallery: Gallery, olga: Watched) -> None:
    page = olga.page
    left, right = (page.get_by_label(f"Что показывает {side} панель") for side in ("левая", "правая"))
    page.goto(f"/staff/review/{gallery.again.id}")
    expect(left).to_have_value("diff")
    page.get_by_role("button", name="Пары").click()
    page.get_by_role("link", name="было ↔ стало").click()
    expect(page).to_have_url(re.compile("left=was.card.description&right=card.description"))
    expect(page.locator("[data-sync-scroll]")).to_be_checked()  # like things scroll together
    page.keyboard.press("m")
    right.select_option("history")
    expect(page.locator("[data-sync-scroll]")).not_to_be_checked()
    for key in ("Escape", "c"):
        page.keyboard.press(key)
    expect(right).to_have_value("card.description")
    page.keyboard.press("m")
    expect(right).to_have_value("history")
    for key in ("h", "]"):
        page.keyboard.press(key)
    expect(left).not_to_have_value("was.card.description")
    page.go_back()
    expect(left).to_have_value("was.card.description")
    page.reload()
    expect(left).to_have_value("was.card.description")


def test_the_divider_moves_by_keyboard_and_stays_where_it_was(gallery: Gallery, olga: Watched) -> None:
    (page := olga.page).goto(f"/staff/review/{gallery.first.id}")
    divider = page.get_by_role("separator")
    width = lambda: page.locator('.pane[data-side="left"]').evaluate("(it) => it.offsetWidth")  # noqa: E731
    before = width()
    divider.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    expect(divider).to_have_attribute("aria-valuenow", "65")
    assert width() > before + 50
    page.reload()
    expect(divider).to_have_attribute("aria-valuenow", "65")


def test_the_divider_is_dragged_over_a_preview_and_stops_at_its_ends(gallery: Gallery, olga: Watched) -> None:
    page, mouse = olga.page, olga.page.mouse
    page.goto(f"/staff/review/{gallery.first.id}")
    box = page.get_by_role("separator").bounding_box()
    assert box
    mouse.move(box["x"] + box["width"] / 2, box["y"] + 200)
    mouse.down()
    mouse.move(box["x"] - 120, box["y"] + 210, steps=5)
    assert abs(page.get_by_role("separator").evaluate("(it) => it.getBoundingClientRect().x") - (box["x"] - 120)) < 12
    mouse.move(0, 300, steps=3)
    expect(page.get_by_role("separator")).to_have_attribute("aria-valuenow", "20")
    mouse.up()
    mouse.move(900, 300)
    expect(page.get_by_role("separator")).to_have_attribute("aria-valuenow", "20")


def test_a_denser_page_shows_more_points_and_keeps_the_claim(gallery: Gallery, olga: Watched) -> None:
    page = olga.page
    page.goto(f"/staff/review/{gallery.open.id}?left=history&right=checks")
    roomy = page.locator("#work-checklist").evaluate("(it) => it.scrollHeight")
    page.get_by_role("button", name="Плотные строки").click()
    expect(page.locator("body.compact")).to_be_attached()
    expect(page).to_have_url(re.compile(r"left=history&right=checks"))
    expect(page.locator("#claim")).to_contain_text("осталось")
    assert page.locator("#work-checklist").evaluate("(it) => it.scrollHeight") < 0.85 * roomy
    assert not (found := olga.violations()), found


def test_a_comparison_of_huge_texts_is_a_small_page(gallery: Gallery, olga: Watched) -> None:
    old, new = gallery.again.listing.submissions.order_by(Submission.number)
    for submission, every in ((old, 7), (new, 11)):
        text = "\n".join(f"строка {n} {'другая' if n % every == 0 else 'та же'} и ещё слова" for n in range(170_000))
        assert len(text) > 5_000_000
        Submission.update(description=text).where(Submission.id == submission.id).execute()
    page = olga.page
    page.goto(f"/staff/review/{new.id}?left=diff&right=checks")
    section = page.locator('.pane[data-side="left"] [data-anchor="description"]')
    expect(section).to_contain_text("Тексты слишком длинны")
    Submission.update(description=text.replace("строка 777 ", "страница 777 ")).where(Submission.id == old.id).execute()
    page.goto(f"/staff/review/{new.id}?left=diff&right=checks")
    expect(section.locator("del")).to_have_text("страница ")
    assert len(section.inner_text()) < 61_000
    assert page.evaluate("document.querySelectorAll('*').length") < 3000


def test_like_texts_scroll_together(gallery: Gallery, olga: Watched, market: Market) -> None:
    long = "\n".join(f"строка {n}" for n in range(400))
    Submission.update(description=long).where(Submission.listing == gallery.again.listing_id).execute()
    (page := olga.page).goto(f"/staff/review/{gallery.again.id}?left=was.card.description&right=card.description")
    page.keyboard.press("j")
    page.wait_for_function("document.querySelector('.pane[data-side=right] [data-pane-body]').scrollTop > 50")


def test_a_rule_opens_beside_its_finding_and_a_finding_becomes_a_remark(gallery: Gallery, olga: Watched) -> None:
    page = olga.page
    page.goto(f"/staff/review/{gallery.first.id}")
    page.locator(".finding").first.get_by_text("правило").click()
    expect(page.get_by_label("Что показывает левая панель")).to_have_value("rule.csv.no_header")
    expect(page.locator('.pane[data-side="left"]')).to_contain_text("Как исправить")
    page.locator(".finding").first.get_by_role("button", name="в комментарии").click()
    expect(page.locator(".remark")).to_contain_text("Пример формата данных")
    for key in ("Escape", "l", "r"):
        page.keyboard.press(key)
    page.locator(".remark button[aria-expanded]").last.click()
    page.get_by_label("К чему относится комментарий").select_option("instruction")
    page.get_by_label("Страница или строка").fill("с. 3")
    expect(page.locator(".remark button[aria-expanded]").last).to_have_text("Инструкция к модели · с. 3")


def test_templates_are_ticked_and_unticked_by_keyboard(gallery: Gallery, olga: Watched) -> None:
    page, keys = olga.page, olga.page.keyboard
    page.goto(f"/staff/review/{gallery.again.id}")
    keys.press("/")
    keys.insert_text("лицензи")
    expect(page.locator("#template-list [role=checkbox]").first).to_have_attribute("aria-checked", "false")
    keys.press("ArrowDown")
    keys.press("Enter")
    expect(page.locator(".remark")).to_have_count(1)
    keys.press("Escape")
    page.locator("#template-list [aria-checked=true]").click()
    expect(page.locator(".remark")).to_have_count(0)


def test_a_colleagues_claim_is_counted_down(gallery: Gallery, olga: Watched) -> None:
    olga.page.goto(f"/staff/review/{gallery.taken.id}")
    expect(olga.page.locator(".review-head")).to_contain_text(re.compile(r"Глеб · осталось 14:\d\d"))


def test_everything_is_found_by_name(gallery: Gallery, olga: Watched) -> None:
    page, keys = olga.page, olga.page.keyboard
    page.goto(f"/staff/review/{gallery.open.id}")
    for typed, outcome in (
        ("истори", lambda: expect(page.get_by_label("Что показывает левая панель")).to_have_value("history")),
        ("посмотреть письмо", lambda: expect(page.locator("#letter.show")).to_be_visible()),
        ("передать", lambda: expect(page.locator("#hand-over.show")).to_be_visible()),
    ):
        keys.press("Control+k")
        expect(page.locator("#palette-search")).to_be_focused()
        keys.insert_text(typed)
        keys.press("Enter")
        outcome()
        keys.press("Escape")
        expect(page.locator(".modal.show")).to_have_count(0)


def test_the_claim_survives_a_reload_and_coming_back_to_the_same_page(gallery: Gallery, come: Come, market: Market) -> None:
    vera = come(market.vera)
    page = vera.page
    page.goto(f"/staff/review/{gallery.first.id}")
    page.keyboard.press("t")
    expect(page.locator("#claim")).to_contain_text("осталось")
    for again in (page.reload, page.reload, lambda: page.goto(f"/staff/review/{gallery.first.id}?left=history")):
        with page.expect_response(lambda answer: answer.url.endswith("/take")) as answer:
            again()
        assert answer.value.status == 200
        expect(page.locator("#claim")).to_contain_text("осталось")
    held = Submission.get_by_id(gallery.first.id)
    assert held.claimant_id == market.vera.id
    assert held.claim_expires_at > utcnow() + timedelta(minutes=10)


def test_a_colleague_is_mentioned_by_a_button_and_told(gallery: Gallery, olga: Watched, market: Market) -> None:
    page = olga.page
    page.goto(f"/staff/review/{gallery.first.id}")
    page.keyboard.press("i")
    page.get_by_role("button", name="@Вера").click()
    page.keyboard.insert_text("взгляни")
    page.get_by_role("button", name="Добавить заметку").click()
    page.keyboard.press("i")
    expect(page.locator("#work-notes")).to_contain_text("@Вера взгляни")
    assert InAppNotice.select().where((InAppNotice.kind == "mention") & (InAppNotice.person == market.vera)).count() == 1


def test_a_mention_reaches_the_colleague_and_the_note_stands_apart(gallery: Gallery, come: Come, market: Market) -> None:
    assert InAppNotice.get(InAppNotice.kind == "mention").person_id == market.gleb.id
    page = come(market.gleb).page
    page.goto("/staff/notices/")
    page.locator("main").get_by_role("link").filter(has_text="дефект").first.click()
    page.keyboard.press("i")
    expect(page.locator("#work-notes")).to_contain_text("похоже на копию")
    assert page.locator(".internal").evaluate("(it) => getComputedStyle(it).backgroundColor") != "rgba(0, 0, 0, 0)"
